"""The decoder gives what the ABI says, and refuses what does not fit it."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from audit.decoding import CONTRACTS, Undecodable, decode_constructor, decode_log, decode_view, encode_view
from audit.source import Log
from jeung.crypto.hashing import keccak256
from node import artifacts

ADDRESS = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
REVOKED_TOPIC = keccak256(b"KeyRevoked(bytes32,bytes32,uint64)")
TRUSTED_TOPIC = keccak256(b"WalletProviderTrusted(bytes32,string,bytes,uint64)")
TOPICS = [
    keccak256(f"{item['name']}({','.join(entry['type'] for entry in item['inputs'])})".encode())
    for name in CONTRACTS
    for item in artifacts.load(name).abi
    if item["type"] == "event"
]


def log(*topics: bytes, data: bytes = b"") -> Log:
    return Log(ADDRESS.lower(), topics, data, 7, "0x00", 3, "0xab")


def test_an_event_is_decoded_by_its_abi() -> None:
    event = decode_log("KeyRegistry", log(REVOKED_TOPIC, b"\x01" * 32, b"\x02" * 32, data=(5).to_bytes(32)))
    assert event is not None
    assert (event.contract, event.name, event.address) == ("KeyRegistry", "KeyRevoked", ADDRESS)
    assert event.args == {"member": "0x" + "01" * 32, "thumbprint": "0x" + "02" * 32, "revokedAt": 5}
    assert (event.block_number, event.log_index, event.transaction) == (7, 3, "0xab")


def test_text_that_is_no_utf8_does_not_stop_the_decoder() -> None:
    data = encode(["bytes", "bytes", "uint64"], [b"wallet \xff", b"{}", 9])
    event = decode_log("RelyingPartyRegistry", log(TRUSTED_TOPIC, b"\x01" * 32, data=data))
    assert event is not None
    assert event.args["name"] == "wallet \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_log_of_no_known_event_is_none(contract: str) -> None:
    assert decode_log(contract, log()) is None
    assert decode_log(contract, log(b"\x11" * 32)) is None


@pytest.mark.parametrize(
    "strange",
    [
        log(REVOKED_TOPIC, b"\x01" * 32, data=bytes(32)),
        log(REVOKED_TOPIC, b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, data=bytes(32)),
        log(REVOKED_TOPIC, b"\x01" * 32, b"\x02" * 32),
        log(REVOKED_TOPIC, b"\x01" * 32, b"\x02" * 32, data=b"\xff" * 32),
        log(REVOKED_TOPIC, b"\x01" * 32, b"\x02" * 32, data=bytes(31)),
    ],
)
def test_a_log_that_does_not_fit_its_event_is_refused(strange: Log) -> None:
    with pytest.raises(Undecodable):
        decode_log("KeyRegistry", strange)


@given(
    contract=st.sampled_from(CONTRACTS),
    first=st.sampled_from(TOPICS),
    topics=st.lists(st.binary(min_size=32, max_size=32), max_size=3),
    data=st.binary(max_size=300),
)
def test_no_log_makes_the_decoder_fail_otherwise(
    contract: str, first: bytes, topics: list[bytes], data: bytes
) -> None:
    try:
        decode_log(contract, log(first, *topics, data=data))
    except Undecodable:
        return


@given(answer=st.binary(max_size=300), function=st.sampled_from(["memberById", "urls", "members", "rules", "quorum"]))
def test_no_answer_makes_the_decoder_fail_otherwise(answer: bytes, function: str) -> None:
    try:
        decode_view("Consortium", function, answer)
    except Undecodable:
        return


def test_a_view_is_asked_and_read_by_its_abi() -> None:
    data = encode_view("StatusRegistry", "word", "0x" + "01" * 32, 2, 3)
    selector = keccak256(b"word(bytes32,uint32,uint256)")[:4]
    assert data == "0x" + (selector + b"\x01" * 32 + (2).to_bytes(32) + (3).to_bytes(32)).hex()
    assert decode_view("StatusRegistry", "word", (9).to_bytes(32)) == 9
    assert decode_view("Consortium", "floors", b"".join(n.to_bytes(32) for n in (2, 3, 15))) == [2, 3, 15]
    history = encode(["(address,uint64)[]"], [[(ADDRESS, 4)]])
    assert decode_view("Directory", "history", history) == [{"contractAddress": ADDRESS, "fromBlock": 4}]


def test_constructor_arguments_are_read_with_their_types() -> None:
    arguments = decode_constructor("KeyRegistry", bytes(12) + bytes.fromhex(ADDRESS[2:]))
    assert arguments == [("contract IConsortium", ADDRESS)]
    with pytest.raises(Undecodable):
        decode_constructor("KeyRegistry", b"")

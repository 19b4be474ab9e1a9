"""EIP-712 messages are those of other implementations, and a signature tells one account or none."""

import coincurve
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from jeung.crypto.hashing import keccak256
from jeung.crypto.typed_data import recovered_account, word
from jeung.domain.governance.approvals import approval_message
from jeung.domain.identifiers import Address, MemberId, ProposalId
from jeung.errors import InvalidSignature

KEY = coincurve.PrivateKey(b"\1" * 32)
ACCOUNT = keccak256(KEY.public_key.format(compressed=False)[1:])[12:]
CONTRACT = Address("0x" + "ab" * 20)
MESSAGE = approval_message(7, CONTRACT, ProposalId(b"p" * 32), MemberId(b"m" * 32), nonce=3, deadline=99)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed(message: bytes = MESSAGE) -> bytes:
    raw = KEY.sign_recoverable(message, hasher=keccak256)
    return raw[:64] + bytes([raw[64] + 27])


def test_the_message_is_the_one_another_library_makes() -> None:
    fields = {"proposal": "bytes32", "member": "bytes32", "nonce": "uint256", "deadline": "uint256"}
    theirs = encode_typed_data(
        {"name": "Jeung Consortium", "version": "1", "chainId": 7, "verifyingContract": CONTRACT},
        {"Approval": [{"name": name, "type": kind} for name, kind in fields.items()]},
        {"proposal": b"p" * 32, "member": b"m" * 32, "nonce": 3, "deadline": 99},
    )
    assert b"\x19\x01" + theirs.header + theirs.body == MESSAGE
    assert Account.recover_message(theirs, signature=signed()).lower() == "0x" + ACCOUNT.hex()


def test_a_signature_tells_its_account() -> None:
    assert recovered_account(MESSAGE, signed()) == ACCOUNT


def test_a_signature_of_something_else_tells_another_account() -> None:
    assert recovered_account(MESSAGE, signed(MESSAGE + b"x")) != ACCOUNT


def high(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64])
    return signature[:32] + word(s) + bytes([55 - signature[64]])


@pytest.mark.parametrize(
    "signature",
    [b"", signed()[:64], signed() + b"\0", signed()[:64] + b"\0", high(signed()), bytes(64) + b"\x1b"],
    ids=["empty", "short", "long", "bare-parity", "high-s", "zero"],
)
def test_what_is_no_signature_of_an_account_is_refused(signature: bytes) -> None:
    with pytest.raises(InvalidSignature):
        recovered_account(MESSAGE, signature)

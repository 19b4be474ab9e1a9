"""Signed transactions against eth-account, and signers that lie."""

import coincurve
import pytest
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.hashing import keccak256
from jeung.domain.chain import ChainAccount, TransactionState
from jeung.domain.identifiers import Address
from node.chain.errors import SignatureUnusable
from node.chain.hexes import address_bytes, address_of, bytes_of, hex_of, int_of
from node.chain.transactions import UnsignedTransaction, created_address, sign_transaction, signer_of
from tests.common.chain import KeyringSigner

TO = Address("0x52908400098527886E0F7030069857D2E4169EE7")
ATTEST, STATUS = ChainAccount.ATTEST, ChainAccount.STATUS


@given(
    nonce=st.integers(0, 1 << 40),
    fee=st.integers(0, 1 << 60),
    gas=st.integers(21_000, 16_777_216),
    to=st.none() | st.just(TO),
    data=st.binary(max_size=100),
)
def test_transaction_is_the_one_eth_account_reads(
    nonce: int, fee: int, gas: int, to: Address | None, data: bytes
) -> None:
    signer = KeyringSigner()
    signed = sign_transaction(UnsignedTransaction(31_337, nonce, fee, fee, gas, to, data), ATTEST, signer, now=5)
    assert Account.recover_transaction(signed.raw) == signer.address(ATTEST) == signed.address
    read = TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()
    assert (read["nonce"], read["gas"], read["maxFeePerGas"], read["value"]) == (nonce, gas, fee, 0)
    assert bytes(read["data"]) == data
    assert signed.hash == keccak256(signed.raw)
    assert (signed.nonce, signed.state, signed.block_number) == (nonce, TransactionState.SIGNED, None)


def test_signing_twice_gives_the_same_bytes() -> None:
    """A transaction signed again after a crash must not become a second one."""
    signer = KeyringSigner()
    unsigned = UnsignedTransaction(31_337, 1, 0, 0, 21_000, TO, b"")
    assert (
        sign_transaction(unsigned, ATTEST, signer, now=1).raw == sign_transaction(unsigned, ATTEST, signer, now=2).raw
    )


class Liar(KeyringSigner):
    """Name one account and sign with another's key, or not at all."""

    def __init__(self, answer: bytes | None) -> None:
        super().__init__()
        self._answer = answer

    def sign(self, account: ChainAccount, message: bytes) -> bytes:
        return super().sign(STATUS, message) if self._answer is None else self._answer


@pytest.mark.parametrize(
    "answer", [None, b"", b"\0" * 65, b"\xff" * 65, b"\1" * 64, b"\1" * 66, b"\1" * 64 + b"\x1b"]
)
def test_signature_of_another_account_is_not_used(answer: bytes | None) -> None:
    unsigned = UnsignedTransaction(31_337, 1, 0, 0, 21_000, TO, b"")
    with pytest.raises(SignatureUnusable):
        sign_transaction(unsigned, ATTEST, Liar(answer), now=1)


def test_signer_is_recovered() -> None:
    key = coincurve.PrivateKey()
    message = b"\x02message"
    expected = address_of(keccak256(key.public_key.format(compressed=False)[1:])[12:])
    assert signer_of(message, key.sign_recoverable(message, hasher=keccak256)) == expected
    assert signer_of(b"\x02massage", key.sign_recoverable(message, hasher=keccak256)) != expected


def test_address_of_a_created_contract() -> None:
    """The examples of EIP-1014's predecessor rule, as every Ethereum client computes them."""
    creator = Address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert created_address(creator, 0) == "0xcd234A471b72ba2F1Ccf0A70FCABA648a5eeCD8d"
    assert created_address(creator, 1) == "0x343c43A37D37dfF08AE8C4A11544c718AbB4fCF8"


# EIP-55's own examples.
@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ],
)
def test_address_has_its_checksum(address: str) -> None:
    assert address_of(address_bytes(address)) == address
    assert address_bytes(address.lower()) == address_bytes(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "0x00",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x" + "0 " * 20,
    ],
)
def test_address_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        address_bytes(text)


@pytest.mark.parametrize("raw", [b"", b"\0" * 19, b"\0" * 21])
def test_bytes_of_another_length_are_no_address(raw: bytes) -> None:
    with pytest.raises(ValueError, match="20 bytes"):
        address_of(raw)


@given(st.binary(max_size=100))
def test_data_is_read_as_written(data: bytes) -> None:
    assert bytes_of(hex_of(data)) == data


@pytest.mark.parametrize("text", [None, 5, "", "5", "0x", "0xg", "-0x1", "0x" + "1" * 65, ["0x1"]])
def test_quantity_of_another_form_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="quantity"):
        int_of(text)

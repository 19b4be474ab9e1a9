"""Write transactions of type 2 (EIP-1559) and have them signed; nobody here holds a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import coincurve
import rlp

from jeung.crypto.hashing import keccak256
from jeung.domain.chain import ChainAccount, SignedTransaction, TransactionState
from jeung.domain.identifiers import Address
from jeung.ports.chain import ChainSigner
from node.chain.errors import SignatureUnusable
from node.chain.hexes import address_bytes, address_of

TYPE_PREFIX = b"\x02"
MAX_GAS = 16_777_216
"""The most gas one transaction may have (EIP-7825)."""
_SIGNATURE_LENGTH = 65


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """Hold what a signature is made over; prices in wei per unit of gas; `to` None creates a contract."""

    chain_id: int
    nonce: int
    max_priority_fee_wei: int
    max_fee_wei: int
    gas: int
    to: Address | None
    data: bytes

    def message(self) -> bytes:
        """Give the bytes whose keccak256 is signed: 0x02 and the RLP of all fields (EIP-1559)."""
        return TYPE_PREFIX + bytes(rlp.encode(self._fields()))

    def raw(self, signature: bytes) -> bytes:
        """Give the signed transaction as it travels; the signature is r, s and the parity, 65 bytes."""
        r, s, parity = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64]
        return TYPE_PREFIX + bytes(rlp.encode([*self._fields(), parity, r, s]))

    def _fields(self) -> list[Any]:
        to = b"" if self.to is None else address_bytes(self.to)
        fees = [self.max_priority_fee_wei, self.max_fee_wei]
        # No value ever moves, and no access list is given.
        return [self.chain_id, self.nonce, *fees, self.gas, to, 0, self.data, []]


def sign_transaction(
    transaction: UnsignedTransaction, account: ChainAccount, signer: ChainSigner, *, now: int
) -> SignedTransaction:
    """Have a transaction signed and check that the signature is the account's own.

    Raises:
        SignatureUnusable: it is another account's, or no signature at all.
    """
    message = transaction.message()
    address = signer.address(account)
    signature = signer.sign(account, message)
    if signer_of(message, signature) != address:
        raise SignatureUnusable
    raw = transaction.raw(signature)
    return SignedTransaction(
        hash=keccak256(raw),
        account=account,
        address=address,
        nonce=transaction.nonce,
        raw=raw,
        state=TransactionState.SIGNED,
        created_at=now,
    )


def signer_of(message: bytes, signature: bytes) -> Address:
    """Recover the account that signed keccak256(message).

    Raises:
        SignatureUnusable: not a signature of 65 bytes over the message.
    """
    if len(signature) != _SIGNATURE_LENGTH:
        raise SignatureUnusable
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, message, hasher=keccak256)
    except ValueError as problem:
        raise SignatureUnusable from problem
    return address_of(keccak256(key.format(compressed=False)[1:])[12:])


def created_address(creator: Address, nonce: int) -> Address:
    """Compute where a contract created by an account's transaction will stand."""
    return address_of(keccak256(bytes(rlp.encode([address_bytes(creator), nonce])))[12:])

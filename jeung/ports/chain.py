"""State what the follower and the sender of a node keep; the store implements it, the chain room uses it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from jeung.domain.chain import (
    BlockHeader,
    BlockRange,
    ChainAccount,
    ChainCall,
    Intent,
    SignedTransaction,
    TransactionState,
)
from jeung.domain.identifiers import Address, CredentialDigest, SchemaId
from jeung.domain.ledger import CredentialStatus


class ChainProofs(Protocol):
    """Ask the chain for proofs of what it holds."""

    @property
    def deployment(self) -> tuple[int, bytes, bytes]:
        """Give chain id, the Directory's address (20 bytes) and the hash of the block that deployed it."""
        ...

    def headers(self, first: int, last: int) -> Sequence[bytes] | None:
        """Give the RLP of some headers; None where one is not there, or its bytes do not give its hash."""
        ...

    def nodes(self, number: int, slots: Iterable[tuple[bytes, int]]) -> Sequence[bytes] | None:
        """Give the trie nodes that lead to slots of contracts in a block's state; None where that is not offered."""
        ...


class IndexStore(Protocol):
    """Keep the projection of the chain's events; every method is one transaction of its own."""

    def head(self) -> BlockHeader | None:
        """Give the last block applied, or None before the first."""
        ...

    def header(self, number: int) -> BlockHeader | None:
        """Give a kept header (the last few hundred and every one with an event), or None."""
        ...

    def headers_down_from(self, number: int, limit: int) -> Sequence[BlockHeader]:
        """Give the kept headers at or below a block number, highest first: where to look for a common ancestor."""
        ...

    def apply(self, found: BlockRange, *, fence: int, polled_at: int) -> None:
        """Apply a range of blocks and move the head, all or nothing.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        ...

    def heard(self, *, head_number: int, head_time: int, polled_at: int, fence: int) -> None:
        """Record a successful poll that found nothing new; the chain's own head, as in `BlockRange.chain_head`."""
        ...

    def roll_back(self, to_number: int, *, fence: int) -> None:
        """Forget every block after `to_number`; transactions mined there count as signed again."""
        ...


@dataclass(frozen=True, slots=True)
class AttestWork:
    """Hold one digest waiting to be attested."""

    credential_id: str
    family_id: str
    schema: SchemaId
    digest: CredentialDigest
    created_at: int


@dataclass(frozen=True, slots=True)
class StatusWork:
    """Hold one status change waiting to be sent; a later change of the same index replaces a waiting one."""

    change_id: int
    list_number: int
    index: int
    status: CredentialStatus
    created_at: int


class Outbox(Protocol):
    """Keep what must reach the chain and the signed transactions that carry it.

    Every `record_*` stores the signed bytes and ties the work to them in one transaction, before anything is sent.
    """

    def waiting_attestations(self, limit: int, now: int) -> Sequence[AttestWork]:
        """Give digests that are in no transaction and whose retry time has come, oldest first."""
        ...

    def waiting_statuses(self, limit: int, now: int) -> Sequence[StatusWork]:
        """Give status changes that are in no transaction and whose retry time has come, oldest first.

        At most one per index, and none while an earlier change of the same index is still in a transaction: so two
        changes of one index never overtake each other.
        """
        ...

    def waiting_intents(self, limit: int, now: int) -> Sequence[Intent]:
        """Give pending intents whose retry time has come, oldest first."""
        ...

    def record_attestation(self, signed: SignedTransaction, credential_ids: Sequence[str], *, fence: int) -> None:
        """Keep the transaction that attests these digests."""
        ...

    def record_statuses(self, signed: SignedTransaction, change_ids: Sequence[int], *, fence: int) -> None:
        """Keep the transaction that carries these status changes."""
        ...

    def record_intent(self, signed: SignedTransaction, intent_id: str, *, fence: int) -> None:
        """Keep the transaction that carries this intent."""
        ...

    def next_nonce(self, address: Address) -> int | None:
        """Give one more than the highest nonce of a kept transaction of the account, or None."""
        ...

    def in_state(self, state: TransactionState, limit: int) -> Sequence[SignedTransaction]:
        """Give kept transactions in a state, by account and nonce; of REVERTED only those not yet judged.

        Judged means that `release` or `fail` took their work: a worker that died in between finds them here.
        """
        ...

    def from_nonce(self, address: Address, nonce: int, limit: int) -> Sequence[SignedTransaction]:
        """Give the account's kept transactions of this nonce and higher, whatever their state, by nonce.

        What the chain's own nonce has not passed yet was never mined or was lost again, judged or not.
        """
        ...

    def postpone_intent(self, intent_id: str, *, retry_at: int, fence: int) -> None:
        """Let a pending intent wait, because the chain would refuse it now and may accept it later."""
        ...

    def finish_intent(self, intent_id: str, *, fence: int) -> None:
        """Mark a pending intent done without a transaction, because what it wanted stands on the chain already."""
        ...

    def refuse_intent(self, intent_id: str, *, failure: str, fence: int) -> None:
        """Mark a pending intent failed without a transaction, because the chain would refuse it for good."""
        ...

    def refuse_statuses(self, change_ids: Sequence[int], *, failure: str, fence: int) -> None:
        """Mark waiting status changes failed without a transaction, because the chain would refuse them for good."""
        ...

    def settle(self, transaction: bytes, *, state: TransactionState, block_number: int, fence: int) -> None:
        """Record a receipt; MINED finishes the work, REVERTED gives it back to `release` or `fail`.

        MINED is also given for a reverted transaction whose goal the chain had reached before it.
        """
        ...

    def release(self, transaction: bytes, *, retry_at: int, fence: int) -> None:
        """Give the work of a reverted transaction back to the queue, to be sent anew after `retry_at`."""
        ...

    def fail(self, transaction: bytes, *, failure: str, fence: int) -> None:
        """Mark the work of a reverted transaction as refused for good, with the contract's error name."""
        ...

    def prune(self, *, mined_before: int, fence: int) -> int:
        """Forget mined transactions of blocks older than a block number; give how many."""
        ...


class CallDecoder(Protocol):
    """Read calldata."""

    def decode(self, contract: str, data: bytes) -> ChainCall | None:
        """Give the call that calldata makes of a contract, its arguments as JSON values in the ABI's order.

        None where the contract has no such function, or where another encoding of the same call would be shorter or
        different: what cannot be read in one way only is not put into words.
        """
        ...


class ChainSigner(Protocol):
    """Sign for a member's accounts on the chain; the key stays where it is."""

    def address(self, account: ChainAccount) -> Address:
        """Give the account's present address."""
        ...

    def sign(self, account: ChainAccount, message: bytes) -> bytes:
        """Sign keccak256(message), which begins with 0x02 (a transaction) or 0x1901 (typed data).

        Gives 65 bytes: r, s (low), and the parity of R's y coordinate, 0 or 1.
        """
        ...


class Lease(Protocol):
    """Make sure that exactly one worker of a node acts."""

    def acquire(self, holder: str, *, now: int, ttl_s: int) -> int | None:
        """Take or renew the lease; give the fencing token, or None while another holds it."""
        ...

    def release(self, holder: str) -> None:
        """Give the lease back at a clean stop."""
        ...

"""Look at the consortium from outside: its past on the chain, and what is known of each member's log.

Everything here stands on the chain or in public logs. What a relying party verified stands in neither.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.merkle import MerkleTree
from jeung.crypto.tlog.notes import parse_note_key
from jeung.domain.history import Batch, EventPlace, PastEvent, PlacedDigest, Totals
from jeung.domain.identifiers import (
    BatchId,
    CredentialDigest,
    KeyThumbprint,
    MemberId,
    ProposalId,
    SchemaId,
    id_from_hex,
    parse_canonical_url,
)
from jeung.domain.members import Member
from jeung.domain.registrations import AnchoredLog
from jeung.domain.registry import Registry
from jeung.domain.transparency import log_origin, witnessed_origin
from jeung.errors import JeungError, MalformedInput, NotFound
from jeung.ports.history import History
from jeung.ports.ledger import Ledger
from jeung.ports.log import Cosignature, SignedCheckpoint, TransparencyLog, WitnessedHead, WitnessMemory

PAGE_SIZE: Final = 30
DIGESTS_SHOWN: Final = 100
MAX_PLACES: Final = 16
MAX_PROVEN: Final = 1_024
"""Of a larger batch no proof is computed for a page: it is tens of thousands of hashes."""
_MAX_IN_TRANSACTION: Final = 200
_MAX_QUESTION: Final = 2_048


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold some events, newest first; `before` begins the next piece, None at the end."""

    events: Sequence[PastEvent]
    before: EventPlace | None


@dataclass(frozen=True, slots=True)
class Found:
    """Name what a search found: `kind` is member, batch, attestation, transaction, proposal or schema."""

    kind: str
    identifier: bytes


@dataclass(frozen=True, slots=True)
class Cosigner:
    """Say which member cosigned a checkpoint, and when; None where the chain does not know the key."""

    name: str
    member: Member | None
    time: int


@dataclass(frozen=True, slots=True)
class LogStanding:
    """Say what this node knows of one epoch of a member's log.

    `published` is its own newest checkpoint, `seen` what it cosigned last of another member's; `forks` counts signed
    checkpoints that contradict that one. `anchored` is what stands on the chain.
    """

    member: Member
    origin: str
    epoch: int
    published: SignedCheckpoint | None
    cosigners: Sequence[Cosigner]
    seen: WitnessedHead | None
    forks: int
    anchored: AnchoredLog | None


class ExplorerService:
    """Answer bounded questions about the past; nothing is asked of the chain itself."""

    def __init__(
        self, *, ledger: Ledger, history: History, log: TransparencyLog, witness: WitnessMemory, url: str
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._log = log
        self._witness = witness
        self._url = url

    def events(self, *, before: EventPlace | None = None, member: MemberId | None = None) -> Piece:
        """Give a piece of the chain's events, of one member where named."""
        with self._history.view() as view:
            found = view.events(before=before, limit=PAGE_SIZE + 1, member=member)
        shown = found[:PAGE_SIZE]
        return Piece(shown, shown[-1].place if len(found) > PAGE_SIZE else None)

    def transaction(self, transaction: bytes) -> Sequence[PastEvent]:
        """Give what a transaction did, its first two hundred events.

        Raises:
            NotFound: no event of the consortium's contracts came from such a transaction.
        """
        with self._history.view() as view:
            found = view.transaction(transaction, limit=_MAX_IN_TRANSACTION)
        if not found:
            raise NotFound("no such transaction")
        return found

    def attestations(self, digest: CredentialDigest) -> Sequence[PlacedDigest]:
        """Give the batches a digest stands in, earliest first, at most sixteen.

        Raises:
            NotFound: nobody attested it.
        """
        with self._history.view() as view:
            found = view.places(digest, limit=MAX_PLACES)
        if not found:
            raise NotFound("no such attestation")
        return found

    def proof(self, placed: PlacedDigest) -> Sequence[bytes] | None:
        """Give the siblings from a digest's leaf up to its batch's root; None for a batch too large for a page."""
        if placed.batch.count > MAX_PROVEN:
            return None
        with self._history.view() as view:
            digests = view.digests(placed.batch.batch, since=0, limit=MAX_PROVEN)
        return tuple(MerkleTree(digests).proof(placed.digest))

    def batch(self, batch: BatchId, *, since: int = 0) -> tuple[Batch, Sequence[CredentialDigest]]:
        """Give a batch with some of its digests from a position on.

        Raises:
            NotFound: no such batch.
        """
        with self._history.view() as view:
            found = view.batch(batch)
            if found is None:
                raise NotFound("no such batch")
            return found, view.digests(batch, since=since, limit=DIGESTS_SHOWN)

    def block_hashes(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Give the hashes of those blocks that the node keeps the headers of, by number."""
        with self._history.view() as view:
            found = {number: view.block_hash(number) for number in numbers}
        return {number: name for number, name in found.items() if name is not None}

    def totals(self, members: Sequence[MemberId], times: Sequence[int]) -> dict[MemberId, list[Totals]]:
        """Count what each member did up to each time, seconds UTC."""
        with self._history.view() as view:
            return {member: [view.totals(member, time) for time in times] for member in members}

    def search(self, question: str) -> Found:
        """Find what a digest, an identifier, a transaction's hash or a member's URL names.

        Raises:
            MalformedInput: it is none of these.
            NotFound: nothing is called so.
            LedgerStale: the follower has never run.
        """
        asked = question.strip()
        if len(asked) > _MAX_QUESTION:
            raise MalformedInput("what is looked for is too long")
        with self._history.view() as past, self._ledger.view() as view:
            registry = view.registry
            if not asked.startswith("0x"):
                return _by_url(asked, registry)
            try:
                wanted = id_from_hex(asked)
            except ValueError:
                raise MalformedInput("expected 0x and 64 hexadecimal digits, or a member's address") from None
            if MemberId(wanted) in registry.members:
                return Found("member", wanted)
            if ProposalId(wanted) in registry.proposals:
                return Found("proposal", wanted)
            if SchemaId(wanted) in registry.schemas:
                return Found("schema", wanted)
            if past.batch(BatchId(wanted)) is not None:
                return Found("batch", wanted)
            if past.transaction(wanted, limit=1):
                return Found("transaction", wanted)
            # An issuer attests whatever 32 bytes it likes: what nobody can choose comes first, or could be hidden.
            if past.places(CredentialDigest(wanted), limit=1):
                return Found("attestation", wanted)
        raise NotFound("nothing is called so")

    def logs(self) -> Sequence[LogStanding]:
        """Say what this node knows of each member's log: of its own every epoch, of another's those the chain names.

        Raises:
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            registry = view.registry
        found: list[LogStanding] = []
        for member in registry.members.values():
            own = self._url in member.urls
            epochs = self._log.epochs() if own else range(1, registry.log_epochs.get(member.member, 1) + 1)
            found.extend(self._standing(registry, member, epoch, own=own) for epoch in list(epochs)[-4:])
        return found

    def _standing(self, registry: Registry, member: Member, epoch: int, *, own: bool) -> LogStanding:
        published = self._log.published(epoch) if own else None
        origin = log_origin(self._url if own else member.url, epoch)
        remembered = witnessed_origin(member.urls, epoch)
        return LogStanding(
            member=member,
            origin=origin,
            epoch=epoch,
            published=None if published is None else published[0],
            cosigners=[] if published is None else [_cosigner(registry, said) for said in published[1]],
            seen=None if own else self._witness.head(remembered),
            forks=0 if own else len(self._witness.forks(remembered)),
            anchored=registry.log_anchors.get((member.member, epoch)),
        )


def _by_url(asked: str, registry: Registry) -> Found:
    try:
        url = parse_canonical_url(
            asked.rstrip("/").lower() if "://" in asked else f"https://{asked.rstrip('/')}".lower()
        )
    except (ValueError, JeungError):
        raise MalformedInput("expected 0x and 64 hexadecimal digits, or a member's address") from None
    for spelled in (url, url.replace("https://", "http://", 1)):
        member = registry.member_at(spelled)
        if member is not None:
            return Found("member", member.member)
    raise NotFound("nothing is called so")


def _cosigner(registry: Registry, said: Cosignature) -> Cosigner:
    key = parse_note_key(said.key)
    thumbprint = KeyThumbprint(key.verifier.thumbprint)
    member = next((one for one in registry.members.values() if (one.member, thumbprint) in registry.keys), None)
    return Cosigner(key.name, member, said.timestamp)

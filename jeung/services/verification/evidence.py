"""Keep what a judgement rested on, sealed, so that it can be checked years later.

The package is JSON: what was shown, each step's facts (key states, block, status), the rules' version, the result and
a fresh 256-bit salt. The event log holds only the SHA-256 of the package, which the salt makes a commitment that
tells nothing: no issuer may learn from logs where its customers present. For that the log also rounds to the hour.

Packages of one day share a data key, so that a day can be forgotten when its retention ends. The presentation can go
before that (`jeung.services.verification.shown`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.sd_jwt_vc import REGISTERED_CLAIMS, parse_presentation, read_credential
from jeung.crypto.values import light_value
from jeung.domain.identifiers import to_hex
from jeung.domain.ledger import Freshness
from jeung.domain.receipts import Reader, Reading
from jeung.domain.verification import (
    EvidenceRecord,
    LogEntry,
    SealedPresentation,
    StepOutcome,
    Verdict,
    Verification,
)
from jeung.errors import NotFound, SubjectErased
from jeung.ports.custody import Vault
from jeung.ports.pages import Page
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log, new_id
from jeung.services.day_keys import DayKeys
from jeung.services.verification.receipts import Consent, pointing, receipt_content
from jeung.services.verification.rules import VerificationRules
from jeung.services.verification.shown import (
    KeptJudgement,
    PresentationSealer,
    committed,
    evidence_context,
    is_dropped,
    judgement_text,
    open_judgement,
    read_kept,
)

FORMAT: Final = 3
"""Format 1 named neither block nor bounds nor software, format 2 was committed to with its presentation; what they
kept is read as before."""
OWNER_PREFIX: Final = "evidence/"
SALT_LENGTH: Final = 32
MAX_PAGE: Final = 200
_HOUR_S: Final = 3_600
_KIND: Final = "presentation_judged"
_OPENED: Final = "evidence_opened"
RECORDED: Final = StepOutcome(10, "record", True, {})
"""Step 10, which the package cannot hold: it is the keeping of the package."""


@light_value
class Judgement:
    """Hold a finished judgement before it is kept."""

    presentation: str = field(repr=False)
    profile: str
    profile_digest: bytes | None
    nonce: str | None = field(repr=False)
    client_id: str | None
    verdict: Verdict
    code: str | None
    steps: tuple[StepOutcome, ...]
    judged_at: int
    request: Mapping[str, Any] | None = field(default=None, repr=False)
    """What a presentation request asked for, where the presentation answers one."""
    consent: Consent | None = field(default=None, repr=False)
    """What its holder is told in a receipt; None where nothing of ours was answered."""
    block: Freshness | None = None
    """What the ledger was when it was asked; None where steps 1 and 2 refused already."""


@light_value
class SealedJudgement:
    """Hold the rows that keep a judgement."""

    record: EvidenceRecord
    entry: LogEntry
    receipt: Mapping[str, Any] | None = field(default=None, repr=False)
    """What the holder's receipt says, to be signed once the record is kept."""
    shown: SealedPresentation | None = field(default=None, repr=False)
    """The presentation, where it goes before the record."""


@dataclass(frozen=True, slots=True)
class OpenedEvidence:
    """Give an evidence record with its package and the commitment that the event log holds to it (32 bytes)."""

    kept: KeptJudgement
    package: Mapping[str, Any] = field(repr=False)
    commitment: bytes
    raw: bytes = field(repr=False)
    """The package's text; `jeung.services.verification.shown.committed` gives what is committed to."""

    @property
    def record(self) -> EvidenceRecord:
        """Give the record."""
        return self.kept.record

    @property
    def is_dropped(self) -> bool:
        """Tell whether the presentation was dropped."""
        return is_dropped(self.package)


class EvidenceSealer:
    """Turn judgements into rows."""

    def __init__(self, *, store: Store, vault: Vault, entropy: Entropy, rules: VerificationRules) -> None:
        self._store = store
        self._vault = vault
        self._entropy = entropy
        self._rules = rules
        self._days = DayKeys(store=store, vault=vault, prefix=OWNER_PREFIX)
        self._presentations = PresentationSealer(
            store=store, vault=vault, retention=rules.presentations, evidence_kept_s=rules.evidence_kept_s
        )

    def new_evidence_id(self) -> str:
        """Make the id of a judgement's evidence."""
        return new_id(self._entropy, "evd")

    def sealed(self, evidence_id: str, judgement: Judgement) -> SealedJudgement:
        """Give the rows that keep a judgement.

        Raises:
            StoreBusy: the day's data key could not be made.
        """
        at = judgement.judged_at
        owner, wrapped = self._days.at(at)
        answered = {} if judgement.request is None else {"request": judgement.request}
        receipt = self._receipt(judgement)
        text = judgement_text(
            judgement.presentation,
            {
                **answered,
                "format": FORMAT,
                "salt": base64url.encode(self._entropy.token(SALT_LENGTH)),
                "evidence_id": evidence_id,
                "relying_party": self._rules.url,
                "profile": judgement.profile,
                "profile_digest": None if judgement.profile_digest is None else judgement.profile_digest.hex(),
                "nonce": judgement.nonce,
                "rules": self._rules.version,
                "bounds": self._rules.bounds,
                "software": self._rules.software,
                "block": _block(judgement.block),
                "result": judgement.verdict.value,
                "code": judgement.code,
                "steps": [
                    {"number": step.number, "name": step.name, "passed": step.passed, "facts": step.facts}
                    for step in judgement.steps
                ],
                "judged_at": at,
                "receipt": receipt,
            },
        )
        shown = self._presentations.sealed(evidence_id, judgement.profile, judgement.presentation, at)
        record = EvidenceRecord(
            evidence_id=evidence_id,
            profile=judgement.profile,
            client_id=judgement.client_id,
            verdict=judgement.verdict,
            code=judgement.code,
            data_key_id=owner,
            sealed=self._vault.seal(
                wrapped, owner, evidence_context(evidence_id), text.whole if shown is None else text.core
            ),
            recorded_at=at,
        )
        # RFC 8785 as it stands: base64url needs no escape.
        body = f'{{"commitment":"{base64url.encode(sha256(text.core))}"}}'
        pointed = pointing(
            receipt, package=text.core, evidence_id=evidence_id, vault=self._vault, key=(owner, wrapped)
        )
        return SealedJudgement(record, LogEntry(_KIND, body.encode(), at - at % _HOUR_S), pointed, shown)

    def _receipt(self, judgement: Judgement) -> dict[str, Any] | None:
        return receipt_content(
            judgement.consent,
            judgement.presentation,
            receipt_id=new_id(self._entropy, "rct"),
            verdict=judgement.verdict,
            code=judgement.code,
            judged_at=judgement.judged_at,
            rules=self._rules,
        )


class EvidenceService:
    """Open what was kept; whoever reads a person's data leaves a trace in the event log first."""

    def __init__(self, *, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    def get(self, evidence_id: str, *, reader: str) -> OpenedEvidence:
        """Open the package of any judgement for an auditor, who is named in the event log by its client id.

        Raises:
            NotFound: no such evidence.
            SubjectErased: its retention ended and the data key was destroyed.
            SealBroken: the sealed bytes were changed or moved.
            StoreBusy, StoreUnavailable: the reading could not be logged, so nothing is opened.
        """
        return self._open(evidence_id, reader, only_own=False)

    def _open(self, evidence_id: str, reader: str, *, only_own: bool) -> OpenedEvidence:
        with self._store.write() as tx:
            record = tx.evidence.get(evidence_id)
            if record is None or (only_own and record.client_id != reader):
                # One answer for both: whose evidence an id is, is nobody else's business.
                raise NotFound("no such evidence")
            kept = read_kept(tx, record)
            if kept is None:
                raise SubjectErased("the evidence's retention has ended")
            now = self._clock.now()
            log(tx, _OPENED, {"evidence": evidence_id, "client": reader}, now)
            # Beside the log, which cannot be searched for one record: the holder is told of each reading.
            by = Reader.SERVICE if only_own else Reader.STAFF
            tx.evidence.note_reading(record, Reading(by, now))
        raw, package = open_judgement(self._vault, kept)
        return OpenedEvidence(kept, package, sha256(committed(raw, package)), raw)

    def verification(self, evidence_id: str, *, reader: str) -> Verification:
        """Give a past judgement as it was answered, to the client that fetched its nonce; logs and raises as `get`.

        Where the presentation was dropped meanwhile, it holds no claims any more.

        Raises:
            NotFound: no such judgement, another client's, or one of a presentation that answered no nonce of ours.
        """
        package = self._open(evidence_id, reader, only_own=True).package
        verdict = Verdict(package["result"])
        claims: Mapping[str, Any] = {}
        if verdict is Verdict.VERIFIED and not is_dropped(package):
            shown = read_credential(parse_presentation(package["presentation"])).claims
            claims = {name: value for name, value in shown.items() if name not in REGISTERED_CLAIMS}
        return Verification(
            evidence_id=evidence_id,
            verdict=verdict,
            code=package["code"],
            steps=(*_steps(package["steps"]), RECORDED),
            claims=claims,
            profile=package["profile"],
            verified_at=package["judged_at"],
        )

    def page(self, *, cursor: str | None = None, limit: int = 50) -> Page[EvidenceRecord]:
        """Give evidence records, newest first, at most 200 at once.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        with self._store.read() as tx:
            return tx.evidence.page(cursor=cursor, limit=max(1, min(limit, MAX_PAGE)))


def _block(known: Freshness | None) -> dict[str, Any] | None:
    if known is None:
        return None
    return {"number": known.indexed_number, "hash": to_hex(known.indexed_hash), "head_time": known.head_time}


def _steps(steps: Sequence[Mapping[str, Any]]) -> tuple[StepOutcome, ...]:
    return tuple(StepOutcome(step["number"], step["name"], step["passed"], step["facts"]) for step in steps)

"""Establish who a person is: open a proofing, record what was checked, complete it when the policy is met.

Nothing is issued before a proofing is completed. A failed check closes the proofing for good: to try again is a new
proofing, so that trying until something passes leaves its traces.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import DIGEST_LENGTH, sha256
from jeung.domain.access import RequestKey
from jeung.domain.person import checked_person
from jeung.domain.proofing import (
    AssuranceLevel,
    Proofing,
    ProofingCheck,
    ProofingMethod,
    ProofingPolicy,
    ProofingState,
)
from jeung.errors import LimitExceeded, MalformedInput, NotFound, ProofingClosed, ProofingIncomplete
from jeung.ports.custody import Vault
from jeung.ports.pages import Page
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import earlier_result, log, new_id, remember_result, subject_key

MAX_CHECKS: Final = 32
MAX_PAGE: Final = 200
_SALT_LENGTH = 32
_MAX_CLOCK_SKEW_S = 60


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Say what was checked: method, when (seconds UTC), SHA-256 of the evidence the back office keeps, result."""

    method: ProofingMethod
    performed_at: int
    evidence_digest: bytes
    passed: bool


class ProofingService:
    """Run proofings under one policy."""

    def __init__(self, *, store: Store, vault: Vault, clock: Clock, entropy: Entropy, policy: ProofingPolicy) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._entropy = entropy
        self._policy = policy

    def open(
        self, person: Mapping[str, Any], *, subject_id: str | None = None, request: RequestKey | None = None
    ) -> Proofing:
        """Open a proofing of a person, whose data is sealed at once; without `subject_id` the subject is new.

        Raises:
            MalformedInput: the person's data does not have its shape.
            NotFound: no such subject.
            IdempotencyKeyReused: the key stands for another request.
        """
        plaintext = canonical_json.canonical(checked_person(person))
        now = self._clock.now()
        with self._store.write() as tx:
            earlier = earlier_result(tx, request)
            if earlier is not None:
                return _existing(tx, earlier)
            subject, wrapped = self._subject(tx, subject_id, now)
            proofing_id = new_id(self._entropy, "prf")
            proofing = Proofing(
                proofing_id=proofing_id,
                subject_id=subject,
                state=ProofingState.OPEN,
                policy_version=self._policy.version,
                sealed_person=self._vault.seal(wrapped, subject, person_context(proofing_id), plaintext),
                checks=(),
                opened_at=now,
            )
            tx.proofings.add(proofing)
            log(tx, "proofing_opened", {"proofing": proofing_id, "policy": self._policy.version}, now)
            remember_result(tx, request, proofing_id, now)
            return proofing

    def record_check(self, proofing_id: str, report: CheckReport, *, request: RequestKey | None = None) -> Proofing:
        """Record what a check found; one that failed closes the proofing as rejected.

        Raises:
            NotFound: no such proofing.
            ProofingClosed: it is completed or rejected already.
            MalformedInput: the digest is not 32 bytes, or the check lies in the future.
            LimitExceeded: the proofing holds as many checks as it may.
            IdempotencyKeyReused: the key stands for another request.
        """
        now = self._clock.now()
        if len(report.evidence_digest) != DIGEST_LENGTH:
            raise MalformedInput("the evidence digest is not 32 bytes long")
        if not 0 <= report.performed_at <= now + _MAX_CLOCK_SKEW_S:
            raise MalformedInput("the check's time lies in the future")
        salt = self._entropy.token(_SALT_LENGTH)
        check = ProofingCheck(
            method=report.method,
            performed_at=report.performed_at,
            evidence_digest=report.evidence_digest,
            passed=report.passed,
            recorded_at=now,
            salt=salt,
        )
        with self._store.write() as tx:
            proofing = _existing(tx, proofing_id)
            if earlier_result(tx, request) is not None:
                return proofing
            if proofing.state is not ProofingState.OPEN:
                raise ProofingClosed("the proofing takes no more checks")
            # A subject that is being erased gets no new records.
            subject_key(tx, proofing.subject_id)
            if len(proofing.checks) >= MAX_CHECKS:
                raise LimitExceeded(f"a proofing holds at most {MAX_CHECKS} checks")
            state = ProofingState.OPEN if report.passed else ProofingState.REJECTED
            proofing = replace(proofing, checks=(*proofing.checks, check), state=state)
            tx.proofings.replace(proofing)
            body = {
                "proofing": proofing_id,
                "method": report.method.value,
                "passed": report.passed,
                "performed_at": report.performed_at,
                "commitment": base64url.encode(sha256(salt + report.evidence_digest)),
            }
            log(tx, "proofing_checked", body, now)
            remember_result(tx, request, proofing_id, now)
            return proofing

    def complete(self, proofing_id: str, *, request: RequestKey | None = None) -> Proofing:
        """Complete a proofing whose checks meet the policy; completing it twice changes nothing.

        Raises:
            NotFound: no such proofing.
            ProofingClosed: a check failed.
            ProofingIncomplete: the message names the methods that are missing or too old.
            IdempotencyKeyReused: the key stands for another request.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            proofing = _existing(tx, proofing_id)
            if earlier_result(tx, request) is not None or proofing.state is ProofingState.COMPLETED:
                return proofing
            if proofing.state is ProofingState.REJECTED:
                raise ProofingClosed("a check failed; open a new proofing")
            fresh = {
                check.method for check in proofing.checks if check.performed_at >= now - self._policy.max_check_age_s
            }
            missing = self._policy.required - fresh
            if missing:
                raise ProofingIncomplete(f"missing or too old: {', '.join(sorted(missing))}")
            strengthened = bool(self._policy.strengthening & fresh)
            level = AssuranceLevel.HIGH if strengthened else AssuranceLevel.SUBSTANTIAL
            proofing = replace(proofing, state=ProofingState.COMPLETED, completed_at=now, assurance_level=level)
            subject_key(tx, proofing.subject_id)
            tx.proofings.replace(proofing)
            body = {"proofing": proofing_id, "policy": proofing.policy_version, "assurance_level": level.value}
            log(tx, "proofing_completed", body, now)
            remember_result(tx, request, proofing_id, now)
            return proofing

    def get(self, proofing_id: str) -> Proofing:
        """Give a proofing with its checks.

        Raises:
            NotFound: no such proofing.
        """
        with self._store.read() as tx:
            return _existing(tx, proofing_id)

    def page(self, *, cursor: str | None = None, limit: int = 50) -> Page[Proofing]:
        """Give proofings, newest first, at most 200 at once; whose they are stays sealed.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        with self._store.read() as tx:
            return tx.proofings.page(cursor=cursor, limit=max(1, min(limit, MAX_PAGE)))

    def read_person(self, proofing_id: str, *, reader: str) -> Mapping[str, Any]:
        """Open a person's data for somebody of the staff, who is named in the event log first.

        Raises:
            NotFound: no such proofing.
            SubjectErased: the data key was destroyed.
            SealBroken: the sealed bytes were changed or moved.
            StoreBusy, StoreUnavailable: the reading could not be logged, so nothing is opened.
        """
        with self._store.write() as tx:
            log(tx, "person_read", {"proofing": proofing_id, "client": reader}, self._clock.now())
            return opened_person(tx, self._vault, _existing(tx, proofing_id))

    def required(self) -> frozenset[ProofingMethod]:
        """Give the methods without which nothing is completed."""
        return self._policy.required

    def _subject(self, tx: Transaction, subject_id: str | None, now: int) -> tuple[str, bytes]:
        """Give the subject's id and wrapped data key, making both for a new one."""
        if subject_id is not None:
            if tx.data_keys.get(subject_id) is None or not subject_id.startswith(_SUBJECT_PREFIX):
                raise NotFound("no such subject")
            return subject_id, subject_key(tx, subject_id)
        subject = new_id(self._entropy, _SUBJECT)
        wrapped = self._vault.new_data_key(subject)
        tx.data_keys.add(subject, wrapped, now)
        return subject, wrapped


_SUBJECT = "sub"
_SUBJECT_PREFIX = f"{_SUBJECT}_"


def person_context(proofing_id: str) -> str:
    """Name the place a person's data is sealed for."""
    return f"proofing/{proofing_id}"


def opened_person(tx: Transaction, vault: Vault, proofing: Proofing) -> dict[str, Any]:
    """Open the sealed person of a proofing.

    Raises:
        SubjectErased: the data key was destroyed.
        SealBroken: the sealed bytes were changed or moved.
    """
    wrapped = subject_key(tx, proofing.subject_id)
    context = person_context(proofing.proofing_id)
    return canonical_json.parse_object(vault.open(wrapped, proofing.subject_id, context, proofing.sealed_person))


def _existing(tx: Transaction, proofing_id: str) -> Proofing:
    proofing = tx.proofings.get(proofing_id)
    if proofing is None:
        raise NotFound("no such proofing")
    return proofing

"""Begin an erasure in the transaction in which the second person approves it.

In that one transaction:

1. Every copy ever issued is to be revoked: the changes go into the outbox, the chain follows.
2. Contents of credentials (salts and disclosures among them), offers, grants, deferred issuances and attestations
   that have not begun are deleted.
3. Where no law keeps the proofing, the subject's data key is destroyed: nothing sealed under it opens any more.
   Otherwise the subject is locked until the duty lapses.

`ErasureWork` does the rest once the chain says that everything is revoked.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, Description, Fact, Words
from jeung.domain.erasure import Erasure, ErasureGround, ErasureState, RetentionRules, SubjectRecords
from jeung.domain.ledger import CredentialStatus
from jeung.errors import ActPending, MalformedInput, NotFound
from jeung.ports.store import Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log, new_id
from jeung.services.dual_control import DatabaseAct

_FIELDS: Final = frozenset({"subject_id", "ground", "relationship_ended_at"})
_GROUNDS: Final = {
    ErasureGround.CUSTOMER_REQUEST: Words("고객 요청", "the customer asked for it"),
    ErasureGround.CONSENT_WITHDRAWN: Words("동의 철회", "consent was withdrawn"),
    ErasureGround.RELATIONSHIP_ENDED: Words("거래 종료", "the relationship has ended"),
    ErasureGround.RECORDED_IN_ERROR: Words("잘못된 등록", "it was recorded in error"),
    ErasureGround.ORDERED: Words("기관의 명령", "an authority ordered it"),
}


class ErasureAct(DatabaseAct):
    """Erase a subject: `{subject_id, ground, relationship_ended_at}`, seconds UTC, null for the approval's time."""

    kind = ActKind.ERASURE
    scopes = frozenset({Scope.ISSUE})
    forgets = True

    def __init__(self, *, clock: Clock, entropy: Entropy, rules: RetentionRules) -> None:
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the parameters complete.

        Raises:
            MalformedInput: another shape, or an end that lies in the future or before the last proofing's completion.
            NotFound: no such subject.
            ActPending: its erasure has begun already.
        """
        now = self._clock.now()
        subject_id = parameters.get("subject_id")
        ended_at = parameters.get("relationship_ended_at")
        if not set(parameters) <= _FIELDS or not isinstance(subject_id, str):
            raise MalformedInput("expected subject_id, ground and relationship_ended_at")
        if ended_at is not None and (type(ended_at) is not int or not 0 <= ended_at <= now):
            raise MalformedInput("the end of the relationship is no time of the past, in seconds UTC")
        try:
            ground = ErasureGround(str(parameters.get("ground")))
        except ValueError:
            raise MalformedInput("there is no such ground of an erasure") from None
        records = tx.subjects.records(subject_id)
        if records is None:
            raise NotFound("no such subject")
        if ended_at is not None and ended_at < _last_completed(tx, records):
            # Else whoever asks could date the end back until no duty keeps anything.
            raise MalformedInput("the relationship did not end before its last proofing was completed")
        if tx.erasures.of_subject(subject_id) is not None:
            raise ActPending("the erasure of this subject has begun")
        return {"subject_id": subject_id, "ground": ground.value, "relationship_ended_at": ended_at}

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        """Say what would be lost, and that it does not come back."""
        ground = _GROUNDS[ErasureGround(parameters["ground"])]
        return Description(
            title=Words("개인정보 파기", "Erase a person"),
            effect=Words(
                "발급한 증명서를 모두 폐기하고, 이 사람의 데이터 키를 파기하며, 기록을 삭제합니다."
                " 되돌릴 수 없습니다. 법령에 따라 보존해야 하는 신원확인 기록은 잠그고 기간이 지나면 삭제합니다.",
                "Everything issued is revoked, the person's data key is destroyed, the records are deleted. It cannot"
                " be undone. A proofing that the law makes us keep is locked, and deleted when the duty lapses.",
            ),
            facts=(
                Fact(Words("대상", "subject"), str(parameters["subject_id"])),
                Fact(Words("사유", "ground"), f"{ground.ko} / {ground.en}"),
                *self._kept(parameters["relationship_ended_at"]),
            ),
        )

    def perform(self, tx: Transaction, act: Act, now: int) -> Mapping[str, Any]:
        """Begin it; what happens is said above."""
        parameters = act.parameters or {}
        subject_id = str(parameters["subject_id"])
        records = tx.subjects.records(subject_id)
        if records is None:
            raise NotFound("no such subject")
        ended_at = parameters["relationship_ended_at"]
        locked_until = self._rules.keep_until(records, now if ended_at is None else int(ended_at), now)
        erasure = Erasure(
            erasure_id=new_id(self._entropy, "ers"),
            act_id=act.act_id,
            request_digest=act.digest,
            subject_id=subject_id,
            ground=ErasureGround(parameters["ground"]),
            state=ErasureState.REVOKING,
            began_at=now,
            locked_until=locked_until,
        )
        begin_erasure(tx, erasure, records, now)
        # What asked for the act names the subject and goes with it; the act itself forgets at its end.
        tx.subjects.forget_traces((act.act_id,))
        log(tx, "erasure_begun", {"erasure": erasure.erasure_id, "act": act.act_id}, now)
        return {"erasure_id": erasure.erasure_id, "locked_until": locked_until}

    def _kept(self, relationship_ended_at: int | None) -> tuple[Fact, Fact]:
        """Say from when on a duty to keep counts, and until when it keeps completed proofings."""
        ended_at = self._clock.now() if relationship_ended_at is None else relationship_ended_at
        until = ended_at + self._rules.proofing_s
        kept = f"~ {_day(until)}" if until > self._clock.now() else "보존하지 않음 / not kept"
        ended = "승인 시각 / the moment of the approval" if relationship_ended_at is None else _day(ended_at)
        return (
            Fact(Words("거래 종료일 (UTC)", "relationship ended (UTC)"), ended),
            Fact(Words("신원확인 기록 보존", "completed proofings are kept"), kept),
        )


def begin_erasure(tx: Transaction, erasure: Erasure, records: SubjectRecords, now: int) -> None:
    """Do what is done at once (1 to 3), in the caller's transaction."""
    _revoke(tx, records, now)
    tx.subjects.end_offers(records)
    tx.subjects.empty_credentials(records.subject_id)
    if erasure.locked_until is None:
        tx.data_keys.destroy(records.subject_id)
    tx.erasures.add(erasure)
    # Offers and grants are gone, so that nobody finds their names in the log by them any more.
    tx.subjects.forget_traces((*records.offers, *records.grants, *records.authorizations))


def _last_completed(tx: Transaction, records: SubjectRecords) -> int:
    found = (tx.proofings.get(proofing_id) for proofing_id, _ in records.proofings)
    return max((one.completed_at or 0 for one in found if one is not None), default=0)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _revoke(tx: Transaction, records: SubjectRecords, now: int) -> None:
    standing = [
        view.record.credential_id
        for view in tx.credentials.of_subject(records.subject_id)
        if view.record.wanted_status is not CredentialStatus.REVOKED
    ]
    if standing:
        tx.credentials.want_status(standing, CredentialStatus.REVOKED, now)

"""Revoke many credentials by one decision: everything under a key, of a subject, of a type, of a span of time.

A second person approves; the worker then works through what was selected, in these steps, until nothing is left:

1. Where the outbox holds as much as it may, wait: other changes of status must not stand behind a hundred thousand.
2. Take the next copies in the order of their places, and want each revoked. In that order the changes of one 256-bit
   word go to the chain together, and a word costs the same gas however many of its entries change.
3. The act is done once the last of them stands on the chain.

What was done is what the rows say, so a worker that was killed goes on where it stopped, and a step that comes twice
finds nothing to do twice. A copy that is issued or selected later is revoked as well, as long as the act runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jeung.domain.access import Scope
from jeung.domain.credentials import Selection
from jeung.domain.dual_control import Act, ActKind, Description, Fact, Words
from jeung.domain.identifiers import SchemaId, id_from_hex
from jeung.errors import MalformedInput, NotFound
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock
from jeung.services.acts import log
from jeung.services.dual_control.handlers import Outcome, WorkedAct

STEP: Final = 2_048
MAX_WAITING: Final = 32_768
_MAX_TEXT: Final = 128
_TEXTS: Final = ("signing_key", "family", "subject", "schema")
_TIMES: Final = ("issued_from", "issued_until", "attested_from")


class MassRevocation(WorkedAct):
    """Revoke what a selection names, by the node's worker."""

    kind = ActKind.MASS_REVOCATION
    scopes = frozenset({Scope.STATUS, Scope.KEYS})

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take `signing_key`, `family`, `subject`, `schema` (0x-hex) and the three times; at least one of them.

        Raises:
            MalformedInput: none of them, another name, or a value of another shape.
            NotFound: nothing was issued that fits.
        """
        return checked_selection(tx, parameters)

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        """Say how much would be revoked, for good."""
        with self._store.read() as tx:
            facts = selection_facts(tx, parameters)
        return Description(
            Words("일괄 폐기", "Revoke in bulk"),
            Words(
                "선택된 모든 자격증명을 폐기합니다. 되돌릴 수 없습니다.",
                "Revokes every credential selected, for good.",
            ),
            facts,
        )

    def advance(self, act: Act) -> Outcome:
        """Want the next copies revoked (1 to 3)."""
        selection, now = selection_of(act.parameters or {}), self._clock.now()
        with self._store.write() as tx:
            if tx.credentials.waiting_changes() >= MAX_WAITING:
                return Outcome(False, more=False)
            found = tx.credentials.unrevoked(selection, STEP)
            if found:
                revoke_for(tx, act, found, now)
                return Outcome(False)
            progress = tx.credentials.progress(selection)
        if progress.waiting:
            return Outcome(False, more=False)
        return Outcome(True, {"revoked": progress.revoked})


def checked_selection(tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the parameters of a selection as they are recorded.

    Raises:
        MalformedInput: no criterion, an unknown one, or a value of another shape.
        NotFound: nothing was issued that fits.
    """
    if not tx.credentials.progress(selection_of(parameters)).selected:
        raise NotFound("nothing was issued that fits the selection")
    return {name: parameters[name] for name in (*_TEXTS, *_TIMES) if name in parameters}


def selection_facts(tx: Transaction, parameters: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Say what is selected, and how far its revocation has come."""
    progress = tx.credentials.progress(selection_of(parameters))
    return (
        *(Fact(_LABELS[name], str(parameters[name])) for name in (*_TEXTS, *_TIMES) if name in parameters),
        Fact(Words("선택된 사본", "copies selected"), str(progress.selected)),
        Fact(Words("폐기 결정된 사본", "of them decided"), str(progress.revoked)),
        Fact(Words("체인 반영 대기", "of those on their way to the chain"), str(progress.waiting)),
    )


def revoke_for(tx: Transaction, act: Act, credential_ids: Sequence[str], now: int) -> None:
    """Want copies revoked by an act, and write down which."""
    tx.credentials.revoke_all(credential_ids, now)
    for credential_id in credential_ids:
        log(tx, "status_wanted", {"credential": credential_id, "status": "revoked", "act": act.act_id}, now)


def selection_of(parameters: Mapping[str, Any]) -> Selection:
    """Read what an act selects.

    Raises:
        MalformedInput: no criterion, an unknown one, or a value of another shape.
    """
    if not parameters or not set(parameters) <= {*_TEXTS, *_TIMES}:
        raise MalformedInput(
            "expected at least one of signing_key, family, subject, schema, issued_from, issued_until, attested_from"
        )
    for name in _TEXTS:
        value = parameters.get(name, "x")
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
            raise MalformedInput(f"{name} is a text of at most {_MAX_TEXT} characters")
    for name in _TIMES:
        if type(parameters.get(name, 0)) is not int or parameters.get(name, 0) < 0:
            raise MalformedInput(f"{name} is a time in seconds UTC")
    schema = parameters.get("schema")
    try:
        schema_id = None if schema is None else SchemaId(id_from_hex(schema))
    except ValueError:
        raise MalformedInput("schema is 0x and 64 hexadecimal digits") from None
    return Selection(
        signing_key_id=parameters.get("signing_key"),
        family_id=parameters.get("family"),
        subject_id=parameters.get("subject"),
        schema=schema_id,
        issued_from=parameters.get("issued_from"),
        issued_until=parameters.get("issued_until"),
        attested_from=parameters.get("attested_from"),
    )


_LABELS: Final = {
    "signing_key": Words("서명 키", "signed with"),
    "family": Words("자격증명 묶음", "family"),
    "subject": Words("고객", "subject"),
    "schema": Words("유형", "type"),
    "issued_from": Words("발급 시작", "issued from (seconds UTC)"),
    "issued_until": Words("발급 종료", "issued before (seconds UTC)"),
    "attested_from": Words("원장 등록 시작 (미등록 포함)", "attested from (seconds UTC), or not yet"),
}

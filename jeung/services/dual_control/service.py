"""Ask for an act, decide it, carry it out once.

An act comes to its end in this order; every change of it is one transaction, in which the event log says who did it:

1. Somebody who may ask for the kind asks, with parameters and a reason. The digest over both is what is decided.
2. Another person, who holds the scope `approve`, approves or rejects; whoever asked may withdraw. Who approves
   states the digest he read. What nobody decides lapses.
3. The act is carried out once: inside the approval's transaction (`DatabaseAct`), by the worker (`WorkedAct`), or
   where its caller is (`CalledAct`), who must begin before it lapses.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from jeung.crypto import base64url
from jeung.domain.access import RequestKey, Scope
from jeung.domain.dual_control import (
    OPEN_STATES,
    SALT_LENGTH,
    Act,
    ActKind,
    ActState,
    Description,
    Principal,
    PrincipalKind,
    Signatory,
    act_digest,
    checked_reason,
)
from jeung.errors import (
    ActChanged,
    ActClosed,
    ActNotPermitted,
    ActPending,
    NotFound,
    SecondPersonRequired,
    TooManyActs,
)
from jeung.ports.pages import Page
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acting import acting, client, staff
from jeung.services.acts import earlier_result, log, new_id, remember_result
from jeung.services.dual_control.handlers import ActHandler, ActRegistry, CalledAct, DatabaseAct, WorkedAct
from jeung.services.dual_control.principals import is_same_person, signatory

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class DualControlRules:
    """Say for how many seconds an act waits for its decision, how long an approval is good, how many may wait."""

    decide_within_s: int = 7 * 86_400
    begin_within_s: int = 86_400
    max_open: int = 200
    max_open_each: int = 20


class DualControlService:
    """Keep the acts of one node."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        entropy: Entropy,
        registry: ActRegistry,
        rules: DualControlRules | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._registry = registry
        self._rules = rules or DualControlRules()

    def ask(
        self,
        principal: Principal,
        kind: ActKind,
        parameters: Mapping[str, Any],
        reason: str,
        *,
        request: RequestKey | None = None,
    ) -> Act:
        """Ask for an act (1).

        Raises:
            ActNotPermitted: the principal may not ask for this kind.
            MalformedInput: unknown kind, or parameters or reason of another shape.
            ActPending: the same act waits already.
            TooManyActs: as many wait as may, of this principal or in all.
            IdempotencyKeyReused: the key stands for another request.
            JeungError: what the kind's own check raises.
        """
        handler, reason, now = self._registry.get(kind), checked_reason(reason), self._clock.now()
        if principal.scopes.isdisjoint(handler.scopes):
            raise ActNotPermitted
        with self._written(principal) as tx:
            earlier = earlier_result(tx, request)
            if earlier is not None:
                return _existing(tx, earlier)
            asker = signatory(tx, principal)
            recorded = handler.check(tx, parameters)
            self._require_room(tx, kind, recorded, asker, now)
            salt = self._entropy.token(SALT_LENGTH)
            act = Act(
                act_id=new_id(self._entropy, "act"),
                kind=kind,
                parameters=recorded,
                salt=salt,
                digest=act_digest(kind, recorded, salt),
                reason=reason,
                state=ActState.REQUESTED,
                requested_by=asker,
                requested_at=now,
                expires_at=now + self._rules.decide_within_s,
            )
            tx.acts.add(act)
            _log(tx, "act_requested", act, asker, now)
            remember_result(tx, request, act.act_id, now)
            return act

    def approve(self, principal: Principal, act_id: str, digest: bytes) -> Act:
        """Approve an act whose digest was read (2), and carry it out where the database alone does so (3).

        Raises:
            NotFound: no such act.
            ActNotPermitted: the principal does not hold the scope `approve`.
            SecondPersonRequired: the principal asked for it.
            ActClosed: it was decided, or has expired.
            ActChanged: the digest is another act's, or no longer that of what is recorded.
            JeungError: what the kind's own check or its execution raises; then nothing is decided.
        """
        now = self._clock.now()
        with self._written(principal) as tx:
            act, approver = self._decidable(tx, principal, act_id, now)
            if digest != act.digest:
                raise ActChanged
            require_unchanged(act)
            handler = self._registry.get(act.kind)
            # What was possible when it was asked for may not be now.
            handler.check(tx, act.parameters or {})
            act = replace(act, decided_by=approver, decided_at=now)
            _log(tx, "act_approved", act, approver, now)
            if isinstance(handler, DatabaseAct):
                result = handler.perform(tx, act, now)
                return end_act(tx, handler, replace(act, begun_at=now, result=result), ActState.DONE, now)
            if isinstance(handler, WorkedAct):
                handler.begin(tx, act, now)
                act = replace(act, state=ActState.EXECUTING, begun_at=now)
            else:
                act = replace(act, state=ActState.APPROVED, expires_at=now + self._rules.begin_within_s)
            tx.acts.replace(act)
            return act

    def reject(self, principal: Principal, act_id: str) -> Act:
        """Reject an act; raises as `approve`, the digest apart."""
        now = self._clock.now()
        with self._written(principal) as tx:
            act, by = self._decidable(tx, principal, act_id, now)
            return self._closed(tx, act, ActState.REJECTED, by, now)

    def withdraw(self, principal: Principal, act_id: str) -> Act:
        """Take back what one asked for, until its execution has begun.

        Raises:
            NotFound: no such act.
            ActNotPermitted: the principal did not ask for it.
            ActClosed: it was rejected, begun or withdrawn, or has expired.
        """
        now = self._clock.now()
        with self._written(principal) as tx:
            act, by = _existing(tx, act_id), signatory(tx, principal)
            if not is_same_person(by, act.requested_by):
                raise ActNotPermitted
            if act.state_at(now) not in (ActState.REQUESTED, ActState.APPROVED):
                raise ActClosed
            return self._closed(tx, act, ActState.WITHDRAWN, by, now)

    def begin(self, principal: Principal, act_id: str, kind: ActKind) -> Act:
        """Fetch the authority to carry out an approved act of a kind where its caller is (3).

        One that was begun and not reported is given again for a while: its caller may have died, and must look at
        what is there. Afterwards the worker ends it, for an approval is no standing authority.

        Raises:
            NotFound: no such act of this kind.
            ActNotPermitted: the principal neither asked for it nor approved it.
            ActClosed: it is not approved, has expired or has ended, or was begun too long ago.
            ActChanged: its row was changed since it was asked for.
        """
        now = self._clock.now()
        with self._written(principal) as tx:
            act, by = _existing(tx, act_id), signatory(tx, principal)
            if act.kind is not kind or not isinstance(self._registry.get(kind), CalledAct):
                raise NotFound("no such act")
            if act.decided_by is None or act.state_at(now) not in (ActState.APPROVED, ActState.EXECUTING):
                raise ActClosed
            if not is_same_person(by, act.requested_by) and not is_same_person(by, act.decided_by):
                raise ActNotPermitted
            require_unchanged(act)
            if act.state is ActState.APPROVED:
                until = now + self._rules.begin_within_s
                act = replace(act, state=ActState.EXECUTING, begun_at=now, expires_at=until)
            elif now >= act.expires_at:
                raise ActClosed
            tx.acts.replace(act)
            _log(tx, "act_begun", act, by, now)
            return act

    def finish(self, act_id: str, result: Mapping[str, Any] | None = None) -> Act:
        """Report that an act one has begun is done.

        Raises:
            NotFound: no such act.
            ActClosed: it was not begun, or has ended.
        """
        return self._reported(act_id, ActState.DONE, result=result)

    def fail(self, act_id: str, code: str) -> Act:
        """Report that an act one has begun failed for good, with an error's code; raises as `finish`."""
        return self._reported(act_id, ActState.FAILED, failure=code)

    def get(self, act_id: str) -> Act:
        """Give an act.

        Raises:
            NotFound: no such act.
        """
        with self._store.read() as tx:
            return _existing(tx, act_id)

    def page(self, *, cursor: str | None = None, limit: int = 50) -> Page[Act]:
        """Give acts, newest first, at most 200 at once.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        with self._store.read() as tx:
            return tx.acts.page(cursor=cursor, limit=max(1, min(limit, MAX_PAGE)))

    def waiting(self) -> list[Act]:
        """Give what waits for a decision or its execution now, oldest first."""
        now = self._clock.now()
        with self._store.read() as tx:
            return _open(tx, now, self._rules.max_open)

    def describe(self, act: Act) -> Description | None:
        """Say in plain words what an act would do; None where it has forgotten, or its kind is served no more."""
        handler = self._registry.find(act.kind)
        if handler is None or act.parameters is None:
            return None
        words = handler.describe(act.parameters)
        return replace(words, facts=(*words.facts, *handler.progress(act)))

    def may_read(self, principal: Principal, act: Act) -> bool:
        """Tell whether somebody may read what an act is about: who decides or audits, may ask for it, or did."""
        if principal.kind is act.requested_by.kind and principal.account_id == act.requested_by.account_id:
            return True
        handler = self._registry.find(act.kind)
        asking = frozenset() if handler is None else handler.scopes
        return not principal.scopes.isdisjoint({Scope.APPROVE, Scope.AUDIT, *asking})

    def kinds(self) -> tuple[ActKind, ...]:
        """Give the kinds this node serves."""
        return self._registry.kinds()

    @contextmanager
    def _written(self, principal: Principal) -> Iterator[Transaction]:
        """Open a transaction in which every row of the log names the principal, wherever he came in."""
        is_staff = principal.kind is PrincipalKind.STAFF
        with acting((staff if is_staff else client)(principal.account_id)), self._store.write() as tx:
            yield tx

    def _require_room(
        self, tx: Transaction, kind: ActKind, parameters: Mapping[str, Any], asker: Signatory, now: int
    ) -> None:
        waiting = _open(tx, now, self._rules.max_open)
        if any(act.kind is kind and act.parameters == dict(parameters) for act in waiting):
            raise ActPending
        own = sum(is_same_person(act.requested_by, asker) for act in waiting)
        if len(waiting) >= self._rules.max_open or own >= self._rules.max_open_each:
            raise TooManyActs

    def _decidable(self, tx: Transaction, principal: Principal, act_id: str, now: int) -> tuple[Act, Signatory]:
        act = _existing(tx, act_id)
        if Scope.APPROVE not in principal.scopes:
            raise ActNotPermitted
        by = signatory(tx, principal)
        if is_same_person(by, act.requested_by):
            raise SecondPersonRequired
        if act.state_at(now) is not ActState.REQUESTED:
            raise ActClosed
        return act, by

    def _closed(self, tx: Transaction, act: Act, state: ActState, by: Signatory, now: int) -> Act:
        _log(tx, f"act_{state.value}", act, by, now)
        return end_act(tx, self._registry.find(act.kind), replace(act, decided_by=by, decided_at=now), state, now)

    def _reported(
        self, act_id: str, state: ActState, *, result: Mapping[str, Any] | None = None, failure: str | None = None
    ) -> Act:
        now = self._clock.now()
        with self._store.write() as tx:
            act = _existing(tx, act_id)
            if act.state is not ActState.EXECUTING:
                raise ActClosed
            act = replace(act, result=result, failure=failure)
            return end_act(tx, self._registry.find(act.kind), act, state, now)


def require_unchanged(act: Act) -> None:
    """Refuse to go on with an act whose row says something else than what was asked for and approved.

    Raises:
        ActChanged: its parameters or its salt were changed or taken away.
    """
    if act.parameters is None or act.salt is None or act_digest(act.kind, act.parameters, act.salt) != act.digest:
        raise ActChanged


def end_act(tx: Transaction, handler: ActHandler | None, act: Act, state: ActState, now: int) -> Act:
    """Record an act's end in the transaction that ends it; what it must forget leaves its row."""
    act = replace(act, state=state, ended_at=now)
    if handler is not None and handler.forgets:
        act = replace(act, parameters=None, salt=None, reason=None)
        # The request that asked for it says in its path or its digest whom it is about.
        tx.subjects.forget_traces((act.act_id,))
    tx.acts.replace(act)
    if state in (ActState.DONE, ActState.FAILED):
        body = {"act": act.act_id, "kind": act.kind.value, "state": state.value}
        log(tx, "act_ended", body | ({} if act.failure is None else {"failure": act.failure}), now)
    return act


def _open(tx: Transaction, now: int, limit: int) -> list[Act]:
    # Lapsed acts keep their recorded state until somebody looks; the bound on what is asked for bounds them too.
    return [act for act in tx.acts.in_states(OPEN_STATES, 2 * limit) if act.state_at(now) in OPEN_STATES]


def _log(tx: Transaction, event: str, act: Act, by: Signatory, now: int) -> None:
    body = {"act": act.act_id, "kind": act.kind.value, "digest": base64url.encode(act.digest), "by": by.shown}
    log(tx, event, body, now)


def _existing(tx: Transaction, act_id: str) -> Act:
    act = tx.acts.get(act_id)
    if act is None:
        raise NotFound("no such act")
    return act

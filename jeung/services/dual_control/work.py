"""Carry approved acts out in the worker, a step at a time, and close what has lapsed or was left lying."""

import logging
from dataclasses import replace
from typing import Final

from jeung.domain.dual_control import Act, ActState
from jeung.errors import ActAbandoned, JeungError, Unavailable
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.acts import log
from jeung.services.dual_control.handlers import ActHandler, ActRegistry, CalledAct, WorkedAct
from jeung.services.dual_control.service import end_act, require_unchanged

AT_ONCE: Final = 100
_log = logging.getLogger(__name__)
_LAPSING = (ActState.REQUESTED, ActState.APPROVED)


class ActWork:
    """Drive the acts whose handlers are `WorkedAct`."""

    def __init__(self, *, store: Store, clock: Clock, registry: ActRegistry) -> None:
        self._store = store
        self._clock = clock
        self._registry = registry

    def step(self) -> bool:
        """Take each executing act one step further and record what has lapsed; tell whether more waits.

        An act that cannot go on now does not hold up the others.
        """
        self._close_lapsed()
        with self._store.read() as tx:
            executing = tx.acts.in_states((ActState.EXECUTING,), AT_ONCE)
        return any([self._advanced(act) for act in executing])

    def _advanced(self, act: Act) -> bool:
        handler = self._registry.find(act.kind)
        if isinstance(handler, CalledAct) and self._clock.now() >= act.expires_at:
            self._end(replace(act, failure=ActAbandoned.code), handler, ActState.FAILED)
        if not isinstance(handler, WorkedAct):
            return False
        try:
            require_unchanged(act)
            outcome = handler.advance(act)
        except Unavailable as error:
            _log.warning("act %s waits: %s", act.act_id, error.code)
            return False
        except JeungError as error:
            self._end(replace(act, failure=error.code), handler, ActState.FAILED)
            return False
        if outcome.done:
            self._end(replace(act, result=outcome.result), handler, ActState.DONE)
        return not outcome.done and outcome.more

    def _end(self, act: Act, handler: ActHandler, state: ActState) -> None:
        with self._store.write() as tx:
            present = tx.acts.get(act.act_id)
            # Whoever carries a called act out may have reported in between.
            if present is not None and present.state is ActState.EXECUTING:
                end_act(tx, handler, act, state, self._clock.now())

    def _close_lapsed(self) -> None:
        now = self._clock.now()
        with self._store.read() as tx:
            lapsed = [act for act in tx.acts.in_states(_LAPSING, AT_ONCE) if act.state_at(now) is ActState.EXPIRED]
        for found in lapsed:
            with self._store.write() as tx:
                act = tx.acts.get(found.act_id)
                # Somebody may have decided between the two transactions.
                if act is not None and act.state_at(now) is ActState.EXPIRED:
                    end_act(tx, self._registry.find(act.kind), act, ActState.EXPIRED, now)
                    log(tx, "act_expired", {"act": act.act_id, "kind": act.kind.value}, now)

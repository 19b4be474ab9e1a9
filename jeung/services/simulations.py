"""Try a governance act on the chain's present state before anything is sent.

The quorum is assumed: the call of a proposal is tried as the consortium itself would make it, at the earliest time
at which it could be executed; our own act (proposing, approving …) is tried before it as our governance account.
Only the worker talks to the chain, so a trial is a question that waits in the database for its answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.domain.chain import ChainCall, RegistryEvent
from jeung.domain.governance import Words
from jeung.domain.governance.calls import PROPOSABLE, in_words
from jeung.domain.governance.difference import Change, changes
from jeung.domain.governance.refusals import refusal_in_words
from jeung.domain.identifiers import Address, MemberId, ProposalId, to_hex
from jeung.domain.questions import LedgerQuestion, QuestionKind
from jeung.domain.registrations import Proposal
from jeung.domain.registry import Registry, fold
from jeung.errors import MalformedInput, NotFound, ProposalClosed, Unavailable
from jeung.ports.chain import CallDecoder
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import new_id
from jeung.services.decisions import UNREADABLE, effect
from jeung.services.governance import MAX_CALL_BYTES

LIFE_S: Final = 600
MAX_WAITING: Final = 32
_RETRY_S: Final = 2
_NO_SALT = to_hex(bytes(32))
_VOTES: Final = {
    "approve": "approve",
    "withdraw": "withdrawApproval",
    "cancel": "cancel",
    "execute": "execute",
}


@dataclass(frozen=True, slots=True)
class TriedStep:
    """Hold how one step fared: our own act, or what the consortium would do; `refusal` says why the chain refuses."""

    name: str
    accepted: bool
    error: str | None
    refusal: Words | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """Hold a trial; what has no answer yet is None.

    Attributes:
        simulation_id: its identifier.
        words: what is tried.
        accepted: whether the chain would take every step.
        steps: the steps, in their order.
        changes: what would change.
        simulated: the changes are what the chain's own simulation did; else they are our prediction.
        block: the block on whose state it was tried.

    """

    simulation_id: str
    words: Words
    accepted: bool | None = None
    steps: tuple[TriedStep, ...] = ()
    changes: tuple[Change, ...] = ()
    simulated: bool | None = None
    block: int | None = None


class Questioner:
    """Put questions to the chain, through the worker."""

    def __init__(self, *, store: Store, clock: Clock, entropy: Entropy) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy

    def ask(self, kind: QuestionKind, asked: Mapping[str, Any], prefix: str) -> LedgerQuestion:
        """Keep a question for the worker.

        Raises:
            Unavailable: too many questions wait already.
        """
        now = self._clock.now()
        question = LedgerQuestion(new_id(self._entropy, prefix), kind, asked, now, now + LIFE_S)
        with self._store.write() as tx:
            if len(tx.questions.waiting(now, MAX_WAITING)) >= MAX_WAITING:
                raise Unavailable("too many questions to the chain wait for an answer", retry_after_s=_RETRY_S)
            tx.questions.add(question)
        return question

    def question(self, question_id: str, kind: QuestionKind) -> LedgerQuestion:
        """Give a question with its answer.

        Raises:
            NotFound: no such question, or of another kind.
        """
        with self._store.read() as tx:
            found = tx.questions.get(question_id)
        if found is None or found.kind is not kind:
            raise NotFound
        return found


class SimulationService:
    """Try acts, and say how they would end."""

    def __init__(
        self, *, ledger: Ledger, decoder: CallDecoder, questions: Questioner, clock: Clock, governance: Address
    ) -> None:
        self._ledger = ledger
        self._decoder = decoder
        self._questions = questions
        self._clock = clock
        self._governance = governance

    def try_proposal(self, call: ChainCall) -> Simulation:
        """Try proposing a call, and the call itself once it was approved.

        Raises:
            MalformedInput: the consortium may make no such call, or it is too large.
            NotFound: the chain has no contract of that name.
            Unavailable: too many questions wait already.
        """
        if len(call.args) != PROPOSABLE.get(call.contract, {}).get(call.function, -1):
            raise MalformedInput("the consortium can make no such call")
        nested = {"contract": call.contract, "function": call.function, "args": list(call.args)}
        if len(canonical_json.canonical(nested)) > MAX_CALL_BYTES:
            raise MalformedInput("the call is larger than its bound")
        registry = self._registry()
        target = _address(registry, call.contract)
        ripe_at = self._clock.now() + (registry.rules.timelock_s if registry.rules else 0)
        ours = self._ours("propose", [target, nested, _NO_SALT])
        inner = {"name": "call", "from": _address(registry, "Consortium"), "to": target, "call": nested}
        return self._asked([ours, {**inner, "time": ripe_at}], nested)

    def try_vote(self, act: str, proposal: ProposalId) -> Simulation:
        """Try to `approve`, `withdraw`, `cancel` or `execute`; where the call would follow, the call too.

        Raises:
            NotFound: no such proposal.
            MalformedInput: no such act.
            ProposalClosed: it is not open.
            Unavailable: too many questions wait already.
        """
        registry = self._registry()
        found = registry.proposals.get(proposal)
        if found is None:
            raise NotFound("no such proposal")
        if act not in _VOTES:
            raise MalformedInput("no such act")
        if found.executed_at is not None or found.cancelled_at is not None or found.expires_at <= self._clock.now():
            raise ProposalClosed
        args = [to_hex(proposal)]
        if act == "execute":
            args += [found.target, to_hex(found.call), to_hex(found.salt)]
        steps = [self._ours(_VOTES[act], args)]
        if act in ("approve", "execute"):
            steps.append(self._inner(found, registry))
        return self._asked(steps, {"target": found.target, "data": to_hex(found.call)})

    def try_suspension(self, member: MemberId) -> Simulation:
        """Try to suspend a member in an emergency.

        Raises:
            NotFound: no such member.
            Unavailable: too many questions wait already.
        """
        if member not in self._registry().members:
            raise NotFound("no such member")
        args = [to_hex(member), to_hex(bytes(32))]
        call = {"contract": "Consortium", "function": "suspendByQuorum", "args": args}
        return self._asked([self._ours("suspendMember", args)], call)

    def simulation(self, simulation_id: str) -> Simulation:
        """Give a trial with its outcome, once there is one.

        Raises:
            NotFound: no such trial; it is kept for ten minutes.
        """
        return self._read(self._questions.question(simulation_id, QuestionKind.SIMULATION))

    def _asked(self, steps: Sequence[Mapping[str, Any]], subject: Mapping[str, Any]) -> Simulation:
        asked = {"steps": list(steps), "subject": dict(subject)}
        return self._read(self._questions.ask(QuestionKind.SIMULATION, asked, "sim"))

    def _ours(self, function: str, args: Sequence[Any]) -> dict[str, Any]:
        call = {"contract": "Consortium", "function": function, "args": list(args)}
        to = _address(self._registry(), "Consortium")
        return {"name": function, "from": self._governance, "to": to, "call": call, "time": 0}

    def _inner(self, proposal: Proposal, registry: Registry) -> dict[str, Any]:
        ripe_at = max((ripe_at for _, ripe_at in proposal.approvals), default=0)
        return {
            "name": "call",
            "from": _address(registry, "Consortium"),
            "to": proposal.target,
            "data": to_hex(proposal.call),
            "time": max(ripe_at, self._clock.now()),
        }

    def _read(self, question: LedgerQuestion) -> Simulation:
        registry = self._registry()
        call = self._subject(question.asked["subject"], registry)
        words = (None if call is None else in_words(call, registry)) or UNREADABLE
        if question.answer is None:
            return Simulation(question.question_id, words)
        answer = question.answer
        steps = tuple(
            TriedStep(
                name=step["name"],
                accepted=step["accepted"],
                error=step["error"],
                refusal=None if step["accepted"] else refusal_in_words(step["error"], step["args"], registry),
            )
            for step in answer["steps"]
        )
        accepted = all(step.accepted for step in steps)
        simulated = _from_events(answer["events"], registry, answer["time"]) if accepted else ()
        predicted = effect(call, registry, answer["time"]) if accepted and call is not None else ()
        return Simulation(
            simulation_id=question.question_id,
            words=words,
            accepted=accepted,
            steps=steps,
            changes=predicted if simulated is None else simulated,
            simulated=simulated is not None,
            block=answer["block"],
        )

    def _subject(self, subject: Mapping[str, Any], registry: Registry) -> ChainCall | None:
        if "function" in subject:
            return ChainCall(subject["contract"], subject["function"], tuple(subject["args"]))
        found = next((name for name, all_of in registry.contracts.items() if subject["target"] in all_of), "")
        return self._decoder.decode(found, bytes.fromhex(subject["data"][2:]))

    def _registry(self) -> Registry:
        with self._ledger.view() as view:
            return view.registry


def _from_events(
    events: Sequence[Mapping[str, Any]] | None, registry: Registry, time: int
) -> tuple[Change, ...] | None:
    """Give what the simulated events change; None where the chain could simulate no events, or none that we know."""
    if events is None:
        return None
    parsed = [RegistryEvent(event["contract"], event["name"], event["args"], 0, time, 0, b"") for event in events]
    try:
        return changes(registry, fold(parsed, registry), time)
    except KeyError:
        # The chain is ahead of our copy: what happened in between is missing here.
        return None


def _address(registry: Registry, contract: str) -> Address:
    addresses = registry.contracts.get(contract)
    if not addresses:
        raise NotFound("the chain has no contract of this name")
    return addresses[-1]

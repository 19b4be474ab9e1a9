"""Try a governance act on the chain's present state before anything is sent.

The quorum is assumed: the call of a proposal is tried as the consortium itself would make it, at the earliest time
at which it could be executed; our own act (proposing, approving …) is tried before it as our governance account.
Only the worker talks to the chain, so a trial is a question that waits in the database for its answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.domain.chain import ChainCall, RegistryEvent
from jeung.domain.governance import LANGUAGES, Words
from jeung.domain.governance.calls import PROPOSABLE, in_words
from jeung.domain.governance.difference import Change, changes
from jeung.domain.governance.refusals import refusal_in_words
from jeung.domain.governance.values import Names
from jeung.domain.identifiers import Address, MemberId, ProposalId, to_hex
from jeung.domain.members import MemberStatus
from jeung.domain.questions import LedgerQuestion, QuestionKind
from jeung.domain.registrations import Proposal
from jeung.domain.registry import Registry
from jeung.domain.registry_fold import fold
from jeung.errors import MalformedInput, NotFound, ProposalClosed, Unavailable
from jeung.ports.chain import CallDecoder
from jeung.ports.ledger import Ledger, LedgerView
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import new_id
from jeung.services.decisions import SET_STATUSES, UNREADABLE, effect, executable_at
from jeung.services.governance import MAX_CALL_BYTES

LIFE_S: Final = 600
MAX_WAITING: Final = 32
_RETRY_S: Final = 2
_NO_SALT = to_hex(bytes(32))
_SUSPEND: Final = "suspendMember"
_SUSPENSION_S: Final = 7 * 86_400
_EFFECTIVE: Final = ("call", _SUSPEND)
"""Steps that change what the consortium is; taking an approval back, or cancelling, changes nothing of it."""
_VOTES: Final = {
    "approve": "approve",
    "withdraw": "withdrawApproval",
    "cancel": "cancel",
    "execute": "execute",
}
_ACTS: Final[Mapping[str, str]] = {
    "propose": "propose",
    _SUSPEND: "suspend",
    **{function: act for act, function in _VOTES.items()},
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
        act: `propose`, `approve`, `withdraw`, `execute`, `cancel` or `suspend`.
        proposal: the identifier of the proposal that a vote is about, as 0x and hexadecimal digits.
        call: what the consortium, or the supervisor, would call; None where the calldata cannot be read.

    """

    simulation_id: str
    words: Words
    accepted: bool | None = None
    steps: tuple[TriedStep, ...] = ()
    changes: tuple[Change, ...] = ()
    simulated: bool | None = None
    block: int | None = None
    act: str = ""
    proposal: str | None = None
    call: ChainCall | None = None


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
            steps.append(self._inner(found, registry, approving=act == "approve"))
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
        call = {"contract": "Consortium", "function": _SUSPEND, "args": args}
        return self._asked([self._ours(_SUSPEND, args)], call)

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

    def _inner(self, proposal: Proposal, registry: Registry, *, approving: bool) -> dict[str, Any]:
        """Try the call when enough approvals are ripe; those that are missing are given now, ours among them."""
        now, timelock = self._clock.now(), registry.rules.timelock_s if registry.rules else 0
        latest = now + max(proposal.timelock_s, timelock)
        ripe_at = [
            ripe_at
            for member, ripe_at in proposal.approvals
            if registry.members[member].status_at(now) is MemberStatus.ACTIVE
        ]
        required = max(proposal.quorum, registry.quorum() or 0)
        at = executable_at([*ripe_at, latest] if approving else ripe_at, required)
        return {
            "name": "call",
            "from": _address(registry, "Consortium"),
            "to": proposal.target,
            "data": to_hex(proposal.call),
            "time": max(latest if at is None else at, now),
        }

    def _read(self, question: LedgerQuestion) -> Simulation:
        with self._ledger.view() as view:
            return self._told(question, view)

    def _told(self, question: LedgerQuestion, view: LedgerView) -> Simulation:
        registry = view.registry
        call = self._subject(question.asked["subject"], registry)
        words = _words(call, registry)
        ours = question.asked["steps"][0]
        act = _ACTS[ours["name"]]
        about = ours["call"]["args"][0] if act in _VOTES else None
        begun = Simulation(question.question_id, words, act=act, proposal=about, call=call)
        answer = question.answer
        if answer is None:
            return begun
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
        # Events of credentials' statuses are no part of the register: their change is read from our own copy.
        told = None if _sets_statuses(call) else answer["events"]
        simulated = _from_events(told, registry, answer["time"]) if accepted else ()
        effective = accepted and not {step.name for step in steps}.isdisjoint(_EFFECTIVE)
        predicted = _predicted(call, view, answer["time"]) if effective else ()
        return replace(
            begun,
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


def _words(call: ChainCall | None, registry: Registry) -> Words:
    """Say what would happen; a supervisor's suspension is no act of the quorum, and lapses."""
    if call is None:
        return UNREADABLE
    if call.function != _SUSPEND:
        return in_words(call, registry) or UNREADABLE
    en, ko = (Names(registry, language).member(call.args[0]) for language in LANGUAGES)
    return Words(
        f"Suspend {en} at once, as a supervisor: for seven days unless the quorum confirms it.",
        f"감독기관으로서 {ko}의 자격을 즉시 정지합니다. 의결로 확정하지 않으면 7일 뒤에 풀립니다.",
    )


def _sets_statuses(call: ChainCall | None) -> bool:
    return call is not None and (call.contract, call.function) == SET_STATUSES


def _predicted(call: ChainCall | None, view: LedgerView, time: int) -> tuple[Change, ...]:
    if call is None:
        return ()
    if call.function != _SUSPEND:
        return effect(call, view, time)
    args = {"member": call.args[0], "until": time + _SUSPENSION_S}
    after = fold([RegistryEvent("Consortium", "MemberSuspended", args, 0, time, 0, b"")], view.registry)
    return changes(view.registry, after, time)


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

"""Read the consortium's proposals as its members must be able to: in words, with their effect and their standing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jeung.domain.chain import ChainCall
from jeung.domain.governance import Words
from jeung.domain.governance.agenda import AgendaItem, Certificate, ReminderRules, agenda
from jeung.domain.governance.calls import arguments_of, in_words
from jeung.domain.governance.difference import Change, changes, status_changes
from jeung.domain.governance.prediction import predicted_after
from jeung.domain.governance.values import Names
from jeung.domain.identifiers import MemberId, ProposalId, id_from_hex
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import MemberStatus
from jeung.domain.registrations import Proposal
from jeung.domain.registry import Registry
from jeung.errors import NotFound
from jeung.ports.chain import CallDecoder
from jeung.ports.ledger import Ledger, LedgerView
from jeung.ports.world import Clock

UNREADABLE = Words(
    "This call cannot be put into words; its calldata is shown as it is. Do not approve what you cannot read.",
    "이 호출은 말로 옮길 수 없어 호출 데이터를 그대로 보입니다. 읽을 수 없는 안건은 승인하지 마십시오.",
)


@dataclass(frozen=True, slots=True)
class Vote:
    """Hold a member's approval: from when on it is ripe, and whether it counts, the member being active."""

    member: MemberId
    url: str
    ripe_at: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """Hold a proposal as a person reads it; times are seconds UTC.

    Attributes:
        proposal: as the chain has it.
        contract: the name of the contract it calls; empty where the Directory never named its target.
        former: the Directory names another contract by that name now.
        call: the call; None where the calldata is none of ours.
        words: what the call means.
        changes: what it would change if it were executed now, for an open proposal; empty once it is closed, and
            where the effect is no part of the register.
        required: ripe approvals needed now.
        votes: the approvals.
        executable_at: when enough of the approvals given so far are ripe; None while there are too few.
        proposer: the URL of who proposed it.
        ours: this member proposed it.

    """

    proposal: Proposal
    contract: str
    former: bool
    call: ChainCall | None
    words: Words
    changes: tuple[Change, ...]
    required: int
    votes: tuple[Vote, ...]
    executable_at: int | None
    proposer: str
    ours: bool = False


class DecisionService:
    """Answer what the consortium is about to decide, and what will soon need a decision."""

    def __init__(
        self, *, ledger: Ledger, decoder: CallDecoder, clock: Clock, own: MemberId, rules: ReminderRules | None = None
    ) -> None:
        self._ledger = ledger
        self._decoder = decoder
        self._clock = clock
        self._own = own
        self._rules = rules or ReminderRules()

    def proposals(self) -> Sequence[Decision]:
        """Give every proposal, oldest first.

        Raises:
            LedgerStale: the follower has never run.
        """
        now = self._clock.now()
        with self._ledger.view() as view:
            return [self._read(proposal, view, now) for proposal in view.registry.proposals.values()]

    def proposal(self, proposal: ProposalId) -> Decision:
        """Give one proposal.

        Raises:
            NotFound: no such proposal.
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            found = view.registry.proposals.get(proposal)
            if found is None:
                raise NotFound("no such proposal")
            return self._read(found, view, self._clock.now())

    def read_call(self, call: ChainCall) -> tuple[Words, tuple[Change, ...]]:
        """Put a call that nobody has proposed yet into words, with its effect if it were executed now."""
        with self._ledger.view() as view:
            return in_words(call, view.registry) or UNREADABLE, effect(call, view, self._clock.now())

    def agenda(self, certificates: tuple[Certificate, ...] = ()) -> Sequence[AgendaItem]:
        """Give what is due soon, the most urgent first.

        Raises:
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            registry = view.registry
        return agenda(registry, own=self._own, now=self._clock.now(), rules=self._rules, certificates=certificates)

    def _read(self, proposal: Proposal, view: LedgerView, now: int) -> Decision:
        registry = view.registry
        contract = contract_at(proposal, registry)
        call = self._decoder.decode(contract, proposal.call)
        words = None if call is None else in_words(call, registry)
        is_open = proposal.executed_at is None and proposal.cancelled_at is None and now < proposal.expires_at
        votes = tuple(
            Vote(
                member,
                registry.members[member].url,
                ripe_at,
                registry.members[member].status_at(now) is MemberStatus.ACTIVE,
            )
            for member, ripe_at in proposal.approvals
        )
        required = max(proposal.quorum, registry.quorum() or 0)
        ripening = [vote.ripe_at for vote in votes if vote.counts]
        return Decision(
            proposal=proposal,
            contract=contract,
            former=bool(contract) and registry.contracts[contract][-1] != proposal.target,
            call=call,
            words=words or UNREADABLE,
            changes=effect(call, view, now) if is_open and call is not None else (),
            required=required,
            votes=votes,
            executable_at=executable_at(ripening, required),
            proposer=registry.members[proposal.proposer].url,
            ours=proposal.proposer == self._own,
        )


def contract_at(proposal: Proposal, registry: Registry) -> str:
    """Name the contract that a proposal calls; empty where the Directory never named its address."""
    return next((name for name, addresses in registry.contracts.items() if proposal.target in addresses), "")


def executable_at(ripe_at: Sequence[int], required: int) -> int | None:
    """Give when so many approvals are ripe, of those that ripen at these times; None while there are too few."""
    return sorted(ripe_at)[required - 1] if len(ripe_at) >= required > 0 else None


def effect(call: ChainCall, view: LedgerView, now: int) -> tuple[Change, ...]:
    """Give what a call would change if it were executed now, as far as that can be told without asking the chain."""
    if (call.contract, call.function) == SET_STATUSES:
        return _statuses(call, view)
    after = predicted_after(call, view.registry, now)
    return () if after is None else changes(view.registry, after, now)


SET_STATUSES: Final = ("StatusRegistry", "setStatusesByQuorum")
"""The one call whose effect is no part of the register."""


def _statuses(call: ChainCall, view: LedgerView) -> tuple[Change, ...]:
    args = arguments_of(call) or {}
    number, places = args.get("list"), args.get("indexes")
    try:
        issuer, wanted = MemberId(id_from_hex(args.get("issuer", ""))), CredentialStatus(args.get("status", -1))
    except (TypeError, ValueError):
        return ()
    # Not what such a call carries: the chain would refuse it, and a database cannot look it up.
    if type(number) is not int or not 0 <= number < 1 << 32 or not isinstance(places, list | tuple):
        return ()
    if any(type(place) is not int or not 0 <= place < 1 << 20 for place in places):
        return ()
    words = view.status_words(issuer, number)
    return status_changes(issuer, number, wanted, places, words, lambda language: Names(view.registry, language))

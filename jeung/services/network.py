"""Carry the network's allowlist from the ledger into each chain node of ours, and say where a node differs.

For each chain node, in this order:

1. Read both of its lists. One it does not keep, or does not let us manage, is a problem of that list alone.
2. Compare with what the ledger permits. A removal that would keep us from coming back is withheld: of the node's own
   key, of the accounts by which this member acts, of the last peer, and of more than half of a list unless told so.
3. Let in what is missing, then take out what is too much: a member that moved must not be cut off in between.
   A change the node refuses whole is tried entry by entry; a node takes a change whole or not at all, so one entry it
   refuses must not keep the others out.
4. Read again: what holds then is what is reported, not what was asked for. Up to three rounds.

Asking twice changes nothing the second time. One node's failure does not keep the others waiting for theirs.
What the caller must still do: run it again after every change of the list, and look at what is reported.
"""

import enum
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jeung.domain.identifiers import MemberId
from jeung.domain.network import parse_enode
from jeung.domain.network_policy import permitted_accounts, permitted_nodes, serving_accounts
from jeung.errors import LedgerStale
from jeung.ports.ledger import Ledger
from jeung.ports.network import ChainNode, ChainNodeError, PermissioningNotKept, PermissioningRefused
from jeung.ports.world import Clock
from jeung.services.verification import VerificationRules

CHUNK: Final = 100
"""Entries of one request."""
MAX_PROBLEMS: Final = 100
"""Refused entries of one list after which the rest of them is not tried."""
_ROUNDS: Final = 3


class Withheld(enum.StrEnum):
    """Say why an entry that should go is left in place."""

    OWN_NODE = "own_node"
    OWN_ACCOUNT = "own_account"
    LAST_PEER = "last_peer"
    MASS_REMOVAL = "mass_removal"


@dataclass(frozen=True, slots=True)
class Problem:
    """Name what went wrong by the error's code and sentence; `entry` where it concerns one."""

    code: str
    detail: str
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class ListReport:
    """Tell of one allowlist of one chain node: `added` and `removed` were done, `missing` and `surplus` are left."""

    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    withheld: tuple[tuple[str, Withheld], ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def agrees(self) -> bool:
        """Tell whether the list is as the ledger says, and will be after the chain node's next start."""
        return not (self.missing or self.surplus or self.withheld or self.problems)


@dataclass(frozen=True, slots=True)
class NodeReport:
    """Tell of one chain node."""

    name: str
    nodes: ListReport
    accounts: ListReport

    @property
    def agrees(self) -> bool:
        """Tell whether both lists are as the ledger says."""
        return self.nodes.agrees and self.accounts.agrees


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """Tell what the ledger permits as of a block, and how each chain node of ours stands to it."""

    block: int
    time: int
    permitted_nodes: tuple[str, ...]
    permitted_accounts: tuple[str, ...]
    chain_nodes: tuple[NodeReport, ...]

    @property
    def agrees(self) -> bool:
        """Tell whether every chain node is as the ledger says."""
        return all(report.agrees for report in self.chain_nodes)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Hold what a list should be: entries as we write them, and what is never taken out of it."""

    entries: frozenset[str]
    kept: Callable[[str], Withheld | None]


@dataclass(frozen=True, slots=True)
class _Access:
    """Hold how one list of one chain node is read and changed; `normal` gives an entry in our form, or as it is."""

    read: Callable[[], Sequence[str]]
    add: Callable[[Sequence[str]], None]
    remove: Callable[[Sequence[str]], None]
    normal: Callable[[str], str]


class NetworkService:
    """Keep this member's chain nodes in line with the network's allowlist."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        chain_nodes: Sequence[ChainNode],
        clock: Clock,
        own: MemberId,
        rules: VerificationRules,
    ) -> None:
        """Serve the member `own`; `rules` bound how old its copy of the ledger may be."""
        self._ledger = ledger
        self._chain_nodes = chain_nodes
        self._clock = clock
        self._own = own
        self._rules = rules

    def inspect(self) -> NetworkReport:
        """Compare without changing anything; raises as `reconcile`."""
        return self._run(change=False, mass_removal=False)

    def reconcile(self, *, mass_removal: bool = False) -> NetworkReport:
        """Bring every chain node into line; with `mass_removal` also where more than half of a list has to go.

        Raises:
            LedgerStale: our copy of the ledger is older than its bound; a list is never carried from it.
        """
        return self._run(change=True, mass_removal=mass_removal)

    def _run(self, *, change: bool, mass_removal: bool) -> NetworkReport:
        now = self._clock.now()
        with self._ledger.view() as view:
            reason = self._rules.stale_reason(view.freshness, now)
            if reason is not None:
                raise LedgerStale(reason, retry_after_s=self._rules.retry_after_s)
            registry, freshness = view.registry, view.freshness
        # A suspension lapses by the chain's time, which is the head's until the next block.
        time = freshness.head_time
        peers = permitted_nodes(registry, time)
        nodes = frozenset(map(str, peers))
        accounts = frozenset(permitted_accounts(registry, time))
        own_accounts = serving_accounts(registry, self._own)
        reports = []
        for chain_node in self._chain_nodes:
            account_list = _Access(
                chain_node.accounts,
                chain_node.add_accounts,
                chain_node.remove_accounts,
                _account_form(accounts | own_accounts),
            )
            node_list = _Access(chain_node.nodes, chain_node.add_nodes, chain_node.remove_nodes, _node_form)
            reports.append(
                NodeReport(
                    chain_node.name,
                    nodes=_settle(node_list, _peers_of(chain_node, nodes), change=change, mass=mass_removal),
                    accounts=_settle(
                        account_list, _accounts_of(accounts, own_accounts), change=change, mass=mass_removal
                    ),
                )
            )
        return NetworkReport(
            freshness.indexed_number, time, tuple(sorted(nodes)), tuple(sorted(accounts)), tuple(reports)
        )


def _peers_of(chain_node: ChainNode, nodes: frozenset[str]) -> Callable[[], _Wanted]:
    """Ask for the node's own key when its turn has come: a node that is down is a problem of its own."""

    def wanted() -> _Wanted:
        own = chain_node.own_key()
        marker = "" if own is None else f"enode://{own.hex()}@"
        others = any(not (marker and entry.startswith(marker)) for entry in nodes)

        def kept(entry: str) -> Withheld | None:
            if marker and entry.startswith(marker):
                return Withheld.OWN_NODE
            return None if others else Withheld.LAST_PEER

        return _Wanted(nodes, kept)

    return wanted


def _accounts_of(accounts: frozenset[str], own: Collection[str]) -> Callable[[], _Wanted]:
    return lambda: _Wanted(accounts, lambda entry: Withheld.OWN_ACCOUNT if entry in own else None)


def _node_form(entry: str) -> str:
    parsed = parse_enode(entry)
    return entry if parsed is None else str(parsed)


def _account_form(known: Collection[str]) -> Callable[[str], str]:
    """Recognise accounts in whatever case a chain node writes them."""
    forms = {account.lower(): account for account in known}
    return lambda entry: forms.get(entry.lower(), entry)


def _settle(access: _Access, wanted: Callable[[], _Wanted], *, change: bool, mass: bool) -> ListReport:
    """Compare one list and, if it is to be changed, change it until it agrees or nothing moves any more."""
    added: set[str] = set()
    removed: set[str] = set()
    problems: list[Problem] = []
    report = ListReport()
    try:
        target = wanted()
        raw = access.read()
        report = _compare(access, raw, target, mass=mass)
        for _ in range(_ROUNDS if change else 0):
            if not report.missing and not report.surplus:
                break
            before, problems = set(map(access.normal, raw)), []
            _change(access.add, report.missing, problems)
            # What must go is counted against the list as it is once everybody is in.
            report = _compare(access, access.read(), target, mass=mass)
            _change(access.remove, report.surplus, problems)
            raw = access.read()
            report = _compare(access, raw, target, mass=mass)
            after = set(map(access.normal, raw))
            added |= after - before
            removed |= before - after
    except ChainNodeError as error:
        problems.append(Problem(error.code, error.detail))
    # A refusal that left no difference was of something that stood already: a request that was sent again.
    left = {*report.missing, *report.surplus}
    standing = [problem for problem in problems if problem.entry is None or problem.entry in left]
    return replace(
        report, added=tuple(sorted(added)), removed=tuple(sorted(removed)), problems=tuple(dict.fromkeys(standing))
    )


def _compare(access: _Access, raw: Sequence[str], wanted: _Wanted, *, mass: bool) -> ListReport:
    """Give what is missing as we write it, and what is too much as the chain node writes it."""
    present = {access.normal(entry): entry for entry in raw}
    # A list that holds an entry twice lets it in for as long as one of them stands.
    too_many = [entry for form, entry in sorted(present.items()) if form not in wanted.entries]
    withheld = [(entry, reason) for entry in too_many if (reason := wanted.kept(access.normal(entry))) is not None]
    surplus = [entry for entry in too_many if wanted.kept(access.normal(entry)) is None]
    if not mass and 2 * len(surplus) > len(present):
        withheld += [(entry, Withheld.MASS_REMOVAL) for entry in surplus]
        surplus = []
    missing = sorted(wanted.entries - present.keys())
    return ListReport(tuple(missing), tuple(surplus), tuple(withheld))


def _change(change: Callable[[Sequence[str]], None], entries: Sequence[str], problems: list[Problem]) -> None:
    """Ask for a change in bounded requests, and for each entry alone where one was refused whole.

    Raises:
        ChainNodeError: the node does not answer, or keeps no such list.
    """
    for begin in range(0, len(entries), CHUNK):
        chunk = entries[begin : begin + CHUNK]
        try:
            _one(change, chunk, problems)
        except PermissioningRefused as refusal:
            if len(chunk) == 1:
                problems.append(Problem(refusal.code, refusal.detail, chunk[0]))
                continue
            for entry in chunk[: MAX_PROBLEMS - len(problems)]:
                _change(change, [entry], problems)


def _one(change: Callable[[Sequence[str]], None], chunk: Sequence[str], problems: list[Problem]) -> None:
    try:
        change(chunk)
    except PermissioningNotKept as unkept:
        problems.append(Problem(unkept.code, unkept.detail))

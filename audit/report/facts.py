"""Gather what a report shows from the state that the audit rebuilt: figures by member and time, nobody's digest.

One pass over batches and status events; memory grows with members and slots of time, not with attestations.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit.charts import Slots, slots_between
from audit.observation import Observation
from audit.report.deciding import Decided
from audit.report.outcomes import Outcomes, count_outcomes
from audit.state import FOREVER, State, latest
from jeung.domain.governance import Words

_INDEX_CHARACTERS = 6
"""A packed status index is three bytes: six characters of hexadecimal."""
ROLES = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """Hold one member: `standing` at the head, `acts` counts "attested", "revoked", "suspended", "reinstated"."""

    member: str
    url: str
    roles: tuple[int, ...]
    standing: str
    admitted_at: int
    removed_at: int | None
    suspensions: tuple[tuple[int, int], ...]
    acts: Counter[str]


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """Hold one accreditation of a member for a type of credential, times in seconds UTC."""

    member: str
    vct: str
    valid_from: int
    valid_until: int
    withdrawn_since: int | None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Hold one registered key and what ended it, as known at the head."""

    member: str
    thumbprint: str
    purpose: int
    not_before: int
    not_after: int
    revoked_at: int | None
    compromised_since: int | None


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """Hold the newest checkpoint of a member's log that stands on the chain; `count` is how many ever did."""

    member: str
    epoch: int
    size: int
    root: str
    anchored_at: int
    count: int


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """Hold the newest checkpoint that was read of a member's log, and which of `able` witnesses cosigned it when."""

    member: str
    epoch: int
    size: int
    root: str
    witnesses: tuple[tuple[str, int], ...]
    able: int


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """Hold one proposal: what it calls and means, how many approved in time, and what became of it.

    `words` is None where the call cannot be put into words.
    """

    proposal: str
    call: str
    words: Words | None
    proposer: str
    proposed_at: int
    quorum: int
    approvals: int
    timelock: int
    executed_at: int | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Hold what the pages show; members by URL, everything else in the order of the chain."""

    slots: Slots
    members: tuple[MemberFacts, ...]
    issued: tuple[tuple[str, Sequence[int]], ...]
    changed: tuple[tuple[str, Sequence[int]], ...]
    grants: tuple[GrantFacts, ...]
    keys: tuple[KeyFacts, ...]
    proposals: tuple[ProposalFacts, ...]
    anchors: tuple[AnchorFacts, ...]
    checkpoints: tuple[CheckpointFacts, ...]
    unanchored: tuple[str, ...]
    schemas: tuple[str, ...]
    batches: int
    outcomes: Outcomes | None

    def total(self, act: str) -> int:
        """Add up what all members did."""
        return sum(member.acts[act] for member in self.members)


def gather(observation: Observation) -> Facts:
    """Gather the facts of the range and the member that the audit reports on.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    state, head = observation.state, observation.head
    slots = slots_between(observation.begin.time, max(head.time, observation.begin.time))
    acts: dict[str, Counter[str]] = {}
    issued, changed = _over_time(observation, slots, acts)
    covered = [member for member in state.members if observation.report.covers(None, member)]
    members = [_member(state, member, head.time, acts.get(member, Counter())) for member in covered]
    ordered = sorted(members, key=lambda one: (one.url, one.member))
    urls = {member: record["urls"][0] for member, record in state.members.items()}
    database = observation.database
    anchors = tuple(_anchors(state, covered, urls))
    return Facts(
        slots=slots,
        members=tuple(ordered),
        issued=_largest(issued, urls),
        changed=_largest(changed, urls),
        grants=tuple(_grants(state, covered, urls)),
        keys=tuple(_keys(state, covered, urls)),
        proposals=tuple(_proposals(observation, urls)),
        anchors=anchors,
        checkpoints=tuple(_checkpoints(observation, covered, urls)),
        unanchored=tuple(one.url for one in ordered if one.url not in {anchor.member for anchor in anchors}),
        schemas=tuple(record["vct"] for record in state.schemas.values()),
        batches=sum(_in_range(observation, batch["block"], batch["issuer"]) for batch in state.batches.values()),
        outcomes=None if database is None else count_outcomes(database, observation.begin.time, head.time),
    )


def _in_range(observation: Observation, block: int, member: str) -> bool:
    return observation.report.covers(block, member)


_Series = dict[str, list[int]]


def _over_time(observation: Observation, slots: Slots, acts: dict[str, Counter[str]]) -> tuple[_Series, _Series]:
    """Count credentials attested and statuses changed by member and slot, and what was done by member."""
    issued: _Series = {}
    changed: _Series = {}
    done = {0: "reinstated", 1: "revoked", 2: "suspended"}
    for batch in observation.state.batches.values():
        if _in_range(observation, batch["block"], batch["issuer"]):
            issued.setdefault(batch["issuer"], [0] * slots.count)[slots.of(batch["time"])] += batch["count"]
            acts.setdefault(batch["issuer"], Counter())["attested"] += batch["count"]
    for place, (issuer, _, status, packed, time, _) in observation.state.status_events.items():
        if _in_range(observation, int(place.partition("/")[0]), issuer):
            count = (len(packed) - 2) // _INDEX_CHARACTERS
            changed.setdefault(issuer, [0] * slots.count)[slots.of(time)] += count
            acts.setdefault(issuer, Counter())[done[status]] += count
    return issued, changed


def _largest(series: _Series, urls: dict[str, str]) -> tuple[tuple[str, Sequence[int]], ...]:
    """Order series by how much is in them, so that a chart of few colours shows those that matter."""
    ordered = sorted(series.items(), key=lambda one: (-sum(one[1]), urls.get(one[0], one[0])))
    return tuple((urls.get(member, member), values) for member, values in ordered)


def _member(state: State, member: str, now: int, acts: Counter[str]) -> MemberFacts:
    record = state.members[member]
    held = state.roles_at(member, now)
    return MemberFacts(
        member=member,
        url=record["urls"][0],
        roles=tuple(role for role in ROLES if held & role),
        standing=state.status_at(member, now),
        admitted_at=record["admitted_at"],
        removed_at=None if record["removed"] is None else record["removed"]["at"],
        suspensions=tuple((one["began"], min(one["until"], one["ended"])) for one in record["suspensions"]),
        acts=acts,
    )


def _grants(state: State, covered: list[str], urls: dict[str, str]) -> Iterator[GrantFacts]:
    for name, grants in state.grants.items():
        member, schema = name.split("/")
        if member in covered:
            vct = state.schemas.get(schema, {"vct": schema})["vct"]
            for grant in grants:
                times = grant["valid_from"], grant["valid_until"], grant["withdrawn_since"]
                yield GrantFacts(urls[member], vct, *times)


def _keys(state: State, covered: list[str], urls: dict[str, str]) -> Iterator[KeyFacts]:
    for name, key in state.keys.items():
        member, thumbprint = name.split("/")
        if member in covered:
            ended = [latest(key[what], FOREVER) for what in ("revocations", "compromises")]
            revoked, compromised = (None if time == FOREVER else time for time in ended)
            times = key["not_before"], key["not_after"], revoked, compromised
            yield KeyFacts(urls[member], thumbprint, key["purpose"], *times)


def _anchors(state: State, covered: list[str], urls: dict[str, str]) -> Iterator[AnchorFacts]:
    for place, anchor in state.log_anchors.items():
        member, epoch, _ = place.split("/")
        if member in covered:
            times = anchor["size"], anchor["root"], anchor["anchored_at"]
            yield AnchorFacts(urls[member], int(epoch), *times, len(state.anchored.get(f"{member}/{epoch}", [])))


def _checkpoints(observation: Observation, covered: list[str], urls: dict[str, str]) -> Iterator[CheckpointFacts]:
    for log in observation.report.logs:
        if log.member in covered:
            witnesses = tuple((urls[member], time) for member, time in log.witnesses)
            yield CheckpointFacts(urls[log.member], log.epoch, log.size, log.root, witnesses, log.able)


def _proposals(observation: Observation, urls: dict[str, str]) -> Iterator[ProposalFacts]:
    state, now = observation.state, observation.head.time
    decided = Decided(state)
    for proposal, record in state.proposals.items():
        if not _in_range(observation, record["votes"][0][3], record["proposer"]):
            continue
        ended = record["executed_at"] or record["cancelled_at"] or min(now, record["expires_at"])
        yield ProposalFacts(
            proposal=proposal,
            call=decided.named(record),
            words=decided.words(record),
            proposer=urls.get(record["proposer"], record["proposer"]),
            proposed_at=record["proposed_at"],
            quorum=record["quorum"],
            approvals=sum(0 < given <= ended for given in record["approvals"].values()),
            timelock=record["timelock"],
            executed_at=record["executed_at"],
            outcome=_outcome(record, now),
        )


def _outcome(record: dict[str, Any], now: int) -> str:
    if record["executed_at"] is not None:
        return "executed"
    if record["cancelled_at"] is not None:
        return "cancelled"
    return "expired" if record["expires_at"] <= now else "open"

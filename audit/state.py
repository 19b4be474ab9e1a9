"""Hold the consortium as an audit rebuilds it: plain tables of JSON values, so that a checkpoint is the state itself.

Keys of compound tables are hexadecimal ids joined by "/". Times are seconds UTC of blocks. A record's `at` is the
address of the contract that holds it: a successor does not take over what its predecessor keeps.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from audit.digests import Digests
from audit.statuses import StatusList

FOREVER = (1 << 64) - 1
"""Stand for a time that never comes."""

# What KeyRegistry.keyStateAt answers.
KEY_UNKNOWN, KEY_NOT_YET_VALID, KEY_ACTIVE, KEY_EXPIRED, KEY_REVOKED, KEY_COMPROMISED = range(6)


@dataclass(slots=True)
class State:
    """Gather what events said, up to and including `block`; `genesis` is the block that deployed the Directory."""

    block: int = -1
    block_hash: str = ""
    genesis: int = 0
    chain_id: int = 0
    directory: str = ""
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    operators: dict[str, dict[str, Any]] = field(default_factory=dict)
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    profiles: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    wallet_providers: dict[str, dict[str, Any]] = field(default_factory=dict)
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """node of the network -> its endpoint, and the spells in which it stood in the allowlist."""
    network_accounts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """account -> the spells in which it stood in the network's allowlist."""
    log_anchors: dict[str, dict[str, Any]] = field(default_factory=dict)
    """member/epoch/contract -> the newest checkpoint anchored there."""
    anchored: dict[str, list[list[Any]]] = field(default_factory=dict)
    """member/epoch -> [size, root] of every checkpoint that was ever anchored, whichever contract took it."""
    log_epochs: dict[str, int] = field(default_factory=dict)
    """member/contract -> its present epoch, where one was opened."""
    opened: dict[str, int] = field(default_factory=dict)
    """member/epoch -> the block that opened it first."""
    proposals: dict[str, dict[str, Any]] = field(default_factory=dict)
    contracts: dict[str, list[list[Any]]] = field(default_factory=dict)
    """name -> [[address, block that named it]], the present one last."""
    closed: dict[str, int] = field(default_factory=dict)
    """address of a status registry -> when it was closed."""
    rules: dict[str, int] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: Digests = field(default_factory=Digests)
    """The digests of every batch, which no memory holds."""
    statuses: dict[str, StatusList] = field(default_factory=dict)
    """issuer/list -> its statuses."""
    status_events: dict[str, list[Any]] = field(default_factory=dict)
    """block/log index -> [issuer, list, status, packed indexes as 0x-hex, block time, transaction]."""
    registry_events: dict[str, str] = field(default_factory=dict)
    """block/log index -> SHA-256 over contract, name, arguments, time and transaction of any other event."""
    acts: dict[str, list[Any]] = field(default_factory=dict)
    """block/log index of any other event that names members -> [contract, name, transaction, time, members]."""
    logs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """member/epoch -> what an earlier audit saw of that log (audit.log.memory)."""

    def as_json(self) -> dict[str, Any]:
        """Give the tables as JSON values, all but the digests."""
        tables = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "digests"}
        return {**tables, "statuses": {pair: one.as_json() for pair, one in self.statuses.items()}}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "State":
        """Read what `as_json` gave.

        Raises:
            ValueError, TypeError, OverflowError: other tables than a state has, or of another shape.
        """
        blank = cls()
        names = {entry.name for entry in fields(cls)} - {"digests"}
        if set(document) != names or any(type(document[name]) is not type(getattr(blank, name)) for name in names):
            raise ValueError("not the tables of a state")
        statuses = {pair: StatusList.from_json(rows) for pair, rows in document["statuses"].items()}
        return cls(**{**document, "statuses": statuses})

    def addresses(self, name: str) -> list[str]:
        """Give the addresses a contract had, the present one last; the Directory names all but itself."""
        return [self.directory] if name == "Directory" else [address for address, _ in self.contracts.get(name, [])]

    def status_at(self, member: str, time: int) -> str:
        """Say how a member stood at a time: "active", "suspended", "removed" or "unknown"."""
        record = self.members.get(member)
        if record is None or time < record["admitted_at"]:
            return "unknown"
        if record["removed"] is not None and record["removed"]["at"] <= time:
            return "removed"
        for suspension in record["suspensions"]:
            if suspension["began"] <= time < min(suspension["until"], suspension["ended"]):
                return "suspended"
        return "active"

    def roles_at(self, member: str, time: int) -> int:
        """Give the role bits a member had at a time."""
        held = 0
        for since, roles in self.members.get(member, {"roles": []})["roles"]:
            if since <= time:
                held = roles
        return held

    def serves(self, account: str, time: int) -> bool:
        """Tell whether an account governs, or operates in good standing for, a member that is not removed."""
        operator = self.operators.get(account)
        if operator is not None and operator["retired_at"] is None and operator["compromised_since"] is None:
            return self.status_at(operator["member"], time) != "removed"
        return any(
            record["governance"][-1][0] == account and self.status_at(member, time) != "removed"
            for member, record in self.members.items()
        )

    def accredited_at(self, member: str, schema: str, time: int, at: str | None = None) -> bool:
        """Tell whether some grant covered a time, by what is known up to this block; `at` asks one registry only."""
        return any(
            grant["valid_from"] <= time < grant["valid_until"]
            and (grant["withdrawn_since"] is None or time < grant["withdrawn_since"])
            and at in (None, grant["at"])
            for grant in self.grants.get(f"{member}/{schema}", [])
        )

    def key_state_at(self, key: str, time: int, known_at: int) -> int:
        """Give a key's state at a time as `KeyRegistry.keyStateAt` does: by what was recorded up to a block."""
        record = self.keys.get(key)
        if record is None or record["registered_block"] > known_at:
            return KEY_UNKNOWN
        if latest(record["compromises"], known_at) <= time:
            return KEY_COMPROMISED
        if latest(record["revocations"], known_at) <= time:
            return KEY_REVOKED
        if time < record["not_before"]:
            return KEY_NOT_YET_VALID
        return KEY_ACTIVE if time < record["not_after"] else KEY_EXPIRED

    def quorum(self, time: int) -> int:
        """Compute the approvals a proposal needs at a time: the rules' share of the members that are not removed."""
        remaining = sum(self.status_at(member, time) != "removed" for member in self.members)
        share = -(-remaining * self.rules["quorumNumerator"] // self.rules["quorumDenominator"])
        return min(share, max(-(-2 * remaining // 3), remaining - 1))

    def approvals_of(self, proposal: dict[str, Any], time: int) -> tuple[int, int]:
        """Count a proposal's standing approvals by active members at a time, and how many of those are ripe."""
        ripening = max(proposal["timelock"], self.rules["timelock"])
        given = [
            given_at
            for member, given_at in proposal["approvals"].items()
            if given_at and self.status_at(member, time) == "active"
        ]
        return len(given), sum(given_at + ripening <= time for given_at in given)

    def words(self, issuer: str, list_number: int) -> dict[int, int]:
        """Give every word of a list that was ever touched, packed as the contract does: index 0 lowest."""
        held = self.statuses.get(f"{issuer}/{list_number}")
        return {} if held is None else dict(held.words)


def latest(history: list[list[int]], known_at: int) -> int:
    """Give the time that a history of [block, time] stated last, as known at a block; FOREVER when it says none."""
    return next((time for block, time in reversed(history) if block <= known_at), FOREVER)

"""Hold the consortium as an audit rebuilds it: plain tables of JSON values, so that a checkpoint is the state itself.

Keys of compound tables are hexadecimal ids joined by "/". Times are seconds UTC of blocks.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

FOREVER = (1 << 64) - 1


@dataclass(slots=True)
class State:
    """Gather what events said, up to and including `block`."""

    block: int = -1
    block_hash: str = ""
    directory: str = ""
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    operators: dict[str, dict[str, Any]] = field(default_factory=dict)
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    wallet_providers: dict[str, dict[str, Any]] = field(default_factory=dict)
    proposals: dict[str, dict[str, Any]] = field(default_factory=dict)
    contracts: dict[str, list[str]] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: dict[str, list[Any]] = field(default_factory=dict)
    """issuer/schema/digest -> [batch, block time, block number] of the earliest attestation."""
    statuses: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """issuer/list -> index -> [status, time of the last change]."""
    registry_events: dict[str, str] = field(default_factory=dict)
    """block/log index -> SHA-256 over contract, name, arguments, time and transaction of a small registry's event."""

    def as_json(self) -> dict[str, Any]:
        """Give the tables as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "State":
        """Read what `as_json` gave.

        Raises:
            ValueError: other tables than a state has, or of another shape.
        """
        names = {entry.name for entry in fields(cls)}
        if set(document) != names or not all(isinstance(document[name], (dict, int, str)) for name in names):
            raise ValueError("not the tables of a state")
        return cls(**document)

    def addresses(self, name: str) -> list[str]:
        """Give the addresses a contract had, the present one last; the Directory names all but itself."""
        return [self.directory] if name == "Directory" else self.contracts.get(name, [])

    def status_at(self, member: str, time: int) -> str:
        """Say how a member stood at a time: "active", "suspended", "removed" or "unknown"."""
        record = self.members.get(member)
        if record is None or time < record["admitted_at"]:
            return "unknown"
        if record["removed"] is not None and record["removed"]["at"] <= time:
            return "removed"
        for began, until, ended in record["suspensions"]:
            if began <= time < min(until, FOREVER if ended is None else ended):
                return "suspended"
        return "active"

    def roles_at(self, member: str, time: int) -> int:
        """Give the role bits a member had at a time."""
        held = 0
        for since, roles in self.members.get(member, {"roles": []})["roles"]:
            if since <= time:
                held = roles
        return held

    def accredited_at(self, member: str, schema: str, time: int) -> bool:
        """Tell whether some grant covered a time, by what is known up to this block."""
        return any(
            grant["valid_from"] <= time < grant["valid_until"]
            and (grant["withdrawn_since"] is None or time < grant["withdrawn_since"])
            for grant in self.grants.get(f"{member}/{schema}", [])
        )

    def words(self, issuer: str, list_number: int) -> dict[int, int]:
        """Give a list's non-zero words as the contract packs them: 128 two-bit statuses, index 0 lowest."""
        words: dict[int, int] = {}
        for index, (status, _) in self.statuses.get(f"{issuer}/{list_number}", {}).items():
            word, place = divmod(int(index), 128)
            words[word] = words.get(word, 0) | status << 2 * place
        return {word: value for word, value in words.items() if value}

"""Name what brings a projection back to the chain, as far as it can be brought back without deciding anything.

Nothing here is done by an audit: a finding carries its remedy, `jeung audit repair` lists them, and the node itself
carries them out where its operator says so. No remedy loosens anything: where the node's decision is stricter than
the chain, the decision is sent again, where the chain is stricter, the node takes the chain's word.
"""

import enum
from dataclasses import dataclass
from typing import Any


class Kind(enum.StrEnum):
    """Name the remedies; the values are what the node's own repair takes."""

    REBUILD_INDEX = "rebuild-index"
    PUBLISH_LIST = "publish-list"
    ATTEST_AGAIN = "attest-again"
    CHANGE_AGAIN = "change-again"
    TAKE_STATUS = "take-status"


SAYS = {
    Kind.REBUILD_INDEX: "empty the node's copy of the chain, which its follower then reads anew; until it is done the"
    " node answers ledger_stale",
    Kind.PUBLISH_LIST: "drop the kept token of the list, so that it is signed and published anew",
    Kind.ATTEST_AGAIN: "put the credential's digest back into the outbox",
    Kind.CHANGE_AGAIN: "put the decided change of status back into the outbox",
    Kind.TAKE_STATUS: "record the chain's status as the decided one",
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """Say what to do to what: a credential's id or a list's URL; `status` is the chain's, where one is taken."""

    kind: Kind
    target: str = ""
    status: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the remedy as JSON values."""
        return {"kind": self.kind.value, "target": self.target, "status": self.status}

    def __str__(self) -> str:
        """Say it for a person."""
        return f"{self.kind.value} {self.target}: {SAYS[self.kind]}".replace(" :", ":")


REBUILD = Remedy(Kind.REBUILD_INDEX)
_REVOKED, _VALID = 1, 0


def for_status(credential_id: str, wanted: object, standing: int) -> Remedy:
    """Choose between the node's decision and the chain's status: whichever is stricter holds.

    A status that is none (a row somebody wrote) leaves nothing to choose but the chain's.
    """
    if standing != _REVOKED and wanted in (_REVOKED, 2) and wanted != standing:
        return Remedy(Kind.CHANGE_AGAIN, credential_id)
    return Remedy(Kind.TAKE_STATUS, credential_id, standing)

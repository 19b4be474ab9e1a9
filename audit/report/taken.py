"""Take down what a report needs while the audit has it at hand; afterwards chain and database are closed."""

from dataclasses import dataclass

from audit.findings import AuditImpossible
from audit.observation import Observation
from audit.report.facts import Facts, gather
from audit.report.inputs import database_digest
from audit.source import Block


@dataclass(frozen=True, slots=True)
class Taken:
    """Hold what was taken down; `indexed` is the block at which the database's copy of the chain stands."""

    facts: Facts
    begin: Block
    head: Block
    member_url: str | None
    database_sha256: str | None
    indexed: int | None


class Notebook:
    """Be the observer of one audit."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._taken: Taken | None = None

    def observe(self, observation: Observation) -> None:
        """Take down what the audit shows.

        Raises:
            AuditImpossible: the database cannot be read.
        """
        database = observation.database
        indexed = None if database is None else database.one("SELECT indexed_number FROM follower_state")
        self._taken = Taken(
            facts=gather(observation),
            begin=observation.begin,
            head=observation.head,
            member_url=observation.member_url,
            database_sha256=None if database is None else database_digest(database),
            indexed=None if indexed is None else indexed["indexed_number"],
        )

    @property
    def taken(self) -> Taken:
        """Give what was taken down.

        Raises:
            AuditImpossible: the audit showed nothing.
        """
        if self._taken is None:
            raise AuditImpossible("the audit came to no end")
        return self._taken

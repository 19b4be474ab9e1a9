"""Hand what an audit rebuilt to whoever wants to show it, while it is at hand: once, and before it is gone."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.database import NodeDatabase
from audit.findings import Report
from audit.source import Block
from audit.state import State


@dataclass(frozen=True, slots=True)
class Observation:
    """Hold the state at `head`, what was found so far, and a node's snapshot where one was compared.

    `begin` is the first block reported on, and never one before the deployment.
    """

    state: State
    report: Report
    begin: Block
    head: Block
    database: NodeDatabase | None
    member_url: str | None


Observer = Callable[[Observation], None]

"""Tell a consortium's history to a report, as an audit would show it."""

from collections.abc import Sequence

from audit.database import NodeDatabase
from audit.findings import Finding, Report
from audit.observation import Observation
from audit.replay import replay
from audit.report.page import Inputs, render
from audit.report.previous import Earlier
from audit.report.taken import Notebook
from audit.report.words import Language, Words
from audit.source import Block
from tests.unit.audit.history import History

DEPLOYMENT = "0x" + "ab" * 32
SHA256 = "cd" * 32


def observed(
    history: History,
    *,
    first: int = 0,
    member: str | None = None,
    database: NodeDatabase | None = None,
    findings: Sequence[Finding] = (),
) -> Observation:
    """Replay a history and give what an audit would show of it, its last block being the head."""
    state = history.blank()
    replay(state, history.events)
    times = [time for _, time in history.events]
    last = len(times) - 1
    report = Report(DEPLOYMENT, 31_337, 0, last, "0x" + "ef" * 32)
    report.first_reported, report.member = first, member
    report.add("replay", findings, looked_at=len(times))
    begin, head = (Block(number, "0x" + "ef" * 32, "0x" + "ee" * 32, times[number]) for number in (first, last))
    return Observation(state, report, begin, head, database, None if database is None else "http://bank.example")


def written(
    observation: Observation,
    language: Language = Language.ENGLISH,
    earlier: Earlier | None = None,
    inputs: Inputs = Inputs(SHA256, fixed=True),  # noqa: B008 - frozen
) -> str:
    """Write the report of what an audit showed."""
    notebook = Notebook()
    notebook.observe(observation)
    return render(observation.report, notebook.taken, inputs, Words(language), earlier)

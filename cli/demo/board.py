"""Show the steps of the demo as a table that fills while they happen; where there is no terminal, as lines."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table


class StepFailed(Exception):
    """A step of the demo did not go as it must."""


@dataclass(slots=True)
class Step:
    """Hold one row: what is shown, what came of it, how long it took in seconds."""

    title: str
    outcome: str = ""
    took_s: float | None = None
    failed: bool = False

    def note(self, outcome: str) -> None:
        """Say what came of the step, with figures; may be called again while it goes on."""
        self.outcome = outcome


class Board:
    """Collect the steps and keep them on the screen."""

    def __init__(self, console: Console) -> None:
        """Begin with an empty table."""
        self._console = console
        self._steps: list[Step] = []
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=8, transient=False)

    @property
    def all_went_well(self) -> bool:
        """Tell whether there were steps and none failed."""
        return bool(self._steps) and not any(step.failed for step in self._steps)

    def fail(self, reason: str) -> None:
        """Record that the demo ended early; a reason that no step shows becomes a row of its own."""
        if self.all_went_well or not self._steps:
            with contextlib.suppress(StepFailed), self.step("The demo ended early"):
                raise StepFailed(reason)

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the finished table on the screen."""
        if self._console.is_terminal:
            self._live.stop()

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show a step for the length of a `with` block; whatever is raised in it fails the step.

        Raises:
            StepFailed: and everything else the block raises.
        """
        step = Step(title)
        self._steps.append(step)
        began = time.perf_counter()
        try:
            yield step
        except BaseException as error:
            step.failed = True
            step.outcome = str(error) or type(error).__name__
            raise
        finally:
            step.took_s = time.perf_counter() - began
            if not self._console.is_terminal:
                mark = "✗" if step.failed else "✓"
                self._console.print(
                    f"{mark} {step.title:<44} {step.outcome}  ({step.took_s:.1f} s)", markup=False, soft_wrap=True
                )

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("", width=2)
        table.add_column("Step", ratio=4)
        table.add_column("What happened", ratio=6)
        table.add_column("Time", justify="right", width=7)
        for step in self._steps:
            if step.took_s is None:
                table.add_row(self._spinner, escape(step.title), escape(step.outcome), "")
            else:
                mark = "[red]✗[/]" if step.failed else "[green]✓[/]"
                table.add_row(mark, escape(step.title), escape(step.outcome), f"{step.took_s:.1f} s")
        return table

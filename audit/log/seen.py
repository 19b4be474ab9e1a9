"""Say what an audit saw of a log, for a report to show: its newest checkpoint and who cosigned it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenLog:
    """Hold a checkpoint that the member signed, whatever else was found of its log.

    `witnesses` are (member, time of the cosignature in seconds UTC) in the order of their ids, each verified; `able`
    counts the other members that could have cosigned. `root` is 0x-hex.
    """

    member: str
    epoch: int
    size: int
    root: str
    witnesses: tuple[tuple[str, int], ...]
    able: int

"""Cut time into slots and name its points, in one zone that is named, and alike in every language (ISO 8601)."""

import datetime
from dataclasses import dataclass
from typing import Final

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_STEPS: Final = (
    1, 2, 5, 10, 15, 30,
    _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY, 182 * _DAY, 364 * _DAY,
)  # fmt: skip
_LAST_DAY: Final = 253_402_300_799
"""The last second that a date of four digits names."""
_AT_MOST: Final = 400


@dataclass(frozen=True, slots=True)
class Zone:
    """Hold a time zone without summer time: what it is called, and by how many seconds it is ahead of UTC."""

    name: str
    ahead_s: int


UTC: Final = Zone("UTC", 0)
KST: Final = Zone("KST", 9 * _HOUR)


@dataclass(frozen=True, slots=True)
class Slots:
    """Hold equal slots of time: slot n is [begin + n * step, begin + (n + 1) * step), seconds UTC."""

    begin: int
    step: int
    count: int

    @property
    def end(self) -> int:
        """Give the end of the last slot."""
        return self.begin + self.step * self.count

    def of(self, time: int) -> int:
        """Give the slot of a time; the first or the last for what lies outside."""
        return min(max((time - self.begin) // self.step, 0), self.count - 1)


def slots_between(begin: int, end: int, at_most: int = 36, zone: Zone = UTC) -> Slots:
    """Cut [begin, end] into at most so many slots that begin at times that are round in a zone.

    Raises:
        ValueError: the time runs backwards, or there are to be no slots or too many.
    """
    if end < begin or not 2 <= at_most <= _AT_MOST:
        raise ValueError("no such slots")
    for step in (*_STEPS, *(364 * _DAY * 10**power for power in range(1, 20))):
        first = begin - (begin + zone.ahead_s) % step
        count = (end - first) // step + 1
        if count <= at_most:
            return Slots(first, step, count)
    raise ValueError("no such slots")


def moment(time: int, step: int = _MINUTE, zone: Zone = UTC) -> str:
    """Name a time as exactly as a step needs: a day, minutes or seconds; what no calendar holds as a number."""
    if not 0 <= time <= _LAST_DAY - zone.ahead_s:
        return str(time)
    shown = datetime.datetime.fromtimestamp(time + zone.ahead_s, datetime.UTC)
    if step >= _DAY:
        return shown.strftime("%Y-%m-%d")
    return shown.strftime("%Y-%m-%d %H:%M" if step >= _MINUTE else "%Y-%m-%d %H:%M:%S")


def short(time: int, step: int, zone: Zone = UTC) -> str:
    """Name a time beside others of its day: the day is left out."""
    whole = moment(time, step, zone)
    return whole.partition(" ")[2] or whole


def duration(seconds: int) -> str:
    """Write a number of seconds in its largest fitting unit, one decimal below ten: 45 s, 1.5 min, 3 h, 12 d."""
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if abs(seconds) >= size:
            tenths = (abs(seconds) * 10 + size // 2) // size
            whole, rest = divmod(tenths, 10)
            sign = "-" if seconds < 0 else ""
            return f"{sign}{whole}.{rest} {unit}" if whole < 10 and rest else f"{sign}{tenths // 10:,} {unit}"
    return f"{seconds} s"

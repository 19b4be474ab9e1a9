"""Let something end at every moment at which a page looks at the clock while it is made."""

from collections.abc import Callable, Iterator
from itertools import count

from werkzeug.test import TestResponse

from tests.unit.api.console.desk import Browser, Desk


def ended_ever_later(desk: Desk, who: str, begin: Callable[[Browser], str], seconds: int) -> Iterator[TestResponse]:
    """Open what `begin` makes and names, again and again; `seconds` pass at one reading of the clock later each time.

    The last answer is of a page that was made before anything ended.
    """
    clock = desk.clock
    for late in count():
        desk.chain.heard()
        browser = desk.at_desk(who)
        path, left = begin(browser), late

        def now() -> int:
            nonlocal left
            left -= 1
            return clock.advance(seconds) if left == -1 else clock.time

        clock.now = now  # type: ignore[method-assign]
        try:
            answer = browser.get(path)
        finally:
            del clock.now
        yield answer
        if left >= 0:
            return

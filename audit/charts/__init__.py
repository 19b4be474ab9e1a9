"""Draw charts as SVG: pure functions from figures to text, for the report and for the explorer's pages.

Each gives one `<svg>` element to stand inside an HTML page that holds `STYLE` in its style sheet. There is no script,
no style attribute and no reference to anything outside of the element, so that the strictest content security policy
will do. The same figures give the same bytes.

Text may come from a chain or a database and be anybody's: it is escaped, controls in it are replaced, and what is
longer than its place is cut, with the whole (up to a bound) in a tooltip. Numbers of series, rows and marks are
bounded; what is beyond is counted, not drawn.

`name` becomes part of element ids and must be unique in the page: lower-case letters, digits and hyphens. `title` and
`description` say to those who do not see a chart what it shows.
"""

from audit.charts.bars import Bar, bars
from audit.charts.delays import Delay, delays, histogram
from audit.charts.palette import STYLE
from audit.charts.stacked import Series, stacked
from audit.charts.text import clean
from audit.charts.timeline import MOST_LANES, Kind, Lane, Mark, Span, timeline
from audit.charts.times import KST, UTC, Slots, Zone, slots_between

__all__ = [
    "KST",
    "MOST_LANES",
    "STYLE",
    "UTC",
    "Bar",
    "Delay",
    "Kind",
    "Lane",
    "Mark",
    "Series",
    "Slots",
    "Span",
    "Zone",
    "bars",
    "clean",
    "delays",
    "histogram",
    "slots_between",
    "stacked",
    "timeline",
]

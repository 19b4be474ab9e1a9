"""The index keeps the headers it may need and no more."""

from pathlib import Path

from node.store.index import HEADERS_KEPT
from tests.common import rows
from tests.common.stores import in_sqlite


def test_old_header_without_an_event_is_forgotten_and_one_with_an_event_stays(tmp_path: Path) -> None:
    kept = in_sqlite(tmp_path)
    event = rows.admission(2, "https://a.example")
    kept.index.apply(rows.blocks(1, 3, events=[event]), fence=kept.fence, polled_at=rows.NOW)
    kept.index.apply(rows.blocks(4, HEADERS_KEPT + 2), fence=kept.fence, polled_at=rows.NOW)
    assert kept.index.header(1) is None
    assert kept.index.header(2) == rows.header(2)
    assert kept.index.header(3) == rows.header(3)
    last = rows.header(HEADERS_KEPT + 10)
    kept.index.apply(rows.blocks(last.number, last.number), fence=kept.fence, polled_at=rows.NOW)
    assert kept.index.header(3) is None
    assert kept.index.header(10) == rows.header(10)
    # A fork deeper than the headers kept goes back to the last one known, below which nothing happened.
    kept.index.roll_back(9, fence=kept.fence)
    assert kept.index.head() == rows.header(2)
    with kept.ledger.view() as view:
        assert len(view.registry.members) == 1
    kept.dispose()

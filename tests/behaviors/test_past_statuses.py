"""A status list of the past is what the chain's events say it was, whatever became of it since."""

import pytest

from jeung.domain.ledger import CredentialStatus, PastStatuses
from tests.common import rows
from tests.common.rows import NOW, blocks, status_change
from tests.common.stores import OTHER, OWN, Subject

VALID, REVOKED, SUSPENDED = CredentialStatus.VALID, CredentialStatus.REVOKED, CredentialStatus.SUSPENDED


@pytest.fixture
def history(kept: Subject) -> Subject:
    """Write blocks 1 to 9, each a second after the one before."""
    changes = [
        status_change(2, 1, SUSPENDED, [4, 300]),
        status_change(4, 1, VALID, [4], log_index=2),
        status_change(4, 1, REVOKED, [300], log_index=1),
        status_change(5, 2, REVOKED, [1]),
        status_change(5, 1, REVOKED, [2], issuer=OTHER, log_index=2),
        status_change(8, 1, REVOKED, [4]),
    ]
    kept.index.apply(blocks(1, 9, changes=changes), fence=kept.fence, polled_at=rows.NOW)
    return kept


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (NOW + 1, PastStatuses({}, None, NOW + 2)),
        (NOW + 2, PastStatuses({0: 2 << 8, 2: 2 << 88}, NOW + 2, NOW + 4)),
        (NOW + 3, PastStatuses({0: 2 << 8, 2: 2 << 88}, NOW + 2, NOW + 4)),
        (NOW + 4, PastStatuses({2: 1 << 88}, NOW + 4, NOW + 8)),
        (NOW + 7, PastStatuses({2: 1 << 88}, NOW + 4, NOW + 8)),
        (NOW + 8, PastStatuses({0: 1 << 8, 2: 1 << 88}, NOW + 8, None)),
        (NOW + 99, PastStatuses({0: 1 << 8, 2: 1 << 88}, NOW + 8, None)),
    ],
)
def test_list_stands_as_it_stood_at_a_time(history: Subject, time: int, expected: PastStatuses) -> None:
    with history.ledger.view() as view:
        assert view.past_statuses(OWN, 1, time) == expected


def test_list_of_the_present_is_the_one_of_its_words(history: Subject) -> None:
    with history.ledger.view() as view:
        assert view.past_statuses(OWN, 1, NOW + 9).words == view.status_words(OWN, 1)


def test_other_lists_and_members_have_their_own_past(history: Subject) -> None:
    with history.ledger.view() as view:
        assert view.past_statuses(OWN, 2, NOW + 9) == PastStatuses({0: 1 << 2}, NOW + 5, None)
        assert view.past_statuses(OTHER, 1, NOW + 9) == PastStatuses({0: 1 << 4}, NOW + 5, None)
        assert view.past_statuses(OWN, 3, NOW + 9) == PastStatuses({}, None, None)


def test_lost_blocks_were_never(history: Subject) -> None:
    history.index.roll_back(7, fence=history.fence)
    with history.ledger.view() as view:
        assert view.past_statuses(OWN, 1, NOW + 9) == PastStatuses({2: 1 << 88}, NOW + 4, None)

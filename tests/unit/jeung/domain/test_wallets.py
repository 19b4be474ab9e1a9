"""An offer's state is what was decided about it, and what the clock adds."""

import pytest

from jeung.domain.wallets import OfferState
from tests.common.rows_wallets import offer


def test_open_offer_expires_by_the_clock() -> None:
    waiting = offer(1)
    assert waiting.state(waiting.expires_at - 1) is OfferState.OPEN
    assert waiting.state(waiting.expires_at) is OfferState.EXPIRED


@pytest.mark.parametrize("decided", [OfferState.REDEEMED, OfferState.CANCELLED, OfferState.LOCKED])
def test_what_was_decided_outlives_the_clock(decided: OfferState) -> None:
    closed = offer(1, stored_state=decided)
    assert closed.state(closed.expires_at - 1) is closed.state(closed.expires_at) is decided


def test_repr_of_an_offer_shows_nothing_that_opens_it() -> None:
    shown = repr(offer(1, sealed=b"sealed-secret"))
    assert "RECEPTION" not in shown
    assert "sealed-secret" not in shown

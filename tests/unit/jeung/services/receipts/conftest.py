"""The stage of the receipts' tests."""

import pytest

from tests.common.parties import Parties
from tests.unit.jeung.services.receipts.desk import Desk


@pytest.fixture
def desk(parties: Parties) -> Desk:
    return Desk(parties)

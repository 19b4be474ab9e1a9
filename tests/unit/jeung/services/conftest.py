"""A stage for every test: a bank, an exchange and their chain, in memory."""

import pytest

from tests.common.parties import Parties


@pytest.fixture
def parties() -> Parties:
    return Parties()

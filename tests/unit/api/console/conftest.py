"""Give tests a desk with its people."""

import pytest

from tests.unit.api.console.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()

"""An authorization server whose rows lie in memory, and the same over SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.common.stores import in_memory, in_sqlite
from tests.unit.jeung.services.wallets.stage import Stage


@pytest.fixture(params=[in_memory, in_sqlite], ids=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    subject = request.param(tmp_path)
    yield Stage(subject).found()
    subject.dispose()


@pytest.fixture
def stage(kept: Stage) -> Stage:
    """Give either; a module whose tests keep nothing takes memory alone."""
    return kept

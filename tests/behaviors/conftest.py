"""Give the suites about stored things their subjects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.common.stores import Subject, in_memory, in_sqlite


@pytest.fixture(params=[in_memory, in_sqlite], ids=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    subject: Subject = request.param(tmp_path)
    yield subject
    subject.dispose()

"""Give the suites their subjects: stores in memory and in SQLite, keystores of every custody."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.keystore import Keystore
from tests.common.keystores import CUSTODIES, Custody
from tests.common.stores import Subject, in_memory, in_sqlite


@pytest.fixture(params=[in_memory, in_sqlite], ids=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    subject: Subject = request.param(tmp_path)
    yield subject
    subject.dispose()


@pytest.fixture(params=CUSTODIES, ids=lambda kind: kind.__name__)
def custody(request: pytest.FixtureRequest, tmp_path: Path) -> Custody:
    made: Custody = request.param(tmp_path)
    return made


@pytest.fixture
def keystore(custody: Custody) -> Iterator[Keystore]:
    with custody.create() as keystore:
        yield keystore

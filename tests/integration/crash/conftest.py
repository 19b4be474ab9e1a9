"""Deploy the consortium once for every story about a killed process."""

from pathlib import Path

import pytest

from tests.common.chain import Prepared, anvil, prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, Path]:
    folder = tmp_path_factory.mktemp("prepared")
    with anvil(folder) as chain:
        return prepare(folder, chain), folder / "deployment.json"

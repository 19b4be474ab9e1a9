"""Play the scene once for all tests of this room; each puts back what it changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.common.chain import anvil
from tests.integration.audit.scene import ListServer, Scene, play


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("audited")
    server, witness_server = ListServer(), ListServer()
    try:
        with anvil(folder) as chain:
            yield play(folder, chain, server, witness_server)
    finally:
        server.close()
        witness_server.close()


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    yield stage
    stage.serve_all()

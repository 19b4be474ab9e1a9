"""Give tests the stage, set once a module, and quiet logs."""

from collections.abc import Iterator

import pytest
import structlog

from tests.integration.wallets.scene import Scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Set the stage; whatever a test leaves there must not trouble the next."""
    scene = Scene(tmp_path_factory.mktemp("nodes"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    yield scene
    scene.close()
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def living_chain(scene: Scene) -> None:
    """Make a block before each test, as a chain does every second."""
    scene.tick()

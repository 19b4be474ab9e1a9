"""Give each test a chain on which a bank is accredited, without deploying anew each time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.common.chain import Chain, Member, Party, Prepared, anvil, prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    with anvil(folder) as chain:
        return prepare(folder, chain)


@pytest.fixture
def chain(prepared: Prepared, tmp_path: Path) -> Iterator[Chain]:
    with anvil(tmp_path, state=prepared.state) as running:
        yield running


@pytest.fixture
def member_of(prepared: Prepared, chain: Chain, tmp_path: Path) -> Iterator[Callable[..., Member]]:
    """Make members of the prepared consortium, each with a database of its own."""
    made: list[Member] = []

    def make(party: Party, **options: object) -> Member:
        folder = tmp_path / f"node-{len(made)}"
        folder.mkdir()
        made.append(Member(folder, chain, prepared.deployment, party, **options))  # type: ignore[arg-type]
        made[-1].follow()
        return made[-1]

    yield make
    for member in made:
        member.close()


@pytest.fixture
def bank(prepared: Prepared, member_of: Callable[..., Member]) -> Member:
    return member_of(prepared.bank)

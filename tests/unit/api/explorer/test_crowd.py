"""What the explorer's pages cost does not grow with members times keys: anybody may ask for them."""

from dataclasses import replace
from typing import Any

import pytest

from api.explorer import figures
from audit.charts import MOST_LANES
from jeung.domain.identifiers import KeyThumbprint, MemberId
from jeung.domain.registry import Registry
from jeung.services.registry import RegistryService
from tests.unit.api.explorer.visit import Explored
from tests.unit.api.parts import MEMBER

MEMBERS = 30


class Counted(dict[Any, Any]):
    """Count how often everything was gone through."""

    passes = 0

    def items(self) -> Any:  # noqa: ANN401 - as dict's own
        self.passes += 1
        return super().items()


class Crowd:
    """Give the registry with many members, one of which has many keys."""

    def __init__(self, real: Registry) -> None:
        member, key = real.members[MEMBER], next(key for key in real.keys.values() if key.member == MEMBER)
        ids = [MemberId(bytes([9, number]) * 16) for number in range(MEMBERS)]
        others = {one: replace(member, member=one, urls=(f"https://m{one[1]}.example",)) for one in ids}
        more = [replace(key, thumbprint=KeyThumbprint(bytes([8, number]) * 16)) for number in range(100)]
        self.keys = Counted({**real.keys, **{(MEMBER, one.thumbprint): one for one in more}})
        self.grants = Counted(real.grants)
        self.registry = replace(real, members={**real.members, **others}, keys=self.keys, grants=self.grants)


@pytest.fixture
def crowd(explored: Explored, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    made = Crowd(explored.node.registry.registry())
    monkeypatch.setattr(RegistryService, "registry", lambda _: made.registry)
    return made


def test_overview_goes_through_keys_and_grants_once_however_many_members_there_are(
    explored: Explored, crowd: Crowd
) -> None:
    page = explored.look("", **{"Accept-Language": "en"}).text
    assert page.count(".<wbr>example</a>") == MEMBERS
    assert (crowd.keys.passes, crowd.grants.passes) == (1, 1)


def test_member_with_many_keys_has_no_more_lanes_made_than_are_drawn(
    explored: Explored, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    real = figures._key_spans

    def counted(*arguments: Any) -> Any:  # noqa: ANN401 - as the real one
        made.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(figures, "_key_spans", counted)
    page = explored.look(f"/members/{explored.member}", **{"Accept-Language": "en"})
    assert (page.status_code, len(made)) == (200, MOST_LANES + 1)
    assert crowd.keys.passes == 1

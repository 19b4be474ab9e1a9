"""A node's own address leads people on and tells strangers nothing."""

import re

import pytest

from tests.unit.api.world import World


@pytest.mark.parametrize(
    ("accepted", "lang", "word"), [("ko-KR,ko;q=0.9,en;q=0.7", "ko", "지갑"), ("en", "en", "Wallet")]
)
def test_the_front_page_speaks_the_browsers_language(world: World, accepted: str, lang: str, word: str) -> None:
    answer = world.http.get("/", headers={"Accept-Language": accepted})
    assert answer.status_code == 200
    assert f'<html lang="{lang}">' in answer.text
    assert word in answer.text


def test_every_link_of_the_front_page_leads_to_a_page(world: World) -> None:
    links = re.findall(r'<a class="list__item" href="([^"]+)"', world.http.get("/").text)
    assert links == ["/wallet", "/console", "/docs"]
    for link in links:
        answer = world.http.get(link, follow_redirects=True)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")


def test_the_front_page_runs_no_script_and_goes_into_no_frame(world: World) -> None:
    answer = world.http.get("/", headers={"Accept-Language": '"><script>'})
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in answer.text


def test_the_front_page_counts_against_the_limit_of_strangers() -> None:
    limited = World(limits={"public": (1, 60)})
    assert [limited.http.get("/").status_code for _ in range(2)] == [200, 429]

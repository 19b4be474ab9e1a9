"""A page is one file that runs nothing and loads nothing, whatever a chain, a database or a file put into it."""

import base64
import hashlib
import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audit import rules
from audit.catalogue import CHECKS
from audit.findings import AuditImpossible, Finding, Rule
from audit.log.seen import SeenLog
from audit.report.page import MOST_FINDINGS, MOST_ROWS, Inputs
from audit.report.previous import Earlier
from audit.report.taken import Notebook
from audit.report.words import Language
from tests.unit.audit.acts import (
    BANK_ID,
    agreed,
    compromise,
    key,
    remove,
    revoke_key,
    suspend,
    withdraw,
)
from tests.unit.audit.history import GENESIS, History, founded, member_id, packed
from tests.unit.audit.nodes import node_database
from tests.unit.audit.report.story import SHA256, observed, written

NASTY = '"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>{{7*7}}\u202e\u2066\x00\x1b[2J'
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Read a page: its elements in order, its attributes, the text of its headings and of its tables' headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes what is not open"

    def all(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def whole() -> History:
    """Let everything happen that a report has a place for."""
    history = agreed(founded().attest(1, 2, 3).set_statuses(2, packed(1, 2)).set_statuses(1, packed(1)))
    history = withdraw(compromise(revoke_key(key(history, begin=GENESIS + 500), GENESIS + 900), GENESIS + 60))
    return remove(suspend(history, until=GENESIS + 100_000))


def findings(number: int, rule: Rule = rules.HISTORY_BROKEN) -> list[Finding]:
    return [Finding(rule, f"log {at}", f"message {at}", at, BANK_ID if at % 2 else None) for at in range(number)]


@pytest.fixture(scope="module", params=list(Language), ids=lambda one: one.value)
def text(request: pytest.FixtureRequest) -> str:
    found = [*findings(3), Finding(rules.STATUS_LATE, "x", "y"), Finding(rules.ATTESTED_LATE, "x", "y")]
    return written(observed(whole(), findings=found), request.param)


def test_a_page_is_whole_html_with_one_first_heading_and_no_level_left_out(text: str) -> None:
    page = Page(text)
    assert text.lstrip().startswith("<!DOCTYPE html>")
    assert page.open == []
    levels = [int(tag[1]) for tag in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_page_loads_nothing_and_runs_nothing(text: str) -> None:
    page = Page(text)
    assert {"script", "link", "img", "iframe", "object", "embed", "base", "form", "audio"}.isdisjoint(page.elements)
    assert not [name for _, name, _ in page.attributes if name in ("src", "style", "action") or name.startswith("on")]
    assert all(value.startswith("#") for value in page.all("href"))
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    assert not re.search(r"url\(|@import|https?:", style[1])


def test_a_pages_own_policy_forbids_everything_but_its_sheet(text: str) -> None:
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policies = [value for value in Page(text).all("content") if "default-src" in value]
    expected = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert policies == [expected]


def test_every_link_and_label_leads_to_an_element_and_no_id_stands_twice(text: str) -> None:
    page = Page(text)
    ids = page.all("id")
    assert len(set(ids)) == len(ids)
    assert {value[1:] for value in page.all("href")} <= set(ids)
    assert {name for value in page.all("aria-labelledby") for name in value.split()} <= set(ids)


def test_every_table_has_a_caption_and_headings_with_a_scope(text: str) -> None:
    page = Page(text)
    assert page.elements.count("table") == page.elements.count("caption") > 5
    assert page.elements.count("th") == len(page.all("scope"))
    charts = page.elements.count("svg")
    assert charts == page.all("role").count("img") >= 5


def test_a_page_says_its_language(text: str) -> None:
    assert Page(text).all("lang") in (["ko"], ["en"])
    assert ("감사 보고서" in text) == ('lang="ko"' in text)


def test_findings_come_first_and_the_gravest_before_the_others(text: str) -> None:
    ids = Page(text).all("id")
    assert ids.index("findings") < ids.index("scope") < ids.index("figures") < ids.index("limits")
    places = [text.index(f"<code>{rule.rule_id}</code>") for rule in (rules.HISTORY_BROKEN, rules.STATUS_LATE)]
    assert places == sorted(places)
    assert places[-1] < text.index("<code>attested-late</code>")


def test_a_page_without_findings_says_so() -> None:
    text = written(observed(founded()))
    assert "No objections" in text
    assert "None. Every check listed under Scope" in text
    assert "Objections" not in text.replace("No objections", "")


@pytest.mark.parametrize("language", list(Language))
def test_what_others_wrote_is_shown_and_not_obeyed(language: Language) -> None:
    nasty = f"http://{NASTY}"
    history = founded().add(
        "Consortium", "MemberAdmitted", member=member_id(nasty), url=nasty, governance="0x" + "9" * 40, roles=7
    )
    history.add("SchemaRegistry", "SchemaRegistered", schema="0x" + "55" * 32, vct=NASTY, metadata="0x")
    args = {"member": member_id(nasty), "schema": "0x" + "55" * 32, "grantIndex": 0}
    history.add("AccreditationRegistry", "AccreditationGranted", **args, validFrom=GENESIS, validUntil=1 << 63)
    observation = observed(history, findings=[Finding(rules.HISTORY_BROKEN, NASTY, NASTY, 1, NASTY)])
    observation.state.keys[f"{member_id(nasty)}/0x{77:064x}"] = {
        "purpose": 99,
        "not_before": -5,
        "not_after": 1 << 64,
        "revocations": [],
        "compromises": [],
    }
    text = written(observation, language, inputs=Inputs(SHA256, fixed=False, scans=((NASTY, SHA256),)))
    page = Page(text)
    assert {"script", "img"}.isdisjoint(page.elements)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)
    assert "{{7*7}}" in text
    assert "&lt;script&gt;" in text


def test_empty_and_very_long_texts_keep_the_page_bounded() -> None:
    long = "은" * 100_000
    found = [Finding(rules.HISTORY_BROKEN, "", "", 1), Finding(rules.HISTORY_BROKEN, long, long, 2, long)]
    text = written(observed(founded(), findings=found))
    assert len(text) < 120_000
    assert "은…" in text
    assert Page(text).open == []


def test_ten_thousand_findings_are_counted_and_the_first_are_shown() -> None:
    text = written(observed(founded(), findings=findings(10_000)))
    assert f"and {10_000 - MOST_FINDINGS:,} more of this kind" in text
    assert "log 39<" in text
    assert "log 40<" not in text
    assert len(text) < 120_000


def test_a_thousand_members_keys_and_grants_are_counted_and_the_first_are_shown() -> None:
    history = founded()
    for number in range(300):
        history.admit(f"http://member-{number:04}.example", 1)
    observation = observed(history)
    schema = next(iter(observation.state.schemas))
    grant = next(iter(observation.state.grants.values()))[0]
    for number, member in enumerate(list(observation.state.members)):
        observation.state.grants[f"{member}/{schema}"] = [grant] * 3
        observation.state.keys[f"{member}/0x{number:064x}"] = {
            "purpose": 1,
            "not_before": 0,
            "not_after": 9,
            "revocations": [],
            "compromises": [],
        }
    anchor = {"size": 1_234, "root": "0x" + "77" * 32, "anchored_at": GENESIS}
    observation.state.log_anchors[f"{BANK_ID}/1/0xa"] = anchor
    text = written(observation)
    assert "1,234" in text
    assert text.count(f"and {303 - MOST_ROWS} more") == 2, "members and keys"
    assert f"and {909 - MOST_ROWS} more" in text
    assert len(text) < 500_000
    assert Page(text).open == []


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert written(observed(whole(), findings=findings(9))) == written(observed(whole(), findings=findings(9)[::-1]))


def test_logs_are_told_with_their_witnesses_or_with_the_reason_why_not() -> None:
    observation = observed(founded())
    assert "No log was read" in written(observation)
    assert "No log is anchored" in written(observation)
    exchange = member_id("http://exchange.example")
    observation.report.logs = [
        SeenLog(BANK_ID, 1, 2_150, "0x" + "99" * 32, ((exchange, GENESIS),), 2),
        SeenLog(exchange, 1, 330, "0x" + "88" * 32, (), 2),
    ]
    observation.state.log_anchors[f"{BANK_ID}/1/0xa"] = {
        "size": 2_100,
        "root": "0x" + "77" * 32,
        "anchored_at": GENESIS,
    }
    text = written(observation)
    assert "2,150" in text
    assert "1 / 2" in text
    assert "0 / 2" in text
    assert "No log was read" not in text
    assert "Without an anchor: http://exchange.example, http" in text
    assert Page(text).open == []


def test_what_was_hidden_by_the_range_is_said() -> None:
    observation = observed(founded(), first=5, findings=findings(4))
    text = written(observation)
    assert "4 more finding(s) above a note concern blocks or members outside" in text
    assert "--from-block 5 --at-block" in text


def test_a_report_on_one_member_says_whose_it_is_and_how_it_is_made_again() -> None:
    text = written(observed(whole(), member=BANK_ID))
    assert f"--member {BANK_ID}" in text
    assert "the whole consortium" not in text


def test_every_check_that_was_not_made_stands_with_its_reason() -> None:
    text = written(observed(founded()))
    left = text.partition("Checks that were not made</h3>")[2].partition("<h3>")[0]
    assert all(f">{check.name}<" in left for check in CHECKS if check.name != "replay")
    assert "no checkout of the sources" in left
    assert "know only the present" in left


def test_where_every_check_was_made_nothing_was_left_out() -> None:
    observation = observed(founded())
    for check in CHECKS:
        observation.report.add(check.name, [], looked_at=1)
    assert "Every check was made." in written(observation)


def test_delays_are_drawn_where_there_were_any() -> None:
    observation = observed(founded())
    assert "Nothing in this range took a time" in written(observation)
    figures = {"count": 3, "median_s": 2, "p95_s": 4, "longest_s": 70}
    observation.report.figures["issued to attested"] = figures
    observation.report.gaps["issued to attested"] = Counter({2: 2, 70: 1})
    text = written(observation)
    assert "1.2 min" in text
    assert "Distribution: issue → attestation on the chain" in text


def test_a_nodes_verifications_are_counted_and_its_database_named_by_its_digest(tmp_path: Path) -> None:
    judged: list[dict[str, object]] = [
        {"evidence_id": f"e{number}", "verdict": "verified", "recorded_at": GENESIS + 5} for number in range(11)
    ]
    refused: list[dict[str, object]] = [
        {"evidence_id": "r", "number": 99, "verdict": "refused", "code": "not_attested", "recorded_at": GENESIS + 5}
    ]
    follower: list[dict[str, object]] = [{"indexed_number": 6}]
    with node_database(tmp_path, evidence=judged + refused, follower_state=follower) as database:
        text = written(observed(founded(), database=database))
    assert "In all about 10." in text
    assert "fewer than 5" in text
    assert "--node-dir FOLDER" in text
    assert "stands at block 6" in text
    assert "the node belongs to no member" in text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "This node kept no judgement"),
        ([{"verdict": "verified", "recorded_at": GENESIS + 5}], "In all fewer than five."),
    ],
    ids=["none", "one"],
)
def test_few_verifications_are_not_told(tmp_path: Path, rows: list[dict[str, object]], said: str) -> None:
    with node_database(tmp_path, evidence=rows, follower_state=[{"indexed_number": 6}]) as database:
        assert said in written(observed(founded(), database=database))


def test_what_is_new_since_an_earlier_audit_is_told() -> None:
    then = Earlier(4, SHA256, Counter({("history-broken", "log 0"): 1, ("a-rule-<b>of-old", "x"): 2}))
    text = written(observed(founded(), findings=findings(2)), earlier=then)
    part = text.partition('<h2 id="previous">')[2].partition("</section>")[0]
    assert "as of block 4" in part
    rows = re.findall('<tr><td>(.*?)</td><td>(.*?)</td><td class="number">(.*?)</td></tr>', part)
    title = rules.HISTORY_BROKEN.title
    assert rows == [
        ("New", title, "1"),
        ("Still there", title, "1"),
        ("No longer found", "a-rule-&lt;b&gt;of-old", "2"),
    ]
    assert "--since FILE" in text


def test_nothing_then_and_nothing_now_is_told() -> None:
    assert "Neither then nor now" in written(observed(founded()), earlier=Earlier(4, SHA256, {}))


def test_known_values_are_not_named_even_by_their_hash() -> None:
    text = written(observed(founded()), inputs=Inputs(SHA256, fixed=True, known_values=True))
    assert "known values: not named here" in text


def test_the_command_asks_for_everything_that_was_searched_and_compiled() -> None:
    def counted(inputs: Inputs) -> list[int]:
        recipe = written(observation, inputs=inputs).partition("<pre><code>")[2].partition("</code>")[0]
        assert recipe.endswith("--language en --out report.html")
        return [recipe.count(f" {name} F") for name in ("--known-values", "--scan", "--sources")]

    observation = observed(founded())
    assert counted(Inputs(SHA256, fixed=True)) == [0, 0, 0]
    observation.report.add("sources", (), looked_at=1)
    scans = tuple((f"{number}.log", SHA256) for number in range(40))
    assert counted(Inputs(SHA256, fixed=True, scans=scans, known_values=True)) == [1, 40, 1]


def test_an_audit_that_showed_nothing_gives_no_report() -> None:
    with pytest.raises(AuditImpossible, match="no end"):
        _ = Notebook().taken

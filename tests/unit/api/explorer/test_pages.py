"""The explorer shows what the chain and the logs say, the same to everybody, and leads nowhere it should not."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from api.console.texts import LANGUAGES, texts
from api.explorer import MODULES
from api.explorer.words import parted
from jeung.domain import registry_fold
from jeung.domain.audits import AuditUnreadable, KeptFinding, LastAudit
from jeung.domain.identifiers import to_hex
from tests.unit.api.console.desk import AUDITOR
from tests.unit.api.explorer.visit import TRANSACTION, UNKNOWN, Explored, links
from tests.unit.api.parts import MEMBER, PROPOSAL, URL, VCT

VOID = {"link", "meta", "img", "input", "br", "hr", "wbr"}
WORDS_OF_PEOPLE = ("Kim", "Minji", "김민지", "1990-05-17", "+8210", "crd_", "prf_", "sub_", "evd_", "stf_")


class Outline(HTMLParser):
    """Follow the elements of a page, and what is said of tables and fields."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.seen.append((tag, given))
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


def test_each_page_stands_at_both_addresses_and_says_the_same_facts(explored: Explored) -> None:
    for path in explored.pages():
        public, staff = explored.look(path), explored.audit(path)
        assert (public.status_code, staff.status_code) == (200, 200), path
        assert public.text.count("<h1") == staff.text.count("<h1") == 1, path
        times = [re.findall(r'datetime="([^"]+)"', page.text) for page in (public, staff)]
        assert times[0] == times[1], path


def test_every_link_of_every_page_leads_to_a_page(explored: Explored) -> None:
    for base, look in (("/explorer", explored.look), ("/console/audit", explored.audit)):
        seen: set[str] = set()
        waiting = [""]
        while waiting:
            path = waiting.pop()
            answer = look(path)
            assert answer.status_code == 200, (base, path, answer.status_code)
            for link in links(answer.text):
                if link == "#main":
                    continue
                if link.startswith("?"):
                    link = base + path.partition("?")[0] + link
                assert link.startswith("/"), link
                if link.startswith(base) and "/language" not in link and "/search" not in link:
                    inner = link.removeprefix(base).partition("#")[0]
                    if inner not in seen and not inner.endswith(".css"):
                        seen.add(inner)
                        waiting.append(inner)
                elif link.startswith(("/static/", "/log/", "/explorer/charts")):
                    assert explored.app.test_client().get(link).status_code == 200, link
        assert set(explored.pages()) <= seen | {""} | {f"/events?member={explored.member}"}


def test_pages_are_well_formed_and_can_be_heard(explored: Explored) -> None:
    for path in [*explored.pages(), "/search?q=0x1", f"/search?q={UNKNOWN}"]:
        for page in (explored.look(path).text, explored.audit(path).text):
            found = outline(page)
            assert (found.wrong, found.open) == ([], []), path
            assert len(found.ids) == len(set(found.ids)), path
            tags = [tag for tag, _ in found.seen]
            assert tags.count("table") == tags.count("caption"), path
            assert all(given.get("scope") in ("col", "row") for tag, given in found.seen if tag == "th"), path
            labelled = {given.get("for") for tag, given in found.seen if tag == "label"}
            assert all(
                given.get("type") == "hidden" or given.get("id") in labelled
                for tag, given in found.seen
                if tag == "input"
            ), path
            assert not re.search(r'<script|style="|<style|\son[a-z]+=', page), path


def test_no_page_holds_anything_about_a_person_or_who_verified(explored: Explored) -> None:
    explored.post(
        "/v1/verifications", {"presentation": explored.presentation(explored.holder, explored.nonce())}, status=200
    )
    for path in explored.pages():
        for page in (explored.look(path).text, explored.audit(path).text):
            shown = re.sub(r'<a class="desk-who".+?</a>', "", page)
            assert not [word for word in WORDS_OF_PEOPLE if word in shown], path
            assert "/console/judgements/" not in shown, path


def test_overview_shows_members_counts_and_freshness(explored: Explored) -> None:
    page = explored.look("", **{"Accept-Language": "en"}).text
    assert "localhost:8101</a>" in page
    assert 'aria-labelledby="issuance-title' in page
    assert 'aria-labelledby="grants-title' in page
    assert "Up to date" in page
    assert "2 attested" not in page
    assert page.count("1 attested") == 2


def test_node_that_is_behind_says_so(explored: Explored) -> None:
    explored.node.health.parts["ledger"] = False
    try:
        assert "Behind" in explored.look("", **{"Accept-Language": "en"}).text
    finally:
        explored.node.health.parts["ledger"] = True


def test_attestation_leads_from_its_batch_to_what_it_rests_on(explored: Explored) -> None:
    page = explored.look(f"/attestations/{explored.digest}", **{"Accept-Language": "en"}).text
    assert f"/explorer/transactions/{TRANSACTION}" in page
    assert f"/explorer/batches/{explored.batch}" in page
    assert f"/explorer/types/{explored.schema}" in page
    assert page.count("In order") == 6
    assert "Nothing on the chain ties a digest to its place in a status list" in page
    assert "evidence that a relying party hands over" in page


def test_type_shows_who_may_issue_it(explored: Explored) -> None:
    page = explored.look(f"/types/{explored.schema}").text
    assert VCT in page
    assert f"/explorer/members/{explored.member}" in page


def test_logs_show_checkpoints_of_this_node_and_what_it_cosigned(explored: Explored) -> None:
    page = explored.look("/logs", **{"Accept-Language": "en"}).text
    assert "localhost:8101/log/1" in page
    assert 'href="/log/1/checkpoint"' in page
    assert "None yet" in page


def test_renewing_is_asked_for_and_never_moves_an_older_page(explored: Explored) -> None:
    assert "http-equiv" not in explored.look("/events").text
    assert '<meta http-equiv="refresh" content="10">' in explored.look("/events?refresh=10").text
    assert "http-equiv" not in explored.look("/events?refresh=10&after=1-1-1").text
    assert explored.look("/events?refresh=0").status_code == 400


def test_public_page_may_be_kept_for_a_moment_and_asked_for_by_its_tag(explored: Explored) -> None:
    first = explored.look(f"/types/{explored.schema}")
    assert first.headers["Cache-Control"] == "public, max-age=2"
    again = explored.look(f"/types/{explored.schema}", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert {"Accept-Language", "Cookie"} <= set(re.split(", *", first.headers["Vary"]))
    assert explored.audit(f"/types/{explored.schema}").headers["Cache-Control"] == "no-store"
    assert explored.look("/nothing").headers["Cache-Control"] == "no-store"


def test_styles_of_charts_are_served_and_kept(explored: Explored) -> None:
    style = explored.look("/charts.css")
    assert (style.status_code, style.mimetype) == (200, "text/css")
    assert "svg.chart" in style.text
    assert explored.look("/charts.css", **{"If-None-Match": style.headers["ETag"]}).status_code == 304


def test_reader_chooses_a_language_and_comes_back(explored: Explored) -> None:
    http = explored.app.test_client()
    answer = http.get("/explorer/language?to=en&next=/explorer/logs")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/explorer/logs")
    assert 'lang="en"' in http.get("/explorer/logs", headers={"Accept-Language": "ko"}).text
    assert http.get("/explorer/language?to=ko&next=https://evil.example").headers["Location"] == "/explorer"
    assert http.get("/explorer/language?to=xx").status_code == 400


def test_both_languages_have_the_same_texts_and_every_event_has_one() -> None:
    first, second = (texts(language) for language in LANGUAGES)
    assert list(first) == list(second)
    missing = {f"event.{name}" for name in registry_fold._HANDLERS} - set(first)
    assert missing == set()
    assert len(MODULES) == 10


# ---- findings

FINDING = KeptFinding("index-mismatch", "error", "batch <b>1</b>", "differs \u202e from", 7, None)


def kept(*findings: KeptFinding, ours: bool = True) -> LastAudit:
    return LastAudit(1_800_000_000, ours, 9, to_hex(MEMBER), not findings, [("replay", 3)], findings)


def findings_of(report: LastAudit | AuditUnreadable | None) -> str:
    desk = Explored(last_audit=lambda: report)
    browser = desk.at_desk(AUDITOR)
    browser.get("/language?to=en")
    return browser.get("/audit/findings").text


def test_findings_are_shown_as_the_report_tells_them() -> None:
    page = findings_of(kept(FINDING))
    assert "A node&#39;s index differs from the chain" in page
    assert "batch &lt;b&gt;1&lt;/b&gt;" in page
    assert "\u202e" not in page
    assert "replay · 3" in page
    assert "another consortium" not in page
    assert "verifications of this node read what the chain says" in page
    assert "jeung audit repair" in page


def test_findings_are_told_in_korean_by_what_each_rule_means() -> None:
    unknown = KeptFinding("rule-of-tomorrow", "note", "x", "y", None, to_hex(MEMBER))
    desk = Explored(last_audit=lambda: kept(FINDING, unknown, FINDING))
    page = desk.at_desk(AUDITOR).get("/audit/findings").text
    assert "이벤트 재생 · 3" in page
    assert page.count("노드의 색인이 체인과 다름</h2>") == 2
    assert page.count("이 노드의 검증은 체인의 내용을 읽고 이루어짐") == 2
    assert "<h2>rule-of-tomorrow</h2>" in page
    assert 'lang="en">differs' in page


def test_check_of_another_release_is_named_as_it_is() -> None:
    report = replace(kept(), checks=[("check-of-tomorrow", 1)])
    assert "check-of-tomorrow · 1" in findings_of(report)


def test_report_that_is_clean_foreign_unreadable_or_missing_says_so() -> None:
    assert "Nothing was found." in findings_of(kept())
    assert "about another consortium" in findings_of(kept(ours=False))
    assert "cannot be read as the report" in findings_of(AuditUnreadable())
    assert "jeung audit --node-dir" in findings_of(None)


def test_many_findings_come_in_pages() -> None:
    many = kept(*[FINDING] * 51)
    desk = Explored(last_audit=lambda: many)
    browser = desk.at_desk(AUDITOR)
    assert 'href="?after=50"' in browser.get("/audit/findings").text
    assert browser.get("/audit/findings?after=50").text.count("<td data-label") == 4
    assert browser.get("/audit/findings?after=-1").status_code == 400


def test_search_leads_to_what_is_called_so(explored: Explored) -> None:
    for question, page in (
        (explored.member, f"/members/{explored.member}"),
        (explored.member.upper().replace("0X", "0x"), f"/members/{explored.member}"),
        (URL, f"/members/{explored.member}"),
        (f" {URL}/ ", f"/members/{explored.member}"),
        ("localhost:8101", f"/members/{explored.member}"),
        (PROPOSAL, f"/proposals/{PROPOSAL}"),
        (explored.schema, f"/types/{explored.schema}"),
        (explored.digest, f"/attestations/{explored.digest}"),
        (explored.batch, f"/batches/{explored.batch}"),
        (TRANSACTION, f"/transactions/{TRANSACTION}"),
    ):
        for base, look in (("/explorer", explored.look), ("/console/audit", explored.audit)):
            answer = look(f"/search?q={question}")
            assert (answer.status_code, answer.headers.get("Location")) == (303, base + page), question


def test_times_of_charts_and_tables_are_of_one_zone_that_is_named(explored: Explored) -> None:
    for path in ("", f"/members/{explored.member}"):
        page = explored.look(path).text
        assert "한국 표준시(KST, UTC+9)" in page
        assert " KST</text>" in page
        assert " UTC</text>" not in page


def test_address_of_a_member_breaks_between_its_parts_alone() -> None:
    assert parted("a<b>.long-name.example:8101/x") == "a&lt;b&gt;.<wbr>long-<wbr>name.<wbr>example:8101/<wbr>x"
    assert parted("") == ""

"""What auditors, supervisors and relying-party officers read."""

import re

import pytest

from api.console.desk import draw
from jeung.domain.identifiers import to_hex
from jeung.domain.verification import StepOutcome, Verdict, Verification
from tests.unit.api.console.desk import AUDITOR, ISSUER, VERIFIER, Desk
from tests.unit.api.parts import MEMBER, PROFILE, URL


@pytest.mark.parametrize("name", [ISSUER, VERIFIER, AUDITOR])
def test_first_page_shows_each_role_its_own(desk: Desk, name: str) -> None:
    holder = desk.issued()
    desk.post("/v1/verifications", {"presentation": desk.presentation(holder, desk.nonce())}, status=200)
    page = desk.at_desk(name).get("").text
    assert ("/console/proofings/new" in page) == (name == ISSUER)
    assert (PROFILE in page) == (name != ISSUER)
    assert ("/console/members" in page) == (name == AUDITOR)
    assert "데이터베이스" in page


def test_first_page_stands_while_the_ledger_is_not_there_yet(desk: Desk) -> None:
    with desk.database.write() as tables:
        tables.freshness = None
    assert desk.at_desk(AUDITOR).get("").status_code == 200


def test_members_and_proposals_are_shown_to_read(desk: Desk) -> None:
    browser = desk.at_desk(AUDITOR)
    members, proposals = browser.get("/members").text, browser.get("/proposals").text
    assert URL in members
    assert to_hex(MEMBER)[:14] in members
    assert desk.get("/v1/proposals")["items"][0]["proposal_id"][:14] in proposals
    assert "<form" not in members.replace('<form method="post" action="/console/logout">', "")
    assert "<form" not in proposals.replace('<form method="post" action="/console/logout">', "")


def test_judgements_are_listed_without_what_was_shown(desk: Desk) -> None:
    holder = desk.issued()
    judged = desk.post("/v1/verifications", {"presentation": desk.presentation(holder, desk.nonce())}, status=200)
    for name in (VERIFIER, AUDITOR):
        page = desk.at_desk(name).get("/judgements").text
        assert judged["evidence_id"][:14] in page
        assert f'href="/console/judgements/{judged["evidence_id"]}"' not in page
        assert "Kim" not in page
    assert desk.at_desk(VERIFIER).get(f"/judgements/{judged['evidence_id']}").status_code == 404


def test_judgement_of_ones_own_request_opens_and_the_look_is_logged(desk: Desk) -> None:
    holder, staff = desk.issued(), desk.staff_id(VERIFIER)
    nonce = desk.node.nonces.issue(PROFILE, client_id=staff).nonce
    judged = desk.node.verification.verify(desk.presentation(holder, nonce), nonce=nonce)
    browser = desk.at_desk(VERIFIER)
    assert f'href="/console/judgements/{judged.evidence_id}"' in browser.get("/judgements").text
    page = browser.get(f"/judgements/{judged.evidence_id}").text
    assert "<dd>Kim</dd>" in page
    assert page.count('class="badge badge--good number"') == 10
    opened = {"client": staff, "evidence": judged.evidence_id, "actor": f"staff:{staff}"}
    assert desk.events("evidence_opened")[-1] == opened


def test_claims_of_every_shape_are_shown_as_text(desk: Desk) -> None:
    """Their shape is the issuer's business, who may be anybody accredited."""
    claims = {
        "name_ko": "김민지",
        "age_equal_or_over": {"19": True, "14": False},
        "proofing": {"assurance_level": "high", "verified_at": 10**30, "methods": ["a", {"b": "<i>"}]},
        "account": {"verified_at": 1_800_000_000, "items": None},
        "device_key": {},
        "items": [],
        "<b>": "</dd><script>",
        "__class__": 1.5,
    }
    judged = Verification(
        evidence_id="evd_1",
        verdict=Verdict.VERIFIED,
        code=None,
        steps=(StepOutcome(1, "parse", True, {}), StepOutcome(11, "<u>later</u>", False, {})),
        claims=claims,
        profile=PROFILE,
        verified_at=1_800_000_000,
    )
    with desk.app.test_request_context("/console/judgements/evd_1"):
        page = draw("judgement.html", judged=judged).get_data(as_text=True)
    assert "19세 이상</span> 예" in page
    assert "14세 이상</span> 아니요" in page
    assert "보증 수준</span> 높음" in page
    assert str(10**30) in page
    assert "2027-01-15 17:00:00</time>" in page
    assert "device_key" not in page
    assert "&lt;b&gt;" in page
    assert not re.search(r"<script>|<i>|<b>|<u>", page)

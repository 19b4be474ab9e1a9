"""A receipt says what was asked and shown, by names alone, and nothing that an issuer could know a person by."""

import json
import logging

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.sd_jwt_vc import credential_digest, parse_presentation
from jeung.domain.receipts import MAX_RECEIPT_CHARACTERS
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Verdict
from jeung.services.receipts import ReceiptSigner
from jeung.services.verification.receipts import kept_until
from tests.common.jose import P256Signer
from tests.common.memory.custody import MemorySigner
from tests.common.parties import EXCHANGE, PERSON, PROFILE
from tests.unit.jeung.services.presenting import bound, crafted
from tests.unit.jeung.services.receipts.desk import NAMES, Desk


def test_receipt_says_who_asked_for_what_and_what_was_shown(desk: Desk) -> None:
    presentation, judged = desk.present()
    jws = parse_jws(desk.receipt(judged), typ="consent-receipt+jwt", algorithms={"ES256"})
    key = desk.node.signer.active_key(KeyPurpose.RECEIPT_SIGNING)
    verify_jws(jws, parse_jwk(key.jwk))
    claims = jws.claims()
    with desk.parties.ledger.view() as view:
        profile = view.registry.profile_named(desk.node.member, PROFILE)
    assert profile is not None
    assert (jws.header["kid"], dict(jws.header["jwk"])) == (key.key_id, key.jwk)
    assert (claims["v"], claims["iss"], claims["service"]) == (1, EXCHANGE, PROFILE)
    assert (claims["purpose"], claims["profile_digest"]) == (profile.purpose, profile.digest.hex())
    assert (claims["audience"], claims["channel"], claims["iat"]) == (EXCHANGE, "direct", judged.verified_at)
    assert claims["claims"] == NAMES
    assert (claims["result"], claims["code"], claims["transactions"]) == ("verified", None, [])
    assert (claims["ask"], claims["contact"], claims["deployment"]) == (f"{EXCHANGE}/receipts/query", EXCHANGE, None)
    assert claims["kept_until"] == kept_until(judged.verified_at, 1_827 * 86_400)
    assert claims["presented"] == base64url.encode(sha256(presentation.rpartition("~")[2].encode()))


def test_nothing_in_a_receipt_leads_to_the_person_or_the_credential(desk: Desk) -> None:
    presentation, judged = desk.present()
    text = json.dumps(parse_jws(desk.receipt(judged), typ=None).claims(), ensure_ascii=False)
    parsed = parse_presentation(presentation)
    secrets = [str(value) for value in PERSON.values() if isinstance(value, str) and len(value) > 3]
    jwk = parsed.payload["cnf"]["jwk"]
    secrets += [*parsed.disclosures, jwk["x"], jwk["y"], parsed.payload["iss"]]
    secrets += [credential_digest(parsed).hex(), base64url.encode(credential_digest(parsed))]
    secrets += [base64url.encode(desk.parties.wallet.key(-1).key.thumbprint), judged.evidence_id, "status-lists"]
    assert [secret for secret in secrets if secret in text] == []


def test_record_holds_what_the_receipt_says(desk: Desk) -> None:
    _, judged = desk.present()
    opened = desk.parties.evidence.get(judged.evidence_id, reader="auditor")
    said = dict(judged.receipt or {})
    assert said.pop("commitment") == base64url.encode(opened.commitment)
    assert len(base64url.decode(str(said.pop("reference")))) > 32
    assert opened.package["receipt"] == said


def test_two_receipts_have_nothing_in_common_but_what_was_asked(desk: Desk) -> None:
    (_, one), (_, other) = desk.present(), desk.present()
    for name in ("jti", "nonce", "presented", "commitment", "reference"):
        assert (one.receipt or {})[name] != (other.receipt or {})[name]


def test_refused_presentation_has_a_receipt_that_says_so(desk: Desk) -> None:
    _, judged = desk.present(holder=P256Signer())
    assert judged.verdict is Verdict.REFUSED
    receipt = judged.receipt or {}
    assert (receipt["result"], receipt["code"]) == ("refused", "invalid_key_binding_signature")
    assert (receipt["claims"], receipt["service"]) == (NAMES, PROFILE)
    assert receipt["purpose"]


def test_claims_that_could_not_be_read_are_not_named(desk: Desk) -> None:
    twice = crafted(desk.parties)
    sd_jwt = twice + twice.split("~")[1] + "~"
    judged = desk.parties.verification.verify(bound(desk.parties, sd_jwt))
    assert (judged.code, (judged.receipt or {})["claims"]) == ("duplicate_digest", None)
    assert (judged.receipt or {})["purpose"] is None


@pytest.mark.parametrize("profile", ["withdrawn", "not a member"])
def test_purpose_nobody_registers_any_more_is_not_named(desk: Desk, profile: str) -> None:
    parties = desk.parties
    presentation = bound(parties, crafted(parties), holder=P256Signer())
    if profile == "withdrawn":
        parties.chain.withdraw_profile(desk.node.member, PROFILE)
    else:
        parties.verification._rules = type(parties.verification._rules)(url="https://nobody.example")
    judged = parties.verification.verify(presentation)
    assert (judged.receipt or {})["purpose"] is None


def test_lost_race_for_a_nonce_gives_the_receipt_of_a_refusal(desk: Desk) -> None:
    presentation, _ = desk.present()
    again = desk.parties.verification.verify(presentation)
    assert ((again.receipt or {})["result"], (again.receipt or {})["code"]) == ("refused", "nonce_replayed")


def test_who_was_asked_nothing_gets_no_receipt(desk: Desk) -> None:
    _, judged = desk.present(nonce="n" * 43)
    assert judged.receipt is None
    assert desk.signer.receipt(judged.receipt) is None


def test_without_a_holder_there_is_nobody_to_give_a_receipt_to(desk: Desk) -> None:
    nonce = desk.parties.nonce().nonce
    judged = desk.parties.verification.verify(crafted(desk.parties), nonce=nonce)
    assert (judged.code, judged.receipt) == ("missing_key_binding", None)


def test_key_that_cannot_sign_undoes_no_judgement_and_is_said_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    _, judged = desk.present()
    with caplog.at_level(logging.WARNING):
        assert ReceiptSigner(signer=MemorySigner()).receipt(judged.receipt) is None
    assert "key_unavailable" in caplog.text


def test_records_go_by_the_whole_day() -> None:
    assert kept_until(0, 86_400) == kept_until(86_399, 86_400) == 2 * 86_400
    assert kept_until(86_400, 86_400) == 3 * 86_400


def test_strangers_words_do_not_come_back_to_him_signed(desk: Desk) -> None:
    """Who has a nonce can make up a credential: its claims' names are his own text."""
    made_up = crafted(
        desk.parties,
        signer=P256Signer(),
        claims=lambda body: body.update({"owes Kim 1,000,000 won": 1, "x" * 20_000: 1}),
        attest=False,
    )
    judged = desk.parties.verification.verify(bound(desk.parties, made_up))
    receipt = judged.receipt or {}
    assert (judged.verdict, receipt["result"], receipt["claims"]) == (Verdict.REFUSED, "refused", None)
    assert "Kim" not in desk.receipt(judged)
    assert len(desk.receipt(judged)) < 2_048


def test_names_that_a_members_signature_covers_are_named_though_it_was_refused(desk: Desk) -> None:
    _, judged = desk.present(at=1)
    assert (judged.verdict, (judged.receipt or {})["claims"]) == (Verdict.REFUSED, NAMES)


@pytest.mark.parametrize(("length", "named"), [(100, True), (20_000, False)])
def test_receipt_stays_within_the_bound_that_it_can_be_asked_about_with(desk: Desk, length: int, named: bool) -> None:
    sd_jwt = crafted(desk.parties, claims=lambda body: body.update({"x" * length: 1}))
    presentation = bound(desk.parties, sd_jwt)
    judged = desk.parties.verification.verify(presentation)
    assert (judged.code, (judged.receipt or {})["claims"] is not None) == ("claims_not_permitted", named)
    receipt = desk.receipt(judged)
    assert len(receipt) <= MAX_RECEIPT_CHARACTERS
    assert desk.ask(receipt, presentation)["standing"] == "kept"

"""The life of a credential over HTTP, as a bank's back office and a relying party's back end see it."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from api.wire.governance import Proposal
from jeung.crypto.jws import parse_jws
from jeung.crypto.merkle import verify_proof
from jeung.domain.identifiers import to_hex
from tests.unit.api.parts import MEMBER, PROFILE, SCHEMA, TYPE, URL
from tests.unit.api.world import World


def test_a_verified_presentation_gives_its_disclosed_claims_steps_and_evidence(world: World) -> None:
    holder = world.issued()
    nonce = world.nonce()
    judged = world.post("/v1/verifications", {"presentation": world.presentation(holder, nonce)}, status=200)
    assert (judged["result"], judged["code"]) == ("verified", None)
    assert judged["claims"]["family_name"] == "Kim"
    assert "birthdate" not in judged["claims"]
    assert [step["number"] for step in judged["steps"]] == list(range(1, 11))
    assert all(step["passed"] for step in judged["steps"])
    assert world.get(f"/v1/verifications/{judged['evidence_id']}")["claims"] == judged["claims"]
    evidence = world.get(f"/v1/evidence/{judged['evidence_id']}")
    assert evidence["package"]["nonce"] == nonce
    assert [item["evidence_id"] for item in world.get("/v1/evidence")["items"]] == [judged["evidence_id"]]
    package = world.get(f"/v1/evidence/{judged['evidence_id']}/package")
    assert json.loads(package["judgement"]) == evidence["package"]
    assert (package["chain"], package["log"]) == ({"missing": "not_gathered"}, {"missing": "not_logged"})


def test_a_suspended_credential_is_refused_until_reinstated_and_for_ever_once_revoked(world: World) -> None:
    holder = world.issued()

    def judged() -> str | None:
        body = {"presentation": world.presentation(holder, world.nonce())}
        code = world.post("/v1/verifications", body, status=200)["code"]
        return None if code is None else str(code)

    def act(name: str, status: int = 200) -> None:
        world.post(f"/v1/credentials/{holder.credential_id}/{name}", status=status)
        world.chain.mine()

    assert judged() is None
    act("suspension")
    assert judged() == "credential_suspended"
    act("reinstatement")
    assert judged() is None
    act("revocation")
    assert judged() == "credential_revoked"
    refused = world.post(f"/v1/credentials/{holder.credential_id}/reinstatement", status=409)
    assert refused["code"] == "already_revoked"


def test_a_status_acts_on_a_family_and_on_a_subject(world: World) -> None:
    holder = world.issued()
    credential = world.get(f"/v1/credentials/{holder.credential_id}")
    suspended = world.post(f"/v1/families/{credential['family_id']}/suspension", status=200)
    assert [item["status"] for item in suspended["items"]] == ["suspended"]
    revoked = world.post(f"/v1/subjects/{credential['subject_id']}/revocation", status=200)
    assert [item["status"] for item in revoked["items"]] == ["revoked"]
    assert world.get(f"/v1/credentials/{holder.credential_id}")["ledger_status"] == "valid"


def test_a_nonce_serves_one_judgement(world: World) -> None:
    holder = world.issued()
    presentation = world.presentation(holder, world.nonce())
    assert world.post("/v1/verifications", {"presentation": presentation}, status=200)["result"] == "verified"
    again = world.post("/v1/verifications", {"presentation": presentation}, status=200)
    assert (again["result"], again["code"], again["claims"]) == ("refused", "nonce_replayed", {})


def test_a_phone_with_a_nonce_of_ours_learns_result_and_code_and_gets_its_receipt(world: World) -> None:
    holder, nonce = world.issued(), world.nonce()
    body = {"presentation": world.presentation(holder, nonce), "nonce": nonce}
    answer = world.http.post("/v1/verifications", json=body)
    assert answer.status_code == 200
    told = answer.get_json()
    receipt = parse_jws(told.pop("receipt"), typ="consent-receipt+jwt").claims()
    assert told == {"result": "verified", "code": None}
    assert (receipt["nonce"], receipt["result"]) == (nonce, "verified")


def test_a_stranger_without_a_nonce_of_ours_is_refused_and_nothing_is_kept(world: World) -> None:
    holder, nonce = world.issued(), world.nonce()
    presentation = world.presentation(holder, nonce)
    for body in ({"presentation": presentation}, {"presentation": presentation, "nonce": "A" * 43}):
        answer = world.http.post("/v1/verifications", json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert world.get("/v1/evidence")["items"] == []
    assert world.post("/v1/verifications", {"presentation": presentation}, status=200)["result"] == "verified"


@pytest.mark.parametrize("spoilt", ["used", "expired"])
def test_a_stranger_with_a_nonce_that_is_no_longer_good_has_nothing_kept(world: World, spoilt: str) -> None:
    holder, nonce = world.issued(), world.nonce()
    body = {"presentation": world.presentation(holder, nonce), "nonce": nonce}
    if spoilt == "used":
        assert world.http.post("/v1/verifications", json=body).get_json()["result"] == "verified"
    else:
        world.clock.advance(300)
    kept = world.get("/v1/evidence")["items"]
    for _ in range(3):
        answer = world.http.post("/v1/verifications", json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert world.get("/v1/evidence")["items"] == kept


def test_a_bad_token_is_not_overlooked_because_a_nonce_is_there(world: World) -> None:
    holder, nonce = world.issued(), world.nonce()
    body = {"presentation": world.presentation(holder, nonce), "nonce": nonce}
    answer = world.http.post("/v1/verifications", json=body, headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_token")


def test_a_young_credential_is_pending_and_a_stale_ledger_is_no_judgement(world: World) -> None:
    holder = world.issued(mined=False)
    nonce = world.nonce()
    body = {"presentation": world.presentation(holder, nonce)}
    answer = world.http.post("/v1/verifications", json=body, headers=world.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (503, "attestation_pending")
    assert int(answer.headers["Retry-After"]) >= 1
    world.chain.mine()
    world.clock.advance(60)
    answer = world.http.post("/v1/verifications", json=body, headers=world.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (503, "ledger_stale")
    assert int(answer.headers["Retry-After"]) >= 1
    world.chain.heard()
    assert world.post("/v1/verifications", body, status=200)["result"] == "verified"


def test_an_attestation_comes_with_a_proof_that_leads_to_its_root(world: World) -> None:
    holder = world.issued()
    world.issued()
    digest = world.get(f"/v1/credentials/{holder.credential_id}")["digest"]
    query = f"issuer={to_hex(MEMBER)}&schema_id={to_hex(SCHEMA)}"
    found = world.get(f"/v1/attestations/{digest}?{query}")
    proof = [bytes.fromhex(sibling[2:]) for sibling in found["proof"]]
    verify_proof(bytes.fromhex(found["root"][2:]), bytes.fromhex(digest[2:]), proof)
    other = f"issuer={'0x' + '99' * 32}&schema_id={to_hex(SCHEMA)}"
    assert world.get(f"/v1/attestations/{digest}?{other}", status=404)["code"] == "not_found"


def test_what_is_registered_is_listed(world: World) -> None:
    assert world.http.get("/v1/members").get_json()["items"][0]["roles"] == ["issuer", "relying_party"]
    assert world.http.get(f"/v1/members/{to_hex(MEMBER)}").get_json()["url"] == URL
    assert world.http.get("/v1/schemas").get_json()["items"][0]["schema_id"] == to_hex(SCHEMA)
    assert world.get("/v1/accreditations")["items"][0]["member_id"] == to_hex(MEMBER)
    assert world.get(f"/v1/accreditations?member={'0x' + '99' * 32}")["items"] == []
    assert {key["state"] for key in world.get("/v1/keys")["items"]} == {"active"}
    assert world.get("/v1/relying-parties")["items"][0]["name"] == PROFILE
    assert world.get("/v1/proposals")["items"][0]["state"] == "open"


def test_a_type_is_served_byte_for_byte(world: World) -> None:
    answer = world.http.get("/types/real-name-1")
    assert answer.data == TYPE
    assert hashlib.sha256(answer.data).digest() == SCHEMA
    assert world.http.get("/types/another").status_code == 404


def test_an_act_of_governance_is_accepted_as_an_intent(world: World) -> None:
    call = {"contract": "SchemaRegistry", "function": "deprecateSchema", "args": [to_hex(SCHEMA)]}
    intent = world.post("/v1/proposals", call, key="propose-1", status=202)
    assert intent["state"] == "pending"
    assert world.get(f"/v1/intents/{intent['intent_id']}")["call"]["function"] == "propose"
    for act in ("approvals", "withdrawal", "cancellation", "execution"):
        proposal = world.get("/v1/proposals")["items"][0]["proposal_id"]
        assert world.post(f"/v1/proposals/{proposal}/{act}", status=202)["state"] == "pending"
        assert world.post(f"/v1/proposals/{'0x' + '00' * 32}/{act}", status=404)["code"] == "not_found"
    thumbprint = world.get("/v1/keys")["items"][0]["thumbprint"]
    assert world.post(f"/v1/keys/{thumbprint}/revocation", {}, status=202)["call"]["function"] == "revokeKey"
    since = {"since": world.clock.now() - 5}
    compromised = world.post(f"/v1/keys/{thumbprint}/compromise", since, status=202)
    assert compromised["call"]["function"] == "declareCompromised"
    future = {"since": world.clock.now() + 5}
    assert world.post(f"/v1/keys/{thumbprint}/compromise", future, status=400)["code"] == "malformed_input"
    digest = {"reason_digest": "0x" + "11" * 32}
    assert world.post(f"/v1/members/{to_hex(MEMBER)}/suspension", digest, status=202)["state"] == "pending"
    assert world.post("/v1/enrolment", status=202)["items"] == []
    assert len(world.get("/v1/intents?limit=200")["items"]) == 8


def test_a_call_the_consortium_cannot_make_is_refused(world: World) -> None:
    call = {"contract": "AttestationRegistry", "function": "attest", "args": [1, 2]}
    assert world.post("/v1/proposals", call, key="propose-2", status=400)["code"] == "malformed_input"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "open"),
        ({"executed_at": 1, "cancelled_at": 2}, "executed"),
        ({"cancelled_at": 2}, "cancelled"),
        ({"expires_at": 1_800_000_000}, "expired"),
        ({"expires_at": 1_800_000_001}, "open"),
    ],
)
def test_a_proposal_says_how_it_stands(world: World, changes: dict[str, Any], state: str) -> None:
    (decision,) = world.node.decisions.proposals()
    changed = replace(decision, proposal=replace(decision.proposal, **changes))
    assert Proposal.of(changed, 1_800_000_000).state == state

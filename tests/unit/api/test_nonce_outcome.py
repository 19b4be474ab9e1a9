"""A back end reads what its phone's presentation was judged to be, by the nonce it handed out; nobody else does."""

from typing import Any

import pytest

from jeung.crypto import canonical_json
from jeung.domain.access import Scope
from tests.common.jose import P256Signer
from tests.unit.api.parts import PROFILE
from tests.unit.api.world import World


def stranger(world: World, client_id: str = "other-office") -> dict[str, str]:
    """Register another back end of the same member with every scope; give the headers of its calls."""
    key = P256Signer()
    world.register(client_id, set(Scope), key)
    token = world.ask_token(client_assertion=world.assertion(client_id, key)).get_json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def not_found(world: World, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """Give what a 404 says, without the id of the request."""
    answer = world.http.get(path, headers=headers)
    assert answer.status_code == 404
    body: dict[str, Any] = answer.get_json()
    assert body.pop("request_id")
    return body


def presented(world: World, nonce: str) -> dict[str, Any]:
    """Have a phone without a token present under the nonce."""
    body = {"presentation": world.presentation(world.issued(), nonce), "nonce": nonce}
    answer = world.http.post("/v1/verifications", json=body)
    assert answer.status_code == 200
    short: dict[str, Any] = answer.get_json()
    return short


def openings(world: World) -> list[bytes]:
    return [entry.body for entry in world.database.read().events if entry.kind == "evidence_opened"]


def test_the_back_end_reads_by_its_nonce_what_the_phone_was_not_told(world: World) -> None:
    nonce = world.nonce()
    told = presented(world, nonce)
    assert (told["result"], told["code"], set(told)) == ("verified", None, {"result", "code", "receipt"})
    answer = world.http.get(f"/v1/nonces/{nonce}", headers=world.headers(Scope.VERIFY))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    outcome = answer.get_json()
    assert (outcome["profile"], outcome["state"]) == (PROFILE, "used")
    assert outcome["expires_at"] == outcome["issued_at"] + 300
    judged = outcome["verification"]
    assert (judged["result"], judged["claims"]["family_name"], len(judged["steps"])) == ("verified", "Kim", 10)
    assert world.get(f"/v1/verifications/{judged['evidence_id']}") == judged
    assert world.get(f"/v1/nonces/{nonce}") == outcome


def test_a_refusal_is_read_by_the_nonce_and_holds_no_claims(world: World) -> None:
    nonce, holder = world.nonce(), world.issued()
    holder.key = P256Signer()
    body = {"presentation": world.presentation(holder, nonce), "nonce": nonce}
    told = world.http.post("/v1/verifications", json=body).get_json()
    judged = world.get(f"/v1/nonces/{nonce}")["verification"]
    del told["receipt"]
    assert {name: judged[name] for name in told} == told
    assert (told["result"], judged["claims"]) == ("refused", {})


def test_each_reading_of_a_judgement_is_logged_with_its_reader_and_waiting_is_not(world: World) -> None:
    nonce = world.nonce()
    world.get(f"/v1/nonces/{nonce}")
    presented(world, nonce)
    assert openings(world) == []
    evidence_id = world.get(f"/v1/nonces/{nonce}")["verification"]["evidence_id"]
    body = {"actor": "client:back-office", "client": "back-office", "evidence": evidence_id}
    assert openings(world) == [canonical_json.canonical(body)]


@pytest.mark.parametrize(("age_s", "state"), [(0, "open"), (299, "open"), (300, "expired"), (3_000, "expired")])
def test_a_nonce_without_a_judgement_says_how_it_stands(world: World, age_s: int, state: str) -> None:
    nonce = world.nonce()
    world.clock.advance(age_s)
    outcome = world.get(f"/v1/nonces/{nonce}")
    assert (outcome["state"], outcome["verification"]) == (state, None)


def test_another_clients_nonce_is_as_unknown_as_one_never_given_out(world: World) -> None:
    other, waiting, used = stranger(world), world.nonce(), world.nonce()
    presented(world, used)
    answers = [not_found(world, f"/v1/nonces/{nonce}", other) for nonce in (waiting, used, "n" * 43)]
    assert answers[0] == answers[1] == answers[2]
    assert openings(world) == []


def test_another_clients_judgement_is_as_unknown_as_none(world: World) -> None:
    other, nonce = stranger(world), world.nonce()
    presented(world, nonce)
    evidence_id = world.get(f"/v1/nonces/{nonce}")["verification"]["evidence_id"]
    logged = openings(world)
    known = not_found(world, f"/v1/verifications/{evidence_id}", other)
    assert known == not_found(world, "/v1/verifications/evd_unknown", other)
    assert openings(world) == logged


def test_who_judges_with_anothers_nonce_cannot_read_it_again_but_its_owner_can(world: World) -> None:
    other, nonce = stranger(world), world.nonce()
    body = {"presentation": world.presentation(world.issued(), nonce)}
    judged = world.http.post("/v1/verifications", json=body, headers=other).get_json()
    not_found(world, f"/v1/verifications/{judged['evidence_id']}", other)
    del judged["receipt"]
    assert world.get(f"/v1/nonces/{nonce}")["verification"] == judged


def test_the_nonce_alone_opens_nothing(world: World) -> None:
    nonce = world.nonce()
    presented(world, nonce)
    assert world.http.get(f"/v1/nonces/{nonce}").status_code == 401
    assert world.http.get(f"/v1/nonces/{nonce}", headers=world.headers(Scope.AUDIT)).status_code == 403


def test_evidence_of_all_clients_is_the_auditors_alone(world: World) -> None:
    nonce = world.nonce()
    presented(world, nonce)
    evidence_id = world.get(f"/v1/nonces/{nonce}")["verification"]["evidence_id"]
    for path in ("/v1/evidence", f"/v1/evidence/{evidence_id}"):
        assert world.http.get(path, headers=world.headers(Scope.VERIFY)).status_code == 403
        assert world.http.get(path, headers=world.headers(Scope.AUDIT)).status_code == 200

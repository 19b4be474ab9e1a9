"""The same Idempotency-Key with the same request gives the same thing, and never two."""

import hashlib
import json

import pytest

from tests.unit.api.parts import PERSON, VCT
from tests.unit.api.world import Holder, World


def test_a_repeated_request_opens_one_proofing(world: World) -> None:
    first = world.post("/v1/proofings", {"person": PERSON}, key="open-1", status=201)
    again = world.post("/v1/proofings", {"person": PERSON}, key="open-1", status=201)
    assert first == again
    assert len(world.database.read().proofings) == 1


def test_a_repeated_issue_gives_the_same_credential_byte_for_byte(world: World) -> None:
    body = {"proofing_id": world.proofed(), "vct": VCT, "holder_keys": [Holder().key.jwk, Holder().key.jwk]}
    first = world.post("/v1/credentials", body, key="issue-1", status=201)
    assert world.post("/v1/credentials", body, key="issue-1", status=201) == first
    assert len(world.database.read().credentials) == 2


def test_a_key_with_another_body_is_refused_and_changes_nothing(world: World) -> None:
    world.post("/v1/proofings", {"person": PERSON}, key="open-2", status=201)
    other = {"person": {**PERSON, "given_name": "Another"}}
    assert world.post("/v1/proofings", other, key="open-2", status=422)["code"] == "idempotency_key_reused"
    assert len(world.database.read().proofings) == 1


def test_what_is_remembered_of_a_body_cannot_be_made_by_whoever_guesses_it(world: World) -> None:
    world.post("/v1/proofings", {"person": PERSON}, key="open-3", status=201)
    (remembered,) = [kept for kept in world.database.read().requests.values() if kept[0].key == "open-3"]
    guesses = [json.dumps({"person": PERSON}, separators=form).encode() for form in ((",", ":"), (", ", ": "))]
    assert remembered[0].body_digest not in [hashlib.sha256(guess).digest() for guess in guesses]


def test_a_key_with_another_path_is_refused(world: World) -> None:
    holder = world.issued()
    act = f"/v1/credentials/{holder.credential_id}"
    world.post(f"{act}/suspension", key="act-1", status=200)
    assert world.post(f"{act}/reinstatement", key="act-1", status=422)["code"] == "idempotency_key_reused"
    assert world.get(act)["status"] == "suspended"


def test_a_repeated_act_of_governance_makes_one_intent(world: World) -> None:
    path = f"/v1/proposals/{'0x' + '77' * 32}/approvals"
    assert world.post(path, key="vote", status=202) == world.post(path, key="vote", status=202)
    assert len(world.get("/v1/intents")["items"]) == 1


@pytest.mark.parametrize("path", ["/v1/proofings", "/v1/proofings/prf_1/checks", "/v1/credentials", "/v1/proposals"])
def test_what_creates_demands_a_key(world: World, path: str) -> None:
    bodies = {
        "/v1/proofings": {"person": PERSON},
        "/v1/proofings/prf_1/checks": {
            "method": "mobile_phone",
            "performed_at": 1,
            "evidence_digest": "0x" + "ab" * 32,
            "passed": True,
        },
        "/v1/credentials": {"proofing_id": "prf_1", "vct": VCT, "holder_keys": [Holder().key.jwk]},
        "/v1/proposals": {"contract": "SchemaRegistry", "function": "deprecateSchema", "args": ["0x" + "11" * 32]},
    }
    assert world.post(path, bodies[path], status=400)["code"] == "idempotency_key_missing"


@pytest.mark.parametrize("key", ["", '""', "a b", "ключ".encode().decode("latin-1"), "a" * 129, '"a', "a,b", "a;b=1"])
def test_a_key_of_another_form_is_refused(world: World, key: str) -> None:
    refused = world.post("/v1/proofings", {"person": PERSON}, key=key, status=400)
    assert refused["code"] == "idempotency_key_malformed"


def test_two_keys_are_refused(world: World) -> None:
    token = world.headers()["Authorization"]
    headers = [("Authorization", token), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = world.http.post("/v1/proofings", json={"person": PERSON}, headers=headers)
    assert answer.get_json()["code"] == "idempotency_key_malformed"


def test_a_quoted_key_is_the_same_as_a_bare_one(world: World) -> None:
    first = world.post("/v1/proofings", {"person": PERSON}, key='"open-3"', status=201)
    assert world.post("/v1/proofings", {"person": PERSON}, key="open-3", status=201) == first

"""Subjects over HTTP: one asks for an erasure, another approves it, an auditor reads what the law keeps."""

from typing import Any

import pytest

from jeung.domain.access import Scope
from jeung.domain.erasure import RetentionRules
from jeung.domain.ledger import CredentialStatus
from jeung.services.erasure import ErasureWork
from tests.common.memory.store import MemoryStore
from tests.common.memory.words import set_status
from tests.unit.api.parts import MEMBER, PERSON, URL, YEAR_S
from tests.unit.api.test_acts import headers_of
from tests.unit.api.world import World


def subject_of(world: World) -> str:
    holder = world.issued()
    return str(world.get(f"/v1/credentials/{holder.credential_id}")["subject_id"])


def ask(world: World, subject: str, query: str = "ground=customer_request", status: int = 202) -> dict[str, Any]:
    answer = world.http.delete(f"/v1/subjects/{subject}?{query}", headers=world.headers())
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def erased(world: World, subject: str) -> dict[str, Any]:
    """Have somebody else approve, and let worker and chain do theirs; give the erasure."""
    act = ask(world, subject)
    copies = [world.get(f"/v1/credentials/{one}") for one in world.get(f"/v1/subjects/{subject}")["credentials"]]
    headers = headers_of(world, "approver", Scope.APPROVE)
    path = f"/v1/acts/{act['act_id']}/approval"
    done = world.http.post(path, json={"digest": act["digest"]}, headers=headers).get_json()
    assert (done["state"], done["parameters"], done["salt"]) == ("done", None, None)
    with world.database.write() as tables:
        for copy in copies:
            set_status(tables.words, MEMBER, copy["status_list"], copy["status_index"], CredentialStatus.REVOKED)
    node = world.node
    store = MemoryStore(world.database, MEMBER)
    work = ErasureWork(store, node.clock, node.signer, URL, RetentionRules(5 * YEAR_S, 0, 0), lambda: True, print)
    for _ in range(3):
        work.step()
    erasure: dict[str, Any] = world.get(f"/v1/erasures/{done['result']['erasure_id']}")
    return erasure


def test_subject_shows_ids_and_no_claim(world: World) -> None:
    subject = subject_of(world)
    shown = world.get(f"/v1/subjects/{subject}")
    assert (len(shown["credentials"]), shown["erasure"]) == (1, None)
    assert PERSON["family_name"] not in str(shown)
    assert world.get("/v1/subjects/sub_x", 404)["code"] == "not_found"


def test_completed_proofing_is_locked_and_read_for_an_audit_alone(world: World) -> None:
    subject = subject_of(world)
    erasure = erased(world, subject)
    assert (erasure["state"], erasure["certificate"]) == ("locked", None)
    assert world.get(f"/v1/subjects/{subject}")["erasure"] == erasure
    assert [one["erasure_id"] for one in world.get("/v1/erasures")["items"]] == [erasure["erasure_id"]]
    path = f"/v1/subjects/{subject}/retained-records"
    answer = world.http.post(path, headers=headers_of(world, "issuer", Scope.ISSUE))
    assert answer.get_json()["code"] == "insufficient_scope"
    kept = world.http.post(path, headers=headers_of(world, "auditor", Scope.RETENTION)).get_json()
    assert kept["items"][0]["person"]["family_name"] == PERSON["family_name"]
    opened = {"person": dict(PERSON), "subject_id": subject}
    assert world.post("/v1/proofings", opened, key="again", status=409)["code"] == "subject_locked"


def test_erasure_that_has_begun_is_not_asked_for_again(world: World) -> None:
    subject = subject_of(world)
    ask(world, subject)
    assert ask(world, subject, status=409)["code"] == "act_pending"


@pytest.mark.parametrize("query", ["", "ground=boredom", "ground=ordered&relationship_ended_at=-1", "reason=x"])
def test_erasure_without_a_ground_is_refused(world: World, query: str) -> None:
    assert ask(world, subject_of(world), query, 400)["code"] == "malformed_input"


def test_nothing_kept_is_read_of_a_subject_that_is_not_locked(world: World) -> None:
    assert world.post(f"/v1/subjects/{subject_of(world)}/retained-records", status=409)["code"] == "conflict"

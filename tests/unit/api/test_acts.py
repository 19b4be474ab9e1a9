"""Acts of two people over HTTP: one client asks, another approves, and nobody does both."""

from typing import Any

import pytest

from jeung.domain.access import Scope
from tests.common.jose import P256Signer
from tests.unit.api.world import World

ASKED = {"kind": "policy_change", "parameters": {"note": "one"}, "reason": "a reason"}


@pytest.fixture
def approver(world: World) -> dict[str, str]:
    """The headers of another client, which may only approve."""
    return headers_of(world, "approver", Scope.APPROVE)


def headers_of(world: World, client_id: str, *scopes: Scope) -> dict[str, str]:
    key = P256Signer()
    world.register(client_id, scopes, key)
    answer = world.ask_token(client_assertion=world.assertion(client_id, key))
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def asked(world: World) -> dict[str, Any]:
    act: dict[str, Any] = world.post("/v1/acts", ASKED, key="ask", status=202)
    return act


def test_one_asks_and_another_approves(world: World, approver: dict[str, str]) -> None:
    act = asked(world)
    assert (act["state"], act["description"]["title_ko"]) == ("requested", "메모하기")
    assert act["requested_by"] == {"kind": "client", "id": "back-office", "channel": "api"}
    path = f"/v1/acts/{act['act_id']}"
    answer = world.http.post(f"{path}/approval", json={"digest": act["digest"]}, headers=approver)
    assert (answer.status_code, answer.get_json()["state"]) == (200, "done")
    assert world.get(path)["decided_by"] == {"kind": "client", "id": "approver", "channel": "api"}
    assert [item["act_id"] for item in world.get("/v1/acts")["items"]] == [act["act_id"]]


def test_who_asked_approves_nothing_though_he_holds_the_scope(world: World) -> None:
    act = asked(world)
    for name, body in (("approval", {"digest": act["digest"]}), ("rejection", None)):
        arguments = {} if body is None else {"json": body}
        answer = world.http.post(f"/v1/acts/{act['act_id']}/{name}", headers=world.headers(), **arguments)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "second_person_required")


def test_another_digest_approves_nothing(world: World, approver: dict[str, str]) -> None:
    path = f"/v1/acts/{asked(world)['act_id']}/approval"
    answer = world.http.post(path, json={"digest": "0x" + "00" * 32}, headers=approver)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "act_changed")


def test_rejected_act_is_closed(world: World, approver: dict[str, str]) -> None:
    act = asked(world)
    path = f"/v1/acts/{act['act_id']}"
    assert world.http.post(f"{path}/rejection", headers=approver).get_json()["state"] == "rejected"
    answer = world.http.post(f"{path}/approval", json={"digest": act["digest"]}, headers=approver)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "act_closed")


def test_asker_withdraws_and_nobody_else(world: World, approver: dict[str, str]) -> None:
    path = f"/v1/acts/{asked(world)['act_id']}/withdrawal"
    refused = world.http.post(path, headers=approver)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "act_not_permitted")
    assert world.post(path, status=200)["state"] == "withdrawn"


@pytest.mark.parametrize("scope", sorted(set(Scope) - {Scope.APPROVE}))
def test_no_other_scope_approves(world: World, scope: Scope) -> None:
    act = asked(world)
    answer = world.http.post(
        f"/v1/acts/{act['act_id']}/approval",
        json={"digest": act["digest"]},
        headers=headers_of(world, "other", scope),
    )
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("scope", sorted(Scope))
def test_what_an_act_is_about_is_shown_to_those_alone_whom_it_concerns(world: World, scope: Scope) -> None:
    act = asked(world)
    headers = headers_of(world, "other", scope)
    concerned = scope in {Scope.GOVERN, Scope.APPROVE, Scope.AUDIT}
    one = world.http.get(f"/v1/acts/{act['act_id']}", headers=headers).get_json()
    (listed,) = world.http.get("/v1/acts", headers=headers).get_json()["items"]
    for name in ("parameters", "salt", "reason", "description"):
        assert one[name] == listed[name] == (act[name] if concerned else None)
    assert (one["state"], one["digest"]) == ("requested", act["digest"])


def test_approver_asks_for_nothing(world: World, approver: dict[str, str]) -> None:
    answer = world.http.post("/v1/acts", json=ASKED, headers={**approver, "Idempotency-Key": "k"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "act_not_permitted")


@pytest.mark.parametrize(
    "change", [{"kind": "coup"}, {"kind": "backup_export"}, {"parameters": {}}, {"reason": ""}, {"reason": "a\nb"}]
)
def test_act_of_another_shape_is_refused(world: World, change: dict[str, Any]) -> None:
    assert world.post("/v1/acts", {**ASKED, **change}, key="k", status=400)["code"] == "malformed_input"


def test_same_act_waits_once(world: World) -> None:
    act = asked(world)
    assert asked(world) == act
    assert world.post("/v1/acts", ASKED, key="another", status=409)["code"] == "act_pending"

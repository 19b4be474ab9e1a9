"""What wallets that others wrote legitimately send, each seen to be refused once."""

import json

import pytest

from tests.common.jwe_by_hand import encrypt_by_hand
from tests.unit.api.presenting import answer, asked, local, open_request, result, send, shown
from tests.unit.api.world import World


def test_wallet_that_does_not_name_the_key_it_encrypted_to_is_read(world: World) -> None:
    made, request = open_request(world)
    (jwk,) = request["client_metadata"]["jwks"]["keys"]
    body = {"vp_token": {"credential": [shown(world, world.issued(), request)]}, "state": request["state"]}
    text = encrypt_by_hand(json.dumps(body).encode(), jwk)
    assert send(world, request, {"response": text}).status_code == 200
    assert result(world, made)["state"] == "verified"


def test_time_of_the_key_binding_may_have_a_fraction(world: World) -> None:
    made, request = open_request(world)
    presented = shown(world, world.issued(), request, change=lambda claims: claims.update(iat=claims["iat"] + 0.25))
    assert answer(world, request, {"credential": [presented]}).status_code == 200
    assert result(world, made)["state"] == "verified"


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {"Transfer-Encoding": "chunked"}], ids=["typed", "chunked"]
)
def test_form_without_fields_of_another_type_is_refused(world: World, headers: dict[str, str]) -> None:
    made = asked(world)
    path = local(made["request_uri"])
    assert world.http.post(path, headers=headers).status_code == 415

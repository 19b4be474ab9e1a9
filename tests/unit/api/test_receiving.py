"""From the offer to the credential in the wallet, over the protocols alone; and a wallet that goes away."""

from typing import Any

import pytest

from jeung.crypto.sd_jwt_vc import parse_presentation, read_credential
from tests.common.key_proofs import Device
from tests.unit.api.parts import METHODS, PERSON, URL
from tests.unit.api.test_wallet_flows import offered, token_form
from tests.unit.api.world import World

CREDENTIAL, DEFERRED = "/oid4vci/credential", "/oid4vci/deferred"


@pytest.fixture
def world() -> World:
    return World(wallets={"attestation": "optional"})


def redeemed(world: World, offer: dict[str, Any]) -> dict[str, str]:
    """Redeem an offer; give the headers that show its token."""
    answer = world.http.post("/oid4vci/token", data=token_form(offer))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def request(world: World, *devices: Device) -> dict[str, Any]:
    nonce = world.http.post("/oid4vci/nonce").get_json()["c_nonce"]
    proofs = [device.proof(URL, nonce=nonce, at=world.clock.now()) for device in devices]
    return {"credential_configuration_id": "real-name-1", "proofs": {"jwt": proofs}}


def test_offered_credential_is_received_and_reported(world: World) -> None:
    headers, devices = redeemed(world, offered(world)), [Device(), Device()]
    answer = world.http.post(CREDENTIAL, json=request(world, *devices), headers=headers).get_json()
    found = [read_credential(parse_presentation(entry["credential"])) for entry in answer["credentials"]]
    assert [(credential.holder_jwk or {})["x"] for credential in found] == [device.jwk["x"] for device in devices]
    report = {"notification_id": answer["notification_id"], "event": "credential_accepted"}
    assert world.http.post("/oid4vci/notification", json=report, headers=headers).status_code == 204


def test_offer_for_an_open_proofing_is_deferred_until_it_is_completed(world: World) -> None:
    proofing = world.post("/v1/proofings", {"person": PERSON}, key="p-1", status=201)["proofing_id"]
    offer = world.post("/v1/credential-offers", {"proofing_id": proofing}, key="o-1", status=201)
    headers = redeemed(world, offer)
    waiting = world.http.post(CREDENTIAL, json=request(world, Device()), headers=headers)
    assert waiting.status_code == 202, waiting.text
    transaction = {"transaction_id": waiting.get_json()["transaction_id"]}
    for method in METHODS:
        check = {
            "method": method.value,
            "performed_at": world.clock.now(),
            "evidence_digest": "0x" + "ab" * 32,
            "passed": True,
        }
        world.post(f"/v1/proofings/{proofing}/checks", check, key=f"c-{method}", status=201)
    world.post(f"/v1/proofings/{proofing}/completion", status=200)
    world.clock.advance(waiting.get_json()["interval"])
    assert len(world.http.post(DEFERRED, json=transaction, headers=headers).get_json()["credentials"]) == 1


def test_replayed_offer_takes_back_the_token_it_gave(world: World) -> None:
    offer = offered(world)
    headers = redeemed(world, offer)
    assert world.http.post("/oid4vci/token", data=token_form(offer)).status_code == 400
    answer = world.http.post(CREDENTIAL, json=request(world, Device()), headers=headers)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    assert world.database.read().credentials == {}


def test_wallet_that_goes_away_leaves_nothing_issued(world: World) -> None:
    headers = redeemed(world, offered(world))
    abandoned = request(world, Device())
    assert world.database.read().credentials == {}
    assert world.database.read().notifications == {}
    world.clock.advance(24 * 3600)
    assert world.http.post(CREDENTIAL, json=abandoned, headers=headers).status_code == 401
    assert world.database.read().credentials == {}

"""Offers come from strangers: exactly one, of the one shape, whatever the link looks like."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.metadata import well_known
from cli.wallet.offers import PRE_AUTHORIZED, read_offer
from tests.unit.cli.wallet.parts import CONFIGURATION, ISSUER, Servers, answer

OFFER: dict[str, Any] = {
    "credential_issuer": ISSUER,
    "credential_configuration_ids": [CONFIGURATION],
    "grants": {
        PRE_AUTHORIZED: {"pre-authorized_code": "c0de", "tx_code": {"length": 6, "input_mode": "numeric"}},
        "authorization_code": {"issuer_state": "st4te"},
    },
}


def link(scheme: str = "openid-credential-offer://", **parameters: str) -> str:
    return f"{scheme}?{urlencode(parameters)}"


@pytest.mark.parametrize("scheme", ["openid-credential-offer://", "haip-vci://", "https://wallet.example/offer"])
def test_an_offer_by_value_is_read_from_any_link(scheme: str) -> None:
    offer = read_offer(Servers(), link(scheme, credential_offer=json.dumps(OFFER)))
    assert (offer.issuer, offer.configuration_ids) == (ISSUER, (CONFIGURATION,))
    assert (offer.pre_authorized_code, offer.issuer_state) == ("c0de", "st4te")
    assert offer.takes_authorization_code


def test_an_offer_by_reference_is_fetched() -> None:
    servers = Servers()
    servers.pages[f"{ISSUER}/oid4vci/offers/1"] = answer(OFFER)
    offer = read_offer(servers, link(credential_offer_uri=f"{ISSUER}/oid4vci/offers/1"))
    assert offer.pre_authorized_code == "c0de"


def test_an_expired_reference_is_the_servers_refusal() -> None:
    with pytest.raises(ServerRefused) as refused:
        read_offer(Servers(), link(credential_offer_uri=f"{ISSUER}/oid4vci/offers/1"))
    assert refused.value.status == 404


def test_codes_stay_out_of_the_repr() -> None:
    shown = repr(read_offer(Servers(), link(credential_offer=json.dumps(OFFER))))
    assert "c0de" not in shown
    assert "st4te" not in shown


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"credential_offer": "[]"},
        {"credential_offer": "{"},
        {"credential_offer": json.dumps(OFFER), "credential_offer_uri": f"{ISSUER}/o/1"},
        {"credential_offer": json.dumps({**OFFER, "credential_issuer": 7})},
        {"credential_offer": json.dumps({**OFFER, "credential_configuration_ids": []})},
        {"credential_offer": json.dumps({**OFFER, "credential_configuration_ids": ["a", "a"]})},
        {"credential_offer": json.dumps({**OFFER, "grants": []})},
        {"credential_offer": json.dumps({**OFFER, "grants": {PRE_AUTHORIZED: {}}})},
        {"credential_offer": " " * 20_000},
    ],
)
def test_what_is_no_offer_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(NotTrusted):
        read_offer(Servers(), link(**parameters))


@pytest.mark.parametrize(
    "reference",
    [
        "http://bank.example/offers/1",
        "http://127.0.0.1:8101/offers/1",
        "ftp://bank.example/offers/1",
        "https://user@bank.example/offers/1",
        "https:///offers/1",
        "file:///etc/passwd",
    ],
)
def test_a_reference_leads_to_no_address_a_wallet_does_not_go_to(reference: str) -> None:
    servers = Servers()
    with pytest.raises(NotTrusted) as refused:
        read_offer(servers, link(credential_offer_uri=reference))
    assert refused.value.reason == "address_refused"
    assert servers.asked == []


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("https://bank.example", "https://bank.example/.well-known/x"),
        ("https://bank.example/", "https://bank.example/.well-known/x"),
        ("https://bank.example/retail", "https://bank.example/.well-known/x/retail"),
    ],
)
def test_a_well_known_document_stands_between_host_and_path(identifier: str, address: str) -> None:
    assert well_known(identifier, "x") == address

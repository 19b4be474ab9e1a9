"""Wallets find what this member issues, plain or signed, and every address in it is served."""

from jeung.crypto.jws import parse_jws
from tests.unit.api.parts import URL
from tests.unit.api.phone import CONFIGURATION
from tests.unit.api.world import World

CREDENTIAL = "/oid4vci/credential"
METADATA = "/.well-known/openid-credential-issuer"


def test_plain_metadata_are_the_default(world: World) -> None:
    for accept in (None, "application/json", "*/*", "application/json, application/jwt;q=0.5"):
        answer = world.http.get(METADATA, headers={} if accept is None else {"Accept": accept})
        assert (answer.status_code, answer.content_type) == (200, "application/json")
    body = answer.get_json()
    assert body["credential_issuer"] == URL
    assert body["credential_endpoint"] == URL + CREDENTIAL
    assert list(body["credential_configurations_supported"]) == [CONFIGURATION]
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_signed_metadata_are_given_to_who_asks_for_them(world: World) -> None:
    answer = world.http.get(METADATA, headers={"Accept": "application/jwt"})
    assert answer.content_type == "application/jwt"
    claims = parse_jws(answer.text, typ="openidvci-issuer-metadata+jwt").claims()
    assert (claims["sub"], claims["credential_issuer"]) == (URL, URL)
    again = world.http.get(METADATA, headers={"Accept": "application/jwt", "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_other_forms_of_the_metadata_do_not_exist(world: World) -> None:
    assert world.http.get(METADATA, headers={"Accept": "text/html"}).status_code == 406


def test_every_published_endpoint_is_served(world: World) -> None:
    body = world.http.get(METADATA).get_json()
    addresses = [value for name, value in body.items() if name.endswith("_endpoint")]
    assert len(addresses) == 4
    for address in addresses:
        assert world.http.post(address.removeprefix(URL), json={}).status_code != 404
    logo = world.http.get(body["display"][0]["logo"]["uri"].removeprefix(URL))
    assert (logo.status_code, logo.content_type, logo.data[:4]) == (200, "image/png", b"\x89PNG")
    assert logo.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_web_wallet_may_send_what_it_must(world: World) -> None:
    asked = {"Origin": "https://wallet.example", "Access-Control-Request-Method": "POST"}
    answer = world.http.options(CREDENTIAL, headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"authorization", "content-type", "dpop"} <= {
        name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")
    }

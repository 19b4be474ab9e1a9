"""One test for each issuer module of the OpenID Foundation's conformance suite (vci10issuer), under its name.

The modules run against a deployed issuer and cannot run here; each test does what its module does, with a wallet that
speaks the standards over the real HTTP skin.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from cli.demo.catalogue import TYPE_NAME
from cli.p256 import P256Key
from cli.wallet.attestation import (
    ATTESTATION_TYPE,
    Instance,
    Shape,
    WalletProvider,
    attestation_pop,
    fetch_challenge,
)
from cli.wallet.browsing import Browser
from cli.wallet.conversation import Conversation, Token
from cli.wallet.credentials import Held
from cli.wallet.dpop import Dpop
from cli.wallet.errors import ServerRefused
from cli.wallet.grants import authorize, push
from cli.wallet.issuance import Issued, notify, request_body, request_credentials
from cli.wallet.proofs import attestation_proofs, jwt_proof, jwt_proofs
from jeung.crypto import base64url
from jeung.crypto.jwk import parse_certificate_key
from jeung.crypto.jws import parse_jws, sign_jws, verify_jws
from tests.integration.wallets.scene import BANK, Scene

CLIENT_ID = "https://wallet.example"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    scene = Scene(Path(tmp_path_factory.mktemp("conformance")), attestation="required")
    yield scene
    scene.close()


@dataclass(frozen=True)
class Session:
    """Hold an authorized wallet: its conversation with the issuer, its token."""

    scene: Scene
    talk: Conversation
    token: Token

    def keys(self, count: int = 1) -> list[P256Key]:
        return [P256Key.generate() for _ in range(count)]

    def ask(self, body: Mapping[str, Any], *, encrypted: bool = False) -> Issued:
        answer = request_credentials(self.talk, self.token, body, encrypted=encrypted)
        assert isinstance(answer, Issued)
        return answer

    def proofs(self, count: int = 1, *, nonce: str | None = None) -> dict[str, Any]:
        nonce = nonce or self.talk.fetch_nonce()
        now = self.scene.clock.now()
        return jwt_proofs(self.keys(count), audience=BANK, now=now, nonce=nonce, client_id=CLIENT_ID)

    def body(self, proofs: dict[str, Any]) -> dict[str, Any]:
        return request_body(TYPE_NAME, self.token, proofs)


def instance(scene: Scene, provider: WalletProvider | None = None) -> Instance:
    return Instance(provider or scene.provider, CLIENT_ID, P256Key.generate(), Shape.PRESENT)


def conversation(scene: Scene, wallet: Instance) -> Conversation:
    issuer = scene.world.issuers.at(BANK)
    return Conversation(scene.http, issuer, scene.clock, Dpop(P256Key.generate(), scene.clock), wallet)


def authorized(scene: Scene, wallet: Instance | None = None) -> Session:
    """Go the way of the suite: PAR with attestation, consent, token with DPoP."""
    talk = conversation(scene, wallet or instance(scene))
    offer = scene.offer()
    browser = Browser(
        scene.http, {"tx_code": offer["transaction_code"], "reception_number": offer["reception_number"]}
    )
    state = offer["credential_offer"]["grants"]["authorization_code"]["issuer_state"]
    token = authorize(talk, (TYPE_NAME,), browser.browse, issuer_state=state)
    assert token.token_type == "DPoP"
    return Session(scene, talk, token)


def accepted(scene: Scene, session: Session, issued: Issued, keys: list[P256Key]) -> list[Held]:
    return scene.world.receiver.accept(issued.credentials, keys, session.talk.issuer, TYPE_NAME)


def refused(error: str, act: Callable[[], object]) -> ServerRefused:
    with pytest.raises(ServerRefused) as caught:
        act()
    assert caught.value.error == error
    assert 400 <= caught.value.status < 500
    return caught.value


def test_happy_flow(scene: Scene) -> None:
    session = authorized(scene)
    keys = session.keys()
    nonce = session.talk.fetch_nonce()
    proofs = jwt_proofs(keys, audience=BANK, now=scene.clock.now(), nonce=nonce, client_id=CLIENT_ID)
    issued = session.ask(session.body(proofs))
    (held,) = accepted(scene, session, issued, keys)
    assert held.issuer == BANK
    assert issued.notification_id is not None
    notify(session.talk, session.token, issued.notification_id, "credential_accepted")


def test_happy_flow_with_skip_notification(scene: Scene) -> None:
    session = authorized(scene)
    assert session.ask(session.body(session.proofs())).credentials


def test_happy_flow_multiple_clients(scene: Scene) -> None:
    first, second = authorized(scene), authorized(scene, instance(scene))
    texts = {session.ask(session.body(session.proofs())).credentials[0] for session in (first, second)}
    assert len(texts) == 2
    # The one's token is worth nothing under the other's key.
    thief = Session(scene, second.talk, first.token)
    refused("invalid_dpop_proof", lambda: thief.ask(thief.body(thief.proofs())))


def test_happy_flow_additional_requests(scene: Scene) -> None:
    session = authorized(scene)
    url = session.talk.issuer.endpoint("credential_endpoint")
    headers = [
        {},
        {"X-FAPI-Customer-IP-Address": "2001:db8::1"},
        {"Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"},
        {"Accept": "application/json; charset=utf-8"},
    ]
    for more in headers:
        body = json.dumps(session.body(session.proofs())).encode()

        def send(proof: Mapping[str, str], more: dict[str, str] = more, body: bytes = body) -> Any:  # noqa: ANN401
            return scene.http.post(url, body, content_type="application/json", headers={**proof, **more})

        assert session.talk.dpop is not None
        answer = session.talk.dpop.send("POST", url, send, token=session.token.value)
        assert answer.status == 200, answer.body


def test_batch_issuance(scene: Scene) -> None:
    session = authorized(scene)
    size = session.talk.issuer.batch_size
    assert size >= 2
    keys = session.keys(size)
    nonce = session.talk.fetch_nonce()
    proofs = jwt_proofs(keys, audience=BANK, now=scene.clock.now(), nonce=nonce, client_id=CLIENT_ID)
    held = accepted(scene, session, session.ask(session.body(proofs)), keys)
    assert len({copy.key.jwk["x"] for copy in held}) == size
    assert len({(copy.status.uri, copy.status.index) for copy in held if copy.status}) == size


def test_metadata_test(scene: Scene) -> None:
    answer = scene.http.get(f"{BANK}/.well-known/openid-credential-issuer")
    metadata = answer.json()
    assert answer.media_type == "application/json"
    assert metadata["credential_issuer"] == BANK
    assert metadata["nonce_endpoint"]
    assert all(metadata[name].startswith(BANK) for name in metadata if name.endswith("_endpoint"))
    for configuration in metadata["credential_configurations_supported"].values():
        assert configuration["format"] == "dc+sd-jwt"
        assert configuration["scope"]
        assert configuration["credential_signing_alg_values_supported"] == ["ES256"]
        assert set(configuration["proof_types_supported"]) == {"jwt", "attestation"}
        locales = [display["locale"] for display in configuration["credential_metadata"]["display"]]
        assert len(locales) == len(set(locales)) == 2
    for name in ("credential_request_encryption", "credential_response_encryption"):
        assert set(metadata[name]["enc_values_supported"]) == {"A128GCM", "A256GCM"}
    server = scene.http.get(f"{BANK}/.well-known/oauth-authorization-server").json()
    assert server["issuer"] == BANK
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert server["authorization_response_iss_parameter_supported"] is True
    assert server["require_pushed_authorization_requests"] is True
    assert "attest_jwt_client_auth" in server["token_endpoint_auth_methods_supported"]


def test_metadata_signed_test(scene: Scene) -> None:
    url = f"{BANK}/.well-known/openid-credential-issuer"
    answer = scene.http.exchange("GET", url, headers={"Accept": "application/jwt"})
    assert answer.media_type == "application/jwt"
    jws = parse_jws(answer.body.decode(), typ="openidvci-issuer-metadata+jwt")
    claims = json.loads(verify_jws(jws, parse_certificate_key(jws.header["x5c"][0])))
    assert claims["sub"] == BANK
    assert claims["iat"] <= scene.clock.now()
    plain = scene.http.get(url).json()
    assert {name: claims[name] for name in plain if name != "signed_metadata"} == plain


def test_fail_on_invalid_nonce(scene: Scene) -> None:
    session = authorized(scene)
    refused("invalid_nonce", lambda: session.ask(session.body(session.proofs(nonce="not-one-of-theirs"))))


def test_fail_on_missing_proof(scene: Scene) -> None:
    session = authorized(scene)
    body = session.body({})
    for missing in ({**body, "proofs": {}}, {name: value for name, value in body.items() if name != "proofs"}):
        with pytest.raises(ServerRefused) as caught:
            session.ask(missing)
        assert (caught.value.status, caught.value.error) in {
            (400, "invalid_proof"),
            (400, "invalid_credential_request"),
        }


def test_fail_on_invalid_jwt_proof_signature(scene: Scene) -> None:
    session = authorized(scene)
    proofs = session.proofs()
    head, payload, signature = proofs["jwt"][0].split(".")
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    refused("invalid_proof", lambda: session.ask(session.body({"jwt": [f"{head}.{payload}.{other}"]})))


def test_fail_on_invalid_key_attestation_signature(scene: Scene) -> None:
    session = authorized(scene)
    nonce, now = session.talk.fetch_nonce(), scene.clock.now()
    proofs = attestation_proofs(session.keys(), scene.provider, now=now, nonce=nonce)
    head, payload, signature = proofs["attestation"][0].split(".")
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    refused("invalid_proof", lambda: session.ask(session.body({"attestation": [f"{head}.{payload}.{other}"]})))
    key = P256Key.generate()
    proof = jwt_proof(
        key, audience=BANK, now=now, nonce=nonce, client_id=CLIENT_ID, key_attestation=f"{head}.{payload}.{other}"
    )
    refused("invalid_proof", lambda: session.ask(session.body({"jwt": [proof]})))


def test_fail_on_unknown_credential_configuration_id(scene: Scene) -> None:
    session = authorized(scene)
    body = {"credential_configuration_id": "no-such-thing", "proofs": session.proofs()}
    refused("unknown_credential_configuration", lambda: session.ask(body))


def test_fail_on_unknown_credential_identifier(scene: Scene) -> None:
    session = authorized(scene)
    body = {"credential_identifier": "no-such-thing", "proofs": session.proofs()}
    refused("unknown_credential_identifier", lambda: session.ask(body))


def test_fail_on_unsupported_encryption_algorithm(scene: Scene) -> None:
    session = authorized(scene)
    jwk = {**ECKey.generate_key("P-256").as_dict(private=False), "use": "enc", "alg": "ECDH-ES", "kid": "a"}
    for change in ({"enc": "A128CBC-HS256"}, {"enc": "XYZ"}, {"jwk": {**jwk, "alg": "RSA-OAEP-256"}}):
        wanted = {"jwk": jwk, "enc": "A256GCM", **change}
        body = {**session.body(session.proofs()), "credential_response_encryption": wanted}
        refused("invalid_encryption_parameters", lambda body=body: session.ask(body))  # type: ignore[misc]


def test_fail_on_request_with_access_token_in_query(scene: Scene) -> None:
    session = authorized(scene)
    url = session.talk.issuer.endpoint("credential_endpoint")
    body = json.dumps(session.body(session.proofs())).encode()
    answer = scene.http.post(f"{url}?access_token={session.token.value}", body, content_type="application/json")
    assert answer.status in (400, 401)
    assert session.token.value.encode() not in answer.body


def test_fail_on_client_attestation_exp_in_past(scene: Scene) -> None:
    wallet = instance(scene)
    now = scene.clock.now()
    stale = scene.provider.attest_client(CLIENT_ID, wallet.key.jwk, now=now - 600, life_s=300)
    assert pushed_with(scene, wallet, stale)["error"] in ("invalid_client", "use_fresh_attestation")


def test_fail_on_client_attestation_no_sub(scene: Scene) -> None:
    wallet = instance(scene)
    now = scene.clock.now()
    claims: dict[str, object] = {"iat": now, "exp": now + 300, "cnf": {"jwk": wallet.key.jwk}}
    nameless = sign_jws({"alg": "ES256", "typ": ATTESTATION_TYPE}, claims, scene.provider.key.sign)
    assert pushed_with(scene, wallet, nameless)["error"] in ("invalid_client", "invalid_client_attestation")


def test_fail_on_client_attestation_pop_wrong_aud(scene: Scene) -> None:
    wallet = instance(scene)
    answer = pushed_with(scene, wallet, None, audience="https://another-server.example")
    assert answer["error"] in ("invalid_client", "invalid_client_attestation")


def test_fail_on_invalid_client_attestation_signature(scene: Scene) -> None:
    wallet = instance(scene)
    forged = instance(scene, WalletProvider.generate()).provider.attest_client(
        CLIENT_ID, wallet.key.jwk, now=scene.clock.now()
    )
    assert pushed_with(scene, wallet, forged)["error"] in ("invalid_client", "invalid_client_attestation")


def test_fail_on_invalid_client_attestation_pop_signature(scene: Scene) -> None:
    wallet = instance(scene)
    answer = pushed_with(scene, wallet, None, spoil=True)
    assert answer["error"] in ("invalid_client", "invalid_client_attestation")


def test_fail_on_mismatched_client_attestation_pop_key(scene: Scene) -> None:
    wallet = instance(scene)
    answer = pushed_with(scene, wallet, None, pop_key=P256Key.generate())
    assert answer["error"] in ("invalid_client", "invalid_client_attestation")


def test_attested_wallet_is_pushed_where_nothing_is_wrong(scene: Scene) -> None:
    """The refusals above are for their reasons: the same request without a fault is taken."""
    assert "request_uri" in pushed_with(scene, instance(scene), None)
    talk = conversation(scene, instance(scene))
    assert push(talk, (TYPE_NAME,), issuer_state=None).request_uri


def pushed_with(
    scene: Scene,
    wallet: Instance,
    attestation: str | None,
    *,
    audience: str = BANK,
    pop_key: P256Key | None = None,
    spoil: bool = False,
) -> dict[str, Any]:
    """Push an authorization request with a client authentication of the test's making; give the answer's JSON."""
    talk = conversation(scene, wallet)
    now = scene.clock.now()
    attestation = attestation or scene.provider.attest_client(CLIENT_ID, wallet.key.jwk, now=now)
    pop = attestation_pop(
        pop_key or wallet.key,
        audience=audience,
        now=now,
        client_id=CLIENT_ID,
        challenge=fetch_challenge(scene.http, talk.issuer),
    )
    if spoil:
        head, payload, signature = pop.split(".")
        pop = f"{head}.{payload}.{('A' if signature[0] != 'A' else 'B') + signature[1:]}"
    form = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": "https://wallet.example/return",
        "scope": TYPE_NAME,
        "state": "state",
        "code_challenge": base64url.encode(bytes(32)),
        "code_challenge_method": "S256",
    }
    headers = {"OAuth-Client-Attestation": attestation, "OAuth-Client-Attestation-PoP": pop}
    url = talk.issuer.server_endpoint("pushed_authorization_request_endpoint")
    answer = scene.http.post_form(url, form, headers=headers)
    given: dict[str, Any] = json.loads(answer.body)
    assert answer.status == 201 if "request_uri" in given else 400 <= answer.status < 500
    return given

"""The wallet's side of an issuance: tokens, proofs, encryption, late credentials, notifications."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from cli.p256 import P256Key
from cli.wallet.attestation import Instance, Shape, WalletProvider
from cli.wallet.encryption import AgreementKey, encrypt_to
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.grants import Pushed, read_redirect
from cli.wallet.http import Answer
from cli.wallet.offers import PRE_AUTHORIZED
from cli.wallet.wallet import HeadlessWallet, Pending, Wish, World
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from tests.common.custody import NOW, SetClock
from tests.unit.cli.wallet.parts import CONFIGURATION, ISSUER, VCT, Bank, Servers, answer

OFFER = {
    "credential_issuer": ISSUER,
    "credential_configuration_ids": [CONFIGURATION],
    "grants": {PRE_AUTHORIZED: {"pre-authorized_code": "c0de", "tx_code": {}}},
}
LINK = "openid-credential-offer://?" + urlencode({"credential_offer": json.dumps(OFFER)})


class BankServer:
    """Issue to whoever proves keys over the nonce; late, encrypted or forged as a test wants."""

    def __init__(self, servers: Servers) -> None:
        self.bank = Bank(servers)
        self.request_key = AgreementKey()
        self.late = False
        self.holder: P256Key | None = None
        self.forms: list[dict[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.requests: list[dict[str, Any]] = []
        self.events: list[str] = []
        self.metadata: dict[str, Any] = {
            "credential_issuer": ISSUER,
            "credential_endpoint": f"{ISSUER}/c",
            "nonce_endpoint": f"{ISSUER}/n",
            "deferred_credential_endpoint": f"{ISSUER}/d",
            "notification_endpoint": f"{ISSUER}/e",
            "credential_configurations_supported": {CONFIGURATION: {"vct": VCT, "scope": CONFIGURATION}},
            "credential_request_encryption": {
                "jwks": {"keys": [self.request_key.jwk]},
                "enc_values_supported": ["A128GCM"],
            },
            "credential_response_encryption": {"enc_values_supported": ["A256GCM"]},
        }
        server = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/t", "challenge_endpoint": f"{ISSUER}/ch"}
        servers.pages |= {
            f"{ISSUER}/.well-known/openid-credential-issuer": lambda *_: answer(self.metadata),
            f"{ISSUER}/.well-known/oauth-authorization-server": answer(server),
            f"{ISSUER}/t": self.token,
            f"{ISSUER}/n": answer({"c_nonce": "nonce"}),
            f"{ISSUER}/ch": answer({"attestation_challenge": "challenge"}),
            f"{ISSUER}/c": self.credential,
            f"{ISSUER}/d": self.credential,
            f"{ISSUER}/e": self.event,
        }

    def token(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.forms.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
        self.headers.append(headers)
        return answer({"access_token": "t0ken", "token_type": "DPoP"})

    def credential(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        encrypted = headers["Content-Type"] == "application/jwt"
        asked = json.loads(self.request_key.open(body.decode()) if encrypted else body)
        self.requests.append(asked)
        if self.late:
            self.late = False
            said: dict[str, Any] = {"transaction_id": "tx-1", "interval": 1}
        else:
            first = self.requests[0]["proofs"]
            keys = (
                parse_jws(first["attestation"][0], typ=None).claims()["attested_keys"]
                if "attestation" in first
                else [parse_jws(proof, typ=None).header["jwk"] for proof in first["jwt"]]
            )
            texts = [self._issued(jwk) for jwk in keys]
            said = {"credentials": [{"credential": text} for text in texts], "notification_id": "id"}
        if not encrypted:
            return answer(said)
        reader = asked["credential_response_encryption"]
        sealed = encrypt_to(json.dumps(said).encode(), [reader["jwk"]], [reader["enc"]])
        return answer(sealed.encode(), kind="application/jwt")

    def event(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.events.append(json.loads(body)["event"])
        return answer(b"", status=204)

    def _issued(self, jwk: dict[str, str]) -> str:
        holder = self.holder or P256Key.generate()
        return self.bank.credential(holder, claims=None if self.holder else {"cnf": {"jwk": jwk}})


class Scene:
    def __init__(self, instance: Instance | None = None) -> None:
        self.servers = Servers()
        self.server = BankServer(self.servers)
        self.wallet = HeadlessWallet(World.build(self.servers, SetClock()), instance=instance)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def attested(shape: Shape = Shape.PRESENT) -> Scene:
    return Scene(Instance(WalletProvider.generate(), "wallet-1", P256Key.generate(), shape))


def test_an_offer_becomes_a_credential_and_the_issuer_hears_of_it(scene: Scene) -> None:
    kept = scene.wallet.receive(LINK, tx_code="493536")
    assert kept == scene.wallet.credentials
    assert scene.server.forms[0]["tx_code"] == "493536"
    assert scene.server.events == ["credential_accepted"]
    proof = parse_jws(scene.server.requests[0]["proofs"]["jwt"][0], typ="openid4vci-proof+jwt")
    verify_jws(proof, parse_jwk(proof.header["jwk"]))
    assert proof.claims() == {"aud": ISSUER, "iat": NOW, "nonce": "nonce"}


def test_each_copy_has_a_key_of_its_own(scene: Scene) -> None:
    kept = scene.wallet.receive(LINK, tx_code="1", wish=Wish(copies=3))
    assert isinstance(kept, list)
    assert len({one.holder for one in kept}) == 3


def test_encryption_goes_both_ways(scene: Scene) -> None:
    kept = scene.wallet.receive(LINK, tx_code="1", wish=Wish(encrypted=True))
    assert isinstance(kept, list)
    (body,) = [body for _, url, body, _ in scene.servers.asked if url == f"{ISSUER}/c"]
    assert body.count(b".") == 4


def test_an_answer_in_clear_where_encryption_was_asked_for_is_refused(scene: Scene) -> None:
    scene.servers.pages[f"{ISSUER}/c"] = answer({"credentials": [{"credential": "x"}]})
    with pytest.raises(NotTrusted):
        scene.wallet.receive(LINK, tx_code="1", wish=Wish(encrypted=True))


def test_a_late_credential_is_collected_under_the_same_keys(scene: Scene) -> None:
    scene.server.late = True
    pending = scene.wallet.receive(LINK, tx_code="1")
    assert isinstance(pending, Pending)
    assert "tx-1" not in repr(pending)
    assert scene.wallet.credentials == []
    scene.server.late = True
    again = scene.wallet.collect(pending)
    assert isinstance(again, Pending)
    assert isinstance(scene.wallet.collect(again), list)
    assert scene.server.requests[-1] == {"transaction_id": "tx-1"}


def test_a_credential_for_another_key_is_not_kept_and_the_issuer_hears_of_it(scene: Scene) -> None:
    scene.server.holder = P256Key.generate()
    with pytest.raises(NotTrusted):
        scene.wallet.receive(LINK, tx_code="1")
    assert scene.wallet.credentials == []
    assert scene.server.events == ["credential_failure"]


def test_in_the_combined_mode_the_dpop_proof_stands_in_for_the_attestations_own() -> None:
    scene = attested(Shape.COMBINED)
    scene.wallet.receive(LINK, tx_code="1")
    headers = scene.server.headers[0]
    attestation = parse_jws(headers["OAuth-Client-Attestation"], typ=None).claims()
    assert "OAuth-Client-Attestation-PoP" not in headers
    assert parse_jws(headers["DPoP"], typ=None).header["jwk"] == attestation["cnf"]["jwk"]


def test_a_nonce_that_got_too_old_is_replaced_once(scene: Scene) -> None:
    refused = [True, True]

    def credential(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if refused.pop():
            return answer({"error": "invalid_nonce"}, status=400)
        return scene.server.credential(url, body, headers)

    scene.servers.pages[f"{ISSUER}/c"] = credential
    with pytest.raises(ServerRefused):
        scene.wallet.receive(LINK, tx_code="1")
    refused += [False, True]
    assert scene.wallet.receive(LINK, tx_code="1") == scene.wallet.credentials


@pytest.mark.parametrize("shape", [Shape.PRESENT, Shape.OLDER])
def test_an_attested_wallet_shows_whose_it_is_in_either_shape(shape: Shape) -> None:
    scene = attested(shape)
    scene.wallet.receive(LINK, tx_code="1")
    headers = scene.server.headers[0]
    attestation = parse_jws(headers["OAuth-Client-Attestation"], typ="oauth-client-attestation+jwt").claims()
    pop = parse_jws(headers["OAuth-Client-Attestation-PoP"], typ="oauth-client-attestation-pop+jwt")
    verify_jws(pop, parse_jwk(attestation["cnf"]["jwk"]))
    claims = pop.claims()
    assert (attestation["sub"], claims["aud"]) == ("wallet-1", ISSUER)
    assert claims["nonce" if shape is Shape.OLDER else "challenge"] == "challenge"
    assert ("iss" in claims) == ("iss" in attestation) == (shape is Shape.OLDER)
    proof = parse_jws(scene.server.requests[0]["proofs"]["jwt"][0], typ=None).claims()
    assert proof["iss"] == "wallet-1"


@pytest.mark.parametrize("kind", ["attestation", "attested_jwt"])
def test_a_provider_vouches_for_keys(kind: str) -> None:
    scene = attested()
    kept = scene.wallet.receive(LINK, tx_code="1", wish=Wish(copies=2, proof=kind))
    assert isinstance(kept, list)
    assert len(kept) == 2


def test_without_a_provider_nobody_vouches(scene: Scene) -> None:
    with pytest.raises(NotTrusted):
        scene.wallet.receive(LINK, tx_code="1", wish=Wish(proof="attestation"))


def test_an_issuer_whose_metadata_is_anothers_is_left(scene: Scene) -> None:
    scene.server.metadata["credential_issuer"] = "https://other.example"
    with pytest.raises(NotTrusted) as refused:
        scene.wallet.receive(LINK, tx_code="1")
    assert refused.value.reason == "issuer_mismatch"
    assert scene.server.forms == []


REDIRECT = "jeung-headless-wallet://authorized?"


@pytest.mark.parametrize(
    "answered",
    [
        {"code": "c", "state": "other", "iss": ISSUER},
        {"code": "c", "iss": ISSUER},
        {"code": "c", "state": "state"},
        {"code": "c", "state": "state", "iss": "https://other.example"},
        {"state": "state", "iss": ISSUER},
    ],
)
def test_an_authorization_answer_of_another_request_or_server_is_refused(answered: dict[str, str]) -> None:
    talk = attested().wallet.converse(ISSUER)
    with pytest.raises(NotTrusted):
        read_redirect(talk, Pushed("urn:x", "state", "verifier"), REDIRECT + urlencode(answered))


def test_a_denied_authorization_is_the_servers_refusal() -> None:
    talk = attested().wallet.converse(ISSUER)
    answered = {"error": "access_denied", "state": "state", "iss": ISSUER}
    with pytest.raises(ServerRefused) as refused:
        read_redirect(talk, Pushed("urn:x", "state", "verifier"), REDIRECT + urlencode(answered))
    assert refused.value.error == "access_denied"

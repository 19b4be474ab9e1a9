"""A wallet of the consortium answers nobody who is not registered, and nobody who asks for more than that."""

from typing import Any

import pytest

from cli.p256 import P256Key
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.receipts import Promise
from cli.wallet.register import LIST_MEDIA_TYPE, RelyingPartyRegister
from cli.wallet.requests import PresentationRequest, verify_request
from cli.wallet.told import Purpose
from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from tests.common.custody import NOW, SetClock
from tests.unit.cli.wallet.parts import (
    ISSUER,
    VCT,
    VERIFIER,
    Authority,
    Servers,
    answer,
    query,
    signed_request,
    x5c_of,
)

EXCHANGE = Authority("Mirae Exchange")
BANK = Authority("Hanbit Bank")
LISTED = frozenset({Purpose("account-opening", "to open an account", "aa" * 32)})
ADDRESS = f"{ISSUER}/relying-parties.jwt"


def request(changes: dict[str, Any] | None = None) -> PresentationRequest:
    client_id, signed = signed_request(EXCHANGE, changes)
    return verify_request(signed, client_id=client_id, wallet_nonce=None, now=NOW)


class Scene:
    """The bank publishes a list; its parts may be anything."""

    def __init__(self) -> None:
        self.servers = Servers()
        self.key, self.certificate = BANK.leaf(ISSUER)
        self.profile: dict[str, Any] = {
            "name": "account-opening",
            "digest": "aa" * 32,
            "purpose": "to open an account",
            "vct_values": [VCT],
            "claims": ["age_equal_or_over", "name_ko", "proofing.assurance_level"],
        }
        self.register = RelyingPartyRegister(self.servers, SetClock(), ISSUER)

    def publish(
        self,
        asked: PresentationRequest,
        *,
        party: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        signer: P256Key | None = None,
    ) -> None:
        whole = {
            "urls": [VERIFIER],
            "status": "active",
            "request_keys": [base64url.encode(asked.leaf.key.thumbprint)],
            "profiles": [self.profile],
        }
        body: dict[str, Any] = {
            "iss": ISSUER,
            "iat": NOW,
            "exp": NOW + 3600,
            "relying_parties": [whole | (party or {})],
        }
        head: dict[str, Any] = {"alg": "ES256", "typ": "jeung-relying-parties+jwt", "x5c": x5c_of(self.certificate)}
        text = sign_jws(head | (header or {}), body | (claims or {}), (signer or self.key).sign)
        self.servers.pages[ADDRESS] = answer(text.encode(), kind=LIST_MEDIA_TYPE)

    def refusal(self, asked: PresentationRequest) -> str:
        with pytest.raises(NotTrusted) as refused:
            self.register.check(asked)
        return refused.value.reason


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize(
    "asked",
    [
        query(),
        query(claims=None),
        query(claims=[{"path": ["age_equal_or_over", "19"]}]),
        query(claims=[{"path": ["proofing", "assurance_level"]}]),
    ],
)
def test_who_asks_for_what_is_registered_is_answered(scene: Scene, asked: dict[str, Any]) -> None:
    wanted = request({"dcql_query": {"credentials": [asked]}})
    scene.publish(wanted)
    scene.register.check(wanted)
    scene.register.check(wanted)
    assert len(scene.servers.asked) == 1


@pytest.mark.parametrize(
    "asked",
    [
        query(claims=[{"path": ["name_ko"]}, {"path": ["birthdate"]}]),
        query(claims=[{"path": ["proofing"]}]),
        query(claims=[{"path": ["proofing", "methods"]}]),
        query(claims=[{"path": ["proofing", None]}]),
        query(meta={"vct_values": [VCT, "https://other.example/types/x"]}),
        query(format="mso_mdoc", meta={"doctype_value": "x"}),
    ],
)
def test_over_asking_is_refused(scene: Scene, asked: dict[str, Any]) -> None:
    wanted = request({"dcql_query": {"credentials": [query(id="fine"), asked]}})
    scene.publish(wanted)
    assert scene.refusal(wanted) == "over_asking"


def test_a_request_is_held_to_the_profile_it_names(scene: Scene) -> None:
    def naming(digest: str) -> PresentationRequest:
        info = {"format": "urn:jeung:request-profile:1", "data": {"digest": digest}}
        return request({"verifier_info": [{"format": "other", "data": "x"}, info]})

    fine = naming("aa" * 32)
    scene.publish(fine)
    scene.register.check(fine)
    scene.register.forget()
    other = naming("bb" * 32)
    scene.publish(other)
    assert scene.refusal(other) == "over_asking"


@pytest.mark.parametrize(
    "party", [{"status": "suspended"}, {"urls": ["https://other.example"]}, {"request_keys": ["x" * 43]}]
)
def test_a_stranger_or_a_suspended_member_is_refused(scene: Scene, party: dict[str, Any]) -> None:
    wanted = request()
    scene.publish(wanted, party=party)
    assert scene.refusal(wanted) == "not_registered"


def test_the_register_says_whose_receipts_which_keys_may_sign(scene: Scene) -> None:
    wanted = request()
    scene.publish(wanted, party={"receipt_keys": ["k" * 43], "log_keys": ["l" * 43]})
    promise = scene.register.promise(wanted)
    assert promise == Promise(frozenset({VERIFIER}), frozenset({"k" * 43}), LISTED, frozenset({"l" * 43}))
    assert scene.register.promise_of(VERIFIER) == promise
    assert scene.register.promise_of("https://other.example") is None


def test_who_is_not_registered_or_has_no_key_has_promised_nothing(scene: Scene) -> None:
    wanted = request()
    scene.publish(wanted)
    assert scene.register.promise(wanted) == Promise(frozenset({VERIFIER}), frozenset(), LISTED)
    scene.register.forget()
    scene.publish(wanted, party={"urls": ["https://other.example"]})
    assert scene.register.promise(wanted) is None


def test_an_unknown_sender_is_looked_up_once_more(scene: Scene) -> None:
    first, second = request(), request()
    scene.publish(first)
    scene.register.check(first)
    scene.publish(second)
    scene.register.check(second)
    assert len(scene.servers.asked) == 2


def test_a_list_that_does_not_hold_is_not_believed(scene: Scene) -> None:
    wanted = request()
    _, other = BANK.leaf("https://other.example")
    key, _ = BANK.leaf(ISSUER)
    forged: list[dict[str, Any]] = [
        {"claims": {"iss": VERIFIER}},
        {"claims": {"exp": NOW}},
        {"claims": {"relying_parties": {}}},
        {"header": {"typ": "JWT"}},
        {"signer": key},
    ]
    for changes in forged:
        scene.publish(wanted, **changes)
        assert scene.refusal(wanted) == "register_refused"
    scene.publish(wanted, header={"x5c": x5c_of(other)})
    assert scene.refusal(wanted) == "certificate_refused"


def test_without_the_list_nothing_is_shown(scene: Scene) -> None:
    with pytest.raises(ServerRefused):
        scene.register.check(request())

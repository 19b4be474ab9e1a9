"""A standards wallet receives from a real node, in every way the standards know, and in no other."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli.demo.catalogue import TYPE_NAME
from cli.p256 import P256Key
from cli.wallet.attestation import Shape, WalletProvider
from cli.wallet.browsing import Browser
from cli.wallet.conversation import Conversation, Token
from cli.wallet.credentials import Held
from cli.wallet.dpop import Dpop
from cli.wallet.errors import ServerRefused
from cli.wallet.grants import consent_page, pre_authorized, push, read_redirect, redeem
from cli.wallet.issuance import notify, request_body, request_credentials
from cli.wallet.offers import read_offer
from cli.wallet.proofs import attestation_proofs, jwt_proof, jwt_proofs
from cli.wallet.statuses import REVOKED, VALID, read_status
from cli.wallet.wallet import HeadlessWallet, Pending, Wish
from jeung.crypto.jws import sign_jws
from jeung.domain.ledger import CredentialStatus
from tests.integration.wallets.scene import BANK, Scene

REDIRECT = "jeung-headless-wallet://authorized"


def refusal(act: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(ServerRefused) as refused:
        act()
    return refused.value.status, refused.value.error


def begun(scene: Scene, wallet: HeadlessWallet | None = None) -> tuple[Conversation, Token]:
    """Redeem an offer; nothing is issued yet."""
    given = scene.offer()
    talk = (wallet or scene.wallet()).converse(BANK)
    return talk, pre_authorized(talk, read_offer(scene.http, given["deep_link"]), given["transaction_code"])


def ask(talk: Conversation, token: Token, proofs: dict[str, Any], **changes: Any) -> object:  # noqa: ANN401
    return request_credentials(talk, token, request_body(TYPE_NAME, token, proofs) | changes)


def good(scene: Scene, talk: Conversation) -> dict[str, Any]:
    now, nonce = scene.clock.now(), talk.fetch_nonce()
    return jwt_proofs([P256Key.generate()], audience=BANK, now=now, nonce=nonce)


# ---- ways that lead to a credential


@pytest.mark.parametrize("link", ["deep_link", "deep_link_by_value"])
def test_an_anonymous_wallet_receives_by_value_and_by_reference(scene: Scene, link: str) -> None:
    offer = scene.offer()
    wallet = scene.wallet()
    kept = wallet.receive(offer[link], tx_code=offer["transaction_code"])
    assert kept == wallet.credentials
    assert wallet.credentials[0].claims["name_ko"] == "김민서"


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("proof", ["jwt", "attested_jwt", "attestation"])
def test_an_attested_wallet_receives_a_batch_of_keys_kept_as_its_maker_says(
    scene: Scene, shape: Shape, proof: str
) -> None:
    offer = scene.offer()
    kept = scene.wallet(shape).receive(
        offer["deep_link"], tx_code=offer["transaction_code"], wish=Wish(copies=3, proof=proof)
    )
    assert isinstance(kept, list)
    assert len({one.holder for one in kept}) == len({one.sd_jwt for one in kept}) == 3
    assert len({one.status.index for one in kept if one.status is not None}) == 3
    level = "software" if proof == "jwt" else "iso_18045_high"
    assert all(one.claims["device_key"]["storage"] == level for one in kept)


@pytest.mark.parametrize("shape", Shape)
def test_a_customer_consents_at_the_banks_page(scene: Scene, shape: Shape) -> None:
    offer = scene.offer()
    browser = Browser(scene.http, {"tx_code": offer["transaction_code"]})
    assert isinstance(scene.wallet(shape).receive(offer["deep_link"], browse=browser.browse), list)


def test_a_customer_comes_by_himself_with_his_reception_number(scene: Scene) -> None:
    offer = scene.offer()
    typed = {"tx_code": offer["transaction_code"], "reception_number": offer["reception_number"]}
    kept = scene.wallet(Shape.PRESENT).begin(BANK, TYPE_NAME, Browser(scene.http, typed).browse)
    assert isinstance(kept, list)


@pytest.mark.parametrize("copies", [1, 3])
def test_requests_and_answers_are_encrypted(scene: Scene, copies: int) -> None:
    offer = scene.offer()
    wish = Wish(copies=copies, encrypted=True)
    kept = scene.wallet().receive(offer["deep_link"], tx_code=offer["transaction_code"], wish=wish)
    assert isinstance(kept, list)
    assert len(kept) == copies


def test_what_is_not_proofed_yet_comes_later(scene: Scene) -> None:
    proofing = scene.proofed(complete=False)
    offer = scene.offer(proofing)
    wallet = scene.wallet()
    pending = wallet.receive(offer["deep_link"], tx_code=offer["transaction_code"])
    assert isinstance(pending, Pending)
    pending = wallet.collect(pending)
    assert isinstance(pending, Pending)
    scene.call(scene.bank, "POST", f"/v1/proofings/{proofing}/completion")
    scene.tick(pending.later.interval_s)
    assert isinstance(wallet.collect(pending), list)
    last = pending
    assert refusal(lambda: wallet.collect(last)) == (400, "invalid_transaction_id")


def test_the_issuer_hears_what_became_of_it_and_the_holder_of_its_status(scene: Scene) -> None:
    (held,) = scene.received()
    scene.bank.services.status_lists.publish_due()
    assert read_status(scene.http, held, scene.clock) == VALID
    scene.set_status(held, CredentialStatus.REVOKED)
    scene.bank.services.status_lists.publish_due()
    assert read_status(scene.http, held, scene.clock) == REVOKED


# ---- codes and tokens


def test_a_wrong_transaction_code_is_refused_and_too_many_lock_the_offer(scene: Scene) -> None:
    offer = scene.offer()
    wrong = "000000" if offer["transaction_code"] != "000000" else "111111"
    for _ in range(5):
        assert refusal(lambda: scene.wallet().receive(offer["deep_link_by_value"], tx_code=wrong)) == (
            400,
            "invalid_grant",
        )
    right = offer["transaction_code"]
    assert refusal(lambda: scene.wallet().receive(offer["deep_link_by_value"], tx_code=right)) == (
        400,
        "invalid_grant",
    )


def test_without_the_transaction_code_there_is_no_token(scene: Scene) -> None:
    offer = scene.offer()
    assert refusal(lambda: scene.wallet().receive(offer["deep_link"])) == (400, "invalid_request")


def test_a_code_is_good_once_and_its_replay_revokes_what_it_gave(scene: Scene) -> None:
    given = scene.offer()
    offer, talk = read_offer(scene.http, given["deep_link"]), scene.wallet().converse(BANK)
    token = pre_authorized(talk, offer, given["transaction_code"])
    thief = scene.wallet().converse(BANK)
    assert refusal(lambda: pre_authorized(thief, offer, given["transaction_code"])) == (400, "invalid_grant")
    assert refusal(lambda: ask(talk, token, good(scene, talk))) == (401, "invalid_token")


def test_an_expired_offer_is_gone(scene: Scene) -> None:
    offer = scene.offer()
    scene.tick(700)
    assert refusal(lambda: scene.wallet().receive(offer["deep_link"], tx_code="1"))[0] == 404
    gone = offer["deep_link_by_value"]
    assert refusal(lambda: scene.wallet().receive(gone, tx_code=offer["transaction_code"])) == (400, "invalid_grant")


def test_a_stolen_token_opens_nothing_without_its_key(scene: Scene) -> None:
    talk, token = begun(scene)
    proofs = good(scene, talk)
    bearer = Token(token.value, "Bearer", {})
    assert refusal(lambda: ask(talk, bearer, proofs)) == (401, "invalid_token")
    thief = Conversation(scene.http, talk.issuer, scene.clock, Dpop(P256Key.generate(), scene.clock))
    assert refusal(lambda: ask(thief, token, good(scene, thief))) == (401, "invalid_dpop_proof")


def test_a_dpop_proof_is_good_once(scene: Scene) -> None:
    talk, token = begun(scene)
    proofs = good(scene, talk)
    body = request_body(TYPE_NAME, token, proofs)
    kept: dict[str, str] = {}
    url = talk.issuer.endpoint("credential_endpoint")
    assert talk.dpop is not None

    def send(headers: Any) -> Any:  # noqa: ANN401
        kept.update(headers)
        return scene.http.post(url, json.dumps(body).encode(), content_type="application/json", headers=headers)

    assert talk.dpop.send("POST", url, send, token=token.value).status == 200
    again = send(dict(kept))
    assert again.status == 401
    assert 'error="invalid_dpop_proof"' in again.headers["www-authenticate"]


# ---- key proofs


def made(scene: Scene, talk: Conversation, count: int = 1, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Make proofs for fresh keys, good but for the changes."""
    given = {"audience": BANK, "now": scene.clock.now(), **changes}
    keys = [P256Key.generate() for _ in range(count)]
    return jwt_proofs(keys, **{"nonce": talk.fetch_nonce(), **given})


def attested(scene: Scene, provider: WalletProvider, nonce: str | None) -> dict[str, Any]:
    return attestation_proofs([P256Key.generate()], provider, now=scene.clock.now(), nonce=nonce)


PROOFS: dict[str, tuple[Callable[[Scene, Conversation], dict[str, Any]], str]] = {
    "another nonce": (lambda s, t: made(s, t, nonce="x"), "invalid_nonce"),
    "no nonce": (lambda s, t: made(s, t, nonce=None), "invalid_proof"),
    "another audience": (lambda s, t: made(s, t, audience="https://other.example"), "invalid_proof"),
    "made long ago": (lambda s, t: made(s, t, now=s.clock.now() - 3600), "invalid_proof"),
    "made in the future": (lambda s, t: made(s, t, now=s.clock.now() + 3600), "invalid_proof"),
    "signed by another key": (lambda s, t: {"jwt": [_forged(s, t)]}, "invalid_proof"),
    "another type": (lambda s, t: {"jwt": [_typed(s, t)]}, "invalid_proof"),
    "one key twice": (lambda s, t: {"jwt": good(s, t)["jwt"] * 2}, "invalid_proof"),
    "no proof": (lambda s, t: {"jwt": []}, "invalid_proof"),
    "two kinds": (lambda s, t: {**good(s, t), "attestation": ["x"]}, "invalid_proof"),
    "more than a batch": (lambda s, t: made(s, t, count=5), "invalid_proof"),
    "a stranger's word": (lambda s, t: attested(s, WalletProvider.generate(), t.fetch_nonce()), "invalid_proof"),
    "a word over another nonce": (lambda s, t: attested(s, s.provider, "x"), "invalid_nonce"),
}


def _forged(scene: Scene, talk: Conversation) -> str:
    victim, thief = P256Key.generate(), P256Key.generate()
    header = {"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": victim.jwk}
    claims = {"aud": BANK, "iat": scene.clock.now(), "nonce": talk.fetch_nonce()}
    return sign_jws(header, claims, thief.sign)


def _typed(scene: Scene, talk: Conversation) -> str:
    key = P256Key.generate()
    claims = {"aud": BANK, "iat": scene.clock.now(), "nonce": talk.fetch_nonce()}
    return sign_jws({"typ": "JWT", "alg": "ES256", "jwk": key.jwk}, claims, key.sign)


@pytest.mark.parametrize(("proofs", "error"), PROOFS.values(), ids=PROOFS.keys())
def test_a_bad_key_proof_is_refused_by_its_name(
    scene: Scene, proofs: Callable[[Scene, Conversation], dict[str, Any]], error: str
) -> None:
    talk, token = begun(scene)
    assert refusal(lambda: ask(talk, token, proofs(scene, talk))) == (400, error)


def test_a_nonce_is_good_for_one_request(scene: Scene) -> None:
    talk, token = begun(scene)
    nonce = talk.fetch_nonce()
    first, second = (
        {"jwt": [jwt_proof(P256Key.generate(), audience=BANK, now=scene.clock.now(), nonce=nonce)]} for _ in range(2)
    )
    ask(talk, token, first)
    assert refusal(lambda: ask(talk, token, second)) == (400, "invalid_nonce")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"credential_configuration_id": "other"}, "unknown_credential_configuration"),
        ({"credential_configuration_id": None, "credential_identifier": "other"}, "unknown_credential_identifier"),
        ({"credential_identifier": "other"}, "invalid_credential_request"),
        ({"proof": {"proof_type": "jwt"}, "proofs": None}, "invalid_credential_request"),
        ({"proofs": None}, "invalid_proof"),
        ({"credential_response_encryption": {"jwk": {}, "enc": "A128GCM"}}, "invalid_encryption_parameters"),
    ],
)
def test_a_bad_request_is_refused_by_its_name(scene: Scene, changes: dict[str, Any], error: str) -> None:
    talk, token = begun(scene)
    body = {
        name: value
        for name, value in (request_body(TYPE_NAME, token, good(scene, talk)) | changes).items()
        if value is not None
    }
    assert refusal(lambda: request_credentials(talk, token, body)) == (400, error)


def test_a_notification_about_nothing_is_refused(scene: Scene) -> None:
    talk, token = begun(scene)
    assert refusal(lambda: notify(talk, token, "n" * 22, "credential_accepted")) == (400, "invalid_notification_id")
    assert refusal(lambda: notify(talk, token, "n" * 22, "eaten")) == (400, "invalid_notification_request")


# ---- consent


def pushed_by(scene: Scene, shape: Shape = Shape.PRESENT) -> tuple[Conversation, dict[str, Any], Any]:
    offer = scene.offer()
    state = offer["credential_offer"]["grants"]["authorization_code"]["issuer_state"]
    talk = scene.wallet(shape).converse(BANK)
    return talk, offer, push(talk, (TYPE_NAME,), issuer_state=state)


def test_a_customer_who_denies_gives_nothing(scene: Scene) -> None:
    talk, _, pushed = pushed_by(scene)
    redirected = Browser(scene.http, {}, press="deny").browse(consent_page(talk, pushed), REDIRECT)
    assert refusal(lambda: read_redirect(talk, pushed, redirected))[1] == "access_denied"


def test_a_wrong_transaction_code_on_the_page_is_asked_for_again(scene: Scene) -> None:
    talk, _, pushed = pushed_by(scene)
    browser = Browser(scene.http, {"tx_code": "x"})
    assert refusal(lambda: browser.browse(consent_page(talk, pushed), REDIRECT))[1] == "consent_refused"


def approved(scene: Scene) -> tuple[Conversation, Any, str]:
    talk, offer, pushed = pushed_by(scene)
    browser = Browser(scene.http, {"tx_code": offer["transaction_code"]})
    return talk, pushed, read_redirect(talk, pushed, browser.browse(consent_page(talk, pushed), REDIRECT))


def test_an_authorization_code_is_good_once_for_who_pushed(scene: Scene) -> None:
    talk, pushed, code = approved(scene)
    other = type(pushed)(pushed.request_uri, pushed.state, "v" * 43)
    assert refusal(lambda: redeem(talk, other, code)) == (400, "invalid_grant")
    assert refusal(lambda: redeem(talk, pushed, code, redirect_uri="other://x")) == (400, "invalid_grant")
    token = redeem(talk, pushed, code)
    assert token.token_type == "DPoP"
    assert refusal(lambda: redeem(talk, pushed, code)) == (400, "invalid_grant")
    assert refusal(lambda: ask(talk, token, good(scene, talk))) == (401, "invalid_token")


def test_a_wallet_of_a_maker_nobody_trusts_is_refused(scene: Scene) -> None:
    offer = scene.offer()
    stranger = scene.wallet(Shape.PRESENT, WalletProvider.generate())
    assert refusal(lambda: stranger.receive(offer["deep_link"], tx_code=offer["transaction_code"])) == (
        400,
        "invalid_client_attestation",
    )


def test_everything_issued_is_kept_by_the_issuer_as_what_it_is(scene: Scene) -> None:
    kept: list[Held] = scene.received(copies=2)
    items = scene.call(scene.bank, "GET", "/v1/credentials?limit=200")["items"]
    places = {(f"{BANK}/status-lists/{item['status_list']}", item["status_index"]): item for item in items}
    records = [places[one.status.uri, one.status.index] for one in kept if one.status is not None]
    assert len({record["family_id"] for record in records}) == 1
    assert all(record["anchoring"] == "attested" for record in records)

"""A presentation shows what was chosen, bound to the request, and reaches its reader alone."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from cli.wallet.dcql import Choice
from cli.wallet.encryption import AgreementKey
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.http import Answer
from cli.wallet.presenting import send_refusal, send_token, show, token_for
from cli.wallet.requests import PresentationRequest, verify_request
from cli.wallet.wallet import HeadlessWallet, World
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.key_binding import verify_key_binding, verify_sd_hash
from jeung.crypto.sd_jwt import disclose
from jeung.crypto.sd_jwt_vc import parse_presentation
from tests.common.custody import NOW, SetClock
from tests.unit.cli.wallet.parts import VERIFIER, Authority, Servers, answer, held, query, signed_request

HELD = held()
AUTHORITY = Authority()
READER = AgreementKey()


def request(**changes: object) -> PresentationRequest:
    metadata = {"jwks": {"keys": [READER.jwk]}, "encrypted_response_enc_values_supported": ["A256GCM"]}
    client_id, signed = signed_request(AUTHORITY, {"client_metadata": metadata, **changes})
    return verify_request(signed, client_id=client_id, wallet_nonce=None, now=NOW)


def transaction(**changes: object) -> str:
    entry: dict[str, object] = {"type": "payment", "credential_ids": ["q"], "amount": 10_000, **changes}
    return base64url.encode(json.dumps(entry).encode())


def test_a_presentation_is_bound_and_shows_no_more_than_chosen() -> None:
    text = show(HELD, [("name_ko",), ("age_equal_or_over", "19")], audience="x509_hash:a", nonce="n", now=NOW)
    parsed = parse_presentation(text)
    binding = verify_key_binding(parsed, parse_jwk(HELD.key.jwk))
    verify_sd_hash(parsed, binding)
    assert (binding.audience, binding.nonce, binding.issued_at) == ("x509_hash:a", "n", NOW)
    claims = disclose(parsed.payload, parsed.disclosures).claims
    assert claims["name_ko"] == "김민준"
    assert claims["age_equal_or_over"] == {"19": True}
    assert "birthdate" not in claims


def test_transactions_are_confirmed_by_their_hash_as_sent() -> None:
    sent = transaction()
    wanted = request(transaction_data=[sent])
    selection = {"q": [Choice(HELD, (("name_ko",),))]}
    confirmed = HeadlessWallet.confirmations(wanted, selection)
    token = token_for(wanted, selection, now=NOW, confirmed=confirmed)
    claims = parse_presentation(token["q"][0]).binding_claims
    assert claims is not None
    assert claims["transaction_data_hashes"] == [base64url.encode(sha256(sent.encode()))]
    assert claims["transaction_data_hashes_alg"] == "sha-256"


@pytest.mark.parametrize(
    "sent",
    [
        transaction(credential_ids=["other"]),
        transaction(type=None),
        transaction(transaction_data_hashes_alg=["sha-512"]),
        base64url.encode(b"[]"),
        "***",
    ],
)
def test_a_transaction_that_cannot_be_confirmed_is_refused(sent: str) -> None:
    with pytest.raises(NotTrusted):
        HeadlessWallet.confirmations(request(transaction_data=[sent]), {"q": [Choice(HELD, ())]})


class Verifier:
    def __init__(self, servers: Servers) -> None:
        self.form: dict[str, str] = {}
        servers.pages[f"{VERIFIER}/oid4vp/responses/1"] = self.respond

    def respond(self, url: str, body: bytes, headers: object) -> Answer:
        self.form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return answer({"redirect_uri": f"{VERIFIER}/done?secret=1"})


def test_an_encrypted_answer_is_for_the_requests_key_alone() -> None:
    servers = Servers()
    verifier = Verifier(servers)
    sent = send_token(servers, request(), {"q": ["p"]})
    assert set(verifier.form) == {"response"}
    assert json.loads(READER.open(verifier.form["response"])) == {"vp_token": {"q": ["p"]}, "state": "s" * 22}
    assert sent.redirect_uri == f"{VERIFIER}/done?secret=1"
    assert "secret" not in repr(sent)
    with pytest.raises(NotTrusted):
        AgreementKey().open(verifier.form["response"])


def test_a_plain_answer_is_a_form() -> None:
    servers = Servers()
    verifier = Verifier(servers)
    send_token(servers, request(response_mode="direct_post"), {"q": ["p"]})
    assert json.loads(verifier.form["vp_token"]) == {"q": ["p"]}
    assert verifier.form["state"] == "s" * 22


def test_a_refusal_is_told_by_its_standard_name() -> None:
    servers = Servers()
    verifier = Verifier(servers)
    send_refusal(servers, request())
    assert verifier.form == {"error": "access_denied", "state": "s" * 22}


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [{**READER.jwk, "use": "sig"}]}},
        {"jwks": {"keys": [READER.jwk]}, "encrypted_response_enc_values_supported": ["A128CBC-HS256"]},
    ],
)
def test_without_a_key_to_encrypt_to_nothing_is_sent(metadata: dict[str, Any]) -> None:
    servers = Servers()
    Verifier(servers)
    with pytest.raises(NotTrusted):
        send_token(servers, request(client_metadata=metadata), {"q": ["p"]})
    assert servers.asked == []


def wallet(servers: Servers, changes: dict[str, Any] | None = None) -> tuple[HeadlessWallet, str]:
    client_id, signed = signed_request(AUTHORITY, {"response_mode": "direct_post", **(changes or {})})
    servers.pages[f"{VERIFIER}/r/1"] = answer(signed.encode(), kind="application/oauth-authz-req+jwt")
    mine = HeadlessWallet(World.build(servers, SetClock()))
    mine.credentials.append(HELD)
    return mine, f"openid4vp://?client_id={client_id}&request_uri={VERIFIER}/r/1"


def test_the_whole_way_from_link_to_answer() -> None:
    servers = Servers()
    verifier = Verifier(servers)
    mine, link = wallet(servers)
    mine.present(link)
    assert set(json.loads(verifier.form["vp_token"])) == {"q"}


def test_a_holder_who_says_no_shows_nothing() -> None:
    servers = Servers()
    verifier = Verifier(servers)
    mine, link = wallet(servers)

    def no(*_: object) -> None:
        raise NotTrusted("declined", "the holder said no")

    with pytest.raises(NotTrusted):
        mine.present(link, no)
    assert verifier.form["error"] == "access_denied"


def test_a_register_that_refuses_keeps_everything_back() -> None:
    servers = Servers()
    verifier = Verifier(servers)
    _, link = wallet(servers)

    class Register:
        def check(self, request: PresentationRequest) -> None:
            raise NotTrusted("over_asking", "more than is registered")

        def promise(self, request: PresentationRequest) -> None:
            raise AssertionError("nothing was sent")

        def promise_of(self, url: str) -> None:
            raise AssertionError("nothing was sent")

    mine = HeadlessWallet(World.build(servers, SetClock()), registry=Register())
    mine.credentials.append(HELD)
    with pytest.raises(NotTrusted):
        mine.present(link)
    assert verifier.form == {}


def test_nothing_to_show_is_said_and_a_request_that_is_gone_as_well() -> None:
    servers = Servers()
    mine, link = wallet(servers, {"dcql_query": {"credentials": [query(claims=[{"path": ["passport"]}])]}})
    with pytest.raises(NotTrusted) as refused:
        mine.present(link)
    assert refused.value.reason == "nothing_to_show"
    servers.pages.clear()
    with pytest.raises(ServerRefused):
        mine.present(link)

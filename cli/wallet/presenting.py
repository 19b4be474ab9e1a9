"""Show credentials: chosen claims, bound to the request, sent where it says (OpenID4VP 1.0 sections 8 and B.3)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.wallet import documents
from cli.wallet.credentials import Held, Place
from cli.wallet.dcql import Selection
from cli.wallet.encryption import encrypt_to, keys_of
from cli.wallet.errors import ServerRefused
from cli.wallet.http import WalletHttp
from cli.wallet.requests import DIRECT_POST_JWT, PresentationRequest
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256
from jeung.crypto.jws import sign_jws
from jeung.crypto.key_binding import KEY_BINDING_TYPE, sd_hash
from jeung.crypto.sd_jwt_issue import present

HASH_NAME = "sha-256"


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold the verifier's answer: where the browser goes next in a same-device flow, else None, and its receipts."""

    redirect_uri: str | None = field(repr=False)
    receipts: tuple[str, ...] = field(default=(), repr=False)
    concerns: tuple[str, ...] = ()
    """What the holder is told about the receipts, in stable words; `cli.wallet.receipts` names them."""


def show(
    held: Held,
    places: Collection[Place],
    *,
    audience: str,
    nonce: str,
    now: int,
    transaction_data: Collection[str] = (),
) -> str:
    """Make a presentation of one credential.

    Args:
        held: the credential.
        places: what is shown; everything else that can be kept back is.
        audience: the client id with its prefix.
        nonce: the request's.
        now: seconds UTC.
        transaction_data: the transactions it confirms, as they were sent.

    """
    sd_jwt = present(held.sd_jwt, list(places))
    claims: dict[str, object] = {"iat": now, "aud": audience, "nonce": nonce, "sd_hash": sd_hash(sd_jwt)}
    if transaction_data:
        claims["transaction_data_hashes"] = [base64url.encode(sha256(one.encode())) for one in transaction_data]
        claims["transaction_data_hashes_alg"] = HASH_NAME
    return sd_jwt + sign_jws({"alg": ES256, "typ": KEY_BINDING_TYPE}, claims, held.key.sign)


def token_for(
    request: PresentationRequest, selection: Selection, *, now: int, confirmed: Mapping[str, Collection[str]]
) -> dict[str, list[str]]:
    """Make the `vp_token`: by query id, the presentations.

    Args:
        request: what is answered.
        selection: what the holder shows.
        now: seconds UTC.
        confirmed: by query id, the transactions that its credential confirms.

    """
    return {
        name: [
            show(
                choice.held,
                choice.places,
                audience=request.client_id,
                nonce=request.nonce,
                now=now,
                transaction_data=confirmed.get(name, ()),
            )
            for choice in choices
        ]
        for name, choices in selection.items()
    }


def send_token(http: WalletHttp, request: PresentationRequest, vp_token: Mapping[str, Any]) -> Sent:
    """Send the answer, encrypted where the request asks for that.

    Raises:
        NotTrusted: no key to encrypt to, or the answer has no shape.
        ServerRefused, Unanswered: the verifier refuses, or nobody answers.
    """
    state = {} if request.state is None else {"state": request.state}
    if request.response_mode == DIRECT_POST_JWT:
        return _post(http, request, {"response": encrypted_answer(request, {"vp_token": vp_token, **state})})
    return _post(http, request, {"vp_token": json.dumps(vp_token), **state})


def send_refusal(http: WalletHttp, request: PresentationRequest, error: str = "access_denied") -> Sent:
    """Tell the verifier that the holder does not answer (section 8.5)."""
    state = {} if request.state is None else {"state": request.state}
    return _post(http, request, {"error": error, **state})


def encrypted_answer(request: PresentationRequest, answer: Mapping[str, Any]) -> str:
    """Encrypt an answer to the key of the request (section 8.3).

    Raises:
        NotTrusted: the request names no key, or no encryption that we speak.
    """
    metadata = request.client_metadata
    encryptions = documents.texts(metadata, "encrypted_response_enc_values_supported") or ["A128GCM"]
    return encrypt_to(json.dumps(answer).encode(), keys_of(metadata), encryptions)


def _post(http: WalletHttp, request: PresentationRequest, form: Mapping[str, str]) -> Sent:
    answer = http.post_form(request.response_uri, form)
    try:
        answer.require_success()
    except ServerRefused as refused:
        # A refusal has a receipt as well: what was shown was shown.
        refused.receipts = _receipts(refused.said)
        raise
    said = answer.json() if answer.body else {}
    return Sent(documents.optional_text(said, "redirect_uri"), _receipts(said))


def _receipts(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what an answer says are receipts; whether they are, `cli.wallet.receipts` judges."""
    found = said.get("receipts")
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()

"""Receipts as a relying party writes them, a register, and a verifier that gives them."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from cli.p256 import P256Key
from cli.wallet.dcql import Choice
from cli.wallet.errors import Unanswered
from cli.wallet.presenting import show
from cli.wallet.receipts import KeptReceipt, Promise, ShownOnce, judge_receipts
from cli.wallet.requests import PresentationRequest, verify_request
from cli.wallet.told import Purpose
from cli.wallet.wallet import HeadlessWallet, World
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, sign_jws
from tests.common.custody import NOW, SetClock
from tests.unit.cli.wallet.parts import VERIFIER, Authority, Servers, answer, held, signed_request

HELD = held()
AUTHORITY = Authority()
KEY = P256Key.generate()
THUMBPRINT = base64url.encode(parse_jwk(KEY.jwk).thumbprint)
PROMISE = Promise(frozenset({VERIFIER}), frozenset({THUMBPRINT}))
NAMES = ["age_equal_or_over.19", "name_ko"]
PLACES = (("name_ko",), ("age_equal_or_over", "19"))
DAY_S = 86_400
ASKED = Purpose("opening", "to open an account", "aa" * 32)
OTHER = Purpose("lending", "to lend", "bb" * 32)
QUERY = f"{VERIFIER}/receipts/query"
Claims = dict[str, Any]
Change = Callable[[Claims], object]


def same(claims: Claims) -> None:
    """Change nothing."""


def shown(nonce: str = "n" * 43) -> ShownOnce:
    text = show(HELD, PLACES, audience="x509_hash:a", nonce=nonce, now=NOW)
    return ShownOnce(text, HELD.key, "x509_hash:a", nonce)


def signed(kind: str, claims: Claims, key: P256Key = KEY, **header: object) -> str:
    return sign_jws({"alg": "ES256", "typ": kind, "jwk": key.jwk, **header}, claims, key.sign)


def receipt(one: ShownOnce, change: Change = same, *, key: P256Key = KEY, **header: object) -> str:
    claims: Claims = {
        "v": 1,
        "iss": VERIFIER,
        "jti": "rct_1",
        "iat": NOW,
        "audience": one.audience,
        "nonce": one.nonce,
        "presented": one.digest,
        "claims": NAMES,
        "result": "verified",
        "service": "opening",
        "purpose": "to open an account",
        "profile_digest": "aa" * 32,
        "kept_until": NOW + 5 * DAY_S,
        "contact": VERIFIER,
        "commitment": base64url.encode(sha256(b"package")),
        "reference": "r",
    }
    change(claims)
    return signed(str(header.pop("typ", "consent-receipt+jwt")), claims, key, **header)


def judged(text: object, one: ShownOnce, *, promise: Promise | None = PROMISE, accepted: bool = True) -> Any:  # noqa: ANN401
    return judge_receipts([text], [one], promise, accepted=accepted, now=NOW)  # type: ignore[list-item]


def info(**data: object) -> dict[str, object]:
    return {"format": "urn:jeung:request-profile:1", "data": data}


class Register:
    """Know one party, or none."""

    def __init__(self, promise: Promise | None = PROMISE) -> None:
        self.known = promise
        self.gone = False

    def check(self, request: PresentationRequest) -> None:
        """Let everything be asked."""

    def promise(self, request: PresentationRequest) -> Promise | None:
        if self.gone:
            raise Unanswered("nobody answers")
        return self.known

    def promise_of(self, url: str) -> Promise | None:
        return self.known


class Stage:
    """A verifier that gives the receipts a test writes, and a wallet that answers it."""

    def __init__(self, *, status: int = 200, known: bool = True, **said: object) -> None:
        self.servers = Servers()
        asking = {"response_mode": "direct_post", "verifier_info": [info(profile="opening", kept_for_s=4 * DAY_S)]}
        client_id, text = signed_request(AUTHORITY, asking)
        self.request = verify_request(text, client_id=client_id, wallet_nonce=None, now=NOW)
        self.status, self.said = status, said
        self.change: Change = same
        self.servers.pages[self.request.response_uri] = self.respond
        self.register = Register()
        registry = self.register if known else None
        self.wallet = HeadlessWallet(World.build(self.servers, SetClock()), registry=registry)

    def present(self) -> Any:  # noqa: ANN401 - what the wallet gives
        return self.wallet.answer(self.request, {"q": [Choice(HELD, PLACES)]})

    def kept(self) -> KeptReceipt:
        self.present()
        return self.wallet.receipts[-1]

    def answers(self, change: Change = same, *, key: P256Key = KEY, typ: str = "receipt-statement+jwt") -> None:
        """Let the verifier answer questions, its statement changed."""

        def respond(url: str, body: bytes, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - an Answer
            asked = json.loads(body)
            about = parse_jws(asked["receipt"], typ=None).claims()
            claims: Claims = {
                "iss": VERIFIER,
                "iat": NOW,
                "receipt": about["jti"],
                "receipt_digest": base64url.encode(sha256(asked["receipt"].encode())),
                "standing": "kept",
            }
            change(claims)
            return answer(signed(typ, claims, key).encode(), kind=f"application/{typ}")

        self.servers.pages[QUERY] = respond

    def respond(self, url: str, body: bytes, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - an Answer
        token = json.loads(parse_qs(body.decode())["vp_token"][0])
        one = ShownOnce(token["q"][0], HELD.key, self.request.client_id, self.request.nonce)
        given = [receipt(one, self.change)] if "receipts" not in self.said else self.said["receipts"]
        error = {"error": "invalid_request"} if self.status >= 400 else {}
        return answer({**error, "receipts": given}, status=self.status)

"""Judge the consent receipts that come with a verifier's answer, and keep those that hold.

 1. Strict JWS of its type, ES256, within its bound, signed by the key in its header.
 2. That key is one the register lists for receipts of the party that asked; without a register nobody vouches for it,
    and the receipt is kept as what it is: somebody's word.
 3. It is about this presentation: the digest of its key-binding JWT, the client id it named, its nonce.
 4. It says what happened: who (`iss` is a URL of the party), when (now), exactly the claims that were shown, and the
    result that the answer itself gave, and has what asking about it needs.
Whatever does not hold, and a receipt that was promised and did not come, is a concern that the holder is told of. So
is what contradicts the request or the register (`cli.wallet.told`); that receipt is kept, for it proves as much.
Nothing is taken back by it: the presentation was sent before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cli.p256 import P256Key
from cli.wallet.credentials import Held
from cli.wallet.errors import NotTrusted
from cli.wallet.told import Purpose, Told, contradictions
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256, parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.sd_jwt_vc import parse_presentation, read_credential
from jeung.domain.receipts import MAX_RECEIPT_CHARACTERS, RECEIPT_TYPE, VERSION
from jeung.errors import JeungError
from jeung.services.verification.holder_steps import shown_claims

REFUSED: Final = "receipt_refused"
OF_ANOTHER: Final = "receipt_of_another"
CLAIMS_MORE: Final = "receipt_claims_more"
CLAIMS_LESS: Final = "receipt_claims_less"
OTHER_RESULT: Final = "receipt_of_another_result"
MISSING: Final = "receipt_missing"
MAX_RECEIPTS: Final = 8
_SKEW_S: Final = 300
_NOTHING_TOLD: Final = Told()
_TEXTS: Final = ("iss", "jti", "service", "contact", "commitment", "reference")


@dataclass(frozen=True, slots=True)
class Promise:
    """Say what the register knows of a party: its URLs, the thumbprints that may sign its receipts now, its profiles.

    `purposes` is None where they are not known; `log_keys` are the thumbprints that sign its log.
    """

    urls: frozenset[str]
    keys: frozenset[str]
    purposes: frozenset[Purpose] | None = None
    log_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShownOnce:
    """Hold one presentation as it was sent."""

    presentation: str = field(repr=False)
    key: P256Key = field(repr=False)
    audience: str
    nonce: str

    @property
    def binding(self) -> str:
        """Give its key-binding JWT."""
        return self.presentation.rpartition("~")[2]

    @property
    def digest(self) -> str:
        """Give the digest that a receipt names it by."""
        return base64url.encode(sha256(self.binding.encode()))

    @property
    def claims(self) -> frozenset[str]:
        """Name the claims it shows."""
        return frozenset(shown_claims(read_credential(parse_presentation(self.presentation))))


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """Hold a receipt that holds, with what is needed to ask about it; `vouched` says whether step 2 was possible."""

    text: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    binding: str = field(repr=False)
    key: P256Key = field(repr=False)
    vouched: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold what came of an answer's receipts; `concerns` are stable words."""

    kept: tuple[KeptReceipt, ...] = ()
    concerns: tuple[str, ...] = ()


def shown_once(
    held: Mapping[str, Sequence[Held]], token: Mapping[str, Sequence[str]], *, audience: str, nonce: str
) -> list[ShownOnce]:
    """Pair presentations with the keys they were made under, by query id."""
    return [
        ShownOnce(text, one.key, audience, nonce)
        for name, texts in token.items()
        for one, text in zip(held[name], texts, strict=True)
    ]


def judge_receipts(
    texts: Sequence[str],
    shown: Sequence[ShownOnce],
    promise: Promise | None,
    *,
    accepted: bool,
    now: int,
    told: Told = _NOTHING_TOLD,
) -> Judged:
    """Take steps 1 to 4 for each receipt, and note which presentation has none.

    Args:
        texts: the receipts as they came.
        shown: what was sent.
        promise: what the register knows of the party; None where there is no register.
        accepted: whether the answer said that the presentation is accepted.
        now: seconds UTC.
        told: what the request said of purpose and keeping.

    """
    purposes = None if promise is None else promise.purposes
    kept: list[KeptReceipt] = []
    concerns: list[str] = []
    wrong: list[str] = []
    open_ones = {one.digest: one for one in shown}
    for text in texts[:MAX_RECEIPTS]:
        try:
            receipt = judge_receipt(text, open_ones, promise, accepted=accepted, now=now)
        except NotTrusted as refused:
            concerns.append(refused.reason)
            continue
        del open_ones[receipt.claims["presented"]]
        kept.append(receipt)
        # Beside it, so that a missing receipt stays a concern of its own.
        wrong += contradictions(receipt.claims, told, purposes, accepted=accepted)
    promised = promise is not None and bool(promise.keys)
    if promised and open_ones and not concerns:
        concerns.append(MISSING)
    return Judged(tuple(kept), tuple(dict.fromkeys([*concerns, *wrong])))


def judge_receipt(
    text: str, shown: Mapping[str, ShownOnce], promise: Promise | None, *, accepted: bool, now: int
) -> KeptReceipt:
    """Take steps 1 to 4 for one receipt; `shown` are the presentations without one yet, by their digests.

    Raises:
        NotTrusted: with the concern as its reason.
    """
    claims, thumbprint = read_signed(text, RECEIPT_TYPE)
    if not all(isinstance(claims.get(name), str) for name in _TEXTS):
        raise NotTrusted(REFUSED, "the receipt lacks what asking about it needs")
    if promise is not None and (thumbprint not in promise.keys or claims.get("iss") not in promise.urls):
        raise NotTrusted(REFUSED, "the receipt is not signed by a key of who asked")
    presented = claims.get("presented")
    one = shown.get(presented) if isinstance(presented, str) else None
    if one is None or (claims.get("audience"), claims.get("nonce")) != (one.audience, one.nonce):
        raise NotTrusted(OF_ANOTHER, "the receipt is about another presentation")
    made_at = claims.get("iat")
    if claims.get("v") != VERSION or type(made_at) is not int or abs(now - made_at) > _SKEW_S:
        raise NotTrusted(REFUSED, "the receipt is of another version or another time")
    _require_same_claims(claims.get("claims"), one.claims, accepted=accepted)
    if (claims.get("result") == "verified") is not accepted:
        raise NotTrusted(OTHER_RESULT, "the receipt gives another result than the answer")
    return KeptReceipt(text, claims, one.binding, one.key, vouched=promise is not None)


def read_signed(text: str, kind: str, max_characters: int = MAX_RECEIPT_CHARACTERS) -> tuple[dict[str, Any], str]:
    """Read a JWS whose header shows its key; give the claims and the key's thumbprint, which is for others to judge.

    Raises:
        NotTrusted: `receipt_refused`.
    """
    try:
        jws = parse_jws(text, typ=kind, algorithms={ES256}, max_characters=max_characters)
        key = parse_jwk(jws.header.get("jwk"))
        verify_jws(jws, key)
        return jws.claims(), base64url.encode(key.thumbprint)
    except JeungError as refused:
        raise NotTrusted(REFUSED, refused.detail) from None


def _require_same_claims(said: object, shown: frozenset[str], *, accepted: bool) -> None:
    if said is None and not accepted:
        # The verifier could not read what was shown, so it cannot say what it was.
        return
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise NotTrusted(REFUSED, "the receipt's claims are no list of names")
    if not shown.issuperset(said):
        raise NotTrusted(CLAIMS_MORE, "the receipt claims more than was shown")
    if not shown.issubset(said):
        raise NotTrusted(CLAIMS_LESS, "the receipt names less than was shown")

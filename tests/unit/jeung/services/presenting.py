"""Make presentations that are right but for one thing."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.integrity import integrity_of
from jeung.crypto.jws import sign_jws
from jeung.crypto.key_binding import bind_key
from jeung.crypto.sd_jwt import Path
from jeung.crypto.sd_jwt_issue import Disclosable, conceal
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Verdict, Verification
from tests.common.jose import P256Signer, certificate
from tests.common.parties import BANK, EXCHANGE, SHOWN, VCT, Parties

Change = Callable[[dict[str, Any]], object]


def crafted(
    parties: Parties,
    *,
    header: Change = lambda header: None,
    claims: Change = lambda claims: None,
    signer: P256Signer | None = None,
    attest: bool = True,
) -> str:
    """Sign a credential whose header or claims were changed first, and attest it; give the SD-JWT."""
    key = signer or parties.bank.signer.keys[KeyPurpose.CREDENTIAL_SIGNING]
    now = parties.clock.now()
    head: dict[str, Any] = {
        "alg": "ES256",
        "typ": "dc+sd-jwt",
        "kid": base64url.encode(key.key.thumbprint),
        "x5c": [certificate(key.private_key)],
    }
    body: dict[str, Any] = {
        "iss": BANK,
        "vct": VCT,
        "vct#integrity": integrity_of(parties.schema),
        "iat": now,
        "exp": now + 86_400,
        "cnf": {"jwk": parties.wallet.new_keys(1)[0]},
        "status": {"status_list": {"idx": 7, "uri": f"{BANK}/status-lists/0"}},
        "family_name": Disclosable("Kim"),
        "given_name": Disclosable("Minseo"),
        "name_ko": Disclosable("김민서"),
        "birthdate": Disclosable("1990-05-17"),
        "phone_number": Disclosable("+821012345678"),
        "nationality": Disclosable("KR"),
        "sex": Disclosable("female"),
        "age_equal_or_over": {"14": Disclosable(True), "19": Disclosable(True)},
        "proofing": {"assurance_level": Disclosable("substantial"), "verified_at": Disclosable(now)},
    }
    header(head)
    claims(body)
    payload, disclosures = conceal(body, random_bytes=parties.bank.entropy.token)
    jws = sign_jws(head, payload, key.sign)
    if attest:
        digest = sha256(jws.encode("ascii"))
        parties.chain.attest(parties.bank.member, parties.schema, [digest], parties.operator())
    return "~".join((jws, *disclosures, ""))


def shown_only(sd_jwt: str, show: Sequence[Path]) -> str:
    """Keep the disclosures of these claims, without judging the credential as a wallet's library would."""
    names = {path[-1] for path in show}
    jws, *disclosures, _ = sd_jwt.split("~")
    kept = [text for text in disclosures if json.loads(base64url.decode(text))[1] in names]
    return "~".join((jws, *kept, ""))


def bound(
    parties: Parties,
    sd_jwt: str,
    *,
    show: Sequence[Path] = SHOWN,
    nonce: str | None = None,
    audience: str = EXCHANGE,
    at: int | None = None,
    holder: P256Signer | None = None,
) -> str:
    """Present to the exchange under a fresh nonce of its own, with the wallet's newest key."""
    return bind_key(
        shown_only(sd_jwt, show),
        audience=audience,
        nonce=parties.nonce().nonce if nonce is None else nonce,
        issued_at=parties.clock.now() if at is None else at,
        sign=(holder or parties.wallet.key(-1)).sign,
    )


def bound_as_it_is(parties: Parties, sd_jwt: str) -> str:
    """Present everything, whatever it is."""
    return bind_key(
        sd_jwt,
        audience=EXCHANGE,
        nonce=parties.nonce().nonce,
        issued_at=parties.clock.now(),
        sign=parties.wallet.key(-1).sign,
    )


def disclosure(*elements: object) -> str:
    """Write a disclosure of any elements."""
    return base64url.encode(canonical_json.canonical(list(elements)))


def rebound(parties: Parties, sd_jwt: str, *, header: Mapping[str, Any] | None = None, **claims: object) -> str:
    """Present with a key-binding JWT whose header or claims are replaced; None leaves a claim out."""
    shown = shown_only(sd_jwt, SHOWN)
    body: dict[str, object] = {
        "iat": parties.clock.now(),
        "aud": EXCHANGE,
        "nonce": parties.nonce().nonce,
        "sd_hash": base64url.encode(sha256(shown.encode("ascii"))),
        **claims,
    }
    body = {name: value for name, value in body.items() if value is not None}
    head = {"alg": "ES256", "typ": "kb+jwt"} if header is None else header
    return shown + sign_jws(head, body, parties.wallet.key(-1).sign)


def with_key_binding_header(presentation: str, header: Mapping[str, object]) -> str:
    """Replace the key binding's header, leaving the signature as it was."""
    before, _, binding = presentation.rpartition("~")
    parts = binding.split(".")
    parts[0] = base64url.encode(canonical_json.canonical(dict(header)))
    return f"{before}~{'.'.join(parts)}"


def refused_with(parties: Parties, presentation: str) -> tuple[str | None, int]:
    """Verify; give the code and the number of the step that refused."""
    verification: Verification = parties.verification.verify(presentation)
    assert verification.verdict is Verdict.REFUSED
    assert verification.claims == {}
    last = next(step for step in verification.steps if not step.passed)
    assert last.facts == {"code": verification.code}
    assert [step.number for step in verification.steps] == [*range(1, last.number + 1), 10]
    return verification.code, last.number


def resigned(parties: Parties, members: Mapping[str, object]) -> str:
    """Sign and attest a credential whose payload has these members as they are, concealed or not."""
    sd_jwt = crafted(parties, attest=False)
    jws, _, _ = sd_jwt.partition("~")
    head, payload, _ = (base64url.decode(part) for part in jws.split("."))
    claims = {**canonical_json.parse_object(payload), **members}
    key = parties.bank.signer.keys[KeyPurpose.CREDENTIAL_SIGNING]
    signed = sign_jws(canonical_json.parse_object(head), claims, key.sign)
    digest = sha256(signed.encode("ascii"))
    parties.chain.attest(parties.bank.member, parties.schema, [digest], parties.operator())
    return f"{signed}~"


def accepted(parties: Parties, presentation: str) -> bool:
    return parties.verification.verify(presentation).verdict is Verdict.VERIFIED


def drop(*names: str) -> Callable[[dict[str, Any]], object]:
    return lambda claims: [claims.pop(name) for name in names]


def shift(name: str, seconds: int) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims.update({name: claims["iat"] + seconds})


def foreign_key(parties: Parties) -> str:
    return bound(parties, crafted(parties, signer=P256Signer()))


def broken_signature(parties: Parties) -> str:
    sd_jwt = crafted(parties)
    jws, _, rest = sd_jwt.partition("~")
    head, payload, _ = jws.split(".")
    other = crafted(parties).partition("~")[0].split(".")[2]
    return bound(parties, f"{head}.{payload}.{other}~{rest}")

"""Every refusal of steps 1 to 9: a presentation that is right but for one thing gets that thing's own code."""

from collections.abc import Callable
from typing import Any

import pytest

from jeung.crypto.integrity import integrity_of
from jeung.crypto.sd_jwt import disclosure_digest
from jeung.crypto.sd_jwt_issue import Disclosable
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Verdict
from jeung.errors import MalformedInput, PresentationTooLarge
from tests.common.jose import Ed25519Signer, P256Signer, certificate
from tests.common.parties import BANK, EXCHANGE, SHOWN, Parties
from tests.unit.jeung.services.presenting import (
    bound,
    bound_as_it_is,
    broken_signature,
    crafted,
    disclosure,
    drop,
    foreign_key,
    rebound,
    refused_with,
    resigned,
    shift,
    with_key_binding_header,
)

Making = Callable[[Parties], str]


def test_crafted_presentation_is_right_but_for_the_change(parties: Parties) -> None:
    """Without this, every case below could pass for a reason of its own."""
    verification = parties.verification.verify(bound(parties, crafted(parties)))
    assert (verification.verdict, verification.code) == (Verdict.VERIFIED, None)
    assert [step.number for step in verification.steps] == list(range(1, 11))
    verification = parties.verification.verify(rebound(parties, crafted(parties)))
    assert verification.verdict is Verdict.VERIFIED


def _credential(**changes: Any) -> Making:  # noqa: ANN401 - passed on
    return lambda parties: bound(parties, crafted(parties, **changes))


def _set(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims.update(values)


def _listed(uri: str) -> Making:
    return _credential(claims=lambda claims: claims["status"]["status_list"].update(uri=uri))


def _held_by(jwk: dict[str, str]) -> Making:
    return _credential(claims=_set(cnf={"jwk": jwk}))


def _disclosures(change: Callable[[list[str]], list[str]]) -> Making:
    """Present after a change of the disclosures, bound anew by an accomplice of a holder."""

    def make(parties: Parties) -> str:
        sd_jwt = crafted(parties)
        jws, *disclosures, _ = sd_jwt.split("~")
        changed = "~".join((jws, *change(disclosures), ""))

        return bound_as_it_is(parties, changed)

    return make


def _key_of_another_member(parties: Parties) -> str:
    signer = P256Signer()
    other = parties.chain.admit("http://localhost:8109", Role.ISSUER)
    parties.chain.register_key(other, signer.key.thumbprint, KeyPurpose.CREDENTIAL_SIGNING)
    return bound(parties, crafted(parties, signer=signer))


def _key_for_another_purpose(parties: Parties) -> str:
    signer = P256Signer()
    parties.chain.register_key(parties.bank.member, signer.key.thumbprint, KeyPurpose.STATUS_SIGNING)
    return bound(parties, crafted(parties, signer=signer))


def _certificate_of_another_key(parties: Parties) -> str:
    other = certificate(P256Signer().private_key)
    return bound(parties, crafted(parties, header=_set(x5c=[other])))


def _wrong_schema_for_vct(parties: Parties) -> str:
    other = parties.chain.register_schema("https://consortium.example/types/other-1")
    return bound(parties, crafted(parties, claims=_set(**{"vct#integrity": integrity_of(other)})))


def _holder_changed_a_disclosure(parties: Parties) -> str:
    """Bind all eight, then take one away: the wallet's signature covers what it showed."""
    presentation = bound(parties, crafted(parties))
    jws, first, *rest = presentation.split("~")
    assert first
    return "~".join((jws, *rest))


def _bound_by_another_key(parties: Parties) -> str:
    return bound(parties, crafted(parties), holder=P256Signer())


def _not_bound(parties: Parties) -> str:
    return bound(parties, crafted(parties)).rpartition("~")[0] + "~"


def _wrong_key_binding_type(parties: Parties) -> str:
    return rebound(parties, crafted(parties), header={"alg": "ES256", "typ": "JWT"})


def _unsigned(parties: Parties) -> str:
    return with_key_binding_header(bound(parties, crafted(parties)), {"alg": "none", "typ": "kb+jwt"})


def _made_before_its_nonce(parties: Parties) -> str:
    sd_jwt = crafted(parties)
    long_ago = parties.clock.now() - 61
    return bound(parties, sd_jwt, at=long_ago)


def _made_long_ago(parties: Parties) -> str:
    sd_jwt, nonce = crafted(parties), parties.nonce()
    presentation = bound(parties, sd_jwt, nonce=nonce.nonce)
    parties.clock.advance(250)
    second = bound(parties, sd_jwt, nonce=parties.nonce().nonce, at=nonce.issued_at)
    parties.chain.idle()
    assert presentation != second
    return second


def _expired_nonce(parties: Parties) -> str:
    presentation = bound(parties, crafted(parties))
    parties.clock.advance(300)
    parties.chain.idle()
    return presentation


def _hidden(*hidden: str) -> Making:
    show = tuple(path for path in SHOWN if path[0] not in hidden)
    return lambda parties: bound(parties, crafted(parties), show=show)


def _shown_besides(*path: str) -> Making:
    return lambda parties: bound(parties, crafted(parties), show=(*SHOWN, path))


def _level(level: object) -> Making:
    def change(claims: dict[str, Any]) -> None:
        claims["proofing"]["assurance_level"] = Disclosable(level)

    return _credential(claims=change)


CASES: list[tuple[str, int, str, Making]] = [
    ("alg none", 1, "algorithm_not_allowed", _credential(header=_set(alg="none"))),
    ("alg HS256", 1, "algorithm_not_allowed", _credential(header=_set(alg="HS256"))),
    ("alg Ed25519", 1, "algorithm_not_allowed", _credential(header=_set(alg="Ed25519"))),
    ("binding alg none", 1, "algorithm_not_allowed", _unsigned),
    ("typ JWT", 1, "wrong_type", _credential(header=_set(typ="JWT"))),
    ("typ of the old draft", 1, "wrong_type", _credential(header=_set(typ="vc+sd-jwt"))),
    ("no typ", 1, "wrong_type", _credential(header=drop("typ"))),
    ("unknown _sd_alg", 2, "unknown_sd_alg", lambda p: _with_payload_member(p, "_sd_alg", "md5")),
    ("disclosure twice", 2, "duplicate_digest", _disclosures(lambda d: [*d, d[0]])),
    ("disclosure of nothing", 2, "unreferenced_disclosure", _disclosures(lambda d: [*d, disclosure("salt", "x", 1)])),
    ("exp in a disclosure", 2, "protected_claim_disclosed", lambda p: _protected(p)),
    ("no vct", 2, "malformed_credential", _credential(claims=drop("vct"))),
    ("no integrity", 2, "malformed_credential", _credential(claims=drop("vct#integrity"))),
    ("no iss", 2, "malformed_credential", _credential(claims=drop("iss"))),
    ("iss of nobody", 3, "unknown_issuer", _credential(claims=_set(iss="http://localhost:9999"))),
    ("iss with a slash more", 3, "unknown_issuer", _credential(claims=_set(iss=f"{BANK}/"))),
    ("key of nobody", 3, "unknown_issuer_key", foreign_key),
    ("key of another member", 3, "unknown_issuer_key", _key_of_another_member),
    ("key for another purpose", 3, "unknown_issuer_key", _key_for_another_purpose),
    ("no certificate", 3, "unknown_issuer_key", _credential(header=drop("x5c"))),
    ("certificate of another key", 3, "certificate_key_mismatch", _certificate_of_another_key),
    ("certificate is junk", 3, "certificate_key_mismatch", _credential(header=_set(x5c=["AAAA"]))),
    ("kid of another key", 3, "certificate_key_mismatch", _credential(header=_set(kid="other"))),
    ("no kid", 3, "certificate_key_mismatch", _credential(header=drop("kid"))),
    ("signature of another credential", 3, "invalid_issuer_signature", broken_signature),
    ("schema of nobody", 4, "unknown_schema", _credential(claims=_set(**{"vct#integrity": integrity_of(b"-" * 32)}))),
    ("schema of another vct", 4, "unknown_schema", _wrong_schema_for_vct),
    ("no exp", 6, "missing_exp", _credential(claims=drop("exp"))),
    ("expired", 6, "credential_expired", _credential(claims=shift("exp", -60))),
    ("not yet valid", 6, "credential_not_yet_valid", _credential(claims=shift("nbf", 61))),
    ("from the future", 6, "issued_in_future", _credential(claims=shift("iat", 61))),
    ("no status", 7, "status_reference_invalid", _credential(claims=drop("status"))),
    ("list of another", 7, "status_reference_invalid", _listed(f"{EXCHANGE}/status-lists/0")),
    (
        "list of another spelling",
        7,
        "status_reference_invalid",
        _listed(f"{BANK}/status-lists/00"),
    ),
    (
        "list number too large",
        7,
        "status_reference_invalid",
        _listed(f"{BANK}/status-lists/4294967296"),
    ),
    ("list with a query", 7, "status_reference_invalid", _listed(f"{BANK}/status-lists/0?a")),
    ("no key binding", 8, "missing_key_binding", _not_bound),
    ("no cnf", 8, "missing_key_binding", _credential(claims=drop("cnf"))),
    ("unusable cnf", 8, "missing_key_binding", _held_by({"kty": "RSA"})),
    ("binding typ JWT", 8, "invalid_key_binding_type", _wrong_key_binding_type),
    ("bound by another key", 8, "invalid_key_binding_signature", _bound_by_another_key),
    (
        "cnf on another curve",
        8,
        "invalid_key_binding_signature",
        _held_by(Ed25519Signer().jwk),
    ),
    ("no aud", 8, "malformed_key_binding", lambda p: rebound(p, crafted(p), aud=None)),
    ("aud is a list", 8, "malformed_key_binding", lambda p: rebound(p, crafted(p), aud=[EXCHANGE])),
    ("iat is text", 8, "malformed_key_binding", lambda p: rebound(p, crafted(p), iat="1")),
    ("aud of another", 8, "wrong_audience", lambda p: rebound(p, crafted(p), aud=BANK)),
    ("nonce of nobody", 8, "nonce_unknown", lambda p: rebound(p, crafted(p), nonce="n" * 43)),
    ("nonce expired", 8, "nonce_expired", _expired_nonce),
    ("made before its nonce", 8, "key_binding_stale", _made_before_its_nonce),
    ("made long ago", 8, "key_binding_stale", _made_long_ago),
    ("made in the future", 8, "key_binding_in_future", lambda p: bound(p, crafted(p), at=p.clock.now() + 61)),
    ("a disclosure taken away", 8, "sd_hash_mismatch", _holder_changed_a_disclosure),
    ("a claim not permitted", 9, "claims_not_permitted", _shown_besides("sex")),
    ("a member not permitted", 9, "claims_not_permitted", _shown_besides("age_equal_or_over", "14")),
    ("a plain claim not permitted", 9, "claims_not_permitted", _credential(claims=_set(sub="customer-1"))),
    ("a required claim hidden", 9, "required_claim_missing", _hidden("family_name")),
    ("a required member hidden", 9, "required_claim_missing", _hidden("age_equal_or_over")),
    ("assurance too low", 9, "assurance_too_low", _level("low")),
    ("assurance hidden", 9, "assurance_too_low", _hidden("proofing")),
    ("assurance unheard of", 9, "assurance_too_low", _level("stellar")),
    ("assurance is a list", 9, "assurance_too_low", _level(["high"])),
]


@pytest.mark.parametrize(("step", "code", "make"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_one_thing_wrong_is_refused_by_its_code(parties: Parties, step: int, code: str, make: Making) -> None:
    assert refused_with(parties, make(parties)) == (code, step)


def _with_payload_member(parties: Parties, name: str, value: object) -> str:

    return bound_as_it_is(parties, resigned(parties, {name: value}))


def _protected(parties: Parties) -> str:
    def change(claims: dict[str, Any]) -> None:
        claims["exp"] = Disclosable(claims["exp"])

    return bound_as_it_is(parties, crafted(parties, claims=change))


@pytest.mark.parametrize("name", ["_sd", "..."])
def test_reserved_disclosure_name_is_refused(parties: Parties, name: str) -> None:

    bad = disclosure("salt", name, "x")
    sd_jwt = resigned(parties, {"_sd": [disclosure_digest(bad)]})
    jws = sd_jwt.partition("~")[0]
    assert refused_with(parties, bound_as_it_is(parties, f"{jws}~{bad}~")) == ("reserved_claim_name", 2)


def test_disclosed_name_that_exists_already_is_refused(parties: Parties) -> None:

    twin = disclosure("salt", "given_name", "Other")
    sd_jwt = resigned(parties, {"_sd": [disclosure_digest(twin)], "given_name": "Minseo"})
    jws = sd_jwt.partition("~")[0]
    assert refused_with(parties, bound_as_it_is(parties, f"{jws}~{twin}~")) == ("claim_collision", 2)


def test_disclosure_of_four_elements_is_refused(parties: Parties) -> None:

    bad = disclosure("salt", "sex", "female", "more")
    jws = resigned(parties, {"_sd": [disclosure_digest(bad)]}).partition("~")[0]
    assert refused_with(parties, bound_as_it_is(parties, f"{jws}~{bad}~")) == ("invalid_disclosure", 2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "=",
        lambda text: text.replace("~", "~~", 1),
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda text: "",
        lambda text: text.partition("~")[0],
    ],
)
def test_malformed_presentation_is_no_judgement(parties: Parties, spoil: Callable[[str], str]) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    with pytest.raises(MalformedInput):
        parties.verification.verify(spoil(presentation), nonce=nonce.nonce)
    assert parties.exchange.events() == []
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


def test_oversized_presentation_is_no_judgement(parties: Parties) -> None:
    with pytest.raises(PresentationTooLarge):
        parties.verification.verify("a" * 65_537)
    assert parties.exchange.events() == []

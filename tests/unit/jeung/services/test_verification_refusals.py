"""Every refusal of steps 1 to 9: a presentation that is right but for one thing gets that thing's own code."""

from collections.abc import Callable
from typing import Any

import pytest

from jeung.crypto.hashing import sha256
from jeung.crypto.integrity import integrity_of
from jeung.crypto.sd_jwt import disclosure_digest
from jeung.crypto.sd_jwt_issue import Disclosable
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import OperatorPurpose, Role
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Verdict
from jeung.errors import AttestationPending, LedgerStale, MalformedInput, PresentationTooLarge
from tests.common.jose import Ed25519Signer, P256Signer, certificate
from tests.common.parties import BANK, EXCHANGE, SHOWN, Parties
from tests.unit.jeung.services.presenting import (
    bound,
    bound_as_it_is,
    crafted,
    disclosure,
    rebound,
    refused_with,
    resigned,
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


def _drop(*names: str) -> Callable[[dict[str, Any]], object]:
    return lambda claims: [claims.pop(name) for name in names]


def _shift(name: str, seconds: int) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims.update({name: claims["iat"] + seconds})


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


def _foreign_key(parties: Parties) -> str:
    return bound(parties, crafted(parties, signer=P256Signer()))


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


def _broken_signature(parties: Parties) -> str:
    sd_jwt = crafted(parties)
    jws, _, rest = sd_jwt.partition("~")
    head, payload, _ = jws.split(".")
    other = crafted(parties).partition("~")[0].split(".")[2]
    return bound(parties, f"{head}.{payload}.{other}~{rest}")


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
    ("no typ", 1, "wrong_type", _credential(header=_drop("typ"))),
    ("unknown _sd_alg", 2, "unknown_sd_alg", lambda p: _with_payload_member(p, "_sd_alg", "md5")),
    ("disclosure twice", 2, "duplicate_digest", _disclosures(lambda d: [*d, d[0]])),
    ("disclosure of nothing", 2, "unreferenced_disclosure", _disclosures(lambda d: [*d, disclosure("salt", "x", 1)])),
    ("exp in a disclosure", 2, "protected_claim_disclosed", lambda p: _protected(p)),
    ("no vct", 2, "malformed_credential", _credential(claims=_drop("vct"))),
    ("no integrity", 2, "malformed_credential", _credential(claims=_drop("vct#integrity"))),
    ("no iss", 2, "malformed_credential", _credential(claims=_drop("iss"))),
    ("iss of nobody", 3, "unknown_issuer", _credential(claims=_set(iss="http://localhost:9999"))),
    ("iss with a slash more", 3, "unknown_issuer", _credential(claims=_set(iss=f"{BANK}/"))),
    ("key of nobody", 3, "unknown_issuer_key", _foreign_key),
    ("key of another member", 3, "unknown_issuer_key", _key_of_another_member),
    ("key for another purpose", 3, "unknown_issuer_key", _key_for_another_purpose),
    ("no certificate", 3, "unknown_issuer_key", _credential(header=_drop("x5c"))),
    ("certificate of another key", 3, "certificate_key_mismatch", _certificate_of_another_key),
    ("certificate is junk", 3, "certificate_key_mismatch", _credential(header=_set(x5c=["AAAA"]))),
    ("kid of another key", 3, "certificate_key_mismatch", _credential(header=_set(kid="other"))),
    ("no kid", 3, "certificate_key_mismatch", _credential(header=_drop("kid"))),
    ("signature of another credential", 3, "invalid_issuer_signature", _broken_signature),
    ("schema of nobody", 4, "unknown_schema", _credential(claims=_set(**{"vct#integrity": integrity_of(b"-" * 32)}))),
    ("schema of another vct", 4, "unknown_schema", _wrong_schema_for_vct),
    ("no exp", 6, "missing_exp", _credential(claims=_drop("exp"))),
    ("expired", 6, "credential_expired", _credential(claims=_shift("exp", -60))),
    ("not yet valid", 6, "credential_not_yet_valid", _credential(claims=_shift("nbf", 61))),
    ("from the future", 6, "issued_in_future", _credential(claims=_shift("iat", 61))),
    ("no status", 7, "status_reference_invalid", _credential(claims=_drop("status"))),
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
    ("no cnf", 8, "missing_key_binding", _credential(claims=_drop("cnf"))),
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


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (CredentialStatus.REVOKED, "credential_revoked"),
        (CredentialStatus.SUSPENDED, "credential_suspended"),
        (CredentialStatus.REFUSED, "credential_status_unknown"),
    ],
)
def test_status_that_is_not_valid_is_refused(parties: Parties, status: CredentialStatus, code: str) -> None:
    presentation = bound(parties, crafted(parties))
    parties.chain.set_statuses(parties.bank.member, 0, status, 7)
    assert refused_with(parties, presentation) == (code, 7)


def test_status_of_another_index_or_member_does_not_matter(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    parties.chain.set_statuses(parties.bank.member, 0, CredentialStatus.REVOKED, 6, 8)
    parties.chain.set_statuses(parties.bank.member, 1, CredentialStatus.REVOKED, 7)
    parties.chain.set_statuses(parties.exchange.member, 0, CredentialStatus.REVOKED, 7)
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


def test_reinstated_credential_is_accepted(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.chain.set_statuses(parties.bank.member, 0, CredentialStatus.SUSPENDED, 7)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("credential_suspended", 7)
    parties.chain.set_statuses(parties.bank.member, 0, CredentialStatus.VALID, 7)
    assert parties.verification.verify(bound(parties, sd_jwt)).verdict is Verdict.VERIFIED


def test_unattested_digest_is_pending_while_young_and_does_not_burn_the_nonce(parties: Parties) -> None:
    family = parties.issue()
    nonce = parties.nonce()
    presentation = bound(parties, family.copies[0].sd_jwt, nonce=nonce.nonce)
    with pytest.raises(AttestationPending) as pending:
        parties.verification.verify(presentation)
    assert pending.value.retry_after_s > 0
    assert parties.exchange.events() == []
    parties.attest(family)
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(("age", "refused"), [(90, False), (91, True)])
def test_unattested_digest_is_refused_after_the_grace(parties: Parties, age: int, refused: bool) -> None:
    sd_jwt = crafted(parties, attest=False)
    parties.clock.advance(age)
    parties.chain.idle()
    if refused:
        assert refused_with(parties, bound(parties, sd_jwt)) == ("not_attested", 4)
    else:
        with pytest.raises(AttestationPending):
            parties.verification.verify(bound(parties, sd_jwt))


@pytest.mark.parametrize("change", [_shift("iat", 61), _drop("iat")], ids=["future", "none"])
def test_credential_without_a_believable_age_is_never_pending(
    parties: Parties, change: Callable[[dict[str, Any]], object]
) -> None:
    sd_jwt = crafted(parties, claims=change, attest=False)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("not_attested", 4)


@pytest.mark.parametrize("seconds", [6, 11, 3_600])
def test_stale_ledger_is_no_judgement_and_does_not_burn_the_nonce(parties: Parties, seconds: int) -> None:
    presentation = bound(parties, crafted(parties))
    parties.clock.advance(seconds if seconds < 300 else 200)
    with pytest.raises(LedgerStale):
        parties.verification.verify(presentation)
    assert parties.exchange.events() == []
    parties.chain.idle()
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


def test_ledger_within_every_bound_is_fresh(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    head = parties.bank.index.head()
    assert head is not None
    parties.clock.advance(10)
    parties.bank.index.heard(
        head_number=head.number + 2,
        head_time=head.time,
        polled_at=parties.clock.now() - 5,
        fence=parties.bank.fence,
    )
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(("behind", "head_age", "poll_age"), [(3, 0, 0), (0, 11, 0), (0, 0, 6)])
def test_each_bound_of_freshness_counts_alone(parties: Parties, behind: int, head_age: int, poll_age: int) -> None:
    presentation = bound(parties, crafted(parties))
    head = parties.bank.index.head()
    assert head is not None
    parties.clock.advance(20)
    now = parties.clock.now()
    parties.bank.index.heard(
        head_number=head.number + behind,
        head_time=now - head_age,
        polled_at=now - poll_age,
        fence=parties.bank.fence,
    )
    with pytest.raises(LedgerStale):
        parties.verification.verify(presentation)


@pytest.mark.parametrize("make", [_foreign_key, lambda parties: bound(parties, crafted(parties, attest=False))])
def test_refusal_that_fresh_blocks_could_turn_is_not_given_from_a_stale_ledger(
    parties: Parties, make: Making
) -> None:
    presentation = make(parties)
    parties.clock.advance(100)
    with pytest.raises(LedgerStale):
        parties.verification.verify(presentation)


def test_refusal_that_no_block_can_turn_is_given_from_a_stale_ledger(parties: Parties) -> None:
    presentation = _broken_signature(parties)
    parties.clock.advance(100)
    assert refused_with(parties, presentation) == ("invalid_issuer_signature", 3)


@pytest.mark.parametrize("purpose", list(OperatorPurpose))
def test_operator_purpose_is_not_confused(parties: Parties, purpose: OperatorPurpose) -> None:
    """The contract would not let a STATUS operator attest; a decoder that confused them is caught here."""
    sd_jwt = crafted(parties, attest=False)

    digest = sha256(sd_jwt.partition("~")[0].encode())
    parties.chain.attest(parties.bank.member, parties.schema, [digest], parties.operator(purpose))
    presentation = bound(parties, sd_jwt)
    if purpose is OperatorPurpose.ATTEST:
        assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED
    else:
        assert refused_with(parties, presentation) == ("operator_not_authorized", 5)

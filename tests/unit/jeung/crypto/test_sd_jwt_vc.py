import hashlib
import json
import secrets
from typing import Any

import pytest

from jeung.crypto import base64url, sd_jwt_vc
from jeung.crypto.integrity import integrity_of
from jeung.crypto.jws import sign_jws
from jeung.crypto.sd_jwt import disclosure_digest
from jeung.crypto.sd_jwt_issue import Disclosable, issue_sd_jwt
from jeung.crypto.sd_jwt_vc import StatusReference, UnverifiedCredential
from jeung.errors import (
    AlgorithmNotAllowed,
    CertificateKeyMismatch,
    InvalidIssuerSignature,
    MalformedCredential,
    ProtectedClaimDisclosed,
    ReservedClaimName,
    WrongType,
)
from tests.common.jose import Ed25519Signer, P256Signer, certificate

ISSUER, HOLDER = P256Signer(), P256Signer()
SCHEMA = bytes(range(32))
STATUS = StatusReference("http://bank/status-lists/0", 2**20 - 1)
MINIMAL: dict[str, Any] = {"iss": "http://bank", "vct": "http://types/a", "vct#integrity": integrity_of(SCHEMA)}


def issued(subject: dict[str, object] | None = None, certificates: tuple[str, ...] = ()) -> str:
    return sd_jwt_vc.issue_credential(
        subject or {},
        issuer="http://bank",
        vct="http://types/a",
        schema_id=SCHEMA,
        holder_jwk=HOLDER.jwk,
        status=STATUS,
        issued_at=1_700_000_000,
        expires_at=1_800_000_000,
        key_id="key",
        certificates=certificates,
        sign=ISSUER.sign,
        random_bytes=secrets.token_bytes,
        decoys=1,
    )


def read(claims: dict[str, Any], *disclosures: str) -> UnverifiedCredential:
    token = sign_jws({"alg": "ES256", "typ": "dc+sd-jwt"}, claims, ISSUER.sign)
    return sd_jwt_vc.read_credential(sd_jwt_vc.parse_presentation("~".join((token, *disclosures, ""))))


def test_an_issued_credential_is_read_back() -> None:
    parsed = sd_jwt_vc.parse_presentation(issued({"name": Disclosable("Min-jun"), "sub": "s"}))
    credential = sd_jwt_vc.read_credential(parsed)
    sd_jwt_vc.verify_issuer_signature(parsed, ISSUER.key)
    assert (credential.issuer, credential.vct, credential.schema_id) == ("http://bank", "http://types/a", SCHEMA)
    assert credential.holder_jwk == HOLDER.jwk
    assert credential.status == STATUS
    assert (credential.issued_at, credential.not_before, credential.expires_at) == (
        1_700_000_000,
        None,
        1_800_000_000,
    )
    assert credential.claims["name"] == "Min-jun"
    assert [path for path, _ in credential.disclosed] == [("name",)]
    assert parsed.jws.header == {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "key"}


def test_the_digest_is_sha256_over_the_issuer_signed_jwt_alone() -> None:
    text = issued({"name": Disclosable("Min-jun")})
    jwt = text.split("~")[0]
    expected = hashlib.sha256(jwt.encode("ascii")).digest()
    assert sd_jwt_vc.credential_digest(sd_jwt_vc.parse_presentation(text)) == expected
    assert sd_jwt_vc.credential_digest(sd_jwt_vc.parse_presentation(f"{jwt}~")) == expected


@pytest.mark.parametrize("typ", ["JWT", "vc+sd-jwt", "application/dc+sd-jwt", "DC+SD-JWT", None])
def test_only_dc_sd_jwt_is_a_credential(typ: object) -> None:
    token = sign_jws({"alg": "ES256", "typ": typ}, MINIMAL, ISSUER.sign)
    with pytest.raises(WrongType):
        sd_jwt_vc.parse_presentation(f"{token}~")


def test_only_es256_signs_credentials() -> None:
    token = sign_jws({"alg": "Ed25519", "typ": "dc+sd-jwt"}, MINIMAL, Ed25519Signer().sign)
    with pytest.raises(AlgorithmNotAllowed):
        sd_jwt_vc.parse_presentation(f"{token}~")


def test_a_forged_signature_is_refused() -> None:
    parsed = sd_jwt_vc.parse_presentation(issued())
    with pytest.raises(InvalidIssuerSignature):
        sd_jwt_vc.verify_issuer_signature(parsed, HOLDER.key)


def test_what_later_steps_judge_may_be_absent_here() -> None:
    credential = read(MINIMAL)
    assert (credential.holder_jwk, credential.status, credential.expires_at, credential.issued_at) == (None,) * 4


def test_iat_and_sub_may_be_disclosed() -> None:
    texts = [base64url.encode(json.dumps(["s", *pair]).encode()) for pair in (("iat", 5), ("sub", "x"))]
    credential = read(MINIMAL | {"_sd": [disclosure_digest(text) for text in texts]}, *texts)
    assert (credential.issued_at, credential.claims["sub"]) == (5, "x")


@pytest.mark.parametrize("name", ["iss", "vct", "vct#integrity"])
def test_what_names_issuer_and_type_is_required(name: str) -> None:
    with pytest.raises(MalformedCredential):
        read({key: value for key, value in MINIMAL.items() if key != name})


@pytest.mark.parametrize(
    "change",
    [
        {"iss": 1},
        {"iss": ""},
        {"vct": None},
        {"vct": ["http://types/a"]},
        {"vct#integrity": "sha384-AAAA"},
        {"vct#integrity": 1},
        {"aka_vcts": []},
        {"aka_vcts": "http://types/b"},
        {"aka_vcts": [1]},
        {"aka_vcts": ["http://types/b", "http://types/a"]},
        {"sub": 1},
        {"iat": "1700000000"},
        {"nbf": 1.5},
        {"exp": True},
        {"exp": None},
        {"exp": -1},
        {"cnf": None},
        {"cnf": {}},
        {"cnf": {"kid": "a"}},
        {"cnf": {"jwk": "a"}},
        {"status": None},
        {"status": {}},
        {"status": "http://bank"},
        {"status": {"status_list": []}},
        {"status": {"status_list": {"uri": "u"}}},
        {"status": {"status_list": {"idx": 1}}},
        {"status": {"status_list": {"idx": 2**20, "uri": "u"}}},
        {"status": {"status_list": {"idx": -1, "uri": "u"}}},
        {"status": {"status_list": {"idx": "1", "uri": "u"}}},
        {"status": {"status_list": {"idx": 1, "uri": ""}}},
    ],
)
def test_a_registered_claim_of_another_type_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedCredential):
        read(MINIMAL | change)


def test_other_types_may_be_named() -> None:
    assert read(MINIMAL | {"aka_vcts": ["http://types/b"]}).vct == "http://types/a"


@pytest.mark.parametrize("name", sorted(sd_jwt_vc.NEVER_DISCLOSABLE))
def test_no_claim_about_the_credential_comes_from_a_disclosure(name: str) -> None:
    text = base64url.encode(json.dumps(["salt", name, MINIMAL.get(name, {})]).encode())
    claims = {key: value for key, value in MINIMAL.items() if key != name}
    with pytest.raises(ProtectedClaimDisclosed):
        read(claims | {"_sd": [disclosure_digest(text)]}, text)


@pytest.mark.parametrize("name", sorted(sd_jwt_vc.REGISTERED_CLAIMS))
def test_a_subject_claim_never_overwrites_a_registered_one(name: str) -> None:
    with pytest.raises(ReservedClaimName):
        issued({name: "x"})


def test_the_holder_key_of_the_credential_cannot_be_kept_back() -> None:
    token = issue_sd_jwt(
        {"alg": "ES256", "typ": "dc+sd-jwt"},
        MINIMAL | {"cnf": {"jwk": Disclosable(HOLDER.jwk)}},
        sign=ISSUER.sign,
        random_bytes=secrets.token_bytes,
    )
    with pytest.raises(ProtectedClaimDisclosed):
        sd_jwt_vc.read_credential(sd_jwt_vc.parse_presentation(token))


def test_the_leaf_certificate_gives_the_key() -> None:
    leaf, other = certificate(ISSUER.private_key), certificate(HOLDER.private_key)
    assert sd_jwt_vc.certificate_key(sd_jwt_vc.parse_presentation(issued(certificates=(leaf, other)))) == ISSUER.key


def test_without_x5c_there_is_no_certificate_key() -> None:
    assert sd_jwt_vc.certificate_key(sd_jwt_vc.parse_presentation(issued())) is None


@pytest.mark.parametrize("chain", [[], "text", None, [1], [None], {}, ["AAAA"], [""], ["A"] * 9])
def test_an_x5c_that_holds_no_key_is_refused(chain: object) -> None:
    header = {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": chain}
    parsed = sd_jwt_vc.parse_presentation(sign_jws(header, MINIMAL, ISSUER.sign) + "~")
    with pytest.raises(CertificateKeyMismatch):
        sd_jwt_vc.certificate_key(parsed)


def test_the_repr_of_a_credential_shows_nothing_about_the_subject() -> None:
    parsed = sd_jwt_vc.parse_presentation(issued({"name": Disclosable("Min-jun")}))
    text = repr(parsed) + repr(sd_jwt_vc.read_credential(parsed))
    for secret in ("Min-jun", HOLDER.jwk["x"], str(STATUS.index)):
        assert secret not in text

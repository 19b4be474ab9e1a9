"""An algorithm nobody has yet: one entry in one registry, and it is made, kept, certified, used and verified."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa

from jeung.crypto import signatures
from jeung.crypto.jwk import parse_certificate_key, parse_jwk
from jeung.crypto.jws import parse_jws, sign_jws, verify_jws
from jeung.crypto.sd_jwt_vc import StatusReference, issue_credential, parse_presentation, verify_issuer_signature
from jeung.crypto.signatures import Ecdsa, Plain, SignatureAlgorithm, Use
from jeung.domain.registrations import KeyPurpose
from jeung.errors import AlgorithmNotAllowed, InvalidSignature, MalformedKey
from keys.certificates import Validity, issue_anchor, issue_leaf
from keys.errors import UnknownAlgorithm, WrongPurpose
from keys.keystore import Keystore
from keys.model import KeyRecord
from keys.purposes import Purpose
from keys.signer import KeystoreSigner
from tests.common.custody import NOW, MemoryTokenCustody, SoftwareCustody
from tests.common.jose import P256Signer

ES384 = Ecdsa("ES384", "P-384", ec.SECP384R1(), hashes.SHA384(), frozenset({Use.WALLETS, Use.MESSAGES}))
ML_DSA_65 = Plain(
    "ML-DSA-65",
    {"alg": "ML-DSA-65", "kty": "AKP"},
    "pub",
    1952,
    3309,
    mldsa.MLDSA65PublicKey,
    mldsa.MLDSA65PrivateKey,
    frozenset({Use.MESSAGES}),
)
NEW = pytest.mark.parametrize("entry", [ES384, ML_DSA_65], ids=lambda entry: entry.name)
VALIDITY = Validity(NOW - 10, NOW + 1000)


def register(monkeypatch: pytest.MonkeyPatch, entry: SignatureAlgorithm) -> None:
    monkeypatch.setitem(signatures.SIGNATURES, entry.name, entry)


def made(keystore: Keystore, purpose: Purpose, entry: SignatureAlgorithm) -> KeyRecord:
    return keystore.activate(keystore.create(purpose, entry.name).key_id)


@NEW
@pytest.mark.parametrize("kind", [SoftwareCustody, MemoryTokenCustody])
def test_token_is_signed_by_a_new_algorithm_and_verified_by_the_jose_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: SignatureAlgorithm, kind: type[SoftwareCustody]
) -> None:
    register(monkeypatch, entry)
    custody = kind(tmp_path)
    with custody.create() as keystore:
        record = made(keystore, Purpose.TOKEN_SIGNING, entry)
    with custody.open() as keystore:
        signer = KeystoreSigner(keystore, {})
        key = signer.active_key(KeyPurpose.TOKEN_SIGNING)
        assert key.algorithm == entry.name
        token = sign_jws(
            {"alg": key.algorithm, "kid": key.key_id},
            {"sub": "someone"},
            lambda message: signer.sign(key.key_id, KeyPurpose.TOKEN_SIGNING, message),
        )
    jws = parse_jws(token, typ=None)
    public = parse_jwk(record.public_jwk)
    assert verify_jws(jws, public) == b'{"sub":"someone"}'
    assert (public.algorithm, public.signature_length) == (entry.name, entry.signature_length)
    with pytest.raises(InvalidSignature):
        public.verify(jws.signature, jws.signing_input + b"x")
    with pytest.raises(InvalidSignature):
        public.verify(jws.signature[:-1], jws.signing_input)
    with pytest.raises(AlgorithmNotAllowed):
        parse_jws(token, typ=None, algorithms={"ES256"})


def test_credential_and_its_certificate_are_made_and_read_under_es384(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, ES384)
    with SoftwareCustody(tmp_path).create() as keystore:
        authority = made(keystore, Purpose.CERTIFICATE_AUTHORITY, ES384)
        record = made(keystore, Purpose.CREDENTIAL_SIGNING, ES384)
        anchor = issue_anchor(keystore, authority.key_id, organisation="Bank", validity=VALIDITY)
        leaf = issue_leaf(
            keystore,
            anchor,
            authority.key_id,
            record.key_id,
            organisation="Bank",
            url="https://bank.example",
            validity=VALIDITY,
        )
        leaf.x509.verify_directly_issued_by(anchor.x509)
        credential = issue_credential(
            {},
            issuer="https://bank.example",
            vct="https://types.example/t",
            schema_id=bytes(32),
            holder_jwk=P256Signer().jwk,
            status=StatusReference("https://bank.example/status-lists/1", 1),
            issued_at=NOW,
            expires_at=NOW + 1,
            key_id=record.key_id,
            certificates=(),
            sign=lambda message: keystore.sign(record.key_id, Purpose.CREDENTIAL_SIGNING, message),
            random_bytes=bytes,
            algorithm=record.algorithm,
        )
    verify_issuer_signature(parse_presentation(credential), parse_jwk(record.public_jwk))


def test_leaf_certificate_of_a_new_algorithm_gives_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, ES384)
    with SoftwareCustody(tmp_path).create() as keystore:
        authority = made(keystore, Purpose.CERTIFICATE_AUTHORITY, ES384)
        anchor = issue_anchor(keystore, authority.key_id, organisation="Bank", validity=VALIDITY)
    read = parse_certificate_key(base64.b64encode(anchor.der).decode())
    assert read == parse_jwk(authority.public_jwk)


@NEW
def test_without_its_entry_the_algorithm_does_not_exist(tmp_path: Path, entry: SignatureAlgorithm) -> None:
    with SoftwareCustody(tmp_path).create() as keystore:
        with pytest.raises(WrongPurpose):
            keystore.create(Purpose.TOKEN_SIGNING, entry.name)
        assert keystore.list() == []
    with pytest.raises(MalformedKey):
        parse_jwk({**entry.fixed, **dict.fromkeys(entry.lengths, "AAAA")})


def test_key_whose_algorithm_was_struck_from_the_registry_signs_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    custody = SoftwareCustody(tmp_path)
    with monkeypatch.context() as patch:
        register(patch, ES384)
        custody.create().close()
        keystore = custody.open()
        record = made(keystore, Purpose.TOKEN_SIGNING, ES384)
        other = custody.open()
    with pytest.raises(UnknownAlgorithm):
        other.sign(record.key_id, Purpose.TOKEN_SIGNING, b"message")
    other.close()
    keystore.close()


def test_new_algorithm_serves_only_the_uses_of_its_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, ML_DSA_65)
    with SoftwareCustody(tmp_path).create() as keystore:
        for purpose in (Purpose.CREDENTIAL_SIGNING, Purpose.LOG_CHECKPOINT_SIGNING, Purpose.ATTEST):
            with pytest.raises(WrongPurpose):
                keystore.create(purpose, ML_DSA_65.name)
        assert keystore.create(Purpose.RECEIPT_SIGNING).algorithm == "ES256"


def test_ed25519_serves_messages_and_logs_and_nothing_wallets_read(tmp_path: Path) -> None:
    with SoftwareCustody(tmp_path).create() as keystore:
        for purpose in (Purpose.TOKEN_SIGNING, Purpose.WEBHOOK_SIGNING, Purpose.WITNESS_COSIGNING):
            assert keystore.create(purpose, "Ed25519").algorithm == "Ed25519"
        with pytest.raises(WrongPurpose):
            keystore.create(Purpose.CREDENTIAL_SIGNING, "Ed25519")

"""Certificates: what wallets check holds, the authority's key stays where it is, and nonsense is not signed."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from jeung.crypto import base64url
from keys.certificates import Certificate, Validity, _AuthorityHandle, issue_anchor, issue_leaf
from keys.errors import CertificateRefused, ExportRefused, WrongPurpose, WrongState
from keys.keystore import Keystore
from keys.purposes import Purpose
from tests.common.custody import NOW, SoftwareCustody

URL = "https://bank.example/jeung"
YEAR_S = 31_536_000
ANCHOR_VALIDITY = Validity(NOW, NOW + 10 * YEAR_S)
LEAF_VALIDITY = Validity(NOW, NOW + YEAR_S)


@pytest.fixture
def keystore(tmp_path: Path) -> Iterator[Keystore]:
    with SoftwareCustody(tmp_path).create() as keystore:
        for purpose in Purpose:
            keystore.activate(keystore.create(purpose).key_id)
        yield keystore


@pytest.fixture
def ca(keystore: Keystore) -> str:
    return keystore.current(Purpose.CERTIFICATE_AUTHORITY).key_id


@pytest.fixture
def anchor(keystore: Keystore, ca: str) -> Certificate:
    return issue_anchor(keystore, ca, organisation="한빛은행", validity=ANCHOR_VALIDITY)


def leaf(
    keystore: Keystore,
    anchor: Certificate,
    *,
    purpose: Purpose = Purpose.CREDENTIAL_SIGNING,
    organisation: str = "한빛은행",
    url: str = URL,
    validity: Validity = LEAF_VALIDITY,
) -> Certificate:
    return issue_leaf(
        keystore,
        anchor,
        keystore.current(Purpose.CERTIFICATE_AUTHORITY).key_id,
        keystore.current(purpose).key_id,
        organisation=organisation,
        url=url,
        validity=validity,
    )


def test_anchor_is_a_self_signed_authority_of_path_length_zero(anchor: Certificate) -> None:
    made = anchor.x509
    made.verify_directly_issued_by(made)
    assert made.issuer == made.subject
    assert made.version == x509.Version.v3
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.digital_signature) == (True, True, False)
    assert made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "한빛은행"
    assert int(made.not_valid_before_utc.timestamp()) == NOW


@pytest.mark.parametrize("purpose", [Purpose.CREDENTIAL_SIGNING, Purpose.STATUS_SIGNING, Purpose.REQUEST_SIGNING])
def test_leaf_holds_the_key_and_the_names_wallets_look_for(
    keystore: Keystore, anchor: Certificate, purpose: Purpose
) -> None:
    made = leaf(keystore, anchor, purpose=purpose).x509
    made.verify_directly_issued_by(anchor.x509)
    assert made.subject != made.issuer == anchor.x509.subject
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["bank.example"]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [URL]
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca) == (True, False)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_cert_sign) == (True, True, False)
    own = anchor.x509.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    theirs = made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert own == theirs
    key = made.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    jwk = keystore.current(purpose).public_jwk
    assert jwk is not None
    assert base64url.encode(key.public_numbers().x.to_bytes(32)) == jwk["x"]


def test_chain_is_accepted_by_a_path_validator(keystore: Keystore, anchor: Certificate) -> None:
    """Judge by the Web PKI's profile, the strictest at hand; it also compares the host with the DNS name."""
    policy = PolicyBuilder().store(Store([anchor.x509])).time(datetime.fromtimestamp(NOW + 1, UTC))
    made = leaf(keystore, anchor).x509
    assert policy.build_server_verifier(x509.DNSName("bank.example")).verify(made, []) == [made, anchor.x509]
    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("other.example")).verify(made, [])


def test_certificate_survives_pem_and_der(anchor: Certificate) -> None:
    assert Certificate.from_pem(anchor.pem) == anchor
    assert x509.load_der_x509_certificate(anchor.der) == anchor.x509


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(CertificateRefused):
        Certificate.from_pem(pem)


def test_two_certificates_never_share_a_serial_number(keystore: Keystore, anchor: Certificate) -> None:
    assert leaf(keystore, anchor).x509.serial_number != leaf(keystore, anchor).x509.serial_number


@pytest.mark.parametrize(
    "purpose",
    [Purpose.TOKEN_SIGNING, Purpose.CERTIFICATE_AUTHORITY, Purpose.GOVERNANCE, Purpose.DATA_WRAPPING],
)
def test_key_that_needs_no_certificate_gets_none(keystore: Keystore, anchor: Certificate, purpose: Purpose) -> None:
    with pytest.raises(CertificateRefused):
        leaf(keystore, anchor, purpose=purpose)


@pytest.mark.parametrize("purpose", [Purpose.CREDENTIAL_SIGNING, Purpose.TOKEN_SIGNING])
def test_only_the_authority_s_key_signs_certificates(keystore: Keystore, purpose: Purpose) -> None:
    key_id = keystore.current(purpose).key_id
    with pytest.raises(WrongPurpose):
        issue_anchor(keystore, key_id, organisation="x", validity=ANCHOR_VALIDITY)


def test_key_of_another_algorithm_is_no_authority(keystore: Keystore) -> None:
    for purpose in (Purpose.GOVERNANCE, Purpose.WITNESS_COSIGNING, Purpose.DATA_WRAPPING):
        with pytest.raises(CertificateRefused, match="ECDSA"):
            issue_anchor(keystore, keystore.current(purpose).key_id, organisation="x", validity=ANCHOR_VALIDITY)


def test_retired_authority_signs_no_more(keystore: Keystore, anchor: Certificate, ca: str) -> None:
    keystore.retire(ca)
    with pytest.raises(WrongState):
        issue_leaf(
            keystore,
            anchor,
            ca,
            keystore.current(Purpose.STATUS_SIGNING).key_id,
            organisation="x",
            url=URL,
            validity=LEAF_VALIDITY,
        )


def test_anchor_of_another_authority_is_refused(keystore: Keystore, ca: str) -> None:
    other = keystore.activate(keystore.create(Purpose.CERTIFICATE_AUTHORITY).key_id).key_id
    foreign = issue_anchor(keystore, other, organisation="x", validity=ANCHOR_VALIDITY)
    subject = keystore.current(Purpose.STATUS_SIGNING).key_id
    with pytest.raises(CertificateRefused, match="authority"):
        issue_leaf(keystore, foreign, ca, subject, organisation="x", url=URL, validity=LEAF_VALIDITY)


@pytest.mark.parametrize(
    "validity",
    [
        Validity(NOW - 1, NOW + YEAR_S),
        Validity(NOW, NOW + 10 * YEAR_S + 1),
        Validity(NOW + 1, NOW + 1),
        Validity(NOW + 2, NOW + 1),
    ],
)
def test_leaf_that_outlives_its_anchor_is_refused(
    keystore: Keystore, anchor: Certificate, validity: Validity
) -> None:
    with pytest.raises(CertificateRefused, match="validity"):
        leaf(keystore, anchor, validity=validity)


@pytest.mark.parametrize("validity", [Validity(NOW, NOW), Validity(-1, NOW), Validity(NOW, 253_402_300_800)])
def test_impossible_validity_is_refused(keystore: Keystore, ca: str, validity: Validity) -> None:
    with pytest.raises(CertificateRefused, match="validity"):
        issue_anchor(keystore, ca, organisation="x", validity=validity)


@pytest.mark.parametrize("organisation", ["", "x" * 65])
def test_impossible_name_is_refused(keystore: Keystore, ca: str, organisation: str) -> None:
    with pytest.raises(CertificateRefused, match="name"):
        issue_anchor(keystore, ca, organisation=organisation, validity=ANCHOR_VALIDITY)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bank.example",
        "ftp://bank.example",
        "https://BANK.example",
        "https://bank.example/",
        "https://a@b.example",
    ],
)
def test_url_that_is_not_canonical_is_refused(keystore: Keystore, anchor: Certificate, url: str) -> None:
    with pytest.raises(CertificateRefused, match="URL"):
        leaf(keystore, anchor, url=url)


def test_handle_given_to_the_builder_does_nothing_but_sign(keystore: Keystore, ca: str) -> None:
    handle = _AuthorityHandle(keystore, keystore.get(ca))
    signature = handle.sign(b"\x30\x00", ec.ECDSA(SHA256()))
    handle.public_key().verify(signature, b"\x30\x00", ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        handle.public_key().verify(signature, b"\x30\x01", ec.ECDSA(SHA256()))
    assert (handle.curve.name, handle.key_size) == ("secp256r1", 256)
    with pytest.raises(ExportRefused):
        handle.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ExportRefused):
        handle.private_numbers()
    with pytest.raises(ExportRefused):
        handle.exchange(ec.ECDH(), handle.public_key())
    for act in (copy.copy, copy.deepcopy):
        with pytest.raises(ExportRefused):
            act(handle)
    assert repr(handle) == "<_AuthorityHandle>"

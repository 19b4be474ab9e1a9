"""Issue the few certificates wallets ask for, under the member's own small certificate authority.

The ledger decides which keys to trust; `x5c` exists because wallets built to HAIP demand a chain. One self-signed
anchor (which never travels in `x5c`) signs leaves for keys that sign towards wallets, with the member's URL as DNS
and URI names.

The authority's key stays in the keystore: the certificate builder of `cryptography` is handed an object that looks
like a private key and can do one thing, pass the bytes to be signed on to `Keystore.sign`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import Buffer
from cryptography.x509.oid import NameOID

from jeung.crypto import base64url
from jeung.crypto.signatures import SIGNATURES, Ecdsa
from jeung.domain.identifiers import parse_canonical_url
from keys.errors import CertificateRefused, ExportRefused
from keys.guarded import Guarded
from keys.keystore import Keystore
from keys.model import KeyRecord
from keys.purposes import Purpose

CERTIFIED_PURPOSES = frozenset({Purpose.CREDENTIAL_SIGNING, Purpose.STATUS_SIGNING, Purpose.REQUEST_SIGNING})
_MAX_NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Certificate:
    """Hold a public certificate."""

    x509: x509.Certificate

    @classmethod
    def from_pem(cls, pem: bytes) -> "Certificate":
        """Read one certificate.

        Raises:
            CertificateRefused: these are not the bytes of a PEM certificate.
        """
        try:
            return cls(x509.load_pem_x509_certificate(pem))
        except ValueError:
            raise CertificateRefused("expected one PEM certificate") from None

    @property
    def pem(self) -> bytes:
        """Give the certificate as PEM text."""
        return self.x509.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        """Give the certificate as DER, which Base64 turns into an entry of `x5c` (RFC 7515, 4.1.6)."""
        return self.x509.public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True)
class Validity:
    """Hold from when to when a certificate is good: seconds UTC, both ends included."""

    not_before: int
    not_after: int

    def within(self, outer: "Validity") -> bool:
        """Tell whether this lies inside another validity and is not empty."""
        return outer.not_before <= self.not_before < self.not_after <= outer.not_after


def issue_anchor(keystore: Keystore, ca_key_id: str, *, organisation: str, validity: Validity) -> Certificate:
    """Issue the self-signed certificate of the member's own authority (RFC 5280; path length 0).

    Args:
        keystore: holds the authority's key.
        ca_key_id: an active CERTIFICATE_AUTHORITY key.
        organisation: the member's name, 1 to 64 characters.
        validity: longer than that of every leaf.

    Raises:
        CertificateRefused: a name or validity no certificate may have.
        UnknownKey, WrongPurpose, WrongState: the key cannot sign certificates.
    """
    authority = keystore.get(ca_key_id)
    name = _name(organisation, "certificate authority", authority)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _builder(name, name, authority, authority, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return _signed(keystore, authority, builder.add_extension(usage, critical=True))


def issue_leaf(
    keystore: Keystore,
    anchor: Certificate,
    ca_key_id: str,
    subject_key_id: str,
    *,
    organisation: str,
    url: str,
    validity: Validity,
) -> Certificate:
    """Issue the certificate of a key that signs towards wallets, for the member's URL.

    Args:
        keystore: holds the authority's key and the subject's.
        anchor: what `issue_anchor` made for the authority's key.
        ca_key_id: an active CERTIFICATE_AUTHORITY key.
        subject_key_id: a key for credential, status or request signing.
        organisation: the member's name, 1 to 64 characters.
        url: the member's canonical URL: a URI name, and its host a DNS name (wallets look for either).
        validity: inside the anchor's.

    Raises:
        CertificateRefused: another authority's anchor, a purpose that needs no certificate, a URL that is not
            canonical, a name or validity no certificate may have.
        UnknownKey, WrongPurpose, WrongState: the authority's key cannot sign certificates.
    """
    authority, subject = keystore.get(ca_key_id), keystore.get(subject_key_id)
    if subject.purpose not in CERTIFIED_PURPOSES:
        raise CertificateRefused(f"a {subject.purpose} key needs no certificate")
    if anchor.x509.public_key() != _public_key(authority):
        raise CertificateRefused("the anchor was not made for this authority's key")
    if not validity.within(_validity_of(anchor)):
        raise CertificateRefused("expected a validity inside the anchor's")
    name = _name(organisation, subject.purpose.replace("_", " "), subject)
    builder = _builder(anchor.x509.subject, name, authority, subject, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    return _signed(keystore, authority, builder.add_extension(_names_of(url), critical=False))


class _AuthorityHandle(Guarded, ec.EllipticCurvePrivateKey):
    """Stand in for the authority's private key, which is not here: sign through the keystore, refuse the rest."""

    __slots__ = ("_authority", "_keystore")

    def __init__(self, keystore: Keystore, authority: KeyRecord) -> None:
        self._keystore = keystore
        self._authority = authority

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Sign a TBSCertificate and give the DER form certificates hold (RFC 5480)."""
        signature = self._keystore.sign(self._authority.key_id, Purpose.CERTIFICATE_AUTHORITY, bytes(data))
        half = len(signature) // 2
        return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Give the authority's public key."""
        return _public_key(self._authority)

    @property
    def curve(self) -> ec.EllipticCurve:
        """Give the curve of the authority's key."""
        return _ecdsa_of(self._authority).curve

    @property
    def key_size(self) -> int:
        """Give the bits of the curve."""
        return self.curve.key_size

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise ExportRefused

    exchange = _refuse
    private_numbers = _refuse
    private_bytes = _refuse
    __copy__ = _refuse
    __deepcopy__ = _refuse


def _signed(keystore: Keystore, authority: KeyRecord, builder: x509.CertificateBuilder) -> Certificate:
    return Certificate(builder.sign(_AuthorityHandle(keystore, authority), _ecdsa_of(authority).hash))


def _builder(
    issuer: x509.Name, subject: x509.Name, authority: KeyRecord, holder: KeyRecord, validity: Validity
) -> x509.CertificateBuilder:
    if not validity.within(Validity(0, 253402300799)):
        raise CertificateRefused("expected a validity that is not empty, up to the year 9999")
    return (
        x509.CertificateBuilder(issuer, subject, _public_key(holder), x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(validity.not_before, UTC))
        .not_valid_after(datetime.fromtimestamp(validity.not_after, UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(_public_key(holder)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(_public_key(authority)), critical=False)
    )


def _ecdsa_of(record: KeyRecord) -> Ecdsa:
    entry = SIGNATURES.get(record.algorithm)
    if not isinstance(entry, Ecdsa):
        raise CertificateRefused("expected an ECDSA key")
    return entry


def _public_key(record: KeyRecord) -> ec.EllipticCurvePublicKey:
    curve, jwk = _ecdsa_of(record).curve, record.public_jwk or {}
    x, y = (int.from_bytes(base64url.decode(jwk[name])) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()


def _name(organisation: str, role: str, holder: KeyRecord) -> x509.Name:
    """Name who holds a key: the member, and what the key does with the start of its thumbprint."""
    if not 0 < len(organisation) <= _MAX_NAME_CHARACTERS:
        raise CertificateRefused(f"expected an organisation's name of 1 to {_MAX_NAME_CHARACTERS} characters")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{role} {holder.key_id[:12]}"),
        ]
    )


def _names_of(url: str) -> x509.SubjectAlternativeName:
    try:
        host = urlsplit(parse_canonical_url(url)).hostname or ""
    except ValueError:
        raise CertificateRefused("expected the member's canonical URL") from None
    return x509.SubjectAlternativeName([x509.DNSName(host), x509.UniformResourceIdentifier(url)])


def _validity_of(certificate: Certificate) -> Validity:
    first, last = certificate.x509.not_valid_before_utc, certificate.x509.not_valid_after_utc
    return Validity(int(first.timestamp()), int(last.timestamp()))


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )

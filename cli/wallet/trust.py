"""Find the key that may speak for an issuer, and judge a certificate's names.

Without a trust anchor of its own the wallet believes the issuer's web server: `/.well-known/jwt-vc-issuer` lists the
keys (draft-ietf-oauth-sd-jwt-vc section 5). With anchors, the leaf of `x5c` must be signed by one of them (HAIP 1.0
leaves the anchor out of the chain). The ledger, which wallets do not read, is the verifiers' authority.
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from cli.wallet import documents
from cli.wallet.errors import NotTrusted
from cli.wallet.http import WalletHttp
from cli.wallet.metadata import well_known
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import VerifyingKey, parse_certificate_key, parse_jwk
from jeung.errors import MalformedKey

_VC_ISSUER = "jwt-vc-issuer"


@dataclass(frozen=True, slots=True)
class Leaf:
    """Hold the leaf certificate of an `x5c` header whose key has signed what it came with."""

    certificate: x509.Certificate = field(repr=False)
    der: bytes = field(repr=False)
    key: VerifyingKey = field(repr=False)

    @property
    def digest(self) -> bytes:
        """Give SHA-256 over the certificate, which `x509_hash` spells."""
        return sha256(self.der)

    @property
    def authority(self) -> bytes | None:
        """Give the key identifier of whoever signed it, which `trusted_authorities` of type `aki` asks for."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        except x509.ExtensionNotFound:
            return None
        return found.value.key_identifier

    def dns_names(self) -> list[str]:
        """Give the DNS names it was made for."""
        return self._names(x509.DNSName)

    def urls(self) -> list[str]:
        """Give the URLs it was made for."""
        return self._names(x509.UniformResourceIdentifier)

    def _names(self, kind: type[x509.DNSName] | type[x509.UniformResourceIdentifier]) -> list[str]:
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return []
        return list(names.value.get_values_for_type(kind))


def read_leaf(header: Any, *, now: int, anchors: Sequence[x509.Certificate] = ()) -> Leaf | None:  # noqa: ANN401
    """Read the leaf of a JOSE header's `x5c`; None where there is none.

    Args:
        header: the JOSE header.
        now: seconds UTC, which must lie within the certificate's validity.
        anchors: where given, one of them must have signed the leaf.

    Raises:
        NotTrusted: not a chain, self-signed (HAIP 1.0 section 6.1.1), not valid now, or signed by no anchor.
    """
    chain = header.get("x5c")
    if chain is None:
        return None
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise NotTrusted("certificate_refused", "`x5c` is no chain of certificates")
    try:
        key = parse_certificate_key(chain[0])
        der = binascii.a2b_base64(chain[0])
        leaf = Leaf(x509.load_der_x509_certificate(der), der, key)
    except (MalformedKey, ValueError):
        raise NotTrusted("certificate_refused", "the leaf of `x5c` cannot be read") from None
    moment = datetime.fromtimestamp(now, UTC)
    if not leaf.certificate.not_valid_before_utc <= moment <= leaf.certificate.not_valid_after_utc:
        raise NotTrusted("certificate_refused", "the certificate is not valid now")
    if leaf.certificate.subject == leaf.certificate.issuer:
        raise NotTrusted("certificate_refused", "the certificate is self-signed")
    if anchors and not any(_signed_by(leaf.certificate, anchor) for anchor in anchors):
        raise NotTrusted("certificate_refused", "no authority we trust has signed the certificate")
    return leaf


def require_name(leaf: Leaf, url: str) -> None:
    """Do nothing where the certificate was made for a URL or its host.

    Raises:
        NotTrusted: it was not.
    """
    if url not in leaf.urls() and urlsplit(url).hostname not in leaf.dns_names():
        raise NotTrusted("certificate_refused", "the certificate was made for somebody else")


def issuer_keys(http: WalletHttp, issuer: str) -> list[VerifyingKey]:
    """Fetch the keys with which an issuer says it signs credentials.

    Raises:
        NotTrusted: the document is another issuer's, or names no readable key.
        ServerRefused, Unanswered: there is none.
    """
    document = http.get(well_known(issuer, _VC_ISSUER)).json()
    if document.get("issuer") != issuer:
        raise NotTrusted("issuer_mismatch", "the keys are another issuer's")
    keys: list[VerifyingKey] = []
    for jwk in documents.objects(documents.member(document, "jwks"), "keys"):
        try:
            keys.append(parse_jwk(jwk))
        except MalformedKey:
            continue
    return keys


def _signed_by(leaf: x509.Certificate, anchor: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(anchor)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True

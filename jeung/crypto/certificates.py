"""Read what DCQL asks of the certificates a credential shows: who certified their keys (RFC 5280 section 4.2.1.1)."""

import binascii
from functools import lru_cache
from typing import Final

from cryptography import x509

from jeung.crypto import base64url
from jeung.crypto.jwk import MAX_CERTIFICATE_CHARACTERS

MAX_CERTIFICATES: Final = 8


def authority_key_ids(chain: object) -> frozenset[str]:
    """Give the key identifiers in the AuthorityKeyIdentifiers of an `x5c` chain, in base64url.

    What is no chain of certificates has none: here only a wish is judged, trust comes from the ledger.
    """
    if not isinstance(chain, list) or len(chain) > MAX_CERTIFICATES:
        return frozenset()
    found = (_authority_key_id(certificate) for certificate in chain if isinstance(certificate, str))
    return frozenset(key_id for key_id in found if key_id is not None)


@lru_cache(maxsize=256)
def _authority_key_id(certificate: str) -> str | None:
    if len(certificate) > MAX_CERTIFICATE_CHARACTERS:
        return None
    try:
        der = binascii.a2b_base64(certificate.encode("ascii"), strict_mode=True)
        extensions = x509.load_der_x509_certificate(der).extensions
        key_id = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (ValueError, x509.InvalidVersion, x509.ExtensionNotFound, x509.DuplicateExtension):
        return None
    return None if key_id is None else base64url.encode(key_id)

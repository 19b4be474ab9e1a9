"""Who certified a credential's issuer, as DCQL asks; what is no chain of certificates says nothing."""

import base64
import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jeung.crypto import base64url
from jeung.crypto.certificates import authority_key_ids
from tests.common.jose import P256Signer, certificate


def certified(key_identifier: bytes | None) -> str:
    """Make a certificate whose AuthorityKeyIdentifier names a key, or names none."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    serial = None if key_identifier is not None else 7
    issuer = None if key_identifier is not None else [x509.DirectoryName(name)]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .add_extension(x509.AuthorityKeyIdentifier(key_identifier, issuer, serial), critical=False)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(built.public_bytes(serialization.Encoding.DER)).decode()


def test_every_certificate_of_a_chain_names_its_authority() -> None:
    first, second = certified(b"\1" * 20), certified(b"\2" * 20)
    wanted = {base64url.encode(b"\1" * 20), base64url.encode(b"\2" * 20)}
    assert authority_key_ids([first, second]) == wanted


@pytest.mark.parametrize(
    "chain",
    [
        None,
        "text",
        [],
        [1],
        ["nonsense"],
        ["é"],
        ["A" * 8_193],
        [base64.b64encode(b"nonsense").decode()],
        [certificate(P256Signer().private_key)],
        [certified(None)],
        [certified(b"\1" * 20)] * 9,
    ],
)
def test_what_names_no_authority_has_none(chain: object) -> None:
    assert authority_key_ids(chain) == frozenset()

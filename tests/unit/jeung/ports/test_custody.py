"""What the core asks of key custody."""

import pytest

from jeung.domain.registrations import KeyPurpose
from jeung.errors import MalformedKey
from jeung.ports.custody import SigningKey
from tests.common.jose import Ed25519Signer, P256Signer


def test_algorithm_is_a_property_of_the_key() -> None:
    for signer, name in ((P256Signer(), "ES256"), (Ed25519Signer(), "Ed25519")):
        assert SigningKey("id", KeyPurpose.TOKEN_SIGNING, dict(signer.jwk), ()).algorithm == name


def test_key_of_no_registered_algorithm_is_refused() -> None:
    with pytest.raises(MalformedKey):
        _ = SigningKey("id", KeyPurpose.TOKEN_SIGNING, {"kty": "RSA"}, ()).algorithm

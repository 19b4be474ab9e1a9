"""Hold keys in a PKCS#11 token (OASIS PKCS#11 v2.40): made there, marked sensitive, never extractable.

What the token signs is the digest of a message, made here, or the message itself (Ed25519): nobody outside this class
chooses what the token sees. A token gives r and s; that s is low and which parity recovers the account is worked out
here (`keys.backends.checked`), where each signature is also verified before it is believed.

A key's handle is its CKA_ID, 16 random bytes in hexadecimal.
"""

import secrets
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jeung.crypto import base64url
from jeung.crypto.hashing import keccak256, sha256
from jeung.crypto.signatures import ED25519, SIGNATURES, Ecdsa, Plain
from keys.algorithms import (
    A256GCM,
    AES_KEY_BYTES,
    ES256K_RECOVERABLE,
    NONCE_BYTES,
    TAG_BYTES,
    PublicPart,
    account_part,
    jwk_part,
)
from keys.backends.base import Held
from keys.backends.checked import checked
from keys.backends.sessions import Borrowed, Connection, is_one_of, library, release_connection
from keys.errors import BackendRefused, EnvelopeRefused, KeystoreLocked, MechanismMissing, WrongPurpose
from keys.guarded import Guarded
from keys.model import KeyRecord
from keys.purposes import Purpose

if TYPE_CHECKING:
    from pkcs11 import Attribute, KeyType, Mechanism

_ID_BYTES = 16
_MAX_ID_BYTES = 64
# Ed25519 is named by a PrintableString or by the identifier of RFC 8410 (PKCS#11 v3.0, 2.3.5); modules give either.
_ED25519_NAMES = (b"\x13\x0cedwards25519", bytes.fromhex("06032b6570"))
_SECP256K1_OID = "1.3.132.0.10"
_POINT = Encoding.X962, PublicFormat.UncompressedPoint
_NOT_DECRYPTED = ("EncryptedDataInvalid", "EncryptedDataLenRange", "DataInvalid", "DataLenRange", "SignatureInvalid")
"""What modules answer to a wrong tag; SoftHSM says GeneralError, which is looked into."""


class Pkcs11Backend(Guarded):
    """Make, find and use keys of one token."""

    __slots__ = ("_connection", "_is_closed")

    def __init__(self, connection: Connection) -> None:
        """Take a share of the process's connection (`sessions.shared_connection`)."""
        self._connection = connection
        self._is_closed = False

    def generate(self, purpose: Purpose, algorithm: str) -> Held:
        """Make a key on the token, sensitive and not extractable, and refuse a token that did not obey."""
        handle = secrets.token_bytes(_ID_BYTES)
        label = f"jeung {purpose.value}"
        self._require_open()
        self._require_mechanisms(algorithm)

        def make(borrowed: Borrowed) -> PublicPart:
            if algorithm == A256GCM:
                return _made_secret(borrowed, handle, label)
            return _made_pair(borrowed, algorithm, handle, label)

        return Held(self._connection.run(make), handle.hex())

    def adopt(self, purpose: Purpose, algorithm: str, name: str) -> Held:
        """Find a key by its CKA_ID in hexadecimal; it must be sensitive and not extractable."""
        self._require_open()
        identifier = _identifier(name)

        def find(borrowed: Borrowed) -> PublicPart:
            _found(borrowed, algorithm, identifier)
            if algorithm == A256GCM:
                return _secret_part(identifier)
            return _public_part(algorithm, _only(borrowed, algorithm, identifier, is_public=True))

        return Held(self._connection.run(find), identifier.hex())

    def sign(self, record: KeyRecord, message: bytes) -> bytes:
        """Sign on the token, and check the signature."""
        self._require_open()
        mechanism, data = _signing(record.algorithm, message)

        def sign(borrowed: Borrowed) -> bytes:
            signature: bytes = _found(borrowed, record.algorithm, _identifier(record.handle)).sign(
                data, mechanism=mechanism
            )
            return signature

        return checked(record, message, self._connection.run(sign))

    def seal(self, record: KeyRecord, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        """Encrypt on the token with AES-256-GCM under a fresh random nonce of ours."""
        self._require_open()
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._connection.run(
            lambda borrowed: _gcm(borrowed, record, nonce, associated, "encrypt", bytes(plaintext))
        )

    def unseal(self, record: KeyRecord, sealed: bytes, associated: bytes) -> bytearray:
        """Decrypt on the token."""
        self._require_open()
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise EnvelopeRefused("expected a nonce and a tag, got fewer bytes")
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]

        def open_it(borrowed: Borrowed) -> bytes:
            try:
                return _gcm(borrowed, record, nonce, associated, "decrypt", body)
            except library().PKCS11Error as problem:
                if is_one_of(problem, _NOT_DECRYPTED):
                    raise EnvelopeRefused from None
                if is_one_of(problem, ("GeneralError", "FunctionFailed")) and _still_works(borrowed, record):
                    raise EnvelopeRefused from None
                raise

        return bytearray(self._connection.run(open_it))

    def destroy(self, record: KeyRecord) -> None:
        """Erase every object of the key's CKA_ID."""
        self._require_open()
        pkcs11 = library()

        def erase(borrowed: Borrowed) -> None:
            borrowed.found.clear()
            for found in list(borrowed.session.get_objects({pkcs11.Attribute.ID: _identifier(record.handle)})):
                found.destroy()

        self._connection.run(erase)

    def close(self) -> None:
        """Let go of the token."""
        if not self._is_closed:
            self._is_closed = True
            release_connection(self._connection)

    def _require_open(self) -> None:
        if self._is_closed:
            raise KeystoreLocked("the token was closed")

    def _require_mechanisms(self, algorithm: str) -> None:
        """Refuse what the token cannot do before it is asked for.

        Raises:
            MechanismMissing: the token has no such mechanism, or no token has.
        """
        pkcs11 = library()
        wanted = _mechanisms(algorithm)
        offered = self._connection.mechanisms()
        missing = [pkcs11.Mechanism(mechanism).name for mechanism in wanted if mechanism not in offered]
        if missing:
            raise MechanismMissing(f"the token {self._connection.settings.label} lacks {', '.join(missing)}")


def _mechanisms(algorithm: str) -> "tuple[Mechanism, Mechanism]":
    """Give what makes keys of an algorithm and what uses them."""
    mechanism = library().Mechanism
    entry = SIGNATURES.get(algorithm)
    if algorithm == A256GCM:
        return mechanism.AES_KEY_GEN, mechanism.AES_GCM
    if isinstance(entry, Plain) and entry.name == ED25519:
        return mechanism.EC_EDWARDS_KEY_PAIR_GEN, mechanism.EDDSA
    if isinstance(entry, Ecdsa) or algorithm == ES256K_RECOVERABLE:
        return mechanism.EC_KEY_PAIR_GEN, mechanism.ECDSA
    raise MechanismMissing(f"PKCS#11 keys of {algorithm} are not known here")


def _signing(algorithm: str, message: bytes) -> "tuple[Mechanism, bytes]":
    """Give the mechanism and what it is handed: the digest, or the message where the algorithm wants it whole."""
    _, mechanism = _mechanisms(algorithm)
    entry = SIGNATURES.get(algorithm)
    if algorithm == ES256K_RECOVERABLE:
        return mechanism, keccak256(message)
    if isinstance(entry, Ecdsa):
        digest = hashes.Hash(entry.hash)
        digest.update(message)
        return mechanism, digest.finalize()
    if isinstance(entry, Plain):
        return mechanism, message
    raise WrongPurpose(f"{algorithm} does not sign")


def _curve(algorithm: str) -> "tuple[KeyType, bytes]":
    """Give the key type and the DER of the curve's parameters."""
    from pkcs11.util.ec import encode_named_curve_parameters

    key_type = library().KeyType
    entry = SIGNATURES.get(algorithm)
    if isinstance(entry, Plain):
        return key_type.EC_EDWARDS, _ED25519_NAMES[0]
    if isinstance(entry, Ecdsa):
        oid = getattr(ec.EllipticCurveOID, entry.curve.name.upper()).dotted_string
        return key_type.EC, encode_named_curve_parameters(oid)
    return key_type.EC, encode_named_curve_parameters(_SECP256K1_OID)


def _made_pair(borrowed: Borrowed, algorithm: str, handle: bytes, label: str) -> PublicPart:
    pkcs11 = library()
    key_type, parameters = _curve(algorithm)
    generator, _ = _mechanisms(algorithm)
    domain = borrowed.session.create_domain_parameters(key_type, {pkcs11.Attribute.EC_PARAMS: parameters}, local=True)
    public, private = domain.generate_keypair(
        id=handle,
        label=label,
        store=True,
        capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
        mechanism=generator,
        private_template=_guard(),
    )
    _require_made(private, public)
    return _public_part(algorithm, public)


def _made_secret(borrowed: Borrowed, handle: bytes, label: str) -> PublicPart:
    pkcs11 = library()
    secret = borrowed.session.generate_key(
        pkcs11.KeyType.AES,
        AES_KEY_BYTES * 8,
        id=handle,
        label=label,
        store=True,
        capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
        template=_guard(),
    )
    _require_made(secret)
    return _secret_part(handle)


def _secret_part(identifier: bytes) -> PublicPart:
    """Name a secret key, which has no public half, after its CKA_ID: whoever finds the same key names it alike."""
    return PublicPart(key_id=base64url.encode(sha256(b"jeung pkcs11 secret key " + identifier)))


def _guard() -> "dict[Attribute, bool]":
    attribute = library().Attribute
    return {attribute.PRIVATE: True, attribute.SENSITIVE: True, attribute.EXTRACTABLE: False}


def _require_guarded(key: Any) -> None:  # noqa: ANN401 - python-pkcs11 gives objects of many classes
    attribute = library().Attribute
    if not key[attribute.SENSITIVE] or key[attribute.EXTRACTABLE]:
        raise BackendRefused("the token's key is not sensitive, or can be extracted")


def _require_made(key: Any, *companions: Any) -> None:  # noqa: ANN401 - as above
    """Refuse, and erase, a key that the token made otherwise than it was told."""
    attribute = library().Attribute
    try:
        _require_guarded(key)
        if not key[attribute.LOCAL] or not key[attribute.NEVER_EXTRACTABLE]:
            raise BackendRefused("the token did not make the key itself")
    except BackendRefused:
        for made in (key, *companions):
            made.destroy()
        raise


def _found(borrowed: Borrowed, algorithm: str, identifier: bytes) -> Any:  # noqa: ANN401 - as above
    """Give the private or secret key of a CKA_ID; found once for each session.

    What it is like is asked each time it is found: another program at the token may have put a key under this CKA_ID
    that it knows itself, and data keys wrapped under that one would be open to it.
    """
    if identifier not in borrowed.found:
        key = _only(borrowed, algorithm, identifier, is_public=False)
        _require_guarded(key)
        borrowed.found[identifier] = key
    return borrowed.found[identifier]


def _only(borrowed: Borrowed, algorithm: str, identifier: bytes, *, is_public: bool) -> Any:  # noqa: ANN401 - as above
    pkcs11 = library()
    kind = pkcs11.ObjectClass.PUBLIC_KEY if is_public else pkcs11.ObjectClass.PRIVATE_KEY
    if algorithm == A256GCM:
        kind = pkcs11.ObjectClass.SECRET_KEY
    wanted = {pkcs11.Attribute.CLASS: kind, pkcs11.Attribute.ID: identifier}
    found = list(borrowed.session.get_objects(wanted))
    if len(found) != 1:
        half = " public" if is_public else ""
        raise BackendRefused(f"expected one{half} key of this identifier on the token, found {len(found)}")
    if algorithm != A256GCM and not _is_on_curve(found[0], algorithm):
        raise BackendRefused(f"the token's key is none for {algorithm}")
    return found[0]


def _is_on_curve(key: Any, algorithm: str) -> bool:  # noqa: ANN401 - as above
    given, wanted = key[library().Attribute.EC_PARAMS], _curve(algorithm)[1]
    return given == wanted or (given in _ED25519_NAMES and wanted in _ED25519_NAMES)


def _public_part(algorithm: str, public: Any) -> PublicPart:  # noqa: ANN401 - as above
    """Read CKA_EC_POINT: an OCTET STRING around the point (PKCS#11 v2.40, 2.3.3)."""
    point = public[library().Attribute.EC_POINT]
    if len(point) > 2 and point[0] == 0x04 and point[1] == len(point) - 2:
        point = point[2:]
    entry = SIGNATURES.get(algorithm)
    try:
        if entry is None:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), point)
            return account_part(key.public_bytes(*_POINT))
        if isinstance(entry, Ecdsa):
            values = entry.values_of(ec.EllipticCurvePublicKey.from_encoded_point(entry.curve, point))
            return jwk_part(entry, values or {})
        return jwk_part(entry, entry.values_of(entry.public.from_public_bytes(point)) or {})
    except (ValueError, UnsupportedAlgorithm):
        raise BackendRefused("the token's public key is no point of its curve") from None


def _gcm(borrowed: Borrowed, record: KeyRecord, nonce: bytes, associated: bytes, act: str, data: bytes) -> bytes:
    pkcs11 = library()
    key = _found(borrowed, record.algorithm, _identifier(record.handle))
    parameters = pkcs11.GCMParams(nonce, associated, TAG_BYTES * 8)
    done: bytes = getattr(key, act)(data, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=parameters)
    return done


def _still_works(borrowed: Borrowed, record: KeyRecord) -> bool:
    """Tell a wrong tag from a broken token, where the module does not: let it open what it sealed just now."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    try:
        sealed = _gcm(borrowed, record, nonce, b"probe", "encrypt", b"probe")
        return _gcm(borrowed, record, nonce, b"probe", "decrypt", sealed) == b"probe"
    except library().PKCS11Error:
        return False


def _identifier(handle: str) -> bytes:
    try:
        identifier = bytes.fromhex(handle)
    except ValueError:
        identifier = b""
    if not 0 < len(identifier) <= _MAX_ID_BYTES:
        raise BackendRefused("a token's key is named by its CKA_ID in hexadecimal")
    return identifier

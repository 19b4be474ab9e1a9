"""Have chain accounts sign at a remote signer that speaks the Web3Signer REST interface (eth1 mode).

    GET  /api/v1/eth1/publicKeys            ["0x" + 128 hexadecimal digits, …]: the points without their first byte
    POST /api/v1/eth1/sign/{public key}     {"data": "0x…"}; 200 with the text "0x" + r + s + v; 404 unknown key

The signer hashes `data` with keccak-256 itself, so it is sent the whole transaction or typed data, which it can judge
and log, and never a digest; the shape is checked here once more. Its answer is believed when it verifies under the
account (`keys.backends.checked`); v is not believed at all. How bytes travel is the transport's business: keys/ knows
no network. Written by Web3Signer's source and documentation; it was never run against Web3Signer itself.
"""

import json
import re
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from keys.algorithms import ES256K_RECOVERABLE, PublicPart, account_part
from keys.backends.base import Held
from keys.backends.checked import checked
from keys.errors import BackendRefused, KeystoreLocked, SignatureRefused
from keys.guarded import Guarded
from keys.model import KeyRecord
from keys.purposes import CHAIN_PURPOSES, Purpose, require_message_for

PUBLIC_KEYS_PATH = "/api/v1/eth1/publicKeys"
SIGN_PATH = "/api/v1/eth1/sign/"
MAX_KEYS = 1_024
_PUBLIC_KEY = re.compile(r"0x[0-9a-f]{128}")
_SIGNATURE = re.compile(r"0x([0-9a-f]{128})(00|01|1b|1c)")


class SignerTransport(Protocol):
    """Carry requests to one remote signer: over TLS or to this machine, with bounds on time and size."""

    def get(self, path: str) -> bytes:
        """Fetch.

        Raises:
            BackendUnavailable: no answer in time, or one that says the signer cannot now.
            BackendRefused: any other answer than 200, or one beyond the bounds.
        """
        ...

    def post(self, path: str, body: bytes) -> bytes:
        """Post JSON.

        Raises:
            BackendUnavailable, BackendRefused: as `get`.
        """
        ...

    def close(self) -> None:
        """Let go of connections and keys."""
        ...


class Web3SignerBackend(Guarded):
    """Use accounts whose keys a remote signer holds; it makes none, and destroys none for us.

    A key's handle is its public key as the signer writes it.
    """

    __slots__ = ("_is_closed", "_transport")

    def __init__(self, transport: SignerTransport) -> None:
        self._transport = transport
        self._is_closed = False

    def generate(self, purpose: Purpose, algorithm: str) -> Held:
        """Refuse: keys are made where the signer lives.

        Raises:
            BackendRefused: always.
        """
        raise BackendRefused("a remote signer makes no keys for us: adopt one it has, by its address")

    def adopt(self, purpose: Purpose, algorithm: str, name: str) -> Held:
        """Find an account by its address, or by its public key as the signer writes it."""
        if algorithm != ES256K_RECOVERABLE or purpose not in CHAIN_PURPOSES:
            raise BackendRefused("a remote signer holds accounts of the chain and nothing else")
        for handle in self._handles():
            part = _part(handle)
            if name.lower() in (handle, part.key_id.lower()):
                return Held(part, handle)
        raise BackendRefused("the remote signer does not have this account")

    def sign(self, record: KeyRecord, message: bytes) -> bytes:
        """Have the signer sign a transaction or typed data, and check what it gives."""
        self._require_open()
        if record.purpose not in CHAIN_PURPOSES or _PUBLIC_KEY.fullmatch(record.handle) is None:
            raise BackendRefused("a remote signer holds accounts of the chain and nothing else")
        require_message_for(record.purpose, message)
        body = json.dumps({"data": "0x" + message.hex()}).encode("ascii")
        answer = self._transport.post(SIGN_PATH + record.handle, body)
        found = _SIGNATURE.fullmatch(answer.decode("ascii", "replace").strip().lower())
        if found is None:
            raise SignatureRefused("the remote signer answered with something that is no signature")
        return checked(record, message, bytes.fromhex(found[1]))

    def seal(self, record: KeyRecord, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        """Refuse: a remote signer does not encrypt.

        Raises:
            BackendRefused: always.
        """
        raise BackendRefused("a remote signer does not encrypt")

    def unseal(self, record: KeyRecord, sealed: bytes, associated: bytes) -> bytearray:
        """Refuse: a remote signer does not decrypt.

        Raises:
            BackendRefused: always.
        """
        raise BackendRefused("a remote signer does not decrypt")

    def destroy(self, record: KeyRecord) -> None:
        """Make sure that the signer has no such key any more: only its own operator can take it away.

        Raises:
            BackendRefused: it still has.
        """
        if record.handle in self._handles():
            raise BackendRefused("take the key away from the remote signer first")

    def close(self) -> None:
        """Let go of the signer."""
        if not self._is_closed:
            self._is_closed = True
            self._transport.close()

    def _handles(self) -> list[str]:
        self._require_open()
        try:
            keys = json.loads(self._transport.get(PUBLIC_KEYS_PATH))
        except (ValueError, RecursionError):
            keys = None
        if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(key, str) for key in keys):
            raise BackendRefused("the remote signer answered with something that is no list of public keys")
        return [key.lower() for key in keys if _PUBLIC_KEY.fullmatch(key.lower())]

    def _require_open(self) -> None:
        if self._is_closed:
            raise KeystoreLocked("the remote signer was closed")


def _part(handle: str) -> PublicPart:
    point = b"\x04" + bytes.fromhex(handle[2:])
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), point)
    except ValueError:
        raise BackendRefused("the remote signer names a public key that is no point of its curve") from None
    return account_part(point)

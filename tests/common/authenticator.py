"""An authenticator and a browser in software: real CBOR, real signatures, and every lie a test wants told."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from jeung.crypto import base64url

ORIGIN = "http://localhost:8101"
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Authenticator:
    """Hold one discoverable key; attributes may be changed before each answer."""

    origin: str = ORIGIN
    flags: int = UP | UV
    counter: int = 1
    algorithm: int = -7
    rp_id: str | None = None
    client_data: dict[str, Any] = field(default_factory=dict)
    user_handle: bytes | None = None

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP521R1() if self.algorithm == -36 else ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)

    @property
    def cose_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        size = (self.key.curve.key_size + 7) // 8
        curve = {256: 1, 521: 3}[self.key.curve.key_size]
        x, y = numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")
        return cbor2.dumps({1: 2, 3: self.algorithm, -1: curve, -2: x, -3: y})

    def create(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        self.user_handle = base64url.decode(options["user"]["id"])
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.cose_key
        data = self._data(options["rp"]["id"], AT) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options)
        return self._answer({"clientDataJSON": client, "attestationObject": attestation, "transports": None})

    def get(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.get`."""
        data, client = self._data(options["rpId"]), self._client("webauthn.get", options)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer({**parts, "userHandle": self.user_handle})

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **self.client_data}).encode()

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        rp_hash = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return rp_hash + bytes([self.flags | more]) + self.counter.to_bytes(4, "big")

    def _answer(self, parts: dict[str, bytes | None]) -> str:
        name = base64url.encode(self.credential_id)
        response = {key: base64url.encode(value) for key, value in parts.items() if value is not None}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

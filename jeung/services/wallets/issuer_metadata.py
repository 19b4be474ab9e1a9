"""Tell wallets what this member issues and where (OpenID4VCI 1.0, section 12.2), plain or signed.

What a credential is called and looks like stands in its registered type metadata, in every language it has; it is
only written here in the words of OpenID4VCI, so that the two can never differ. A type that this member may not issue
now is left out.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.crypto.jwe import CONTENT_ENCRYPTIONS, ECDH_ES
from jeung.crypto.jwk import ES256
from jeung.crypto.jws import sign_jws
from jeung.crypto.sd_jwt_vc import CREDENTIAL_TYPE
from jeung.crypto.signatures import Use, algorithms_for
from jeung.domain.key_storage import KeyStorage, at_least
from jeung.domain.registrations import KeyPurpose, Schema
from jeung.errors import MalformedJson
from jeung.ports.custody import Signer
from jeung.ports.ledger import Ledger
from jeung.ports.world import Clock
from jeung.services.wallets.catalogue import offered_types
from jeung.services.wallets.request_encryption import RequestEncryption

SIGNED_METADATA_TYPE: Final = "openidvci-issuer-metadata+jwt"
CREDENTIAL_PATH: Final = "/oid4vci/credential"
NONCE_PATH: Final = "/oid4vci/nonce"
DEFERRED_PATH: Final = "/oid4vci/deferred"
NOTIFICATION_PATH: Final = "/oid4vci/notification"
LOGO_PATH: Final = "/logo.png"


@dataclass(frozen=True, slots=True)
class IssuerRules:
    """Say who issues and how.

    Attributes:
        url: our URL, which is the credential issuer's identifier.
        names: what we are called, by language tag.
        batch_size: how many copies one request may ask for.
        least_storage: how well a device key must be kept; SOFTWARE demands no key attestation.
        signature_life_s: how long signed metadata are good.
        signature_reuse_s: for how long the same signature is given out, while nothing changes.
    """

    url: str
    names: Mapping[str, str] = field(default_factory=dict)
    batch_size: int = 32
    least_storage: KeyStorage = KeyStorage.SOFTWARE
    signature_life_s: int = 86_400
    signature_reuse_s: int = 300


class IssuerMetadata:
    """Write the credential issuer's metadata."""

    def __init__(
        self, *, ledger: Ledger, signer: Signer, clock: Clock, encryption: RequestEncryption, rules: IssuerRules
    ) -> None:
        self._ledger = ledger
        self._signer = signer
        self._clock = clock
        self._encryption = encryption
        self._rules = rules
        self._lock = threading.Lock()
        # What was signed last, its parts, and when: strangers' questions must not each cost a signature.
        self._signed: tuple[str, bytes, int] | None = None

    def document(self) -> dict[str, Any]:
        """Give the metadata as JSON values.

        Raises:
            LedgerStale: the follower has never run.
            KeyUnavailable, StoreBusy, StoreUnavailable: as `RequestEncryption.public_key`.
        """
        url = self._rules.url
        document: dict[str, Any] = {
            "credential_issuer": url,
            "credential_endpoint": url + CREDENTIAL_PATH,
            "nonce_endpoint": url + NONCE_PATH,
            "deferred_credential_endpoint": url + DEFERRED_PATH,
            "notification_endpoint": url + NOTIFICATION_PATH,
            "credential_request_encryption": {
                "jwks": {"keys": [dict(self._encryption.public_key())]},
                "enc_values_supported": list(CONTENT_ENCRYPTIONS),
                "encryption_required": False,
            },
            "credential_response_encryption": {
                "alg_values_supported": [ECDH_ES],
                "enc_values_supported": list(CONTENT_ENCRYPTIONS),
                "encryption_required": False,
            },
            "credential_configurations_supported": self._configurations(),
        }
        if self._rules.batch_size > 1:
            document["batch_credential_issuance"] = {"batch_size": self._rules.batch_size}
        if self._rules.names:
            document["display"] = [
                {"name": name, "locale": locale, "logo": {"uri": url + LOGO_PATH, "alt_text": name}}
                for locale, name in self._rules.names.items()
            ]
        return document

    def signed(self) -> str:
        """Give the metadata as a JWT under the key that signs credentials, with its certificate (section 12.2.3).

        Raises:
            LedgerStale, KeyUnavailable, StoreBusy, StoreUnavailable: as `document`.
        """
        now, document = self._clock.now(), self.document()
        key = self._signer.active_key(KeyPurpose.CREDENTIAL_SIGNING)
        parts = canonical_json.canonical([key.key_id, document])
        with self._lock:
            if self._signed is not None:
                token, signed_parts, signed_at = self._signed
                if signed_parts == parts and signed_at <= now < signed_at + self._rules.signature_reuse_s:
                    return token
            header: dict[str, object] = {"alg": key.algorithm, "typ": SIGNED_METADATA_TYPE, "kid": key.key_id}
            if key.x5c:
                header["x5c"] = list(key.x5c)
            url = self._rules.url
            times = {"iat": now, "exp": now + self._rules.signature_life_s}
            token = sign_jws(
                header,
                {**document, "iss": url, "sub": url, **times},
                lambda message: self._signer.sign(key.key_id, KeyPurpose.CREDENTIAL_SIGNING, message),
            )
            self._signed = token, parts, now
            return token

    def _configurations(self) -> dict[str, Any]:
        offered = offered_types(self._ledger, self._rules.url, self._clock.now())
        return {name: self._configuration(name, schema) for name, schema in offered.items()}

    def _configuration(self, name: str, schema: Schema) -> dict[str, Any]:
        proof: dict[str, Any] = {"proof_signing_alg_values_supported": [ES256]}
        if self._rules.least_storage is not KeyStorage.SOFTWARE:
            storages = [storage.value for storage in at_least(self._rules.least_storage)]
            proof["key_attestations_required"] = {"key_storage": storages}
        return {
            "format": CREDENTIAL_TYPE,
            "vct": schema.vct,
            "scope": name,
            "cryptographic_binding_methods_supported": ["jwk"],
            "credential_signing_alg_values_supported": list(algorithms_for(Use.WALLETS)),
            "proof_types_supported": {"jwt": proof, "attestation": proof},
            "credential_metadata": credential_metadata(schema.metadata, self._rules.url + LOGO_PATH),
        }


@lru_cache(maxsize=64)
def credential_metadata(type_metadata: bytes, logo: str) -> dict[str, Any]:
    """Write a type's display and claims as `credential_metadata`; whoever gets it must not change it.

    The bytes were registered by a quorum and may still have any shape: what does not fit is left out.

    Args:
        type_metadata: the registered bytes (SD-JWT VC type metadata).
        logo: the address of the logo of a type that has none of its own.
    """
    try:
        document = canonical_json.parse_object(type_metadata)
    except MalformedJson:
        return {}
    shown = [entry for entry in _objects(document.get("display")) if isinstance(entry.get("name"), str)]
    displays = [_display(entry, logo) for entry in shown]
    claims = [_claim(entry) for entry in _objects(document.get("claims")) if _is_path(entry.get("path"))]
    return {name: value for name, value in (("display", displays), ("claims", claims)) if value}


def _display(entry: Mapping[str, Any], logo: str) -> dict[str, Any]:
    rendering = entry.get("rendering")
    simple = rendering.get("simple") if isinstance(rendering, dict) else None
    simple = simple if isinstance(simple, dict) else {}
    own = simple.get("logo")
    shown = {name: entry[name] for name in ("name", "locale", "description") if isinstance(entry.get(name), str)}
    colours = {name: simple[name] for name in ("background_color", "text_color") if isinstance(simple.get(name), str)}
    fallback = {"uri": logo, "alt_text": str(entry["name"])}
    return {**shown, "logo": _image(own) if isinstance(own, dict) and "uri" in own else fallback, **colours}


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    return {name: image[name] for name in ("uri", "alt_text") if isinstance(image.get(name), str)}


def _claim(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = [
        {"name": shown["label"], "locale": shown["locale"]}
        for shown in _objects(entry.get("display"))
        if isinstance(shown.get("label"), str) and isinstance(shown.get("locale"), str)
    ]
    claim: dict[str, Any] = {"path": entry["path"]}
    if entry.get("mandatory") is True:
        claim["mandatory"] = True
    return {**claim, "display": names} if names else claim


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _is_path(value: object) -> bool:
    return isinstance(value, list) and bool(value)

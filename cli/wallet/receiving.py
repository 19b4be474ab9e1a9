"""Judge a credential before keeping it: whose it is, who signed it, what type it has, whose key it is bound to.

1. The strict form and every disclosure in its place (RFC 9901 section 7.1).
2. `iss` is at the issuer we spoke with; its key has signed (x5c, jwt-vc-issuer: see `trust`).
3. `vct` is the one that was announced, and `vct#integrity` the hash of the type metadata found there; what
   the metadata says of `sd` and `mandatory` holds.
4. `cnf` names one of the device keys we proved, each key once.
5. It is current: not expired, not from the future.
"""

import hashlib
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from cli.p256 import P256Key
from cli.wallet import documents
from cli.wallet.credentials import Held, Place, values_at
from cli.wallet.errors import NotTrusted
from cli.wallet.http import WalletHttp
from cli.wallet.metadata import Issuer
from cli.wallet.trust import Leaf, issuer_keys, read_leaf, require_name
from jeung.crypto import base64url
from jeung.crypto.canonical_json import parse_object
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.crypto.sd_jwt import UnverifiedSdJwt
from jeung.crypto.sd_jwt_vc import UnverifiedCredential, parse_presentation, read_credential, verify_issuer_signature
from jeung.errors import JeungError, MalformedJson, MalformedKey
from jeung.ports.world import Clock

_SKEW_S = 60


class Receiver:
    """Judge what issuers hand out; keeps their keys and type metadata while it lives."""

    def __init__(self, http: WalletHttp, clock: Clock, anchors: Sequence[x509.Certificate] = ()) -> None:
        """Prepare.

        Args:
            http: fetches keys and type metadata.
            clock: the wallet's.
            anchors: authorities trusted out of band; without any, issuers' web servers are believed.

        """
        self._http = http
        self._clock = clock
        self._anchors = anchors
        self._lock = threading.Lock()
        self._keys: dict[str, list[VerifyingKey]] = {}
        self._types: dict[tuple[str, bytes], dict[str, Any]] = {}

    def accept(
        self, texts: Sequence[str], keys: Sequence[P256Key], issuer: Issuer, configuration_id: str
    ) -> list[Held]:
        """Judge the credentials of one answer, all of them or none; steps 1 to 5.

        Raises:
            NotTrusted: one does not hold.
            ServerRefused, Unanswered: the issuer's keys or the type metadata are not there.
        """
        waiting = {parse_jwk(key.jwk).thumbprint: key for key in keys}
        if len(texts) > len(waiting):
            raise NotTrusted("credential_refused", "more credentials than keys were asked for")
        return [self._accept(text, waiting, issuer, configuration_id) for text in texts]

    def _accept(self, text: str, waiting: dict[bytes, P256Key], issuer: Issuer, configuration_id: str) -> Held:
        try:
            parsed = parse_presentation(text)
            credential = read_credential(parsed)
        except JeungError as refused:
            raise NotTrusted("credential_refused", refused.detail) from None
        if parsed.key_binding is not None or urlsplit(credential.issuer)[:2] != urlsplit(issuer.url)[:2]:
            raise NotTrusted("credential_refused", "the credential is not this issuer's")
        leaf = self._verify_signature(parsed, credential)
        self._check_type(credential, documents.text(issuer.configuration(configuration_id), "vct"))
        key = _bound_key(credential, waiting)
        self._check_time(credential)
        return Held(
            issuer=credential.issuer,
            configuration_id=configuration_id,
            vct=credential.vct,
            sd_jwt=text,
            key=key,
            claims=credential.claims,
            expires_at=credential.expires_at,
            status=credential.status,
            authority=None if leaf is None else leaf.authority,
        )

    def _verify_signature(self, parsed: UnverifiedSdJwt, credential: UnverifiedCredential) -> Leaf | None:
        header = parsed.jws.header
        leaf = read_leaf(header, now=self._clock.now(), anchors=self._anchors)
        if leaf is not None:
            require_name(leaf, credential.issuer)
        key_id = header.get("kid")
        wanted = leaf.key.thumbprint if leaf is not None else None
        if leaf is not None and self._anchors:
            key = leaf.key
        else:
            key = self._published_key(credential.issuer, wanted, key_id if isinstance(key_id, str) else None)
        try:
            verify_issuer_signature(parsed, key)
        except JeungError as refused:
            raise NotTrusted("credential_refused", refused.detail) from None
        return leaf

    def _published_key(self, issuer: str, thumbprint: bytes | None, key_id: str | None) -> VerifyingKey:
        """Find the signer among the issuer's keys, which are fetched again when it is none of those we know."""
        for fresh in (False, True):
            with self._lock:
                if fresh or issuer not in self._keys:
                    self._keys[issuer] = issuer_keys(self._http, issuer)
                known = self._keys[issuer]
            for key in known:
                if thumbprint is None and key_id == base64url.encode(key.thumbprint):
                    return key
                if key.thumbprint == thumbprint:
                    return key
        raise NotTrusted("credential_refused", "the issuer does not know the key that signed")

    def _check_type(self, credential: UnverifiedCredential, vct: str) -> None:
        if credential.vct != vct:
            raise NotTrusted("credential_refused", "the credential has another type than was announced")
        place = (credential.vct, credential.schema_id)
        metadata = self._types.get(place)
        if metadata is None:
            answer = self._http.get(credential.vct)
            answer.require_success()
            if hashlib.sha256(answer.body).digest() != credential.schema_id:
                raise NotTrusted("credential_refused", "the type metadata is not what the issuer signed for")
            try:
                metadata = parse_object(answer.body)
            except MalformedJson:
                raise NotTrusted("credential_refused", "the type metadata is not one JSON object") from None
            if metadata.get("vct") != credential.vct:
                raise NotTrusted("credential_refused", "the type metadata is another type's")
            self._types[place] = metadata
        _check_claims(credential, metadata)

    def _check_time(self, credential: UnverifiedCredential) -> None:
        now = self._clock.now()
        begins = max(credential.issued_at or 0, credential.not_before or 0)
        if begins > now + _SKEW_S or (credential.expires_at is not None and credential.expires_at <= now):
            raise NotTrusted("credential_refused", "the credential is not current")


def _bound_key(credential: UnverifiedCredential, waiting: dict[bytes, P256Key]) -> P256Key:
    """Give the device key that the credential is bound to; each is good for one copy."""
    try:
        thumbprint = parse_jwk(credential.holder_jwk).thumbprint
    except MalformedKey:
        raise NotTrusted("credential_refused", "the credential is bound to no key") from None
    key = waiting.pop(thumbprint, None)
    if key is None:
        raise NotTrusted("credential_refused", "the credential is bound to somebody else's key")
    return key


def _check_claims(credential: UnverifiedCredential, metadata: dict[str, Any]) -> None:
    """Hold a credential against what its type metadata says of each claim (draft-ietf-oauth-sd-jwt-vc section 6)."""
    disclosed = {place for place, _ in credential.disclosed}
    for claim in metadata.get("claims", []):
        path = claim.get("path") if isinstance(claim, dict) else None
        if not isinstance(path, list) or not path:
            raise NotTrusted("credential_refused", "the type metadata describes a claim without a path")
        found = [place for place, _ in values_at(credential.claims, tuple(path))]
        if claim.get("mandatory") is True and not found:
            raise NotTrusted("credential_refused", "a mandatory claim is missing")
        if any(not _agrees(claim.get("sd", "allowed"), place, disclosed) for place in found):
            raise NotTrusted(
                "credential_refused", "a claim can be kept back where it may not, or cannot where it must"
            )


def _agrees(rule: object, place: Place, disclosed: set[Place]) -> bool:
    """Tell whether a claim itself, and not just its parts, can be kept back as its type demands."""
    return rule == "allowed" or (rule == "always") == (place in disclosed)

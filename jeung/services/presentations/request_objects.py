"""Write the signed request object that a wallet fetches (RFC 9101; OpenID4VP 1.0, sections 5 and 5.10).

The object may be fetched as often as a wallet needs while the request is open: section 5 does not make `request_uri`
good for once, and wallets fetch again after a retry or a reload. What is good for once is the answer. A wallet that
posts a `wallet_nonce` gets it back inside the signature and so knows that the object was made for it just now.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.crypto.jwe import CONTENT_ENCRYPTIONS
from jeung.crypto.jwk import ES256, parse_certificate_key
from jeung.crypto.jws import sign_jws
from jeung.crypto.signatures import Use, algorithms_for
from jeung.domain.dcql.query import SD_JWT_VC
from jeung.domain.presentations import PresentationRequest, RequestDetails, ResponseMode
from jeung.domain.registrations import KeyPurpose
from jeung.errors import KeyUnavailable, MalformedInput, NotFound, RequestEnded
from jeung.ports.custody import Signer, Vault
from jeung.ports.store import Store
from jeung.ports.world import Clock, Later
from jeung.services.presentations.details import DetailSealer
from jeung.services.presentations.fetch_notes import FetchNotes
from jeung.services.presentations.rules import PresentationRules

REQUEST_OBJECT_TYPE: Final = "oauth-authz-req+jwt"
AUDIENCE: Final = "https://self-issued.me/v2"
PROFILE_FORMAT: Final = "urn:jeung:request-profile:1"
MAX_METADATA_CHARACTERS: Final = 16_384

_WALLET_NONCE = re.compile(r"[!-~]{1,512}")


class RequestObjectService:
    """Serve wallets that fetch a request."""

    def __init__(
        self,
        *,
        store: Store,
        signer: Signer,
        vault: Vault,
        clock: Clock,
        later: Later,
        rules: PresentationRules,
        evidence_kept_s: int,
    ) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._rules = rules
        self._evidence_kept_s = evidence_kept_s
        self._sealer = DetailSealer(store=store, vault=vault)
        self._notes = FetchNotes(store=store, later=later)

    def fetch(self, request_id: str, *, wallet_nonce: str | None = None, wallet_metadata: str | None = None) -> str:
        """Give the signed request object of an open request.

        Args:
            request_id: from the address.
            wallet_nonce: what a wallet posted to see it again in the object.
            wallet_metadata: what it posted about itself, JSON; only what rules an answer out is looked at.

        Raises:
            NotFound: no such request, or the key that signs it was replaced since.
            RequestEnded: it was answered, cancelled or has expired.
            MalformedInput: the nonce or the metadata cannot be read, or the wallet speaks nothing that we do.
        """
        if wallet_nonce is not None and _WALLET_NONCE.fullmatch(wallet_nonce) is None:
            raise MalformedInput("`wallet_nonce` is no text of 1 to 512 printable characters")
        if wallet_metadata is not None:
            _require_common_ground(wallet_metadata)
        now = self._clock.now()
        with self._store.read() as tx:
            request = tx.presentation_requests.get(request_id)
            if request is None:
                raise NotFound("no such presentation request")
            if request.outcome is not None or request.expires_at <= now:
                raise RequestEnded
            details = self._sealer.open(tx, request)
        claims = self._claims(request, details, now)
        if wallet_nonce is not None:
            claims["wallet_nonce"] = wallet_nonce
        signed = self._signed(request, details.certificate, claims)
        if request.fetched_at is None:
            self._notes.add(request_id, now)
        return signed

    def _claims(self, request: PresentationRequest, details: RequestDetails, now: int) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "aud": AUDIENCE,
            "client_id": request.client_id,
            "response_type": "vp_token",
            "response_mode": request.response_mode.value,
            "response_uri": self._rules.response_uri(request.request_id),
            "nonce": request.nonce,
            "state": details.state,
            "iat": now,
            "exp": request.expires_at,
            "dcql_query": details.query,
            "client_metadata": _client_metadata(request, details),
            "verifier_info": [{"format": PROFILE_FORMAT, "data": self._profile(request, details)}],
        }
        if details.transactions:
            claims["transaction_data"] = list(details.transactions)
        return claims

    def _profile(self, request: PresentationRequest, details: RequestDetails) -> dict[str, object]:
        """Name the registered profile, so that a wallet of the consortium can look it up and hold us to it.

        For how long the record is kept is to be told before anything is shown (PIPA article 15(2)); the receipt says
        it again, and the wallet compares.
        """
        return {
            "relying_party": self._rules.url,
            "profile": request.profile,
            "digest": details.profile_digest,
            "purpose": details.purpose,
            "relying_parties_uri": f"{self._rules.url}/relying-parties.jwt",
            "kept_for_s": self._evidence_kept_s,
        }

    def _signed(self, request: PresentationRequest, certificate: str, claims: Mapping[str, object]) -> str:
        header = {
            "alg": parse_certificate_key(certificate).algorithm,
            "typ": REQUEST_OBJECT_TYPE,
            "x5c": [certificate],
        }
        try:
            return sign_jws(
                header,
                claims,
                lambda message: self._signer.sign(request.key_id, KeyPurpose.REQUEST_SIGNING, message),
            )
        except KeyUnavailable:
            # Its certificate is what the wallet was told to expect, so no other key can stand in.
            raise NotFound("the key of this presentation request was replaced") from None


def _formats() -> dict[str, Any]:
    """Say what is read here: credentials by every algorithm for wallets, bindings by the phones' own."""
    return {SD_JWT_VC: {"sd-jwt_alg_values": list(algorithms_for(Use.WALLETS)), "kb-jwt_alg_values": [ES256]}}


def _client_metadata(request: PresentationRequest, details: RequestDetails) -> dict[str, Any]:
    metadata: dict[str, Any] = {"vp_formats_supported": _formats()}
    if request.response_mode is ResponseMode.DIRECT_POST_JWT:
        metadata["jwks"] = {"keys": [details.response_jwk]}
        metadata["encrypted_response_enc_values_supported"] = list(CONTENT_ENCRYPTIONS)
    return metadata


def _require_common_ground(wallet_metadata: str) -> None:
    """Refuse a wallet that says of itself that it could not answer; everything else it says is ignored.

    Raises:
        MalformedInput: no JSON object, or it names formats or algorithms without ours.
    """
    if len(wallet_metadata) > MAX_METADATA_CHARACTERS:
        raise MalformedInput("`wallet_metadata` is longer than its bound")
    metadata = canonical_json.parse_object(wallet_metadata.encode("utf-8", "replace"))
    formats = metadata.get("vp_formats_supported", _formats())
    ours = algorithms_for(Use.WALLETS)
    algorithms = metadata.get("request_object_signing_alg_values_supported", list(ours))
    if not isinstance(formats, dict) or SD_JWT_VC not in formats:
        raise MalformedInput(f"the wallet does not present {SD_JWT_VC}")
    if not isinstance(algorithms, list) or not any(name in algorithms for name in ours):
        raise MalformedInput(f"the wallet does not read request objects signed with {' or '.join(ours)}")

"""Publish who may ask for what: every registered profile of the consortium, in one signed list.

The list is always fetched whole, so that nobody learns which relying party a wallet is about to answer. It is as true
as the ledger that we follow; a wallet that trusts no member can compare the digests with the chain.
"""

from typing import Any, Final

from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from jeung.domain.identifiers import MemberId, to_hex
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose, KeyState, RequestProfile
from jeung.domain.registry import Registry
from jeung.ports.custody import Signer
from jeung.ports.ledger import Ledger
from jeung.ports.world import Clock

LIST_TYPE: Final = "jeung-relying-parties+jwt"
LIST_LIFE_S: Final = 3_600
MAX_PROFILES: Final = 4_096
_GOOD: Final = frozenset({KeyState.ACTIVE})
_ONCE_GOOD: Final = frozenset({KeyState.ACTIVE, KeyState.EXPIRED, KeyState.REVOKED})


class RelyingPartyList:
    """Write the list."""

    def __init__(self, *, ledger: Ledger, signer: Signer, clock: Clock, url: str) -> None:
        self._ledger = ledger
        self._signer = signer
        self._clock = clock
        self._url = url

    def signed(self) -> str:
        """Give the list as a JWS under the key that signs requests.

        Raises:
            KeyUnavailable: no key signs requests.
            LedgerStale: the follower has never run.
        """
        now = self._clock.now()
        with self._ledger.view() as view:
            registry, freshness = view.registry, view.freshness
        key = self._signer.active_key(KeyPurpose.REQUEST_SIGNING)
        claims = {
            "iss": self._url,
            "iat": now,
            "exp": now + LIST_LIFE_S,
            "as_of_block": freshness.indexed_number,
            "relying_parties": _parties(registry, now),
        }
        header: dict[str, object] = {"alg": key.algorithm, "typ": LIST_TYPE, "kid": key.key_id}
        if key.x5c:
            header["x5c"] = list(key.x5c)
        return sign_jws(
            header, claims, lambda message: self._signer.sign(key.key_id, KeyPurpose.REQUEST_SIGNING, message)
        )


def _parties(registry: Registry, now: int) -> list[dict[str, Any]]:
    found: dict[bytes, list[RequestProfile]] = {}
    for profile in list(registry.profiles.values())[:MAX_PROFILES]:
        if profile.withdrawn_at is None:
            found.setdefault(profile.member, []).append(profile)
    parties = []
    for member in registry.members.values():
        if member.member not in found or Role.RELYING_PARTY not in member.roles_at(now):
            continue
        parties.append(
            {
                "member": to_hex(member.member),
                "urls": list(member.urls),
                "status": member.status_at(now).value,
                "request_keys": _keys(registry, member.member, KeyPurpose.REQUEST_SIGNING, now),
                "receipt_keys": _keys(registry, member.member, KeyPurpose.RECEIPT_SIGNING, now),
                "log_keys": _keys(registry, member.member, KeyPurpose.LOG_CHECKPOINT_SIGNING, now, states=_ONCE_GOOD),
                "profiles": [_profile(profile, registry) for profile in found[member.member]],
            }
        )
    return parties


def _keys(
    registry: Registry, member: MemberId, purpose: KeyPurpose, now: int, *, states: frozenset[KeyState] = _GOOD
) -> list[str]:
    """Give the thumbprints of the keys that may sign the member's requests, or its receipts, now, or signed its log.

    With them a wallet holds the certificate of a request against the ledger, for anybody can issue a certificate, the
    key that a consent receipt shows, and the checkpoint that proves what was recorded. Who has a key for receipts has
    promised one for each presentation. The last checkpoint of a log that was closed bears a key that ended since.
    """
    return sorted(
        base64url.encode(key.thumbprint)
        for key in registry.keys.values()
        if key.member == member and key.purpose is purpose and key.state_at(now) in states
    )


def _profile(profile: RequestProfile, registry: Registry) -> dict[str, Any]:
    return {
        "name": profile.name,
        "digest": profile.digest.hex(),
        "purpose": profile.purpose,
        "vct_values": [registry.schemas[schema].vct for schema in profile.schemas if schema in registry.schemas],
        "claims": sorted(profile.claims),
        "required": sorted(profile.required),
        "assurance_level": profile.assurance_level,
        "key_storage": profile.key_storage,
    }

"""Give out nonces, each for one presentation to one profile over one channel, and tell their owners of them."""

from dataclasses import dataclass

from jeung.crypto import base64url
from jeung.domain.verification import Channel, IssuedNonce
from jeung.errors import NotFound
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy

_NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class NonceRules:
    """Say who asks (our own URL, which presentations name as `aud`) and how long a nonce lives, in seconds."""

    url: str
    ttl_s: int = 300


class NonceService:
    """Issue nonces."""

    def __init__(self, *, store: Store, ledger: Ledger, clock: Clock, entropy: Entropy, rules: NonceRules) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def issue(self, profile: str, channel: Channel = Channel.DIRECT, *, client_id: str) -> IssuedNonce:
        """Issue a fresh nonce (256 random bits) for a request profile of ours; only its client can ask after it.

        Raises:
            NotFound: no profile of that name stands registered for us.
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            member = view.registry.member_at(self._rules.url)
            if member is None or view.registry.profile_named(member.member, profile) is None:
                raise NotFound("no such request profile is registered for this member")
        now = self._clock.now()
        nonce = IssuedNonce(
            nonce=base64url.encode(self._entropy.token(_NONCE_BYTES)),
            profile=profile,
            channel=channel,
            audience=self._rules.url,
            client_id=client_id,
            issued_at=now,
            expires_at=now + self._rules.ttl_s,
        )
        with self._store.write() as tx:
            tx.nonces.add(nonce)
        return nonce

    def get(self, nonce: str, *, client_id: str) -> IssuedNonce:
        """Give a nonce to the client that fetched it, with the id of its judgement once there is one.

        Raises:
            NotFound: unknown, removed since, a presentation request's, or another client's; which, nobody learns.
        """
        with self._store.read() as tx:
            found = tx.nonces.get(nonce)
        if found is None or found.client_id != client_id or found.channel is not Channel.DIRECT:
            raise NotFound("no such nonce")
        return found

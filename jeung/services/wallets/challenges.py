"""Give out challenges that cost no row: each carries its own age, sealed so that only this node can have made it.

A challenge is the number of a day and, sealed under that day's data key for the challenge's kind, the second it was
made in and 128 random bits. Whoever takes one learns nothing from it and can make none; a stranger who asks for a
million writes nothing into our database. Single use is the business of whoever takes it: `consume` claims it.
"""

import threading
from dataclasses import dataclass
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.wallets import ChallengeKind
from jeung.errors import ChallengeRefused, MalformedBase64url, SealBroken
from jeung.ports.custody import Vault
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy

KEY_OWNER_PREFIX: Final = "challenges/"
MAX_CHALLENGE_CHARACTERS: Final = 256

_DAY_S = 86_400
_DAY_BYTES = 4
_TIME_BYTES = 8
_RANDOM_BYTES = 16
_KEPT_DAYS = 2


@dataclass(frozen=True, slots=True)
class ChallengeRules:
    """Say for how many seconds a challenge may be answered."""

    ttl_s: int = 300


class ChallengeService:
    """Issue and recognise challenges: the `c_nonce`, DPoP nonces, challenges for wallet attestations."""

    def __init__(self, *, store: Store, vault: Vault, clock: Clock, entropy: Entropy, rules: ChallengeRules) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._entropy = entropy
        self._rules = rules
        self._lock = threading.Lock()
        # The wrapped keys of the last days, so that a challenge needs no query.
        self._wrapped: dict[int, bytes] = {}

    @property
    def ttl_s(self) -> int:
        """Give for how many seconds a challenge may be answered."""
        return self._rules.ttl_s

    def issue(self, kind: ChallengeKind) -> str:
        """Make a fresh challenge of a kind; only the first of a day writes, the key that the day's others share.

        Raises:
            StoreBusy, StoreUnavailable: the day's key is not there yet and cannot be written.
        """
        now = self._clock.now()
        day = now // _DAY_S
        wrapped = self._todays_key(day, now)
        plaintext = now.to_bytes(_TIME_BYTES) + self._entropy.token(_RANDOM_BYTES)
        sealed = self._vault.seal(wrapped, _owner(day), _context(kind), plaintext)
        return base64url.encode(day.to_bytes(_DAY_BYTES) + sealed)

    def check(self, kind: ChallengeKind, value: str) -> None:
        """Make sure that a challenge is ours, of this kind, and fresh.

        Raises:
            ChallengeRefused: it is not.
        """
        self._expiry(kind, value)

    def consume(self, tx: Transaction, kind: ChallengeKind, value: str) -> None:
        """Check a challenge and use it up, in the transaction that does what it was asked for.

        Raises:
            ChallengeRefused: it is not good, or was used before.
        """
        expires_at = self._expiry(kind, value)
        # Kept past its expiry by a second, for the janitor and the check above read the clock at different times.
        if not tx.replays.claim(kind.value, base64url.encode(sha256(value.encode("ascii"))), expires_at + 1):
            raise ChallengeRefused

    def _expiry(self, kind: ChallengeKind, value: str) -> int:
        now = self._clock.now()
        if len(value) > MAX_CHALLENGE_CHARACTERS:
            raise ChallengeRefused
        try:
            data = base64url.decode(value)
        except MalformedBase64url:
            raise ChallengeRefused from None
        today, day = now // _DAY_S, int.from_bytes(data[:_DAY_BYTES])
        # No other day can be fresh, and none is looked up.
        wrapped = self._key_of(day) if today - 1 <= day <= today + 1 else None
        if wrapped is None:
            raise ChallengeRefused
        try:
            plaintext = self._vault.open(wrapped, _owner(day), _context(kind), data[_DAY_BYTES:])
        except SealBroken:
            raise ChallengeRefused from None
        expires_at = int.from_bytes(plaintext[:_TIME_BYTES]) + self._rules.ttl_s
        if expires_at <= now:
            raise ChallengeRefused
        return expires_at

    def _todays_key(self, day: int, now: int) -> bytes:
        wrapped = self._key_of(day)
        if wrapped is not None:
            return wrapped
        with self._store.write() as tx:
            # Another process may have been first.
            wrapped = tx.data_keys.get(_owner(day))
            if wrapped is None:
                wrapped = self._vault.new_data_key(_owner(day))
                tx.data_keys.add(_owner(day), wrapped, now)
        return self._keep(day, wrapped)

    def _key_of(self, day: int) -> bytes | None:
        with self._lock:
            wrapped = self._wrapped.get(day)
        if wrapped is not None:
            return wrapped
        with self._store.read() as tx:
            wrapped = tx.data_keys.get(_owner(day))
        return None if wrapped is None else self._keep(day, wrapped)

    def _keep(self, day: int, wrapped: bytes) -> bytes:
        with self._lock:
            self._wrapped[day] = wrapped
            for old in [kept for kept in self._wrapped if kept < day - _KEPT_DAYS]:
                del self._wrapped[old]
        return wrapped


def _owner(day: int) -> str:
    return f"{KEY_OWNER_PREFIX}{day}"


def _context(kind: ChallengeKind) -> str:
    return f"challenge/{kind.value}"

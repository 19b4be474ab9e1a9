"""Publish our status lists as signed tokens: a projection of the ledger's words that anyone can rebuild.

Token Status List, section 5.1: `typ: statuslist+jwt`, `sub` equal to the list's URL, 2 bits a status.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jws import sign_jws
from jeung.crypto.status_list import LEDGER_BITS, StatusList
from jeung.domain.registrations import KeyPurpose
from jeung.errors import NotFound
from jeung.ports.custody import Signer
from jeung.ports.ledger import Ledger
from jeung.ports.store import StatusListToken, Store
from jeung.ports.world import Clock
from jeung.services.status_uri import status_list_uri

AGGREGATION_PATH: Final = "/status-lists"
_MAX_PAST = 64


@dataclass(frozen=True, slots=True)
class StatusListRules:
    """Say whose lists these are and how long a token may be used (`lifetime_s`) and cached (`ttl_s`)."""

    url: str
    lifetime_s: int = 3_600
    ttl_s: int = 60


class StatusListService:
    """Publish and hand out this member's status lists."""

    def __init__(self, *, store: Store, ledger: Ledger, signer: Signer, clock: Clock, rules: StatusListRules) -> None:
        self._store = store
        self._ledger = ledger
        self._signer = signer
        self._clock = clock
        self._rules = rules
        # What this process published last, to tell whether a list changed; a restart costs one signature a list.
        self._published: dict[int, bytes] = {}
        # Lists of the past that were asked for, by the span they stood for: strangers' questions cost one signature.
        self._past: dict[tuple[int, int, int | None], StatusListToken] = {}

    def current(self, list_number: int) -> StatusListToken:
        """Give the newest token of a list, whether or not it is still in its lifetime.

        Raises:
            NotFound: the list is not published.
        """
        with self._store.read() as tx:
            token = tx.status_tokens.get(list_number)
        if token is None:
            raise NotFound("no such status list")
        return token

    def publish_due(self) -> int:
        """Publish every open list that changed on the ledger or is halfway through its lifetime; give how many.

        Raises:
            LedgerStale: the follower has never run.
            KeyUnavailable: no status-signing key is active.
        """
        now = self._clock.now()
        with self._store.read() as tx:
            current = {number: tx.status_tokens.get(number) for number in tx.status_tokens.open_lists()}
        published = 0
        for number, token in current.items():
            words = self._words(number)
            digest = _digest(words)
            aging = token is None or token.issued_at + self._rules.lifetime_s // 2 <= now
            if aging or self._published.get(number) != digest:
                self._publish(number, words, now)
                self._published[number] = digest
                published += 1
        return published

    def publish(self, list_number: int) -> StatusListToken:
        """Sign and publish a list as the ledger has it now.

        Raises:
            NotFound: we have handed out no place of this list.
            LedgerStale: the follower has never run.
            KeyUnavailable: no status-signing key is active.
        """
        with self._store.read() as tx:
            if list_number not in tx.status_tokens.open_lists():
                raise NotFound("no such status list")
        return self._publish(list_number, self._words(list_number), self._clock.now())

    def addresses(self) -> Sequence[str]:
        """Give the addresses of our lists: the Status List Aggregation (Token Status List, section 9)."""
        with self._store.read() as tx:
            return [status_list_uri(self._rules.url, number) for number in tx.status_tokens.open_lists()]

    def as_of(self, list_number: int, time: int) -> StatusListToken:
        """Give a list as it stood at a time, signed now: the Historical Resolution of Token Status List, section 8.4.

        Its `iat` and `exp` say between which changes it stood so; the last state is current and expires as usual.

        Args:
            list_number: one of our lists.
            time: seconds UTC.

        Raises:
            NotFound: the list is not ours, the time lies before our admission or after what the ledger has shown us.
            LedgerStale: the follower has never run.
            KeyUnavailable: no status-signing key is active.
        """
        with self._store.read() as tx:
            ours = list_number in tx.status_tokens.open_lists()
        with self._ledger.view() as view:
            member = view.registry.member_at(self._rules.url)
            if not ours or member is None or not member.admitted_at <= time <= view.freshness.head_time:
                raise NotFound("no such status list at that time")
            past = view.past_statuses(member.member, list_number, time)
        now = self._clock.now()
        since = member.admitted_at if past.since is None else past.since
        known = self._past.get((list_number, since, past.until))
        if known is not None and (past.until is not None or now < known.expires_at - self._rules.lifetime_s // 2):
            return known
        expires_at = now + self._rules.lifetime_s if past.until is None else past.until
        token = self._signed(list_number, past.words, since, expires_at)
        while len(self._past) >= _MAX_PAST:
            # Threads share it: whoever is second finds nothing left to drop.
            self._past.pop(next(iter(self._past), None), None)  # type: ignore[arg-type]
        self._past[list_number, since, past.until] = token
        return token

    def _words(self, list_number: int) -> dict[int, int]:
        with self._ledger.view() as view:
            member = view.registry.member_at(self._rules.url)
            return {} if member is None else view.status_words(member.member, list_number)

    def _publish(self, list_number: int, words: Mapping[int, int], now: int) -> StatusListToken:
        token = self._signed(list_number, words, now, now + self._rules.lifetime_s)
        with self._store.write() as tx:
            tx.status_tokens.put(token)
        return token

    def _signed(self, list_number: int, words: Mapping[int, int], issued_at: int, expires_at: int) -> StatusListToken:
        key = self._signer.active_key(KeyPurpose.STATUS_SIGNING)
        header: dict[str, object] = {"alg": key.algorithm, "typ": "statuslist+jwt", "kid": key.key_id}
        if key.x5c:
            header["x5c"] = list(key.x5c)
        claims = {
            "sub": status_list_uri(self._rules.url, list_number),
            "iss": self._rules.url,
            "iat": issued_at,
            "exp": expires_at,
            "ttl": self._rules.ttl_s,
            "status_list": {
                "bits": LEDGER_BITS,
                "lst": StatusList.from_words(words).compressed(),
                "aggregation_uri": self._rules.url + AGGREGATION_PATH,
            },
        }
        signed = sign_jws(
            header, claims, lambda message: self._signer.sign(key.key_id, KeyPurpose.STATUS_SIGNING, message)
        )
        return StatusListToken(list_number, signed, issued_at, expires_at)


def _digest(words: Mapping[int, int]) -> bytes:
    return sha256(canonical_json.canonical([[index, hex(words[index])] for index in sorted(words)]))

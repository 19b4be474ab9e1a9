"""Let back ends in: client credentials with a signed assertion, short-lived access tokens, scopes.

A client proves who it is with a JWT under its registered key (RFC 7523 section 3), in this order:
 1. Form, size, ES256; the claims name the client as both `iss` and `sub`.
 2. The client is registered, and the signature verifies under its key.
 3. `aud` is our token endpoint or our URL; `exp` lies ahead but not far; `iat` and `nbf` do not.
 4. `jti` was never used by this client (claimed in the database, so once for all processes).
It gets an access token (RFC 9068, `at+jwt`) that any process of this node verifies without the database.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto import base64url
from jeung.crypto.claims import text, timestamp
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256, parse_jwk
from jeung.crypto.jws import parse_jws, sign_jws, verify_jws
from jeung.crypto.signatures import Use, algorithms_for
from jeung.domain.access import Caller, Client, Scope
from jeung.domain.registrations import KeyPurpose
from jeung.errors import InvalidClient, InvalidScope, JeungError, Unauthenticated
from jeung.ports.custody import Signer
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log, new_id

MAX_TOKEN_CHARACTERS: Final = 4_096
MAX_JTI_CHARACTERS: Final = 128
ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type
_REPLAY_KIND = "client_assertion"


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Say whose tokens these are (our URL) and for how many seconds things hold."""

    url: str
    token_ttl_s: int = 300
    max_assertion_life_s: int = 300
    clock_skew_s: int = 30
    cached_tokens: int = 4_096

    @property
    def audiences(self) -> frozenset[str]:
        """Give the values of `aud` an assertion may have: the token endpoint or the issuer (RFC 7523 section 3)."""
        return frozenset({f"{self.url}/oauth/token", self.url})


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Give a fresh access token, its life in seconds and what it allows."""

    token: str
    expires_in_s: int
    scopes: frozenset[Scope]

    def __repr__(self) -> str:
        """Show what may stand in a log."""
        return f"AccessToken(scopes={sorted(self.scopes)})"


def register_client(tx: Transaction, client: Client, now: int) -> None:
    """Register a client or replace its key, its scopes and who keeps its key, and log which.

    Raises:
        MalformedKey: the key is no public key on P-256 or Ed25519.
    """
    key = parse_jwk(dict(client.jwk))
    tx.clients.put(client)
    keeper = None if client.kept_by is None else tx.staff.named(client.kept_by)
    body = {
        "client": client.client_id,
        "key": base64url.encode(key.thumbprint),
        "keeper": None if keeper is None else keeper.staff_id,
        "kept": client.kept_by is not None,
        "scopes": sorted(scope.value for scope in client.scopes),
    }
    log(tx, "client_registered", body, now)


class TokenService:
    """Grant and recognise access tokens."""

    def __init__(self, *, store: Store, signer: Signer, clock: Clock, entropy: Entropy, rules: AccessRules) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._rules = rules
        self._lock = threading.Lock()
        # Digests of tokens, not tokens: a dump of this memory opens nothing.
        self._known: OrderedDict[bytes, tuple[int, Caller]] = OrderedDict()

    def register(self, client: Client) -> None:
        """Register a client or replace its key and scopes.

        Raises:
            MalformedKey: the key is no public key on P-256 or Ed25519.
        """
        with self._store.write() as tx:
            register_client(tx, client, self._clock.now())

    def grant(self, assertion: str, *, scope: str | None = None) -> AccessToken:
        """Grant a token for a client's assertion; `scope` is a list separated by spaces, None asks for all it holds.

        Raises:
            InvalidClient: steps 1 to 4 above.
            InvalidScope: an unknown scope, or one the client does not hold.
        """
        now = self._clock.now()
        client, jti, expires_at = self._authenticated_client(assertion, now)
        scopes = _wanted_scopes(client, scope)
        with self._store.write() as tx:
            # 4.
            if not tx.replays.claim(_REPLAY_KIND, f"{client.client_id}/{jti}", expires_at):
                raise InvalidClient("the assertion was used before")
        return self._minted(client.client_id, scopes, now)

    def authenticate(self, token: str) -> Caller:
        """Return who an access token of ours stands for.

        Raises:
            Unauthenticated: not ours, changed, or expired.
        """
        now = self._clock.now()
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise Unauthenticated
        digest = sha256(token.encode("utf-8", "replace"))
        with self._lock:
            known = self._known.get(digest)
        if known is None:
            known = self._verified(token)
            with self._lock:
                self._known[digest] = known
                while len(self._known) > self._rules.cached_tokens:
                    self._known.popitem(last=False)
        expires_at, caller = known
        if expires_at <= now:
            raise Unauthenticated("the token has expired")
        return caller

    def _authenticated_client(self, assertion: str, now: int) -> tuple[Client, str, int]:
        try:
            # 1.
            jws = parse_jws(assertion, typ=None, algorithms={ES256}, max_characters=MAX_TOKEN_CHARACTERS)
            claims = jws.claims()
            client_id, jti = text(claims, "sub", InvalidClient), text(claims, "jti", InvalidClient)
            if client_id is None or claims.get("iss") != client_id:
                raise InvalidClient
            if jti is None or len(jti) > MAX_JTI_CHARACTERS or not _is_assertion_type(jws.header.get("typ", "JWT")):
                raise InvalidClient
            # 2.
            with self._store.read() as tx:
                client = tx.clients.get(client_id)
            if client is None:
                raise InvalidClient
            verify_jws(jws, parse_jwk(dict(client.jwk)))
            # 3.
            return client, jti, self._checked_times(claims, now)
        except JeungError:
            # One answer for whatever is wrong: whoever guesses learns nothing.
            raise InvalidClient from None

    def _checked_times(self, claims: dict[str, Any], now: int) -> int:
        """Check `aud` and the times; give until when the `jti` must be remembered."""
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        # Some of what JSON can say here cannot even be looked up in a set.
        if len(audiences) != 1 or not isinstance(audiences[0], str) or audiences[0] not in self._rules.audiences:
            raise InvalidClient
        expires_at = timestamp(claims, "exp", InvalidClient)
        latest = now + self._rules.max_assertion_life_s + self._rules.clock_skew_s
        if expires_at is None or not now < expires_at + self._rules.clock_skew_s or expires_at > latest:
            raise InvalidClient
        for name in ("iat", "nbf"):
            if (timestamp(claims, name, InvalidClient) or 0) > now + self._rules.clock_skew_s:
                raise InvalidClient
        return expires_at + self._rules.clock_skew_s

    def _minted(self, client_id: str, scopes: frozenset[Scope], now: int) -> AccessToken:
        key = self._signer.active_key(KeyPurpose.TOKEN_SIGNING)
        claims = {
            "iss": self._rules.url,
            "aud": self._rules.url,
            "sub": client_id,
            "client_id": client_id,
            "iat": now,
            "exp": now + self._rules.token_ttl_s,
            "jti": new_id(self._entropy, "tok"),
            "scope": " ".join(sorted(scope.value for scope in scopes)),
        }
        header = {"alg": key.algorithm, "typ": ACCESS_TOKEN_TYPE, "kid": key.key_id}
        token = sign_jws(
            header, claims, lambda message: self._signer.sign(key.key_id, KeyPurpose.TOKEN_SIGNING, message)
        )
        return AccessToken(token, self._rules.token_ttl_s, scopes)

    def _verified(self, token: str) -> tuple[int, Caller]:
        """Verify a token under our active key; after a rotation its holder asks for a new one.

        One that lives longer than ours do is not ours, whoever signed it: what is remembered outlives its key, so
        that a thief of the key could otherwise leave himself a token for good.
        """
        try:
            jws = parse_jws(
                token,
                typ=ACCESS_TOKEN_TYPE,
                algorithms=algorithms_for(Use.MESSAGES),
                max_characters=MAX_TOKEN_CHARACTERS,
            )
            key = self._signer.active_key(KeyPurpose.TOKEN_SIGNING)
            verify_jws(jws, parse_jwk(key.jwk))
            claims = jws.claims()
        except JeungError:
            raise Unauthenticated from None
        if claims["iss"] != self._rules.url or claims["aud"] != self._rules.url:
            raise Unauthenticated
        if claims["exp"] > self._clock.now() + self._rules.token_ttl_s + self._rules.clock_skew_s:
            raise Unauthenticated
        scopes = frozenset(Scope(scope) for scope in claims["scope"].split())
        return claims["exp"], Caller(claims["sub"], scopes)


_TYPES = frozenset({"JWT", "jwt", "client-authentication+jwt"})


def _is_assertion_type(typ: object) -> bool:
    # Some of what JSON can say here cannot even be looked up in a set.
    return isinstance(typ, str) and typ in _TYPES


def _wanted_scopes(client: Client, scope: str | None) -> frozenset[Scope]:
    if scope is None:
        return client.scopes
    try:
        wanted = frozenset(Scope(name) for name in scope.split(" "))
    except ValueError:
        raise InvalidScope from None
    if not wanted <= client.scopes:
        raise InvalidScope
    return wanted

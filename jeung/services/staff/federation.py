"""Log members of staff in through the institution's identity provider (OpenID Connect Core 1.0, code flow with PKCE).

What comes back with a browser is judged in this order:
 1. State: a row of ours, forgotten by the first answer that names it, given to this browser, in time.
 2. Issuer: `iss` beside the code is the configured one, and is there where the provider says so (RFC 9207).
 3. The code is exchanged with the verifier that only this browser's cookie gives (RFC 7636), at the token endpoint
    of that issuer; the ID token's signature is verified by the port.
 4. Claims (Core 3.1.3.7): `iss`, `aud`, `azp`, `exp`, `iat`, `nonce`, `sub`, `auth_time`, and what the settings
    demand of `acr` and `amr`.
 5. Account: the one this subject is linked to, or a new one where the settings make them; its roles are those its
    groups give, where the settings map any. Names and addresses of mail link nothing: whoever can choose his own at
    the provider could choose another's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.passkeys import CHALLENGE_TTL_S, Ceremony, StaffChallenge
from jeung.domain.staff import (
    NO_PASSWORD,
    FederatedIdentity,
    LoginMethod,
    StaffAccount,
    StaffRole,
    checked_staff_name,
)
from jeung.errors import Conflict, MalformedInput, NotFound
from jeung.errors.staff import ProviderRefused
from jeung.ports.identity import IdentityProvider
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log, new_id
from jeung.services.staff.opening import LogIn, SessionRules, hashed, open_session

PREFIX: Final = "stf"
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_STATE_BYTES: Final = 32
_LONGEST: Final = 2_048
_MAX_SUBJECT: Final = 255
_MAX_GROUPS: Final = 1_000
_OLDEST_TOKEN_S: Final = 600


@dataclass(frozen=True, slots=True)
class FederationRules:
    """Say who we are to the provider, what its tokens must say, and what follows from them.

    `role_groups` maps a group to a role; empty leaves each account the roles the operator gave it. `max_age_s` is how
    long ago the provider may have seen the person prove who he is.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    after_log_out: str
    scopes: tuple[str, ...] = ("openid",)
    acr_values: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()
    groups_claim: str = "groups"
    role_groups: Mapping[str, StaffRole] = field(default_factory=dict)
    create_accounts: bool = False
    max_age_s: int = 8 * 3_600
    clock_skew_s: int = 30


class StaffFederation:
    """Send browsers to the provider and take them back; `browser` is the token of a cookie made for one flow."""

    def __init__(
        self,
        *,
        store: Store,
        provider: IdentityProvider,
        clock: Clock,
        entropy: Entropy,
        sessions: SessionRules,
        rules: FederationRules,
    ) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self._entropy = entropy
        self._sessions = sessions
        self._rules = rules

    def begin(self, browser: str, *, anew: bool = False) -> str:
        """Give the address a browser is sent to; `anew` has the provider ask even whom it knows.

        Raises:
            ProviderUnavailable: the provider does not answer.
        """
        endpoint = self._provider.endpoints().authorization
        state = self._entropy.token(_STATE_BYTES)
        expires_at = self._clock.now() + CHALLENGE_TTL_S
        with self._store.write() as tx:
            tx.staff_challenges.put(
                StaffChallenge(sha256(state), Ceremony.FEDERATE, None, hashed(browser), expires_at)
            )
        wanted = {
            "response_type": "code",
            "client_id": self._rules.client_id,
            "redirect_uri": self._rules.redirect_uri,
            "scope": " ".join(self._rules.scopes),
            "state": base64url.encode(state),
            "nonce": _nonce(browser),
            "code_challenge": base64url.encode(sha256(_verifier(browser).encode("ascii"))),
            "code_challenge_method": "S256",
            "max_age": str(self._rules.max_age_s),
        }
        if self._rules.acr_values:
            wanted["acr_values"] = " ".join(sorted(self._rules.acr_values))
        if anew:
            wanted["prompt"] = "login"
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(wanted)}"

    def finish(self, answer: Mapping[str, str], *, browser: str) -> LogIn:
        """Open a session for what the browser brought back; `answer` are the parameters of the redirect.

        Raises:
            ProviderRefused: step 1, 2, 4 or 5 refuses, or the provider did.
            ProviderUnavailable: the provider does not answer.
        """
        now = self._clock.now()
        self._take_state(answer.get("state", ""), browser, now)
        named = answer.get("iss")
        if named != self._rules.issuer and (named is not None or self._provider.endpoints().names_itself):
            raise ProviderRefused
        code = answer.get("code", "")
        if "error" in answer or not 0 < len(code) <= _LONGEST:
            raise ProviderRefused
        redirect_uri = self._rules.redirect_uri
        claims = self._provider.redeem(code, verifier=_verifier(browser), redirect_uri=redirect_uri)
        subject, proved_at = self._judged(claims, _nonce(browser), now)
        roles = self._roles(claims)
        with self._store.write() as tx:
            account = self._account(tx, subject, claims, roles, now)
            if account is None or not self._sessions.let_in(account, LoginMethod.OIDC):
                raise ProviderRefused
            opened = open_session(
                tx,
                self._entropy,
                self._sessions,
                account,
                LoginMethod.OIDC,
                now,
                None,
                proved_at=proved_at,
                provider_session=_provider_session(claims),
            )
        return opened

    def log_out(self, token: str) -> int:
        """End the sessions that a logout token of the provider names (Back-Channel Logout 1.0); give how many.

        Judged as section 2.6 has it: signature and type by the port; `iss`, `aud`, `iat`, `exp` as of an ID token;
        the event, no `nonce`, a `jti` that did not come before; `sid` or `sub`. With a `sid` the sessions that came
        from it end, and of the subject those of which no `sid` is known; with a `sub` alone all of its sessions that
        came through the provider. One under a password or a passkey is not the provider's to end.

        Raises:
            ProviderRefused: it is no logout token for us, or came before.
            ProviderUnavailable: the provider does not answer.
        """
        now = self._clock.now()
        claims = self._provider.verify_logout_token(token)
        expires_at = self._judged_logout(claims, now)
        session, subject = _provider_session(claims), claims.get("sub")
        with self._store.write() as tx:
            once = sha256(f"{self._rules.issuer} {claims['jti']}".encode()).hex()
            if not tx.replays.claim("oidc-logout", once, expires_at):
                raise ProviderRefused
            ended = [] if session is None else list(tx.staff_sessions.of_provider(session))
            identity = tx.identities.get(self._rules.issuer, subject) if isinstance(subject, str) else None
            if identity is not None:
                own = tx.staff_sessions.of(identity.staff_id)
                federated = (one for one in own if one.method is LoginMethod.OIDC)
                ended += [one for one in federated if session is None or one.provider_session is None]
            for one in ended:
                tx.staff_sessions.remove(one.token_hash)
                body = {"staff": one.staff_id, "session": one.session_id}
                log(tx, "staff_session_ended_by_provider", body, now)
            return len(ended)

    def _judged_logout(self, claims: Mapping[str, Any], now: int) -> int:
        """Judge a logout token's claims; give until when it could come again."""
        rules, audience, events = self._rules, claims.get("aud"), claims.get("events")
        audiences = [audience] if isinstance(audience, str) else audience
        expires_at, issued_at = (_time(claims.get(name)) for name in ("exp", "iat"))
        named = [claims[name] for name in ("sid", "sub") if name in claims]
        good = (
            claims.get("iss") == rules.issuer,
            isinstance(audiences, list) and rules.client_id in audiences,
            now < expires_at + rules.clock_skew_s,
            now - _OLDEST_TOKEN_S <= issued_at <= now + rules.clock_skew_s,
            isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict),
            "nonce" not in claims,
            bool(named) and all(_is_name(value) for value in [*named, claims.get("jti")]),
        )
        if not all(good):
            raise ProviderRefused
        # Longer than it lasts it is refused for its age.
        return min(expires_at, issued_at + _OLDEST_TOKEN_S) + rules.clock_skew_s

    def log_out_address(self) -> str | None:
        """Give where a browser is sent to end its session at the provider too (RP-Initiated Logout 1.0), if anywhere.

        Raises:
            ProviderUnavailable: the provider does not answer.
        """
        endpoint = self._provider.endpoints().end_session
        if endpoint is None:
            return None
        # No id_token_hint: it would have to be kept, and says who somebody is.
        wanted = {"client_id": self._rules.client_id, "post_logout_redirect_uri": self._rules.after_log_out}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(wanted)}"

    def _take_state(self, text: str, browser: str, now: int) -> None:
        try:
            state = base64url.decode(text[:_LONGEST])
        except MalformedInput:
            raise ProviderRefused from None
        with self._store.write() as tx:
            kept = tx.staff_challenges.take(sha256(state))
        if kept is None or kept.ceremony is not Ceremony.FEDERATE or now >= kept.expires_at:
            raise ProviderRefused
        if kept.bound_to != hashed(browser):
            raise ProviderRefused

    def _judged(self, claims: Mapping[str, Any], nonce: str, now: int) -> tuple[str, int]:
        """Judge an ID token's claims (step 4); give its subject and when the person proved who he is."""
        rules = self._rules
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        if not isinstance(audiences, list):
            raise ProviderRefused
        expires_at, issued_at, proved_at = (_time(claims.get(name)) for name in ("exp", "iat", "auth_time"))
        subject, amr = claims.get("sub"), claims.get("amr", [])
        authorized = claims.get("azp")
        good = (
            claims.get("iss") == rules.issuer,
            rules.client_id in audiences,
            authorized == rules.client_id or (authorized is None and len(audiences) == 1),
            now < expires_at + rules.clock_skew_s,
            now - _OLDEST_TOKEN_S <= issued_at <= now + rules.clock_skew_s,
            now - rules.max_age_s - rules.clock_skew_s <= proved_at <= now + rules.clock_skew_s,
            claims.get("nonce") == nonce,
            isinstance(subject, str) and 0 < len(subject) <= _MAX_SUBJECT,
            not rules.acr_values or claims.get("acr") in rules.acr_values,
            isinstance(amr, list) and rules.amr <= {value for value in amr if isinstance(value, str)},
        )
        if not all(good):
            raise ProviderRefused
        return str(subject), min(proved_at, now)

    def _roles(self, claims: Mapping[str, Any]) -> frozenset[StaffRole] | None:
        """Give the roles that the claimed groups open, or None where the settings map none."""
        if not self._rules.role_groups:
            return None
        groups = claims.get(self._rules.groups_claim, [])
        if not isinstance(groups, list) or len(groups) > _MAX_GROUPS:
            raise ProviderRefused
        named = (group for group in groups if isinstance(group, str))
        roles = frozenset(self._rules.role_groups[group] for group in named if group in self._rules.role_groups)
        if not roles:
            raise ProviderRefused
        return roles

    def _account(
        self, tx: Transaction, subject: str, claims: Mapping[str, Any], roles: frozenset[StaffRole] | None, now: int
    ) -> StaffAccount | None:
        """Find or make the account of a subject (step 5); a disabled one is given as it is."""
        identity = tx.identities.get(self._rules.issuer, subject)
        if identity is None:
            if roles is None or not self._rules.create_accounts:
                return None
            return self._made(tx, subject, claims, roles, now)
        account = tx.staff.get(identity.staff_id)
        if account is not None and roles is not None and account.roles != roles:
            account = replace(account, roles=roles)
            tx.staff.replace(account)
            tx.staff_sessions.remove_of(account.staff_id)
            log(tx, "staff_roles_set", {"staff": account.staff_id, "roles": sorted(roles)}, now)
        return account

    def _made(
        self, tx: Transaction, subject: str, claims: Mapping[str, Any], roles: frozenset[StaffRole], now: int
    ) -> StaffAccount:
        staff_id = new_id(self._entropy, PREFIX)
        name = _wished_name(claims.get("preferred_username"))
        if name is None or tx.staff.named(name) is not None:
            # What the provider calls somebody may be another's name here, or no name at all.
            name = f"oidc-{staff_id.removeprefix(PREFIX + '_')[:16]}"
        account = StaffAccount(staff_id, name, roles, NO_PASSWORD, now)
        tx.staff.add(account)
        tx.identities.put(FederatedIdentity(self._rules.issuer, subject, staff_id, now))
        body = {
            "staff": staff_id,
            "roles": sorted(roles),
            "method": LoginMethod.OIDC.value,
            "password": account.password_digest,
        }
        log(tx, "staff_added", body, now)
        return account


def link_identity(tx: Transaction, name: str, issuer: str, subject: str, now: int) -> StaffAccount:
    """Say that a subject of the provider is an account, in place of who it was before; its sessions end.

    Raises:
        NotFound: no account of this name.
        MalformedInput: no issuer is configured, or the subject is none.
        Conflict: the subject is another account's.
    """
    if not issuer or not 0 < len(subject) <= _MAX_SUBJECT:
        raise MalformedInput("expected a configured issuer and a subject of 1 to 255 characters")
    account = tx.staff.named(name)
    if account is None:
        raise NotFound("there is no account of this name")
    standing = tx.identities.get(issuer, subject)
    if standing is not None and standing.staff_id != account.staff_id:
        raise Conflict("this subject is another account's")
    tx.identities.remove_of(account.staff_id)
    tx.identities.put(FederatedIdentity(issuer, subject, account.staff_id, now))
    tx.staff_sessions.remove_of(account.staff_id)
    log(tx, "staff_identity_linked", {"staff": account.staff_id}, now)
    return account


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_SUBJECT


def _provider_session(claims: Mapping[str, Any]) -> bytes | None:
    """Give what a session of the provider's is known by here, where the token names one."""
    named = claims.get("sid")
    return sha256(named.encode("utf-8", "replace")) if isinstance(named, str) and _is_name(named) else None


def _verifier(browser: str) -> str:
    return base64url.encode(sha256(b"jeung oidc verifier/" + browser.encode("ascii", "replace")))


def _nonce(browser: str) -> str:
    return base64url.encode(sha256(b"jeung oidc nonce/" + browser.encode("ascii", "replace")))


def _time(value: object) -> int:
    if type(value) is not int:
        raise ProviderRefused
    return value


def _wished_name(value: object) -> str | None:
    try:
        return checked_staff_name(value) if isinstance(value, str) else None
    except MalformedInput:
        return None

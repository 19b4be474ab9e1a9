"""Take pushed authorization requests (RFC 9126): the only way to begin an authorization here.

What is pushed is judged before a browser ever sees it: the wallet is authenticated, its challenge is S256, its
redirect address is one a wallet can own, and what it asks for is what we offer. The browser then carries nothing but
a reference that works once.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from jeung.domain.wallets import AuthorizationRequest, AuthorizationStage, OfferState
from jeung.errors import (
    InvalidAuthorizationDetails,
    InvalidDpopProof,
    InvalidTarget,
    MalformedInput,
    UnknownScope,
    UnsupportedResponseType,
)
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import new_id
from jeung.services.wallets import secrets
from jeung.services.wallets.catalogue import offered_types
from jeung.services.wallets.clients import Shown, WalletClient, WalletClients
from jeung.services.wallets.details import parse_details
from jeung.services.wallets.redirects import redirect_target

PAR_PATH: Final = "/oid4vci/par"
REQUEST_URI_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE = re.compile(r"[ -~]{1,1024}")
_MAX_SCOPES = 32


@dataclass(frozen=True, slots=True)
class PushRules:
    """Say who we are (our URL) and how long a pushed request may wait for its browser, in seconds."""

    url: str
    ttl_s: int = 300


@dataclass(frozen=True, slots=True)
class Pushed:
    """Hold what a wallet pushes; each field is the form's, or None where it is missing."""

    response_type: str | None = None
    response_mode: str | None = None
    redirect_uri: str | None = None
    scope: str | None = None
    authorization_details: str | None = None
    state: str | None = field(default=None, repr=False)
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    dpop_jkt: str | None = None
    issuer_state: str | None = field(default=None, repr=False)
    resource: str | None = None
    request_uri: str | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class PushedReference:
    """Give the reference that the browser carries, and for how many seconds it is good."""

    request_uri: str = field(repr=False)
    expires_in_s: int


class PushService:
    """Keep authorization requests until their browser comes."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        clients: WalletClients,
        clock: Clock,
        entropy: Entropy,
        rules: PushRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clients = clients
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def push(self, shown: Shown, pushed: Pushed) -> PushedReference:
        """Keep a good request; give its reference.

        Raises:
            MalformedInput: a request object or reference, a bad redirect address, challenge, state or `issuer_state`.
            UnsupportedResponseType: not `code`.
            InvalidTarget: for another issuer.
            UnknownScope, InvalidAuthorizationDetails: nothing we offer, or nothing of the offer.
            InvalidDpopProof: `dpop_jkt` is not the key of the proof beside it.
            InvalidClient, InvalidClientAttestation, UseDpopNonce …: as `WalletClients.identify`.
            LedgerStale: the follower has never run.
        """
        client = self._clients.identify(shown, url=self._rules.url + PAR_PATH, authenticated=True)
        redirect_uri, code_challenge = self._checked(pushed)
        jkt = _bound_key(client, pushed.dpop_jkt)
        now = self._clock.now()
        known = offered_types(self._ledger, self._rules.url, now)
        named = parse_details(pushed.authorization_details, self._rules.url)
        scopes = () if pushed.scope is None else tuple(dict.fromkeys(pushed.scope.split(" ")[:_MAX_SCOPES]))
        reference = secrets.new_secret(self._entropy)
        with self._store.write() as tx:
            self._clients.claim(tx, client)
            offer = None
            if pushed.issuer_state is not None:
                offer = tx.offers.by_issuer_state(secrets.digest(pushed.issuer_state))
                if offer is None or offer.state(now) is not OfferState.OPEN:
                    # Anyone may have put it there (OpenID4VCI 1.0 section 5.1.3), so it must be one of ours.
                    raise MalformedInput("`issuer_state` belongs to no open offer")
            request = AuthorizationRequest(
                request_id=new_id(self._entropy, "war"),
                uri_hash=secrets.digest(reference),
                client_id=client.client_id or "",
                attested_by=client.attested_by,
                redirect_uri=redirect_uri,
                state=pushed.state,
                configuration_ids=_wanted(
                    scopes, named, known.keys() & (offer.configuration_ids if offer else known)
                ),
                with_details=bool(named),
                code_challenge=code_challenge,
                dpop_jkt=jkt,
                offer_id=None if offer is None else offer.offer_id,
                stage=AuthorizationStage.PUSHED,
                created_at=now,
                expires_at=now + self._rules.ttl_s,
            )
            tx.authorizations.add(request)
        return PushedReference(REQUEST_URI_PREFIX + reference, self._rules.ttl_s)

    def _checked(self, pushed: Pushed) -> tuple[str, str]:
        """Judge everything that needs no look into the database; give redirect address and challenge."""
        if pushed.request_uri is not None or pushed.request is not None:
            raise MalformedInput("a pushed request carries its parameters itself (RFC 9126 section 2.1)")
        if pushed.response_type is None:
            raise MalformedInput("`response_type` is missing")
        if pushed.response_type != "code":
            raise UnsupportedResponseType
        # A wallet that listens for another kind of answer would wait for ever.
        if pushed.response_mode not in (None, "query"):
            raise MalformedInput("`response_mode` is not query")
        if pushed.resource is not None and pushed.resource.removesuffix("/") != self._rules.url:
            raise InvalidTarget
        if pushed.redirect_uri is None:
            raise MalformedInput("`redirect_uri` is missing")
        redirect_target(pushed.redirect_uri)
        # A missing method means `plain` (RFC 7636 section 4.3), which protects nobody.
        if pushed.code_challenge is None or pushed.code_challenge_method != "S256":
            raise MalformedInput("PKCE with `code_challenge_method` S256 is required")
        if _THUMBPRINT.fullmatch(pushed.code_challenge) is None:
            raise MalformedInput("`code_challenge` is not a SHA-256 in base64url")
        if pushed.state is not None and _STATE.fullmatch(pushed.state) is None:
            raise MalformedInput("`state` is not at most 1,024 printable ASCII characters")
        return pushed.redirect_uri, pushed.code_challenge


def _bound_key(client: WalletClient, named: str | None) -> str | None:
    """Give the key that the code is bound to (RFC 9449 section 10): the proof's, or the one named without a proof."""
    if client.dpop is None:
        if named is not None and _THUMBPRINT.fullmatch(named) is None:
            raise MalformedInput("`dpop_jkt` is not a thumbprint")
        return named
    if named is not None and named != client.dpop.jkt:
        raise InvalidDpopProof("`dpop_jkt` is another key's thumbprint")
    return client.dpop.jkt


def _wanted(scopes: Sequence[str], named: Sequence[str], available: Collection[str]) -> tuple[str, ...]:
    """Choose what is asked for: scopes nobody knows are passed over (OpenID4VCI 1.0 section 5.1.2), details not."""
    if any(name not in available for name in named):
        raise InvalidAuthorizationDetails
    wanted = tuple(dict.fromkeys([*named, *(scope for scope in scopes if scope in available)]))
    if not wanted:
        raise UnknownScope
    return wanted

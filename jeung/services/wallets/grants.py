"""Give access tokens for codes: the pre-authorized code of an offer, or an authorization code.

In the pre-authorized flow the transaction code makes the customer; a wallet may stay anonymous and the token be a
bearer token, for that is what the simplest wallets can do. The authorization code flow is HAIP's: the wallet that
pushed the request authenticates again, shows the verifier of its challenge (RFC 7636), and binds the token to a key.
Whatever is wrong with a code, the answer is the same `invalid_grant`; a code that comes twice revokes what it gave.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.wallets import AuthorizationRequest, AuthorizationStage, Offer, WalletGrant
from jeung.errors import InvalidAuthorizationDetails, InvalidGrant, MalformedInput, SubjectErased, WalletError
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log, new_id, subject_key
from jeung.services.wallets import secrets
from jeung.services.wallets.clients import Shown, WalletClient, WalletClients
from jeung.services.wallets.details import OPENID_CREDENTIAL, parse_details
from jeung.services.wallets.offers import OfferGate, note_replay

TOKEN_PATH: Final = "/oid4vci/token"  # noqa: S105 - a path
MAX_BEARER_TTL_S: Final = 300
"""How long a token may live that is bound to no key: long-lived ones must be bound (OpenID4VCI 1.0 section 13.9)."""
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class GrantRules:
    """Say whose tokens these are (our URL) and how long they live, in seconds; bearer tokens at most five minutes."""

    url: str
    token_ttl_s: int = 3_600


@dataclass(frozen=True, slots=True)
class GivenToken:
    """Give a fresh access token and what the answer says beside it; `scope` lists the configuration ids."""

    grant_id: str
    token: str = field(repr=False)
    token_type: Literal["DPoP", "Bearer"]
    expires_in_s: int
    scope: str
    authorization_details: Sequence[dict[str, Any]]


class WalletGrantService:
    """Redeem codes."""

    def __init__(
        self,
        *,
        store: Store,
        clients: WalletClients,
        gate: OfferGate,
        clock: Clock,
        entropy: Entropy,
        rules: GrantRules,
    ) -> None:
        self._store = store
        self._clients = clients
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def redeem_offer(self, shown: Shown, *, code: str, tx_code: str | None, details: str | None = None) -> GivenToken:
        """Give a token for the pre-authorized code of an offer (OpenID4VCI 1.0 section 6.1).

        Args:
            shown: the client's id and the headers by which it proves itself and its key; all may be missing.
            code: the pre-authorized code.
            tx_code: the transaction code, which every offer of ours demands.
            details: `authorization_details` as sent, to choose among what is offered.

        Raises:
            MalformedInput: no transaction code.
            InvalidGrant: any code is wrong, expired or used.
            InvalidAuthorizationDetails: not of our kind, or not offered.
            InvalidClient, InvalidClientAttestation, InvalidDpopProof, UseDpopNonce …: as `WalletClients.identify`.
        """
        if not tx_code:
            raise MalformedInput("this offer demands a transaction code")
        wanted = parse_details(details, self._rules.url)
        client = self._clients.identify(shown, url=self._rules.url + TOKEN_PATH)
        with self._store.read() as tx:
            # Strangers who guess must not keep others from writing.
            if tx.offers.by_code(secrets.digest(code)) is None:
                raise InvalidGrant
        now = self._clock.now()
        with self._store.write() as tx:
            self._clients.claim(tx, client)
            given = self._from_offer(tx, client, code, tx_code, wanted, now)
        # Raised only now, so that the attempt is counted.
        return _given_or_raise(given)

    def redeem_code(
        self,
        shown: Shown,
        *,
        code: str,
        verifier: str | None,
        redirect_uri: str | None = None,
        details: str | None = None,
    ) -> GivenToken:
        """Give a token for an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).

        Raises:
            InvalidGrant: the code, its verifier, its client or its redirect address is wrong, or it is used.
            MalformedInput: no verifier.
            InvalidDpopProof: no proof, or with another key than the pushed request named.
            InvalidAuthorizationDetails: more than was asked for at first.
            InvalidClient, InvalidClientAttestation, UseDpopNonce …: as `WalletClients.identify`.
        """
        if not verifier:
            raise MalformedInput("`code_verifier` is missing")
        wanted = parse_details(details, self._rules.url)
        client = self._clients.identify(shown, url=self._rules.url + TOKEN_PATH, authenticated=True, bound=True)
        with self._store.read() as tx:
            if tx.authorizations.by_code(secrets.digest(code)) is None:
                raise InvalidGrant
        now = self._clock.now()
        with self._store.write() as tx:
            self._clients.claim(tx, client)
            given = self._from_code(tx, client, _ShownCode(code, verifier, redirect_uri), wanted, now)
        return _given_or_raise(given)

    def _from_offer(
        self, tx: Transaction, client: WalletClient, code: str, tx_code: str, wanted: Sequence[str], now: int
    ) -> GivenToken | type[WalletError]:
        offer = tx.offers.by_code(secrets.digest(code))
        if offer is None:
            return InvalidGrant
        if not set(wanted) <= set(offer.configuration_ids):
            return InvalidAuthorizationDetails
        redeemed = self._gate.redeem(tx, offer, tx_code, now)
        if redeemed is None:
            return InvalidGrant
        chosen = tuple(wanted) or offer.configuration_ids
        return self._given(tx, client, redeemed, chosen, now, named=bool(wanted))

    def _from_code(
        self, tx: Transaction, client: WalletClient, shown: "_ShownCode", wanted: Sequence[str], now: int
    ) -> GivenToken | type[WalletError]:
        request = tx.authorizations.by_code(secrets.digest(shown.code))
        offer = None if request is None or request.offer_id is None else tx.offers.get(request.offer_id)
        if request is None or offer is None:
            return InvalidGrant
        if request.stage is AuthorizationStage.REDEEMED:
            # The code is out: whoever redeemed it first may have been a thief (RFC 6749 section 4.1.2).
            note_replay(tx, offer, now)
            return InvalidGrant
        # Where the offer's other code came in the meantime, one of the two who know everything is a thief.
        if offer.replayed_at is not None or request.expires_at <= now or not _is_for(request, client, shown):
            return InvalidGrant
        if not set(wanted) <= set(request.configuration_ids):
            return InvalidAuthorizationDetails
        chosen = tuple(wanted) or request.configuration_ids
        given = self._given(tx, client, offer, chosen, now, named=request.with_details or bool(wanted))
        if isinstance(given, GivenToken):
            redeemed = replace(request, stage=AuthorizationStage.REDEEMED, grant_id=given.grant_id)
            tx.authorizations.replace(redeemed)
        return given

    def _given(
        self, tx: Transaction, client: WalletClient, offer: Offer, chosen: tuple[str, ...], now: int, *, named: bool
    ) -> GivenToken | type[WalletError]:
        try:
            subject_key(tx, offer.subject_id)
        except SubjectErased:
            return InvalidGrant
        token, grant_id = secrets.new_secret(self._entropy), new_id(self._entropy, "wgr")
        # One dataset for each configuration: the person of the proofing. The id tells nothing about him.
        identifiers = tuple((name, f"{name}:{new_id(self._entropy, 'set')}") for name in chosen) if named else ()
        jkt = None if client.dpop is None else client.dpop.jkt
        ttl_s = self._rules.token_ttl_s if jkt is not None else min(self._rules.token_ttl_s, MAX_BEARER_TTL_S)
        tx.grants.add(
            WalletGrant(
                grant_id=grant_id,
                token_hash=secrets.digest(token),
                offer_id=offer.offer_id,
                proofing_id=offer.proofing_id,
                subject_id=offer.subject_id,
                configuration_ids=chosen,
                credential_identifiers=identifiers,
                client_id=client.client_id,
                dpop_jkt=jkt,
                issued_at=now,
                expires_at=now + ttl_s,
            )
        )
        log(tx, "wallet_grant_given", {"grant": grant_id, "offer": offer.offer_id}, now)
        return GivenToken(
            grant_id=grant_id,
            token=token,
            token_type="Bearer" if jkt is None else "DPoP",
            expires_in_s=ttl_s,
            scope=" ".join(chosen),
            authorization_details=[
                {
                    "type": OPENID_CREDENTIAL,
                    "credential_configuration_id": name,
                    "credential_identifiers": [identifier],
                }
                for name, identifier in identifiers
            ],
        )


@dataclass(frozen=True, slots=True)
class _ShownCode:
    """Hold what a wallet shows of an authorization of its own."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str | None


def _is_for(request: AuthorizationRequest, client: WalletClient, shown: _ShownCode) -> bool:
    """Tell whether a code is redeemed by the wallet that pushed the request.

    The redirect address may be left out, as OAuth 2.1 has it: the verifier of the challenge says more.
    """
    challenge = base64url.encode(sha256(shown.verifier.encode("utf-8", "replace")))
    jkt = None if client.dpop is None else client.dpop.jkt
    return (
        request.stage is AuthorizationStage.APPROVED
        and client.client_id == request.client_id
        and (client.attested_by is None) == (request.attested_by is None)
        and request.dpop_jkt in (None, jkt)
        and shown.redirect_uri in (None, request.redirect_uri)
        and _VERIFIER.fullmatch(shown.verifier) is not None
        and secrets.same(challenge, request.code_challenge)
    )


def _given_or_raise(given: GivenToken | type[WalletError]) -> GivenToken:
    if isinstance(given, GivenToken):
        return given
    raise given

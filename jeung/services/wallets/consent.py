"""Ask the customer: show who wants what, take the transaction code, send the answer to the wallet.

The reference that the wallet pushed works once: the first browser that brings it is given a session secret, and from
then on the page answers to that browser alone. The form carries a second secret that follows from the first, so that
no other site can send it. Who the customer is, the transaction code says: for the offer that the wallet came with, or
for the one whose reception number the customer types. Wrong codes are counted by the offer and by the page.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.wallets import AuthorizationRequest, AuthorizationStage, Offer, OfferState
from jeung.errors import InvalidRequestUri
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log
from jeung.services.wallets import secrets
from jeung.services.wallets.offers import OfferGate
from jeung.services.wallets.pushing import REQUEST_URI_PREFIX
from jeung.services.wallets.redirects import answer_address

AUTHORIZE_PATH: Final = "/oid4vci/authorize"
MAX_SESSION_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """Say who asks (our URL), how long the page and the code live (seconds), how many wrong codes a page takes."""

    url: str
    page_ttl_s: int = 300
    code_ttl_s: int = 60
    attempts: int = 5


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Give what the page shows; `session` goes into a cookie, `token` into the form, `left` counts attempts."""

    request: AuthorizationRequest
    session: str = field(repr=False)
    token: str = field(repr=False)
    knows_offer: bool
    left: int
    mistaken: bool = False


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Hold what the customer sends: yes or no, and what he typed."""

    session: str = field(repr=False)
    token: str = field(repr=False)
    approved: bool
    tx_code: str = field(default="", repr=False)
    reception_number: str = field(default="", repr=False)


class ConsentService:
    """Run the consent page."""

    def __init__(self, *, store: Store, gate: OfferGate, clock: Clock, entropy: Entropy, rules: ConsentRules) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def open(self, request_uri: str, client_id: str, session: str | None = None) -> ConsentPage:
        """Open the page of a pushed request, in the first browser that asks or again in that one.

        Args:
            request_uri: the reference that was pushed.
            client_id: the wallet's, as the browser brings it.
            session: the secret this browser holds for the request, if it holds one.

        Raises:
            InvalidRequestUri: unknown, expired, answered, another client's, or open in another browser.
        """
        now = self._clock.now()
        with self._store.read() as tx:
            # Strangers who guess, and customers who reload, must not keep others from writing.
            request = self._pending(tx, request_uri, client_id, now)
            if request.stage is AuthorizationStage.SHOWN:
                return self._page(_of_session(request, session), session or "")
        with self._store.write() as tx:
            request = self._pending(tx, request_uri, client_id, now)
            if request.stage is AuthorizationStage.SHOWN:
                raise InvalidRequestUri
            session = secrets.new_secret(self._entropy)
            request = replace(
                request,
                stage=AuthorizationStage.SHOWN,
                session_hash=secrets.digest(session),
                expires_at=now + self._rules.page_ttl_s,
            )
            tx.authorizations.replace(request)
            return self._page(request, session)

    def answer(self, request_uri: str, client_id: str, given: ConsentGiven) -> ConsentPage | str:
        """Take the customer's answer; give the address that leads back to the wallet, or the page again.

        The page comes again while a wrong transaction code may still be corrected.

        Raises:
            InvalidRequestUri: as `open`, or the form is not the page's own.
        """
        now = self._clock.now()
        with self._store.read() as tx:
            _of_session(self._pending(tx, request_uri, client_id, now), given.session)
        with self._store.write() as tx:
            request = _of_session(self._pending(tx, request_uri, client_id, now), given.session)
            if not secrets.same(given.token, _token(given.session)):
                raise InvalidRequestUri
            if not given.approved:
                return self._denied(tx, request, now)
            offer = self._redeemed(tx, request, given, now)
            if offer is not None:
                return self._approved(tx, request, offer, now)
            request = replace(request, attempts=request.attempts + 1)
            tx.authorizations.replace(request)
            if request.attempts >= self._rules.attempts or not _can_go_on(tx, request, now):
                return self._denied(tx, request, now)
            return replace(self._page(request, given.session), mistaken=True)

    def _pending(self, tx: Transaction, request_uri: str, client_id: str, now: int) -> AuthorizationRequest:
        reference = request_uri.removeprefix(REQUEST_URI_PREFIX)
        request = tx.authorizations.by_uri(secrets.digest(reference)) if reference != request_uri else None
        pending = (AuthorizationStage.PUSHED, AuthorizationStage.SHOWN)
        if request is None or request.expires_at <= now or request.stage not in pending:
            raise InvalidRequestUri
        if request.client_id != client_id:
            raise InvalidRequestUri
        return request

    def _page(self, request: AuthorizationRequest, session: str) -> ConsentPage:
        left = self._rules.attempts - request.attempts
        return ConsentPage(request, session, _token(session), request.offer_id is not None, left)

    def _redeemed(
        self, tx: Transaction, request: AuthorizationRequest, given: ConsentGiven, now: int
    ) -> Offer | None:
        offer = _offer_of(tx, request, given)
        if offer is None or not set(request.configuration_ids) & set(offer.configuration_ids):
            return None
        return self._gate.redeem(tx, offer, given.tx_code, now)

    def _approved(self, tx: Transaction, request: AuthorizationRequest, offer: Offer, now: int) -> str:
        code = secrets.new_secret(self._entropy)
        approved = replace(
            request,
            stage=AuthorizationStage.APPROVED,
            offer_id=offer.offer_id,
            configuration_ids=tuple(name for name in request.configuration_ids if name in offer.configuration_ids),
            code_hash=secrets.digest(code),
            session_hash=None,
            expires_at=now + self._rules.code_ttl_s,
        )
        tx.authorizations.replace(approved)
        log(tx, "consent_given", {"request": request.request_id, "offer": offer.offer_id}, now)
        return answer_address(request.redirect_uri, self._rules.url, request.state, {"code": code})

    def _denied(self, tx: Transaction, request: AuthorizationRequest, now: int) -> str:
        tx.authorizations.replace(replace(request, stage=AuthorizationStage.DENIED, session_hash=None))
        log(tx, "consent_refused", {"request": request.request_id}, now)
        return answer_address(request.redirect_uri, self._rules.url, request.state, {"error": "access_denied"})


def _of_session(request: AuthorizationRequest, session: str | None) -> AuthorizationRequest:
    """Give the request if this browser holds its secret.

    Raises:
        InvalidRequestUri: it does not.
    """
    if session is None or len(session) > MAX_SESSION_CHARACTERS or request.session_hash != secrets.digest(session):
        raise InvalidRequestUri
    return request


def _token(session: str) -> str:
    """Derive what the form carries from what the cookie carries; the cookie cannot be read, so nobody else can."""
    return base64url.encode(sha256(f"consent form {session}".encode("utf-8", "replace")))


def _offer_of(tx: Transaction, request: AuthorizationRequest, given: ConsentGiven) -> Offer | None:
    if request.offer_id is not None:
        return tx.offers.get(request.offer_id)
    return tx.offers.by_reception(secrets.read_reception_number(given.reception_number))


def _can_go_on(tx: Transaction, request: AuthorizationRequest, now: int) -> bool:
    """Tell whether another try can succeed: an offer that is locked or gone takes none."""
    if request.offer_id is None:
        return True
    offer = tx.offers.get(request.offer_id)
    return offer is not None and offer.state(now) is OfferState.OPEN

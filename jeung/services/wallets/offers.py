"""Offer credentials to a customer: single use, short lived, opened by a code that reaches him on another channel.

An offer lives on a QR code or a link, which others may photograph or forward. What makes it his is the transaction
code: a few digits that the bank gives him by other means, with a few attempts, counted in the database over every
process and over both grants. The offer carries two grants, and the wallet takes one: the pre-authorized code, or the
`issuer_state` of an authorization code whose consent page asks for the transaction code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from jeung.crypto import canonical_json
from jeung.domain.access import RequestKey
from jeung.domain.proofing import ProofingState
from jeung.domain.wallets import Offer, OfferState
from jeung.errors import MalformedInput, NotAccredited, NotFound, OfferClosed, ProofingClosed, SubjectErased
from jeung.ports.custody import Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import earlier_result, log, new_id, remember_result, subject_key
from jeung.services.wallets import secrets
from jeung.services.wallets.catalogue import offered_types

PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
AUTHORIZATION_CODE: Final = "authorization_code"
OFFERS_PATH: Final = "/oid4vci/offers/"
SCHEME: Final = "openid-credential-offer://"
MAX_CONFIGURATIONS: Final = 16
MAX_SHOWN: Final = 20
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class OfferRules:
    """Say who offers (our URL) and how: life in seconds, digits of the transaction code, wrong ones allowed."""

    url: str
    ttl_s: int = 600
    tx_code_length: int = 6
    tx_code_attempts: int = 5


@dataclass(frozen=True, slots=True)
class OfferPapers:
    """Give an open offer with everything that is handed out of it; whoever holds this can redeem it.

    `by_value` and `by_reference` are links for a wallet; `transaction_code` goes to the customer on another channel.
    """

    offer: Offer
    document: Mapping[str, Any] = field(repr=False)
    by_value: str = field(repr=False)
    by_reference: str = field(repr=False)
    address: str = field(repr=False)
    transaction_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfferView:
    """Show an offer to the staff: its state by now, and the families issued to whoever redeemed it."""

    offer: Offer
    state: OfferState
    families: tuple[str, ...]


class OfferService:
    """Make, show and cancel credential offers."""

    def __init__(
        self, *, store: Store, ledger: Ledger, vault: Vault, clock: Clock, entropy: Entropy, rules: OfferRules
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def create(
        self,
        proofing_id: str,
        configuration_ids: Sequence[str] = (),
        *,
        created_by: str,
        request: RequestKey | None = None,
    ) -> OfferPapers:
        """Offer credentials for a proofing; without configuration ids, every type we may issue.

        The proofing may still be open: the credential endpoint then defers until it is completed.

        Raises:
            NotFound: no such proofing, or no such credential configuration.
            ProofingClosed: a check of the proofing failed.
            MalformedInput: a configuration stands there twice, or there are too many.
            NotAccredited: there is nothing we may issue now.
            SubjectErased: the subject's data was destroyed.
            LedgerStale: the follower has never run.
            IdempotencyKeyReused: the key stands for another request.
            OfferClosed: the same request made an offer that is good for nothing any more.
        """
        now = self._clock.now()
        chosen = self._chosen(configuration_ids, now)
        with self._store.write() as tx:
            earlier = earlier_result(tx, request)
            if earlier is not None:
                return self._papers(tx, _existing(tx, earlier), now)
            offer = self.make(tx, proofing_id, chosen, created_by=created_by, expires_at=now + self._rules.ttl_s)
            remember_result(tx, request, offer.offer_id, now)
            return self._papers(tx, offer, now)

    def make(
        self, tx: Transaction, proofing_id: str, configuration_ids: Sequence[str], *, created_by: str, expires_at: int
    ) -> Offer:
        """Make an offer of types that are known to be on offer, inside a transaction of the caller's.

        Raises:
            NotFound: no such proofing.
            ProofingClosed: a check of the proofing failed.
            SubjectErased, SubjectLocked: the subject's data was destroyed, or is kept for the law alone.
        """
        now = self._clock.now()
        proofing = tx.proofings.get(proofing_id)
        if proofing is None:
            raise NotFound("no such proofing")
        if proofing.state is ProofingState.REJECTED:
            raise ProofingClosed("a check of the proofing failed")
        offer_id = new_id(self._entropy, "ofr")
        code, issuer_state, reference = (secrets.new_secret(self._entropy) for _ in range(3))
        hidden = {
            "code": code,
            "issuer_state": issuer_state,
            "reference": reference,
            "tx_code": secrets.new_transaction_code(self._entropy, self._rules.tx_code_length),
        }
        wrapped = subject_key(tx, proofing.subject_id)
        offer = Offer(
            offer_id=offer_id,
            proofing_id=proofing_id,
            subject_id=proofing.subject_id,
            configuration_ids=tuple(configuration_ids),
            created_by=created_by,
            stored_state=OfferState.OPEN,
            reference_hash=secrets.digest(reference),
            code_hash=secrets.digest(code),
            issuer_state_hash=secrets.digest(issuer_state),
            reception_number=secrets.new_reception_number(self._entropy),
            sealed=self._vault.seal(
                wrapped, proofing.subject_id, _context(offer_id), canonical_json.canonical(hidden)
            ),
            attempts=0,
            created_at=now,
            expires_at=expires_at,
        )
        tx.offers.add(offer)
        log(tx, "offer_made", {"offer": offer_id, "proofing": proofing_id}, now)
        return offer

    def get(self, offer_id: str) -> OfferView:
        """Give an offer as the staff sees it: what has become of it, nothing that opens it.

        Raises:
            NotFound: no such offer, or one removed since.
        """
        with self._store.read() as tx:
            return self._view(tx, _existing(tx, offer_id))

    def of_proofing(self, proofing_id: str) -> Sequence[OfferView]:
        """Give the newest offers for a proofing as the staff sees them, newest first, at most 20."""
        with self._store.read() as tx:
            return [self._view(tx, offer) for offer in tx.offers.of_proofing(proofing_id, MAX_SHOWN)]

    def papers(self, offer_id: str) -> OfferPapers:
        """Give an open offer's links and transaction code again, for whoever made it.

        Raises:
            NotFound: no such offer.
            OfferClosed: it is good for nothing any more.
            SubjectErased: the subject's data was destroyed.
        """
        with self._store.read() as tx:
            return self._papers(tx, _existing(tx, offer_id), self._clock.now())

    def open_papers(self, created_by: str) -> Iterator[OfferPapers]:
        """Give the papers of every open offer that one client or act made, a bounded number read at a time."""
        after = ""
        while True:
            with self._store.read() as tx:
                now = self._clock.now()
                offers = tx.offers.made_by(created_by, after=after, limit=_PAGE)
                papers = [self._papers(tx, offer, now) for offer in offers if offer.state(now) is OfferState.OPEN]
            yield from papers
            if len(offers) < _PAGE:
                return
            after = offers[-1].offer_id

    def cancel(self, offer_id: str, *, request: RequestKey | None = None) -> OfferView:
        """Cancel an open offer; cancelling it twice changes nothing.

        Raises:
            NotFound: no such offer.
            OfferClosed: it was redeemed, locked or has expired.
            IdempotencyKeyReused: the key stands for another request.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            offer = _existing(tx, offer_id)
            if earlier_result(tx, request) is not None or offer.stored_state is OfferState.CANCELLED:
                return self._view(tx, offer)
            if offer.state(now) is not OfferState.OPEN:
                raise OfferClosed
            offer = replace(offer, stored_state=OfferState.CANCELLED, closed_at=now)
            tx.offers.replace(offer)
            log(tx, "offer_cancelled", {"offer": offer_id}, now)
            remember_result(tx, request, offer_id, now)
            return self._view(tx, offer)

    def fetch(self, reference: str) -> Mapping[str, Any]:
        """Give the offer that a wallet asks for by the last part of its `credential_offer_uri`.

        Raises:
            NotFound: no such offer, or none that is open; which of these, a stranger does not learn.
        """
        with self._store.read() as tx:
            offer = tx.offers.by_reference(secrets.digest(reference))
            if offer is None:
                raise NotFound("no such offer")
            try:
                return self._papers(tx, offer, self._clock.now()).document
            except (OfferClosed, SubjectErased):
                raise NotFound("no such offer") from None

    def _view(self, tx: Transaction, offer: Offer) -> OfferView:
        grant = tx.grants.of_offer(offer.offer_id)
        families = () if grant is None else tuple(family for _, family in grant.families)
        return OfferView(offer, offer.state(self._clock.now()), families)

    def _chosen(self, configuration_ids: Sequence[str], now: int) -> tuple[str, ...]:
        if len(configuration_ids) > MAX_CONFIGURATIONS or len(set(configuration_ids)) != len(configuration_ids):
            raise MalformedInput(f"expected at most {MAX_CONFIGURATIONS} different credential configurations")
        types = offered_types(self._ledger, self._rules.url, now)
        if not types:
            raise NotAccredited
        if any(name not in types for name in configuration_ids):
            raise NotFound("no such credential configuration")
        return tuple(configuration_ids or sorted(types))

    def _papers(self, tx: Transaction, offer: Offer, now: int) -> OfferPapers:
        if offer.state(now) is not OfferState.OPEN:
            raise OfferClosed
        hidden = _opened(tx, self._vault, offer)
        document = self._document(offer, hidden)
        address = f"{self._rules.url}{OFFERS_PATH}{hidden['reference']}"
        text = canonical_json.canonical(document).decode("utf-8")
        return OfferPapers(
            offer=offer,
            document=document,
            by_value=f"{SCHEME}?credential_offer={quote(text, safe='')}",
            by_reference=f"{SCHEME}?credential_offer_uri={quote(address, safe='')}",
            address=address,
            transaction_code=hidden["tx_code"],
        )

    def _document(self, offer: Offer, hidden: Mapping[str, str]) -> dict[str, Any]:
        """Write the credential offer object (OpenID4VCI 1.0 section 4.1.1)."""
        tx_code = {
            "input_mode": "numeric",
            "length": len(hidden["tx_code"]),
            "description": "은행이 따로 보내 드린 번호 · The number your bank gave you separately",
        }
        return {
            "credential_issuer": self._rules.url,
            "credential_configuration_ids": list(offer.configuration_ids),
            "grants": {
                AUTHORIZATION_CODE: {"issuer_state": hidden["issuer_state"]},
                PRE_AUTHORIZED: {"pre-authorized_code": hidden["code"], "tx_code": tx_code},
            },
        }


class OfferGate:
    """Open offers to whoever knows the transaction code, and count those who do not."""

    def __init__(self, *, vault: Vault, rules: OfferRules) -> None:
        self._vault = vault
        self._rules = rules

    def redeem(self, tx: Transaction, offer: Offer, tx_code: str, now: int) -> Offer | None:
        """Redeem an open offer, or count a wrong code and give None; the last one allowed locks the offer.

        Whoever calls this commits either way: an attempt that is rolled back is an attempt for nothing.
        """
        if offer.state(now) is not OfferState.OPEN:
            self._note_replay(tx, offer, tx_code, now)
            return None
        if not self._fits(tx, offer, tx_code):
            attempts = offer.attempts + 1
            if attempts < self._rules.tx_code_attempts:
                tx.offers.replace(replace(offer, attempts=attempts))
                return None
            tx.offers.replace(replace(offer, attempts=attempts, stored_state=OfferState.LOCKED, closed_at=now))
            log(tx, "offer_locked", {"offer": offer.offer_id}, now)
            return None
        redeemed = replace(offer, stored_state=OfferState.REDEEMED, closed_at=now)
        tx.offers.replace(redeemed)
        log(tx, "offer_redeemed", {"offer": offer.offer_id}, now)
        return redeemed

    def _note_replay(self, tx: Transaction, offer: Offer, tx_code: str, now: int) -> None:
        """Revoke what a redeemed offer gave when its code comes again with the right transaction code.

        One of the two who know both is a thief, and nobody knows which. A wrong transaction code revokes nothing, so
        that a photograph of the QR code is no lever; nor is it counted, or a thief who redeemed first could use up
        the tries with which his victim would reveal him. The answer is always the same, so trying tells nothing.
        """
        if offer.stored_state is OfferState.REDEEMED and self._fits(tx, offer, tx_code):
            note_replay(tx, offer, now)

    def _fits(self, tx: Transaction, offer: Offer, tx_code: str) -> bool:
        try:
            return secrets.same(_opened(tx, self._vault, offer)["tx_code"], tx_code)
        except SubjectErased:
            return False


def note_replay(tx: Transaction, offer: Offer, now: int) -> None:
    """Revoke the access token an offer gave, and leave a note for the staff; the second time changes nothing."""
    if offer.replayed_at is not None:
        return
    tx.offers.replace(replace(offer, replayed_at=now))
    grant = tx.grants.of_offer(offer.offer_id)
    if grant is not None:
        tx.grants.replace(replace(grant, revoked_at=now if grant.revoked_at is None else grant.revoked_at))
    log(tx, "offer_replayed", {"offer": offer.offer_id}, now)


def _existing(tx: Transaction, offer_id: str) -> Offer:
    offer = tx.offers.get(offer_id)
    if offer is None:
        raise NotFound("no such offer")
    return offer


def _opened(tx: Transaction, vault: Vault, offer: Offer) -> dict[str, str]:
    wrapped = subject_key(tx, offer.subject_id)
    return canonical_json.parse_object(vault.open(wrapped, offer.subject_id, _context(offer.offer_id), offer.sealed))


def _context(offer_id: str) -> str:
    return f"offer/{offer_id}"

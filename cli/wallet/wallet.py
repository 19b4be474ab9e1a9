"""Play a holder's wallet from end to end: receive what an offer promises, answer what a request asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from cryptography import x509

from cli.p256 import P256Key
from cli.wallet import documents
from cli.wallet.asking import ask
from cli.wallet.attestation import Instance, Shape
from cli.wallet.conversation import Conversation, Token
from cli.wallet.credentials import Held
from cli.wallet.dcql import Selection, select
from cli.wallet.dpop import Dpop
from cli.wallet.errors import NotTrusted, ServerRefused, WalletError
from cli.wallet.grants import Browse, authorize, pre_authorized
from cli.wallet.http import WalletHttp
from cli.wallet.issuance import Issued, Later, notify, request_body, request_credentials, request_deferred
from cli.wallet.issuers import Issuers
from cli.wallet.offers import read_offer
from cli.wallet.presenting import Sent, send_refusal, send_token, token_for
from cli.wallet.proofs import attestation_proofs, attested_jwt_proofs, jwt_proofs
from cli.wallet.receipts import KeptReceipt, Promise, ShownOnce, judge_receipts, shown_once
from cli.wallet.receiving import Receiver
from cli.wallet.requests import PresentationRequest, ask_for, transaction_entries
from cli.wallet.told import Told, told_by
from jeung.ports.world import Clock

ACCEPTED, FAILED, DELETED = "credential_accepted", "credential_failure", "credential_deleted"

Ask = Callable[[PresentationRequest, Selection], None]
"""Asks the holder; raises NotTrusted where he says no."""


class Registry(Protocol):
    """Know what relying parties are registered to ask for."""

    def check(self, request: PresentationRequest) -> None:
        """Do nothing where a request asks for no more than is registered.

        Raises:
            NotTrusted: `not_registered` or `over_asking`.
        """
        ...

    def promise(self, request: PresentationRequest) -> Promise | None:
        """Say what is known of the receipts of who asks; None where he is not registered."""
        ...

    def promise_of(self, url: str) -> Promise | None:
        """Say what is known of the receipts of a relying party by one of its URLs."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """Hold what wallets on one machine share: connections, the time, what is known of issuers and authorities."""

    http: WalletHttp
    clock: Clock
    issuers: Issuers
    receiver: Receiver
    anchors: Sequence[x509.Certificate] = ()

    @classmethod
    def build(cls, http: WalletHttp, clock: Clock, anchors: Sequence[x509.Certificate] = ()) -> "World":
        """Put the parts together."""
        return cls(http, clock, Issuers(http, clock), Receiver(http, clock, anchors), anchors)


@dataclass(frozen=True, slots=True)
class Wish:
    """Say how to be given credentials.

    Attributes:
        copies: how many, each under a key of its own; at most the issuer's batch size.
        configuration_id: which of those offered; the first unless given.
        proof: `jwt`, `attested_jwt` (with a key attestation in each) or `attestation`.
        encrypted: encrypt request and answer.
        identifier: a credential identifier, where the token named some.
    """

    copies: int = 1
    configuration_id: str | None = None
    proof: str = "jwt"
    encrypted: bool = False
    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Hold an issuance that the issuer has not finished: ask again by `HeadlessWallet.collect`."""

    talk: Conversation = field(repr=False)
    token: Token = field(repr=False)
    later: Later
    keys: tuple[P256Key, ...] = field(repr=False)
    configuration_id: str
    encrypted: bool


class HeadlessWallet:
    """Hold one customer's credentials; for one thread at a time, its `World` may be shared."""

    def __init__(self, world: World, *, instance: Instance | None = None, registry: Registry | None = None) -> None:
        """Begin empty.

        Args:
            world: what is shared with other wallets.
            instance: attests this wallet to authorization servers; anonymous without one.
            registry: judges who may ask for what; None believes every request whose signature holds.

        """
        self._world = world
        self._instance = instance
        self._registry = registry
        self.credentials: list[Held] = []
        self.receipts: list[KeptReceipt] = []

    def converse(self, issuer_url: str) -> Conversation:
        """Begin to speak with an issuer, under a fresh DPoP key; raises as `metadata.discover`."""
        combined = self._instance is not None and self._instance.shape is Shape.COMBINED
        key = self._instance.key if self._instance is not None and combined else P256Key.generate()
        dpop = Dpop(key, self._world.clock)
        issuer = self._world.issuers.at(issuer_url)
        return Conversation(self._world.http, issuer, self._world.clock, dpop, self._instance)

    def receive(
        self, link: str, *, tx_code: str | None = None, browse: Browse | None = None, wish: Wish | None = None
    ) -> list[Held] | Pending:
        """Take what an offer promises: by its pre-authorized code, or by the customer's consent in a browser.

        Args:
            link: the offer's.
            tx_code: the transaction code, for the pre-authorized code.
            browse: shows the consent page; where given, the authorization code grant is used.
            wish: how to be given the credentials.

        Raises:
            NotTrusted: the wallet refuses offer, issuer or credential.
            ServerRefused, Unanswered: the server refuses, or nobody answers.
        """
        offer = read_offer(self._world.http, link)
        talk = self.converse(offer.issuer)
        wish = wish or Wish()
        configuration_id = wish.configuration_id or offer.configuration_ids[0]
        # Before the token: the answer brings the server's DPoP nonce as well, which saves being asked for it.
        nonce = talk.fetch_nonce()
        if browse is None:
            token = pre_authorized(talk, offer, tx_code)
        else:
            scope = documents.text(talk.issuer.configuration(configuration_id), "scope")
            token = authorize(talk, (scope,), browse, issuer_state=offer.issuer_state)
        return self.request(talk, token, configuration_id, wish, nonce=nonce)

    def begin(
        self, issuer_url: str, configuration_id: str, browse: Browse, wish: Wish | None = None
    ) -> list[Held] | Pending:
        """Ask an issuer for a credential that nobody offered; raises as `receive`."""
        talk = self.converse(issuer_url)
        scope = documents.text(talk.issuer.configuration(configuration_id), "scope")
        return self.request(talk, authorize(talk, (scope,), browse), configuration_id, wish or Wish())

    def request(
        self, talk: Conversation, token: Token, configuration_id: str, wish: Wish, *, nonce: str | None = None
    ) -> list[Held] | Pending:
        """Ask for credentials under a token, judge them, keep them, say so; raises as `receive`.

        A nonce that has got too old on the way is replaced by a fresh one, once (OpenID4VCI 1.0 section 8.3.1.2).
        """
        keys = tuple(P256Key.generate() for _ in range(wish.copies))
        answer: Issued | Later | None = None
        if nonce is not None:
            try:
                answer = self._ask(talk, token, configuration_id, wish, keys, nonce)
            except ServerRefused as refused:
                if refused.error != "invalid_nonce":
                    raise
        if answer is None:
            answer = self._ask(talk, token, configuration_id, wish, keys, talk.fetch_nonce())
        if isinstance(answer, Later):
            return Pending(talk, token, answer, keys, configuration_id, wish.encrypted)
        return self._keep(talk, token, answer, keys, configuration_id)

    def _ask(
        self,
        talk: Conversation,
        token: Token,
        configuration_id: str,
        wish: Wish,
        keys: Sequence[P256Key],
        nonce: str | None,
    ) -> Issued | Later:
        proofs = self.proofs(talk, keys, wish.proof, nonce=nonce)
        body = request_body(configuration_id, token, proofs, identifier=wish.identifier)
        return request_credentials(talk, token, body, encrypted=wish.encrypted)

    def collect(self, pending: Pending) -> list[Held] | Pending:
        """Ask again for what was not ready; raises as `receive`."""
        answer = request_deferred(pending.talk, pending.token, pending.later, encrypted=pending.encrypted)
        if isinstance(answer, Later):
            return Pending(
                pending.talk, pending.token, answer, pending.keys, pending.configuration_id, pending.encrypted
            )
        return self._keep(pending.talk, pending.token, answer, pending.keys, pending.configuration_id)

    def proofs(self, talk: Conversation, keys: Sequence[P256Key], kind: str, *, nonce: str | None) -> dict[str, Any]:
        """Make the `proofs` of one request over the issuer's nonce.

        Raises:
            NotTrusted: a kind that needs a wallet provider, and there is none.
        """
        now = self._world.clock.now()
        if kind == "jwt":
            return jwt_proofs(keys, audience=talk.issuer.url, now=now, nonce=nonce, client_id=talk.client_id)
        if self._instance is None:
            raise NotTrusted("no_provider", "this wallet has no provider that vouches for its keys")
        provider = self._instance.provider
        if kind == "attestation":
            return attestation_proofs(keys, provider, now=now, nonce=nonce)
        return attested_jwt_proofs(
            keys, provider, audience=talk.issuer.url, now=now, nonce=nonce, client_id=talk.client_id
        )

    def review(self, link: str) -> tuple[PresentationRequest, Selection]:
        """Fetch a request, verify it, hold it against the register, choose what would answer it.

        Raises:
            NotTrusted: the wallet refuses the request, or has nothing that answers it.
            ServerRefused, Unanswered: the request is not there.
        """
        world = self._world
        request = ask_for(world.http, link, now=world.clock.now(), anchors=world.anchors)
        if self._registry is not None:
            self._registry.check(request)
        return request, select(request.dcql_query, self.credentials)

    def present(self, link: str, ask: Ask | None = None) -> Sent:
        """Answer a request from its link; a request refused by wallet or holder is answered with that.

        Raises:
            NotTrusted: the wallet or the holder refuses.
            ServerRefused, Unanswered: the verifier refuses, or nobody answers.
        """
        request, selection = self.review(link)
        if ask is not None:
            try:
                ask(request, selection)
            except NotTrusted:
                send_refusal(self._world.http, request)
                raise
        return self.answer(request, selection)

    def answer(self, request: PresentationRequest, selection: Selection) -> Sent:
        """Answer a reviewed request and keep the receipts; raises as `present`.

        What the register promises is read before anything is sent: a list that cannot be had afterwards would cost
        the holder his receipts.
        """
        promise = None if self._registry is None else self._registry.promise(request)
        confirmed = self.confirmations(request, selection)
        now = self._world.clock.now()
        token = token_for(request, selection, now=now, confirmed=confirmed)
        held = {name: [choice.held for choice in choices] for name, choices in selection.items()}
        shown = shown_once(held, token, audience=request.client_id, nonce=request.nonce)
        try:
            sent = send_token(self._world.http, request, token)
        except ServerRefused as refused:
            if refused.status < 500:
                refused.concerns = self.keep_receipts(
                    refused.receipts, shown, promise, told_by(request.claims), accepted=False
                )
            raise
        concerns = self.keep_receipts(sent.receipts, shown, promise, told_by(request.claims), accepted=True)
        return replace(sent, concerns=concerns)

    def keep_receipts(
        self, texts: Sequence[str], shown: Sequence[ShownOnce], promise: Promise | None, told: Told, *, accepted: bool
    ) -> tuple[str, ...]:
        """Keep the receipts that hold; give what the holder is to be told about them and the others."""
        judged = judge_receipts(texts, shown, promise, accepted=accepted, now=self._world.clock.now(), told=told)
        self.receipts += judged.kept
        return judged.concerns

    def ask(self, receipt: KeptReceipt) -> Mapping[str, Any]:
        """Ask who gave a receipt what is recorded about it; raises as `cli.wallet.asking.ask`."""
        promise = None if self._registry is None else self._registry.promise_of(str(receipt.claims["iss"]))
        return ask(self._world.http, receipt, promise, now=self._world.clock.now())

    @staticmethod
    def confirmations(request: PresentationRequest, selection: Selection) -> Mapping[str, list[str]]:
        """Say which shown credential confirms which transaction: each the first shown of those it names (8.4).

        Raises:
            NotTrusted: a transaction names no credential that is shown, or a hash we do not know.
        """
        confirmed: dict[str, list[str]] = {}
        for encoded, entry in zip(request.transaction_data, transaction_entries(request), strict=True):
            documents.text(entry, "type")
            if "sha-256" not in (documents.texts(entry, "transaction_data_hashes_alg") or ["sha-256"]):
                raise NotTrusted("malformed_request", "a transaction asks for a hash we do not know")
            named = next((name for name in documents.texts(entry, "credential_ids") if name in selection), None)
            if named is None:
                raise NotTrusted("malformed_request", "a transaction names no credential that is shown")
            confirmed.setdefault(named, []).append(encoded)
        return confirmed

    def _keep(
        self, talk: Conversation, token: Token, issued: Issued, keys: Sequence[P256Key], configuration_id: str
    ) -> list[Held]:
        try:
            kept = self._world.receiver.accept(issued.credentials, keys, talk.issuer, configuration_id)
        except WalletError:
            self._tell(talk, token, issued, FAILED)
            raise
        self.credentials += kept
        self._tell(talk, token, issued, ACCEPTED)
        return kept

    @staticmethod
    def _tell(talk: Conversation, token: Token, issued: Issued, event: str) -> None:
        if issued.notification_id is not None:
            notify(talk, token, issued.notification_id, event)

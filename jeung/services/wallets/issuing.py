"""Hand out credentials to wallets: the credential, deferred credential and notification endpoints (OpenID4VCI 1.0).

A grant gives one family for each credential configuration, of at most a batch of copies, however often it is asked:
 - A key that has a copy in the family gets that copy again. So a wallet whose answer was lost asks anew, with a fresh
   nonce and the same keys, and has lost nothing; one that made fresh keys gets further copies while there is room.
 - The nonces are used up in the transaction that issues or defers, and the grant is read anew in there: of two
   parallel requests under one nonce one is refused, and a grant revoked meanwhile gives nothing.
 - While the proofing is open, or with `wait_for_ledger` until the ledger holds the digests, the request is kept and
   its keys with it (sealed). Polling before the stated interval costs nothing and changes nothing. A transaction id
   is good until its credentials were handed out; if that answer is lost, the first rule helps.
 - A family has one notification id, and reports on it only go forward, so what a wallet can have written into rows
   and into the log does not grow with the number of its requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.domain.credentials import AnchoringState
from jeung.domain.issuing import DeferredIssuance, Notification, NotificationEvent
from jeung.domain.key_storage import HolderKey, KeyStorage
from jeung.domain.proofing import Proofing, ProofingState
from jeung.domain.registry import Registry
from jeung.domain.wallets import ChallengeKind, WalletGrant
from jeung.errors import (
    ChallengeRefused,
    CredentialRequestDenied,
    InvalidCredentialRequest,
    InvalidNotificationId,
    InvalidProofNonce,
    InvalidTransactionId,
    InvalidWalletToken,
    LimitExceeded,
    NotAccredited,
    SubjectErased,
    UnknownCredentialConfiguration,
    UnknownCredentialIdentifier,
)
from jeung.ports.custody import Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log, subject_key
from jeung.services.issuance import Entitlement, IssuanceService, IssuedFamily
from jeung.services.metadata import schema_named
from jeung.services.wallets.challenges import ChallengeService
from jeung.services.wallets.credential_request import CredentialRequest, DeferredRequest
from jeung.services.wallets.key_proofs import KeyProofs, ProvedKeys

_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class DeferralRules:
    """Say how long a deferred issuance waits at most and how often to ask, in seconds, and whether for the ledger."""

    interval_s: int = 10
    ttl_s: int = 7 * 86_400
    wait_for_ledger: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """Give credentials in the order of the wallet's keys, and the id under which it may report about them."""

    credentials: tuple[str, ...] = field(repr=False)
    notification_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deferral:
    """Say under which id to ask again, and after how many seconds."""

    transaction_id: str = field(repr=False)
    interval_s: int


@dataclass(frozen=True, slots=True)
class _Order:
    """Hold what a request comes down to: what to issue, under which grant, to which keys."""

    grant_id: str
    configuration_id: str
    entitlement: Entitlement
    proved: ProvedKeys


class WalletIssuance:
    """Issue to wallets what their grants allow."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
        entropy: Entropy,
        issuance: IssuanceService,
        proofs: KeyProofs,
        challenges: ChallengeService,
        rules: DeferralRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._entropy = entropy
        self._issuance = issuance
        self._proofs = proofs
        self._challenges = challenges
        self._rules = rules

    def request(self, grant: WalletGrant, request: CredentialRequest) -> Delivery | Deferral:
        """Answer a credential request under a grant whose token was just accepted.

        Raises:
            InvalidCredentialRequest: or one of its kinds, see `jeung.errors.issuing`.
            InvalidWalletToken: the grant was revoked meanwhile.
            KeyUnavailable: no credential-signing key is active.
            LedgerStale: the follower has never run.
        """
        configuration_id = _requested_configuration(grant, request)
        with self._ledger.view() as view:
            registry = view.registry
        entitlement = self._entitlement(registry, configuration_id)
        proved = self._proofs.verify(request.proofs, registry, client_id=grant.client_id)
        with self._store.write() as tx:
            try:
                for nonce in proved.nonces:
                    self._challenges.consume(tx, ChallengeKind.C_NONCE, nonce)
            except ChallengeRefused:
                raise InvalidProofNonce from None
            return self._answer(tx, _Order(grant.grant_id, configuration_id, entitlement, proved), None)

    def deferred(self, grant: WalletGrant, request: DeferredRequest) -> Delivery | Deferral:
        """Answer who asks again for credentials that had to wait.

        Raises:
            InvalidTransactionId: no such issuance waits under this grant.
            CredentialRequestDenied: it will never be issued.
            InvalidWalletToken: the grant was revoked meanwhile.
            KeyUnavailable: no credential-signing key is active.
            LedgerStale: the follower has never run.
        """
        now, digest = self._clock.now(), sha256(request.transaction_id.encode("ascii"))
        with self._store.read() as tx:
            waiting = tx.deferred.get(digest)
        if waiting is None or waiting.grant_id != grant.grant_id or waiting.expires_at <= now:
            raise InvalidTransactionId
        if now < waiting.next_poll_at:
            return Deferral(request.transaction_id, waiting.next_poll_at - now)
        with self._ledger.view() as view:
            registry = view.registry
        entitlement = self._entitlement(registry, waiting.configuration_id)
        with self._store.write() as tx:
            # Of two that ask at the same time, the second finds it handed out.
            if tx.deferred.get(digest) is None:
                raise InvalidTransactionId
            proved = ProvedKeys(self._opened_keys(tx, grant, waiting.sealed), ())
            order = _Order(grant.grant_id, waiting.configuration_id, entitlement, proved)
            return self._answer(tx, order, request.transaction_id)

    def notify(self, grant: WalletGrant, notification_id: str, event: NotificationEvent) -> None:
        """Note what became of credentials in the wallet; a report that is no news changes nothing.

        Raises:
            InvalidNotificationId: no answer under this grant had this id.
        """
        now, digest = self._clock.now(), sha256(notification_id.encode("utf-8"))
        with self._store.write() as tx:
            found = tx.notifications.get(digest)
            if found is None or found.grant_id != grant.grant_id or found.expires_at <= now:
                raise InvalidNotificationId
            if not event.follows(found.event):
                return
            tx.notifications.replace(replace(found, event=event, noted_at=now))
            for view in tx.credentials.family(found.family_id):
                log(tx, event.value, {"credential": view.record.credential_id}, now)

    def _entitlement(self, registry: Registry, configuration_id: str) -> Entitlement:
        schema = schema_named(registry, configuration_id)
        if schema is None:
            raise UnknownCredentialConfiguration
        try:
            return self._issuance.entitled(registry, schema.vct)
        except NotAccredited:
            raise CredentialRequestDenied("this issuer may not issue this credential now") from None

    def _answer(self, tx: Transaction, order: _Order, transaction_id: str | None) -> Delivery | Deferral:
        """Issue or defer, in the transaction that does either.

        Args:
            tx: a write transaction.
            order: what is asked for.
            transaction_id: under which it has waited already, or None for a new request.

        Raises:
            CredentialRequestDenied: it will never be issued.
            InvalidWalletToken: the grant is usable no more.
        """
        grant = tx.grants.get(order.grant_id)
        if grant is None or not grant.is_usable_at(order.entitlement.now):
            raise InvalidWalletToken
        proofing = tx.proofings.get(grant.proofing_id)
        if proofing is None or proofing.state is ProofingState.REJECTED:
            raise CredentialRequestDenied("the identity proofing was not successful")
        try:
            family = self._family(tx, grant, proofing, order)
            if family is None or not self._is_deliverable(tx, family):
                return self._defer(tx, grant, order, transaction_id)
        except SubjectErased:
            raise CredentialRequestDenied("what this credential was to say was erased") from None
        if transaction_id is not None:
            tx.deferred.remove(sha256(transaction_id.encode("ascii")))
        return self._deliver(tx, grant, family)

    def _family(self, tx: Transaction, grant: WalletGrant, proofing: Proofing, order: _Order) -> IssuedFamily | None:
        """Give the copies of the order's keys, made now where there are none; None while the proofing is open."""
        if proofing.state is ProofingState.OPEN:
            return None
        known = grant.family_of(order.configuration_id)
        try:
            family = self._issuance.add_copies(tx, proofing, order.entitlement, order.proved.keys, known)
        except LimitExceeded:
            raise CredentialRequestDenied("this access token has given as many copies as it may") from None
        if known is None:
            tx.grants.replace(replace(grant, families=(*grant.families, (order.configuration_id, family.family_id))))
        return family

    def _is_deliverable(self, tx: Transaction, family: IssuedFamily) -> bool:
        if not self._rules.wait_for_ledger:
            return True
        attested = {
            view.record.credential_id
            for view in tx.credentials.family(family.family_id)
            if view.anchoring is AnchoringState.ATTESTED
        }
        return attested.issuperset(copy.record.credential_id for copy in family.copies)

    def _defer(self, tx: Transaction, grant: WalletGrant, order: _Order, transaction_id: str | None) -> Deferral:
        now = order.entitlement.now
        transaction_id = transaction_id or base64url.encode(self._entropy.token(_TOKEN_BYTES))
        digest = sha256(transaction_id.encode("ascii"))
        waiting = tx.deferred.get(digest)
        if waiting is None:
            waiting = DeferredIssuance(
                transaction_hash=digest,
                grant_id=grant.grant_id,
                configuration_id=order.configuration_id,
                sealed=self._sealed_keys(tx, grant, order.proved.keys),
                next_poll_at=0,
                expires_at=now + self._rules.ttl_s,
            )
            self._prolong(tx, grant, waiting.expires_at)
        tx.deferred.put(replace(waiting, next_poll_at=now + self._rules.interval_s))
        return Deferral(transaction_id, self._rules.interval_s)

    def _prolong(self, tx: Transaction, grant: WalletGrant, until: int) -> None:
        """Let a token that is bound to a key live as long as what it waits for; a bearer token must stay short-lived.

        OpenID4VCI 1.0, section 13.9: access tokens of more than five minutes are to be sender-constrained.
        """
        current = tx.grants.get(grant.grant_id) or grant
        if current.dpop_jkt is not None and current.expires_at < until:
            tx.grants.replace(replace(current, expires_at=until))

    def _deliver(self, tx: Transaction, grant: WalletGrant, family: IssuedFamily) -> Delivery:
        # Nobody else can use it: it is good under the grant's access token alone.
        notification_id = base64url.encode(sha256(f"notification/{grant.grant_id}/{family.family_id}".encode()))
        digest = sha256(notification_id.encode("ascii"))
        known = tx.notifications.get(digest)
        if known is None:
            tx.notifications.add(Notification(digest, grant.grant_id, family.family_id, grant.expires_at))
        else:
            tx.notifications.replace(replace(known, expires_at=grant.expires_at))
        return Delivery(tuple(copy.sd_jwt for copy in family.copies), notification_id)

    def _sealed_keys(self, tx: Transaction, grant: WalletGrant, keys: Sequence[HolderKey]) -> bytes:
        plaintext = canonical_json.canonical(
            [{"jwk": key.key.jwk, "storage": key.storage.value, "guard": key.guard.value} for key in keys]
        )
        wrapped = subject_key(tx, grant.subject_id)
        return self._vault.seal(wrapped, grant.subject_id, _context(grant), plaintext)

    def _opened_keys(self, tx: Transaction, grant: WalletGrant, sealed: bytes) -> tuple[HolderKey, ...]:
        try:
            wrapped = subject_key(tx, grant.subject_id)
        except SubjectErased:
            raise CredentialRequestDenied("what this credential was to say was erased") from None
        entries = canonical_json.parse(self._vault.open(wrapped, grant.subject_id, _context(grant), sealed))
        return tuple(
            HolderKey(parse_jwk(entry["jwk"]), KeyStorage(entry["storage"]), KeyStorage(entry["guard"]))
            for entry in entries  # type: ignore[attr-defined]  # what `_sealed_keys` wrote
        )


def _requested_configuration(grant: WalletGrant, request: CredentialRequest) -> str:
    """Give the configuration that a request names, by its own id or by one of the identifiers of the grant.

    Which of the two it must use, the token answer has decided (section 8.2).

    Raises:
        UnknownCredentialConfiguration, UnknownCredentialIdentifier: it is none of the grant's.
        InvalidCredentialRequest: it names the configuration, where identifiers were given.
    """
    if request.identifier is not None:
        identified = {identifier: configuration for configuration, identifier in grant.credential_identifiers}
        if request.identifier not in identified:
            raise UnknownCredentialIdentifier
        return identified[request.identifier]
    if request.configuration_id not in grant.configuration_ids:
        raise UnknownCredentialConfiguration
    if grant.credential_identifiers:
        raise InvalidCredentialRequest("the token answer gave `credential_identifiers`: use one of them")
    return request.configuration_id


def _context(grant: WalletGrant) -> str:
    return f"deferred/{grant.grant_id}"

"""Make, show, cancel and redeem presentation requests: the side of the relying party's back end.

A same-device request names where the browser goes on. The wallet sends it there with a fresh response code, and the
result stays closed until the back end shows that code: whoever lured somebody else into answering his own request has
no browser that was sent back (session fixation, OpenID4VP 1.0 section 14.2). That the code came back in the browser
session that began is for the back end to see, for only it knows its sessions. A cross-device request has no such
protection, which the standard says too.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.access import RequestKey
from jeung.domain.dcql import DcqlQuery, derive_query, parse_query, require_within_profile
from jeung.domain.identifiers import SchemaId
from jeung.domain.presentations import (
    ENDED,
    MAX_CODE_ATTEMPTS,
    ClientIdPrefix,
    Flow,
    PresentationRequest,
    RequestDetails,
    RequestState,
    RequestUriMethod,
    ResponseMode,
)
from jeung.domain.registrations import KeyPurpose, RequestProfile
from jeung.domain.transaction_data import MAX_TRANSACTIONS, encode_transaction
from jeung.domain.verification import Channel, IssuedNonce, Verification
from jeung.errors import (
    KeyUnavailable,
    MalformedInput,
    MalformedTransactionData,
    NotFound,
    RequestEnded,
    WrongResponseCode,
)
from jeung.ports.custody import ResponseKeys, Signer, SigningKey, Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import earlier_result, log, new_id, remember_result
from jeung.services.presentations.details import DetailSealer
from jeung.services.presentations.messages import announce
from jeung.services.presentations.rules import PresentationRules
from jeung.services.verification import EvidenceService

SECRET_BYTES: Final = 32
MAX_REDIRECT_CHARACTERS: Final = 1_024
_CREATED: Final = "presentation_requested"


@dataclass(frozen=True, slots=True)
class Wish:
    """Say what a back end wants asked: under a profile of ours, perhaps less than all of it, perhaps confirmed."""

    profile: str
    dcql_query: Mapping[str, Any] | None = None
    transactions: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    response_mode: ResponseMode = ResponseMode.DIRECT_POST_JWT
    prefix: ClientIdPrefix = ClientIdPrefix.X509_HASH
    request_uri_method: RequestUriMethod = RequestUriMethod.POST
    redirect_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Give a request with what leads a wallet to it."""

    request: PresentationRequest
    query: Mapping[str, Any]
    request_uri: str
    parameters: str
    """What follows the `?` in the link that invokes a wallet (section 5)."""


class PresentationRequestService:
    """Serve the relying party's back end."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        signer: Signer,
        vault: Vault,
        response_keys: ResponseKeys,
        clock: Clock,
        entropy: Entropy,
        evidence: EvidenceService,
        rules: PresentationRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._signer = signer
        self._response_keys = response_keys
        self._clock = clock
        self._entropy = entropy
        self._evidence = evidence
        self._rules = rules
        self._sealer = DetailSealer(store=store, vault=vault)

    def create(self, wish: Wish, *, client_id: str, request_key: RequestKey | None = None) -> Asked:
        """Make a request; repeated under the same key it gives the same one.

        Raises:
            NotFound: no profile of that name stands registered for us.
            MalformedQuery, QueryNotPermitted, QueryTooNarrow: the query is no part of the profile.
            MalformedTransactionData: a transaction is not as its type demands.
            MalformedInput: the redirect is no absolute address that browsers may be sent to.
            KeyUnavailable: no certified key signs requests.
            LedgerStale: the follower has never run.
        """
        profile, vcts = self._profile(wish.profile)
        if wish.dcql_query is None:
            query = _derived(profile, tuple(sorted(vcts.items())))
        else:
            query = parse_query(wish.dcql_query)
            require_within_profile(query, profile, vcts)
        transactions = _encoded(wish.transactions, query)
        if wish.redirect_uri is not None:
            self._require_redirect(wish.redirect_uri)
        key = self._signer.active_key(KeyPurpose.REQUEST_SIGNING)
        now, request_id = self._clock.now(), new_id(self._entropy, "prs")
        encrypted = wish.response_mode is ResponseMode.DIRECT_POST_JWT
        response_key = self._response_keys.new(response_context(request_id)) if encrypted else None
        details = RequestDetails(
            state=self._secret(),
            query=query.document(),
            transactions=transactions,
            certificate=_leaf(key),
            request_uri_method=wish.request_uri_method,
            response_jwk=None if response_key is None else response_key.jwk,
            response_key=None if response_key is None else response_key.sealed,
            redirect_uri=wish.redirect_uri,
            profile_digest=profile.digest.hex(),
            purpose=profile.purpose,
        )
        owner, sealed = self._sealer.seal(request_id, details, now)
        request = PresentationRequest(
            request_id=request_id,
            created_by=client_id,
            profile=profile.name,
            flow=Flow.CROSS_DEVICE if wish.redirect_uri is None else Flow.SAME_DEVICE,
            response_mode=wish.response_mode,
            client_id=self._client_id(wish.prefix, key),
            key_id=key.key_id,
            nonce=self._secret(),
            data_key_id=owner,
            sealed=sealed,
            created_at=now,
            expires_at=now + self._rules.ttl_s,
        )
        with self._store.write() as tx:
            earlier = earlier_result(tx, request_key)
            kept = None if earlier is None else tx.presentation_requests.get(earlier)
            if kept is None:
                tx.presentation_requests.add(request)
                tx.nonces.add(_nonce(request))
                remember_result(tx, request_key, request_id, now)
                log(tx, _CREATED, {"client": client_id, "profile": profile.name, "request": request_id}, now)
                return self._asked(request, details)
            return self._asked(kept, self._sealer.open(tx, kept))

    def get(self, request_id: str, *, client_id: str) -> PresentationRequest:
        """Give a request to the client that made it.

        Raises:
            NotFound: unknown, removed since, or another client's; which of these, nobody learns.
        """
        with self._store.read() as tx:
            return _own(tx.presentation_requests.get(request_id), client_id)

    def show(self, request_id: str, *, client_id: str) -> Asked:
        """Give a request that can still be answered again, with what leads a wallet to it.

        Raises:
            NotFound: as `get`.
            RequestEnded: no answer is taken any more.
        """
        with self._store.read() as tx:
            request = _own(tx.presentation_requests.get(request_id), client_id)
            if request.state(self._clock.now()) in ENDED:
                raise RequestEnded
            return self._asked(request, self._sealer.open(tx, request))

    def results(self, request: PresentationRequest) -> tuple[tuple[str, Verification], ...]:
        """Give what was judged of each presentation, by credential query; empty while the result is closed.

        Each reading is logged with who read it.

        Raises:
            SubjectErased: the retention of the evidence has ended.
        """
        if request.is_withheld:
            return ()
        return tuple(
            (query_id, self._evidence.verification(evidence_id, reader=request.created_by))
            for query_id, evidence_id in request.evidence
        )

    def cancel(self, request_id: str, *, client_id: str) -> PresentationRequest:
        """Take a request back; whoever answers it later is refused.

        Raises:
            NotFound: as `get`.
            RequestEnded: it has ended already.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            request = _own(tx.presentation_requests.get(request_id), client_id)
            if request.outcome is not None or request.expires_at <= now:
                raise RequestEnded
            cancelled = replace(request, ended_at=now, outcome=RequestState.CANCELLED)
            tx.presentation_requests.replace(cancelled)
            log(tx, "presentation_cancelled", {"client": client_id, "request": request_id}, now)
            announce(tx, cancelled, now, self._entropy)
        return cancelled

    def redeem(self, request_id: str, response_code: str, *, client_id: str) -> PresentationRequest:
        """Open the result of a same-device answer with the code that the browser brought back, once.

        Raises:
            NotFound: as `get`.
            WrongResponseCode: another code, one used before, none was given out, or too many were tried.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            request = _own(tx.presentation_requests.get(request_id), client_id)
            wanted = request.response_code_hash
            if wanted is None or request.redeemed_at is not None or request.code_attempts >= MAX_CODE_ATTEMPTS:
                raise WrongResponseCode
            right = hmac.compare_digest(sha256(response_code.encode("utf-8", "replace")), wanted)
            changed = replace(request, redeemed_at=now) if right else _tried(request)
            tx.presentation_requests.replace(changed)
            if right:
                log(tx, "presentation_redeemed", {"client": client_id, "request": request_id}, now)
        if not right:
            # After the commit: the attempt counts.
            raise WrongResponseCode
        return changed

    def _profile(self, name: str) -> tuple[RequestProfile, dict[SchemaId, str]]:
        with self._ledger.view() as view:
            registry = view.registry
            member = registry.member_at(self._rules.url)
            profile = None if member is None else registry.profile_named(member.member, name)
            if profile is None:
                raise NotFound("no such request profile is registered for this member")
            return profile, {
                schema: registry.schemas[schema].vct for schema in profile.schemas if schema in registry.schemas
            }

    def _client_id(self, prefix: ClientIdPrefix, key: SigningKey) -> str:
        if prefix is ClientIdPrefix.X509_SAN_DNS:
            return f"{prefix}:{self._rules.host}"
        return f"{prefix}:{base64url.encode(sha256(base64.b64decode(_leaf(key))))}"

    def _require_redirect(self, redirect_uri: str) -> None:
        schemes = {"https"} if self._rules.redirects_need_https else {"https", "http"}
        printable = redirect_uri.isascii() and redirect_uri.isprintable() and " " not in redirect_uri
        try:
            parts = urlsplit(redirect_uri)
            good = parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            good = False
        if not (good and printable) or len(redirect_uri) > MAX_REDIRECT_CHARACTERS or "#" in redirect_uri:
            raise MalformedInput("`redirect_uri` is no absolute https address without user information and fragment")

    def _secret(self) -> str:
        return base64url.encode(self._entropy.token(SECRET_BYTES))

    def _asked(self, request: PresentationRequest, details: RequestDetails) -> Asked:
        request_uri = self._rules.request_uri(request.request_id)
        parameters = {"client_id": request.client_id, "request_uri": request_uri}
        if details.request_uri_method is RequestUriMethod.POST:
            parameters["request_uri_method"] = "post"
        return Asked(request, details.query, request_uri, urlencode(parameters))


def response_context(request_id: str) -> str:
    """Name the context that a request's response key is sealed for."""
    return f"presentation-request/{request_id}"


def _own(request: PresentationRequest | None, client_id: str) -> PresentationRequest:
    if request is None or request.created_by != client_id:
        raise NotFound("no such presentation request")
    return request


def _tried(request: PresentationRequest) -> PresentationRequest:
    return replace(request, code_attempts=request.code_attempts + 1)


def _nonce(request: PresentationRequest) -> IssuedNonce:
    return IssuedNonce(
        nonce=request.nonce,
        profile=request.profile,
        channel=Channel.OPENID4VP,
        audience=request.client_id,
        client_id=request.created_by,
        issued_at=request.created_at,
        expires_at=request.expires_at,
    )


@lru_cache(maxsize=64)
def _derived(profile: RequestProfile, vcts: tuple[tuple[SchemaId, str], ...]) -> DcqlQuery:
    """Derive a profile's own query, and read it back: what wallets get is within the bounds we demand of others."""
    query = parse_query(derive_query(profile, dict(vcts)).document())
    require_within_profile(query, profile, dict(vcts))
    return query


def _encoded(transactions: Sequence[Mapping[str, Any]], query: DcqlQuery) -> tuple[str, ...]:
    if len(transactions) > MAX_TRANSACTIONS:
        raise MalformedTransactionData(f"at most {MAX_TRANSACTIONS} transactions are confirmed at once")
    query_ids = {asked.query_id for asked in query.credentials}
    encoded = tuple(encode_transaction(transaction, query_ids) for transaction in transactions)
    if len(set(encoded)) != len(encoded):
        raise MalformedTransactionData("the same transaction stands there twice")
    return encoded


def _leaf(key: SigningKey) -> str:
    if not key.x5c:
        raise KeyUnavailable("the key that signs requests has no certificate")
    return key.x5c[0]

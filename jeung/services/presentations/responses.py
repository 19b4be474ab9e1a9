"""Judge what wallets answer, keep the judgement, and only then tell the wallet.

 1. The request is open, and the answer has the form it asked for (`answers`).
 2. Every presentation under an id that the query knows passes all steps of the verification procedure over one
    snapshot of the ledger: for our client id as `aud`, in answer to the request's nonce, within the profile, and
    showing what its credential query asks for and no more.
 3. The whole: no credential that was not asked for, every required one, each transaction confirmed by a credential
    that may confirm it.
 4. In one transaction: the request is still open and its nonce unused, so of two answers that race one wins and the
    other leaves nothing behind; the evidence of each presentation; the end of the request; the messages about it.
What cannot be judged now (503) and what has no form (400) leaves the request open.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import urlsplit

import orjson

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.dcql import DcqlQuery, covers_answer, parse_query, satisfies
from jeung.domain.presentations import PresentationRequest, RequestDetails, RequestState
from jeung.domain.transaction_data import credential_ids_of, transaction_digest
from jeung.domain.verification import Channel, IssuedNonce, StepOutcome, Verdict
from jeung.errors import (
    AnotherPresentationRefused,
    CredentialNotRequested,
    EvidenceNotRecorded,
    NotFound,
    QueryNotSatisfied,
    Refused,
    RequestEnded,
    StoreBusy,
    StoreUnavailable,
    TransactionDataMismatch,
)
from jeung.ports.custody import ResponseKeys, Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.presentations.answers import Answer, Form, read_answer
from jeung.services.presentations.details import DetailSealer
from jeung.services.presentations.messages import announce
from jeung.services.presentations.requests import SECRET_BYTES
from jeung.services.verification.demands import Demand
from jeung.services.verification.evidence import EvidenceSealer, Judgement, SealedJudgement
from jeung.services.verification.procedure import Procedure
from jeung.services.verification.receipts import Consent
from jeung.services.verification.rules import VerificationRules

_POLICY_STEP = 9


@dataclass(frozen=True, slots=True)
class Answered:
    """Say what became of an answer: the state the request ended in, and where the wallet sends its browser."""

    outcome: RequestState
    code: str | None
    redirect_uri: str | None = field(repr=False)
    receipts: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    """What the holder's receipts say, one for each presentation, to be signed when they are handed out."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """Hold a judged presentation under the id it answered."""

    query_id: str
    presentation: str = field(repr=False)
    procedure: Procedure


class PresentationResponseService:
    """Take the answers of wallets."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        vault: Vault,
        response_keys: ResponseKeys,
        clock: Clock,
        entropy: Entropy,
        rules: VerificationRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._response_keys = response_keys
        self._clock = clock
        self._entropy = entropy
        self._rules = rules
        self._details = DetailSealer(store=store, vault=vault)
        self._evidence = EvidenceSealer(store=store, vault=vault, entropy=entropy, rules=rules)

    def answer(self, request_id: str, form: Form) -> Answered:
        """Take an answer; a finished judgement, or the wallet's own error, ends the request.

        Raises:
            NotFound: no such request.
            RequestEnded: it was answered, cancelled or has expired, perhaps just now by another answer.
            MalformedInput, LimitExceeded, StateMismatch: no answer to it; it stays open.
            AttestationPending, LedgerStale: it cannot be judged now; it stays open.
            EvidenceNotRecorded: the judgement could not be kept, so it is not given; it stays open.
        """
        now = self._clock.now()
        with self._store.read() as tx:
            request = tx.presentation_requests.get(request_id)
            if request is None:
                raise NotFound("no such presentation request")
            nonce = tx.nonces.get(request.nonce)
            if request.outcome is not None or request.expires_at <= now or nonce is None:
                raise RequestEnded
            details = self._details.open(tx, request)
        answer = read_answer(form, request, details, self._response_keys)
        try:
            if answer.error is not None:
                return self._end(request, details, RequestState.DECLINED, answer.error, (), now)
            return self._judge(request, details, answer, nonce, now)
        except (StoreBusy, StoreUnavailable) as error:
            raise EvidenceNotRecorded(retry_after_s=error.retry_after_s) from error

    def _judge(
        self, request: PresentationRequest, details: RequestDetails, answer: Answer, nonce: IssuedNonce, now: int
    ) -> Answered:
        query = _query_of(orjson.dumps(details.query))
        demands = demands_of(query, details.transactions)
        judged = [
            _Judged(query_id, presentation, self._procedure(presentation, demands[query_id], request, now))
            for query_id, presentation in answer.presentations
            if query_id in demands
        ]
        with self._ledger.view() as view:
            for one in judged:
                if one.procedure.refusal is None:
                    one.procedure.judge(view, nonce)
        of_one = _refusal_of(judged)
        of_whole = None if of_one else _refusal_of_whole(query, answer, judged, details.transactions)
        refusal = of_one or of_whole
        verdict = Verdict.VERIFIED if refusal is None else Verdict.REFUSED
        code = None if refusal is None else refusal.code
        asked = {
            "request_id": request.request_id,
            "client_id": request.client_id,
            "dcql_query": details.query,
            "transactions": details.transactions,
        }
        kept = [
            (one.query_id, self._sealed(one, _own_verdict(one, of_one, of_whole), request, details, asked, now))
            for one in judged
        ]
        outcome = RequestState.VERIFIED if verdict is Verdict.VERIFIED else RequestState.REFUSED
        return self._end(request, details, outcome, code, kept, now)

    def _procedure(self, presentation: str, demand: Demand, request: PresentationRequest, now: int) -> Procedure:
        procedure = Procedure(
            presentation,
            expected_nonce=request.nonce,
            expected_profile=request.profile,
            channel=Channel.OPENID4VP,
            rules=self._rules,
            now=now,
            audience=request.client_id,
            demand=demand,
        )
        procedure.read()
        return procedure

    def _sealed(
        self,
        judged: _Judged,
        refusal: Refused | None,
        request: PresentationRequest,
        details: RequestDetails,
        asked: Mapping[str, object],
        now: int,
    ) -> SealedJudgement:
        procedure = judged.procedure
        profile = procedure.profile
        steps = procedure.outcomes
        if refusal is not None and procedure.refusal is None:
            # It passed alone; the answer it is part of did not.
            whole = StepOutcome(_POLICY_STEP, "policy", False, {"code": refusal.code})
            steps = [*steps[:-1], whole]
        judgement = Judgement(
            presentation=judged.presentation,
            profile=request.profile,
            profile_digest=None if profile is None else profile.digest,
            nonce=request.nonce,
            client_id=request.created_by,
            verdict=Verdict.VERIFIED if refusal is None else Verdict.REFUSED,
            code=None if refusal is None else refusal.code,
            steps=tuple(steps),
            judged_at=now,
            request={**asked, "query_id": judged.query_id},
            consent=Consent(
                service=request.profile,
                purpose=details.purpose,
                profile_digest=details.profile_digest,
                channel=Channel.OPENID4VP,
                audience=request.client_id,
                nonce=request.nonce,
                claims=procedure.shown,
                transactions=tuple(transaction_digest(encoded) for encoded in details.transactions),
            ),
            block=procedure.freshness,
        )
        return self._evidence.sealed(self._evidence.new_evidence_id(), judgement)

    def _end(
        self,
        request: PresentationRequest,
        details: RequestDetails,
        outcome: RequestState,
        code: str | None,
        kept: Sequence[tuple[str, SealedJudgement]],
        now: int,
    ) -> Answered:
        """End the request in one transaction with everything that its end brings."""
        response_code = None
        if details.redirect_uri is not None:
            response_code = base64url.encode(self._entropy.token(SECRET_BYTES))
        evidence = tuple((query_id, rows.record.evidence_id) for query_id, rows in kept)
        used_by = evidence[0][1] if evidence else request.request_id
        with self._store.write() as tx:
            standing = tx.presentation_requests.get(request.request_id)
            if standing is None or standing.outcome is not None or not tx.nonces.consume(request.nonce, now, used_by):
                # Another answer, or a cancellation, came first. Nothing of this one is kept.
                raise RequestEnded
            for _, rows in kept:
                tx.evidence.add(rows.record, rows.shown)
                tx.events.append(rows.entry)
            ended = replace(
                standing,
                fetched_at=now if standing.fetched_at is None else standing.fetched_at,
                ended_at=now,
                outcome=outcome,
                code=code,
                evidence=evidence,
                response_code_hash=None if response_code is None else sha256(response_code.encode("ascii")),
            )
            tx.presentation_requests.replace(ended)
            announce(tx, ended, now, self._entropy)
        receipts = tuple(rows.receipt for _, rows in kept if rows.receipt is not None)
        return Answered(outcome, code, _redirect(details.redirect_uri, response_code), receipts)


@lru_cache(maxsize=64)
def _query_of(document: bytes) -> DcqlQuery:
    """Read a query that was judged when its request was made; most requests of a relying party ask for the same."""
    return parse_query(orjson.loads(document))


def demands_of(query: DcqlQuery, transactions: Sequence[str]) -> dict[str, Demand]:
    """Say what each presentation of an answer is held to, by the id of its credential query."""
    demands = {}
    for asked in query.credentials:
        confirmable = frozenset(
            transaction_digest(encoded) for encoded in transactions if asked.query_id in credential_ids_of(encoded)
        )
        demands[asked.query_id] = Demand(asked, query.credentials, confirmable)
    return demands


def _refusal_of(judged: Sequence[_Judged]) -> Refused | None:
    """Give the first refusal of a presentation."""
    return next((one.procedure.refusal for one in judged if one.procedure.refusal is not None), None)


def _refusal_of_whole(
    query: DcqlQuery, answer: Answer, judged: Sequence[_Judged], transactions: Sequence[str]
) -> Refused | None:
    """Judge what no presentation shows alone (step 3 above)."""
    answered = Counter(query_id for query_id, _ in answer.presentations)
    for query_id, count in answered.items():
        asked = query.credential(query_id)
        if asked is None or (count > 1 and not asked.multiple):
            return CredentialNotRequested()
    copies = {(query_id, presentation.partition("~")[0]) for query_id, presentation in answer.presentations}
    if len(copies) != len(answer.presentations):
        # The same copy twice would pass for two credentials.
        return CredentialNotRequested()
    if not satisfies(query, answered):
        return QueryNotSatisfied()
    if not covers_answer(query, answered):
        return CredentialNotRequested()
    confirmed = frozenset[str]().union(*(one.procedure.confirmed for one in judged))
    if any(transaction_digest(encoded) not in confirmed for encoded in transactions):
        return TransactionDataMismatch()
    return None


def _own_verdict(judged: _Judged, of_one: Refused | None, of_whole: Refused | None) -> Refused | None:
    """Give what evidence and receipt of one presentation say: its own refusal, else that of the whole answer.

    Where another one was refused, nothing is said of this one but that: whoever reads that his credential is revoked
    must be able to tell which.
    """
    if of_one is None:
        return of_whole
    return judged.procedure.refusal or AnotherPresentationRefused()


def _redirect(redirect_uri: str | None, response_code: str | None) -> str | None:
    if redirect_uri is None or response_code is None:
        return None
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return f"{redirect_uri}{joint}response_code={response_code}"

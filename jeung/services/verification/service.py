"""Answer whether a presentation is accepted: judge it by steps 1 to 9, record it (step 10), only then answer."""

from jeung.domain.registrations import RequestProfile
from jeung.domain.verification import Channel, IssuedNonce, StepOutcome, Verdict, Verification
from jeung.errors import EvidenceNotRecorded, NonceReplayed, StoreBusy, StoreUnavailable, Unauthenticated
from jeung.ports.custody import Vault
from jeung.ports.ledger import Ledger, LedgerView
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.verification.evidence import RECORDED, EvidenceSealer, Judgement
from jeung.services.verification.procedure import Procedure
from jeung.services.verification.receipts import Consent, direct_consent
from jeung.services.verification.rules import VerificationRules

_BINDING_STEP = 8
_BINDING_NAME = "holder binding"
_WANTED = "without an access token, a nonce of this node is needed that is neither used nor expired"


class VerificationService:
    """Verify presentations in this member's name."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
        entropy: Entropy,
        rules: VerificationRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._sealer = EvidenceSealer(store=store, vault=vault, entropy=entropy, rules=rules)

    def verify(
        self,
        presentation: str,
        *,
        nonce: str | None = None,
        profile: str | None = None,
        channel: Channel = Channel.DIRECT,
        nonce_is_authority: bool = False,
    ) -> Verification:
        """Judge a presentation and keep the judgement; a finished judgement uses its nonce up, whatever it says.

        Args:
            presentation: an SD-JWT VC with key binding, in compact form.
            nonce: the nonce the caller says it answers; None takes the one in the key binding.
            profile: the profile the caller expects the nonce to be for; None takes the nonce's.
            channel: how the presentation came.
            nonce_is_authority: the caller has no other right to ask than a nonce that is still good. Who only knows
                a used one could else have us keep evidence without end, so one nonce gets one judgement.

        Raises:
            Unauthenticated: the nonce is the caller's authority and is unknown, used or expired; nothing is kept.
            MalformedInput, LimitExceeded: it has no shape that could be judged; the nonce stays good.
            AttestationPending, LedgerStale: it cannot be judged now; the nonce stays good.
            EvidenceNotRecorded: the judgement could not be kept, so it is not given.
        """
        now = self._clock.now()
        if nonce_is_authority:
            self._require_good_nonce(nonce, now)
        procedure = Procedure(
            presentation,
            expected_nonce=nonce,
            expected_profile=profile,
            channel=channel,
            rules=self._rules,
            now=now,
        )
        procedure.read()
        # Looked up before the snapshot is taken, because a store may give one snapshot at a time to a thread.
        named_nonce = self._find_nonce(procedure.nonce_to_look_up)
        asked_under: RequestProfile | None = None
        if procedure.refusal is None:
            with self._ledger.view() as view:
                procedure.judge(view, named_nonce)
                asked_under = procedure.profile or self._asked_under(view, named_nonce)
        try:
            # What a presentation request is answered with comes another way; here its nonce is not used up.
            used = named_nonce if named_nonce is None or named_nonce.channel is channel else None
            consent = direct_consent(used, asked_under, procedure.shown)
            judgement = _judgement(presentation, procedure, used, consent, now)
            return self._record(judgement, procedure, nonce_is_authority=nonce_is_authority)
        except (StoreBusy, StoreUnavailable) as error:
            raise EvidenceNotRecorded(retry_after_s=error.retry_after_s) from error

    def _find_nonce(self, nonce: str | None) -> IssuedNonce | None:
        if nonce is None:
            return None
        with self._store.read() as tx:
            return tx.nonces.get(nonce)

    def _asked_under(self, view: LedgerView, nonce: IssuedNonce | None) -> RequestProfile | None:
        """Give the profile that a refused presentation was asked for under: its holder is told the purpose too."""
        member = view.registry.member_at(self._rules.url)
        if nonce is None or member is None:
            return None
        return view.registry.profile_named(member.member, nonce.profile)

    def _require_good_nonce(self, nonce: str | None, now: int) -> None:
        found = self._find_nonce(nonce)
        if (
            found is None
            or found.channel is not Channel.DIRECT
            or found.used_at is not None
            or found.expires_at <= now
        ):
            raise Unauthenticated(_WANTED)

    def _record(self, judgement: Judgement, procedure: Procedure, *, nonce_is_authority: bool) -> Verification:
        """Use up the nonce and keep the judgement in one transaction (step 10)."""
        evidence_id = self._sealer.new_evidence_id()
        rows = self._sealer.sealed(evidence_id, judgement)
        with self._store.write() as tx:
            unused = judgement.nonce is None or tx.nonces.consume(judgement.nonce, judgement.judged_at, evidence_id)
            if not unused and nonce_is_authority:
                # Another request with the same nonce came first, and took this one's authority with it.
                raise Unauthenticated(_WANTED)
            if not unused and judgement.verdict is Verdict.VERIFIED:
                # Another request with the same nonce came first: the race is lost, and that is the judgement.
                judgement = _replayed(judgement)
                rows = self._sealer.sealed(evidence_id, judgement)
            tx.evidence.add(rows.record, rows.shown)
            tx.events.append(rows.entry)
        return Verification(
            evidence_id=evidence_id,
            verdict=judgement.verdict,
            code=judgement.code,
            steps=(*judgement.steps, RECORDED),
            claims=procedure.claims if judgement.verdict is Verdict.VERIFIED else {},
            profile=judgement.profile,
            verified_at=judgement.judged_at,
            receipt=rows.receipt,
        )


def _judgement(
    presentation: str, procedure: Procedure, named_nonce: IssuedNonce | None, consent: Consent | None, now: int
) -> Judgement:
    refusal, registered = procedure.refusal, procedure.profile
    return Judgement(
        presentation=presentation,
        profile="" if named_nonce is None else named_nonce.profile,
        profile_digest=None if registered is None else registered.digest,
        nonce=None if named_nonce is None else named_nonce.nonce,
        client_id=None if named_nonce is None else named_nonce.client_id,
        verdict=Verdict.VERIFIED if refusal is None else Verdict.REFUSED,
        code=None if refusal is None else refusal.code,
        steps=tuple(procedure.outcomes),
        judged_at=now,
        consent=consent,
        block=procedure.freshness,
    )


def _replayed(judgement: Judgement) -> Judgement:
    """Turn a judgement whose nonce was used up meanwhile into the refusal it is."""
    lost = StepOutcome(_BINDING_STEP, _BINDING_NAME, False, {"code": NonceReplayed.code})
    return Judgement(
        presentation=judgement.presentation,
        profile=judgement.profile,
        profile_digest=judgement.profile_digest,
        nonce=judgement.nonce,
        client_id=judgement.client_id,
        verdict=Verdict.REFUSED,
        code=NonceReplayed.code,
        steps=(*judgement.steps[: _BINDING_STEP - 1], lost),
        judged_at=judgement.judged_at,
        consent=judgement.consent,
        block=judgement.block,
    )

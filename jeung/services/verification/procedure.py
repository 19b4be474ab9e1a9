"""Judge a presentation: steps 1 to 9 of the verification procedure, in this order.

 1. Parse strictly: compact form by a regular expression (padded Base64 refused), size bounds, algorithm from our own
    list and never from the token, `typ: dc+sd-jwt`.
 2. Put every disclosure into its place (RFC 9901 section 7.1, all of it) and read the registered claims.
 3. Find the issuer: `iss` is, byte for byte, the URL of a member; the key shown in `x5c` is registered for
    credential signing by that member, and is the key `kid` names; the issuer's signature verifies under it.
 4. Look up the attestation under the member of step 3, the schema of `vct#integrity` and the digest of what was
    shown: recovered facts only. Another member's attestation of the same digest means nothing. A digest that is not
    there is pending while the credential is young and its issuer accredited.
 5. As of the attestation's block time: the member was active and accredited, the operator account and the signing
    key were good, and neither counts as compromised then by what is known now.
 6. `exp` (which must be there), `nbf` and `iat` hold against our clock, give or take the stated skew.
 7. Now: our copy of the ledger is fresh; the issuer is not suspended, nor removed for cause with effect from before
    the attestation (an orderly exit voids nothing); the accreditation was not withdrawn with effect from before the
    attestation; the status reference leads to a list of the issuer; the status is VALID.
 8. The holder signed this presentation (`kb+jwt`, `cnf` key) for us (`aud`), in answer to an unused, unexpired nonce
    of ours for this profile and channel, within the `iat` window, over exactly these disclosures (`sd_hash`), and
    confirmed no transaction but those that were asked for.
 9. Every claim shown is permitted by the registered profile that the nonce was given out for, every claim it
    requires is shown, and the proofing's assurance level suffices. Where a request asked for something, this is it
    and no more.

The caller must still do step 10: use up the nonce and keep the evidence, in one transaction, before it answers. Until
then two requests with one nonce may both have passed here.

Each step returns the facts it rested on (no value of a claim), or raises its own refusal. What cannot be judged now
raises `AttestationPending` or `LedgerStale`; what has no shape raises `MalformedInput` or `LimitExceeded`: those are
no judgements. A refusal that a fresher copy of the ledger could turn is never given from a stale one.
"""

from collections.abc import Callable, Sequence
from typing import Any

from jeung.crypto.key_binding import KeyBinding
from jeung.crypto.sd_jwt import UnverifiedSdJwt
from jeung.crypto.sd_jwt_vc import (
    REGISTERED_CLAIMS,
    UnverifiedCredential,
    credential_digest,
    parse_presentation,
    read_credential,
)
from jeung.domain.identifiers import CredentialDigest, to_hex
from jeung.domain.ledger import Attestation, Freshness
from jeung.domain.members import Member, MemberStatus
from jeung.domain.registrations import RegisteredKey, RequestProfile
from jeung.domain.verification import Channel, IssuedNonce, StepOutcome
from jeung.errors import ProfileNotRegistered, Refused
from jeung.ports.ledger import LedgerView
from jeung.services.verification.demands import NOTHING_CONFIRMED, Demand, confirmed_transactions, judge_demand
from jeung.services.verification.holder_steps import (
    judge_binding,
    judge_policy,
    judge_validity,
    shown_claims,
    verified_binding,
)
from jeung.services.verification.ledger_steps import (
    TURNED_BY_FRESHER_LEDGER,
    found_attestation,
    judge_attestation_time,
    judge_present,
    require_fresh,
    verified_issuer,
)
from jeung.services.verification.rules import VerificationRules

Facts = dict[str, Any]


class Procedure:
    """Run the steps over one presentation and one snapshot of the ledger, and hold what they recovered."""

    __slots__ = (
        "_attestation",
        "_audience",
        "_binding",
        "_channel",
        "_credential",
        "_demand",
        "_expected_nonce",
        "_expected_profile",
        "_issuer",
        "_key",
        "_named_nonce",
        "_now",
        "_presentation",
        "_rules",
        "_sd_jwt",
        "_view",
        "confirmed",
        "freshness",
        "nonce",
        "outcomes",
        "profile",
        "refusal",
    )

    _sd_jwt: UnverifiedSdJwt
    _credential: UnverifiedCredential
    _issuer: Member
    _key: RegisteredKey
    _attestation: Attestation
    _binding: KeyBinding
    _view: LedgerView
    _named_nonce: IssuedNonce | None

    def __init__(
        self,
        presentation: str,
        *,
        expected_nonce: str | None,
        expected_profile: str | None,
        channel: Channel,
        rules: VerificationRules,
        now: int,
        audience: str | None = None,
        demand: Demand | None = None,
    ) -> None:
        """Judge a presentation at a time, seconds UTC.

        Args:
            presentation: the compact form.
            expected_nonce: the nonce it must answer; None takes the one it names.
            expected_profile: the profile the nonce must be for; None takes the nonce's.
            channel: how it came.
            rules: the bounds.
            now: seconds UTC.
            audience: whom it must name; None is our URL.
            demand: what a request asked for beyond the profile.
        """
        self._presentation = presentation
        self._expected_nonce = expected_nonce
        self._expected_profile = expected_profile
        self._channel = channel
        self._rules = rules
        self._now = now
        self._audience = rules.url if audience is None else audience
        self._demand = demand
        self.confirmed = NOTHING_CONFIRMED
        self.outcomes: list[StepOutcome] = []
        self.freshness: Freshness | None = None
        self.refusal: Refused | None = None
        self.nonce: IssuedNonce | None = None
        self.profile: RequestProfile | None = None

    def read(self) -> None:
        """Take steps 1 and 2, which ask nobody.

        Raises:
            MalformedInput, LimitExceeded: the presentation has no shape that could be judged.
        """
        self._take(_READING)

    def judge(self, view: LedgerView, named_nonce: IssuedNonce | None) -> None:
        """Take steps 3 to 9 until one refuses; `outcomes` and `refusal` then hold the judgement.

        Args:
            view: a snapshot of the ledger.
            named_nonce: what we keep of the nonce that `nonce_to_look_up` names.

        Raises:
            AttestationPending, LedgerStale: it cannot be judged now.
        """
        self._view = view
        self.freshness = view.freshness
        self._named_nonce = named_nonce
        self._take(_JUDGING)

    def _take(self, steps: Sequence["Step"]) -> None:
        for number, name, step in steps:
            try:
                facts = step(self)
            except Refused as refusal:
                if isinstance(refusal, TURNED_BY_FRESHER_LEDGER):
                    require_fresh(self._view, self._rules, self._now)
                self.refusal = refusal
                self.outcomes.append(StepOutcome(number, name, False, {"code": refusal.code}))
                return
            self.outcomes.append(StepOutcome(number, name, True, facts))

    @property
    def claims(self) -> dict[str, Any]:
        """Give the shown claims about the subject; meaningless unless nothing refused."""
        shown = self._credential.claims
        return {name: value for name, value in shown.items() if name not in REGISTERED_CLAIMS}

    @property
    def shown(self) -> tuple[str, ...] | None:
        """Name the claims that are shown, sorted; None where no member's signature over them was verified (step 3).

        Until then the names are a stranger's words, which must not come back to him under our signature.
        """
        issuer: Member | None = getattr(self, "_issuer", None)
        return None if issuer is None else tuple(sorted(shown_claims(self._credential)))

    @property
    def nonce_to_look_up(self) -> str | None:
        """Give the nonce the caller names, else the one the presentation carries, verified or not.

        A judgement uses it up either way: else a refused presentation could be tried again.
        """
        if self._expected_nonce is not None or not self.outcomes[0].passed or self._sd_jwt.binding_claims is None:
            return self._expected_nonce
        nonce = self._sd_jwt.binding_claims.get("nonce")
        return nonce if isinstance(nonce, str) else None

    def _parse(self) -> Facts:
        """1."""
        self._sd_jwt = parse_presentation(self._presentation)
        return {"algorithm": self._sd_jwt.jws.algorithm, "disclosures": len(self._sd_jwt.disclosures)}

    def _disclose(self) -> Facts:
        """2."""
        self._credential = read_credential(self._sd_jwt)
        return {"vct": self._credential.vct}

    def _find_issuer(self) -> Facts:
        """3."""
        self._issuer, self._key = verified_issuer(self._sd_jwt, self._credential, self._view.registry)
        return {
            "issuer": self._credential.issuer,
            "member": to_hex(self._issuer.member),
            "key": to_hex(self._key.thumbprint),
        }

    def _find_attestation(self) -> Facts:
        """4."""
        digest = CredentialDigest(credential_digest(self._sd_jwt))
        found = found_attestation(self._credential, digest, self._issuer, self._view, self._rules, self._now)
        self._attestation = found
        return {
            "digest": to_hex(digest),
            "schema": to_hex(found.schema),
            "batch": to_hex(found.batch),
            "block_number": found.block_number,
        }

    def _judge_attestation_time(self) -> Facts:
        """5."""
        return judge_attestation_time(self._attestation, self._issuer, self._key, self._view.registry)

    def _judge_validity(self) -> Facts:
        """6."""
        return judge_validity(self._credential, self._rules, self._now)

    def _judge_present(self) -> Facts:
        """7."""
        require_fresh(self._view, self._rules, self._now)
        return judge_present(self._credential, self._attestation, self._issuer, self._view, self._now)

    def _judge_binding(self) -> Facts:
        """8."""
        self._binding = verified_binding(self._sd_jwt, self._credential)
        self.nonce = judge_binding(
            self._binding,
            self._sd_jwt,
            audience=self._audience,
            nonce=self._named_nonce,
            expected_nonce=self._expected_nonce,
            expected_profile=self._expected_profile,
            channel=self._channel,
            rules=self._rules,
            now=self._now,
        )
        wanted = NOTHING_CONFIRMED if self._demand is None else self._demand.transactions
        self.confirmed = confirmed_transactions(self._sd_jwt, wanted)
        return {
            "audience": self._binding.audience,
            "bound_at": self._binding.issued_at,
            "channel": self._channel.value,
        }

    def _judge_policy(self) -> Facts:
        """9."""
        registry = self._view.registry
        ourselves = registry.member_at(self._rules.url)
        # Whoever left the consortium has no profile any more, whatever the registry of profiles still says.
        if ourselves is None or ourselves.status_at(self._now) is MemberStatus.REMOVED or self.nonce is None:
            raise ProfileNotRegistered
        self.profile = registry.profile_named(ourselves.member, self.nonce.profile)
        if self.profile is None:
            raise ProfileNotRegistered
        facts = judge_policy(self._credential, self.profile)
        if self._demand is not None:
            facts.update(judge_demand(self._sd_jwt, self._credential, self._demand))
        return facts


Step = tuple[int, str, Callable[[Procedure], Facts]]

_READING: tuple[Step, ...] = (
    (1, "parse", Procedure._parse),
    (2, "disclosures", Procedure._disclose),
)
_JUDGING: tuple[Step, ...] = (
    (3, "issuer", Procedure._find_issuer),
    (4, "attestation", Procedure._find_attestation),
    (5, "at attestation", Procedure._judge_attestation_time),
    (6, "validity", Procedure._judge_validity),
    (7, "now", Procedure._judge_present),
    (8, "holder binding", Procedure._judge_binding),
    (9, "policy", Procedure._judge_policy),
)

"""Take part in the consortium: propose, vote, execute, enrol our own keys and accounts, declare a compromise.

Every act becomes an intent: a row that the worker turns into a transaction of our governance account, exactly once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import DIGEST_LENGTH
from jeung.domain.access import RequestKey
from jeung.domain.chain import ChainAccount, ChainCall, Intent, IntentState
from jeung.domain.governance.calls import PROPOSABLE
from jeung.domain.identifiers import Address, KeyThumbprint, MemberId, ProposalId, to_hex
from jeung.domain.members import Member, OperatorPurpose
from jeung.domain.registrations import KeyPurpose
from jeung.domain.registry import Registry
from jeung.errors import Conflict, KeyUnavailable, MalformedInput, NotFound
from jeung.ports.custody import Signer
from jeung.ports.ledger import Ledger
from jeung.ports.pages import Page
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import earlier_result, log_intended, new_id, remember_result

SALT_LENGTH: Final = 32
MAX_PAGE: Final = 200
MAX_CALL_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class OwnAccounts:
    """Name this member's accounts on the chain; a member that issues nothing may lack the operators."""

    governance: Address
    attest: Address | None = None
    status: Address | None = None


@dataclass(frozen=True, slots=True)
class GovernanceRules:
    """Say who we are (our URL) and for how many seconds a newly enrolled key is good."""

    url: str
    key_validity_s: int = 2 * 365 * 86_400


class GovernanceService:
    """Act as this member's governance account."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        signer: Signer,
        clock: Clock,
        entropy: Entropy,
        accounts: OwnAccounts,
        rules: GovernanceRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._accounts = accounts
        self._rules = rules

    def propose(self, call: ChainCall, *, salt: bytes | None = None, request: RequestKey | None = None) -> Intent:
        """Propose that the consortium makes a call; `salt` (32 bytes, random if None) tells equal proposals apart.

        Raises:
            MalformedInput: the consortium may make no such call, or the call or the salt has a wrong shape.
            NotFound: the chain has no contract of that name.
            IdempotencyKeyReused: the key stands for another request.
        """
        if len(call.args) != PROPOSABLE.get(call.contract, {}).get(call.function, -1):
            raise MalformedInput("the consortium can make no such call")
        nested = {"contract": call.contract, "function": call.function, "args": list(call.args)}
        if len(canonical_json.canonical(nested)) > MAX_CALL_BYTES:
            raise MalformedInput("the call is larger than its bound")
        salt = self._entropy.token(SALT_LENGTH) if salt is None else salt
        if len(salt) != SALT_LENGTH:
            raise MalformedInput("the salt is not 32 bytes long")
        target = _address_of(self._registry(), call.contract)
        return self._intend("Consortium", "propose", (target, nested, to_hex(salt)), request)

    def approve(self, proposal: ProposalId, *, request: RequestKey | None = None) -> Intent:
        """Approve a proposal.

        Raises:
            NotFound: no such proposal.
            IdempotencyKeyReused: the key stands for another request.
        """
        return self._about_proposal("approve", proposal, request)

    def withdraw_approval(self, proposal: ProposalId, *, request: RequestKey | None = None) -> Intent:
        """Take our approval back; raises as `approve`."""
        return self._about_proposal("withdrawApproval", proposal, request)

    def cancel(self, proposal: ProposalId, *, request: RequestKey | None = None) -> Intent:
        """Cancel a proposal of ours; raises as `approve`."""
        return self._about_proposal("cancel", proposal, request)

    def execute(self, proposal: ProposalId, *, request: RequestKey | None = None) -> Intent:
        """Execute a proposal once enough approvals are ripe; the worker tries until then. Raises as `approve`."""
        found = self._registry().proposals.get(proposal)
        if found is None:
            raise NotFound("no such proposal")
        args = (to_hex(proposal), found.target, "0x" + found.call.hex(), to_hex(found.salt))
        return self._intend("Consortium", "execute", args, request)

    def suspend_member(self, member: MemberId, reason_digest: bytes, *, request: RequestKey | None = None) -> Intent:
        """Suspend a member at once, as a supervisor may; `reason_digest` is a salted SHA-256.

        Raises:
            NotFound: no such member.
            MalformedInput: the digest is not 32 bytes long.
            IdempotencyKeyReused: the key stands for another request.
        """
        if member not in self._registry().members:
            raise NotFound("no such member")
        if len(reason_digest) != DIGEST_LENGTH:
            raise MalformedInput("the reason's digest is not 32 bytes long")
        return self._intend("Consortium", "suspendMember", (to_hex(member), to_hex(reason_digest)), request)

    def enrol(self) -> Sequence[Intent]:
        """Register our active signing keys and authorise our operator accounts, as far as the chain lacks them.

        Asking again before the chain has them gives the same intents.

        Raises:
            Conflict: the chain knows no member under our URL.
            LedgerStale: the follower has never run.
        """
        registry = self._registry()
        member = registry.member_at(self._rules.url)
        if member is None:
            raise Conflict("the chain knows no member under our URL")
        now = self._clock.now()
        calls = [*self._missing_keys(registry, member, now), *self._missing_operators(registry)]
        with self._store.write() as tx:
            return [self._enrolled(tx, call, identity, now) for identity, call in calls]

    def authorize_operator(
        self, purpose: OperatorPurpose, account: Address, *, request: RequestKey | None = None
    ) -> Intent:
        """Authorise a hot account of ours."""
        return self._intend("Consortium", "authorizeOperator", (purpose.value, account), request)

    def retire_operator(
        self, purpose: OperatorPurpose, account: Address, *, request: RequestKey | None = None
    ) -> Intent:
        """Retire a hot account of ours in good order."""
        return self._intend("Consortium", "retireOperator", (purpose.value, account), request)

    def declare_operator_compromised(
        self, purpose: OperatorPurpose, account: Address, since: int, *, request: RequestKey | None = None
    ) -> Intent:
        """Declare a hot account of ours compromised since a time, seconds UTC, not in the future.

        Raises:
            MalformedInput: the time lies in the future.
        """
        args = (purpose.value, account, self._past(since))
        return self._intend("Consortium", "declareOperatorCompromised", args, request)

    def register_key(
        self, purpose: KeyPurpose, *, not_after: int | None = None, request: RequestKey | None = None
    ) -> Intent:
        """Register our active key of a purpose; it is good from the block that takes it.

        Raises:
            KeyUnavailable: no active key has this purpose.
        """
        until = self._clock.now() + self._rules.key_validity_s if not_after is None else not_after
        thumbprint = _thumbprint(self._signer.active_key(purpose).key_id)
        return self._intend("KeyRegistry", "registerKey", (to_hex(thumbprint), purpose.value, 0, until), request)

    def revoke_key(
        self, thumbprint: KeyThumbprint, *, at: int | None = None, request: RequestKey | None = None
    ) -> Intent:
        """Revoke a key of ours in good order, at once or from a later time, seconds UTC.

        Raises:
            NotFound: we have no such key on the chain.
        """
        self._require_own_key(thumbprint)
        return self._intend("KeyRegistry", "revokeKey", (to_hex(thumbprint), at or 0), request)

    def declare_key_compromised(
        self, thumbprint: KeyThumbprint, since: int, *, request: RequestKey | None = None
    ) -> Intent:
        """Declare a key of ours compromised since a time, seconds UTC, not in the future.

        Raises:
            NotFound: we have no such key on the chain.
            MalformedInput: the time lies in the future.
        """
        self._require_own_key(thumbprint)
        args = (to_hex(thumbprint), self._past(since))
        return self._intend("KeyRegistry", "declareCompromised", args, request)

    def intent(self, intent_id: str) -> Intent:
        """Give an intent with its present state.

        Raises:
            NotFound: no such intent.
        """
        with self._store.read() as tx:
            return _existing(tx, intent_id)

    def intents(self, *, cursor: str | None = None, limit: int = 50) -> Page[Intent]:
        """Give intents, newest first, at most 200 at once.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        with self._store.read() as tx:
            return tx.intents.page(cursor=cursor, limit=max(1, min(limit, MAX_PAGE)))

    def _registry(self) -> Registry:
        with self._ledger.view() as view:
            return view.registry

    def _about_proposal(self, function: str, proposal: ProposalId, request: RequestKey | None) -> Intent:
        if proposal not in self._registry().proposals:
            raise NotFound("no such proposal")
        return self._intend("Consortium", function, (to_hex(proposal),), request)

    def _intend(self, contract: str, function: str, args: tuple[Any, ...], request: RequestKey | None) -> Intent:
        now = self._clock.now()
        with self._store.write() as tx:
            earlier = earlier_result(tx, request)
            if earlier is not None:
                return _existing(tx, earlier)
            intent_id = new_id(self._entropy, "int")
            intent = self._added(tx, intent_id, intent_id, ChainCall(contract, function, args), now)
            remember_result(tx, request, intent.intent_id, now)
            return intent

    def _enrolled(self, tx: Transaction, call: ChainCall, identity: str, now: int) -> Intent:
        """Add an intent to enrol something once, and again only after the chain refused it for good."""
        intent_id = new_id(self._entropy, "int")
        intent = self._added(tx, intent_id, identity, call, now)
        if intent.state is IntentState.FAILED:
            return self._added(tx, intent_id, intent_id, call, now)
        return intent

    def _added(self, tx: Transaction, intent_id: str, dedupe_key: str, call: ChainCall, now: int) -> Intent:
        wanted = Intent(intent_id, dedupe_key, ChainAccount.GOVERNANCE, call, IntentState.PENDING, now)
        intent = tx.intents.add(wanted)
        if intent.intent_id == intent_id:
            log_intended(tx, intent, now)
        return intent

    def _missing_keys(self, registry: Registry, member: Member, now: int) -> Sequence[tuple[str, ChainCall]]:
        calls = []
        for purpose in KeyPurpose:
            try:
                thumbprint = _thumbprint(self._signer.active_key(purpose).key_id)
            except KeyUnavailable:
                continue
            if (member.member, thumbprint) not in registry.keys:
                args = (to_hex(thumbprint), purpose.value, 0, now + self._rules.key_validity_s)
                call = ChainCall("KeyRegistry", "registerKey", args)
                calls.append((f"enrol-key/{to_hex(thumbprint)}", call))
        return calls

    def _missing_operators(self, registry: Registry) -> Sequence[tuple[str, ChainCall]]:
        wanted = (
            (OperatorPurpose.ATTEST, self._accounts.attest),
            (OperatorPurpose.STATUS, self._accounts.status),
        )
        return [
            (f"enrol-operator/{account}", ChainCall("Consortium", "authorizeOperator", (purpose.value, account)))
            for purpose, account in wanted
            if account is not None and account not in registry.operators
        ]

    def _require_own_key(self, thumbprint: KeyThumbprint) -> None:
        registry = self._registry()
        member = registry.member_at(self._rules.url)
        if member is None or (member.member, thumbprint) not in registry.keys:
            raise NotFound("this member has no such key on the chain")

    def _past(self, since: int) -> int:
        if not 0 < since <= self._clock.now():
            raise MalformedInput("a compromise cannot begin in the future")
        return since


def _address_of(registry: Registry, contract: str) -> Address:
    addresses = registry.contracts.get(contract)
    if not addresses:
        raise NotFound("the chain has no contract of this name")
    return addresses[-1]


def _thumbprint(key_id: str) -> KeyThumbprint:
    return KeyThumbprint(base64url.decode(key_id))


def _existing(tx: Transaction, intent_id: str) -> Intent:
    intent = tx.intents.get(intent_id)
    if intent is None:
        raise NotFound("no such intent")
    return intent

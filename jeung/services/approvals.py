"""Let a member approve off line: hand out what is to be signed, take what was signed, whoever brings it."""

from dataclasses import dataclass
from typing import Final

from jeung.crypto.typed_data import recovered_account
from jeung.domain.access import RequestKey
from jeung.domain.chain import ChainAccount, ChainCall, Intent, IntentState
from jeung.domain.governance.approvals import ApprovalRequest, SignedApproval
from jeung.domain.identifiers import Address, MemberId, ProposalId, id_from_hex, to_hex
from jeung.domain.members import Member
from jeung.domain.questions import LedgerQuestion, QuestionKind
from jeung.domain.registrations import Proposal
from jeung.domain.registry import Registry
from jeung.errors import (
    ApprovalGiven,
    ApprovalNotByMember,
    ApprovalOfAnotherChain,
    ApprovalTooLate,
    Conflict,
    InvalidSignature,
    NotFound,
    ProposalClosed,
)
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import earlier_result, log_intended, new_id, remember_result
from jeung.services.simulations import Questioner

LIFE_S: Final = 7 * 86_400
"""A signed approval is good for a week, and never for longer than its proposal."""


@dataclass(frozen=True, slots=True)
class AskedApproval:
    """Hold a request for an approval: the file, once the chain has told the account's nonce."""

    request_id: str
    request: ApprovalRequest | None


class ApprovalService:
    """Carry approvals that were signed elsewhere."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        questions: Questioner,
        clock: Clock,
        entropy: Entropy,
        own: MemberId,
        chain_id: int | None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._questions = questions
        self._clock = clock
        self._entropy = entropy
        self._own = own
        self._chain_id = chain_id

    def ask(self, proposal: ProposalId, member: MemberId | None = None) -> AskedApproval:
        """Prepare what a member, ourselves unless named, signs to approve a proposal.

        Raises:
            NotFound: no such proposal or member.
            ProposalClosed: the proposal is not open.
            ApprovalGiven: the member has approved it.
            Unavailable: too many questions to the chain wait already.
        """
        registry, signer = self._registry(), member or self._own
        found, by = self._open(registry, proposal), self._member(registry, signer)
        if any(approver == signer for approver, _ in found.approvals):
            raise ApprovalGiven
        asked = {
            "account": by.governance,
            "proposal": to_hex(proposal),
            "member": to_hex(signer),
            "deadline": min(self._clock.now() + LIFE_S, found.expires_at - 1),
        }
        return self._read(self._questions.ask(QuestionKind.APPROVAL_NONCE, asked, "apr"))

    def asked(self, request_id: str) -> AskedApproval:
        """Give a request for an approval, with its file once there is one.

        Raises:
            NotFound: no such request; it is kept for ten minutes.
        """
        return self._read(self._questions.question(request_id, QuestionKind.APPROVAL_NONCE))

    def submit(self, signed: SignedApproval, *, request: RequestKey | None = None) -> Intent:
        """Carry a signed approval to the chain, as a transaction of our own account; asking again gives the same.

        What can be known here is refused here; the contract judges again, and alone knows whether the nonce is used.

        Raises:
            ApprovalOfAnotherChain: signed for another chain or contract.
            NotFound: no such proposal or member.
            ProposalClosed: the proposal is not open.
            ApprovalTooLate: the deadline has passed.
            ApprovalGiven: the member has approved already.
            ApprovalNotByMember: another account signed, or something else was signed; of a contract account the chain
                finds that out.
            IdempotencyKeyReused: the key stands for another request.
        """
        registry, now = self._registry(), self._clock.now()
        if signed.chain_id != self._known_chain_id() or not _same(signed.consortium, _consortium(registry)):
            raise ApprovalOfAnotherChain
        found, by = self._open(registry, signed.proposal), self._member(registry, signed.member)
        if signed.deadline < now:
            raise ApprovalTooLate
        if any(approver == signed.member for approver, _ in found.approvals):
            raise ApprovalGiven
        if not signed.contract_account:
            _require_signed_by(signed, by.governance)
        # A contract judges its signatures itself (EIP-1271), and only the chain can ask it: the sender tries before
        # it sends, and what the contract does not take fails as ApprovalSignatureWrong without a transaction.
        return self._intend(signed, now, request)

    def _intend(self, signed: SignedApproval, now: int, request: RequestKey | None) -> Intent:
        args = (to_hex(signed.proposal), to_hex(signed.member), signed.deadline, to_hex(signed.signature))
        call = ChainCall("Consortium", "approveBySignature", args)
        # One signature is one thing, whoever brings it and however often; one that failed may be brought again.
        identity = f"signed-approval/{to_hex(signed.identity)}"
        with self._store.write() as tx:
            earlier = earlier_result(tx, request)
            standing = None if earlier is None else tx.intents.get(earlier)
            if standing is not None:
                return standing
            intent_id = new_id(self._entropy, "int")
            wanted = Intent(intent_id, identity, ChainAccount.GOVERNANCE, call, IntentState.PENDING, now)
            intent = tx.intents.add(wanted)
            if intent.state is IntentState.FAILED:
                again = Intent(intent_id, intent_id, ChainAccount.GOVERNANCE, call, IntentState.PENDING, now)
                intent = tx.intents.add(again)
            if intent.intent_id == intent_id:
                log_intended(tx, intent, now)
            remember_result(tx, request, intent.intent_id, now)
            return intent

    def _read(self, question: LedgerQuestion) -> AskedApproval:
        if question.answer is None:
            return AskedApproval(question.question_id, None)
        registry, asked = self._registry(), question.asked
        found = registry.proposals[ProposalId(id_from_hex(asked["proposal"]))]
        contract = next((name for name, all_of in registry.contracts.items() if found.target in all_of), "")
        request = ApprovalRequest(
            chain_id=self._known_chain_id(),
            consortium=_consortium(registry),
            proposal=found.proposal,
            proposer=found.proposer,
            target=found.target,
            contract=contract,
            call=found.call,
            salt=found.salt,
            member=MemberId(id_from_hex(asked["member"])),
            account=asked["account"],
            nonce=question.answer["nonce"],
            deadline=asked["deadline"],
            contract_account=question.answer.get("contract_account", False),
            urls=_mentioned_urls(registry),
            types=_mentioned_types(registry, found.call),
            services=tuple(sorted({profile.name for profile in registry.profiles.values()})),
        )
        return AskedApproval(question.question_id, request)

    def _known_chain_id(self) -> int:
        if self._chain_id is None:
            raise Conflict("this node does not know its consortium's chain yet")
        return self._chain_id

    def _open(self, registry: Registry, proposal: ProposalId) -> Proposal:
        found = registry.proposals.get(proposal)
        if found is None:
            raise NotFound("no such proposal")
        if found.executed_at is not None or found.cancelled_at is not None or found.expires_at <= self._clock.now():
            raise ProposalClosed
        return found

    def _member(self, registry: Registry, member: MemberId) -> Member:
        found = registry.members.get(member)
        if found is None:
            raise NotFound("no such member")
        return found

    def _registry(self) -> Registry:
        with self._ledger.view() as view:
            return view.registry


def _require_signed_by(signed: SignedApproval, governance: Address) -> None:
    try:
        account = recovered_account(signed.message(), signed.signature)
    except InvalidSignature:
        raise ApprovalNotByMember from None
    if not _same(Address(to_hex(account)), governance):
        raise ApprovalNotByMember


def _consortium(registry: Registry) -> Address:
    addresses = registry.contracts.get("Consortium")
    if not addresses:
        raise NotFound("the chain has no contract of this name")
    return addresses[-1]


def _mentioned_urls(registry: Registry) -> tuple[str, ...]:
    """Give every member's first URL: the one whose digest is the member's identifier."""
    return tuple(member.urls[0] for member in registry.members.values())


def _mentioned_types(registry: Registry, call: bytes) -> tuple[bytes, ...]:
    """Give the metadata of the types that a call names; all of them would make a large file."""
    return tuple(schema.metadata for schema in registry.schemas.values() if bytes(schema.schema) in call)


def _same(one: Address, other: Address) -> bool:
    return one.lower() == other.lower()

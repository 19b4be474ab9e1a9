"""A consortium of two with one open proposal on it, and the services that read it."""

from jeung.domain.chain import ChainCall
from jeung.domain.governance.approvals import ApprovalRequest, proposal_id
from jeung.domain.identifiers import Address, MemberId, ProposalId, to_hex
from jeung.services.approvals import ApprovalService
from jeung.services.decisions import DecisionService
from jeung.services.simulations import Questioner, SimulationService
from node.chain.abi import encode_call
from node.runtime.governing import ArtifactDecoder
from tests.common.consortium import account
from tests.common.parties import Parties

CHAIN_ID = 31_337
CONSORTIUM, ACCREDITATIONS, STATUSES = account(901), account(902), account(903)
LIFE_S = 7 * 86_400
RIPENING_S = 86_400


class Stage:
    """Hold the parties and what each test asks."""

    def __init__(self) -> None:
        self.parties = Parties()
        chain = self.parties.chain
        chain.name_contract("Consortium", CONSORTIUM)
        chain.name_contract("AccreditationRegistry", ACCREDITATIONS)
        args = {"quorumNumerator": 2, "quorumDenominator": 3, "timelock": RIPENING_S, "proposalLifetime": LIFE_S}
        chain.emit("Consortium", "RulesChanged", args)
        store, entropy = self.parties.bank.store, self.parties.bank.entropy
        ledger, clock, decoder = self.parties.ledger, self.parties.clock, ArtifactDecoder()
        questions = Questioner(store=store, clock=clock, entropy=entropy)
        self.decisions = DecisionService(ledger=ledger, decoder=decoder, clock=clock, own=self.parties.bank.member)
        self.simulations = SimulationService(
            ledger=ledger, decoder=decoder, questions=questions, clock=clock, governance=self.governance("bank")
        )
        self.approvals = self.approvals_of(CHAIN_ID)
        self.call = ChainCall(
            "AccreditationRegistry",
            "grant",
            (to_hex(self.parties.exchange.member), to_hex(self.parties.schema), 0, self.now + 365 * 86_400),
        )

    @property
    def now(self) -> int:
        return self.parties.clock.now()

    def approvals_of(self, chain_id: int | None) -> ApprovalService:
        store, entropy, clock = self.parties.bank.store, self.parties.bank.entropy, self.parties.clock
        return ApprovalService(
            store=store,
            ledger=self.parties.ledger,
            questions=Questioner(store=store, clock=clock, entropy=entropy),
            clock=clock,
            entropy=entropy,
            own=self.parties.bank.member,
            chain_id=chain_id,
        )

    def governance(self, party: str) -> Address:
        with self.parties.ledger.view() as view:
            return view.registry.members[getattr(self.parties, party).member].governance

    def govern_by(self, member: MemberId, address: Address) -> None:
        """Give a member's governance to an account."""
        self.parties.chain.about_member("GovernanceAccountChanged", member, account=address)

    def propose(
        self, call: ChainCall | None = None, *, target: Address = ACCREDITATIONS, data: bytes | None = None
    ) -> ProposalId:
        """Have the exchange propose a call, which approves it."""
        calldata = encode_call(call or self.call, {}) if data is None else data
        salt, proposer = b"s" * 32, self.parties.exchange.member
        request = ApprovalRequest(
            CHAIN_ID,
            CONSORTIUM,
            ProposalId(b""),
            proposer,
            target,
            "",
            calldata,
            salt,
            MemberId(b""),
            Address(""),
            0,
            0,
        )
        proposal = proposal_id(request)
        self.parties.chain.emit(
            "Consortium",
            "ProposalCreated",
            {
                "proposal": to_hex(proposal),
                "proposer": to_hex(proposer),
                "target": target,
                "data": to_hex(calldata),
                "salt": to_hex(salt),
                "expiresAt": self.now + LIFE_S,
                "quorum": 2,
            },
        )
        self.approve(proposal, "exchange")
        return proposal

    def approve(self, proposal: ProposalId, party: str) -> None:
        member = getattr(self.parties, party).member
        ripe_at = self.now + RIPENING_S
        self.parties.chain.about_member("ProposalApproved", member, proposal=to_hex(proposal), ripeAt=ripe_at)

    def end(self, event: str, proposal: ProposalId) -> None:
        args = {"proposal": to_hex(proposal)}
        self.parties.chain.emit("Consortium", event, args)

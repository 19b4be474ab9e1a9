"""Every governance act becomes one intent, named so that a person can read it, and no other act is possible."""

import pytest

from jeung.domain.access import RequestKey
from jeung.domain.chain import ChainAccount, ChainCall, Intent, IntentState
from jeung.domain.governance.calls import PROPOSABLE
from jeung.domain.identifiers import Address, KeyThumbprint, MemberId, ProposalId, to_hex
from jeung.domain.members import OperatorPurpose
from jeung.domain.registrations import KeyPurpose
from jeung.errors import Conflict, IdempotencyKeyReused, KeyUnavailable, MalformedInput, NotFound
from jeung.services.governance import GovernanceRules, GovernanceService, OwnAccounts
from tests.common.consortium import account
from tests.common.parties import BANK, Parties

GRANT = ChainCall("AccreditationRegistry", "grant", ("0x" + "11" * 32, "0x" + "22" * 32, 1, 2))
PROPOSAL = ProposalId(b"p" * 32)
TARGET = account(777)


def service_of(parties: Parties, *, url: str = BANK, accounts: OwnAccounts | None = None) -> GovernanceService:
    return GovernanceService(
        store=parties.bank.store,
        ledger=parties.ledger,
        signer=parties.bank.signer,
        clock=parties.clock,
        entropy=parties.bank.entropy,
        accounts=accounts or OwnAccounts(account(1), account(501), account(502)),
        rules=GovernanceRules(url=url, key_validity_s=1_000),
    )


@pytest.fixture
def service(parties: Parties) -> GovernanceService:
    parties.chain.name_contract("AccreditationRegistry", account(776))
    parties.chain.name_contract("AccreditationRegistry", TARGET)
    parties.chain.emit(
        "Consortium",
        "ProposalCreated",
        {
            "proposal": to_hex(PROPOSAL),
            "proposer": to_hex(parties.bank.member),
            "target": TARGET,
            "data": "0xabcd",
            "salt": to_hex(b"s" * 32),
            "expiresAt": 1 << 40,
            "quorum": 2,
        },
    )
    return service_of(parties)


def _request(key: str = "k") -> RequestKey:
    return RequestKey("staff", key, "POST /v1/proposals", b"b" * 32)


def test_proposal_is_readable_and_goes_to_the_present_contract(service: GovernanceService) -> None:
    intent = service.propose(GRANT, salt=b"s" * 32)
    nested = {"contract": GRANT.contract, "function": GRANT.function, "args": list(GRANT.args)}
    assert intent.call == ChainCall("Consortium", "propose", (TARGET, nested, to_hex(b"s" * 32)))
    assert (intent.account, intent.state) == (ChainAccount.GOVERNANCE, IntentState.PENDING)
    assert service.intent(intent.intent_id) == intent


def test_equal_proposals_get_salts_of_their_own(service: GovernanceService) -> None:
    assert service.propose(GRANT).call.args[2] != service.propose(GRANT).call.args[2]


@pytest.mark.parametrize(
    "call",
    [
        ChainCall("Consortium", "propose", (TARGET, "0x", "0x")),
        ChainCall("KeyRegistry", "registerKey", ("0x", 1, 0, 1)),
        ChainCall("Nowhere", "grant", (1, 2, 3, 4)),
        ChainCall("AccreditationRegistry", "grant", (1, 2, 3)),
        ChainCall("SchemaRegistry", "registerSchema", ("0x" + "00" * 40_000, "vct")),
    ],
    ids=["propose", "registerKey", "contract", "arity", "size"],
)
def test_call_the_consortium_cannot_make_is_refused(service: GovernanceService, call: ChainCall) -> None:
    with pytest.raises(MalformedInput):
        service.propose(call)
    assert service.intents().items == []


def test_salt_of_another_length_is_refused(service: GovernanceService) -> None:
    with pytest.raises(MalformedInput):
        service.propose(GRANT, salt=b"short")


def test_contract_the_chain_does_not_name_is_not_found(service: GovernanceService) -> None:
    with pytest.raises(NotFound):
        service.propose(ChainCall("StatusRegistry", "close", ()))


def test_every_proposable_function_belongs_to_a_contract_of_the_directory() -> None:
    assert set(PROPOSABLE) == {
        "Directory",
        "Consortium",
        "SchemaRegistry",
        "AccreditationRegistry",
        "KeyRegistry",
        "StatusRegistry",
        "RelyingPartyRegistry",
        "NetworkAllowlist",
        "LogAnchor",
    }


@pytest.mark.parametrize(
    ("method", "function"),
    [("approve", "approve"), ("withdraw_approval", "withdrawApproval"), ("cancel", "cancel")],
)
def test_vote_names_its_proposal(service: GovernanceService, method: str, function: str) -> None:
    intent = getattr(service, method)(PROPOSAL)
    assert intent.call == ChainCall("Consortium", function, (to_hex(PROPOSAL),))
    with pytest.raises(NotFound):
        getattr(service, method)(ProposalId(b"q" * 32))


def test_approval_can_be_given_again_after_it_was_withdrawn(service: GovernanceService) -> None:
    first = service.approve(PROPOSAL)
    service.withdraw_approval(PROPOSAL)
    assert service.approve(PROPOSAL).intent_id != first.intent_id


def test_execution_repeats_the_call_that_was_approved(service: GovernanceService) -> None:
    intent = service.execute(PROPOSAL)
    assert intent.call.args == (to_hex(PROPOSAL), TARGET, "0xabcd", to_hex(b"s" * 32))
    with pytest.raises(NotFound):
        service.execute(ProposalId(b"q" * 32))


def test_suspension_carries_a_digest_only(parties: Parties, service: GovernanceService) -> None:
    intent = service.suspend_member(parties.exchange.member, b"r" * 32)
    assert intent.call.args == (to_hex(parties.exchange.member), to_hex(b"r" * 32))
    with pytest.raises(MalformedInput):
        service.suspend_member(parties.exchange.member, b"because")
    with pytest.raises(NotFound):
        service.suspend_member(MemberId(b"?" * 32), b"r" * 32)


def test_enrolment_asks_for_what_the_chain_lacks(parties: Parties, service: GovernanceService) -> None:
    intents = service.enrol()
    status_key = parties.bank.signer.keys[KeyPurpose.STATUS_SIGNING].key.thumbprint
    until = parties.clock.now() + 1_000
    assert [intent.call for intent in intents] == [
        ChainCall("KeyRegistry", "registerKey", (to_hex(status_key), 2, 0, until)),
        ChainCall("Consortium", "authorizeOperator", (1, account(501))),
        ChainCall("Consortium", "authorizeOperator", (2, account(502))),
    ]


def test_enrolment_asked_again_gives_the_same_intents(parties: Parties, service: GovernanceService) -> None:
    first = service.enrol()
    parties.clock.advance(5)
    assert service.enrol() == first
    assert len(service.intents().items) == 3


def test_enrolment_that_the_chain_refused_is_asked_anew(parties: Parties, service: GovernanceService) -> None:
    first = service.enrol()[0]
    with parties.bank.database.write() as tables:
        work = tables.intent_works[first.intent_id]
        tables.intent_works[first.intent_id] = type(work)(work.key, IntentState.FAILED, failure="KeyTaken")
    again = service.enrol()[0]
    assert (again.intent_id != first.intent_id, again.state) == (True, IntentState.PENDING)


def test_member_without_operators_enrols_none(parties: Parties) -> None:
    service = service_of(parties, accounts=OwnAccounts(account(1)))
    assert [intent.call.function for intent in service.enrol()] == ["registerKey"]


def test_operator_on_the_chain_is_not_authorised_again(parties: Parties) -> None:
    accounts = OwnAccounts(account(1), parties.operator(), parties.operator(OperatorPurpose.STATUS))
    assert [intent.call.function for intent in service_of(parties, accounts=accounts).enrol()] == ["registerKey"]


def test_stranger_cannot_enrol(parties: Parties) -> None:
    with pytest.raises(Conflict):
        service_of(parties, url="http://localhost:9999").enrol()


def test_operator_acts_name_purpose_and_account(parties: Parties, service: GovernanceService) -> None:
    hot: Address = account(600)
    now = parties.clock.now()
    assert service.authorize_operator(OperatorPurpose.STATUS, hot).call.args == (2, hot)
    assert service.retire_operator(OperatorPurpose.STATUS, hot).call.args == (2, hot)
    declared = service.declare_operator_compromised(OperatorPurpose.ATTEST, hot, now)
    assert declared.call == ChainCall("Consortium", "declareOperatorCompromised", (1, hot, now))


@pytest.mark.parametrize("since", [0, -1, 1_800_000_001])
def test_compromise_begins_in_the_past(parties: Parties, service: GovernanceService, since: int) -> None:
    with pytest.raises(MalformedInput):
        service.declare_operator_compromised(OperatorPurpose.ATTEST, account(600), since)
    with pytest.raises(MalformedInput):
        service.declare_key_compromised(parties.issuer_key, since)


def test_key_acts_concern_our_own_keys_only(parties: Parties, service: GovernanceService) -> None:
    now, key = parties.clock.now(), to_hex(parties.issuer_key)
    assert service.revoke_key(parties.issuer_key).call.args == (key, 0)
    assert service.revoke_key(parties.issuer_key, at=now + 9).call.args == (key, now + 9)
    assert service.declare_key_compromised(parties.issuer_key, now - 9).call.args == (key, now - 9)
    with pytest.raises(NotFound):
        service.revoke_key(KeyThumbprint(b"?" * 32))
    with pytest.raises(NotFound):
        service_of(parties, url="http://localhost:8102").declare_key_compromised(parties.issuer_key, now)
    with pytest.raises(NotFound):
        service_of(parties, url="http://localhost:9999").revoke_key(parties.issuer_key)


def test_key_is_registered_by_purpose(parties: Parties, service: GovernanceService) -> None:
    key = to_hex(parties.issuer_key)
    now = parties.clock.now()
    assert service.register_key(KeyPurpose.CREDENTIAL_SIGNING).call.args == (key, 1, 0, now + 1_000)
    assert service.register_key(KeyPurpose.CREDENTIAL_SIGNING, not_after=now + 5).call.args == (key, 1, 0, now + 5)
    with pytest.raises(KeyUnavailable):
        service.register_key(KeyPurpose.RECEIPT_SIGNING)


def test_repeated_request_is_one_intent(service: GovernanceService) -> None:
    first = service.approve(PROPOSAL, request=_request())
    assert service.approve(PROPOSAL, request=_request()) == first
    other = RequestKey("staff", "k", "POST /v1/other", b"b" * 32)
    with pytest.raises(IdempotencyKeyReused):
        service.cancel(PROPOSAL, request=other)


def test_intents_are_paged_newest_first(service: GovernanceService) -> None:
    made: list[Intent] = [service.approve(PROPOSAL) for _ in range(3)]
    page = service.intents(limit=2)
    assert [intent.intent_id for intent in page.items] == [made[2].intent_id, made[1].intent_id]
    assert service.intents(cursor=page.next_cursor).items == [made[0]]
    with pytest.raises(NotFound):
        service.intent("int_none")


def test_every_intent_is_logged_once(parties: Parties, service: GovernanceService) -> None:
    service.enrol()
    service.enrol()
    assert [kind for kind, _ in parties.bank.events()].count("governance_intended") == 3

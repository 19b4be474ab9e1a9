"""An approval signed off line is carried by anybody, and nothing else is carried in its name."""

import json
from dataclasses import replace
from typing import Any

import coincurve
import pytest
from eth_account.messages import encode_typed_data

from jeung.crypto.hashing import keccak256
from jeung.domain.access import RequestKey
from jeung.domain.chain import IntentState
from jeung.domain.governance.approvals import MAX_FILE_BYTES, ApprovalRequest, SignedApproval
from jeung.domain.governance.calls import in_words
from jeung.domain.identifiers import Address, MemberId, ProposalId, to_hex
from jeung.errors import (
    ApprovalGiven,
    ApprovalNotByMember,
    ApprovalOfAnotherChain,
    ApprovalTooLate,
    Conflict,
    MalformedInput,
    NotFound,
    ProposalClosed,
)
from node.chain.abi import decode_call
from tests.common.consortium import account
from tests.common.memory.outbox import MemoryOutbox
from tests.common.parties import BANK, EXCHANGE, VCT
from tests.unit.jeung.services.governing import CHAIN_ID, CONSORTIUM, LIFE_S, Stage

KEY = coincurve.PrivateKey(b"\2" * 32)


def address_of(key: coincurve.PrivateKey) -> Address:
    return Address(to_hex(keccak256(key.public_key.format(compressed=False)[1:])[12:]))


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.govern_by(made.parties.bank.member, address_of(KEY))
    return made


def requested(stage: Stage, proposal: ProposalId, member: MemberId | None = None) -> ApprovalRequest:
    """Ask for the file, and answer as the worker would."""
    pending = stage.approvals.ask(proposal, member)
    assert pending.request is None
    with stage.parties.bank.store.write() as tx:
        tx.questions.answer(pending.request_id, {"nonce": 4}, stage.now)
    request = stage.approvals.asked(pending.request_id).request
    assert request is not None
    return request


def sign(request: ApprovalRequest, key: coincurve.PrivateKey = KEY) -> SignedApproval:
    raw = key.sign_recoverable(request.message(), hasher=keccak256)
    return SignedApproval.of(request, raw[:64] + bytes([raw[64] + 27]))


def text(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def test_a_signed_approval_travels_as_files_and_becomes_one_intent(stage: Stage) -> None:
    proposal = stage.propose()
    request = ApprovalRequest.parse(text(requested(stage, proposal).document()))
    signed = SignedApproval.parse(text(sign(request).document()))
    intent = stage.approvals.submit(signed)
    member = to_hex(stage.parties.bank.member)
    args = (to_hex(proposal), member, request.deadline, to_hex(signed.signature))
    assert (intent.call.function, intent.call.args) == ("approveBySignature", args)
    assert stage.approvals.submit(signed).intent_id == intent.intent_id
    assert [kind for kind, _ in stage.parties.bank.events()] == ["governance_intended"]


def test_a_request_holds_what_is_needed_to_read_it_on_a_machine_that_knows_nothing(stage: Stage) -> None:
    request = requested(stage, stage.propose())
    call = decode_call(request.contract, request.call)
    assert call is not None
    words = in_words(call, request.known())
    assert words is not None
    assert words.en.startswith(f"Accredit {EXCHANGE} to issue {VCT} ")
    assert (request.nonce, request.chain_id, request.consortium) == (4, CHAIN_ID, CONSORTIUM)
    assert request.deadline == min(stage.now + 7 * 86_400, stage.now + LIFE_S - 1)


def test_names_that_do_not_make_their_identifiers_are_not_believed(stage: Stage) -> None:
    request = requested(stage, stage.propose())
    forged = replace(request, urls=("http://evil.example",), types=(b"no json", b'{"vct":5}'), services=("x",))
    call = decode_call(request.contract, request.call)
    assert call is not None
    words = in_words(call, forged.known())
    assert words is not None
    assert words.en.count("unknown 0x") == 2


def test_an_approval_may_be_prepared_for_another_member(stage: Stage) -> None:
    proposal = stage.propose()
    stage.parties.chain.about_member("ApprovalWithdrawn", stage.parties.exchange.member, proposal=to_hex(proposal))
    request = requested(stage, proposal, stage.parties.exchange.member)
    assert request.account == stage.governance("exchange")


def test_a_file_whose_call_is_not_the_proposals_is_refused(stage: Stage) -> None:
    document = requested(stage, stage.propose()).document()
    for changed in (
        {"call": document["call"] + "00"},
        {"target": account(5)},
        {"chain_id": 1},
        {"salt": "0x" + "00" * 32},
    ):
        with pytest.raises(MalformedInput):
            ApprovalRequest.parse(text({**document, **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"kind": "signed_approval"},
        {"nonce": -1},
        {"nonce": True},
        {"nonce": "4"},
        {"call": 5},
        {"call": "abcd"},
        {"call": "0xzz"},
        {"names": {}},
        {"names": {"urls": "x", "types": [], "services": []}},
        {"names": {"urls": ["x"] * 5_000, "types": [], "services": []}},
        {"member_id": "0x12"},
        {"consortium": "0x12"},
        {"contract": "Consortium\n"},
    ],
    ids=lambda changed: "-".join(changed),
)
def test_a_malformed_request_is_refused(stage: Stage, changed: dict[str, Any]) -> None:
    document = requested(stage, stage.propose()).document()
    with pytest.raises(MalformedInput):
        ApprovalRequest.parse(text({**document, **changed}))


@pytest.mark.parametrize(
    "changed",
    [{"signature": "0x12"}, {"signature": "0x" + "00" * 66}, {"deadline": None}, {"kind": "x"}],
    ids=["short", "long", "no-deadline", "kind"],
)
def test_a_malformed_signed_approval_is_refused(stage: Stage, changed: dict[str, Any]) -> None:
    document = sign(requested(stage, stage.propose())).document()
    with pytest.raises(MalformedInput):
        SignedApproval.parse(text({**document, **changed}))


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(MalformedInput):
        SignedApproval.parse(b" " * (MAX_FILE_BYTES + 1))


def test_an_approval_for_another_chain_or_contract_is_refused(stage: Stage) -> None:
    request = requested(stage, stage.propose())
    for changed in ({"chain_id": 1}, {"consortium": account(5)}):
        with pytest.raises(ApprovalOfAnotherChain):
            stage.approvals.submit(sign(replace(request, **changed)))


def test_an_approval_after_its_deadline_is_refused(stage: Stage) -> None:
    request = replace(requested(stage, stage.propose()), deadline=stage.now)
    stage.parties.clock.advance(1)
    with pytest.raises(ApprovalTooLate):
        stage.approvals.submit(sign(request))


def test_a_second_approval_of_the_same_member_is_refused(stage: Stage) -> None:
    proposal = stage.propose()
    request = requested(stage, proposal)
    stage.approve(proposal, "bank")
    with pytest.raises(ApprovalGiven):
        stage.approvals.submit(sign(request))
    with pytest.raises(ApprovalGiven):
        stage.approvals.ask(proposal)


@pytest.mark.parametrize("event", ["ProposalExecuted", "ProposalCancelled", None], ids=str)
def test_an_approval_of_a_closed_proposal_is_refused(stage: Stage, event: str | None) -> None:
    proposal = stage.propose()
    request = replace(requested(stage, proposal), deadline=1 << 40)
    if event is None:
        stage.parties.clock.advance(8 * 86_400)
    else:
        stage.end(event, proposal)
    with pytest.raises(ProposalClosed):
        stage.approvals.submit(sign(request))


def test_a_signature_by_another_account_is_refused(stage: Stage) -> None:
    request = requested(stage, stage.propose())
    with pytest.raises(ApprovalNotByMember):
        stage.approvals.submit(sign(request, coincurve.PrivateKey(b"\3" * 32)))
    with pytest.raises(ApprovalNotByMember):
        stage.approvals.submit(replace(sign(request), signature=bytes(65)))


def requested_of_contract(stage: Stage) -> ApprovalRequest:
    pending = stage.approvals.ask(stage.propose())
    with stage.parties.bank.store.write() as tx:
        tx.questions.answer(pending.request_id, {"nonce": 4, "contract_account": True}, stage.now)
    request = stage.approvals.asked(pending.request_id).request
    assert request is not None
    return ApprovalRequest.parse(text(request.document()))


def test_a_contract_accounts_signature_is_carried_for_the_chain_to_judge(stage: Stage) -> None:
    request = requested_of_contract(stage)
    assert request.contract_account
    signed = SignedApproval.parse(text(SignedApproval.of(request, bytes(195)).document()))
    intent = stage.approvals.submit(signed)
    assert intent.call.args[-1] == "0x" + "00" * 195
    assert stage.approvals.submit(signed) == intent


def test_one_signature_for_two_approvals_makes_two_intents(stage: Stage) -> None:
    signed = SignedApproval.of(requested_of_contract(stage), b"\1")
    other = replace(signed, deadline=signed.deadline - 1)
    assert stage.approvals.submit(signed) != stage.approvals.submit(other)


@pytest.mark.parametrize(
    "changed",
    [{"signature": "0x"}, {"signature": "0x" + "00" * 4_097}, {"contract_account": 1}, {"contract_account": None}],
    ids=["empty", "large", "number", "null"],
)
def test_a_malformed_approval_of_a_contract_account_is_refused(stage: Stage, changed: dict[str, Any]) -> None:
    document = SignedApproval.of(requested_of_contract(stage), b"\1").document()
    with pytest.raises(MalformedInput):
        SignedApproval.parse(text({**document, **changed}))


def test_a_file_from_before_contract_accounts_is_read(stage: Stage) -> None:
    request = requested(stage, stage.propose())
    document = {name: value for name, value in request.document().items() if name != "contract_account"}
    assert ApprovalRequest.parse(text(document)) == request


def test_typed_data_for_a_wallet_is_the_message_that_is_signed(stage: Stage) -> None:
    request = requested(stage, stage.propose())
    typed = json.loads(json.dumps(request.typed_data()))
    signable = encode_typed_data(full_message=typed)
    assert b"\x19" + signable.version + signable.header + signable.body == request.message()


@pytest.mark.parametrize("changed", [{"nonce": 5}, {"deadline": 1 << 40}], ids=["nonce", "deadline"])
def test_a_signature_under_other_words_is_refused(stage: Stage, changed: dict[str, Any]) -> None:
    signed = sign(requested(stage, stage.propose()))
    with pytest.raises(ApprovalNotByMember):
        stage.approvals.submit(replace(signed, **changed))


def test_a_signature_in_another_members_name_is_refused(stage: Stage) -> None:
    proposal = stage.propose()
    stage.parties.chain.about_member("ApprovalWithdrawn", stage.parties.exchange.member, proposal=to_hex(proposal))
    request = requested(stage, proposal, stage.parties.exchange.member)
    with pytest.raises(ApprovalNotByMember):
        stage.approvals.submit(sign(request))


def test_unknown_proposals_members_and_requests_are_not_found(stage: Stage) -> None:
    proposal = stage.propose()
    signed = sign(requested(stage, proposal))
    for changed in ({"proposal": ProposalId(b"q" * 32)}, {"member": MemberId(b"q" * 32)}):
        with pytest.raises(NotFound):
            stage.approvals.submit(replace(signed, **changed))
    with pytest.raises(NotFound):
        stage.approvals.ask(proposal, MemberId(b"q" * 32))
    with pytest.raises(NotFound):
        stage.approvals.asked("apr_1")


def test_a_node_that_does_not_know_its_chain_takes_none(stage: Stage) -> None:
    signed = sign(requested(stage, stage.propose()))
    with pytest.raises(Conflict):
        stage.approvals_of(None).submit(signed)


def test_a_chain_without_a_consortium_takes_none(stage: Stage) -> None:
    signed = sign(requested(stage, stage.propose()))
    with stage.parties.bank.database.write() as tables:
        tables.registry = replace(tables.registry, contracts={})
    with pytest.raises(NotFound):
        stage.approvals.submit(signed)


def test_a_refused_approval_may_be_brought_again_and_a_request_is_repeatable(stage: Stage) -> None:
    signed = sign(requested(stage, stage.propose()))
    again = RequestKey("staff", "k", "POST", b"b" * 32)
    first = stage.approvals.submit(signed, request=again)
    assert stage.approvals.submit(signed, request=again) == first
    outbox = MemoryOutbox(stage.parties.bank.database)
    outbox.refuse_intent(first.intent_id, failure="ApprovalSignatureWrong", fence=stage.parties.bank.fence)
    second = stage.approvals.submit(signed)
    assert (second.intent_id != first.intent_id, second.state) == (True, IntentState.PENDING)
    assert BANK

"""Sending writes on a real chain: exactly once, whatever is repeated, lost, refused or raced."""

from collections.abc import Callable
from typing import Any

import pytest

from jeung.domain.chain import ChainAccount, ChainCall, IntentState, TransactionState
from jeung.domain.ledger import CredentialStatus
from node.chain.abi import encode_call
from node.chain.anchorer import MAX_INDEXES, MAX_WORDS
from node.chain.hexes import hex_of
from node.chain.transactions import UnsignedTransaction, sign_transaction
from node.settings import AnchoringSettings
from tests.common import rows
from tests.common.chain import SCHEMA, Chain, Member, Party, Prepared, wait_for

pytestmark = pytest.mark.chain

SIGNED, MINED = TransactionState.SIGNED, TransactionState.MINED
GOVERNANCE, ATTEST = ChainAccount.GOVERNANCE, ChainAccount.ATTEST


def nonce_of(member: Member, account: ChainAccount) -> int:
    address = member.party.signer.address(account)
    return int(member.chain.rpc.call("eth_getTransactionCount", address, "latest"), 16)


def want(member: Member, status: CredentialStatus, *numbers: int) -> None:
    with member.kept.store.write() as tx:
        tx.credentials.want_status([f"credential-{number}" for number in numbers], status, rows.NOW)


def status_of(member: Member, number: int) -> CredentialStatus:
    reference = rows.credential(number).status
    with member.kept.ledger.view() as view:
        return view.status(member.party.member, reference.list_number, reference.index)


def test_waiting_digests_are_attested_in_one_transaction(bank: Member) -> None:
    digests = bank.issue(1, 40)
    bank.turn()
    assert all(bank.attested(digests))
    assert nonce_of(bank, ATTEST) == 1
    assert [kept.nonce for kept in bank.kept.outbox.in_state(MINED, 10) if kept.account is ATTEST] == [0]


def test_repeated_steps_send_nothing_twice(bank: Member) -> None:
    digests = bank.issue(1, 3)
    for _ in range(5):
        bank.send()
    bank.follow()
    for _ in range(5):
        bank.send()
    assert all(bank.attested(digests))
    assert nonce_of(bank, ATTEST) == 1


def test_batch_waits_for_its_age(prepared: Prepared, member_of: Callable[..., Member]) -> None:
    bank = member_of(prepared.bank, anchoring=AnchoringSettings(max_age_ms=5_000, max_batch=10))
    bank.issue(1, 1)
    for _ in range(4):
        assert bank.send().signed == 0
    assert bank.send().signed == 1


def test_full_batch_does_not_wait(prepared: Prepared, member_of: Callable[..., Member]) -> None:
    bank = member_of(prepared.bank, anchoring=AnchoringSettings(max_age_ms=60_000, max_batch=4))
    bank.issue(1, 9)
    assert bank.send().signed == 2
    assert len(bank.kept.outbox.waiting_attestations(10, bank.clock.now())) == 1


def test_receipt_does_not_count_before_its_block_is_indexed(bank: Member) -> None:
    bank.issue(1, 1)
    bank.send()
    wait_for(lambda: nonce_of(bank, ATTEST) == 1)
    assert bank.send().settled == 0
    assert len(bank.kept.outbox.in_state(SIGNED, 10)) == 1
    bank.follow()
    assert bank.send().settled == 1


def test_statuses_reach_the_chain_and_revocation_comes_first(bank: Member) -> None:
    bank.issue(1, 8)
    bank.turn()
    want(bank, CredentialStatus.SUSPENDED, 1, 5)
    want(bank, CredentialStatus.REVOKED, 2)
    bank.turn()
    assert [status_of(bank, number) for number in (1, 2, 3, 5)] == [
        CredentialStatus.SUSPENDED,
        CredentialStatus.REVOKED,
        CredentialStatus.VALID,
        CredentialStatus.SUSPENDED,
    ]
    want(bank, CredentialStatus.VALID, 1)
    bank.turn()
    assert status_of(bank, 1) is CredentialStatus.VALID


def test_changes_above_the_operators_cap_go_through_governance(bank: Member) -> None:
    bank.issue(1, 60)
    bank.turn()
    before = nonce_of(bank, GOVERNANCE)
    want(bank, CredentialStatus.REVOKED, *range(1, 61))
    bank.turn(6)
    assert all(status_of(bank, number) is CredentialStatus.REVOKED for number in range(1, 61))
    assert nonce_of(bank, GOVERNANCE) > before


def test_change_of_a_revoked_index_fails_alone(bank: Member) -> None:
    """The quorum may revoke too, so the chain can know of a revocation that our database does not."""
    bank.issue(1, 12)
    bank.turn()
    revoked, other = rows.credential(4).status, rows.credential(8).status
    assert revoked.list_number == other.list_number
    args = (revoked.list_number, CredentialStatus.REVOKED.value, [revoked.index])
    intent = bank.intend("StatusRegistry", "setStatuses", *args)
    bank.turn()
    assert bank.intent(intent).state is IntentState.DONE, bank.intent(intent)
    want(bank, CredentialStatus.SUSPENDED, 4, 8)
    bank.turn(5)
    assert status_of(bank, 4) is CredentialStatus.REVOKED
    assert status_of(bank, 8) is CredentialStatus.SUSPENDED
    assert bank.kept.outbox.waiting_statuses(10, bank.clock.now()) == []


def test_unripe_execution_waits_and_then_succeeds(
    prepared: Prepared, chain: Chain, member_of: Callable[..., Member]
) -> None:
    chain.rpc.call("anvil_setBlockTimestampInterval", 0)
    bank, exchange = member_of(prepared.bank), member_of(prepared.exchange)
    call = {"contract": "Consortium", "function": "setRoles", "args": [hex_of(prepared.exchange.member), 2]}
    bank.intend("Consortium", "propose", "Consortium", call, "0x" + "07" * 32)
    bank.turn()
    with bank.kept.ledger.view() as view:
        proposal = list(view.registry.proposals.values())[-1]
    exchange.turn()
    exchange.intend("Consortium", "approve", hex_of(proposal.proposal))
    exchange.turn()
    arguments = (hex_of(proposal.proposal), proposal.target, hex_of(proposal.call), hex_of(proposal.salt))
    before = nonce_of(bank, GOVERNANCE)
    executed = bank.intend("Consortium", "execute", *arguments)
    bank.turn()
    assert bank.intent(executed).state is IntentState.PENDING
    assert nonce_of(bank, GOVERNANCE) == before, "an unripe execution must not be sent to revert"
    chain.rpc.call("anvil_removeBlockTimestampInterval")
    chain.pass_time(5)
    bank.turn()
    assert bank.intent(executed).state is IntentState.DONE
    also = exchange.intend("Consortium", "execute", *arguments)
    exchange.turn()
    assert exchange.intent(also).state is IntentState.DONE, "what another member executed is executed"


def test_refused_intent_fails_with_the_contracts_own_error(bank: Member) -> None:
    before = nonce_of(bank, GOVERNANCE)
    refused = bank.intend("Consortium", "suspendMember", hex_of(bank.party.member), "0x" + "01" * 32)
    bank.turn()
    assert bank.intent(refused).state is IntentState.FAILED
    assert bank.intent(refused).failure == "SupervisorOnly"
    assert nonce_of(bank, GOVERNANCE) == before


@pytest.mark.parametrize(
    ("contract", "function", "args"),
    [
        ("Consortium", "noSuchFunction", []),
        ("NoSuchContract", "approve", ["0x" + "01" * 32]),
        ("Consortium", "approve", ["0x01"]),
        ("Consortium", "approve", []),
        ("Directory", "set", ["0x" + "01" * 32, []]),
        ("Directory", "set", ["0x" + "01" * 32, {}]),
    ],
)
def test_intent_that_no_contract_understands_fails_alone(
    bank: Member, contract: str, function: str, args: list[Any]
) -> None:
    digests = bank.issue(1, 1)
    refused = bank.intend(contract, function, *args)
    bank.turn()
    assert bank.intent(refused).state is IntentState.FAILED
    assert bank.intent(refused).failure == "call_not_encodable"
    assert all(bank.attested(digests))


@pytest.mark.parametrize("words", [1_000, 8_000], ids=["no transaction", "no block"])
def test_intent_that_needs_more_gas_than_there_is_stops_nothing_else(bank: Member, words: int) -> None:
    """A proposal of another member may be such a call: executing it must not stop our revocations."""
    digests = bank.issue(1, 1)
    huge = bank.intend("StatusRegistry", "setStatuses", 0, 1, [word * 128 for word in range(words)])
    key = ("0x" + "0a" * 32, 1, 0, bank.clock.now() + 10**8)
    later = bank.intend("KeyRegistry", "registerKey", *key)
    bank.turn()
    assert all(bank.attested(digests))
    assert bank.intent(later).state is IntentState.DONE
    assert bank.intent(huge).state is IntentState.PENDING
    assert bank.kept.outbox.in_state(TransactionState.REVERTED, 1) == [], "what cannot fit is not sent"


def test_largest_change_of_statuses_fits_wherever_its_indexes_stand(bank: Member) -> None:
    """As many fresh words as a change may touch, and as many indexes in them as it may have."""
    spread = [word * 128 + entry for word in range(MAX_WORDS) for entry in range(MAX_INDEXES // MAX_WORDS)]
    change = bank.intend("StatusRegistry", "setStatuses", 0, CredentialStatus.REVOKED.value, spread)
    bank.turn()
    assert bank.intent(change).state is IntentState.DONE, bank.intent(change)


def test_intent_whose_goal_stands_is_done_without_a_transaction(bank: Member) -> None:
    key = ("0x" + "0a" * 32, 1, 0, bank.clock.now() + 10**8)
    first = bank.intend("KeyRegistry", "registerKey", *key)
    bank.turn()
    before = nonce_of(bank, GOVERNANCE)
    second = bank.intend("KeyRegistry", "registerKey", *key)
    bank.turn()
    assert [bank.intent(each).state for each in (first, second)] == [IntentState.DONE] * 2
    assert nonce_of(bank, GOVERNANCE) == before


def test_transaction_that_reverts_in_its_block_is_judged(bank: Member, chain: Chain) -> None:
    """Two equal registrations pass the simulation together; the second reverts, and what it wanted stands."""
    chain.rpc.call("evm_setAutomine", False)
    key = ("0x" + "0b" * 32, 1, 0, bank.clock.now() + 10**8)
    intents = [bank.intend("KeyRegistry", "registerKey", *key) for _ in range(2)]
    bank.send()
    chain.mine()
    bank.turn()
    assert [bank.intent(each).state for each in intents] == [IntentState.DONE] * 2
    assert bank.intent(intents[0]).transaction != bank.intent(intents[1]).transaction


def test_lost_broadcast_is_sent_again_byte_for_byte(bank: Member, chain: Chain) -> None:
    chain.rpc.call("evm_setAutomine", False)
    digests = bank.issue(1, 2)
    bank.send()
    (kept,) = bank.kept.outbox.in_state(SIGNED, 10)
    chain.rpc.call("anvil_dropTransaction", hex_of(kept.hash))
    assert chain.rpc.call("eth_getTransactionByHash", hex_of(kept.hash)) is None
    bank.send()
    assert chain.rpc.call("eth_getTransactionByHash", hex_of(kept.hash)) is not None
    chain.mine()
    bank.turn()
    assert all(bank.attested(digests))
    assert nonce_of(bank, ATTEST) == 1


def test_nonce_used_by_a_foreign_transaction_gives_the_work_back(bank: Member, chain: Chain) -> None:
    """A node restored from a backup meets its own later transactions: its work goes out under the next nonce."""
    chain.rpc.call("evm_setAutomine", False)
    digests = bank.issue(1, 2)
    bank.send()
    (kept,) = bank.kept.outbox.in_state(SIGNED, 10)
    chain.rpc.call("anvil_dropTransaction", hex_of(kept.hash))
    foreign = UnsignedTransaction(31_337, kept.nonce, 0, 0, 21_000, kept.address, b"")
    signed = sign_transaction(foreign, ATTEST, bank.party.signer, now=1)
    chain.rpc.call("eth_sendRawTransaction", hex_of(signed.raw))
    chain.mine()
    chain.rpc.call("evm_setAutomine", True)
    bank.turn(2)
    assert not any(bank.attested(digests)), "a missing receipt may still come"
    bank.monotonic += 60
    bank.turn(3)
    assert all(bank.attested(digests))
    assert nonce_of(bank, ATTEST) == 2


def test_gap_of_nonces_is_filled(bank: Member, chain: Chain) -> None:
    """Pruned transactions that the chain lost leave a nonce that nobody will ever use."""
    digests = bank.issue(1, 1)
    call = ChainCall("AttestationRegistry", "attest", (hex_of(SCHEMA), [hex_of(digests[0])]))
    registry = bank.book.current()["AttestationRegistry"]
    unsigned = UnsignedTransaction(31_337, 2, 0, 0, 200_000, registry, encode_call(call, {}))
    signed = sign_transaction(unsigned, ATTEST, bank.party.signer, now=1)
    bank.kept.outbox.record_attestation(signed, ["credential-1"], fence=bank.fence)
    bank.turn()
    assert nonce_of(bank, ATTEST) == 0
    bank.monotonic += 60
    bank.turn(4)
    bank.monotonic += 60
    bank.turn(4)
    assert nonce_of(bank, ATTEST) == 3
    assert all(bank.attested(digests))


def test_member_without_operator_keeps_its_work(prepared: Prepared, member_of: Callable[..., Member]) -> None:
    stranger = Party(prepared.exchange.url, prepared.exchange.signer)
    exchange = member_of(stranger)
    digests = exchange.issue(1, 2)
    exchange.turn()
    assert exchange.attested(digests) == [False, False]
    assert nonce_of(exchange, ATTEST) == 0, "what would revert is not sent"
    assert len(exchange.kept.outbox.waiting_attestations(10, exchange.clock.now() + 10**6)) == 2


def test_more_work_than_may_be_in_flight_waits(prepared: Prepared, member_of: Callable[..., Member]) -> None:
    bank = member_of(prepared.bank, anchoring=AnchoringSettings(max_age_ms=0, max_batch=1))
    bank.chain.rpc.call("evm_setAutomine", False)
    digests = bank.issue(1, 40)
    assert bank.send().signed == 32
    bank.chain.mine()
    bank.chain.rpc.call("evm_setAutomine", True)
    bank.turn(4)
    assert all(bank.attested(digests))
    assert nonce_of(bank, ATTEST) == 40

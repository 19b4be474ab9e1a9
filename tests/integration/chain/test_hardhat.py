"""One full pass on Hardhat's node, which answers, mines, reverts and charges differently from Anvil."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jeung.domain.chain import IntentState, TransactionState
from jeung.domain.ledger import CredentialStatus
from node.chain.hexes import hex_of
from node.settings import FeeMode, FeeSettings
from tests.common import rows
from tests.common.chain import Chain, Member, Prepared, hardhat, prepare

pytestmark = [pytest.mark.chain, pytest.mark.node_tools]

MARKET = FeeSettings(mode=FeeMode.MARKET)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Prepared]]:
    with hardhat() as chain:
        yield chain, prepare(tmp_path_factory.mktemp("prepared"), chain, fees=MARKET)


@pytest.fixture
def bank(running: tuple[Chain, Prepared], tmp_path: Path) -> Iterator[Member]:
    chain, prepared = running
    member = Member(tmp_path, chain, prepared.deployment, prepared.bank, fees=MARKET)
    member.follow()
    yield member
    member.close()


def test_credentials_are_attested_revoked_and_sent_again_after_a_loss(bank: Member) -> None:
    snapshot = bank.chain.rpc.call("evm_snapshot")
    digests = bank.issue(1, 20)
    bank.turn()
    assert all(bank.attested(digests))
    with bank.kept.store.write() as tx:
        tx.credentials.want_status(["credential-4"], CredentialStatus.REVOKED, rows.NOW)
    bank.turn()
    reference = rows.credential(4).status
    with bank.kept.ledger.view() as view:
        assert view.status(bank.party.member, reference.list_number, reference.index) is CredentialStatus.REVOKED
    before = {kept.hash for kept in bank.kept.outbox.in_state(TransactionState.MINED, 10)}
    bank.chain.rpc.call("evm_revert", snapshot)
    assert bank.follow().rolled_back_to is not None
    assert not any(bank.attested(digests))
    bank.turn(4)
    assert all(bank.attested(digests))
    assert {kept.hash for kept in bank.kept.outbox.in_state(TransactionState.MINED, 10)} == before


def test_refusal_is_named_as_on_anvil(bank: Member) -> None:
    refused = bank.intend("Consortium", "suspendMember", hex_of(bank.party.member), "0x" + "01" * 32)
    bank.turn()
    assert bank.intent(refused).failure == "SupervisorOnly"


def test_reverted_transaction_is_judged(bank: Member) -> None:
    """Hardhat answers the sending itself with an error when the transaction reverts."""
    bank.chain.rpc.call("evm_setAutomine", False)
    key = ("0x" + "0d" * 32, 1, 0, bank.clock.now() + 10**8)
    twins = [bank.intend("KeyRegistry", "registerKey", *key) for _ in range(2)]
    bank.send()
    bank.chain.rpc.call("evm_mine")
    bank.chain.rpc.call("evm_setAutomine", True)
    bank.turn(4)
    assert [bank.intent(each).state for each in twins] == [IntentState.DONE] * 2

"""Chains that go back: what a fork or a killed chain process takes away is noticed, said and sent again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from jeung.domain.chain import ChainAccount, IntentState, TransactionState
from jeung.domain.identifiers import SchemaId
from jeung.domain.ledger import CredentialStatus
from node.chain.errors import ChainMoved, RpcUnreachable, WrongChain
from node.chain.follower import Follower
from node.chain.hexes import hex_of
from node.chain.rpc import Rpc, RpcLimits
from tests.common import rows
from tests.common.chain import HOST, Chain, Member, Party, Prepared, anvil, free_port, prepare, wait_for

pytestmark = pytest.mark.chain

MINED, SIGNED = TransactionState.MINED, TransactionState.SIGNED


def work_of_every_kind(bank: Member) -> tuple[list[bytes], str]:
    """Attest, revoke and register a key, and see all three in the index."""
    digests = bank.issue(1, 3)
    bank.turn()
    with bank.kept.store.write() as tx:
        tx.credentials.want_status(["credential-2"], CredentialStatus.REVOKED, rows.NOW)
    registered = bank.intend("KeyRegistry", "registerKey", "0x" + "0c" * 32, 1, 0, bank.clock.now() + 10**8)
    bank.turn()
    assert stands(bank, digests, registered)
    return digests, registered


def stands(bank: Member, digests: list[bytes], registered: str) -> bool:
    reference = rows.credential(2).status
    with bank.kept.ledger.view() as view:
        revoked = view.status(bank.party.member, reference.list_number, reference.index)
        keys = [key.thumbprint for key in view.registry.keys.values()]
    return (
        all(bank.attested(digests))
        and revoked is CredentialStatus.REVOKED
        and keys == [b"\x0c" * 32]
        and bank.intent(registered).state is IntentState.DONE
    )


def raw_sent(bank: Member) -> dict[tuple[str, int], bytes]:
    return {(kept.address, kept.nonce): kept.raw for kept in bank.kept.outbox.in_state(MINED, 100)}


def test_snapshot_revert_is_noticed_said_and_everything_sent_again(bank: Member, chain: Chain) -> None:
    snapshot, height = chain.rpc.call("evm_snapshot"), chain.height
    digests, registered = work_of_every_kind(bank)
    before = raw_sent(bank)
    chain.rpc.call("evm_revert", snapshot)
    with capture_logs() as logs:
        step = bank.follow()
    assert step.rolled_back_to == height
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["chain_rolled_back"]
    assert bank.attested(digests) == [False] * 3
    assert bank.intent(registered).state is IntentState.SENT
    bank.turn(4)
    assert stands(bank, digests, registered)
    assert raw_sent(bank) == before, "the same transactions, byte for byte"


def test_reorganisation_of_the_same_height_is_noticed(bank: Member, chain: Chain) -> None:
    digests, registered = work_of_every_kind(bank)
    chain.mine(2)
    bank.follow()
    height = chain.height
    chain.rpc.call("anvil_reorg", 4, [])
    assert chain.height >= height
    assert bank.follower.step(bank.fence).rolled_back_to == height - 4
    bank.turn(4)
    assert stands(bank, digests, registered)


def test_loss_that_grew_over_again_is_noticed(bank: Member, chain: Chain) -> None:
    snapshot, height = chain.rpc.call("evm_snapshot"), chain.height
    digests, registered = work_of_every_kind(bank)
    chain.rpc.call("evm_revert", snapshot)
    chain.mine(40)
    assert bank.follower.step(bank.fence).rolled_back_to == height
    bank.turn(4)
    assert stands(bank, digests, registered)


def test_killed_chain_that_comes_back_older_gets_every_write_again(
    prepared: Prepared, tmp_path: Path, member_of: Callable[..., Member]
) -> None:
    bank = member_of(prepared.bank)
    port = free_port()
    with anvil(tmp_path, state=prepared.state, port=port) as first:
        bank.connect(first)
        kept_digests = bank.issue(101, 2)
        bank.turn()
        dump = first.dump()
        digests, registered = work_of_every_kind(bank)
        before = raw_sent(bank)
        first.kill()
        with pytest.raises(RpcUnreachable):
            bank.follow()
        with pytest.raises(RpcUnreachable):
            bank.send()
    with anvil(tmp_path, state=dump, port=port) as second:
        bank.connect(second)
        assert bank.follow().rolled_back_to is not None or not all(bank.attested(digests))
        bank.turn(5)
        assert stands(bank, digests, registered)
        assert all(bank.attested(kept_digests))
        assert raw_sent(bank) == before


def test_receipts_and_logs_survive_a_dump(prepared: Prepared, tmp_path: Path, bank: Member, chain: Chain) -> None:
    """A restarted worker asks a restarted chain for receipts of transactions that were mined before."""
    digests = bank.issue(1, 2)
    bank.send()
    (kept,) = bank.kept.outbox.in_state(SIGNED, 10)
    wait_for(lambda: chain.rpc.call("eth_getTransactionReceipt", hex_of(kept.hash)))
    dump = chain.dump()
    chain.kill()
    with anvil(tmp_path, state=dump) as again:
        bank.connect(again)
        bank.turn(2)
        assert all(bank.attested(digests))
        assert bank.kept.outbox.in_state(SIGNED, 10) == []
        address = bank.party.signer.address(ChainAccount.ATTEST)
        assert again.rpc.call("eth_getTransactionCount", address, "latest") == "0x1"


def test_another_consortiums_chain_is_refused(prepared: Prepared, tmp_path: Path, bank: Member) -> None:
    known = bank.kept.index.head()
    folder = tmp_path / "other"
    folder.mkdir()
    with anvil(folder) as other:
        prepare(folder, other)
        other.mine(100)
        bank.connect(other)
        with pytest.raises(WrongChain):
            bank.follow()
        running = Follower(other.rpc, bank.kept.index, prepared.deployment, bank.book, bank.clock)
        running._ready = True  # a worker whose endpoint is exchanged under it
        with pytest.raises(WrongChain):
            running.step(bank.fence)
    assert bank.kept.index.head() == known, "the index of the true chain was given up for a false one"


def test_endpoint_that_lags_behind_is_waited_for(
    prepared: Prepared, tmp_path: Path, chain: Chain, bank: Member
) -> None:
    chain.mine(5)
    bank.follow()
    known = bank.kept.index.head()
    with anvil(tmp_path, state=prepared.state) as behind:
        urls = [f"http://{HOST}:{free_port()}", f"http://{HOST}:{behind.port}"]
        rpc = Rpc(urls, RpcLimits(rounds=1))
        follower = Follower(rpc, bank.kept.index, prepared.deployment, bank.book, bank.clock)
        with pytest.raises(ChainMoved):
            follower.step(bank.fence)
        assert bank.kept.index.head() == known
        bank.clock.advance(60)
        assert follower.step(bank.fence).rolled_back_to == behind.height, "in the end the only chain is believed"


def test_follower_resumes_where_the_index_stands(
    prepared: Prepared, chain: Chain, member_of: Callable[..., Member]
) -> None:
    bank = member_of(prepared.bank)
    digests = bank.issue(1, 5)
    bank.turn()
    whole = member_of(Party(prepared.bank.url, prepared.bank.signer))
    assert whole.kept.index.head() == bank.kept.index.head()
    assert whole.attested(digests) == bank.attested(digests) == [True] * 5
    chain.mine(3)
    bank.connect(chain)
    assert bank.follow().blocks == 3


def test_rebuilding_from_nothing_gives_the_same_registry(
    prepared: Prepared, chain: Chain, bank: Member, member_of: Callable[..., Member]
) -> None:
    work_of_every_kind(bank)
    rebuilt = member_of(prepared.exchange)
    with bank.kept.ledger.view() as ours, rebuilt.kept.ledger.view() as theirs:
        assert theirs.registry == ours.registry
        assert SchemaId(next(iter(theirs.registry.schemas))) in ours.registry.schemas

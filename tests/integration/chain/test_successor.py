"""A contract that the Directory names in place of another: each is read for its own range of blocks."""

from collections.abc import Callable, Sequence

import pytest

from node.chain.hexes import hex_of
from tests.common.chain import Chain, Member, Party, Prepared, agree, deploy_contract

pytestmark = pytest.mark.chain

KEY_REGISTRY = hex_of(b"KeyRegistry".ljust(32, b"\0"))


def deploy_successor(chain: Chain, prepared: Prepared) -> str:
    return deploy_contract(chain, prepared, "KeyRegistry", "Consortium")


def register(member: Member, key: int) -> None:
    member.intend("KeyRegistry", "registerKey", f"0x{key:064x}", 1, 0, member.clock.now() + 10**8)
    member.turn()


def keys_known(member: Member) -> list[int]:
    with member.kept.ledger.view() as view:
        return sorted(int.from_bytes(key.thumbprint) for key in view.registry.keys.values())


@pytest.fixture
def both(prepared: Prepared, member_of: Callable[..., Member]) -> Sequence[Member]:
    return [member_of(prepared.bank), member_of(prepared.exchange)]


def test_successor_is_written_to_and_read_from_its_naming_on(
    prepared: Prepared, chain: Chain, both: Sequence[Member], member_of: Callable[..., Member]
) -> None:
    bank, exchange = both
    exchange.follow()
    register(bank, 1)
    successor = deploy_successor(chain, prepared)
    agree(both, "Directory", "set", KEY_REGISTRY, successor)
    register(bank, 2)
    assert bank.book.current()["KeyRegistry"] == successor
    exchange.book.forget_after(0)
    exchange.follow()
    rebuilt = member_of(Party(prepared.bank.url, prepared.bank.signer))
    assert keys_known(bank) == keys_known(exchange) == keys_known(rebuilt) == [1, 2]
    assert rebuilt.book.current() == bank.book.current()


def test_rolling_the_naming_back_brings_the_predecessor_back(
    prepared: Prepared, chain: Chain, both: Sequence[Member]
) -> None:
    bank = both[0]
    snapshot = chain.rpc.call("evm_snapshot")
    before = dict(bank.book.current())
    agree(both, "Directory", "set", KEY_REGISTRY, deploy_successor(chain, prepared))
    assert bank.book.current() != before
    chain.rpc.call("evm_revert", snapshot)
    for member in both:
        member.follow()
        assert member.book.current() == before

"""Every chain node lets in and takes out as the port says: the one over JSON-RPC and the one in memory."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from jeung.domain.network import parse_enode
from jeung.ports.network import (
    ChainNode,
    ChainNodeUnavailable,
    PermissioningDisabled,
    PermissioningNotKept,
    PermissioningRefused,
)
from node.chain.besu import BesuNode
from node.chain.rpc import Rpc, RpcLimits
from tests.common.besu import BesuPermissions, BesuServer, serving
from tests.common.consortium import account
from tests.common.memory.chain_node import MemoryChainNode
from tests.common.network import enode_of

ONE, TWO, THREE = (enode_of(number) for number in (1, 2, 3))


@contextmanager
def in_memory(permissions: BesuPermissions) -> Iterator[ChainNode]:
    yield MemoryChainNode("validator", permissions)


@contextmanager
def over_http(permissions: BesuPermissions) -> Iterator[ChainNode]:
    with serving(BesuServer(permissions)) as server:
        rpc = Rpc([server.url], RpcLimits(rounds=1))
        try:
            yield BesuNode("validator", rpc)
        finally:
            rpc.close()


@pytest.fixture(params=[in_memory, over_http], ids=["memory", "http"])
def made(request: pytest.FixtureRequest) -> Iterator[Callable[[BesuPermissions], ChainNode]]:
    with ExitStack() as opened:
        yield lambda permissions: opened.enter_context(request.param(permissions))


def test_what_was_added_is_read_and_what_was_removed_is_not(made: Callable[[BesuPermissions], ChainNode]) -> None:
    node = made(BesuPermissions())
    node.add_nodes([ONE, TWO])
    node.add_accounts([account(1), account(2)])
    node.remove_nodes([ONE])
    node.remove_accounts([account(2)])
    assert (node.nodes(), node.accounts(), node.name) == ([TWO], [account(1)], "validator")


def test_own_key_is_told_or_unknown(made: Callable[[BesuPermissions], ChainNode]) -> None:
    assert made(BesuPermissions(own_enode=ONE)).own_key() == key_of(ONE)
    assert made(BesuPermissions()).own_key() is None
    assert made(BesuPermissions(own_enode="enode://nonsense")).own_key() is None


def key_of(enode: str) -> bytes:
    endpoint = parse_enode(enode)
    assert endpoint is not None
    return endpoint.key


@pytest.mark.parametrize(
    "entries",
    [[], [ONE, TWO], [TWO, TWO], [TWO, "enode://nonsense"], [TWO, enode_of(3).replace("10.0.0.3", "node.example")]],
    ids=["none", "one stands", "one twice", "one malformed", "one by name"],
)
def test_addition_is_refused_whole(made: Callable[[BesuPermissions], ChainNode], entries: list[str]) -> None:
    permissions = BesuPermissions(nodes=[ONE])
    with pytest.raises(PermissioningRefused):
        made(permissions).add_nodes(entries)
    assert permissions.nodes == [ONE]


@pytest.mark.parametrize(
    "entries", [[], [ONE, TWO], [ONE, THREE], [ONE, ONE]], ids=["none", "absent", "fixed", "twice"]
)
def test_removal_is_refused_whole(made: Callable[[BesuPermissions], ChainNode], entries: list[str]) -> None:
    permissions = BesuPermissions(nodes=[ONE, THREE], fixed_nodes=(THREE,))
    with pytest.raises(PermissioningRefused):
        made(permissions).remove_nodes(entries)
    assert permissions.nodes == [ONE, THREE]


def test_accounts_are_refused_whole(made: Callable[[BesuPermissions], ChainNode]) -> None:
    permissions = BesuPermissions(accounts=[account(1)])
    node = made(permissions)
    for entries in ([], [account(1), account(2)], [account(2), account(2)], [account(2), "0x12"]):
        with pytest.raises(PermissioningRefused):
            node.add_accounts(entries)
    for entries in ([], [account(1), account(3)], ["nobody"]):
        with pytest.raises(PermissioningRefused):
            node.remove_accounts(entries)
    assert permissions.accounts == [account(1)]


def test_list_that_is_not_enabled_is_neither_read_nor_changed(made: Callable[[BesuPermissions], ChainNode]) -> None:
    node = made(BesuPermissions(nodes=None, accounts=None))
    for act in (node.nodes, node.accounts, lambda: node.add_nodes([ONE]), lambda: node.remove_accounts([account(1)])):
        with pytest.raises(PermissioningDisabled):
            act()


def test_change_that_is_not_kept_holds_and_says_so(made: Callable[[BesuPermissions], ChainNode]) -> None:
    node = made(BesuPermissions(file_out_of_sync=True))
    with pytest.raises(PermissioningNotKept):
        node.add_nodes([ONE])
    assert node.nodes() == [ONE]


def test_change_that_cannot_be_written_does_not_hold(made: Callable[[BesuPermissions], ChainNode]) -> None:
    node = made(BesuPermissions(file_unwritable=True))
    with pytest.raises(PermissioningRefused):
        node.add_nodes([ONE])
    assert node.nodes() == []


def test_silent_node_is_unavailable() -> None:
    silent = MemoryChainNode("validator", BesuPermissions())
    silent.down = True
    rpc = Rpc(["http://127.0.0.1:9"], RpcLimits(rounds=1, timeout_s=1))
    for node in (silent, BesuNode("validator", rpc)):
        with pytest.raises(ChainNodeUnavailable):
            node.nodes()
        with pytest.raises(ChainNodeUnavailable):
            node.own_key()

"""What a Besu node answers is believed within bounds only, and what it refuses is told apart."""

from typing import Any

import pytest

from jeung.ports.network import ChainNodeUnavailable, PermissioningDisabled
from node.chain.besu import MAX_ENTRIES, BesuNode
from node.chain.errors import RpcRefused, RpcUnreachable
from node.chain.rpc import Rpc, RpcLimits
from tests.common.besu import BesuPermissions, BesuServer, serving
from tests.common.network import enode_of

TOKEN = "header.payload.signature"


def test_request_is_made_with_the_token_and_the_token_is_never_shown() -> None:
    with serving(BesuServer(BesuPermissions(nodes=[enode_of(1)]), token=TOKEN)) as server:
        rpc = Rpc([server.url], RpcLimits(rounds=1), bearer=TOKEN)
        assert BesuNode("validator", rpc).nodes() == [enode_of(1)]
        assert TOKEN not in repr(vars(rpc))


@pytest.mark.parametrize("bearer", [None, "another"], ids=["no token", "another token"])
def test_node_that_wants_another_token_is_unavailable(bearer: str | None) -> None:
    with serving(BesuServer(token=TOKEN)) as server:
        node = BesuNode("validator", Rpc([server.url], RpcLimits(rounds=1), bearer=bearer))
        with pytest.raises(ChainNodeUnavailable, match="HTTP status 401") as refusal:
            node.nodes()
        assert "another" not in refusal.value.detail


def test_token_wins_over_a_password_in_the_address() -> None:
    with serving(BesuServer(token=TOKEN)) as server:
        url = server.url.replace("://", "://operator:secret@")
        assert BesuNode("validator", Rpc([url], RpcLimits(rounds=1), bearer=TOKEN)).nodes() == []


def test_methods_that_are_not_enabled_are_no_permissioning() -> None:
    with serving(BesuServer(enabled_apis=("eth",))) as server:
        node = BesuNode("validator", Rpc([server.url], RpcLimits(rounds=1)))
        with pytest.raises(PermissioningDisabled):
            node.accounts()
        assert node.own_key() is None


class Answering(Rpc):
    """Give one answer, or one error, to every question."""

    def __init__(self, answer: Any) -> None:  # noqa: ANN401 - JSON, or what is raised
        super().__init__(["http://127.0.0.1:9"])
        self._answer = answer

    def call(self, method: str, *params: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        "enode",
        [1],
        [""],
        ["x" * 513],
        ["line\nbreak"],
        ["노드"],
        ["x"] * (MAX_ENTRIES + 1),
        RpcRefused("perm_getNodesAllowlist", -32000, "P2P has been disabled"),
        RpcUnreachable(),
    ],
    ids=["null", "object", "text", "numbers", "blank", "long", "control", "unicode", "many", "refused", "silent"],
)
def test_what_is_no_list_within_bounds_is_no_answer(answer: object) -> None:
    with pytest.raises(ChainNodeUnavailable):
        BesuNode("validator", Answering(answer)).nodes()


@pytest.mark.parametrize("code", [-32601, -32604, -40100])
def test_codes_of_missing_rights_are_no_permissioning(code: int) -> None:
    with pytest.raises(PermissioningDisabled):
        BesuNode("validator", Answering(RpcRefused("perm_getNodesAllowlist", code, "no"))).nodes()


@pytest.mark.parametrize("answer", [None, 7, "enode://nonsense"])
def test_own_key_is_unknown_where_the_answer_is_no_enode(answer: object) -> None:
    assert BesuNode("validator", Answering(answer)).own_key() is None

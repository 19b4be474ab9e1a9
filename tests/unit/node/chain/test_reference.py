"""The page about the chain says what the program does."""

import re
from pathlib import Path

import pytest

from node.chain import account, anchorer, anvil, embedded, errors, follower, rpc, sender, transactions
from node.settings import WorkerSettings

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "chain.md").read_text(encoding="utf-8")
LIMITS, RULES = rpc.RpcLimits(), account.SenderRules()


def leaves(kind: type[errors.ChainError]) -> list[type[errors.ChainError]]:
    # Other rooms may derive errors of their own, which a test beside this one may have imported.
    below = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return [leaf for child in below for leaf in leaves(child)] if below else [kind]


def test_page_explains_every_refusal_and_no_other() -> None:
    section = PAGE.split("## Refusals")[1]
    codes = sorted(kind.code for kind in leaves(errors.ChainError))
    assert sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == codes


def test_tree_names_every_error() -> None:
    drawn = errors.__doc__ or ""
    assert [kind.__name__ for kind in leaves(errors.ChainError) if kind.__name__ not in drawn] == []


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        ("{:g} s (`worker.rpc_timeout_s`)", LIMITS.timeout_s),
        ("{} s (`worker.rpc_timeout_s`)", WorkerSettings().rpc_timeout_s),
        ("and {} MiB", LIMITS.max_response_bytes >> 20),
        ("{} rounds over all endpoints", LIMITS.rounds),
        ("{:g} s to", LIMITS.first_pause_s),
        ("to {:g} s with jitter", LIMITS.longest_pause_s),
        ("the last {} blocks", anvil._STATES_ON_DISK),
        ("every {:g} s while there are new blocks", embedded._SHORTEST_INTERVAL_S),
        ("{} times a minute", embedded._RESTARTS),
        ("sent again\nevery {:g} s", RULES.rebroadcast_s),
        ("another transaction for {:g} s", RULES.foreign_nonce_s),
        ("that nobody has, for {:g} s", RULES.gap_s),
        ("At most {} transactions", account.MAX_IN_FLIGHT),
        ("at most {:,} (EIP-7825)", transactions.MAX_GAS),
        ("fewer than {} families", anchorer.CROWD),
        ("{} s to", sender._SHORTEST_RETRY_S),
        ("to {} s |", sender._LONGEST_RETRY_S),
        ("to {} s apart", sender._LONGEST_REST_S),
        ("waited for {} s first", follower.LAG_PATIENCE_S),
    ],
)
def test_page_states_the_numbers_of_the_program(sentence: str, value: object) -> None:
    assert sentence.format(value) in PAGE


def test_page_names_every_method_a_node_calls() -> None:
    sources = Path(rpc.__file__).parent.glob("*.py")
    method = r"(?:(?:eth|evm|net|web3)_\w+|anvil_[a-z]+[A-Z]\w+)"
    called = {name for path in sources for name in re.findall(f'"({method})"', path.read_text())}
    assert called == set(re.findall(f"`({method})`", PAGE.split("## Deployment")[0]))

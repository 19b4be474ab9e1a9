"""Keys at the command line, before the chain knows the member and after."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import main
from jeung.domain.dual_control import ActKind
from jeung.domain.staff import StaffRole
from jeung.services.own_keys import OwnKeysService, OwnStanding
from keys.errors import BackendRefused
from keys.model import State
from keys.purposes import Purpose
from node.runtime.acts import open_acts
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import open_keystore
from node.runtime.database import own_id
from node.runtime.parts import open_parts
from node.runtime.staff import NewStaff
from node.settings import load_settings
from tests.common import rows
from tests.unit.cli.test_staff import PASSWORD, SETTINGS, typed

CLOCK = SystemClock()


@pytest.fixture
def node(tmp_path: Path) -> Path:
    people = [NewStaff("areum", frozenset({StaffRole.KEY_CUSTODIAN}), PASSWORD)]
    create_node(NodePlan(tmp_path / "bank", "Hanbit Bank", SETTINGS, (), people), CLOCK)
    return tmp_path / "bank"


def run(node: Path, *arguments: str) -> int:
    return main(["keys", *arguments, "--node-dir", str(node)])


def current(node: Path, purpose: Purpose = Purpose.CREDENTIAL_SIGNING) -> str:
    with open_keystore(load_settings(node), CLOCK) as keystore:
        return keystore.current(purpose).key_id


def state(node: Path, key: str) -> State:
    with open_keystore(load_settings(node), CLOCK) as keystore:
        return keystore.get(key).state


def test_list_says_all_there_is_to_say_and_no_secret(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(node, "list") == 0
    assert current(node) in capsys.readouterr().out
    assert run(node, "list", "--json") == 0
    shown = {row["key_id"]: row for row in json.loads(capsys.readouterr().out)}
    row = shown[current(node)]
    assert row["state"] == "active"
    assert row["purpose"] == "credential_signing"
    assert row["due_at"] > row["activated_at"]
    assert row["on_chain"] == "unknown"
    assert "sealed" not in row


def test_rotation_before_the_chain_knows_the_member_takes_over_at_once(
    node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = current(node)
    assert run(node, "rotate") == 0
    fresh = capsys.readouterr().out.strip()
    assert current(node) == fresh != before
    assert state(node, before) is State.RETIRED


@pytest.mark.parametrize("purpose", [Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING])
def test_a_key_of_the_log_is_replaced_like_others(
    node: Path, purpose: Purpose, capsys: pytest.CaptureFixture[str]
) -> None:
    before = current(node, purpose)
    assert run(node, "rotate", "--purpose", purpose.value) == 0
    assert current(node, purpose) == capsys.readouterr().out.strip() != before
    assert state(node, before) is State.RETIRED


def test_last_key_of_a_purpose_is_not_retired(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(node, "retire", current(node)) == 2
    assert "rotate it instead" in capsys.readouterr().err
    assert state(node, current(node)) is State.ACTIVE


def test_second_key_is_activated_and_the_first_retired(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = current(node, Purpose.WEBHOOK_SIGNING)
    assert run(node, "create", "--purpose", "webhook_signing") == 0
    second = capsys.readouterr().out.strip()
    assert run(node, "activate", second) == 0
    assert run(node, "activate", second) == 2
    assert run(node, "retire", first) == 0
    assert current(node, Purpose.WEBHOOK_SIGNING) == second


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("--revoke", ActKind.MASS_REVOCATION), ("--reissue", ActKind.REISSUE)],
    ids=["revoke", "reissue"],
)
def test_compromised_key_stops_and_what_was_attested_since_is_proposed_for_revocation(
    node: Path, kind: str, asked: ActKind, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, since = current(node), CLOCK.now() - 100
    parts = open_parts(load_settings(node))
    with parts.kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number, signing_key_id=key) for number in (1, 2)])
    before = replace(rows.batch(1, [rows.digest_of(1)], issuer=own_id(parts.settings)), block_time=since - 1)
    fence = parts.kept.lease.acquire("test", now=CLOCK.now(), ttl_s=60) or 0
    parts.kept.index.apply(rows.blocks(1, 1, batches=[before]), fence=fence, polled_at=CLOCK.now())
    parts.close()
    assert run(node, "compromise", key, "--since", str(since), kind) == 2, "two people"
    assert state(node, key) is State.ACTIVE
    typed(monkeypatch, PASSWORD + "\n")
    options = ["--since", str(since), kind, "--as", "areum", "--reason", "stolen"]
    assert run(node, "compromise", key, *options) == 0
    assert "waits for a second person" in capsys.readouterr().out
    assert state(node, key) is State.COMPROMISED
    with open_keystore(load_settings(node), CLOCK) as keystore:
        assert keystore.list(purpose=Purpose.CREDENTIAL_SIGNING, state=State.PRE_ACTIVE)
    with open_acts(load_settings(node), CLOCK) as operator:
        (act,) = operator.acts.waiting()
        assert act.kind is asked
        words = operator.acts.describe(act)
        assert words is not None
        assert {fact.label.en: fact.value for fact in words.facts}["copies selected"] == "1"


def test_compromise_is_not_declared_for_the_future(node: Path) -> None:
    assert run(node, "compromise", current(node), "--since", str(CLOCK.now() + 1_000)) == 2
    assert state(node, current(node)) is State.ACTIVE


def test_key_the_chain_should_know_and_does_not_is_activated_only_on_purpose(
    node: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(node, "create", "--purpose", "credential_signing") == 0
    fresh = capsys.readouterr().out.strip()
    monkeypatch.setattr(OwnKeysService, "standing", lambda _: OwnStanding(is_member=True))
    assert run(node, "activate", fresh) == 2
    assert "chain does not know" in capsys.readouterr().err
    assert state(node, fresh) is State.PRE_ACTIVE
    assert run(node, "activate", fresh, "--unregistered") == 0
    assert state(node, fresh) is State.ACTIVE


def test_revocation_is_asked_for_though_no_successor_can_be_made(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A remote signer makes no keys for us: its leaked key has to be stopped and dealt with all the same."""
    key = current(node)

    def refuse(*_: object, **__: object) -> None:
        raise BackendRefused("a remote signer makes no keys for us")

    monkeypatch.setattr("node.runtime.keeper.make_successor", refuse)
    assert run(node, "compromise", key, "--since", str(CLOCK.now())) == 0
    assert "no successor could be made (backend_refused)" in capsys.readouterr().err
    assert state(node, key) is State.COMPROMISED


@pytest.mark.parametrize(
    "key", ["-N-TXYY6GysTbMFqmMPTbPntzVZ0haqJiJZ5k3m3j9I", "--help-elp6GysTbMFqmMPTbPntzVZ0haqJiJZ5k3m3"]
)
def test_key_id_that_begins_like_an_option_is_a_key_id(
    node: Path, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One id in 64 does; whoever had to stop such a key was told that there is no such option."""
    assert len(key) == 43
    for arguments in (["activate", key], ["retire", key], ["compromise", key, "--since", "1"]):
        assert run(node, *arguments) == 2
        assert "holds no such key" in capsys.readouterr().err
    for options in (["keys", "destroy", key], ["credentials", "revoke-all", "--key", key]):
        typed(monkeypatch, PASSWORD + "\n")
        assert main([*options, "--as", "areum", "--reason", "leaked", "--node-dir", str(node)]) == 2
        said = capsys.readouterr().err
        assert "no such key" in said or "fits the selection" in said, said

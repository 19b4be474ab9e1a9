"""A ceremony, a backup and a restore at the command line: two people, no secret where it could be seen."""

import io
import re
import shutil
import stat
from pathlib import Path

import pytest

from cli.custody.sheets import read_sheet
from cli.main import main
from jeung.domain.credentials import Selection
from jeung.domain.dual_control import ActKind, ActState
from jeung.domain.identifiers import to_hex
from jeung.domain.staff import StaffRole
from keys.envelope import Vault
from keys.errors import ShareRefused
from keys.model import State
from keys.purposes import Purpose
from node.runtime.acts import OpenedVault, build_act_work, open_acts
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import open_keystore
from node.runtime.parts import open_parts
from node.runtime.staff import NewStaff
from node.settings import load_settings
from tests.common import rows
from tests.common.backups import deployment
from tests.unit.cli.test_staff import PASSWORD, SETTINGS, Terminal, typed

CUSTODIANS = ["--custodian", "Areum", "--custodian", "Bora", "--custodian", "Chul"]


@pytest.fixture
def node(tmp_path: Path) -> Path:
    import json

    folder = tmp_path / "bank"
    people = [
        NewStaff("areum", frozenset({StaffRole.KEY_CUSTODIAN}), PASSWORD),
        NewStaff("bora", frozenset({StaffRole.APPROVER}), PASSWORD),
        NewStaff("chul", frozenset({StaffRole.AUDITOR}), PASSWORD),
    ]
    create_node(NodePlan(folder, "Hanbit Bank", SETTINGS, (), people), SystemClock())
    (folder / "deployment.json").write_text(json.dumps(deployment()))
    return folder


@pytest.fixture
def sheets(node: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "sheets"
    assert run(node, "ceremony", "--sheets", str(folder), "--threshold", "2", *CUSTODIANS, "--witness", "Dana") == 0
    said = capsys.readouterr()
    for sheet in folder.iterdir():
        assert " ".join(read_sheet(sheet)[:2]) not in said.out + said.err
    return folder


def run(node: Path, *arguments: str) -> int:
    return main(["keys", *arguments, "--node-dir", str(node)])


def test_ceremony_leaves_one_private_sheet_for_each_custodian_and_a_signed_protocol(
    node: Path, sheets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sorted(path.name for path in sheets.iterdir()) == [f"share-{n}-of-3.html" for n in (1, 2, 3)]
    assert stat.S_IMODE(sheets.stat().st_mode) == 0o700
    for path, name in zip(sorted(sheets.iterdir()), ("Areum", "Bora", "Chul"), strict=True):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        page = path.read_text()
        assert name in page
        assert "<svg" in page
        assert len(re.findall("<li>", page)) == 33
        assert "<script" not in page
        assert "http://www" not in page.replace("http://www.w3.org", "")
    assert main(["keys", "protocol", str(node / "ceremony-protocol.json")]) == 0
    said = capsys.readouterr().out
    assert "both signatures stand" in said
    assert "Dana" in said


def test_second_ceremony_wants_to_be_meant(node: Path, sheets: Path, tmp_path: Path) -> None:
    again = ["ceremony", "--sheets", str(tmp_path / "more"), "--threshold", "2", *CUSTODIANS]
    assert run(node, *again) == 2
    assert not (tmp_path / "more").exists()
    before = (node / "root.json").read_text()
    assert run(node, *again, "--replace") == 0
    assert (node / "root.json").read_text() != before
    assert len(list(node.glob("ceremony-protocol-*.json"))) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--threshold", "4", *CUSTODIANS],
        ["--threshold", "1", *CUSTODIANS],
        ["--threshold", "2", *CUSTODIANS, "--custodian", "a\nb"],
        ["--threshold", "2", *CUSTODIANS, "--typed"],
        ["--threshold", "2", *CUSTODIANS, "--custodian", " areum"],
    ],
    ids=["threshold", "alone", "name", "misread", "twice"],
)
def test_ceremony_that_fails_leaves_neither_sheet_nor_root(
    node: Path, tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "these are not the words\n")
    assert run(node, "ceremony", "--sheets", str(tmp_path / "sheets"), *arguments) == 2
    assert not (tmp_path / "sheets").exists()
    assert not (node / "root.json").exists()


def test_custodians_type_their_shares_without_echo(
    node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sheets"
    asked: list[dict[str, object]] = []

    def prompt(_text: str, **options: object) -> str:
        asked.append(options)
        return " ".join(read_sheet(folder / f"share-{len(asked)}-of-3.html"))

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("cli.custody.ceremony.ask_share.__defaults__", (prompt,))
    assert run(node, "ceremony", "--sheets", str(folder), "--threshold", "2", *CUSTODIANS, "--typed") == 0
    assert [options["hide_input"] for options in asked] == [True, True]


def test_sheets_go_into_a_folder_of_their_own(node: Path, tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    assert run(node, "ceremony", "--sheets", str(tmp_path / "used"), "--threshold", "2", *CUSTODIANS) == 2
    assert (tmp_path / "used" / "file").exists()


def approved(node: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with open_acts(load_settings(node), SystemClock()) as operator:
        (act,) = operator.acts.waiting()
        words = operator.acts.describe(act)
        assert words is not None
        assert words.title.ko
    typed(monkeypatch, PASSWORD + "\n")
    assert (
        main(["acts", "approve", act.act_id, "--as", "bora", "--digest", to_hex(act.digest), "--node-dir", str(node)])
        == 0
    )
    return act.act_id


def test_two_people_write_a_backup_and_the_shares_bring_the_node_back(
    node: Path, sheets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "areum", "--reason", "weekly") == 0
    act = approved(node, monkeypatch)
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "areum", "--act", act) == 2
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "areum", "--act", act, "--to", str(tmp_path / "backups")) == 0
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "areum", "--act", act, "--to", str(tmp_path / "backups")) == 2
    (made,) = (tmp_path / "backups").iterdir()
    shutil.rmtree(node)
    words = [" ".join(read_sheet(sheet)) for sheet in sorted(sheets.iterdir())]
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(words[1:]) + "\n"))
    assert main(["keys", "restore", str(made), "--dir", str(node), "--without-chain", "--without-erasures"]) == 0
    said = capsys.readouterr()
    assert "restored" in said.out
    assert words[1] not in said.out + said.err
    assert run(node, "list") == 0
    empty = tmp_path / "erasures.journal"
    empty.touch()
    typed_file = tmp_path / "words"
    typed_file.write_text(words[0])
    typed_file.chmod(0o600)
    shares = ["--share", str(typed_file), "--share", str(sheets / "share-3-of-3.html")]
    assert (
        main(
            [
                "keys",
                "restore",
                str(made),
                "--dir",
                str(tmp_path / "b"),
                "--without-chain",
                "--erasures",
                str(empty),
                *shares,
            ]
        )
        == 0
    )


def test_chain_is_named_or_done_without_on_purpose(tmp_path: Path) -> None:
    for options in ([], ["--without-chain", "--rpc", "http://x", "--deployment", "d"], ["--rpc", "http://x"]):
        assert main(["keys", "restore", "x.backup", "--dir", str(tmp_path / "x"), *options]) == 2


def test_journal_of_erasures_is_named_or_done_without_on_purpose(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options in ([], ["--without-erasures", "--erasures", "j"]):
        arguments = ["keys", "restore", "x.backup", "--dir", str(tmp_path / "x"), "--without-chain", *options]
        assert main(arguments) == 2
        assert "--without-erasures" in capsys.readouterr().err


def test_backup_that_fails_ends_its_act(
    node: Path, sheets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "areum", "--reason", "weekly") == 0
    act = approved(node, monkeypatch)
    (node / "deployment.json").write_text("{}")
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "areum", "--act", act, "--to", str(tmp_path / "backups")) == 2
    with open_acts(load_settings(node), SystemClock()) as operator:
        assert operator.acts.get(act).state is ActState.FAILED


def test_nobody_asks_for_a_backup_without_the_role_or_without_a_root(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "chul", "--reason", "weekly") == 2
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "backup", "--as", "areum", "--reason", "weekly") == 2
    assert "ceremony" in capsys.readouterr().err


def test_two_people_destroy_a_retired_key(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(node)
    with open_keystore(settings, SystemClock()) as keystore:
        key = keystore.current(Purpose.WEBHOOK_SIGNING).key_id
        wrapping = keystore.current(Purpose.DATA_WRAPPING).key_id
    typed(monkeypatch, PASSWORD + "\n")
    # An active key is retired first; nobody asks otherwise.
    assert run(node, "destroy", key, "--as", "areum", "--reason", "old") == 2
    with open_keystore(settings, SystemClock()) as keystore:
        keystore.retire(key)
        keystore.retire(wrapping)
    parts = open_parts(settings)
    with parts.kept.store.write() as tx:
        from jeung.crypto import base64url
        from keys.envelope import HEAD_BYTES

        tx.data_keys.add("subject", b"\x01" + base64url.decode(wrapping) + bytes(60), 1)
        assert HEAD_BYTES == 33
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "destroy", wrapping, "--as", "areum", "--reason", "old") == 2
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "destroy", key, "--as", "areum", "--reason", "old") == 0
    act = approved(node, monkeypatch)
    work = build_act_work(parts)
    work.step()
    assert parts.keystore.get(key).state is State.DESTROYED
    with parts.kept.store.write() as tx:
        tx.data_keys.destroy("subject")
    typed(monkeypatch, PASSWORD + "\n")
    assert run(node, "destroy", wrapping, "--as", "areum", "--reason", "old") == 0
    late = approved(node, monkeypatch)
    with parts.kept.store.write() as tx:
        tx.data_keys.add("late", b"\x01" + base64url.decode(wrapping) + bytes(60), 1)
    work.step()
    assert parts.keystore.get(wrapping).state is State.RETIRED, "a row came between approval and execution"
    with open_acts(settings, SystemClock()) as operator:
        ended = operator.acts.get(act)
        assert (ended.kind, ended.state) == (ActKind.KEY_DESTRUCTION, ActState.DONE)
        assert operator.acts.get(late).failure == "conflict"
    parts.close()


@pytest.mark.parametrize("text", ["<html>", "one two"], ids=["page", "words"])
def test_file_without_a_share_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sheet"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ShareRefused):
        read_sheet(path)


def test_mass_revocation_is_asked_for_with_what_it_selects(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(node)
    parts = open_parts(settings)
    with parts.kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number, signing_key_id="key-1") for number in (1, 2)])
    ask = ["credentials", "revoke-all", "--as", "areum", "--reason", "stolen", "--node-dir", str(node)]
    for options in ([], ["--key", "key-2"], ["--schema", "0x00"]):
        typed(monkeypatch, PASSWORD + "\n")
        assert main([*ask, *options]) == 2
    capsys.readouterr()
    typed(monkeypatch, PASSWORD + "\n")
    assert main([*ask, "--key", "key-1", "--issued-from", "1"]) == 0
    assert "copies selected: 2" in capsys.readouterr().out
    act = approved(node, monkeypatch)
    build_act_work(parts).step()
    with parts.kept.store.read() as tx:
        assert tx.credentials.progress(Selection(signing_key_id="key-1")).revoked == 2
    capsys.readouterr()
    assert main(["acts", "show", act, "--node-dir", str(node)]) == 0
    assert "of those on their way to the chain" in capsys.readouterr().out
    parts.close()


def test_offers_of_a_reissue_are_written_to_a_private_file_once(
    node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    settings = load_settings(node)
    parts = open_parts(settings)
    with parts.kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1, signing_key_id="key-1")])
        tx.data_keys.add("subject-1", Vault(parts.keystore).new_data_key("subject-1"), 1)
    typed(monkeypatch, PASSWORD + "\n")
    ask = ["credentials", "revoke-all", "--as", "areum", "--reason", "stolen", "--node-dir", str(node)]
    assert main([*ask, "--key", "key-1", "--attested-from", "1", "--reissue"]) == 0
    act = approved(node, monkeypatch)
    with open_acts(settings, SystemClock()) as operator:
        assert operator.acts.get(act).kind is ActKind.REISSUE
        with parts.kept.store.write() as tx:
            made = operator.offers.make(tx, "proofing-1", ["real-name-1"], created_by=act, expires_at=2**40)
    file = tmp_path / "offers.jsonl"
    assert main(["credentials", "offers", act, "--to", str(file), "--node-dir", str(node)]) == 0
    said = capsys.readouterr().out
    assert "1 open offers" in said
    (line,) = [json.loads(text) for text in file.read_text().splitlines()]
    assert line["offer_id"] == made.offer_id
    assert line["deep_link"].startswith("openid-credential-offer://")
    assert line["transaction_code"] not in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main(["credentials", "offers", act, "--to", str(file), "--node-dir", str(node)]) == 2, (
        "nothing overwritten"
    )
    assert main(["credentials", "offers", "act_x", "--to", str(file) + "2", "--node-dir", str(node)]) == 2
    assert OpenedVault(lambda: parts.keystore).new_data_key("somebody")
    parts.close()

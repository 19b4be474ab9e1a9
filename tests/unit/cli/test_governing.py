"""What a person writes on the command line is read as meant, or refused with a word about why."""

import json
from pathlib import Path
from typing import Any

import coincurve
import pytest

from cli.commands.governance import app
from cli.console import CommandFailed
from cli.governing.reading import Roles, Share, account_of, duration_of, enode_of, number_of, role_mask, time_of
from cli.main import main
from jeung.crypto.hashing import keccak256
from jeung.domain.chain import ChainCall
from jeung.domain.governance.approvals import ApprovalRequest, SignedApproval, proposal_id
from jeung.domain.governance.calls import GOVERNED
from jeung.domain.identifiers import Address, MemberId, ProposalId
from keys.keystore import Keystore
from keys.passphrase import create_passphrase_file
from keys.purposes import Purpose
from node.chain.abi import encode_call
from node.runtime.adapters import SystemClock

KEY = "ab" * 64
CONSORTIUM = Address("0x" + "11" * 20)
FAR = 1 << 40


def test_times_are_read_as_dates_seconds_and_spans() -> None:
    assert time_of("1800000000") == 1_800_000_000
    assert time_of("2027-01-15") == 1_800_000_000 - 28_800
    assert time_of("2027-01-15T08:00:00+00:00") == 1_800_000_000
    now = SystemClock().now()
    assert 0 <= time_of("+1d") - now - 86_400 <= 5
    assert 0 <= time_of("-1h") - now + 3_600 <= 5


def test_lengths_shares_roles_and_accounts() -> None:
    assert [duration_of(text) for text in ("90", "30m", "12h", "2d")] == [90, 1_800, 43_200, 172_800]
    assert Share.parse("2/3") == Share(2, 3)
    assert role_mask([Roles.ISSUER, Roles.SUPERVISOR, Roles.ISSUER]) == 5
    assert account_of("0x" + "aB" * 20) == "0x" + "aB" * 20


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (time_of, "tomorrow"),
        (time_of, "7d"),
        (time_of, "-1"),
        (duration_of, "+7d"),
        (duration_of, "week"),
        (Share.parse, "2/0"),
        (Share.parse, "0.66"),
        (account_of, "0x12"),
        (account_of, "12" * 20),
        (enode_of, "enode://ab@10.0.0.1:30303"),
        (enode_of, f"enode://{KEY}@10.0.0.1"),
        (enode_of, f"enode://{KEY}@10.0.0.1:x"),
        (enode_of, f"http://{KEY}@10.0.0.1:1"),
        (enode_of, f"enode://{KEY}@:1"),
        (enode_of, f"enode://{KEY}@a:1?discport=x"),
    ],
)
def test_what_is_written_otherwise_is_refused(read: Any, text: str) -> None:  # noqa: ANN401 - readers of all kinds
    with pytest.raises(CommandFailed):
        read(text)
    with pytest.raises(CommandFailed):
        number_of(text, 32)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("10.0.0.1", ["0x" + "00" * 10 + "ffff0a000001", ""]),
        ("[::1]", ["0x" + "00" * 15 + "01", ""]),
        ("Node.Example", ["0x" + "00" * 16, "node.example"]),
    ],
    ids=["ipv4", "ipv6", "name"],
)
def test_an_enode_url_becomes_an_endpoint(host: str, endpoint: list[str]) -> None:
    halves = ["0x" + "ab" * 32] * 2
    assert enode_of(f"enode://{KEY}@{host}:30303?discport=0") == [*halves, *endpoint, 30303, 0]
    assert enode_of(f"enode://{KEY}@{host}:30303")[-1] == 30303


def test_every_governed_call_can_be_proposed_by_name() -> None:
    source = (Path(__file__).parents[3] / "cli" / "governing" / "proposing.py").read_text("utf-8")
    for contract, function in GOVERNED:
        assert f'"{contract}", "{function}"' in source, function
    assert app.info.help


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--language", "fr"],
        ["list", "--url", "http://localhost:1"],
        ["propose", "call", "Directory", "set", "{}"],
    ],
    ids=["language", "no-key", "no-list"],
)
def test_wrong_usage_says_why(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["governance", *arguments, "--data", "none"]) == 2
    assert capsys.readouterr().err.startswith("jeung: ")


class Machine:
    """A machine that has a keystore with one governance key and a file to sign; no node, no network."""

    def __init__(self, folder: Path) -> None:
        self.folder, clock = folder, SystemClock()
        self.keystore, self.secret = folder / "keystore", folder / "secret"
        phrase = create_passphrase_file(self.secret)
        with Keystore.create_in(self.keystore, phrase, clock=clock) as keystore:
            made = keystore.create(Purpose.GOVERNANCE)
            keystore.activate(made.key_id)
            self.account = Address(keystore.current(Purpose.GOVERNANCE).address or "")
        self.file, self.out = folder / "request.json", folder / "signed.json"
        self.write()

    def write(self, **changed: Any) -> None:  # noqa: ANN401 - members of the request
        url = "https://broker.example"
        call = encode_call(ChainCall("Consortium", "admitMember", (url, "0x" + "22" * 20, 1)), {})
        plain = {
            "chain_id": 7,
            "consortium": CONSORTIUM,
            "proposal": ProposalId(b""),
            "proposer": MemberId(b"p" * 32),
            "target": CONSORTIUM,
            "contract": "Consortium",
            "call": call,
            "salt": b"s" * 32,
            "member": MemberId(b"m" * 32),
            "account": self.account,
            "nonce": 3,
            "deadline": FAR,
            **changed,
        }
        draft = ApprovalRequest(**plain)
        request = ApprovalRequest(**{**plain, "proposal": proposal_id(draft)})
        self.request = request
        self.file.write_text(json.dumps(request.document()), "utf-8")

    def sign(self, *more: str) -> int:
        where = ("--keystore", str(self.keystore), "--passphrase-file", str(self.secret))
        return main(["governance", "sign", str(self.file), "--out", str(self.out), *where, *more])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


def test_an_approval_is_shown_in_words_and_signed_without_a_network(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.write()
    assert machine.sign("--yes") == 0
    said = capsys.readouterr().out
    assert "Admit “https://broker.example” as a member with the roles issuer" in said
    assert "을(를) 회원사로 받아들입니다" in said
    signed = SignedApproval.parse(machine.out.read_bytes())
    raw = signed.signature[:64] + bytes([signed.signature[64] - 27])
    key = coincurve.PublicKey.from_signature_and_message(raw, machine.request.message(), hasher=keccak256)
    account = keccak256(key.format(compressed=False)[1:])[12:]
    assert "0x" + account.hex() == machine.account.lower()


def test_nothing_is_signed_without_a_yes(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.write()
    machine.out.unlink(missing_ok=True)
    assert machine.sign() != 0
    assert not machine.out.exists()
    assert "Approve this?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"account": "0x" + "99" * 20}, "another account"), ({"deadline": 5}, "deadline")],
    ids=["foreign-account", "late"],
)
def test_what_this_key_should_not_sign_is_refused(
    machine: Machine, changed: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.write(**changed)
    assert machine.sign("--yes") == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("deployed", "code"),
    [
        ({"chain_id": 7, "addresses": {"Consortium": CONSORTIUM}}, 0),
        ({"chain_id": 8, "addresses": {"Consortium": CONSORTIUM}}, 1),
        ({"chain_id": 7, "addresses": {"Consortium": "0x" + "12" * 20}}, 1),
        ({"chain_id": 7, "addresses": {"Consortium": CONSORTIUM, "Directory": "0x" + "13" * 20}}, 0),
        ({"chain_id": 7}, 2),
    ],
    ids=["ours", "chain", "contract", "more", "malformed"],
)
def test_a_deployment_tells_whether_it_is_our_consortium(
    machine: Machine, deployed: dict[str, Any], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.write()
    path = machine.folder / "deployment.json"
    path.write_text(json.dumps(deployed), "utf-8")
    assert machine.sign("--yes", "--deployment", str(path)) == code
    assert capsys.readouterr()


def test_a_contract_under_a_false_name_is_refused(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.write(target="0x" + "13" * 20)
    path = machine.folder / "deployment.json"
    addresses = {"Consortium": CONSORTIUM, "Directory": "0x" + "13" * 20}
    path.write_text(json.dumps({"chain_id": 7, "addresses": addresses}), "utf-8")
    assert machine.sign("--yes", "--deployment", str(path)) == 1
    assert "another name" in capsys.readouterr().err


def test_a_changed_file_is_refused(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.write()
    document = json.loads(machine.file.read_text("utf-8"))
    machine.file.write_text(json.dumps({**document, "call": document["call"][:-2] + "ff"}), "utf-8")
    assert machine.sign("--yes") == 2
    assert "not the one that the proposal stands for" in capsys.readouterr().err


def test_which_key_must_be_said(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.write()
    assert main(["governance", "sign", str(machine.file), "--out", str(machine.out), "--yes"]) == 2
    assert "which key?" in capsys.readouterr().err


def test_a_clients_key_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["node", "client", "--key", str(tmp_path / "k.pem"), "--out", str(tmp_path / "c.json")]
    assert main([*arguments, "--scope", "govern"]) == 0
    assert (tmp_path / "k.pem").stat().st_mode & 0o777 == 0o600
    assert "d" not in json.loads((tmp_path / "c.json").read_text("utf-8"))["jwk"]
    assert main([*arguments, "--scope", "govern"]) == 2
    assert "never overwritten" in capsys.readouterr().err

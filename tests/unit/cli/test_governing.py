"""What a person writes on the command line is read as meant, or refused with a word about why."""

import json
from pathlib import Path
from typing import Any

import coincurve
import pytest

from cli.commands.governance import app
from cli.console import CommandFailed
from cli.governing.proposing import app as propose_app
from cli.governing.reading import Roles, role_mask, salt_of, time_of
from cli.main import main
from jeung.crypto.hashing import keccak256
from jeung.domain.chain import ChainCall
from jeung.domain.governance.approvals import ApprovalRequest, SignedApproval, proposal_id
from jeung.domain.governance.motions import MOTIONS
from jeung.domain.governance.reading import salted_digest
from jeung.domain.identifiers import Address, MemberId, ProposalId
from keys.keystore import Keystore
from keys.passphrase import create_passphrase_file
from keys.purposes import Purpose
from node.chain.abi import encode_call
from node.runtime.adapters import SystemClock

KEY = "ab" * 64
CONSORTIUM = Address("0x" + "11" * 20)
FAR = 1 << 40


def test_times_and_roles() -> None:
    assert time_of("2027-01-15") == 1_800_000_000 - 28_800
    assert 0 <= time_of("+1d") - SystemClock().now() - 86_400 <= 5
    assert role_mask([Roles.ISSUER, Roles.SUPERVISOR, Roles.ISSUER]) == 5


def test_a_reason_is_salted_freshly_and_can_be_shown_one_day() -> None:
    one, other = salt_of("Keys on the street"), salt_of("Keys on the street")
    assert one["reason_digest"] != other["reason_digest"]
    assert salted_digest(bytes.fromhex(one["reason_salt"][2:]), "Keys on the street") == one["reason_digest"]
    with pytest.raises(CommandFailed):
        salt_of(" ")


def test_every_motion_is_a_command() -> None:
    commands = {one.name for one in propose_app.registered_commands}
    assert commands == {*MOTIONS, "call"}
    source = (Path(__file__).parents[3] / "cli" / "governing" / "proposing.py").read_text("utf-8")
    for kind in MOTIONS:
        assert f'move(desk, "{kind}"' in source or f'motion_call("{kind}"' in source, kind
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


def test_a_contract_that_no_deployment_names_is_shown_as_the_file_calls_it(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.write(target="0x" + "66" * 20)
    path = machine.folder / "deployment.json"
    path.write_text(json.dumps({"chain_id": 7, "addresses": {"Consortium": CONSORTIUM}}), "utf-8")
    assert machine.sign("--yes", "--deployment", str(path)) == 0
    assert "(name as the file says)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contract", "Consortium\nGood until: 2099"),
        ("contract", "\x1b[2J"),
        ("account", "0x" + "99" * 19 + "\n99"),
        ("target", "0x" + " 11" * 20),
        ("call", "0x12 34"),
        ("call", "0x123"),
    ],
    ids=["line", "escape", "account", "target", "spaces", "half"],
)
def test_a_file_cannot_write_lines_of_its_own_to_the_terminal(
    machine: Machine, name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.write()
    document = json.loads(machine.file.read_text("utf-8"))
    machine.file.write_text(json.dumps({**document, name: value}), "utf-8")
    assert machine.sign("--yes") == 2
    assert "this is no request for an approval" in capsys.readouterr().err


def test_a_changed_file_is_refused(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.write()
    document = json.loads(machine.file.read_text("utf-8"))
    machine.file.write_text(json.dumps({**document, "call": document["call"][:-2] + "ff"}), "utf-8")
    assert machine.sign("--yes") == 2
    assert "not the one that the proposal stands for" in capsys.readouterr().err


def test_a_contract_account_is_told_how_to_sign(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.write(account="0x" + "99" * 20, contract_account=True)
    assert machine.sign("--yes") == 1
    assert "EIP-1271" in capsys.readouterr().err
    assert machine.sign("--typed-data") == 0
    assert json.loads(machine.out.read_text("utf-8"))["message"]["nonce"] == "3"


@pytest.mark.parametrize(
    ("contract", "made", "code"),
    [
        (True, "0x" + "42" * 195 + "\n", 0),
        (True, "0x", 2),
        (True, "0x" + "42" * 4_097, 2),
        (True, "42", 2),
        (False, "OURS", 0),
        (False, "0x" + "42" * 65, 1),
        (False, "0x" + "42" * 64, 2),
    ],
    ids=["contract", "empty", "large", "no-hex", "device", "foreign", "short"],
)
def test_a_signature_made_elsewhere_is_taken_if_it_can_be_the_accounts(
    machine: Machine, contract: bool, made: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    key = coincurve.PrivateKey(b"\5" * 32)
    account = "0x" + keccak256(key.public_key.format(compressed=False)[1:])[12:].hex()
    machine.write(account=account, contract_account=contract)
    raw = key.sign_recoverable(machine.request.message(), hasher=keccak256)
    file = machine.folder / "made"
    file.write_text("0x" + raw[:64].hex() + f"{raw[64] + 27:02x}" if made == "OURS" else made, "utf-8")
    arguments = [
        "governance",
        "sign",
        str(machine.file),
        "--out",
        str(machine.out),
        "--yes",
        "--signature",
        str(file),
    ]
    assert main(arguments) == code, capsys.readouterr()


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

"""Approve off line: export what is to be signed, sign where the key is, hand in from anywhere."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.node import NodeDirOption
from cli.console import CommandFailed, Exit, out
from cli.governing.desk import Desk, command, when
from cli.governing.reading import file_of
from cli.sandbox.layout import write_whole
from jeung.crypto.typed_data import recovered_account
from jeung.domain.chain import ChainAccount
from jeung.domain.governance.approvals import MAX_FILE_BYTES, ApprovalRequest, SignedApproval
from jeung.domain.governance.calls import in_words
from jeung.domain.identifiers import Address
from jeung.errors import InvalidSignature
from node.runtime.adapters import SystemClock
from node.settings import KEYSTORE_FOLDER, node_dir_from_environment

_OutOption = Annotated[Path, typer.Option("--out", help="The file to write; it holds no secret.")]
_FOREIGN = "the file asks another account to sign; this keystore governs another member"
_CONTRACT = (
    "the file asks a contract account to sign (EIP-1271), which has no key of its own: let those who govern it "
    "sign what --typed-data writes, and give their signature with --signature"
)
_UNREADABLE = "This call cannot be put into words. Do not approve what you cannot read."


def register(app: typer.Typer) -> None:
    """Put the commands into the group."""
    command(app, "export")(export)
    app.command("sign")(sign)
    command(app, "submit", acts=True)(submit)


def export(
    desk: Desk,
    proposal: Annotated[str, typer.Argument(help="The proposal's identifier, or the beginning of it.")],
    destination: _OutOption,
    *,
    member: Annotated[str, typer.Option(help="Who will sign, by URL or identifier; our member unless given.")] = "",
) -> None:
    """Write the file that a member signs off line to approve a proposal."""
    identifier = desk.proposal(proposal)["proposal_id"]
    body = {"member_id": desk.member(member)} if member else {}
    pending = desk.client.post(f"/v1/proposals/{identifier}/approval-requests", body)

    def ready() -> Any | None:  # noqa: ANN401 - the API's JSON
        return desk.client.get(f"/v1/governance/approval-requests/{pending['request_id']}")["document"]

    document = desk.until("the account's nonce", ready)
    write_whole(destination, json.dumps(document, indent=2) + "\n")
    desk.show(document, lambda: out.print(f"{destination}: to be signed before {when(document['deadline'])}"))


def sign(
    file: Annotated[Path, typer.Argument(help="The file that `jeung governance export` wrote.")],
    destination: _OutOption,
    node_dir: NodeDirOption = None,
    keystore: Annotated[
        Path | None, typer.Option(help="The keystore's folder, on a machine that has only the key.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="With --keystore: the file with its passphrase (mode 0600).")
    ] = None,
    deployment: Annotated[
        Path | None, typer.Option(help="deployment.json, to make sure that it is our consortium's contract.")
    ] = None,
    signature: Annotated[
        Path | None,
        typer.Option(
            help="A signature made elsewhere, 0x and digits: a device's, or a contract account's (EIP-1271)."
        ),
    ] = None,
    *,
    typed_data: Annotated[
        bool, typer.Option("--typed-data", help="Write what a device or wallet signs (EIP-712 JSON); sign nothing.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Sign without asking; what is signed is shown all the same.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the signed approval as JSON.")] = False,
) -> None:
    """Sign an approval with the governance key; needs no network.

    Shows in words what is approved, worked out from the call in the file: its identifier is the one that is signed.
    """
    request = ApprovalRequest.parse(_whole(file))
    named = deployment is not None and _named_by(request, deployment)
    if request.deadline < SystemClock().now():
        raise CommandFailed("the deadline in the file has passed; export it again", Exit.NO)
    _show(request, known=named)
    if typed_data:
        write_whole(destination, json.dumps(request.typed_data(), indent=2) + "\n")
        return
    if not yes and not typer.confirm("Approve this?"):
        raise CommandFailed("nothing was signed", Exit.NO)
    made = _signature(request, node_dir, keystore, passphrase_file) if signature is None else _elsewhere(signature)
    signed = SignedApproval.parse(json.dumps(SignedApproval.of(request, made).document()).encode())
    if not request.contract_account and signature is not None:
        _require_account(signed, request.account)
    write_whole(destination, json.dumps(signed.document(), indent=2) + "\n")
    if as_json:
        typer.echo(json.dumps(signed.document()))
    else:
        out.print(f"{destination}: anybody may submit it before {when(signed.deadline)}")


def submit(
    desk: Desk, file: Annotated[Path, typer.Argument(help="The file that `jeung governance sign` wrote.")]
) -> None:
    """Carry a signed approval to the chain; any member's node will do."""
    signed = SignedApproval.parse(_whole(file))
    desk.sent(desk.client.post("/v1/governance/signed-approvals", signed.document()))


def _show(request: ApprovalRequest, *, known: bool) -> None:
    """Say what is about to be approved; names are those that the file proves."""
    # The ABI loads here only: other commands start faster without it.
    from node.chain.abi import decode_call

    call = decode_call(request.contract, request.call)
    words = None if call is None else in_words(call, request.known())
    lines = [words.en if words else _UNREADABLE, words.ko if words else ""]
    lines += [
        f"Proposal:   0x{request.proposal.hex()}",
        f"Contract:   {request.contract} {request.target}" + ("" if known else " (name as the file says)"),
        f"Consortium: {request.consortium} on chain {request.chain_id}",
        f"Account:    {request.account}{' (a contract)' if request.contract_account else ''}, nonce {request.nonce}",
        f"Good until: {when(request.deadline)}",
    ]
    for line in filter(None, lines):
        out.print(line, markup=False, soft_wrap=True)


def _signature(
    request: ApprovalRequest, node_dir: Path | None, folder: Path | None, passphrase: Path | None
) -> bytes:
    # Key custody and its cryptography load here only.
    from keys.keystore import Keystore
    from keys.passphrase import read_passphrase_file
    from node.runtime.custody import KeystoreChainSigner, open_keystore
    from node.settings import load_settings

    clock = SystemClock()
    if folder is not None and passphrase is not None:
        opened = Keystore.open_in(folder, read_passphrase_file(passphrase), clock=clock)
    else:
        chosen = node_dir or node_dir_from_environment()
        if chosen is None or folder is not None:
            raise CommandFailed(
                f"which key? Give --node-dir, or --keystore (a folder `{KEYSTORE_FOLDER}`) and --passphrase-file"
            )
        opened = open_keystore(load_settings(chosen), clock)
    with opened as keystore:
        signer = KeystoreChainSigner(keystore)
        if signer.address(ChainAccount.GOVERNANCE).lower() != request.account.lower():
            raise CommandFailed(_CONTRACT if request.contract_account else _FOREIGN, Exit.NO)
        raw = signer.sign(ChainAccount.GOVERNANCE, request.message())
    # OpenZeppelin's ECDSA wants 27 or 28 where the keystore gives the parity.
    return raw[:64] + bytes([raw[64] + 27])


def _elsewhere(path: Path) -> bytes:
    """Read a signature that something else made.

    Raises:
        CommandFailed: it is none by its form.
    """
    text = file_of(path).strip()
    if re.fullmatch(rb"0x(?:[0-9a-fA-F]{2}){1,4096}", text) is None:
        raise CommandFailed(f"{path}: expected 0x and the hexadecimal digits of a signature")
    return bytes.fromhex(text[2:].decode())


def _require_account(signed: SignedApproval, account: Address) -> None:
    try:
        found = recovered_account(signed.message(), signed.signature)
    except InvalidSignature:
        found = b""
    if found != bytes.fromhex(account[2:]):
        raise CommandFailed("the signature is not this account's, or under something else", Exit.NO)


def _named_by(request: ApprovalRequest, path: Path) -> bool:
    """Make sure that the file is about the consortium of a deployment; tell whether that names the target as well.

    A contract that the Directory named later stands in no deployment.

    Raises:
        CommandFailed: it is about another one, or names its contract wrongly.
    """
    try:
        found = json.loads(file_of(path))
        chain_id, addresses = found["chain_id"], {name: str(one).lower() for name, one in found["addresses"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CommandFailed(f"{path}: expected the description of a deployment") from None
    if chain_id != request.chain_id or addresses.get("Consortium") != request.consortium.lower():
        raise CommandFailed("the file is about another chain or another consortium", Exit.NO)
    known = request.target.lower() in addresses.values()
    if known and addresses.get(request.contract) != request.target.lower():
        raise CommandFailed("the file gives the contract another name than the deployment does", Exit.NO)
    return known


def _whole(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise CommandFailed(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    return content

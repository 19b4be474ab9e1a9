"""Hold the root's ceremony; back a node up and restore it. These commands join those of `jeung keys`."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.acts import StaffName, opened, principal
from cli.commands.node import NodeDirOption, chosen_dir
from cli.console import CommandFailed, out
from cli.key_ids import unmarked
from jeung.domain.dual_control import ActKind
from jeung.errors import JeungError
from node.settings import load_settings

_PRIVATE = 0o077
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for whoever approves; it goes to the log.")]
ActOption = Annotated[str, typer.Option("--act", help="The approved act; without it, it is asked for.")]


def ceremony(
    sheets: Annotated[Path, typer.Option("--sheets", help="A new folder for the share sheets, best on no disk.")],
    threshold: Annotated[int, typer.Option(min=2, max=16, help="How many shares recover the root.")],
    custodian: Annotated[list[str], typer.Option(help="Who keeps a share; once for each share.")],
    witness: Annotated[list[str] | None, typer.Option(help="Who watches; stands in the protocol.")] = None,
    typed: Annotated[
        bool, typer.Option("--typed", help="Read the shares back from the custodians' paper, not from the sheets.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make a new root; backups under the old one keep needing its shares.")
    ] = False,
    node_dir: NodeDirOption = None,
) -> None:
    """Make the root that reads backups, in k-of-n Shamir shares; it ends only after a verified recovery.

    Leaves sheets to print (words and QR, mode 0600), root.json and a signed protocol in the node's folder.
    """
    from cli.custody.ceremony import CeremonyPlan, run_ceremony

    os.umask(_PRIVATE)
    plan = CeremonyPlan(threshold, tuple(custodian), tuple(witness or ()), sheets, typed, replace)
    run_ceremony(load_settings(chosen_dir(node_dir)), plan)


def protocol(file: Annotated[Path, typer.Argument(help="The protocol, ceremony-protocol.json.")]) -> None:
    """Verify the protocol of a ceremony: signed by the root itself and by the member."""
    from node.runtime.roots import MAX_PROTOCOL_BYTES, parse_protocol, verify_protocol

    with file.open("rb") as opened_file:
        body = verify_protocol(parse_protocol(opened_file.read(MAX_PROTOCOL_BYTES + 1)))
    out.print_json(json.dumps(body))
    out.print("both signatures stand", markup=False)


def backup(
    name: StaffName,
    to: Annotated[Path | None, typer.Option("--to", help="The folder to write to; made with mode 0700.")] = None,
    act: ActOption = "",
    reason: ReasonOption = "",
    node_dir: NodeDirOption = None,
) -> None:
    """Write all keys and the database into one file that only the root's shares open. Two people must want it.

    First ask with --reason; once somebody else has approved, write with --act and --to. Expired backups in that
    folder are removed.
    """
    from node.runtime.adapters import SystemClock
    from node.runtime.backups import prune_expired, write_backup
    from node.runtime.custody import open_keystore
    from node.runtime.key_acts import log_backup

    settings, clock = load_settings(chosen_dir(node_dir)), SystemClock()
    with opened(node_dir) as operator:
        who = principal(operator, name)
        if not act:
            asked = operator.acts.ask(who, ActKind.BACKUP_EXPORT, {}, reason)
            out.print(f"{asked.act_id}: waits for a second person (jeung acts approve)", markup=False)
            return
        if to is None:
            raise CommandFailed("say with --to where the backup goes")
        begun = operator.acts.begin(who, act, ActKind.BACKUP_EXPORT)
        try:
            with open_keystore(settings, clock) as keystore:
                made = write_backup(operator.settings, keystore, clock, to)
        except JeungError as error:
            operator.acts.fail(act, error.code)
            raise
        with operator.store.write() as tx:
            log_backup(tx, begun, made.digest, clock.now())
        operator.acts.finish(act, {"backup": made.digest, "expires_at": made.expires_at})
    gone = prune_expired(to, settings.base_url, clock.now())
    until = datetime.fromtimestamp(made.expires_at, UTC).strftime("%Y-%m-%d")
    out.print(f"{made.path}", markup=False, soft_wrap=True)
    out.print(f"sha-256 {made.digest}, good until {until}; {len(gone)} expired backups removed", markup=False)


def destroy(
    key: Annotated[str, typer.Argument(help="The key's id, or its account.", callback=unmarked)],
    name: StaffName,
    reason: ReasonOption = "",
    node_dir: NodeDirOption = None,
) -> None:
    """Ask that a retired or compromised key's secret part is erased; once another approves, the worker does it."""
    with opened(node_dir) as operator:
        asked = operator.acts.ask(principal(operator, name), ActKind.KEY_DESTRUCTION, {"key": key}, reason)
    out.print(f"{asked.act_id}: waits for a second person (jeung acts approve)", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    directory: Annotated[Path, typer.Option("--dir", help="The node's new folder; it must not hold anything.")],
    share: Annotated[
        list[Path] | None,
        typer.Option(help="A file (mode 0600) with the words of a share; without it they are asked for."),
    ] = None,
    shares: Annotated[int, typer.Option(min=2, max=16, help="How many shares to ask for.")] = 2,
    rpc: Annotated[
        str, typer.Option(help="Where you read the chain; it vouches for whoever signed the backup.")
    ] = "",
    deployment: Annotated[
        Path | None, typer.Option(help="The consortium's deployment.json, from somewhere else than the backup.")
    ] = None,
    without_chain: Annotated[
        bool, typer.Option("--without-chain", help="Believe the backup although no chain vouches for its signer.")
    ] = False,
    older: Annotated[bool, typer.Option("--older", help="Restore although a newer backup lies beside it.")] = False,
    erasures: Annotated[
        list[Path] | None,
        typer.Option(help="A copy of the lost node's journal of erasures: whom it names is erased again."),
    ] = None,
    without_erasures: Annotated[
        bool, typer.Option("--without-erasures", help="Whoever was erased since the backup comes back.")
    ] = False,
) -> None:
    """Bring a node back from a backup, into a folder of its own; its open status lists are closed.

    Refuses a backup that was changed, mixed, has expired, or whose signer the chain does not know.
    """
    from cli.custody.ceremony import ask_share
    from cli.custody.sheets import read_sheet
    from node.runtime.adapters import SystemClock
    from node.runtime.restoring import ChainWitness, restore_backup

    os.umask(_PRIVATE)
    witness = ChainWitness(rpc, deployment) if rpc and deployment is not None else None
    if (witness is None) is not without_chain:
        raise CommandFailed("name the chain with --rpc and --deployment, or say --without-chain, not both")
    if bool(erasures) is without_erasures:
        raise CommandFailed("name the journal with --erasures, or say --without-erasures, not both")
    words = (
        [read_sheet(path) for path in share]
        if share
        else [ask_share(f"Words of share {number} of {shares}") for number in range(1, shares + 1)]
    )
    done = restore_backup(
        file, directory, words, SystemClock(), witness=witness, older=older, erasures=erasures or ()
    )
    out.print(f"restored {done.member} into {done.folder}, as of {_utc(done.created_at)} UTC", markup=False)
    out.print(f"new credentials get places from status list {done.first_list} on", markup=False)
    out.print(f"{done.erased_again} people who had been erased since are being erased again", markup=False)
    for key_id in done.elsewhere:
        out.print(f"key {key_id} lies in another backend, which is not in the backup", markup=False)


def join(app: typer.Typer) -> None:
    """Add the commands to a group."""
    for command in (ceremony, protocol, destroy, backup, restore):
        app.command(command.__name__)(command)


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")

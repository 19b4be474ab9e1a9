"""Read a node's keys, and lead them through their life: made, at work, retired, compromised."""

import enum
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands import custody, key_making
from cli.commands.acts import opened, principal
from cli.commands.node import NodeDirOption, chosen_dir
from cli.console import CommandFailed, complain, out, table
from cli.key_ids import unmarked
from jeung.domain.dual_control import ActKind
from node.settings import load_settings

if TYPE_CHECKING:
    from node.runtime.parts import NodeParts

app = typer.Typer(help="Read a node's keys; lead them through their life; back them up.", no_args_is_help=True)
custody.join(app)
key_making.join(app)

_PRIVATE = 0o077
_KeyId = Annotated[str, typer.Argument(help="The key's id, or its account.", callback=unmarked)]


class Rotated(enum.StrEnum):
    """Name the purposes whose keys are replaced without a vote."""

    CREDENTIAL_SIGNING = "credential_signing"
    STATUS_SIGNING = "status_signing"
    REQUEST_SIGNING = "request_signing"
    TOKEN_SIGNING = "token_signing"  # noqa: S105 - the name of a purpose
    RECEIPT_SIGNING = "receipt_signing"
    WEBHOOK_SIGNING = "webhook_signing"
    LOG_CHECKPOINT_SIGNING = "log_checkpoint_signing"
    WITNESS_COSIGNING = "witness_cosigning"
    ATTEST = "attest"
    STATUS = "status"
    DATA_WRAPPING = "data_wrapping"


PurposeOption = Annotated[Rotated, typer.Option(help="What the key is for.")]


@app.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    node_dir: NodeDirOption = None,
) -> None:
    """List the keys a node holds: state, uses, when they are due, how the chain knows them.

    A running node writes its uses every 4,096 and when it stops.
    """
    from node.runtime.inventory import build_own_keys, inventory

    with _parts(node_dir) as parts:
        rows = inventory(parts.keystore.list(), build_own_keys(parts), parts.settings, parts.clock.now())
    if as_json:
        typer.echo(json.dumps([row.to_json() for row in rows], indent=2))
        return
    shown = table(
        *("Purpose", "State", "Algorithm", "Backend", "Key or account"),
        "Uses, as last written",
        "Due (UTC)",
        "On the chain",
    )
    for row in rows:
        key, where = row.record, row.on_chain or ""
        due = "" if row.due_at is None else datetime.fromtimestamp(row.due_at, UTC).strftime("%Y-%m-%d")
        name = key.address or key.key_id
        shown.add_row(key.purpose, key.state, key.algorithm, key.backend, name, str(key.uses), due, where)
    out.print(shown)


@app.command()
def activate(
    key: _KeyId,
    unregistered: Annotated[
        bool,
        typer.Option("--unregistered", help="Although the chain does not know it: nobody believes what it signs."),
    ] = False,
    node_dir: NodeDirOption = None,
) -> None:
    """Let a pre-active key work now. The worker does so by itself, once the chain knows the key.

    Refused for a key that would have to stand on the chain and does not.
    """
    from node.runtime.inventory import build_own_keys
    from node.runtime.keeper import is_known

    with _parts(node_dir) as parts:
        standing = build_own_keys(parts).standing()
        record = parts.keystore.get(key)
        if standing is not None and not unregistered and not is_known(record, standing):
            raise CommandFailed("the chain does not know this key as good; the worker activates it once it does")
        typer.echo(parts.keystore.activate(key).state)


@app.command()
def retire(key: _KeyId, node_dir: NodeDirOption = None) -> None:
    """End a key's work in good order; the worker tells the chain. Refused for the last key of its purpose."""
    from keys.model import State

    with _parts(node_dir) as parts:
        record = parts.keystore.get(key)
        if len(parts.keystore.list(purpose=record.purpose, state=State.ACTIVE)) < 2:
            raise CommandFailed(f"no other {record.purpose} key is at work: rotate it instead")
        typer.echo(parts.keystore.retire(key).state)


@app.command()
def rotate(
    purpose: PurposeOption = Rotated.CREDENTIAL_SIGNING,
    compromised_since: Annotated[
        int | None, typer.Option(min=0, help="Mark the old key as compromised since this time, seconds UTC.")
    ] = None,
    node_dir: NodeDirOption = None,
) -> None:
    """Make the key that follows a purpose's present one; prints its id.

    The node's worker registers it on the chain, then it begins to work; the old key stays able to work for
    `rotation.overlap_s`, is retired, and ends on the chain with the last credential it signed.
    """
    from keys.purposes import Purpose
    from node.runtime.inventory import build_own_keys
    from node.runtime.rotation import begin_rotation
    from node.runtime.rotation import rotate as rotate_at_once

    with _parts(node_dir) as parts:
        standing = build_own_keys(parts).standing()
        turn = begin_rotation if standing is not None and standing.is_member else rotate_at_once
        made = turn(
            parts.keystore, Purpose(purpose.value), parts.settings, parts.clock, compromised_since=compromised_since
        )
    typer.echo(made.key_id)


@app.command()
def compromise(
    key: _KeyId,
    since: Annotated[int, typer.Option(min=0, help="In other hands since this time, seconds UTC.")],
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Ask as well that everything attested since then is revoked.")
    ] = False,
    reissue: Annotated[
        bool, typer.Option("--reissue", help="As --revoke, and that each holder is offered new credentials.")
    ] = False,
    name: Annotated[str, typer.Option("--as", help="Your log-in name, with --revoke or --reissue.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever approves; it goes to the log.")] = "",
    node_dir: NodeDirOption = None,
) -> None:
    """Declare that a key is in other hands: it stops at once, a successor is made, the worker tells the chain.

    What it signed and was attested before that time stays good. With --revoke, a second person is asked to revoke
    what was attested later or is not yet, with --reissue to offer its holders new credentials as well; the worker
    does that, and goes on where it stopped.
    """
    from keys.errors import KeyCustodyError
    from keys.model import State
    from node.runtime.keeper import FOR_PEOPLE, make_successor
    from node.runtime.rotation import ready_successors

    if (revoke or reissue) and not name:
        raise CommandFailed("revoking takes two people: say with --as who you are")
    with _parts(node_dir) as parts:
        record = parts.keystore.mark_compromised(key, since)
        left = [
            *parts.keystore.list(purpose=record.purpose, state=State.ACTIVE),
            *ready_successors(parts.keystore, record.purpose, parts.clock),
        ]
        if not left and record.purpose not in FOR_PEOPLE:
            try:
                made = make_successor(parts.keystore, record.purpose, parts.settings, parts.clock)
                out.print(f"{made.key_id} follows once the chain knows it", markup=False)
            except KeyCustodyError as problem:
                # The key has stopped; that its successor has to wait must not keep the revocation from being asked.
                complain(f"no successor could be made ({problem.code}): make one with `jeung keys create`")
    out.print(f"{key} is compromised since {since}; the worker tells the chain", markup=False)
    if revoke or reissue:
        # Verifiers judge by the time of attestation, which is the chain's own; what else is written, a thief writes.
        selected: dict[str, Any] = {"signing_key": key, "attested_from": since}
        kind = ActKind.REISSUE if reissue else ActKind.MASS_REVOCATION
        with opened(node_dir) as operator:
            asked = operator.acts.ask(principal(operator, name), kind, selected, reason)
        out.print(f"{asked.act_id}: waits for a second person (jeung acts approve)", markup=False)


@contextmanager
def _parts(node_dir: Path | None) -> "Iterator[NodeParts]":
    """Open a node's keys and database for the length of a `with` block."""
    # Key custody and its cryptography load here only: every other command starts faster without them.
    from node.runtime.parts import open_parts

    os.umask(_PRIVATE)
    parts = open_parts(load_settings(chosen_dir(node_dir)))
    try:
        yield parts
    finally:
        parts.close()

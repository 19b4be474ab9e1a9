"""Export the evidence of a verification, and verify such a file off line."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.audit import DeploymentOption as FileOption
from cli.commands.audit import RpcOption, chain_of
from cli.console import CommandFailed, Exit, err
from cli.target import (
    DEFAULT_DATA,
    ClientKeyOption,
    ClientOption,
    DataOption,
    NodeOption,
    UrlOption,
    any_client,
)
from jeung.crypto import canonical_json
from jeung.domain.access import Scope

if TYPE_CHECKING:
    from audit.evidence import Verdict

app = typer.Typer(help="Export and verify the evidence of verifications.", no_args_is_help=True)

_MAX_FILE_BYTES = 5 << 20
_DROPPED = "presentation_dropped"
_OutOption = Annotated[Path | None, typer.Option("--out", help="A new file; the standard output unless given.")]


@app.command()
def export(
    evidence: Annotated[str, typer.Argument(help="The evidence's id, as a verification answers it.")],
    out_file: _OutOption = None,
    node: NodeOption = "exchange",
    data: DataOption = DEFAULT_DATA,
    url: UrlOption = None,
    client: ClientOption = "",
    client_key: ClientKeyOption = None,
) -> None:
    """Write everything that proves one judgement into one file; the node logs who did.

    The file holds the presentation as it was shown: personal data. Proofs are gathered some seconds after a
    verification; what is missing yet is said, and exit code 1 asks to export again. What was dropped by the node's
    retention (`retention.presentation_days`) is said to be missing for good.
    """
    caller = any_client(url, client, client_key, data, node, Scope.AUDIT)
    package = caller.get(f"/v1/evidence/{evidence}/package")
    _write(canonical_json.canonical(package), out_file)
    missing = [f"{part} ({package[part]['missing']})" for part in ("chain", "log") if "missing" in package[part]]
    if missing and package["chain"].get("missing") == _DROPPED:
        err.print(
            f"missing for good: {', '.join(missing)}: the node does not keep presentations so long", markup=False
        )
    elif missing:
        err.print(f"missing yet: {', '.join(missing)}; export it again in some seconds", markup=False)
    if missing:
        raise typer.Exit(Exit.NO)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The file that `jeung evidence export` wrote.")],
    genesis: Annotated[
        Path, typer.Option("--genesis", help="The consortium's genesis facts: all that is believed beforehand.")
    ],
    block: Annotated[
        list[str] | None,
        typer.Option("--block", metavar="NUMBER:HASH", help="A block known to be of the chain; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the verdict as JSON.")] = False,
) -> None:
    """Verify a file of evidence off line and say fact by fact what it proves, and what it takes on trust.

    Exit 0 proved; 1 refuted, or something is missing; 2 a file cannot be read. Nothing is asked of anybody.
    """
    # The audit's own parts load here only: other commands start faster without them.
    from audit.evidence import Outcome, parse_block, parse_trust, verify_evidence
    from audit.findings import AuditImpossible

    try:
        trust = parse_trust(_read(genesis))
        trust = replace(trust, blocks={**trust.blocks, **dict(map(parse_block, block or []))})
    except AuditImpossible as impossible:
        raise CommandFailed(str(impossible), Exit.COULD_NOT_RUN) from None
    verdict = verify_evidence(_read(file), trust)
    typer.echo(json.dumps(asdict(verdict), ensure_ascii=False, indent=2) if as_json else _text(verdict))
    raise typer.Exit(Exit.DONE if verdict.outcome is Outcome.PROVED else Exit.NO)


@app.command()
def genesis(
    out_file: _OutOption = None, data: DataOption = DEFAULT_DATA, rpc: RpcOption = None, deployment: FileOption = None
) -> None:
    """Write down a consortium's genesis facts: its deployment, its contracts' code, its members with their keys.

    Whoever verifies evidence believes this file and nothing else. It is read off the chain alone: make it yourself by
    a node of your own, or compare it with what other members made, and keep it where nobody changes it.
    """
    from audit.deployment import read_deployment, require_same_deployment
    from audit.evidence.genesis import read_facts
    from audit.findings import AuditImpossible
    from audit.source import ChainReader

    rpc, deployment = chain_of(None, rpc, deployment, data)
    try:
        named = read_deployment(deployment)
        reader = ChainReader(rpc)
        try:
            require_same_deployment(reader, named)
            facts = read_facts(reader, json.loads(deployment.read_text("utf-8")))
        finally:
            reader.close()
    except AuditImpossible as impossible:
        raise CommandFailed(str(impossible), Exit.COULD_NOT_RUN) from None
    _write(json.dumps(facts, indent=2, sort_keys=True).encode() + b"\n", out_file)


def _text(verdict: "Verdict") -> str:
    lines = [f"{verdict.outcome.value.upper()}: {_what(verdict)}"]
    believed = [fact.name for fact in verdict.facts if fact.standing == "on_trust"]
    if believed:
        lines.append(f"  on trust: {', '.join(believed)}")
    for fact in verdict.facts:
        lines.append(f"  {fact.standing.value.replace('_', ' '):9} {fact.name:14} {fact.statement}")
        lines.append(f"  {'':9} {'':14} from: {fact.source}")
    if verdict.reason is not None:
        lines.append(f"reason: {verdict.reason}")
    return "\n".join(lines)


def _what(verdict: "Verdict") -> str:
    if verdict.evidence_id is None:
        return "no judgement could be read"
    result = verdict.result if verdict.code is None else f"{verdict.result} ({verdict.code})"
    return f"{verdict.evidence_id}: {result} by {verdict.relying_party} for {verdict.profile} at {verdict.judged_at}"


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MAX_FILE_BYTES)


def _write(content: bytes, path: Path | None) -> None:
    if path is None:
        typer.echo(content.decode())
        return
    with open(path, "xb", opener=_private) as file:
        file.write(content)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)

"""Read what a node issued and change its status."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.acts import StaffName, opened, principal
from cli.commands.node import NodeDirOption
from cli.console import out, table
from cli.key_ids import unmarked
from cli.target import DEFAULT_DATA, DataOption, NodeOption, client_of
from jeung.domain.access import Scope
from jeung.domain.dual_control import ActKind

if TYPE_CHECKING:
    from jeung.services.wallets.offers import OfferPapers

app = typer.Typer(help="Read what a node issued; suspend, reinstate, revoke.", no_args_is_help=True)

_CredentialId = Annotated[str, typer.Argument(help="The credential's id, or the family's with --family.")]
_Family = Annotated[bool, typer.Option("--family", help="Act on every copy of a family.")]


@app.command("list")
def list_credentials(
    node: NodeOption = "bank",
    data: DataOption = DEFAULT_DATA,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
) -> None:
    """List issued credentials: ids and states, no personal data."""
    rows = table("Credential", "Family", "Ledger", "Status")
    page = client_of(data, node, Scope.ISSUE).get("/v1/credentials", {"limit": str(limit)})
    for item in page["items"]:
        rows.add_row(item["credential_id"], item["family_id"], item["anchoring"], item["status"])
    out.print(rows)


@app.command()
def suspend(
    identifier: _CredentialId, *, family: _Family = False, node: NodeOption = "bank", data: DataOption = DEFAULT_DATA
) -> None:
    """Suspend a credential; it can be reinstated."""
    _change(identifier, "suspension", family=family, node=node, data=data)


@app.command()
def reinstate(
    identifier: _CredentialId, *, family: _Family = False, node: NodeOption = "bank", data: DataOption = DEFAULT_DATA
) -> None:
    """Reinstate a suspended credential."""
    _change(identifier, "reinstatement", family=family, node=node, data=data)


@app.command()
def revoke(
    identifier: _CredentialId, *, family: _Family = False, node: NodeOption = "bank", data: DataOption = DEFAULT_DATA
) -> None:
    """Revoke a credential, for good."""
    _change(identifier, "revocation", family=family, node=node, data=data)


@app.command("revoke-all")
def revoke_all(
    name: StaffName,
    key: Annotated[str, typer.Option("--key", help="Everything signed with this key.", callback=unmarked)] = "",
    family: Annotated[str, typer.Option(help="Every copy of this family.")] = "",
    subject: Annotated[str, typer.Option(help="Everything issued to this subject.")] = "",
    schema: Annotated[str, typer.Option(help="Everything of this type, 0x and 64 hexadecimal digits.")] = "",
    issued_from: Annotated[int | None, typer.Option(min=0, help="Issued at or after, seconds UTC.")] = None,
    issued_until: Annotated[int | None, typer.Option(min=0, help="Issued before, seconds UTC.")] = None,
    attested_from: Annotated[
        int | None, typer.Option(min=0, help="Attested at or after, seconds UTC, or not yet.")
    ] = None,
    reissue: Annotated[
        bool,
        typer.Option(
            "--reissue", help="And that each holder is offered new credentials (`jeung credentials offers`)."
        ),
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever approves; it goes to the log.")] = "",
    node_dir: NodeDirOption = None,
) -> None:
    """Ask that everything which fits all criteria is revoked; once another approves, the node's worker does it.

    `jeung acts show ACT` says how far it has come. A worker that was killed goes on where it stopped.
    """
    texts = {"signing_key": key, "family": family, "subject": subject, "schema": schema}
    times = {"issued_from": issued_from, "issued_until": issued_until, "attested_from": attested_from}
    chosen: dict[str, Any] = {name: value for name, value in texts.items() if value}
    chosen |= {name: value for name, value in times.items() if value is not None}
    with opened(node_dir) as operator:
        kind = ActKind.REISSUE if reissue else ActKind.MASS_REVOCATION
        asked = operator.acts.ask(principal(operator, name), kind, chosen, reason)
        words = operator.acts.describe(asked)
    for fact in () if words is None else words.facts:
        out.print(f"{fact.label.en}: {fact.value}", markup=False)
    out.print(f"{asked.act_id}: waits for a second person (jeung acts approve)", markup=False)


@app.command()
def offers(
    act: Annotated[str, typer.Argument(help="The act that revoked and offers anew.")],
    to: Annotated[Path, typer.Option("--to", help="A new file (mode 0600), one JSON object a line.")],
    node_dir: NodeDirOption = None,
) -> None:
    """Write out the open offers that an act made for the holders of what it revoked.

    Each line has what reaches the customer on one channel (`deep_link`) and on another (`transaction_code`): whoever
    has both can take the credentials, so the file goes to whatever sends them, and is then destroyed.
    """
    count = 0
    with opened(node_dir) as operator:
        operator.acts.get(act)
        with open(to, "x", encoding="utf-8", opener=_private) as file:
            for papers in operator.offers.open_papers(act):
                file.write(json.dumps(_line(papers)) + "\n")
                count += 1
    out.print(f"{count} open offers written to {to}", markup=False, soft_wrap=True)


def _line(papers: "OfferPapers") -> dict[str, Any]:
    offer = papers.offer
    return {
        "offer_id": offer.offer_id,
        "proofing_id": offer.proofing_id,
        "subject_id": offer.subject_id,
        "credential_configuration_ids": list(offer.configuration_ids),
        "deep_link": papers.by_reference,
        "transaction_code": papers.transaction_code,
        "expires_at": offer.expires_at,
    }


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _change(identifier: str, act: str, *, family: bool, node: str, data: DataOption) -> None:
    collection = "families" if family else "credentials"
    client_of(data, node, Scope.STATUS).post(f"/v1/{collection}/{identifier}/{act}")
    out.print(f"{act} accepted; it takes effect with the next block")

"""Propose every call the consortium may make, each with arguments that a person can write."""

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cli.console import CommandFailed, out
from cli.governing.desk import Desk, command
from cli.governing.reading import KEEP, Roles, file_of, role_mask, salt_of, time_of
from jeung.domain.governance.motions import motion_call
from jeung.domain.governance.reading import (
    read_account,
    read_duration,
    read_enode,
    read_hex,
    read_indexes,
    read_jwk,
    read_metadata,
    read_name,
    read_profile,
    read_share,
    read_url,
)
from jeung.domain.identifiers import to_hex
from jeung.domain.profiles import service_id
from jeung.errors import JeungError

app = typer.Typer(help="Propose a call; proposing is also our approval.", no_args_is_help=True)

_T = TypeVar("_T")
_Member = Annotated[str, typer.Argument(help="The member's URL or identifier.")]
_Account = Annotated[str, typer.Argument(help="An account of the chain, 0x and 40 digits.")]
_Type = Annotated[str, typer.Argument(help="The credential type's `vct` or identifier.")]
_Since = Annotated[str, typer.Option("--since", help="A date, seconds UTC, or -7d; the execution unless given.")]
_Time = Annotated[str, typer.Argument(help="A date (2027-12-31), seconds UTC, or -7d for so long ago.")]
_Until = Annotated[str, typer.Option("--until", help="A date (2027-12-31), seconds UTC, or +365d.")]


def move(desk: Desk, kind: str, **values: Any) -> None:  # noqa: ANN401 - JSON values
    """Send a motion of a kind, or try it."""
    call = motion_call(kind, values)
    propose(desk, {"contract": call.contract, "function": call.function, "args": list(call.args)})


def propose(desk: Desk, call: Mapping[str, Any], more: Mapping[str, str] | None = None) -> None:
    """Send a proposal, or try it; prints the proposal's identifier once the chain has it."""
    if desk.dry_run:
        desk.tried({"act": "propose", **call})
        return
    salt = "0x" + secrets.token_hex(32)
    intent = desk.client.post("/v1/proposals", {**call, "salt": salt})
    if not desk.wait:
        desk.sent(intent, more)
        return
    desk.settled(intent)

    def seen() -> Any | None:  # noqa: ANN401 - the API's JSON
        # Whoever sees the transaction pass may propose something else with the same salt before it.
        ours = (one for one in desk.all("/v1/proposals") if one["salt"] == salt and one["ours"])
        return next(ours, None)

    found = desk.until("the proposal", seen)
    desk.show({**found, **(more or {})}, lambda: out.print(found["proposal_id"]))


@command(app, "admit", acts=True, tries=True)
def admit(
    desk: Desk,
    member_url: Annotated[str, typer.Argument(help="The new member's canonical URL.")],
    account: _Account,
    role: Annotated[list[Roles], typer.Option("--role", help="What it does; may be given several times.")],
) -> None:
    """Admit a member under the account that governs it."""
    move(desk, "admit", url=read_url(member_url), governance=read_account(account), roles=role_mask(role))


@command(app, "remove", acts=True, tries=True)
def remove(
    desk: Desk,
    member: _Member,
    *,
    since: _Since = "0",
    for_cause: Annotated[bool, typer.Option("--for-cause", help="What it attested since then is void.")] = False,
) -> None:
    """Remove a member for good."""
    move(desk, "remove", member=desk.member(member), since=time_of(since), cause=for_cause)


@command(app, "suspend", acts=True, tries=True)
def suspend(
    desk: Desk, member: _Member, reason: Annotated[str, typer.Option(help="Why; only its salted digest is sent.")]
) -> None:
    """Suspend a member until the consortium reinstates it."""
    salted = salt_of(reason)
    if not desk.as_json and not desk.dry_run:
        out.print(KEEP.format(**salted))
    call = motion_call("suspend", {"member": desk.member(member), "reason": salted["reason_digest"]})
    propose(desk, {"contract": call.contract, "function": call.function, "args": list(call.args)}, salted)


@command(app, "confirm-suspension", acts=True, tries=True)
def confirm_suspension(desk: Desk, member: _Member) -> None:
    """Confirm a supervisor's suspension, which then no longer lapses."""
    move(desk, "confirm-suspension", member=desk.member(member))


@command(app, "reinstate", acts=True, tries=True)
def reinstate(desk: Desk, member: _Member) -> None:
    """End a member's suspension."""
    move(desk, "reinstate", member=desk.member(member))


@command(app, "add-url", acts=True, tries=True)
def add_url(desk: Desk, member: _Member, member_url: Annotated[str, typer.Argument(help="The further URL.")]) -> None:
    """Give a member a further URL."""
    move(desk, "add-url", member=desk.member(member), url=read_url(member_url))


@command(app, "roles", acts=True, tries=True)
def set_roles(
    desk: Desk,
    member: _Member,
    role: Annotated[list[Roles], typer.Option("--role", help="What it does from then on.")],
) -> None:
    """Replace a member's roles."""
    move(desk, "roles", member=desk.member(member), roles=role_mask(role))


@command(app, "governance-account", acts=True, tries=True)
def governance_account(desk: Desk, member: _Member, account: _Account) -> None:
    """Replace the account that governs a member: how a lost key is recovered."""
    move(desk, "governance-account", member=desk.member(member), account=read_account(account))


@command(app, "operator-compromised", acts=True, tries=True)
def operator_compromised(
    desk: Desk,
    member: _Member,
    purpose: Annotated[str, typer.Argument(help="`attest` or `status`.")],
    account: _Account,
    since: _Time,
) -> None:
    """Declare a member's operator account compromised since a time."""
    number = {"attest": 1, "status": 2}.get(purpose)
    if number is None:
        raise CommandFailed("an operator account is for `attest` or `status`")
    named = {"member": desk.member(member), "purpose": number, "account": read_account(account)}
    move(desk, "operator-compromised", **named, since=time_of(since))


@command(app, "rules", acts=True, tries=True)
def rules(
    desk: Desk,
    share: Annotated[str, typer.Option(help="The share of members that must approve, for example 2/3.")],
    timelock: Annotated[str, typer.Option(help="How long an approval ripens, for example 2d.")],
    lifetime: Annotated[str, typer.Option(help="How long a proposal lives, for example 30d.")],
) -> None:
    """Change how the consortium decides; never below the floors fixed at deployment."""
    numerator, denominator = read_share(share)
    spans = {"timelock": read_duration(timelock), "lifetime": read_duration(lifetime)}
    move(desk, "rules", numerator=numerator, denominator=denominator, **spans)


@command(app, "schema", acts=True, tries=True)
def schema(
    desk: Desk, file: Annotated[Path, typer.Argument(help="The type metadata; these very bytes are registered.")]
) -> None:
    """Register a credential type; its `vct` is read from the metadata."""
    move(desk, "schema", **_read(file, read_metadata))


@command(app, "deprecate-schema", acts=True, tries=True)
def deprecate_schema(desk: Desk, credential_type: _Type) -> None:
    """Deprecate a credential type."""
    move(desk, "deprecate-schema", schema=desk.schema(credential_type))


@command(app, "accredit", acts=True, tries=True)
def accredit(
    desk: Desk,
    member: _Member,
    credential_type: _Type,
    until: _Until,
    *,
    begin: Annotated[str, typer.Option("--from", help="When it begins; the execution unless given.")] = "0",
) -> None:
    """Accredit a member to issue a credential type for a time."""
    period = {"valid_from": time_of(begin), "valid_until": time_of(until)}
    move(desk, "accredit", member=desk.member(member), schema=desk.schema(credential_type), **period)


@command(app, "withdraw-accreditation", acts=True, tries=True)
def withdraw_accreditation(
    desk: Desk,
    member: _Member,
    credential_type: _Type,
    *,
    grant: Annotated[int, typer.Option(min=0, help="The grant's number; the first is 0.")] = 0,
    since: _Since = "0",
) -> None:
    """Withdraw an accreditation."""
    which = {"member": desk.member(member), "schema": desk.schema(credential_type), "grant": grant}
    move(desk, "withdraw-accreditation", **which, since=time_of(since))


@command(app, "key-compromised", acts=True, tries=True)
def key_compromised(
    desk: Desk,
    member: _Member,
    thumbprint: Annotated[str, typer.Argument(help="The key's thumbprint, 0x and 64 digits.")],
    since: _Time,
) -> None:
    """Declare a member's key compromised since a time, for a member that does not do it itself."""
    key = read_hex(thumbprint, 32)
    move(desk, "key-compromised", member=desk.member(member), key=key, since=time_of(since))


@command(app, "statuses", acts=True, tries=True)
def statuses(
    desk: Desk,
    issuer: _Member,
    list_number: Annotated[int, typer.Argument(min=0, help="The status list's number.")],
    status: Annotated[str, typer.Argument(help="`revoked` or `suspended`.")],
    index: Annotated[list[int], typer.Argument(min=0, help="The credentials' places in the list.")],
) -> None:
    """Change statuses in a member's list, for a member that cannot."""
    number = {"revoked": 1, "suspended": 2}.get(status)
    if number is None:
        raise CommandFailed("a status is `revoked` or `suspended`")
    places = read_indexes(" ".join(map(str, index)))
    move(desk, "statuses", issuer=desk.member(issuer), list=list_number, status=number, indexes=places)


@command(app, "close-status-registry", acts=True, tries=True)
def close_status_registry(desk: Desk) -> None:
    """Close the status registry for its successor."""
    move(desk, "close-status-registry")


@command(app, "profile", acts=True, tries=True)
def profile(
    desk: Desk,
    member: _Member,
    file: Annotated[Path, typer.Argument(help="The request profile, JSON; docs/reference/relying-parties.md.")],
) -> None:
    """Permit a relying party's service to ask for claims."""
    move(desk, "profile", member=desk.member(member), **_read(file, read_profile))


@command(app, "withdraw-profile", acts=True, tries=True)
def withdraw_profile(
    desk: Desk, member: _Member, service: Annotated[str, typer.Argument(help="The service's name.")]
) -> None:
    """Withdraw what a service may ask for."""
    move(desk, "withdraw-profile", member=desk.member(member), service=to_hex(service_id(service)))


@command(app, "trust-wallet-provider", acts=True, tries=True)
def trust_wallet_provider(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="The wallet provider's name.")],
    file: Annotated[Path, typer.Argument(help="Its public key, a JWK.")],
    until: _Until,
) -> None:
    """Trust a wallet provider's key until a time."""
    move(desk, "trust-wallet-provider", jwk=_read(file, read_jwk), name=name, valid_until=time_of(until))


@command(app, "distrust-wallet-provider", acts=True, tries=True)
def distrust_wallet_provider(
    desk: Desk, thumbprint: Annotated[str, typer.Argument(help="0x and 64 digits.")], *, since: _Since = "0"
) -> None:
    """No longer trust a wallet provider's key."""
    move(desk, "distrust-wallet-provider", provider=read_hex(thumbprint, 32), since=time_of(since))


@command(app, "contract", acts=True, tries=True)
def contract(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="The contract's name, for example StatusRegistry.")],
    account: _Account,
) -> None:
    """Name a successor contract in the Directory."""
    move(desk, "contract", name=read_name(name), address=read_account(account))


@command(app, "allow-node", acts=True, tries=True)
def allow_node(
    desk: Desk, member: _Member, enode: Annotated[str, typer.Argument(help="enode://KEY@HOST:PORT[?discport=N]")]
) -> None:
    """Let a member's chain node into the network."""
    move(desk, "allow-node", member=desk.member(member), endpoint=read_enode(enode))


@command(app, "remove-node", acts=True, tries=True)
def remove_node(
    desk: Desk, node_id: Annotated[str, typer.Argument(help="The node's identifier, 0x and 64 digits.")]
) -> None:
    """Take a chain node off the network."""
    move(desk, "remove-node", node=read_hex(node_id, 32))


@command(app, "allow-account", acts=True, tries=True)
def allow_account(desk: Desk, member: _Member, account: _Account) -> None:
    """Let a further account of a member send transactions."""
    move(desk, "allow-account", member=desk.member(member), account=read_account(account))


@command(app, "remove-account", acts=True, tries=True)
def remove_account(desk: Desk, account: _Account) -> None:
    """No longer let an account send transactions."""
    move(desk, "remove-account", account=read_account(account))


@command(app, "open-log-epoch", acts=True, tries=True)
def open_log_epoch(
    desk: Desk,
    member: _Member,
    epoch: Annotated[int, typer.Argument(min=2, max=2**64 - 1, help="The epoch after the present one.")],
) -> None:
    """Let a member that lost entries of its transparency log go on in a new epoch."""
    move(desk, "open-log-epoch", member=desk.member(member), epoch=epoch)


@command(app, "call", acts=True, tries=True)
def call(
    desk: Desk,
    contract_name: Annotated[str, typer.Argument(help="The contract's name.")],
    function: Annotated[str, typer.Argument(help="The function's name.")],
    arguments: Annotated[str, typer.Argument(help="Its arguments, a JSON list.")],
) -> None:
    """Propose a call by its function and arguments, as the API takes it."""
    try:
        args = json.loads(arguments)
    except json.JSONDecodeError:
        args = None
    if not isinstance(args, list):
        raise CommandFailed("the arguments are a JSON list")
    propose(desk, {"contract": contract_name, "function": function, "args": args})


def _read(file: Path, reader: Callable[[bytes], _T]) -> _T:
    """Read a document; what is wrong with it is said with the file's name.

    Raises:
        CommandFailed: there is no such file, or it is no such document.
    """
    try:
        return reader(file_of(file))
    except JeungError as wrong:
        raise CommandFailed(f"{file}: {wrong.detail}") from None

"""Propose every call the consortium may make, each with arguments that a person can write."""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import CommandFailed, out
from cli.governing.desk import Desk, command
from cli.governing.reading import (
    Roles,
    Share,
    account_of,
    duration_of,
    enode_of,
    file_of,
    number_of,
    role_mask,
    time_of,
)
from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.identifiers import to_hex
from jeung.domain.profiles import service_id
from jeung.errors import JeungError

app = typer.Typer(help="Propose a call; proposing is also our approval.", no_args_is_help=True)

_Member = Annotated[str, typer.Argument(help="The member's URL or identifier.")]
_Account = Annotated[str, typer.Argument(help="An account of the chain, 0x and 40 digits.")]
_Type = Annotated[str, typer.Argument(help="The credential type's `vct` or identifier.")]
_Since = Annotated[str, typer.Option("--since", help="A date, seconds UTC, or -7d; the execution unless given.")]
_Time = Annotated[str, typer.Argument(help="A date (2027-12-31), seconds UTC, or -7d for so long ago.")]
_Until = Annotated[str, typer.Option("--until", help="A date (2027-12-31), seconds UTC, or +365d.")]


def propose(desk: Desk, contract: str, function: str, args: Sequence[Any]) -> None:
    """Send a proposal, or try it; prints the proposal's identifier once the chain has it."""
    call = {"contract": contract, "function": function, "args": list(args)}
    if desk.dry_run:
        desk.tried({"act": "propose", **call})
        return
    salt = "0x" + secrets.token_hex(32)
    intent = desk.client.post("/v1/proposals", {**call, "salt": salt})
    if not desk.wait:
        desk.sent(intent)
        return
    desk.settled(intent)

    def seen() -> Any | None:  # noqa: ANN401 - the API's JSON
        return next((one for one in desk.all("/v1/proposals") if one["salt"] == salt), None)

    found = desk.until("the proposal", seen)
    desk.show(found, lambda: out.print(found["proposal_id"]))


@command(app, "admit", acts=True, tries=True)
def admit(
    desk: Desk,
    member_url: Annotated[str, typer.Argument(help="The new member's canonical URL.")],
    account: _Account,
    role: Annotated[list[Roles], typer.Option("--role", help="What it does; may be given several times.")],
) -> None:
    """Admit a member under the account that governs it."""
    propose(desk, "Consortium", "admitMember", (member_url, account_of(account), role_mask(role)))


@command(app, "remove", acts=True, tries=True)
def remove(
    desk: Desk,
    member: _Member,
    *,
    since: _Since = "0",
    for_cause: Annotated[bool, typer.Option("--for-cause", help="What it attested since then is void.")] = False,
) -> None:
    """Remove a member for good."""
    propose(desk, "Consortium", "removeMember", (desk.member(member), time_of(since), for_cause))


@command(app, "suspend", acts=True, tries=True)
def suspend(
    desk: Desk, member: _Member, reason: Annotated[str, typer.Option(help="Why; only its salted digest is sent.")]
) -> None:
    """Suspend a member until the consortium reinstates it."""
    salt = secrets.token_bytes(32)
    if not desk.as_json and not desk.dry_run:
        out.print(f"keep the reason and its salt 0x{salt.hex()}: SHA-256(salt, reason) goes to the chain")
    digest = to_hex(sha256(salt + reason.encode()))
    propose(desk, "Consortium", "suspendByQuorum", (desk.member(member), digest))


@command(app, "confirm-suspension", acts=True, tries=True)
def confirm_suspension(desk: Desk, member: _Member) -> None:
    """Confirm a supervisor's suspension, which then no longer lapses."""
    propose(desk, "Consortium", "confirmSuspension", (desk.member(member),))


@command(app, "reinstate", acts=True, tries=True)
def reinstate(desk: Desk, member: _Member) -> None:
    """End a member's suspension."""
    propose(desk, "Consortium", "reinstate", (desk.member(member),))


@command(app, "add-url", acts=True, tries=True)
def add_url(desk: Desk, member: _Member, member_url: Annotated[str, typer.Argument(help="The further URL.")]) -> None:
    """Give a member a further URL."""
    propose(desk, "Consortium", "addUrl", (desk.member(member), member_url))


@command(app, "roles", acts=True, tries=True)
def set_roles(
    desk: Desk,
    member: _Member,
    role: Annotated[list[Roles], typer.Option("--role", help="What it does from then on.")],
) -> None:
    """Replace a member's roles."""
    propose(desk, "Consortium", "setRoles", (desk.member(member), role_mask(role)))


@command(app, "governance-account", acts=True, tries=True)
def governance_account(desk: Desk, member: _Member, account: _Account) -> None:
    """Replace the account that governs a member: how a lost key is recovered."""
    propose(desk, "Consortium", "setGovernanceAccount", (desk.member(member), account_of(account)))


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
    args = (desk.member(member), number, account_of(account), time_of(since))
    propose(desk, "Consortium", "declareOperatorCompromisedByQuorum", args)


@command(app, "rules", acts=True, tries=True)
def rules(
    desk: Desk,
    share: Annotated[str, typer.Option(help="The share of members that must approve, for example 2/3.")],
    timelock: Annotated[str, typer.Option(help="How long an approval ripens, for example 2d.")],
    lifetime: Annotated[str, typer.Option(help="How long a proposal lives, for example 30d.")],
) -> None:
    """Change how the consortium decides; never below the floors fixed at deployment."""
    given = Share.parse(share)
    struct = [given.numerator, given.denominator, duration_of(timelock), duration_of(lifetime)]
    propose(desk, "Consortium", "setRules", (struct,))


@command(app, "schema", acts=True, tries=True)
def schema(
    desk: Desk, file: Annotated[Path, typer.Argument(help="The type metadata; these very bytes are registered.")]
) -> None:
    """Register a credential type; its `vct` is read from the metadata."""
    metadata = file_of(file)
    try:
        vct = canonical_json.parse_object(metadata)["vct"]
    except (JeungError, KeyError):
        raise CommandFailed(f"{file}: expected type metadata with a `vct`") from None
    propose(desk, "SchemaRegistry", "registerSchema", (to_hex(metadata), vct))


@command(app, "deprecate-schema", acts=True, tries=True)
def deprecate_schema(desk: Desk, credential_type: _Type) -> None:
    """Deprecate a credential type."""
    propose(desk, "SchemaRegistry", "deprecateSchema", (desk.schema(credential_type),))


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
    args = (desk.member(member), desk.schema(credential_type), time_of(begin), time_of(until))
    propose(desk, "AccreditationRegistry", "grant", args)


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
    args = (desk.member(member), desk.schema(credential_type), grant, time_of(since))
    propose(desk, "AccreditationRegistry", "withdraw", args)


@command(app, "key-compromised", acts=True, tries=True)
def key_compromised(
    desk: Desk,
    member: _Member,
    thumbprint: Annotated[str, typer.Argument(help="The key's thumbprint, 0x and 64 digits.")],
    since: _Time,
) -> None:
    """Declare a member's key compromised since a time, for a member that does not do it itself."""
    args = (desk.member(member), number_of(thumbprint, 32), time_of(since))
    propose(desk, "KeyRegistry", "declareCompromisedByQuorum", args)


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
    args = (desk.member(issuer), list_number, number, sorted(set(index)))
    propose(desk, "StatusRegistry", "setStatusesByQuorum", args)


@command(app, "close-status-registry", acts=True, tries=True)
def close_status_registry(desk: Desk) -> None:
    """Close the status registry for its successor."""
    propose(desk, "StatusRegistry", "close", ())


@command(app, "profile", acts=True, tries=True)
def profile(
    desk: Desk,
    member: _Member,
    file: Annotated[Path, typer.Argument(help="The request profile, JSON; docs/reference/relying-parties.md.")],
) -> None:
    """Permit a relying party's service to ask for claims."""
    try:
        document = canonical_json.parse_object(file_of(file))
        name = str(document["name"])
    except (JeungError, KeyError):
        raise CommandFailed(f"{file}: expected a request profile with a `name`") from None
    args = (desk.member(member), to_hex(service_id(name)), to_hex(canonical_json.canonical(document)))
    propose(desk, "RelyingPartyRegistry", "registerProfile", args)


@command(app, "withdraw-profile", acts=True, tries=True)
def withdraw_profile(
    desk: Desk, member: _Member, service: Annotated[str, typer.Argument(help="The service's name.")]
) -> None:
    """Withdraw what a service may ask for."""
    args = (desk.member(member), to_hex(service_id(service)))
    propose(desk, "RelyingPartyRegistry", "withdrawProfile", args)


@command(app, "trust-wallet-provider", acts=True, tries=True)
def trust_wallet_provider(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="The wallet provider's name.")],
    file: Annotated[Path, typer.Argument(help="Its public key, a JWK.")],
    until: _Until,
) -> None:
    """Trust a wallet provider's key until a time."""
    try:
        jwk = canonical_json.parse_object(file_of(file))
    except JeungError:
        raise CommandFailed(f"{file}: expected a public JWK") from None
    if "d" in jwk:
        raise CommandFailed(f"{file}: holds a private key; only the public part belongs on the chain")
    args = (to_hex(canonical_json.canonical(jwk)), name, time_of(until))
    propose(desk, "RelyingPartyRegistry", "trustWalletProvider", args)


@command(app, "distrust-wallet-provider", acts=True, tries=True)
def distrust_wallet_provider(
    desk: Desk, thumbprint: Annotated[str, typer.Argument(help="0x and 64 digits.")], *, since: _Since = "0"
) -> None:
    """No longer trust a wallet provider's key."""
    args = (number_of(thumbprint, 32), time_of(since))
    propose(desk, "RelyingPartyRegistry", "distrustWalletProvider", args)


@command(app, "contract", acts=True, tries=True)
def contract(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="The contract's name, for example StatusRegistry.")],
    account: _Account,
) -> None:
    """Name a successor contract in the Directory."""
    if not name.isascii() or not 1 <= len(name) <= 32:
        raise CommandFailed("a contract's name has 1 to 32 ASCII characters")
    propose(desk, "Directory", "set", (to_hex(name.encode().ljust(32, b"\0")), account_of(account)))


@command(app, "allow-node", acts=True, tries=True)
def allow_node(
    desk: Desk, member: _Member, enode: Annotated[str, typer.Argument(help="enode://KEY@HOST:PORT[?discport=N]")]
) -> None:
    """Let a member's chain node into the network."""
    propose(desk, "NetworkAllowlist", "addNode", (desk.member(member), enode_of(enode)))


@command(app, "remove-node", acts=True, tries=True)
def remove_node(
    desk: Desk, node_id: Annotated[str, typer.Argument(help="The node's identifier, 0x and 64 digits.")]
) -> None:
    """Take a chain node off the network."""
    propose(desk, "NetworkAllowlist", "removeNode", (number_of(node_id, 32),))


@command(app, "allow-account", acts=True, tries=True)
def allow_account(desk: Desk, member: _Member, account: _Account) -> None:
    """Let a further account of a member send transactions."""
    propose(desk, "NetworkAllowlist", "addAccount", (desk.member(member), account_of(account)))


@command(app, "remove-account", acts=True, tries=True)
def remove_account(desk: Desk, account: _Account) -> None:
    """No longer let an account send transactions."""
    propose(desk, "NetworkAllowlist", "removeAccount", (account_of(account),))


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
    propose(desk, contract_name, function, args)

"""Fold the chain's registry events into one immutable picture of the consortium.

The follower stores events; this fold turns them into members, schemas, accreditations, keys, profiles, wallet
providers, proposals and contract addresses. It is pure, so a rollback is a fold over fewer events.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from jeung.domain.chain import RegistryEvent
from jeung.domain.identifiers import Address, KeyThumbprint, MemberId, NodeId, ProposalId, SchemaId, ServiceId
from jeung.domain.members import Member, OperatorAccount, OperatorPurpose, Removal, Role, Suspension
from jeung.domain.network import Endpoint, ListedNode, Listing, host_of
from jeung.domain.profiles import parse_profile
from jeung.domain.registrations import (
    AnchoredLog,
    Grant,
    KeyPurpose,
    ProfileVersion,
    Proposal,
    RegisteredKey,
    Rules,
    Schema,
    WalletProvider,
)
from jeung.domain.registry import Registry


class _Fold:
    """Gather the mutable tables while events are applied in the order of the chain."""

    def __init__(self, begun: Registry) -> None:
        self.members = dict(begun.members)
        self.member_by_url = dict(begun.member_by_url)
        self.operators = dict(begun.operators)
        self.schemas = dict(begun.schemas)
        self.grants = dict(begun.grants)
        self.keys = dict(begun.keys)
        self.profiles = dict(begun.profiles)
        self.profile_versions = dict(begun.profile_versions)
        self.wallet_providers = dict(begun.wallet_providers)
        self.proposals = dict(begun.proposals)
        self.contracts = dict(begun.contracts)
        self.nodes = dict(begun.nodes)
        self.network_accounts = dict(begun.network_accounts)
        self.log_anchors = dict(begun.log_anchors)
        self.log_epochs = dict(begun.log_epochs)
        self.rules = begun.rules

    def member_admitted(self, args: Mapping[str, Any], time: int) -> None:
        member = MemberId(_bytes(args["member"]))
        roles = ((time, Role(args["roles"])),)
        governance = Address(args["governance"])
        self.members[member] = Member(member, (args["url"],), governance, roles, time)
        self.member_by_url[args["url"]] = member

    def member_url_added(self, args: Mapping[str, Any], time: int) -> None:
        member = MemberId(_bytes(args["member"]))
        self._change(member, urls=(*self.members[member].urls, args["url"]))
        self.member_by_url[args["url"]] = member

    def roles_changed(self, args: Mapping[str, Any], time: int) -> None:
        member = MemberId(_bytes(args["member"]))
        self._change(member, roles=(*self.members[member].roles, (time, Role(args["roles"]))))

    def governance_account_changed(self, args: Mapping[str, Any], time: int) -> None:
        member = MemberId(_bytes(args["member"]))
        self._change(member, governance=Address(args["account"]))
        # A new account does not inherit the old one's word; what is decided stays as it was.
        for proposal in list(self.proposals.values()):
            if not proposal.decided:
                self._drop_approval(proposal, member)

    def rules_changed(self, args: Mapping[str, Any], time: int) -> None:
        earlier = 0 if self.rules is None else self.rules.timelock_s
        self.rules = Rules(
            args["quorumNumerator"], args["quorumDenominator"], args["timelock"], args["proposalLifetime"]
        )
        # The longer of what held when it was proposed and what holds now: what was ripe need not be ripe any more.
        for proposal in [one for one in self.proposals.values() if not one.decided]:
            later = max(proposal.timelock_s, self.rules.timelock_s) - max(proposal.timelock_s, earlier)
            approvals = tuple((member, ripe_at + later) for member, ripe_at in proposal.approvals)
            self.proposals[proposal.proposal] = replace(proposal, approvals=approvals)

    def operator_authorized(self, args: Mapping[str, Any], time: int) -> None:
        member, account = MemberId(_bytes(args["member"])), Address(args["account"])
        operator = OperatorAccount(member, OperatorPurpose(args["purpose"]), account, time)
        self._set_operator(operator)

    def operator_retired(self, args: Mapping[str, Any], time: int) -> None:
        self._set_operator(replace(self.operators[Address(args["account"])], retired_at=time))

    def operator_compromised(self, args: Mapping[str, Any], time: int) -> None:
        operator = self.operators[Address(args["account"])]
        self._set_operator(replace(operator, compromised_since=args["since"]))

    def member_suspended(self, args: Mapping[str, Any], time: int) -> None:
        member = MemberId(_bytes(args["member"]))
        # The contract writes 0 where the quorum itself suspends: no lapse.
        until = args["until"] or None
        self._change(member, suspensions=(*self.members[member].suspensions, Suspension(time, until)))

    def suspension_confirmed(self, args: Mapping[str, Any], time: int) -> None:
        self._change_last_suspension(MemberId(_bytes(args["member"])), until=None)

    def member_reinstated(self, args: Mapping[str, Any], time: int) -> None:
        self._change_last_suspension(MemberId(_bytes(args["member"])), ended_at=time)

    def member_removed(self, args: Mapping[str, Any], time: int) -> None:
        removal = Removal(time, args["effectiveSince"], args["forCause"])
        self._change(MemberId(_bytes(args["member"])), removal=removal)

    def proposal_created(self, args: Mapping[str, Any], time: int) -> None:
        proposal = ProposalId(_bytes(args["proposal"]))
        self.proposals[proposal] = Proposal(
            proposal=proposal,
            proposer=MemberId(_bytes(args["proposer"])),
            target=Address(args["target"]),
            call=_bytes(args["data"]),
            salt=_bytes(args["salt"]),
            created_at=time,
            expires_at=args["expiresAt"],
            quorum=args["quorum"],
            timelock_s=0 if self.rules is None else self.rules.timelock_s,
        )

    def proposal_approved(self, args: Mapping[str, Any], time: int) -> None:
        proposal = self.proposals[ProposalId(_bytes(args["proposal"]))]
        approval = (MemberId(_bytes(args["member"])), args["ripeAt"])
        self.proposals[proposal.proposal] = replace(proposal, approvals=(*proposal.approvals, approval))

    def approval_withdrawn(self, args: Mapping[str, Any], time: int) -> None:
        proposal = self.proposals[ProposalId(_bytes(args["proposal"]))]
        self._drop_approval(proposal, MemberId(_bytes(args["member"])))

    def proposal_cancelled(self, args: Mapping[str, Any], time: int) -> None:
        proposal = ProposalId(_bytes(args["proposal"]))
        self.proposals[proposal] = replace(self.proposals[proposal], cancelled_at=time)

    def proposal_executed(self, args: Mapping[str, Any], time: int) -> None:
        proposal = ProposalId(_bytes(args["proposal"]))
        self.proposals[proposal] = replace(self.proposals[proposal], executed_at=time)

    def schema_registered(self, args: Mapping[str, Any], time: int) -> None:
        schema = SchemaId(_bytes(args["schema"]))
        self.schemas[schema] = Schema(schema, args["vct"], _bytes(args["metadata"]), time)

    def schema_deprecated(self, args: Mapping[str, Any], time: int) -> None:
        schema = SchemaId(_bytes(args["schema"]))
        self.schemas[schema] = replace(self.schemas[schema], deprecated_at=time)

    def accreditation_granted(self, args: Mapping[str, Any], time: int) -> None:
        member, schema = MemberId(_bytes(args["member"])), SchemaId(_bytes(args["schema"]))
        grant = Grant(member, schema, args["grantIndex"], time, args["validFrom"], args["validUntil"])
        self.grants[member, schema] = (*self.grants.get((member, schema), ()), grant)

    def accreditation_withdrawn(self, args: Mapping[str, Any], time: int) -> None:
        key = MemberId(_bytes(args["member"])), SchemaId(_bytes(args["schema"]))
        self.grants[key] = tuple(
            replace(grant, withdrawn_at=time, effective_since=args["effectiveSince"])
            if grant.index == args["grantIndex"]
            else grant
            for grant in self.grants[key]
        )

    def key_registered(self, args: Mapping[str, Any], time: int) -> None:
        member, thumbprint = _key_of(args)
        self.keys[member, thumbprint] = RegisteredKey(
            member, thumbprint, KeyPurpose(args["purpose"]), time, args["notBefore"], args["notAfter"]
        )

    def key_revoked(self, args: Mapping[str, Any], time: int) -> None:
        key = _key_of(args)
        self.keys[key] = replace(self.keys[key], revoked_at=args["revokedAt"])

    def key_compromised(self, args: Mapping[str, Any], time: int) -> None:
        key = _key_of(args)
        self.keys[key] = replace(self.keys[key], compromised_since=args["since"])

    def profile_registered(self, args: Mapping[str, Any], time: int) -> None:
        member, service = MemberId(_bytes(args["member"])), ServiceId(_bytes(args["service"]))
        profile = parse_profile(member, service, _bytes(args["profile"]), time)
        self._end_profile((member, service), time)
        versions = self.profile_versions.get((member, service), ())
        self.profile_versions[member, service] = (*versions, ProfileVersion(_bytes(args["profile"]), time))
        # A profile the consortium voted in but that does not parse permits nothing: it is left out, not guessed.
        if profile is None:
            self.profiles.pop((member, service), None)
        else:
            self.profiles[member, service] = profile

    def profile_withdrawn(self, args: Mapping[str, Any], time: int) -> None:
        key = MemberId(_bytes(args["member"])), ServiceId(_bytes(args["service"]))
        self._end_profile(key, time)
        if key in self.profiles:
            self.profiles[key] = replace(self.profiles[key], withdrawn_at=time)

    def _end_profile(self, key: tuple[MemberId, ServiceId], time: int) -> None:
        versions = self.profile_versions.get(key, ())
        if versions and versions[-1].ended_at is None:
            self.profile_versions[key] = (*versions[:-1], replace(versions[-1], ended_at=time))

    def wallet_provider_trusted(self, args: Mapping[str, Any], time: int) -> None:
        thumbprint = KeyThumbprint(_bytes(args["thumbprint"]))
        self.wallet_providers[thumbprint] = WalletProvider(
            thumbprint, args["name"], _bytes(args["jwk"]), time, args["validUntil"]
        )

    def wallet_provider_distrusted(self, args: Mapping[str, Any], time: int) -> None:
        thumbprint = KeyThumbprint(_bytes(args["thumbprint"]))
        provider = self.wallet_providers[thumbprint]
        self.wallet_providers[thumbprint] = replace(provider, distrusted_at=args["effectiveSince"])

    def contract_named(self, args: Mapping[str, Any], time: int) -> None:
        name = _bytes(args["name"]).rstrip(b"\0").decode("ascii", "replace")
        self.contracts[name] = (*self.contracts.get(name, ()), Address(args["contractAddress"]))

    def _drop_approval(self, proposal: Proposal, member: MemberId) -> None:
        approvals = tuple(approval for approval in proposal.approvals if approval[0] != member)
        self.proposals[proposal.proposal] = replace(proposal, approvals=approvals)

    def node_added(self, args: Mapping[str, Any], time: int) -> None:
        node = NodeId(_bytes(args["node"]))
        host = host_of(_bytes(args["ip"]), args["domain"])
        key = _bytes(args["keyX"]) + _bytes(args["keyY"])
        endpoint = Endpoint(key, host, args["port"], args["discoveryPort"])
        before = self.nodes[node].listings if node in self.nodes else ()
        self.nodes[node] = ListedNode(endpoint, (*before, Listing(MemberId(_bytes(args["member"])), time)))

    def node_removed(self, args: Mapping[str, Any], time: int) -> None:
        self._change_listing(NodeId(_bytes(args["node"])), removed_at=time)

    def node_isolated(self, args: Mapping[str, Any], time: int) -> None:
        self._change_listing(NodeId(_bytes(args["node"])), isolated_until=args["until"])

    def account_added(self, args: Mapping[str, Any], time: int) -> None:
        account = Address(args["account"])
        listing = Listing(MemberId(_bytes(args["member"])), time)
        self.network_accounts[account] = (*self.network_accounts.get(account, ()), listing)

    def account_removed(self, args: Mapping[str, Any], time: int) -> None:
        account = Address(args["account"])
        self.network_accounts[account] = _last_changed(self.network_accounts[account], removed_at=time)

    def account_isolated(self, args: Mapping[str, Any], time: int) -> None:
        account = Address(args["account"])
        listings = self.network_accounts[account]
        self.network_accounts[account] = _last_changed(listings, isolated_until=args["until"])

    def log_anchored(self, args: Mapping[str, Any], time: int) -> None:
        key = MemberId(_bytes(args["member"])), int(args["epoch"])
        self.log_anchors[key] = AnchoredLog(args["size"], _bytes(args["root"]), time)

    def log_epoch_opened(self, args: Mapping[str, Any], time: int) -> None:
        member = MemberId(_bytes(args["member"]))
        # A successor of the contract counts from the first epoch again; what was closed stays closed.
        self.log_epochs[member] = max(args["epoch"], self.log_epochs.get(member, 1))

    def _change_listing(self, node: NodeId, **changes: int) -> None:
        listed = self.nodes[node]
        self.nodes[node] = replace(listed, listings=_last_changed(listed.listings, **changes))

    def _change(self, member: MemberId, **changes: Any) -> None:  # noqa: ANN401 - fields of Member
        self.members[member] = replace(self.members[member], **changes)

    def _change_last_suspension(self, member: MemberId, **changes: Any) -> None:  # noqa: ANN401 - fields of Suspension
        *before, last = self.members[member].suspensions
        self._change(member, suspensions=(*before, replace(last, **changes)))

    def _set_operator(self, operator: OperatorAccount) -> None:
        self.operators[operator.account] = operator
        others = (kept for kept in self.members[operator.member].operators if kept.account != operator.account)
        self._change(operator.member, operators=(*others, operator))


_HANDLERS: dict[str, Callable[[_Fold, Mapping[str, Any], int], None]] = {
    "MemberAdmitted": _Fold.member_admitted,
    "MemberUrlAdded": _Fold.member_url_added,
    "RolesChanged": _Fold.roles_changed,
    "GovernanceAccountChanged": _Fold.governance_account_changed,
    "OperatorAuthorized": _Fold.operator_authorized,
    "OperatorRetired": _Fold.operator_retired,
    "OperatorCompromised": _Fold.operator_compromised,
    "MemberSuspended": _Fold.member_suspended,
    "SuspensionConfirmed": _Fold.suspension_confirmed,
    "MemberReinstated": _Fold.member_reinstated,
    "MemberRemoved": _Fold.member_removed,
    "RulesChanged": _Fold.rules_changed,
    "ProposalCreated": _Fold.proposal_created,
    "ProposalApproved": _Fold.proposal_approved,
    "ApprovalWithdrawn": _Fold.approval_withdrawn,
    "ProposalCancelled": _Fold.proposal_cancelled,
    "ProposalExecuted": _Fold.proposal_executed,
    "SchemaRegistered": _Fold.schema_registered,
    "SchemaDeprecated": _Fold.schema_deprecated,
    "AccreditationGranted": _Fold.accreditation_granted,
    "AccreditationWithdrawn": _Fold.accreditation_withdrawn,
    "KeyRegistered": _Fold.key_registered,
    "KeyRevoked": _Fold.key_revoked,
    "KeyCompromised": _Fold.key_compromised,
    "ProfileRegistered": _Fold.profile_registered,
    "ProfileWithdrawn": _Fold.profile_withdrawn,
    "WalletProviderTrusted": _Fold.wallet_provider_trusted,
    "WalletProviderDistrusted": _Fold.wallet_provider_distrusted,
    "ContractNamed": _Fold.contract_named,
    "NodeAdded": _Fold.node_added,
    "NodeRemoved": _Fold.node_removed,
    "NodeIsolated": _Fold.node_isolated,
    "AccountAdded": _Fold.account_added,
    "AccountRemoved": _Fold.account_removed,
    "AccountIsolated": _Fold.account_isolated,
    "LogAnchored": _Fold.log_anchored,
    "LogEpochOpened": _Fold.log_epoch_opened,
}


def fold(events: Iterable[RegistryEvent], begun: Registry | None = None) -> Registry:
    """Fold events, given in the order of the chain, into a registry; events it has no use for pass by.

    With `begun`, go on from a registry instead of from nothing; it stays as it is.

    Raises:
        KeyError: the events are not a beginning of one chain's history (something was left out).
    """
    state = _Fold(begun or Registry())
    for event in events:
        handler = _HANDLERS.get(event.name)
        if handler is not None:
            handler(state, event.args, event.block_time)
    tables = {name: value for name, value in vars(state).items() if isinstance(value, dict)}
    return Registry(**{name: MappingProxyType(table) for name, table in tables.items()}, rules=state.rules)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _last_changed(listings: tuple[Listing, ...], **changes: Any) -> tuple[Listing, ...]:  # noqa: ANN401 - fields of Listing
    *before, last = listings
    return (*before, replace(last, **changes))


def _key_of(args: Mapping[str, Any]) -> tuple[MemberId, KeyThumbprint]:
    return MemberId(_bytes(args["member"])), KeyThumbprint(_bytes(args["thumbprint"]))

"""Rebuild the state from events alone, and judge each event by what stood before it.

What the replay proves: every attestation was made by an account that was then entitled to it, over the digests its
root names; no status ever left REVOKED; a suspended member only tightened; every governance act was executed with
its quorum of ripe approvals. What it cannot prove: that the chain itself was not replaced as a whole.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import orjson

from audit import rules
from audit.decoding import Event
from audit.findings import Finding, Rule
from audit.state import FOREVER, State
from jeung.crypto.hashing import keccak256
from jeung.crypto.merkle import merkle_root

_LARGE = ("AttestationRegistry", "StatusRegistry")
_ATTEST, _ISSUER = 1, 1
_REVOKED = 1
_LIST_SIZE = 1 << 20


def event_digest(contract: str, name: str, args: Mapping[str, Any], time: int, transaction: str) -> str:
    """Give one hash over everything a registry event says, to compare it with what a node has stored."""
    content = [contract, name, dict(args), time, transaction]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Replay:
    """Apply events in the order of the chain to a state, gathering findings."""

    def __init__(self, state: State) -> None:
        """Go on from a state (an empty one, or a checkpoint's)."""
        self.state = state
        self.findings: list[Finding] = []

    def apply(self, event: Event, time: int) -> None:
        """Apply one event of a block whose time is given, seconds UTC."""
        if event.contract not in _LARGE:
            place = f"{event.block_number}/{event.log_index}"
            self.state.registry_events[place] = event_digest(
                event.contract, event.name, event.args, time, event.transaction
            )
        handler = _HANDLERS.get((event.contract, event.name))
        if handler is not None:
            try:
                handler(self, event, time)
            except KeyError:
                self._report(rules.HISTORY_BROKEN, event, f"{event.name} refers to something no event made")

    def _report(self, rule: Rule, event: Event, message: str) -> None:
        subject = f"{event.transaction} log {event.log_index}"
        self.findings.append(Finding(rule, subject, message, event.block_number))

    # ---- consortium -----------------------------------------------------------------------------------------------
    def _member_admitted(self, event: Event, time: int) -> None:
        member = event.args["member"]
        if member != "0x" + keccak256(event.args["url"].encode()).hex():
            self._report(rules.ID_MISMATCH, event, "the member's id is not the hash of its URL")
        self.state.members[member] = {
            "urls": [event.args["url"]],
            "governance": [event.args["governance"]],
            "roles": [[time, event.args["roles"]]],
            "admitted_at": time,
            "suspensions": [],
            "removed": None,
        }

    def _url_added(self, event: Event, time: int) -> None:
        self.state.members[event.args["member"]]["urls"].append(event.args["url"])

    def _roles_changed(self, event: Event, time: int) -> None:
        self.state.members[event.args["member"]]["roles"].append([time, event.args["roles"]])

    def _governance_changed(self, event: Event, time: int) -> None:
        self.state.members[event.args["member"]]["governance"].append(event.args["account"])

    def _suspended(self, event: Event, time: int) -> None:
        suspended = [time, event.args["until"], None]
        self.state.members[event.args["member"]]["suspensions"].append(suspended)

    def _confirmed(self, event: Event, time: int) -> None:
        self._last_suspension(event)[1] = FOREVER

    def _reinstated(self, event: Event, time: int) -> None:
        self._last_suspension(event)[2] = time

    def _last_suspension(self, event: Event) -> list[int | None]:
        suspensions = self.state.members[event.args["member"]]["suspensions"]
        if not suspensions:
            raise KeyError(event.args["member"])
        last: list[int | None] = suspensions[-1]
        return last

    def _removed(self, event: Event, time: int) -> None:
        removal = {"at": time, "since": event.args["effectiveSince"], "for_cause": event.args["forCause"]}
        self.state.members[event.args["member"]]["removed"] = removal

    def _operator_authorized(self, event: Event, time: int) -> None:
        if event.args["account"] in self.state.operators:
            self._report(rules.HISTORY_BROKEN, event, "an operator account was authorised twice")
        self.state.operators[event.args["account"]] = {
            "member": event.args["member"],
            "purpose": event.args["purpose"],
            "authorized_at": time,
            "retired_at": None,
            "compromised_since": None,
        }

    def _operator_retired(self, event: Event, time: int) -> None:
        self.state.operators[event.args["account"]]["retired_at"] = time

    def _operator_compromised(self, event: Event, time: int) -> None:
        self._only_earlier(event, self.state.operators[event.args["account"]])

    def _only_earlier(self, event: Event, record: dict[str, int | None]) -> None:
        before, since = record["compromised_since"], event.args["since"]
        if before is not None and since >= before:
            self._report(rules.HISTORY_REWRITTEN, event, "a compromise was moved later")
        record["compromised_since"] = since

    def _proposal_created(self, event: Event, time: int) -> None:
        self.state.proposals[event.args["proposal"]] = {
            "target": event.args["target"],
            "data_sha256": hashlib.sha256(bytes.fromhex(event.args["data"][2:])).hexdigest(),
            "expires_at": event.args["expiresAt"],
            "quorum": event.args["quorum"],
            "approvals": {},
            "executed_at": None,
            "cancelled_at": None,
        }

    def _proposal_approved(self, event: Event, time: int) -> None:
        approvals = self.state.proposals[event.args["proposal"]]["approvals"]
        approvals[event.args["member"]] = event.args["ripeAt"]
        if self.state.status_at(event.args["member"], time) != "active":
            self._report(rules.ACT_WITHOUT_STANDING, event, "a member approved while it was not active")

    def _approval_withdrawn(self, event: Event, time: int) -> None:
        del self.state.proposals[event.args["proposal"]]["approvals"][event.args["member"]]

    def _proposal_cancelled(self, event: Event, time: int) -> None:
        self.state.proposals[event.args["proposal"]]["cancelled_at"] = time

    def _proposal_executed(self, event: Event, time: int) -> None:
        proposal = self.state.proposals[event.args["proposal"]]
        # The executed call's own events come before this one, so a member it removed or suspended still counts
        # by what stood just before the block's time; equality of times is given to the consortium.
        ripe = sum(
            1
            for member, ripe_at in proposal["approvals"].items()
            if ripe_at <= time
            and (self.state.status_at(member, time) == "active" or self.state.status_at(member, time - 1) == "active")
        )
        expired = time >= proposal["expires_at"]
        if ripe < proposal["quorum"] or expired or proposal["executed_at"] or proposal["cancelled_at"]:
            self._report(
                rules.ACT_WITHOUT_QUORUM, event, f"executed with {ripe} ripe approvals of {proposal['quorum']}"
            )
        proposal["executed_at"] = time

    def _rules_changed(self, event: Event, time: int) -> None:
        self.state.rules = dict(event.args)

    # ---- registries -----------------------------------------------------------------------------------------------
    def _schema_registered(self, event: Event, time: int) -> None:
        schema = event.args["schema"]
        if schema != "0x" + hashlib.sha256(bytes.fromhex(event.args["metadata"][2:])).hexdigest():
            self._report(rules.ID_MISMATCH, event, "the schema's id is not the SHA-256 of its metadata")
        record = {"vct": event.args["vct"], "registered_at": time, "deprecated_at": None}
        self.state.schemas[schema] = record

    def _schema_deprecated(self, event: Event, time: int) -> None:
        self.state.schemas[event.args["schema"]]["deprecated_at"] = time

    def _granted(self, event: Event, time: int) -> None:
        grants = self.state.grants.setdefault(f"{event.args['member']}/{event.args['schema']}", [])
        if event.args["grantIndex"] != len(grants) or event.args["validFrom"] < time:
            self._report(rules.HISTORY_REWRITTEN, event, "a grant is out of order or begins in the past")
        grants.append(
            {
                "valid_from": event.args["validFrom"],
                "valid_until": event.args["validUntil"],
                "withdrawn_at": None,
                "withdrawn_since": None,
            }
        )

    def _withdrawn(self, event: Event, time: int) -> None:
        grants = self.state.grants[f"{event.args['member']}/{event.args['schema']}"]
        if event.args["grantIndex"] >= len(grants):
            raise KeyError(event.args["grantIndex"])
        grant = grants[event.args["grantIndex"]]
        grant["withdrawn_at"], grant["withdrawn_since"] = time, event.args["effectiveSince"]

    def _key_registered(self, event: Event, time: int) -> None:
        key = f"{event.args['member']}/{event.args['thumbprint']}"
        if key in self.state.keys or event.args["notBefore"] < time:
            self._report(rules.HISTORY_REWRITTEN, event, "a key was registered again or begins in the past")
        self.state.keys[key] = {
            "purpose": event.args["purpose"],
            "not_before": event.args["notBefore"],
            "not_after": event.args["notAfter"],
            "registered_block": event.block_number,
            "revoked_at": None,
            "compromised_since": None,
        }

    def _key_revoked(self, event: Event, time: int) -> None:
        self.state.keys[f"{event.args['member']}/{event.args['thumbprint']}"]["revoked_at"] = event.args["revokedAt"]

    def _key_compromised(self, event: Event, time: int) -> None:
        self._only_earlier(event, self.state.keys[f"{event.args['member']}/{event.args['thumbprint']}"])

    def _profile_registered(self, event: Event, time: int) -> None:
        digest = "0x" + hashlib.sha256(bytes.fromhex(event.args["profile"][2:])).hexdigest()
        if digest != event.args["digest"]:
            self._report(rules.ID_MISMATCH, event, "a profile's digest is not the SHA-256 of its bytes")
        self.state.profiles[f"{event.args['member']}/{event.args['service']}"] = {"digest": digest, "ended_at": None}

    def _profile_withdrawn(self, event: Event, time: int) -> None:
        self.state.profiles[f"{event.args['member']}/{event.args['service']}"]["ended_at"] = time

    def _provider_trusted(self, event: Event, time: int) -> None:
        record = {"valid_until": event.args["validUntil"], "distrusted_since": None}
        self.state.wallet_providers[event.args["thumbprint"]] = record

    def _provider_distrusted(self, event: Event, time: int) -> None:
        provider = self.state.wallet_providers[event.args["thumbprint"]]
        provider["distrusted_since"] = event.args["effectiveSince"]

    def _contract_named(self, event: Event, time: int) -> None:
        name = bytes.fromhex(event.args["name"][2:]).rstrip(b"\0").decode("ascii", "replace")
        self.state.contracts.setdefault(name, []).append(event.args["contractAddress"])

    # ---- attestations and statuses --------------------------------------------------------------------------------
    def _attested(self, event: Event, time: int) -> None:
        issuer, schema, batch = event.args["issuer"], event.args["schema"], event.args["batch"]
        self._judge_attestation(event, time)
        self.state.batches[batch] = {
            "issuer": issuer,
            "schema": schema,
            "operator": event.args["operator"],
            "root": event.args["root"],
            "count": len(event.args["digests"]),
            "time": time,
            "block": event.block_number,
        }
        for digest in event.args["digests"]:
            self.state.digests.setdefault(f"{issuer}/{schema}/{digest}", [batch, time, event.block_number])

    def _judge_attestation(self, event: Event, time: int) -> None:
        issuer, schema = event.args["issuer"], event.args["schema"]
        digests = [bytes.fromhex(digest[2:]) for digest in event.args["digests"]]
        if "0x" + merkle_root(digests).hex() != event.args["root"]:
            self._report(rules.ROOT_MISMATCH, event, "the digests do not give the batch's root")
        packed = b"".join(bytes.fromhex(event.args[name][2:]) for name in ("issuer", "schema", "root"))
        if "0x" + keccak256(packed).hex() != event.args["batch"]:
            self._report(rules.ID_MISMATCH, event, "the batch's id is not the hash of issuer, schema and root")
        operator = self.state.operators.get(event.args["operator"])
        entitled = (
            operator is not None
            and operator["member"] == issuer
            and operator["purpose"] == _ATTEST
            and (operator["retired_at"] is None or time <= operator["retired_at"])
        )
        if not entitled:
            self._report(rules.ATTESTED_BY_STRANGER, event, "the account was not an ATTEST operator of the issuer")
        if self.state.status_at(issuer, time) != "active" or not self.state.roles_at(issuer, time) & _ISSUER:
            self._report(rules.ACT_WITHOUT_STANDING, event, "the issuer was not an active issuer")
        if not self.state.accredited_at(issuer, schema, time):
            self._report(rules.ATTESTED_UNACCREDITED, event, "the issuer was not accredited for the schema")

    def _indexes(self, event: Event) -> list[int]:
        """Read the packed indexes: three big-endian bytes each, strictly ascending, below 2^20."""
        packed = bytes.fromhex(event.args["indexes"][2:])
        indexes = [int.from_bytes(packed[place : place + 3]) for place in range(0, len(packed), 3)]
        ascending = all(before < after for before, after in pairwise(indexes))
        if len(packed) % 3 or not ascending or (indexes and indexes[-1] >= _LIST_SIZE):
            self._report(rules.HISTORY_BROKEN, event, "the packed status indexes are malformed")
        return indexes

    def _statuses_set(self, event: Event, time: int) -> None:
        issuer, status = event.args["issuer"], event.args["status"]
        entries = self.state.statuses.setdefault(f"{issuer}/{event.args['list']}", {})
        loosened = terminal_left = False
        for index in self._indexes(event):
            before = entries.get(str(index), [0])[0]
            terminal_left |= before == _REVOKED and status != _REVOKED
            loosened |= before != 0 and status == 0
            if before != status:
                entries[str(index)] = [status, time]
        if terminal_left:
            self._report(rules.REVOCATION_UNDONE, event, "a revoked credential got another status")
        if loosened and self.state.status_at(issuer, time) != "active":
            self._report(rules.ACT_WITHOUT_STANDING, event, "a member that was not active reinstated credentials")


_HANDLERS: dict[tuple[str, str], Callable[[Replay, Event, int], None]] = {
    ("Consortium", "MemberAdmitted"): Replay._member_admitted,
    ("Consortium", "MemberUrlAdded"): Replay._url_added,
    ("Consortium", "RolesChanged"): Replay._roles_changed,
    ("Consortium", "GovernanceAccountChanged"): Replay._governance_changed,
    ("Consortium", "MemberSuspended"): Replay._suspended,
    ("Consortium", "SuspensionConfirmed"): Replay._confirmed,
    ("Consortium", "MemberReinstated"): Replay._reinstated,
    ("Consortium", "MemberRemoved"): Replay._removed,
    ("Consortium", "OperatorAuthorized"): Replay._operator_authorized,
    ("Consortium", "OperatorRetired"): Replay._operator_retired,
    ("Consortium", "OperatorCompromised"): Replay._operator_compromised,
    ("Consortium", "ProposalCreated"): Replay._proposal_created,
    ("Consortium", "ProposalApproved"): Replay._proposal_approved,
    ("Consortium", "ApprovalWithdrawn"): Replay._approval_withdrawn,
    ("Consortium", "ProposalCancelled"): Replay._proposal_cancelled,
    ("Consortium", "ProposalExecuted"): Replay._proposal_executed,
    ("Consortium", "RulesChanged"): Replay._rules_changed,
    ("SchemaRegistry", "SchemaRegistered"): Replay._schema_registered,
    ("SchemaRegistry", "SchemaDeprecated"): Replay._schema_deprecated,
    ("AccreditationRegistry", "AccreditationGranted"): Replay._granted,
    ("AccreditationRegistry", "AccreditationWithdrawn"): Replay._withdrawn,
    ("KeyRegistry", "KeyRegistered"): Replay._key_registered,
    ("KeyRegistry", "KeyRevoked"): Replay._key_revoked,
    ("KeyRegistry", "KeyCompromised"): Replay._key_compromised,
    ("RelyingPartyRegistry", "ProfileRegistered"): Replay._profile_registered,
    ("RelyingPartyRegistry", "ProfileWithdrawn"): Replay._profile_withdrawn,
    ("RelyingPartyRegistry", "WalletProviderTrusted"): Replay._provider_trusted,
    ("RelyingPartyRegistry", "WalletProviderDistrusted"): Replay._provider_distrusted,
    ("Directory", "ContractNamed"): Replay._contract_named,
    ("AttestationRegistry", "CredentialsAttested"): Replay._attested,
    ("StatusRegistry", "StatusesSet"): Replay._statuses_set,
}


def replay(state: State, events: Iterable[tuple[Event, int]]) -> list[Finding]:
    """Apply events with their block times to a state; give the findings."""
    run = Replay(state)
    for event, time in events:
        run.apply(event, time)
    return run.findings

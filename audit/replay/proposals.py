"""Replay votes, counting quorum and ripeness anew from the rules instead of trusting what the events say of them."""

from eth_abi.abi import encode

from audit import rules
from audit.decoding import Event
from audit.replay.course import Course, Handler
from jeung.crypto.hashing import keccak256

_BY_QUORUM_ALONE = frozenset(
    {
        *(("Consortium", name) for name in ("MemberAdmitted", "MemberUrlAdded", "RolesChanged", "RulesChanged")),
        *(("Consortium", name) for name in ("SuspensionConfirmed", "MemberReinstated", "MemberRemoved")),
        *(("SchemaRegistry", name) for name in ("SchemaRegistered", "SchemaDeprecated")),
        *(("AccreditationRegistry", name) for name in ("AccreditationGranted", "AccreditationWithdrawn")),
        *(("RelyingPartyRegistry", name) for name in ("ProfileRegistered", "ProfileWithdrawn")),
        *(("RelyingPartyRegistry", name) for name in ("WalletProviderTrusted", "WalletProviderDistrusted")),
        *(("NetworkAllowlist", name) for name in ("NodeAdded", "AccountAdded")),
        ("Directory", "ContractNamed"),
        ("LogAnchor", "LogEpochOpened"),
        ("StatusRegistry", "StatusRegistryClosed"),
    }
)


def judge_quorum(course: Course, event: Event) -> None:
    """Report an act that is the quorum's alone in a transaction that executed no proposal before it."""
    if (event.contract, event.name) in _BY_QUORUM_ALONE and not course.by_quorum(event):
        course.report(rules.ACT_WITHOUT_QUORUM, event, f"{event.name} without an executed proposal")


def _created(course: Course, event: Event, time: int) -> None:
    state, proposal, proposer = course.state, event.args["proposal"], event.args["proposer"]
    course.require_active(event, proposer, time)
    if proposal in state.proposals:
        course.report(rules.HISTORY_REWRITTEN, event, "a proposal was made twice")
    data = bytes.fromhex(event.args["data"][2:])
    named = [bytes.fromhex(event.args[name][2:]) for name in ("proposer", "salt")]
    identity = encode(
        ["uint256", "address", "bytes32", "address", "bytes32", "bytes32"],
        [state.chain_id, event.address, named[0], event.args["target"], keccak256(data), named[1]],
    )
    if proposal != "0x" + keccak256(identity).hex():
        course.report(rules.ID_MISMATCH, event, "the proposal's id is not the hash of what is proposed")
    if event.args["quorum"] < state.quorum(time):
        course.report(
            rules.ACT_WITHOUT_QUORUM, event, "a proposal was opened with a smaller quorum than the rules say"
        )
    state.proposals[proposal] = {
        "proposer": proposer,
        "proposed_at": time,
        "expires_at": event.args["expiresAt"],
        "timelock": state.rules["timelock"],
        "quorum": event.args["quorum"],
        "approvals": {},
        "executed_at": None,
        "cancelled_at": None,
        "target": event.args["target"],
        "data": event.args["data"],
        "votes": [[event.transaction, proposer, time, event.block_number]],
        "at": event.address,
    }


def _approved(course: Course, event: Event, time: int) -> None:
    proposal = course.state.proposals[event.args["proposal"]]
    course.require_active(event, event.args["member"], time)
    proposal["approvals"][event.args["member"]] = time
    proposal["votes"].append([event.transaction, event.args["member"], time, event.block_number])


def _withdrawn(course: Course, event: Event, time: int) -> None:
    approvals = course.state.proposals[event.args["proposal"]]["approvals"]
    if not approvals[event.args["member"]]:
        raise KeyError(event.args["member"])
    approvals[event.args["member"]] = 0


def _cancelled(course: Course, event: Event, time: int) -> None:
    course.state.proposals[event.args["proposal"]]["cancelled_at"] = time


def _executed(course: Course, event: Event, time: int) -> None:
    state, proposal = course.state, course.state.proposals[event.args["proposal"]]
    course.require_active(event, event.args["member"], time)
    _, ripe = state.approvals_of(proposal, time)
    required = max(proposal["quorum"], state.quorum(time))
    ended = proposal["executed_at"] is not None or proposal["cancelled_at"] is not None
    if ripe < required or ended or time >= proposal["expires_at"]:
        course.report(rules.ACT_WITHOUT_QUORUM, event, f"executed with {ripe} ripe approvals of {required}")
    proposal["executed_at"] = time
    # The acts themselves follow in the same transaction.
    course.executing = event.transaction


def _rules_changed(course: Course, event: Event, time: int) -> None:
    if not 0 < event.args["quorumNumerator"] <= event.args["quorumDenominator"]:
        course.report(rules.HISTORY_BROKEN, event, "rules whose quorum is no share")
        return
    course.state.rules = dict(event.args)


HANDLERS: dict[str, Handler] = {
    "ProposalCreated": _created,
    "ProposalApproved": _approved,
    "ApprovalWithdrawn": _withdrawn,
    "ProposalCancelled": _cancelled,
    "ProposalExecuted": _executed,
    "RulesChanged": _rules_changed,
}

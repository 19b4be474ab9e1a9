"""What a refusal by the chain means for the work it refused."""

from typing import Any

import pytest

from jeung.domain.identifiers import MemberId
from node.chain.abi import Revert, contracts_abi
from node.chain.verdicts import _RULES, ATTEST, ENDPOINT_REFUSED, SET_STATUSES, TOO_MUCH_GAS, Refusal, Verdict, judge

OWN = MemberId(b"\x0a" * 32)
OURS, THEIRS = "0x" + "0a" * 32, "0x" + "0b" * 32
DONE, LATER, NEVER = Verdict.DONE, Verdict.LATER, Verdict.NEVER


def verdict(function: str, name: str, **args: Any) -> Verdict:  # noqa: ANN401 - an error's values
    return judge(Refusal(function, Revert(name, args), OWN))


def test_every_rule_is_about_an_error_the_contracts_have() -> None:
    assert set(_RULES) <= {shape.name for shape in contracts_abi().errors.values()}


def test_values_a_rule_reads_are_values_the_error_has() -> None:
    """A renamed argument would silently turn a reached goal into a failure."""
    needed = {
        "ProposalNotOpen": {"state"},
        "MemberNotActive": {"status"},
        "AccountTaken": {"member"},
        "KeyRevocationTimeWrong": {"revokedAt", "standing", "blockTime"},
        "KeyCompromiseTimeWrong": {"since", "standing", "blockTime"},
        "OperatorCompromiseNotEarlier": {"since", "declared"},
        "StatusTerminal": {"index"},
    }
    shapes = {shape.name: {part.name for part in shape.inputs} for shape in contracts_abi().errors.values()}
    for name, values in needed.items():
        assert values <= shapes[name], name
    assert "StatusCapExceeded" in shapes


@pytest.mark.parametrize(
    ("function", "name", "args", "expected"),
    [
        ("attest", "BatchExists", {}, DONE),
        ("propose", "BatchExists", {}, NEVER),
        ("propose", "ProposalExists", {}, DONE),
        ("execute", "ProposalExists", {}, NEVER),
        ("approve", "ApprovalExists", {}, DONE),
        ("execute", "ApprovalExists", {}, NEVER),
        ("registerKey", "KeyExists", {}, DONE),
        ("execute", "KeyExists", {}, NEVER),
        ("retireOperator", "OperatorAlreadyRetired", {}, DONE),
        ("attest", "OperatorAlreadyRetired", {}, LATER),
        ("authorizeOperator", "AccountTaken", {"member": OURS}, DONE),
        ("authorizeOperator", "AccountTaken", {"member": THEIRS}, NEVER),
        ("execute", "AccountTaken", {"member": OURS}, NEVER),
        ("execute", "ProposalNotRipe", {}, LATER),
        ("execute", "ProposalNotOpen", {"state": 0}, LATER),
        ("execute", "ProposalNotOpen", {"state": 2}, NEVER),
        ("execute", "ProposalNotOpen", {"state": 3}, NEVER),
        ("execute", "ProposalNotOpen", {"state": 4}, DONE),
        ("approve", "ProposalNotOpen", {"state": 4}, DONE),
        ("cancel", "ProposalNotOpen", {"state": 4}, NEVER),
        ("withdrawApproval", "ProposalNotOpen", {"state": 4}, NEVER),
        ("cancel", "ProposalNotOpen", {"state": 3}, DONE),
        ("execute", "ProposalNotOpen", {}, NEVER),
        ("revokeKey", "KeyRevocationTimeWrong", {"revokedAt": 0, "standing": 5, "blockTime": 9}, DONE),
        ("revokeKey", "KeyRevocationTimeWrong", {"revokedAt": 7, "standing": 5, "blockTime": 9}, DONE),
        ("revokeKey", "KeyRevocationTimeWrong", {"revokedAt": 3, "standing": 5, "blockTime": 9}, NEVER),
        ("revokeKey", "KeyRevocationTimeWrong", {"revokedAt": 3, "standing": 0, "blockTime": 9}, NEVER),
        ("declareCompromised", "KeyCompromiseTimeWrong", {"since": 7, "standing": 7, "blockTime": 9}, DONE),
        ("declareCompromised", "KeyCompromiseTimeWrong", {"since": 7, "standing": 0, "blockTime": 6}, LATER),
        ("declareCompromised", "KeyCompromiseTimeWrong", {"since": 0, "standing": 0, "blockTime": 6}, NEVER),
        ("declareOperatorCompromised", "OperatorCompromiseNotEarlier", {"since": 7, "declared": 6}, DONE),
        ("declareOperatorCompromised", "OperatorCompromiseNotEarlier", {"since": 0, "declared": 0}, NEVER),
        ("declareOperatorCompromised", "TimeInFuture", {}, LATER),
        ("registerKey", "MemberNotActive", {"status": 2}, LATER),
        ("registerKey", "MemberNotActive", {"status": 3}, NEVER),
        ("suspendMember", "MemberNotActive", {"status": 2}, NEVER),
        ("suspendMember", "SupervisorOnly", {}, NEVER),
        ("approve", "GovernanceAccountUnknown", {}, NEVER),
        ("attest", "AttestationNotAccredited", {}, LATER),
        ("attest", "OperatorUnknown", {}, LATER),
        ("setStatuses", "StatusIssuerNotActive", {}, LATER),
        ("anchor", "LogAnchorExists", {}, DONE),
        ("anchor", "LogAnchorShrinks", {}, NEVER),
        ("anchor", "LogAnchorForked", {}, NEVER),
        ("anchor", "LogEpochNotPresent", {}, NEVER),
        ("attest", "", {}, LATER),
        ("execute", "", {}, NEVER),
        ("execute", "0x12345678", {}, NEVER),
    ],
)
def test_refusal_is_judged(function: str, name: str, args: dict[str, Any], expected: Verdict) -> None:
    assert verdict(function, name, **args) is expected


def test_duty_is_never_given_up() -> None:
    """Whatever the contracts may answer, a digest or a revocation goes on waiting until it stands."""
    for shape in contracts_abi().errors.values():
        for function in ("attest", "setStatuses"):
            if shape.name in ("BatchExists", "ProposalNotOpen"):
                continue
            assert verdict(function, shape.name) is not DONE, shape.name


@pytest.mark.parametrize("function", [ATTEST, SET_STATUSES, "execute", "registerKey"])
def test_what_an_endpoint_refuses_for_a_reason_of_its_own_is_tried_later(function: str) -> None:
    assert verdict(function, ENDPOINT_REFUSED) is LATER


def test_too_much_gas_ends_what_a_person_asked_for_and_no_duty() -> None:
    assert verdict("execute", TOO_MUCH_GAS) is NEVER
    assert {verdict(function, TOO_MUCH_GAS) for function in (ATTEST, SET_STATUSES)} == {LATER}

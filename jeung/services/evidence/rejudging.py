"""Judge a kept presentation anew, by the same procedure, over what proofs say of the ledger.

What only the node itself knew is taken from the judgement and said to be: that its nonce was given out, was unused
and for this profile; which client id a wallet was to name; what other presentations of the same answer were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto.trie import NotShownError
from jeung.domain.dcql import parse_query
from jeung.domain.identifiers import id_from_hex
from jeung.domain.ledger import Freshness
from jeung.domain.verification import Channel, IssuedNonce, StepOutcome
from jeung.errors import (
    NonceExpired,
    NonceProfileMismatch,
    NonceReplayed,
    NonceUnknown,
    NotAttested,
    WrongAudience,
)
from jeung.ports.ledger import LedgerView
from jeung.services.presentations.responses import demands_of
from jeung.services.verification.demands import Demand
from jeung.services.verification.procedure import Procedure
from jeung.services.verification.rules import VerificationRules

BY_THE_NODES_WORD: Final = frozenset(
    error.code for error in (NonceUnknown, NonceReplayed, NonceExpired, NonceProfileMismatch, WrongAudience)
)
"""Refusals of step 8 that rest on what the node kept of its nonces."""
NOT_THERE: Final = frozenset({NotAttested.code})
"""Refusals that rest on something being nowhere on the chain, which no proof of storage shows."""
LAST_STEP: Final = 9
USUAL_BOUNDS: Final = VerificationRules("").bounds
"""What a relying party judges by that sets none of its own."""
_ATTESTATION_STEP: Final = 4
_ATTESTED_AT_STEP: Final = 5


@dataclass(frozen=True, slots=True)
class Rejudged:
    """Hold the steps judged anew; `differs_at` is the first whose outcome is another than the judgement says."""

    steps: Sequence[StepOutcome]
    differs_at: int | None


def freshness_of(judgement: Mapping[str, Any]) -> Freshness:
    """Give the block that a judgement says it rested on.

    Raises:
        KeyError, TypeError, ValueError: it says none.
    """
    block = judgement["block"]
    number, head_time = block["number"], block["head_time"]
    if type(number) is not int or type(head_time) is not int:
        raise TypeError
    return Freshness(number, head_time, number, id_from_hex(block["hash"]), judgement["judged_at"])


def judge_again(judgement: Mapping[str, Any], view: LedgerView | None) -> Rejudged:
    """Run the procedure over a judgement's presentation, with the judgement's own time and bounds.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the judgement lacks what every judgement has.
        JeungError: it could not have been judged at all: the presentation has no shape, or the ledger was too old.
        NotShownError, InvalidProof: the proofs do not say enough.
    """
    now = judgement["judged_at"]
    request = judgement.get("request")
    channel = Channel.DIRECT if request is None else Channel.OPENID4VP
    audience = judgement["relying_party"] if request is None else request["client_id"]
    procedure = Procedure(
        judgement["presentation"],
        expected_nonce=None,
        expected_profile=None,
        channel=channel,
        rules=_rules(judgement),
        now=now,
        audience=audience,
        demand=None if request is None else _demand(request),
    )
    procedure.read()
    if procedure.refusal is None:
        if view is None:
            raise NotShownError
        procedure.judge(view, _nonce(judgement, channel, audience))
    return Rejudged(procedure.outcomes, _difference(procedure.outcomes, judgement["steps"]))


def _rules(judgement: Mapping[str, Any]) -> VerificationRules:
    bounds = judgement["bounds"]
    return VerificationRules(
        judgement["relying_party"],
        clock_skew_s=bounds["clock_skew_s"],
        key_binding_max_age_s=bounds["key_binding_max_age_s"],
        attestation_grace_s=bounds["attestation_grace_s"],
        # How fresh the node's copy was is nothing that the chain tells.
        max_poll_age_s=1 << 62,
        max_head_age_s=1 << 62,
    )


def _nonce(judgement: Mapping[str, Any], channel: Channel, audience: str) -> IssuedNonce | None:
    nonce = judgement["nonce"]
    if nonce is None:
        return None
    now = judgement["judged_at"]
    return IssuedNonce(nonce, judgement["profile"], channel, audience, "", issued_at=0, expires_at=now + 1)


def _demand(request: Mapping[str, Any]) -> Demand:
    return demands_of(parse_query(request["dcql_query"]), request["transactions"])[request["query_id"]]


def _difference(found: Sequence[StepOutcome], stated: Sequence[Mapping[str, Any]]) -> int | None:
    for outcome, said in zip(found, stated, strict=False):
        same = (outcome.number, outcome.name, outcome.passed) == (said["number"], said["name"], said["passed"])
        if not same or _comparable(outcome.number, outcome.facts) != _comparable(outcome.number, said["facts"]):
            return outcome.number
    return None if len(found) == len(stated) else min(len(found), len(stated)) + 1


def _comparable(number: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the storage does not tell: in which block a batch came, and how its account is spelled."""
    kept = dict(facts)
    if number == _ATTESTATION_STEP:
        kept.pop("block_number", None)
    if number == _ATTESTED_AT_STEP and "operator" in kept:
        kept["operator"] = str(kept["operator"]).lower()
    return kept

"""Verify packages of evidence off line, by the genesis facts of a consortium alone: `verify_evidence`."""

from audit.evidence.knowing import NodesKnowledge, know
from audit.evidence.members import TrustedMember, majority_of, member_document, members_of
from audit.evidence.trust import Trust, parse_block, parse_trust
from audit.evidence.verdict import Fact, Outcome, Standing, Verdict
from audit.evidence.verifier import verify_evidence

__all__ = [
    "Fact",
    "NodesKnowledge",
    "Outcome",
    "Standing",
    "Trust",
    "TrustedMember",
    "Verdict",
    "know",
    "majority_of",
    "member_document",
    "members_of",
    "parse_block",
    "parse_trust",
    "verify_evidence",
]

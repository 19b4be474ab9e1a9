"""Verify presentations: `procedure` judges, `evidence` keeps what the judgement rested on, `service` answers."""

from jeung.services.verification.evidence import EvidenceService
from jeung.services.verification.rules import VerificationRules
from jeung.services.verification.service import VerificationService

__all__ = ["EvidenceService", "VerificationRules", "VerificationService"]

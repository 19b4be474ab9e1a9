"""Wire what erases people, and what the law makes the node keep."""

from jeung.domain.erasure import DAY_S, RetentionRules
from jeung.services.erasure import ErasureWork
from node.runtime.parts import NodeParts
from node.settings import Settings


def retention_rules(settings: Settings) -> RetentionRules:
    """Give the retention rules as the settings have them."""
    retention = settings.retention
    return RetentionRules(
        proofing_s=retention.proofing_days * DAY_S,
        evidence_s=retention.evidence_days * DAY_S,
        backup_s=settings.backups.keep_days * DAY_S,
    )


def build_erasure_work(parts: NodeParts) -> ErasureWork:
    """Wire what carries erasures to their end in the worker."""
    return ErasureWork(
        store=parts.kept.store,
        clock=parts.clock,
        signer=parts.signer,
        url=parts.settings.base_url,
        rules=retention_rules(parts.settings),
        scrub=parts.kept.database.truncate_log,
    )

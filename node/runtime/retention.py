"""Wire what erases people, and what the law makes the node keep."""

import time
from collections.abc import Callable
from typing import Final

from jeung.domain.erasure import DAY_S, RetentionRules
from jeung.services.erasure import ErasureWork
from node.runtime.erasure_journal import JournalFile
from node.runtime.parts import NodeParts
from node.settings import Settings
from node.store.engine import Database

_REST: Final = 20


def retention_rules(settings: Settings) -> RetentionRules:
    """Give the retention rules as the settings have them."""
    retention = settings.retention
    return RetentionRules(
        proofing_s=retention.proofing_days * DAY_S,
        evidence_s=retention.evidence_days * DAY_S,
        backup_s=settings.backups.keep_days * DAY_S,
    )


def build_journal(parts: NodeParts) -> JournalFile:
    """Wire the journal of erasures."""
    settings = parts.settings
    return JournalFile(
        settings.erasure_journal_path, url=settings.base_url, signer=parts.signer, store=parts.kept.store
    )


def build_erasure_work(parts: NodeParts, journal: JournalFile | None = None) -> ErasureWork:
    """Wire what carries erasures to their end in the worker."""
    journal = journal or build_journal(parts)
    return ErasureWork(
        store=parts.kept.store,
        clock=parts.clock,
        signer=parts.signer,
        url=parts.settings.base_url,
        rules=retention_rules(parts.settings),
        scrub=Scrubber(parts.kept.database),
        note=journal.note,
    )


class Scrubber:
    """Clear the disk of what was deleted: write the database anew and empty its log.

    Where that takes long it is done seldom: twenty times as long as it took is left to the node's other work.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._not_before = 0.0

    def __call__(self) -> bool:
        """Tell whether everything deleted before this call is gone now."""
        began = self._monotonic()
        if began < self._not_before:
            return False
        self._database.rewrite()
        emptied = self._database.truncate_log()
        ended = self._monotonic()
        self._not_before = ended + _REST * (ended - began)
        return emptied

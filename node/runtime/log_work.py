"""Wire the transparency log's part of the worker."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from jeung.services.log import (
    AnchorService,
    CheckpointService,
    CosigningService,
    HeadReader,
    LogWork,
    RecoveryService,
)
from node.runtime.database import own_id
from node.runtime.parts import NodeParts
from node.settings import Environment
from node.witnesses import HttpLogCopies, HttpWitnessCalls

THREADS: Final = 8


class LogThreads:
    """Ask witnesses beside the worker's loop, which must not wait for other people's servers."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="witnesses")

    def submit(self, work: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Run a function in one of a few threads."""
        return self._executor.submit(work, *arguments)

    def close(self) -> None:
        """Wait for what is on its way, which is bounded; take up nothing more."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def build_log_work(parts: NodeParts, threads: LogThreads) -> LogWork:
    """Wire what sequences, signs, has cosigned, publishes and anchors."""
    settings, log, url = parts.settings, parts.kept.log, parts.settings.base_url
    calls = HttpWitnessCalls(
        timeout_s=settings.log.witness_timeout_s, allow_private=settings.environment is Environment.SANDBOX
    )
    anchors = AnchorService(
        log=log,
        store=parts.kept.store,
        ledger=parts.kept.ledger,
        clock=parts.clock,
        entropy=parts.entropy,
        own=own_id(settings),
    )
    checkpoints = CheckpointService(
        log=log,
        signer=parts.signer,
        clock=parts.clock,
        url=url,
        anchored=anchors.anchored,
        opened=anchors.present_epoch,
    )
    cosigning = CosigningService(
        checkpoints=checkpoints, ledger=parts.kept.ledger, calls=calls, clock=parts.clock, url=url
    )
    recovery = RecoveryService(
        heads=HeadReader(witnesses=cosigning.witnesses, ledger=parts.kept.ledger, calls=calls, url=url),
        checkpoints=checkpoints,
        anchors=anchors,
        log=log,
        ledger=parts.kept.ledger,
        clock=parts.clock,
        copies=settings.log.copies,
        calls=HttpLogCopies(),
        url=url,
    )
    return LogWork(
        checkpoints=checkpoints,
        cosigning=cosigning,
        anchors=anchors,
        recovery=recovery,
        log=log,
        clock=parts.clock,
        submit=threads.submit,
        interval_s=settings.log.checkpoint_interval_s,
        anchor_interval_s=settings.log.anchor_interval_s,
    )

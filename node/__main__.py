"""Run a part of a member's node: `python -m node worker --node-dir DIR`."""

import argparse
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from jeung.domain.erasure import DAY_S
from jeung.errors import JeungError
from node.chain.errors import WrongChain
from node.runtime.background import Background, open_background
from node.runtime.hardening import harden
from node.runtime.logs import configure_logging
from node.settings import Settings, load_settings, node_dir_from_environment
from node.worker import Part, Worker, WorkerRules, stop_on_signals

EXIT_DONE = 0
EXIT_COULD_NOT_RUN = 2

_log = logging.getLogger(__name__)
_PRIVATE = 0o077
_WEBHOOKS_EVERY_S = 1.0
_ACTS_EVERY_S = 1.0
_KEYS_EVERY_S = 1.0
_LOG_EVERY_S = 1.0
_EVIDENCE_EVERY_S = 1.0
_VOUCHES_EVERY_S = 10.0
_REMINDERS_EVERY_S = 60.0


def work(settings: Settings) -> int:
    """Run the node's worker until a signal stops it; give the exit code.

    It starts without the chain and waits for it; another consortium's chain ends it.
    """
    # Stop signals count from the first moment: opening the keys takes a while.
    stop = stop_on_signals()
    configure_logging(f"{settings.name}-worker")
    harden()
    # A name for this very process: a process id alone is used again.
    holder = f"{os.getpid()}-{secrets.token_hex(8)}"
    rules = WorkerRules(settings.worker.lease_ttl_s, settings.worker.retry_max_s)
    try:
        with open_background(settings) as background:
            parts = parts_of(background, background.settings)
            Worker(holder, background.lease, parts, background.clock, rules, stop).run()
    except WrongChain as error:
        _log.critical("%s This node does not work on this chain.", error.detail)
        return EXIT_COULD_NOT_RUN
    except JeungError as error:
        _log.critical("cannot work: %s: %s", error.code, error.detail)
        return EXIT_COULD_NOT_RUN
    return EXIT_DONE


def parts_of(background: Background, settings: Settings) -> Sequence[Part]:
    """Give the parts of the work in the order in which one turn does them."""

    def follow(fence: int) -> bool:
        followed = background.follower.step(fence)
        # The follower has made sure by now that the chain is ours.
        background.gate.require_passed()
        return followed.behind > 0

    def send(fence: int) -> bool:
        return background.sender.step(fence).signed > 0

    def answer(_fence: int) -> bool:
        return background.answerer.step()

    def remind(_fence: int) -> bool:
        background.reminder.step()
        return False

    def publish(_fence: int) -> bool:
        background.status_lists.publish_due()
        return False

    def tell(_fence: int) -> bool:
        return background.courier.step()

    def carry_out(_fence: int) -> bool:
        return background.acts.step()

    def erase(_fence: int) -> bool:
        return background.erasures.step()

    def sweep(fence: int) -> bool:
        head = background.index.head()
        settled = 0 if head is None else head.number - settings.worker.keep_transactions_blocks
        pruned = background.outbox.prune(mined_before=settled, fence=fence) if settled > 0 else 0
        background.journal.prune(background.clock.now())
        return background.janitor.sweep(background.clock.now(), evidence_kept_s=evidence_s) + pruned > 0

    evidence_s = settings.retention.evidence_days * DAY_S
    poll_s = settings.worker.poll_interval_ms / 1000
    return (
        Part("follower", follow, poll_s),
        Part("sender", send, poll_s),
        Part("questions", answer, poll_s),
        Part("status lists", publish, poll_s),
        Part("webhooks", tell, _WEBHOOKS_EVERY_S),
        Part("acts", carry_out, _ACTS_EVERY_S),
        Part("log", background.log.step, _LOG_EVERY_S),
        Part("evidence", background.proofs.step, _EVIDENCE_EVERY_S),
        Part("vouches", background.vouches.step, _VOUCHES_EVERY_S),
        Part("keys", background.keeper.turn, _KEYS_EVERY_S),
        Part("wrapping", background.rewrapper.turn, _KEYS_EVERY_S),
        Part("reminders", remind, _REMINDERS_EVERY_S),
        Part("erasures", erase, _ACTS_EVERY_S),
        Part("janitor", sweep, settings.worker.janitor_interval_s),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m node", description="Run a part of a member's node.")
    parser.add_argument("part", choices=["worker"], help="the API is served by `jeung node api`")
    parser.add_argument("--node-dir", type=Path, default=node_dir_from_environment(), help="the node's folder")
    given = parser.parse_args(arguments)
    if given.node_dir is None:
        parser.error("name the node's folder with --node-dir or JEUNG_NODE_DIR")
    os.umask(_PRIVATE)
    try:
        return work(load_settings(given.node_dir))
    except JeungError as error:
        sys.stderr.write(f"{error.detail}\n")
        return EXIT_COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main())

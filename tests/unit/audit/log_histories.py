"""List rightful and unrightful histories of anchored logs, the latter with the rule that each breaks."""

from collections.abc import Callable

from audit import rules
from audit.findings import Rule
from tests.unit.audit.acts import (
    BANK_ID,
    EXCHANGE_ID,
    KEY,
    NOW,
    SALT,
    STRANGER,
    about_operator,
    anchor_log,
    at_successor,
    open_epoch,
    remove,
    suspend,
)
from tests.unit.audit.history import History, founded

BANK_GOVERNANCE = "0x" + BANK_ID[-40:]

RIGHTFUL_LOGS: dict[str, Callable[[], History]] = {
    "anchoring a log that grows, by operator and governance account": lambda: anchor_log(
        anchor_log(founded(), 5), 6, account=BANK_GOVERNANCE
    ),
    "anchoring while suspended": lambda: anchor_log(suspend(founded()), 5),
    "anchoring a new epoch from its beginning": lambda: anchor_log(
        open_epoch(anchor_log(founded(), 5)), 1, SALT, epoch=2
    ),
    "anchoring at a successor what stood, and more": lambda: anchor_log(
        at_successor(anchor_log(anchor_log(founded(), 5), 5)), 6
    ),
    "anchoring at a successor in the epoch that was opened anew": lambda: at_successor(
        anchor_log(at_successor(open_epoch(open_epoch(anchor_log(founded(), 5)), 2)), 1, epoch=2)
    ),
}

UNRIGHTFUL_LOGS: dict[str, tuple[Callable[[], History], Rule]] = {
    "a log anchored by a stranger": (
        lambda: anchor_log(founded(), 5, account=STRANGER),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a log anchored by another member's operator": (
        lambda: anchor_log(founded(), 5, member=EXCHANGE_ID),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a log anchored by a STATUS operator": (
        lambda: anchor_log(
            founded().add("Consortium", "OperatorAuthorized", member=BANK_ID, purpose=2, account=STRANGER),
            5,
            account=STRANGER,
        ),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a log anchored by a retired account": (
        lambda: anchor_log(about_operator(founded(), "OperatorRetired"), 5),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a log anchored by a compromised account": (
        lambda: anchor_log(about_operator(founded(), "OperatorCompromised", since=NOW), 5),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a log anchored after removal": (lambda: anchor_log(remove(founded()), 5), rules.ACT_WITHOUT_STANDING),
    "a log of nobody": (
        lambda: open_epoch(founded(), member=KEY),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an empty log anchored": (lambda: anchor_log(founded(), 0), rules.HISTORY_REWRITTEN),
    "an anchored log that shrinks": (lambda: anchor_log(anchor_log(founded(), 5), 4), rules.HISTORY_REWRITTEN),
    "an anchored log that forks": (lambda: anchor_log(anchor_log(founded(), 5), 5, SALT), rules.HISTORY_REWRITTEN),
    "an anchored log that shrinks at a successor": (
        lambda: at_successor(anchor_log(anchor_log(founded(), 5), 4)),
        rules.HISTORY_REWRITTEN,
    ),
    "an anchored log that forks at a successor": (
        lambda: at_successor(anchor_log(anchor_log(founded(), 5), 5, SALT)),
        rules.HISTORY_REWRITTEN,
    ),
    "an anchor in an epoch that was closed": (
        lambda: anchor_log(open_epoch(anchor_log(founded(), 5)), 6),
        rules.HISTORY_REWRITTEN,
    ),
    "an anchor at a successor in an epoch that was closed before": (
        lambda: at_successor(anchor_log(open_epoch(anchor_log(founded(), 5)), 6)),
        rules.HISTORY_REWRITTEN,
    ),
    "an anchor in an epoch nobody opened": (lambda: anchor_log(founded(), 5, epoch=2), rules.HISTORY_REWRITTEN),
    "an epoch left out": (lambda: open_epoch(founded(), 3), rules.HISTORY_REWRITTEN),
    "an epoch opened twice": (lambda: open_epoch(open_epoch(founded())), rules.HISTORY_REWRITTEN),
}

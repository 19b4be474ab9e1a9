"""Keep wanted governance and key writes."""

import json
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from jeung.domain.chain import ChainAccount, ChainCall, Intent, IntentState
from jeung.ports.pages import Page
from node.store.cursors import cursor_after, page_size, row_of_cursor
from node.store.schema import intents

_ADD = insert(intents)
_GET = select(intents).where(intents.c.intent_id == bindparam("wanted"))
_SAME = select(intents).where(intents.c.dedupe_key == bindparam("wanted"))
_PAGE = select(intents).order_by(intents.c.number.desc()).limit(bindparam("most"))
_BEFORE = _PAGE.where(intents.c.number < bindparam("before"))


class SqlIntents:
    """Keep wanted governance and key writes (jeung.ports.store.Intents)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, intent: Intent) -> Intent:
        """Keep an intent; an existing one with the same dedupe key is given back instead.

        Raises:
            Conflict: its id stands already under another dedupe key.
        """
        standing = self._connection.execute(_SAME, {"wanted": intent.dedupe_key}).first()
        if standing is not None:
            return intent_of(standing)
        self._connection.execute(
            _ADD,
            {
                "intent_id": intent.intent_id,
                "dedupe_key": intent.dedupe_key,
                "account": intent.account.value,
                "contract": intent.call.contract,
                "function": intent.call.function,
                "args": json.dumps(intent.call.args, separators=(",", ":")),
                "created_at": intent.created_at,
                "state": intent.state.value,
                "retry_at": 0,
                "transaction_hash": intent.transaction,
                "failure": intent.failure,
            },
        )
        return intent

    def standing(self, dedupe_key: str) -> Intent | None:
        """Give the intent that stands under a dedupe key, whatever became of it."""
        row = self._connection.execute(_SAME, {"wanted": dedupe_key}).first()
        return None if row is None else intent_of(row)

    def get(self, intent_id: str) -> Intent | None:
        """Give an intent with its present state."""
        row = self._connection.execute(_GET, {"wanted": intent_id}).first()
        return None if row is None else intent_of(row)

    def page(self, *, cursor: str | None, limit: int) -> Page[Intent]:
        """Give intents, newest first, at most 1,000 a page.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        size = page_size(limit)
        if cursor is None:
            rows = self._connection.execute(_PAGE, {"most": size + 1}).all()
        else:
            rows = self._connection.execute(_BEFORE, {"most": size + 1, "before": row_of_cursor(cursor)}).all()
        more = cursor_after(rows[size - 1].number) if len(rows) > size else None
        return Page([intent_of(row) for row in rows[:size]], more)


def intent_of(row: Row[Any]) -> Intent:
    """Read an intent from a row of its table."""
    return Intent(
        intent_id=row.intent_id,
        dedupe_key=row.dedupe_key,
        account=ChainAccount(row.account),
        call=ChainCall(row.contract, row.function, tuple(json.loads(row.args))),
        state=IntentState(row.state),
        created_at=row.created_at,
        transaction=row.transaction_hash,
        failure=row.failure,
    )

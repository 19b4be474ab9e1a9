"""Keep the words of every status list beside the changes they come from."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from jeung.domain.chain import StatusChange
from jeung.domain.identifiers import MemberId
from jeung.domain.ledger import CredentialStatus
from node.store.schema import status_changes, status_words
from node.store.words import INDEXES_PER_WORD, WORD_BYTES, word_with

WordKey = tuple[bytes, int, int]
"""Issuer, list number, word index."""

_ADD_CHANGES = insert(status_changes)
_OF_WORD = (
    status_words.c.issuer == bindparam("whose"),
    status_words.c.list_number == bindparam("list"),
    status_words.c.word_index == bindparam("place"),
)
_WORD = select(status_words.c.word).where(*_OF_WORD)
_CHANGE_WORD = update(status_words).where(*_OF_WORD).values(word=bindparam("new_word"))
_ADD_WORD = insert(status_words)
_DROP_WORD = delete(status_words).where(*_OF_WORD)
_CHANGES_OF_WORD = (
    select(status_changes.c.status_index, status_changes.c.status)
    .where(
        status_changes.c.issuer == bindparam("whose"),
        status_changes.c.list_number == bindparam("list"),
        status_changes.c.status_index.between(bindparam("first"), bindparam("last")),
    )
    .order_by(status_changes.c.block_number, status_changes.c.log_index)
)


def append_status_changes(connection: Connection, changes: Sequence[StatusChange]) -> None:
    """Append changes and bring the words they touch up to date, in the order of the chain."""
    words: dict[WordKey, int] = {}
    for change in sorted(changes, key=lambda change: (change.block_number, change.log_index)):
        connection.execute(_ADD_CHANGES, [_row(change, index) for index in change.indexes])
        for index in change.indexes:
            key = change.issuer, change.list_number, index // INDEXES_PER_WORD
            if key not in words:
                words[key] = _read_word(connection, key)
            words[key] = word_with(words[key], index, change.status)
    _write_words(connection, words)


def recompute_words(connection: Connection, keys: Iterable[WordKey]) -> None:
    """Compute words anew from the changes that are left; a word without changes is dropped."""
    for key in keys:
        whose, list_number, place = key
        span = {"first": place * INDEXES_PER_WORD, "last": (place + 1) * INDEXES_PER_WORD - 1}
        rows = connection.execute(_CHANGES_OF_WORD, {"whose": whose, "list": list_number, **span}).all()
        connection.execute(_DROP_WORD, _of(key))
        if rows:
            word = 0
            for row in rows:
                word = word_with(word, row.status_index, CredentialStatus(row.status))
            _write_words(connection, {key: word})


def word_of(connection: Connection, issuer: MemberId, list_number: int, index: int) -> bytes | None:
    """Give the word an index lies in, or None where nobody ever touched it."""
    word: bytes | None = connection.execute(_WORD, _of((issuer, list_number, index // INDEXES_PER_WORD))).scalar()
    return word


def _read_word(connection: Connection, key: WordKey) -> int:
    word = connection.execute(_WORD, _of(key)).scalar()
    return 0 if word is None else int.from_bytes(word)


def _write_words(connection: Connection, words: dict[WordKey, int]) -> None:
    for key, word in words.items():
        raw = word.to_bytes(WORD_BYTES)
        if connection.execute(_CHANGE_WORD, {**_of(key), "new_word": raw}).rowcount == 0:
            issuer, list_number, place = key
            connection.execute(
                _ADD_WORD, {"issuer": issuer, "list_number": list_number, "word_index": place, "word": raw}
            )


def _of(key: WordKey) -> dict[str, object]:
    whose, list_number, place = key
    return {"whose": whose, "list": list_number, "place": place}


def _row(change: StatusChange, index: int) -> dict[str, object]:
    return {
        "issuer": change.issuer,
        "list_number": change.list_number,
        "status_index": index,
        "block_number": change.block_number,
        "log_index": change.log_index,
        "status": change.status.value,
        "block_time": change.block_time,
        "transaction_hash": change.transaction,
    }

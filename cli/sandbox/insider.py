"""Edit a copy of a node's database as somebody with the node's files could, one edit in each store.

The copy is a snapshot of the running node's. What keeps a program from changing history (triggers, checks) keeps no
person with the file from it, and is lifted. Nothing of the node itself is touched.
"""

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.console import CommandFailed


@dataclass(frozen=True, slots=True)
class Edit:
    """Describe an edit: the store, what it does in words and in SQL, and which finding must name it.

    That is one of the rule, and of a subject that begins so; any finding at all where neither is said.
    """

    store: str
    what: str
    statement: str
    rule: str = ""
    subject: str = ""


_FIRST_ATTESTED: Final = "digest = (SELECT min(digest) FROM attestations)"
_LAST_CREDENTIAL: Final = "number = (SELECT max(number) FROM credentials)"
_LAST_EVENT: Final = "number = (SELECT max(number) FROM log_events)"
_FIRST_PROOFING: Final = "proofing_id = (SELECT min(proofing_id) FROM proofings WHERE state = 'completed')"
_FIRST_ENTRY: Final = "rowid = (SELECT min(rowid) FROM log_entries)"

EDITS: Final = (
    Edit(
        "index of the chain",
        "exchanges an attested digest",
        f"UPDATE attestations SET digest = zeroblob(32) WHERE {_FIRST_ATTESTED}",  # noqa: S608 - all of it ours
        "index-mismatch",
        "attestation",
    ),
    Edit("index of the chain", "forgets every revocation", "DELETE FROM status_changes", "index-mismatch", "status"),
    Edit(
        "credentials",
        "turns a status the node decided round",
        f"UPDATE credentials SET wanted_status = 1 - wanted_status WHERE {_LAST_CREDENTIAL}",  # noqa: S608
        "database-mismatch",
        "credential",
    ),
    Edit(
        "proofings",
        "raises a customer's assurance level",
        f"UPDATE proofings SET assurance_level = 'certain' WHERE {_FIRST_PROOFING}",  # noqa: S608
        "row-mismatch",
        "proofing",
    ),
    Edit(
        "staff",
        "makes the auditor a governor",
        "UPDATE staff_accounts SET roles = 'governor' WHERE roles = 'auditor'",
        "row-mismatch",
        "staff_accounts",
    ),
    Edit("clients", "takes a client's scopes", "UPDATE clients SET scopes = 'govern'", "row-mismatch", "clients"),
    Edit(
        "keys",
        "calls its keys retired",
        "UPDATE key_inventory SET state = 'retired'",
        "row-mismatch",
        "key_inventory",
    ),
    Edit("status lists", "forges a published list", "UPDATE status_tokens SET token = 'forged'", "status-list-unfit"),
    Edit(
        "event log",
        "writes another act over the last event",
        f"UPDATE log_events SET body = X'7b7d' WHERE {_LAST_EVENT}",  # noqa: S608
        "log-entry-mismatch",
    ),
    Edit(
        "log entries",
        "replaces an entry",
        f"UPDATE log_entries SET entry = X'7b7d' WHERE {_FIRST_ENTRY}",  # noqa: S608
        "log-tree-mismatch",
    ),
    Edit(
        "log tiles",
        "clears the hashes",
        "UPDATE log_tiles SET hashes = zeroblob(length(hashes))",
        "log-tile-mismatch",
    ),
    Edit(
        "log checkpoints",
        "writes another root under its own signature",
        "UPDATE log_checkpoints SET root = zeroblob(32)",
        "log-unsigned",
    ),
)


def edited(database: Path, folder: Path, edits: Sequence[Edit]) -> list[Edit]:
    """Copy a node's database into a folder, under its own name, and edit it; give the edits that found something.

    Raises:
        CommandFailed: there is no such database, or it refuses a statement.
    """
    if not database.is_file():
        raise CommandFailed(f"there is no database at {database}")
    place = folder / database.name
    place.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(place)) as copy:
        with contextlib.closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as original:
            original.backup(copy)
        copy.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            copy.execute(f'DROP TRIGGER "{name}"')
        try:
            made = [edit for edit in edits if copy.execute(edit.statement).rowcount > 0]
        except sqlite3.Error as error:
            raise CommandFailed(f"the database refuses the edit: {error}") from None
        copy.commit()
    return made

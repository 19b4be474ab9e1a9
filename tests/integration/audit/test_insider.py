"""An operator with full access to one node edits its history, in any combination: another member's audit sees it.

The edits are those of a person with the node's files and database open: every store, one statement each, and the two
files beside it. What is drawn is which of them are made together; every one that stands must be named by the audit.
"""

import json
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import rules
from audit.deployment import read_deployment
from audit.findings import AuditImpossible, Rule
from jeung.crypto import base64url
from tests.integration.audit.scene import Scene
from tests.integration.audit.tampering import TAMPERED, statement_of

pytestmark = pytest.mark.chain

# What belongs together in one edit, or hides what another edit changes: a row deleted cannot be changed as well.
_ALONE = {
    "a change that waits for ever",
    "head beyond the chain",
    "head no number",
    "head forged",
    "evidence without a log entry",
}
STORES: dict[str, list[str]] = {
    "index": [name for name, (_, rule, _) in TAMPERED.items() if rule is rules.INDEX_MISMATCH and name not in _ALONE],
    "records": [
        name
        for name, (_, rule, _) in TAMPERED.items()
        if rule not in (rules.INDEX_MISMATCH, rules.STATUS_LIST_UNFIT, rules.STATUS_LIST_MISSING)
        and name not in _ALONE
    ],
    "lists": [
        name
        for name, (_, rule, _) in TAMPERED.items()
        if rule in (rules.STATUS_LIST_UNFIT, rules.STATUS_LIST_MISSING)
    ],
}
INVENTORY = {
    "a stranger's key at work": rules.KEY_NOT_REGISTERED,
    "a compromised key at work": rules.KEY_STATE_MISMATCH,
}


def inventory_row(scene: Scene, name: str) -> tuple[object, ...]:
    """Give a row of the key inventory that somebody wrote: (key_id, purpose, …, seen_at)."""
    key = base64url.encode(scene.lost.key.thumbprint) if "compromised" in name else base64url.encode(bytes(range(32)))
    return (key, "credential_signing", "ES256", "active", "software", 1, 1, 1, None, None, None, None, None, 1)


def edited(scene: Scene, folder: Path, names: list[str], keys: list[str]) -> Path:
    """Copy the database and make the edits, one after the other."""
    copied = scene.copy(folder)
    with sqlite3.connect(copied) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for name in names:
            connection.execute(statement_of(TAMPERED[name][0]))
        for name in keys:
            row = inventory_row(scene, name)
            connection.execute(f"INSERT INTO key_inventory VALUES ({','.join('?' * len(row))})", row)  # noqa: S608
    connection.close()
    return copied


def chosen(store: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(STORES[store])


@given(
    index=chosen("index"),
    records=chosen("records"),
    lists=chosen("lists"),
    keys=st.lists(st.sampled_from(sorted(INVENTORY)), unique=True),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_edit_of_every_store_is_found_whatever_else_was_edited(
    scene: Scene, index: str | None, records: str | None, lists: str | None, keys: list[str]
) -> None:
    names = [name for name in (index, records, lists) if name is not None]
    with tempfile.TemporaryDirectory() as folder:
        findings = scene.audit(edited(scene, Path(folder), names, keys)).findings
    found: list[tuple[Rule, str]] = [(finding.rule, finding.subject) for finding in findings]
    for name in names:
        _, rule, subject = TAMPERED[name]
        assert any(rule is one and subject in where for one, where in found), (name, names, keys, found)
    for name in keys:
        assert INVENTORY[name] in {rule for rule, _ in found}, (name, names, keys, found)
    if not names and not keys:
        # The scene's node has written no inventory; an untouched copy has nothing wrong with it.
        assert found == []


@given(st.sampled_from(["block", "chain_id", "deployment_id", "Directory"]), st.integers(1, 255), st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_deployment_file_that_names_another_history_is_refused(
    scene: Scene, what: str, change: int, data: st.DataObject
) -> None:
    """The other member has its own deployment id; the operator's file cannot lead its audit elsewhere."""
    record = json.loads((scene.folder / "deployment.json").read_text())
    if what in ("block", "chain_id"):
        record[what] += change
    else:
        holder = record["addresses"] if what == "Directory" else record
        raw = bytearray.fromhex(holder[what][2:])
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= change
        holder[what] = "0x" + raw.hex()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deployment.json"
        path.write_text(json.dumps(record))
        with pytest.raises(AuditImpossible):
            scene.audit(deployment=read_deployment(path))


def test_an_index_and_its_list_edited_to_agree_with_each_other_still_disagree_with_the_chain(
    scene: Scene, tmp_path: Path
) -> None:
    """The thorough insider: record, index, words and list all say that the credential was never revoked."""
    statements = (
        "UPDATE credentials SET wanted_status = 0 WHERE wanted_status = 1",
        "DELETE FROM status_works WHERE status = 1",
        "DELETE FROM status_changes WHERE status = 1",
        "UPDATE status_words SET word = zeroblob(32)",
        "UPDATE status_tokens SET token = ? WHERE list_number = 2",
    )
    copied = scene.copy(tmp_path, *statements[:4])
    connection = sqlite3.connect(copied)
    connection.execute(statements[4], (scene.token(2, words={}, issued_at=scene.now - 900),))
    connection.commit()
    connection.close()
    found = {finding.rule for finding in scene.audit(copied).findings}
    assert {rules.INDEX_MISMATCH, rules.DATABASE_MISMATCH} <= found
    assert found & {rules.STATUS_LIST_MISMATCH, rules.STATUS_LIST_UNFIT}

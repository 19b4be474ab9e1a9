"""What the chain says of this member is logged in the transaction that indexes it, and nothing of anybody else."""

import json
import sqlite3
from pathlib import Path

from jeung.domain.chain import RegistryEvent
from jeung.domain.identifiers import to_hex
from jeung.domain.ledger import CredentialStatus
from tests.common import rows
from tests.common.rows import batch, blocks, digest_of, status_change
from tests.common.stores import OTHER, OWN, in_sqlite


def event(place: int, contract: str, name: str, **args: object) -> RegistryEvent:
    return RegistryEvent(contract, name, args, 1, rows.NOW, place, b"\x07" * 32)


def logged(path: Path) -> list[tuple[str, dict[str, object]]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT kind, body FROM log_events ORDER BY number").fetchall()
    connection.close()
    return [(kind, json.loads(body)) for kind, body in found]


def test_own_attestations_statuses_keys_and_governance_are_logged_and_others_are_not(tmp_path: Path) -> None:
    kept = in_sqlite(tmp_path)
    own, other = to_hex(OWN), to_hex(OTHER)
    revoked = CredentialStatus.REVOKED
    found = blocks(
        1,
        1,
        batches=(
            batch(1, [digest_of("a"), digest_of("b")]),
            batch(1, [digest_of("c")], issuer=OTHER, log_index=3),
        ),
        changes=(
            status_change(1, 1, revoked, [5, 6], log_index=1),
            status_change(1, 1, revoked, [5], issuer=OTHER, log_index=4),
        ),
        events=(
            event(5, "KeyRegistry", "KeyRegistered", member=own),
            event(6, "Consortium", "ProposalCreated", proposer=own),
            event(7, "LogAnchor", "LogAnchored", member=own),
            event(8, "KeyRegistry", "KeyRegistered", member=other),
        ),
    )
    kept.index.apply(found, fence=kept.fence, polled_at=rows.NOW)
    kept.dispose()
    kinds = [kind for kind, _ in logged(tmp_path / "node.db")]
    assert kinds == ["credentials_attested", "statuses_changed", "key_recorded", "governance_recorded"]
    bodies = dict(logged(tmp_path / "node.db"))
    assert bodies["credentials_attested"]["count"] == 2
    assert bodies["credentials_attested"]["block"] == 1
    assert bodies["statuses_changed"] == {
        **{"block": 1, "count": 2, "status": "revoked"},
        **{name: bodies["statuses_changed"][name] for name in ("index", "list", "transaction")},
    }
    assert bodies["key_recorded"]["event"] == "KeyRegistered"

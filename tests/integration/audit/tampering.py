"""Say how a database can be tampered with: one statement each, the rule that must find it, and what it must name."""

from string import Template

from audit import rules
from audit.findings import Rule
from tests.integration.audit.scene import REINSTATED, REVOKED, SUSPENDED

_NAMES = {
    "OTHER": "X'" + "ab" * 32 + "'",
    "ONE_DIGEST": "digest = (SELECT min(digest) FROM attestations)",
    "ONE_EVENT": "rowid = (SELECT min(rowid) FROM registry_events WHERE name = 'KeyRegistered')",
    "LAST_EVENT": "block_number = (SELECT max(block_number) FROM chain_events)",
    "LAST_BATCH": "number = (SELECT max(number) FROM batches)",
    "REVOCATION": "status_index = $REVOKED AND status = 1",
    "ONE_CREDENTIAL": "credential_id = 'credential-$SUSPENDED'",
    "REVOKED": str(REVOKED),
    "SUSPENDED": str(SUSPENDED),
    "REINSTATED": str(REINSTATED),
}


def statement_of(template: str, **more: object) -> str:
    """Fill in what a statement names by `$`; names may stand in the names' own text."""
    names = {**_NAMES, **{name: str(value) for name, value in more.items()}}
    return Template(Template(template).substitute(names)).substitute(names)


INDEX, RECORDS = rules.INDEX_MISMATCH, rules.DATABASE_MISMATCH

TAMPERED: dict[str, tuple[str, Rule, str]] = {
    "attested digest changed": ("UPDATE attestations SET digest = $OTHER WHERE $ONE_DIGEST", INDEX, "attestation"),
    "attested digest removed": ("DELETE FROM attestations WHERE $ONE_DIGEST", INDEX, "attestation"),
    "attested digest added": ("INSERT INTO attestations VALUES ($OTHER, 1, 99)", INDEX, "attestation"),
    "attested digest copied to another batch": (
        "INSERT INTO attestations SELECT digest, 3 - batch_number, 99 FROM attestations WHERE $ONE_DIGEST",
        INDEX,
        "batch",
    ),
    "batch removed": ("DELETE FROM batches WHERE $LAST_BATCH", INDEX, "batch"),
    "batch renamed": ("UPDATE batches SET batch = $OTHER WHERE $LAST_BATCH", INDEX, "batch"),
    "batch of another issuer": ("UPDATE batches SET issuer = $OTHER WHERE $LAST_BATCH", INDEX, "batch"),
    "batch of another schema": ("UPDATE batches SET schema_id = $OTHER WHERE $LAST_BATCH", INDEX, "batch"),
    "batch by another operator": ("UPDATE batches SET operator = '0x00' WHERE $LAST_BATCH", INDEX, "batch"),
    "batch with another root": ("UPDATE batches SET root = $OTHER WHERE $LAST_BATCH", INDEX, "batch"),
    "batch at another time": ("UPDATE batches SET block_time = block_time - 9 WHERE $LAST_BATCH", INDEX, "batch"),
    "batch in another block": (
        "UPDATE batches SET block_number = block_number - 1 WHERE $LAST_BATCH",
        INDEX,
        "batch",
    ),
    "batch in another transaction": (
        "UPDATE batches SET transaction_hash = $OTHER WHERE $LAST_BATCH",
        INDEX,
        "batch",
    ),
    "batches in another order": ("UPDATE batches SET number = -number", INDEX, "batch"),
    "status change removed": ("DELETE FROM status_changes WHERE $REVOCATION", INDEX, "status changes"),
    "status change softened": (
        "UPDATE status_changes SET status = 0 WHERE $REVOCATION",
        INDEX,
        "status changes",
    ),
    "status change at another time": (
        "UPDATE status_changes SET block_time = block_time + 60 WHERE $REVOCATION",
        INDEX,
        "status changes",
    ),
    "status change of another index": (
        "UPDATE status_changes SET status_index = 77 WHERE $REVOCATION",
        INDEX,
        "status changes",
    ),
    "status change invented": (
        "INSERT INTO status_changes SELECT issuer, list_number, 99, block_number, log_index + 7, status, block_time,"
        " transaction_hash FROM status_changes WHERE $REVOCATION",
        INDEX,
        "status changes",
    ),
    "event of the chain forgotten": ("DELETE FROM chain_events WHERE $LAST_EVENT", INDEX, "chain event"),
    "event of the chain invented": (
        "INSERT INTO chain_events SELECT block_number, log_index + 700, block_time, name, member, transaction_hash,"
        " count, status, attested, reinstated, revoked, suspended FROM chain_events WHERE $LAST_EVENT",
        INDEX,
        "chain event",
    ),
    "event of another member": ("UPDATE chain_events SET member = $OTHER WHERE $LAST_EVENT", INDEX, "chain event"),
    "event whose member is no text": (
        "UPDATE registry_events SET args = json_set(args, '$$$$.member', json('{}')) WHERE $ONE_EVENT",
        INDEX,
        "chain event",
    ),
    "event with another total": ("UPDATE chain_events SET revoked = revoked + 1", INDEX, "chain event"),
    "an old status change forgotten": (
        "DELETE FROM status_changes WHERE status_index = $REINSTATED AND status = 2",
        INDEX,
        "status changes",
    ),
    "status word cleared": ("UPDATE status_words SET word = zeroblob(32) WHERE word <> zeroblob(32)", INDEX, "word"),
    "status word removed": ("DELETE FROM status_words WHERE word <> zeroblob(32)", INDEX, "status word"),
    "status word invented": ("UPDATE status_words SET word_index = 9, word = $OTHER", INDEX, "status word"),
    "status word of no bytes": ("UPDATE status_words SET word = 'nonsense'", INDEX, "status word"),
    "event's argument changed": (
        "UPDATE registry_events SET args = replace(args, '\"purpose\":7', '\"purpose\":2') WHERE $ONE_EVENT",
        INDEX,
        "registry event",
    ),
    "event's time changed": (
        "UPDATE registry_events SET block_time = block_time - 1 WHERE $ONE_EVENT",
        INDEX,
        "registry event",
    ),
    "event's name changed": (
        "UPDATE registry_events SET name = 'KeyRevoked' WHERE $ONE_EVENT",
        INDEX,
        "registry event",
    ),
    "event's transaction changed": (
        "UPDATE registry_events SET transaction_hash = $OTHER WHERE $ONE_EVENT",
        INDEX,
        "registry event",
    ),
    "event's arguments no JSON": (
        "UPDATE registry_events SET args = '{' WHERE $ONE_EVENT",
        INDEX,
        "registry event",
    ),
    "event's arguments no object": (
        "UPDATE registry_events SET args = '1' WHERE $ONE_EVENT",
        INDEX,
        "registry event",
    ),
    "event removed": ("DELETE FROM registry_events WHERE $ONE_EVENT", INDEX, "registry event"),
    "event invented": (
        "INSERT INTO registry_events SELECT block_number, 99, block_time, contract, name, args, transaction_hash"
        " FROM registry_events WHERE $ONE_EVENT",
        INDEX,
        "registry event",
    ),
    "header changed": (
        "UPDATE block_headers SET hash = $OTHER WHERE number = (SELECT max(number) - 3 FROM block_headers)",
        INDEX,
        "header",
    ),
    "head forged": ("UPDATE follower_state SET indexed_hash = $OTHER", INDEX, "follower"),
    "head beyond the chain": ("UPDATE follower_state SET indexed_number = 1 << 40", INDEX, "follower"),
    "head no number": ("UPDATE follower_state SET indexed_number = 'many'", INDEX, "follower"),
    "poll in the future": ("UPDATE follower_state SET polled_at = 1 << 40", INDEX, "follower"),
    "wanted status changed": (
        "UPDATE credentials SET wanted_status = 0 WHERE $ONE_CREDENTIAL",
        RECORDS,
        "credential-3",
    ),
    "status index changed": (
        "UPDATE credentials SET status_index = 400 WHERE $ONE_CREDENTIAL",
        RECORDS,
        "credential-3",
    ),
    "status list changed": (
        "UPDATE credentials SET list_number = 40 WHERE $ONE_CREDENTIAL",
        RECORDS,
        "credential-3",
    ),
    "credential's digest changed": (
        "UPDATE credentials SET digest = $OTHER, issued_at = 1 WHERE $ONE_CREDENTIAL",
        rules.ATTESTATION_UNEXPLAINED,
        "digest",
    ),
    "credential's schema changed": (
        "UPDATE credentials SET schema_id = $OTHER WHERE $ONE_CREDENTIAL",
        rules.ATTESTATION_MISSING,
        "credential-3",
    ),
    "credential's signing key unknown": (
        "UPDATE credentials SET signing_key_id = 'somebody' WHERE $ONE_CREDENTIAL",
        rules.SIGNING_KEY_UNFIT,
        "credential-3",
    ),
    "credential's signing key no base64url": (
        "UPDATE credentials SET signing_key_id = 'ééééééééééééééééééééééééééééééééééééééééééé' WHERE $ONE_CREDENTIAL",
        rules.SIGNING_KEY_UNFIT,
        "credential-3",
    ),
    "credential deleted though attested": (
        "DELETE FROM credentials WHERE $ONE_CREDENTIAL",
        rules.ATTESTATION_UNEXPLAINED,
        "digest",
    ),
    "revoked credential deleted": (
        "DELETE FROM credentials WHERE credential_id = 'credential-$REVOKED'",
        RECORDS,
        f"status 2/{REVOKED}",
    ),
    "credential invented": (
        "INSERT INTO credentials SELECT 999, 'credential-x', family_id, subject_id, proofing_id, schema_id,"
        " $OTHER, 3, 900, 0, signing_key_id, 1, expires_at, sealed, key_storage"
        " FROM credentials WHERE $ONE_CREDENTIAL",
        rules.ATTESTATION_MISSING,
        "credential-x",
    ),
    "credential of an unfinished proofing": ("UPDATE proofings SET state = 'open'", RECORDS, "credential-3"),
    "a change that waits for ever": (
        "UPDATE status_works SET state = 'pending', created_at = 1 WHERE status_index = 3"
        " AND (SELECT 1 FROM (SELECT 1))",
        RECORDS,
        "credential-3",
    ),
    "evidence without a log entry": (
        "INSERT INTO evidence VALUES (1, 'evidence-1', 'p', 'client-1', 'verified', NULL, 'k', X'00', 1)",
        RECORDS,
        "evidence",
    ),
    "list's token forged": (
        "UPDATE status_tokens SET token = replace(token, '.', '.A') WHERE list_number = 2",
        rules.STATUS_LIST_UNFIT,
        "status-lists/2",
    ),
    "list's token no text": (
        "UPDATE status_tokens SET token = X'00ff' WHERE list_number = 2",
        rules.STATUS_LIST_UNFIT,
        "status-lists/2",
    ),
    "list's token taken from another list": (
        "UPDATE status_tokens SET token = (SELECT token FROM status_tokens WHERE list_number = 1)"
        " WHERE list_number = 2",
        rules.STATUS_LIST_UNFIT,
        "status-lists/2",
    ),
    "list's token removed": (
        "DELETE FROM status_tokens WHERE list_number = 2",
        rules.STATUS_LIST_MISSING,
        "status-lists/2",
    ),
}

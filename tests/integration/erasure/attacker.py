"""Look for a person in everything a bank holds: every file, every log line, the metrics, the chain, with its keys."""

import base64
import hashlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from jeung.crypto.hashing import keccak256
from jeung.errors import JeungError
from keys.envelope import Vault
from keys.keystore import Keystore

EVIDENCE = bytes.fromhex("ab" * 32)
_TOKENS = re.compile(rb"[A-Za-z0-9_-]{20,64}")


def view_of(folder: Path, keystore: Keystore, *texts: str) -> bytes:
    """Gather all bytes: files as they lie on the disk, texts, and whatever the bank's own keys still open."""
    parts = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    parts += [text.encode() for text in texts]
    parts += _opened(folder / "node.db", Vault(keystore))
    return b"\n".join(parts)


def found(view: bytes, needles: dict[str, Iterable[bytes]]) -> set[str]:
    """Give the kinds of needles that stand in the view."""
    return {kind for kind, values in needles.items() if any(value in view for value in values)}


def claim_needles(person: dict[str, Any]) -> Iterator[bytes]:
    """Give every claim as it could have been written, encoded or hashed without a salt."""
    for name, value in _flat(person):
        yield from (form for form in _forms(value) if len(form) > 5)
        for text in (value, f"{name}:{value}", f"{name}={value}", json.dumps(value), json.dumps([name, value])):
            for digest in (hashlib.sha256(text.encode()).digest(), keccak256(text.encode())):
                yield from (digest, digest.hex().encode(), base64.urlsafe_b64encode(digest).rstrip(b"="))


def salted_needles(view: bytes, person: dict[str, Any]) -> Iterator[bytes]:
    """Give digests of claims (RFC 9901) and commitments to evidence under every salt that could stand in the view."""
    for token in set(_TOKENS.findall(view)):
        if len(token) in (22, 43):
            for name, value in _flat(person):
                disclosure = base64.urlsafe_b64encode(
                    json.dumps([token.decode(), name, value], ensure_ascii=False).encode()
                ).rstrip(b"=")
                digest = hashlib.sha256(disclosure).digest()
                yield from (digest, base64.urlsafe_b64encode(digest).rstrip(b"="))


def opens_commitment(view: bytes, commitments: set[bytes]) -> bool:
    """Tell whether any 32 bytes of the view are the salt of a commitment to the evidence, which is known."""
    return any(
        hashlib.sha256(view[place : place + 32] + EVIDENCE).digest() in commitments for place in range(len(view) - 31)
    )


def commitments_in(database: Path) -> set[bytes]:
    """Give what the append-only log commits to."""
    with closing(sqlite3.connect(database)) as connection:
        bodies = [json.loads(row[0]) for row in connection.execute("SELECT body FROM log_events")]
    texts = [body["commitment"] for body in bodies if "commitment" in body]
    return {base64.urlsafe_b64decode(text + "=") for text in texts}


def opens_reference(database: Path, keystore: Keystore, receipt_id: str, reference: bytes) -> bool:
    """Tell whether any data key that is left leads from a receipt, which is known, to its record."""
    vault = Vault(keystore)
    with closing(sqlite3.connect(database)) as connection:
        keys = list(connection.execute("SELECT owner, wrapped FROM data_keys"))
    for owner, wrapped in keys:
        try:
            vault.open(wrapped, owner, f"receipt/{receipt_id}", reference)
        except JeungError:
            continue
        return True
    return False


def _flat(person: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in person.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield name, str(value)


def _forms(text: str) -> tuple[bytes, ...]:
    raw = text.encode()
    inner = base64.b64encode(raw).rstrip(b"=")
    # The last character of Base64 depends on what follows the text.
    return raw, text.encode("utf-16-le"), json.dumps(text).strip('"').encode(), raw.hex().encode(), inner[:-1]


def _opened(database: Path, vault: Vault) -> list[bytes]:
    """Open whatever the keys of the database open."""
    with closing(sqlite3.connect(database)) as connection:
        keys = dict(connection.execute("SELECT owner, wrapped FROM data_keys"))
        sealed = [
            (owner, f"proofing/{name}", blob)
            for owner, name, blob in connection.execute(
                "SELECT subject_id, proofing_id, sealed_person FROM proofings"
            )
        ]
        sealed += [
            (owner, f"credential/{name}", blob)
            for owner, name, blob in connection.execute("SELECT subject_id, credential_id, sealed FROM credentials")
        ]
        sealed += [
            (owner, f"evidence/{name}", blob)
            for owner, name, blob in connection.execute("SELECT data_key_id, evidence_id, sealed FROM evidence")
        ]
        sealed += [
            (owner, f"evidence-presentation/{name}", blob)
            for name, owner, blob in connection.execute("SELECT * FROM evidence_presentations")
        ]
        sealed += [
            (owner, f"evidence-proofs/{name}", blob)
            for owner, name, blob in connection.execute(
                "SELECT p.data_key_id, e.evidence_id, p.sealed FROM evidence_proofs p"
                " JOIN evidence e ON e.number = p.evidence_number"
            )
        ]
    opened = []
    for owner, context, blob in sealed:
        if owner in keys:
            try:
                found = vault.open(keys[owner], owner, context, blob)
                opened.append(zlib.decompress(found) if context.startswith("evidence-proofs/") else found)
            except JeungError:
                continue
    return opened

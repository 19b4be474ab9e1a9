"""Nobody finds an erased person: not in the files, the logs, the metrics, the chain, not even with the bank's keys.

What the holder's phone shows is no part of it: who is shown the credential itself finds its digest on the chain.
"""

import io
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from jeung.crypto import base64url
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.domain.access import Scope
from jeung.domain.dual_control import Channel, Principal, PrincipalKind
from jeung.domain.erasure import Erasure, ErasureState
from jeung.domain.ledger import CredentialStatus
from jeung.domain.registrations import KeyPurpose
from jeung.domain.staff import StaffAccount, StaffRole
from jeung.services.evidence.gathering import GatheredProofs, proofs_context
from jeung.services.verification.shown import read_kept
from keys.envelope import Vault
from node.runtime.retention import Scrubber, build_erasure_work
from node.store.engine import Database
from node.store.repositories.erasure import SqlSubjects
from node.store.repositories.people import SqlDataKeys
from tests.common.consortium import member_id
from tests.integration.erasure.attacker import (
    claim_needles,
    commitments_in,
    found,
    opens_commitment,
    opens_reference,
    salted_needles,
    view_of,
)
from tests.integration.wallets.scene import BANK, PERSON, Scene

APPROVER = Principal(PrincipalKind.STAFF, "stf_approver", Channel.CONSOLE, frozenset({Scope.APPROVE}))


class Case:
    """A bank whose customer got credentials, and what an attacker knows of him beforehand."""

    def __init__(self, folder: Path) -> None:
        self.log = io.StringIO()
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(self.log))
        self.scene = Scene(folder)
        self.bank, self.folder = self.scene.bank, folder / "bank"
        with self.bank.kept.store.write() as tx:
            tx.staff.add(StaffAccount("stf_approver", "bora", frozenset({StaffRole.APPROVER}), "$hash", 0))
        proofing = self.scene.proofed()
        self.bank.services.proofings.read_person(proofing, reader="stf_officer")
        offer = self.scene.offer(proofing)
        self.held = self.scene.wallet().receive(offer["deep_link"], tx_code=offer["transaction_code"])
        self.scene.attest()
        self.scene.offer(proofing)
        subject = self.scene.call(self.bank, "GET", f"/v1/proofings/{proofing}")["subject_id"]
        self.subject = str(subject)
        self.scene.call(self.bank, "POST", f"/v1/subjects/{subject}/suspension")
        with self.bank.kept.store.read() as tx:
            records = tx.subjects.records(self.subject)
            assert records is not None
            self.copies = [view.record for view in tx.credentials.of_subject(self.subject)]
            kept = tx.proofings.get(proofing)
            assert kept is not None
            self.ids = records.ids
            self.sealed = [
                kept.sealed_person,
                tx.data_keys.get(self.subject) or b"",
                *(c.sealed for c in self.copies),
            ]
            self.salts = [check.salt for check in kept.checks]
        assert len(self.ids) > 6

    def erase(self) -> Erasure:
        """Let one ask and another approve, and do what worker and chain would do, as far as it goes."""
        path = f"/v1/subjects/{self.subject}?ground=customer_request"
        act = self.scene.call(self.bank, "DELETE", path, status=202)
        self.ids = (*self.ids, act["salt"][2:])
        digest = bytes.fromhex(act["digest"][2:])
        done = self.bank.services.dual_control.approve(APPROVER, act["act_id"], digest)
        work = build_erasure_work(self.bank.parts)
        work.step()
        assert self.erasure(str((done.result or {})["erasure_id"])).state is ErasureState.REVOKING
        for copy in self.copies:
            number, index = copy.status.list_number, copy.status.index
            self.scene.chain.set_statuses(member_id(BANK), number, CredentialStatus.REVOKED, index)
        for _ in range(3):
            work.step()
        return self.erasure(str((done.result or {})["erasure_id"]))

    def erasure(self, erasure_id: str) -> Erasure:
        return self.bank.services.subjects.erasure(erasure_id)

    def view(self) -> bytes:
        metrics = self.scene.http.exchange("GET", f"{BANK}/metrics", headers={}).body
        return view_of(self.folder, self.bank.parts.keystore, self.log.getvalue(), bytes(metrics).decode())

    def findings(self) -> set[str]:
        """Give everything the attacker finds."""
        view = self.view()
        needles: dict[str, Iterable[bytes]] = {
            "claims": claim_needles(PERSON),
            "ids": [name.encode() for name in self.ids],
            "bare ids": [name.partition("_")[2].encode() for name in self.ids if "_" in name],
            "sealed data": [blob for blob in self.sealed if blob],
            "salts": self.salts,
            "salted digests": salted_needles(view, PERSON),
        }
        everything = found(view, needles)
        files = b"".join((self.folder / name).read_bytes() for name in ("node.db", "node.db-wal"))
        if opens_commitment(files, commitments_in(self.folder / "node.db")):
            everything.add("commitment")
        return everything


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setenv("JEUNG_RETENTION__PROOFING_DAYS", "0")
    case = Case(tmp_path)
    yield case
    case.scene.close()
    structlog.reset_defaults()


def test_attacker_finds_everybody_before_and_nobody_after(case: Case) -> None:
    assert case.findings() >= {"claims", "ids", "sealed data", "salts", "commitment"}
    erasure = case.erase()
    assert erasure.state is ErasureState.ERASED
    assert case.findings() == set()
    with closing(sqlite3.connect(case.folder / "node.db")) as connection:
        digests = {row[0] for row in connection.execute("SELECT digest FROM erased_digests")}
        places = set(connection.execute("SELECT list_number, status_index FROM erased_places"))
    assert digests == {copy.digest for copy in case.copies}
    assert places == {(copy.status.list_number, copy.status.index) for copy in case.copies}


def test_nobody_finds_what_a_receipt_is_about_once_its_day_is_forgotten(tmp_path: Path) -> None:
    """The holder's phone still has the receipt; what the log commits to stays, and opens nothing."""
    scene = Scene(tmp_path)
    wallet = scene.wallet()
    scene.received(wallet)
    asked = scene.ask()
    wallet.present(asked["openid4vp_link"])
    (receipt,) = wallet.receipts
    scene.result(asked)
    node, database = scene.exchange, tmp_path / "exchange" / "node.db"
    claims, reference = receipt.claims, base64url.decode(receipt.claims["reference"])
    needles: dict[str, Iterable[bytes]] = {
        "receipt": [claims["jti"].encode(), claims["jti"].removeprefix("rct_").encode(), reference],
        "presentation": [claims["nonce"].encode(), claims["presented"].encode(), receipt.binding.encode()],
        "device key": [value.encode() for name, value in receipt.key.jwk.items() if name in "xy"],
        "person": [PERSON["name_ko"].encode(), PERSON["birthdate"].encode()],
    }

    def findings() -> set[str]:
        everything = found(view_of(tmp_path / "exchange", node.parts.keystore), needles)
        if opens_reference(database, node.parts.keystore, claims["jti"], reference):
            everything.add("record")
        return everything

    assert findings() >= {"receipt", "presentation", "record"}
    node.kept.janitor.sweep(claims["kept_until"], evidence_kept_s=1_827 * 86_400)
    assert findings() == set()
    node.publish_log()
    assert wallet.ask(receipt)["standing"] == "erased"
    scene.close()


class Verified:
    """An exchange that verified a presentation, whose evidence was read, proved and exported."""

    def __init__(self, folder: Path) -> None:
        self.scene = Scene(folder)
        self.node, self.folder = self.scene.exchange, folder / "exchange"
        wallet = self.scene.wallet()
        self.scene.received(wallet)
        asked = self.scene.ask()
        wallet.present(asked["openid4vp_link"])
        (receipt,) = wallet.receipts
        self.claims = receipt.claims
        self.scene.result(asked)
        with self.node.kept.store.write() as tx:
            (record,) = tx.evidence.page(cursor=None, limit=9).items
            kept = read_kept(tx, record)
            assert kept is not None
            vault = Vault(self.node.parts.keystore)
            # What the worker gathers of a chain that proves, sealed as it seals it.
            self.gathered = GatheredProofs(
                headers=[b"a header"], nodes=[b"where the status of the credential stands"]
            )
            owner, wrapped = kept.proofs_key
            sealed = vault.seal(wrapped, owner, proofs_context(record.evidence_id), self.gathered.encoded)
            tx.evidence_proofs.add(record.evidence_id, owner, sealed, record.recorded_at)
        self.evidence_id = record.evidence_id
        opened = self.node.services.evidence.get(record.evidence_id, reader="stf_auditor")
        self.presentation, self.package = str(opened.package["presentation"]), opened.raw
        self.record, self.rows = record.sealed, [sealed] if kept.shown is None else [kept.shown.sealed]

    def findings(self) -> set[str]:
        """Give what an attacker finds who has the database, the keys that are left, and an exported package."""
        needles: dict[str, Iterable[bytes]] = {
            "presentation": [part.encode() for part in self.presentation.split("~") if part],
            "proofs": [node.hex().encode() for node in self.gathered.nodes],
            "judgement": [self.package[-200:]],
            # A database cuts long values into its pages.
            "sealed record": [self.record[:100]],
            "sealed beside": [row[:100] for row in self.rows],
        }
        everything = found(view_of(self.folder, self.node.parts.keystore), needles)
        with closing(sqlite3.connect(self.folder / "node.db")) as connection:
            readings = connection.execute(
                "SELECT * FROM evidence_readings WHERE evidence_id = ?", (self.evidence_id,)
            )
            return everything | ({"readings"} if readings.fetchall() else set())


def test_of_evidence_nothing_is_left_after_its_retention_not_even_who_read_it(tmp_path: Path) -> None:
    """Whoever took a package along finds its number in the log, where it was opened (ADR 28), and nothing more."""
    verified = Verified(tmp_path)
    assert verified.findings() == {
        "presentation",
        "proofs",
        "judgement",
        "sealed record",
        "sealed beside",
        "readings",
    }
    verified.node.kept.janitor.sweep(verified.claims["kept_until"], evidence_kept_s=1_827 * 86_400)
    assert verified.findings() == set()
    verified.scene.close()


def test_of_a_presentation_nothing_is_left_after_its_day_though_the_judgement_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEUNG_RETENTION__PRESENTATION_DAYS", "0")
    verified = Verified(tmp_path)
    assert {"presentation", "proofs", "sealed beside"} < verified.findings()
    day = verified.claims["iat"] // 86_400 + 1
    verified.node.kept.janitor.sweep(day * 86_400 + 3_600, evidence_kept_s=1_827 * 86_400)
    assert verified.findings() == {"judgement", "sealed record", "readings"}
    opened = verified.node.services.evidence.get(verified.evidence_id, reader="stf_auditor")
    assert opened.is_dropped
    assert opened.raw[-200:] == verified.package[-200:]
    verified.scene.close()


def test_certificate_is_signed_and_names_what_was_done_and_nobody(case: Case) -> None:
    erasure = case.erase()
    assert erasure.certificate is not None
    jws = parse_jws(erasure.certificate, typ="erasure-certificate+jwt", algorithms={"ES256"}, max_characters=8_192)
    key = case.bank.parts.signer.active_key(KeyPurpose.RECEIPT_SIGNING)
    verify_jws(jws, parse_jwk(key.jwk))
    claims = jws.claims()
    assert claims["iss"] == BANK
    assert claims["backups_until"] == claims["deleted_at"] + 35 * 86_400
    assert "data_key_destroyed" in claims["done"]
    assert not any(name in str(claims) for name in case.ids)
    answer = case.scene.call(case.bank, "GET", f"/v1/erasures/{erasure.erasure_id}")
    assert (answer["certificate"], answer["state"]) == (erasure.certificate, "erased")
    for path in (f"/v1/subjects/{case.subject}", *(f"/v1/credentials/{copy.credential_id}" for copy in case.copies)):
        case.scene.call(case.bank, "GET", path, status=404)


@pytest.mark.parametrize(
    ("owner", "name", "kept"),
    [
        (SqlDataKeys, "destroy", "sealed data"),
        (SqlSubjects, "forget_traces", "ids"),
        (SqlSubjects, "forget_proofings", "salts"),
        (Database, "truncate_log", "ids"),
    ],
    ids=["data-key", "traces", "proofings", "write-ahead-log"],
)
def test_attacker_finds_what_was_left_behind(
    case: Case, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, kept: str
) -> None:
    def left(*_arguments: object) -> bool:
        return True

    monkeypatch.setattr(owner, name, left)
    case.erase()
    assert kept in case.findings()


def test_scrubbing_rests_in_between_and_says_when_it_did_not_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(tmp_path / "x.db", busy_timeout_s=5)
    database.create_file()
    times = iter([100.0, 102.0, 141.0, 142.0, 143.0])
    scrubber = Scrubber(database, lambda: next(times))
    assert scrubber()
    assert not scrubber(), "twenty times the two seconds it took are not over"
    monkeypatch.setattr(Database, "truncate_log", lambda _database: False)
    assert not scrubber()
    database.dispose()

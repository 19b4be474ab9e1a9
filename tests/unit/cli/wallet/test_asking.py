"""A holder asks about his receipt and believes what is signed and proved; the terminal keeps what came."""

import json
from pathlib import Path

import pytest

from cli.commands.wallet import keep_receipt
from cli.console import CommandFailed
from cli.p256 import P256Key
from cli.wallet.asking import logged_commitment
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.receipt_file import read_receipt
from cli.wallet.receipts import KeptReceipt, Promise
from cli.wallet.wallet import HeadlessWallet, World
from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import (
    KeyType,
    NoteKey,
    NoteSignature,
    encode_note,
    parse_note,
    parse_note_key,
)
from jeung.crypto.tlog.tree import leaf_hash
from jeung.domain.transparency import EntryKind, PublishedEntry, verified_entry
from tests.common import naive_log
from tests.common.custody import NOW, SetClock
from tests.common.jose import Ed25519Signer
from tests.unit.cli.wallet.parts import VERIFIER, answer
from tests.unit.cli.wallet.receipt_parts import (
    HELD,
    PROMISE,
    QUERY,
    Change,
    Claims,
    Register,
    Stage,
    judged,
    receipt,
    same,
    shown,
)


def test_question_proves_the_device_key_and_what_only_two_know() -> None:
    stage = Stage()
    stage.answers()
    kept = stage.kept()
    assert stage.wallet.ask(kept)["standing"] == "kept"
    method, url, body, _ = stage.servers.asked[-1]
    assert (method, url) == ("POST", QUERY)
    jws = parse_jws(json.loads(body)["proof"], typ="receipt-proof+jwt")
    verify_jws(jws, parse_jwk(HELD.key.jwk))
    claims = jws.claims()
    assert (claims["aud"], claims["iat"], claims["key_binding"]) == (VERIFIER, NOW, kept.binding)
    stage.wallet.ask(kept)
    assert parse_jws(json.loads(stage.servers.asked[-1][2])["proof"], typ=None).claims()["jti"] != claims["jti"]


ENTRY = verified_entry(sha256(b"package"), NOW)
LOG = Ed25519Signer()
WITNESS = NoteSignature("bank.example/witness", bytes(4), bytes(72))
LISTED = Promise(PROMISE.urls, PROMISE.keys, log_keys=frozenset({base64url.encode(LOG.key.thumbprint)}))
STATEMENTS: dict[str, Change] = {
    "another party's": lambda claims: claims.update(iss="https://other.example"),
    "about another receipt": lambda claims: claims.update(receipt="rct_2"),
    "about a changed receipt": lambda claims: claims.update(receipt_digest="x"),
    "too old": lambda claims: claims.update(iat=NOW - 301),
    "no time": lambda claims: claims.pop("iat"),
    "nothing said": lambda claims: claims.pop("standing"),
    "something else said": lambda claims: claims.update(standing="lost"),
    "no word said": lambda claims: claims.update(standing=[]),
}


@pytest.mark.parametrize("change", STATEMENTS.values(), ids=STATEMENTS)
def test_statement_that_does_not_hold_is_not_believed(change: Change) -> None:
    stage = Stage()
    stage.answers(change)
    with pytest.raises(NotTrusted) as refused:
        stage.wallet.ask(stage.kept())
    assert refused.value.reason == "receipt_refused"


def test_statement_of_another_key_or_kind_is_not_believed() -> None:
    stage = Stage()
    kept = stage.kept()
    stage.answers(key=P256Key.generate())
    with pytest.raises(NotTrusted):
        stage.wallet.ask(kept)
    stage.answers(typ="consent-receipt+jwt")
    with pytest.raises(NotTrusted):
        stage.wallet.ask(kept)
    stage.servers.pages[QUERY] = answer({"code": "receipt_proof_refused"}, status=403)
    with pytest.raises(ServerRefused):
        stage.wallet.ask(kept)


def test_party_that_left_the_register_says_nothing_that_holds_about_a_receipt_that_was_vouched_for() -> None:
    stage = Stage()
    stage.answers()
    register = Register()
    wallet = HeadlessWallet(World.build(stage.servers, SetClock()), registry=register)
    kept = stage.kept()
    assert wallet.ask(kept)["standing"] == "kept"
    register.known = None
    with pytest.raises(NotTrusted) as refused:
        wallet.ask(kept)
    assert refused.value.reason == "receipt_refused"


def logged(
    change: Change = same,
    *,
    origin: str = "exchange.example/log/1",
    entry: PublishedEntry = ENTRY,
) -> tuple[Claims, KeptReceipt]:
    """Give a statement with a proof of its log's entry among five, under a checkpoint of `LOG`, changed."""
    entries = [b"0", b"1", entry.encoded, b"3", b"4"]
    checkpoint = Checkpoint(origin, 5, naive_log.mth(entries))
    key = NoteKey(origin, KeyType.ED25519, base64url.decode(LOG.jwk["x"]))
    signature = NoteSignature(origin, key.key_id, LOG.sign(checkpoint.text.encode()))
    inclusion: Claims = {
        "origin": checkpoint.origin,
        "index": 2,
        "size": 5,
        "hashes": [base64url.encode(node) for node in naive_log.path(2, entries)],
        "checkpoint": encode_note(checkpoint.text, [WITNESS, signature]).decode(),
        "key": key.text,
    }
    log: Claims = {"entry": canonical_json.parse_object(entry.encoded), "inclusion": inclusion}
    change(log)
    one = shown()
    (kept,) = judged(receipt(one), one).kept
    return {"log": log}, kept


def test_statement_that_knows_of_nothing_proves_nothing() -> None:
    _, kept = logged()
    assert logged_commitment({"standing": "unknown"}, kept) is False
    with pytest.raises(NotTrusted):
        logged_commitment({"standing": "erased"}, kept)


def test_statement_that_a_record_was_erased_is_believed_with_a_proof_alone() -> None:
    proved, kept = logged()
    assert logged_commitment({"standing": "erased", **proved}, kept) is True
    unproved, _ = logged(lambda log: log.update(inclusion=None))
    with pytest.raises(NotTrusted):
        logged_commitment({"standing": "erased", **unproved}, kept)


def test_commitment_in_the_log_is_proved_once_a_checkpoint_holds_it() -> None:
    assert logged_commitment(*logged()) is True
    assert logged_commitment(*logged(lambda log: log.update(inclusion=None))) is False
    assert leaf_hash(b"") != leaf_hash(b"0")


PROOFS: dict[str, Change] = {
    "another origin": lambda log: log["inclusion"].update(origin="bank.example/log/1"),
    "another size": lambda log: log["inclusion"].update(size=4),
    "another place": lambda log: log["inclusion"].update(index=1),
    "fewer hashes": lambda log: log["inclusion"]["hashes"].pop(),
    "no hashes": lambda log: log["inclusion"].pop("hashes"),
    "no checkpoint": lambda log: log["inclusion"].update(checkpoint=1),
    "a checkpoint that is none": lambda log: log["inclusion"].update(checkpoint="x"),
    "no proof": lambda log: log.pop("inclusion"),
    "a proof that is none": lambda log: log.update(inclusion=[]),
}


@pytest.mark.parametrize("change", PROOFS.values(), ids=PROOFS)
def test_proof_that_does_not_hold_is_not_believed(change: Change) -> None:
    with pytest.raises(NotTrusted):
        logged_commitment(*logged(change))


@pytest.mark.parametrize(
    "origin",
    ["bank.example/log/1", "exchange.example/log/x/log/1", "exchange.example/log/0", "exchange.example/log/٣", "log"],
    ids=["another member's", "below its own", "no epoch", "an epoch in other digits", "no log"],
)
def test_checkpoint_of_another_log_proves_nothing(origin: str) -> None:
    with pytest.raises(NotTrusted, match="another member"):
        logged_commitment(*logged(origin=origin))


@pytest.mark.parametrize(
    "entry",
    [
        verified_entry(sha256(b"other"), NOW),
        verified_entry(sha256(b"package"), NOW - 3_600),
        PublishedEntry(EntryKind.OPERATION, NOW - NOW % 3_600, commitment=sha256(b"package")),
    ],
    ids=["of another record", "of another hour", "of another kind"],
)
def test_entry_that_is_not_the_receipts_own_proves_nothing_whatever_the_statement_shows(
    entry: PublishedEntry,
) -> None:
    with pytest.raises(NotTrusted):
        logged_commitment(*logged(entry=entry))


def test_checkpoint_that_a_listed_key_of_the_log_signed_is_believed() -> None:
    assert logged_commitment(*logged(), LISTED) is True


def other_tree(log: Claims) -> None:
    """Put the signature of another tree of the same size under the checkpoint."""
    text = Checkpoint("exchange.example/log/1", 5, sha256(b"other")).text
    key = parse_note_key(log["inclusion"]["key"])
    note = parse_note(log["inclusion"]["checkpoint"].encode())
    forged = NoteSignature(key.name, key.key_id, LOG.sign(text.encode()))
    log["inclusion"]["checkpoint"] = encode_note(note.text, [forged]).decode()


def cosigner(log: Claims) -> None:
    """Show the listed key as one that cosigns."""
    key = parse_note_key(log["inclusion"]["key"])
    log["inclusion"]["key"] = NoteKey(key.name, KeyType.COSIGNATURE_V1, key.public).text


def other_name(log: Claims) -> None:
    """Show the listed key under another log's name."""
    key = parse_note_key(log["inclusion"]["key"])
    log["inclusion"]["key"] = NoteKey("bank.example/log/1", key.type, key.public).text


def unlisted(log: Claims) -> None:
    """Show another key, which the register does not name."""
    key = parse_note_key(log["inclusion"]["key"])
    log["inclusion"]["key"] = NoteKey(key.name, key.type, base64url.decode(Ed25519Signer().jwk["x"])).text


def unsigned(log: Claims) -> None:
    """Leave a witness's signature alone."""
    note = parse_note(log["inclusion"]["checkpoint"].encode())
    log["inclusion"]["checkpoint"] = encode_note(note.text, [WITNESS]).decode()


UNSIGNED: dict[str, Change] = {
    "another tree": other_tree,
    "a witness's kind of key": cosigner,
    "another log's key": other_name,
    "a key that is not listed": unlisted,
    "no signature of the log": unsigned,
    "no key": lambda log: log["inclusion"].pop("key"),
    "a key that is no text": lambda log: log["inclusion"].update(key=1),
    "a key that is none": lambda log: log["inclusion"].update(key="x"),
}


@pytest.mark.parametrize("change", UNSIGNED.values(), ids=UNSIGNED)
def test_checkpoint_that_no_listed_key_signed_is_not_believed_though_it_commits_to_the_record(change: Change) -> None:
    proved = logged(change)
    assert logged_commitment(*proved) is True
    with pytest.raises(NotTrusted):
        logged_commitment(*proved, LISTED)


def test_refused_holder_keeps_his_receipt_at_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(status=400)
    stage.change = lambda claims: claims.update(result="refused")
    with pytest.raises(ServerRefused):
        keep_receipt(stage.wallet, stage.present, tmp_path / "kept.json")
    assert json.loads(capsys.readouterr().out)["result"] == "refused"
    assert read_receipt(tmp_path / "kept.json").claims["result"] == "refused"


@pytest.mark.parametrize("status", [200, 400], ids=["accepted", "refused"])
def test_receipt_of_another_purpose_is_kept_at_the_terminal_before_it_is_complained_of(
    status: int, tmp_path: Path
) -> None:
    stage = Stage(status=status)
    stage.change = lambda claims: claims.update(result="verified" if status == 200 else "refused", service="lending")
    with pytest.raises(CommandFailed, match="receipt_of_another_purpose"):
        keep_receipt(stage.wallet, stage.present, tmp_path / "kept.json")
    assert read_receipt(tmp_path / "kept.json").claims["service"] == "lending"


def test_terminal_says_nothing_of_a_receipt_that_is_as_it_should_be(tmp_path: Path) -> None:
    stage = Stage()
    keep_receipt(stage.wallet, stage.present, tmp_path / "kept.json")
    assert read_receipt(tmp_path / "kept.json").claims["result"] == "verified"

"""A holder learns what is recorded of his presentation, or that nothing is any more; nobody else learns anything."""

from collections.abc import Callable

import pytest

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.tlog.tree import leaf_hash, verify_inclusion
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Verification
from jeung.errors import ReceiptProofRefused, StoreBusy
from jeung.services.verification import VerificationRules, VerificationService
from jeung.services.verification.shown import PresentationRetention
from tests.common.jose import P256Signer
from tests.common.memory.judgements import MemoryEvidence
from tests.common.parties import BANK, CLIENT, EXCHANGE, PROFILE
from tests.unit.jeung.services.receipts.desk import NAMES, NOTE, Change, Desk


def forget(desk: Desk, judged: Verification) -> None:
    """Destroy the key of the day that a judgement was made on."""
    record = desk.parties.evidence.get(judged.evidence_id, reader="auditor").record
    with desk.node.store.write() as tx:
        tx.data_keys.destroy(record.data_key_id)


def test_holder_is_told_what_is_recorded(desk: Desk) -> None:
    presentation, judged = desk.present()
    receipt = desk.receipt(judged)
    said = desk.ask(receipt, presentation)
    assert (said["iss"], said["standing"]) == (EXCHANGE, "kept")
    assert (said["receipt"], said["receipt_digest"]) == (
        (judged.receipt or {})["jti"],
        base64url.encode(sha256(receipt.encode())),
    )
    record = said["record"]
    assert (record["service"], record["claims"], record["result"]) == (PROFILE, NAMES, "verified")
    assert (record["recorded_at"], record["kept_until"]) == (judged.verified_at, (judged.receipt or {})["kept_until"])
    assert "presentation" in record["holds"]
    assert said["readings"] == {"by_kind": {}, "latest": [], "at_most": 100}


def test_statement_holds_no_value_and_no_name_of_staff(desk: Desk) -> None:
    presentation, judged = desk.present()
    desk.parties.evidence.get(judged.evidence_id, reader="stf_minji")
    text = str(desk.ask(desk.receipt(judged), presentation))
    assert not any(secret in text for secret in ("Kim", "1990-05-17", "stf_minji", judged.evidence_id))


def test_holder_is_told_who_opened_the_record_in_kind_and_when(desk: Desk) -> None:
    presentation, judged = desk.present()
    _, other = desk.present()
    key = desk.parties.wallet.key(0)
    first = desk.parties.clock.now()
    desk.parties.evidence.verification(judged.evidence_id, reader=CLIENT)
    desk.parties.evidence.get(other.evidence_id, reader="stf_minji")
    desk.parties.clock.advance(7)
    desk.parties.evidence.get(judged.evidence_id, reader="stf_minji")
    readings = desk.ask(desk.receipt(judged), presentation, key=key)["readings"]
    assert readings["by_kind"] == {"service": 1, "staff": 1}
    assert readings["latest"] == [{"by": "staff", "at": first + 7}, {"by": "service", "at": first}]


def test_holder_is_told_that_his_presentation_was_dropped(desk: Desk) -> None:
    node, parties = desk.node, desk.parties
    parties.verification = VerificationService(
        store=node.store,
        ledger=parties.ledger,
        vault=node.vault,
        clock=parties.clock,
        entropy=node.entropy,
        rules=VerificationRules(url=EXCHANGE, presentations=PresentationRetention(0)),
    )
    presentation, judged = desk.present()
    assert desk.ask(desk.receipt(judged), presentation)["record"]["holds"] == ["presentation", "steps", "result"]
    with node.database.write() as tables:
        del tables.data_keys[tables.evidence_presentations.pop(judged.evidence_id).data_key_id]
    said = desk.ask(desk.receipt(judged), presentation)
    assert (said["standing"], said["record"]["holds"]) == ("kept", ["steps", "result"])
    assert said["record"]["claims"] == NAMES
    other, _ = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.ask(desk.receipt(judged), other)


def test_asking_is_no_reading(desk: Desk) -> None:
    presentation, judged = desk.present()
    events = desk.node.events()
    desk.ask(desk.receipt(judged), presentation)
    assert desk.ask(desk.receipt(judged), presentation)["readings"]["latest"] == []
    assert desk.node.events() == events


def test_refused_presentation_can_be_asked_about(desk: Desk) -> None:
    presentation, judged = desk.present(at=1)
    said = desk.ask(desk.receipt(judged), presentation)
    assert (said["record"]["result"], said["record"]["code"]) == ("refused", "key_binding_stale")


def test_statement_proves_the_logs_entry_once_a_checkpoint_holds_it(desk: Desk) -> None:
    presentation, judged = desk.present()
    receipt, node = desk.receipt(judged), desk.node
    before = desk.ask(receipt, presentation)["log"]
    assert (before["inclusion"], before["entry"]["kind"]) == (None, "verified")
    assert before["entry"]["commitment"] == (judged.receipt or {})["commitment"]
    size, root = desk.publish_log()
    proven = desk.ask(receipt, presentation)["log"]
    inclusion = proven["inclusion"]
    assert (inclusion["origin"], inclusion["size"]) == (f"{node.url.partition('://')[2]}/log/1", size)
    assert inclusion["checkpoint"] == NOTE.decode()
    leaf = leaf_hash(canonical_json.canonical(proven["entry"]))
    verify_inclusion(leaf, inclusion["index"], size, [base64url.decode(text) for text in inclusion["hashes"]], root)


@pytest.mark.parametrize("gone", ["key", "row"])
def test_erased_record_is_said_to_be_erased_to_its_holder(
    desk: Desk, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    presentation, judged = desk.present()
    record = desk.parties.evidence.get(judged.evidence_id, reader="auditor").record
    if gone == "row":
        monkeypatch.setattr(MemoryEvidence, "get", lambda *_: None)
    else:
        with desk.node.store.write() as tx:
            tx.data_keys.destroy(record.data_key_id)
    desk.publish_log()
    said = desk.ask(desk.receipt(judged), presentation)
    assert said["standing"] == "erased"
    assert not {"record", "readings"} & set(said)
    assert said["log"]["entry"]["commitment"] == (judged.receipt or {})["commitment"]
    assert said["log"]["inclusion"]["checkpoint"] == NOTE.decode()
    assert said["log"]["inclusion"]["key"] == "key"


INVENTED: dict[str, Change] = {
    "a commitment the log does not hold": lambda claims: claims.update(commitment=base64url.encode(sha256(b"x"))),
    "a commitment of another size": lambda claims: claims.update(commitment=base64url.encode(b"x")),
    "a commitment of another hour": lambda claims: claims.update(iat=claims["iat"] + 3_600),
}


@pytest.mark.parametrize("change", INVENTED.values(), ids=INVENTED)
def test_nothing_is_said_to_be_erased_that_the_log_does_not_commit_to(desk: Desk, change: Change) -> None:
    """Who has a key for receipts and a phone can invent a receipt of a day that is forgotten."""
    presentation, judged = desk.present()
    forget(desk, judged)
    desk.publish_log()
    invented = desk.forged(desk.receipt(judged), change)
    said = desk.ask(invented, presentation)
    assert said["standing"] == "unknown"
    assert not {"record", "readings", "log"} & set(said)


@pytest.mark.parametrize("commitment", [None, 1, "", "="], ids=["none", "number", "empty", "no base64url"])
def test_receipt_of_a_forgotten_day_without_a_commitment_is_refused(desk: Desk, commitment: object) -> None:
    presentation, judged = desk.present()
    forget(desk, judged)
    invented = desk.forged(desk.receipt(judged), lambda claims: claims.update(commitment=commitment))
    with pytest.raises(ReceiptProofRefused):
        desk.ask(invented, presentation)


def test_record_that_is_gone_before_a_checkpoint_holds_it_is_not_said_to_be_erased(desk: Desk) -> None:
    presentation, judged = desk.present()
    forget(desk, judged)
    assert desk.ask(desk.receipt(judged), presentation)["standing"] == "unknown"


def test_stranger_is_refused_alike_whether_a_record_exists_or_not(desk: Desk) -> None:
    presentation, judged = desk.present()
    receipt, stranger = desk.receipt(judged), P256Signer()
    record = desk.parties.evidence.get(judged.evidence_id, reader="auditor").record
    with pytest.raises(ReceiptProofRefused) as kept:
        desk.ask(receipt, presentation, key=stranger)
    with desk.node.store.write() as tx:
        tx.data_keys.destroy(record.data_key_id)
    with pytest.raises(ReceiptProofRefused) as erased:
        desk.ask(receipt, presentation, key=stranger)
    made_up = desk.forged(receipt, lambda claims: claims.update(jti="rct_0"), key=stranger)
    with pytest.raises(ReceiptProofRefused) as unknown:
        desk.ask(made_up, presentation, key=stranger)
    assert str(kept.value) == str(erased.value) == str(unknown.value)


def test_who_found_a_receipt_is_not_told_that_its_record_was_erased(desk: Desk) -> None:
    """He can bind a key of his own to something of his own; the receipt names another key binding."""
    _, judged = desk.present()
    receipt = desk.receipt(judged)
    his, _ = desk.present()
    record = desk.parties.evidence.get(judged.evidence_id, reader="auditor").record
    with desk.node.store.write() as tx:
        tx.data_keys.destroy(record.data_key_id)
    with pytest.raises(ReceiptProofRefused):
        desk.ask(receipt, his)


CHANGES: dict[str, Change] = {
    "another audience": lambda claims: claims.update(aud=BANK),
    "no audience": lambda claims: claims.pop("aud"),
    "too old": lambda claims: claims.update(iat=claims["iat"] - 181),
    "from the future": lambda claims: claims.update(iat=claims["iat"] + 61),
    "no time": lambda claims: claims.pop("iat"),
    "a time that is no number": lambda claims: claims.update(iat=True),
    "no identifier": lambda claims: claims.pop("jti"),
    "a short identifier": lambda claims: claims.update(jti="x" * 15),
    "a long identifier": lambda claims: claims.update(jti="x" * 129),
    "another receipt": lambda claims: claims.update(receipt=base64url.encode(sha256(b"other"))),
    "no key binding": lambda claims: claims.pop("key_binding"),
    "a key binding that is none": lambda claims: claims.update(key_binding="~"),
    "a key binding with a lone surrogate": lambda claims: claims.update(key_binding="é"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_proof_that_is_not_right_is_refused(desk: Desk, change: Change) -> None:
    presentation, judged = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.ask(desk.receipt(judged), presentation, change=change)


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"alg": "Ed25519"}, {"jwk": None}, {"jwk": {"kty": "EC"}}])
def test_proof_of_another_kind_is_refused(desk: Desk, header: dict[str, object]) -> None:
    presentation, judged = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.ask(desk.receipt(judged), presentation, header=header)


def test_proof_is_good_once(desk: Desk) -> None:
    presentation, judged = desk.present()
    receipt = desk.receipt(judged)
    proof = desk.proof(receipt, presentation)
    desk.desk.ask(receipt, proof)
    with pytest.raises(ReceiptProofRefused):
        desk.desk.ask(receipt, proof)


def test_proof_for_one_receipt_opens_no_other_of_the_same_holder(desk: Desk) -> None:
    presentation, judged = desk.present()
    proof = desk.proof(desk.receipt(judged), presentation)
    _, other = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.desk.ask(desk.receipt(other), proof)


def test_key_binding_of_another_presentation_of_the_same_key_is_refused(desk: Desk) -> None:
    _, judged = desk.present()
    elsewhere, _ = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.ask(desk.receipt(judged), elsewhere, key=desk.parties.wallet.key(0))


@pytest.mark.parametrize("receipt", ["", "a.b.c", "x" * 16_385])
def test_receipt_that_cannot_be_read_is_refused(desk: Desk, receipt: str) -> None:
    presentation, _ = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.ask(receipt, presentation)


def test_proof_beyond_its_bound_is_refused(desk: Desk) -> None:
    presentation, judged = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.ask(desk.receipt(judged), presentation, change=lambda claims: claims.update(more="x" * 16_384))


FORGED: dict[str, Change] = {
    "another member's": lambda claims: claims.update(iss=BANK),
    "no time": lambda claims: claims.pop("iat"),
    "another version": lambda claims: claims.update(v=2),
    "another presentation": lambda claims: claims.update(presented="x"),
    "more claims than shown": lambda claims: claims["claims"].append("sex"),
    "another identifier": lambda claims: claims.update(jti="rct_other"),
    "no identifier": lambda claims: claims.pop("jti"),
    "no reference": lambda claims: claims.pop("reference"),
    "a reference that is none": lambda claims: claims.update(reference="="),
    "a reference that is no text": lambda claims: claims.update(reference=[]),
    "another commitment": lambda claims: claims.update(commitment=base64url.encode(sha256(b"other"))),
    "no commitment": lambda claims: claims.pop("commitment"),
    "a day beyond the calendar": lambda claims: claims.update(iat=2**53 - 1),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_who_has_a_key_for_receipts_learns_nothing_by_a_receipt_we_did_not_write(desk: Desk, change: Change) -> None:
    presentation, judged = desk.present()
    forged = desk.forged(desk.receipt(judged), change)
    with pytest.raises(ReceiptProofRefused):
        desk.ask(forged, presentation)


def test_receipt_swapped_onto_another_record_is_refused(desk: Desk) -> None:
    _, judged = desk.present()
    mine, own = desk.present()
    swapped = {name: (judged.receipt or {})[name] for name in ("jti", "reference")}
    with pytest.raises(ReceiptProofRefused):
        desk.ask(desk.forged(desk.receipt(own), lambda claims: claims.update(swapped)), mine)


def test_record_without_a_receipt_is_nobodys(desk: Desk) -> None:
    _, silent = desk.present(nonce="n" * 43)
    mine, own = desk.present()
    with desk.node.store.read() as tx:
        record = tx.evidence.get(silent.evidence_id)
        assert record is not None
        wrapped = tx.data_keys.get(record.data_key_id) or b""
    jti = (own.receipt or {})["jti"]
    sealed = desk.node.vault.seal(wrapped, record.data_key_id, f"receipt/{jti}", silent.evidence_id.encode())
    forged = desk.forged(desk.receipt(own), lambda claims: claims.update(reference=base64url.encode(sealed)))
    with pytest.raises(ReceiptProofRefused):
        desk.ask(forged, mine)


def _altered(desk: Desk, receipt: str) -> str:
    return desk.forged(receipt, lambda claims: None, key=P256Signer())


def _retold(desk: Desk, receipt: str) -> str:
    head, _, signature = receipt.partition(".")[0], None, receipt.rpartition(".")[2]
    other = desk.forged(receipt, lambda claims: claims.update(result="refused")).split(".")[1]
    return f"{head}.{other}.{signature}"


def _of_another_purpose(desk: Desk, receipt: str) -> str:
    key = desk.node.signer.keys[KeyPurpose.TOKEN_SIGNING]
    desk.parties.chain.register_key(desk.node.member, key.key.thumbprint, KeyPurpose.TOKEN_SIGNING)
    return desk.forged(receipt, lambda claims: None, key=key)


def _of_another_member(desk: Desk, receipt: str) -> str:
    key = P256Signer()
    desk.parties.chain.register_key(desk.parties.bank.member, key.key.thumbprint, KeyPurpose.RECEIPT_SIGNING)
    return desk.forged(receipt, lambda claims: None, key=key)


@pytest.mark.parametrize("forge", [_altered, _retold, _of_another_purpose, _of_another_member])
def test_receipt_that_no_registered_key_of_ours_signed_is_refused(
    desk: Desk, forge: Callable[[Desk, str], str]
) -> None:
    presentation, judged = desk.present()
    with pytest.raises(ReceiptProofRefused):
        desk.ask(forge(desk, desk.receipt(judged)), presentation)


@pytest.mark.parametrize("ended", ["replaced", "revoked", "expired"])
def test_receipt_outlives_the_key_that_signed_it(desk: Desk, ended: str) -> None:
    presentation, judged = desk.present()
    receipt = desk.receipt(judged)
    thumbprint = desk.node.signer.keys[KeyPurpose.RECEIPT_SIGNING].key.thumbprint
    desk.parties.clock.advance(60)
    desk.new_key()
    if ended == "revoked":
        desk.parties.chain.revoke_key(desk.node.member, thumbprint, desk.parties.clock.now())
    assert parse_jwk(desk.node.signer.active_key(KeyPurpose.RECEIPT_SIGNING).jwk).thumbprint != thumbprint
    assert desk.ask(receipt, presentation)["standing"] == "kept"


@pytest.mark.parametrize(("since", "good"), [(-1, False), (0, False), (1, True)])
def test_key_compromised_since_before_the_receipt_vouches_for_nothing(desk: Desk, since: int, good: bool) -> None:
    presentation, judged = desk.present()
    receipt = desk.receipt(judged)
    thumbprint = desk.node.signer.keys[KeyPurpose.RECEIPT_SIGNING].key.thumbprint
    desk.parties.clock.advance(60)
    desk.new_key()
    desk.parties.chain.compromise_key(desk.node.member, thumbprint, judged.verified_at + since)
    if good:
        assert desk.ask(receipt, presentation)["standing"] == "kept"
    else:
        with pytest.raises(ReceiptProofRefused):
            desk.ask(receipt, presentation)


def test_node_that_is_no_member_knows_no_receipt(desk: Desk) -> None:
    presentation, judged = desk.present()
    receipt = desk.receipt(judged)
    desk.desk._rules = type(desk.desk._rules)(url="https://nobody.example")
    with pytest.raises(ReceiptProofRefused):
        desk.ask(receipt, presentation, change=lambda claims: claims.update(aud="https://nobody.example"))


def test_busy_database_is_no_refusal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    presentation, judged = desk.present()

    def busy(*_: object) -> None:
        raise StoreBusy(retry_after_s=1)

    monkeypatch.setattr(MemoryEvidence, "get", busy)
    with pytest.raises(StoreBusy):
        desk.ask(desk.receipt(judged), presentation)

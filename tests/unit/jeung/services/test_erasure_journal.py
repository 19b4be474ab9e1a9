"""What is noted of an erasure outside the database, so that no backup brings a person back."""

from dataclasses import replace
from typing import Any

import pytest

from jeung.crypto.jws import parse_jws, sign_jws
from jeung.domain.erasure import ErasureState, RetentionRules
from jeung.domain.registrations import KeyPurpose
from jeung.errors import (
    KeyUnavailable,
    MalformedInput,
    StoreBusy,
    SubjectErased,
    SubjectLocked,
)
from jeung.services.erasure.certificate import certificate
from jeung.services.erasure.journal import erase_again, read_line
from tests.common.erasures import LAW, NO_LAW, SAMPLE, Stage, run
from tests.common.parties import BANK


def test_nothing_is_deleted_before_the_journal_has_it() -> None:
    stage = Stage()
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    stage.noting = KeyUnavailable()
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.REVOKING
    stage.noting = StoreBusy(retry_after_s=1)
    with pytest.raises(StoreBusy):
        run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.REVOKING
    stage.noting = None
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED


def noted(rules: RetentionRules = NO_LAW) -> tuple[Stage, str]:
    """Give a bank as a backup knew it before an erasure, and the journal's line of that erasure."""
    stage = Stage(rules)
    before = stage.bank.database.read()
    kept = {name: dict(getattr(before, name)) for name in ("proofings", "data_keys", "credentials", "erasures")}
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    run(stage)
    line = stage.journal[erasure_id]
    tables = stage.bank.database.read()
    for name, rows in kept.items():
        getattr(tables, name).clear()
        getattr(tables, name).update(rows)
    return stage, line


def test_line_of_the_journal_names_nobody_and_the_subject_is_found_by_it() -> None:
    stage, line = noted()
    assert stage.subject not in line
    read = read_line(line)
    assert (read.issuer, read.locked_until) == (BANK, None)
    assert stage.subject not in repr(read)


@pytest.mark.parametrize("rules", [NO_LAW, LAW], ids=["nothing kept", "kept by law"])
def test_whoever_a_backup_brings_back_is_erased_again(rules: RetentionRules) -> None:
    stage, text = noted(rules)
    line = read_line(text)
    with stage.store.write() as tx:
        assert tx.subjects.records(stage.subject) is not None
        assert erase_again(tx, ["sub_other", stage.subject], [line], stage.clock.now()) == 1
        assert erase_again(tx, [stage.subject], [line], stage.clock.now()) == 0
    with pytest.raises((SubjectErased, SubjectLocked)):
        stage.parties.proofing.read_person(stage.proofing, reader="stf_x")
    run(stage)
    stage.clock.advance(2 * LAW.proofing_s)
    run(stage)
    again = stage.erasure(line.erasure_id)
    assert (again.state, again.act_id) == (ErasureState.ERASED, line.act_id)
    assert again.certificate is not None
    assert stage.subject not in stage.bank.database.read().data_keys


def test_subject_nothing_is_left_of_is_not_erased_again() -> None:
    stage, text = noted()
    with stage.store.write() as tx:
        tx.data_keys.destroy(stage.subject)
        tx.subjects.forget_proofings(stage.subject)
        assert erase_again(tx, [stage.subject], [read_line(text)], stage.clock.now()) == 0


def claims_of(line: str) -> dict[str, Any]:
    return parse_jws(line, typ="erasure-journal+jwt", algorithms={"ES256"}, max_characters=4_096).claims()


def relined(stage: Stage, line: str, **changes: Any) -> str:  # noqa: ANN401 - claims
    key = stage.signer.active_key(KeyPurpose.RECEIPT_SIGNING)
    header = {"alg": "ES256", "typ": "erasure-journal+jwt", "jwk": dict(key.jwk)}
    claims = {**claims_of(line), **changes}
    kept = {name: value for name, value in claims.items() if value != "left out"}
    return sign_jws(header, kept, lambda data: stage.signer.sign(key.key_id, KeyPurpose.RECEIPT_SIGNING, data))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_digest": "AA"},
        {"request_digest": "left out"},
        {"began_at": "1"},
        {"began_at": True},
        {"locked_until": "1"},
        {"ground": "boredom"},
    ],
    ids=["digest", "missing", "time", "truth", "lock", "ground"],
)
def test_line_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    stage, line = noted()
    assert read_line(relined(stage, line))
    with pytest.raises(MalformedInput):
        read_line(relined(stage, line, **changes))


def test_line_that_was_changed_or_is_a_certificate_is_refused() -> None:
    stage, line = noted()
    head, body, signature = line.split(".")
    for text in (f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}", "", line + line):
        with pytest.raises(MalformedInput):
            read_line(text)
    erasure = replace(SAMPLE, began_at=1, deleted_at=2, backups_until=3)
    with pytest.raises(MalformedInput):
        read_line(certificate(erasure, url=BANK, signer=stage.signer, now=3))

"""A published status list that says anything but what the chain says is found, and so is one nobody can trust."""

from typing import Any

import pytest

from audit import rules
from jeung.crypto.hashing import keccak256
from jeung.crypto.jws import sign_jws
from node.chain.hexes import hex_of
from tests.common.jose import P256Signer
from tests.integration.audit.scene import REVOKED, Scene

pytestmark = pytest.mark.chain

NUMBER = REVOKED % 4


def test_a_list_that_hides_a_revocation_is_found(scene: Scene) -> None:
    scene.serve(NUMBER, scene.token(NUMBER, words={}))
    (finding,) = scene.audit().findings
    assert finding.rule is rules.STATUS_LIST_MISMATCH
    assert finding.subject.endswith(f"/status-lists/{NUMBER}")
    assert f"index {REVOKED} " in finding.message


def test_a_list_with_one_bit_more_is_found(scene: Scene) -> None:
    words = scene.words(NUMBER) | {5: 1}
    scene.serve(NUMBER, scene.token(NUMBER, words=words))
    (finding,) = scene.audit().findings
    assert finding.rule is rules.STATUS_LIST_MISMATCH
    assert "index 640 " in finding.message


def test_a_list_that_differs_everywhere_is_found_in_few_words(scene: Scene) -> None:
    every = int.from_bytes(b"\x55" * 32)
    scene.serve(NUMBER, scene.token(NUMBER, words=dict.fromkeys(range(8_192), every)))
    findings = scene.audit().findings
    assert {finding.rule for finding in findings} == {rules.STATUS_LIST_MISMATCH}
    assert len(findings) == 11
    assert f"{(1 << 20) - 11} more" in findings[-1].message


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": 1_000},
        {"issued_at": 1 << 33, "expires_at": 1 << 34},
        {"uri": "http://127.0.0.1/status-lists/9"},
        {"signer": P256Signer()},
        {"sign": P256Signer().sign},
        {"certificates": ()},
    ],
    ids=["expired", "of the future", "another list", "unregistered key", "wrong signature", "no certificate"],
)
def test_an_unfit_list_is_found(scene: Scene, change: dict[str, Any]) -> None:
    scene.serve(NUMBER, scene.token(NUMBER, **change))
    (finding,) = scene.audit().findings
    assert finding.rule is rules.STATUS_LIST_UNFIT


def test_a_list_signed_by_a_key_for_credentials_is_found(scene: Scene) -> None:
    scene.serve(NUMBER, scene.token(NUMBER, signer=scene.signing))
    (finding,) = scene.audit().findings
    assert finding.rule is rules.STATUS_LIST_UNFIT


def test_a_list_signed_before_its_key_was_registered_is_found(scene: Scene) -> None:
    scene.serve(NUMBER, scene.token(NUMBER, issued_at=1_700_000_000))
    (finding,) = scene.audit().findings
    assert finding.rule is rules.STATUS_LIST_UNFIT


@pytest.mark.parametrize("body", ["", "not a token", "a.b.c", "<html>", "a.b.c" * 1_000_000])
def test_rubbish_instead_of_a_list_is_found(scene: Scene, body: str) -> None:
    scene.serve(NUMBER, body)
    (finding,) = scene.audit().findings
    assert finding.rule in (rules.STATUS_LIST_UNFIT, rules.STATUS_LIST_MISSING)


def test_a_token_of_another_kind_is_found(scene: Scene) -> None:
    header: dict[str, object] = {"alg": "ES256", "typ": "JWT"}
    scene.serve(NUMBER, sign_jws(header, {"sub": "x"}, scene.status.sign))
    (finding,) = scene.audit().findings
    assert finding.rule is rules.STATUS_LIST_UNFIT


def test_a_missing_list_is_a_warning(scene: Scene) -> None:
    scene.serve(NUMBER, None)
    report = scene.audit()
    assert [finding.rule for finding in report.findings] == [rules.STATUS_LIST_MISSING]
    assert report.exit_code == 1


def test_a_list_of_another_media_type_is_a_warning(scene: Scene) -> None:
    scene.serve(NUMBER, scene.token(NUMBER), kind="text/html")
    (finding,) = scene.audit().findings
    assert finding.rule is rules.STATUS_LIST_MISSING


def test_a_list_that_lacks_the_last_seconds_is_no_finding(scene: Scene) -> None:
    topics = [hex_of(keccak256(b"StatusesSet(bytes32,uint32,uint8,bytes)")), None, None, "0x" + "00" * 31 + "01"]
    (log,) = scene.chain.rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "topics": topics})
    revoked_at = int(scene.chain.rpc.call("eth_getBlockByNumber", log["blockNumber"], False)["timestamp"], 16)
    scene.serve(NUMBER, scene.token(NUMBER, words={}, issued_at=revoked_at))
    at_once, later = (scene.audit(now=lambda at=revoked_at + wait: at) for wait in (10, 20))
    assert rules.STATUS_LIST_MISMATCH not in {finding.rule for finding in at_once.findings}
    assert rules.STATUS_LIST_MISMATCH in {finding.rule for finding in later.findings}

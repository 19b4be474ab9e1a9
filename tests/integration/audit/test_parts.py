"""Parts, ranges and members narrow what is compared and reported; the deeper checks find what they are for."""

from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address

from audit import rules
from audit.catalogue import CHECKS, Part
from audit.checks.privacy import Sought
from audit.findings import AuditImpossible
from audit.scope import Bounds
from audit.search import known_values
from node.chain.hexes import hex_of
from tests.integration.audit.scene import PROFILE, SERVICE, Scene

pytestmark = pytest.mark.chain


@pytest.mark.parametrize("part", list(Part))
def test_a_part_makes_its_checks_and_no_others(scene: Scene, part: Part) -> None:
    report = scene.audit(scene.database, parts=frozenset({part}))
    assert report.findings == []
    assert set(report.checks) == {"replay"} | {
        check.name for check in CHECKS if check.part is part and check.name != "sources"
    }


def test_a_range_that_ends_in_the_past_audits_the_consortium_as_it_stood_then(scene: Scene) -> None:
    whole = scene.audit()
    report = scene.audit(scene.database, bounds=Bounds(to_block=whole.to_block - 10))
    assert report.to_block == whole.to_block - 10
    assert report.findings == []
    assert {"node index", "status lists"}.isdisjoint(report.checks)
    assert report.counts["storage"] > 20


def test_a_report_on_one_member_leaves_the_others_out(scene: Scene, tmp_path: Path) -> None:
    report = scene.audit(bounds=Bounds(member=scene.exchange.url), checkpoint_path=tmp_path / "checkpoint")
    assert report.member == hex_of(scene.exchange.member)
    assert report.findings == []
    assert (tmp_path / "checkpoint").exists()


def test_a_member_nobody_knows_is_refused(scene: Scene) -> None:
    with pytest.raises(AuditImpossible, match="nobody"):
        scene.audit(bounds=Bounds(member="http://nobody.example"))


def test_a_member_is_named_by_its_id_as_well(scene: Scene) -> None:
    report = scene.audit(bounds=Bounds(member=hex_of(scene.bank.member).upper().replace("0X", "0x")))
    assert report.member == hex_of(scene.bank.member)


def test_a_verification_under_a_profile_nobody_registered_is_found(scene: Scene, tmp_path: Path) -> None:
    statement = "INSERT INTO evidence VALUES (1, 'evidence-1', 'p', 'client-1', 'verified', NULL, 'k', X'00', ?)"
    logged = "INSERT INTO log_events (kind, body, occurred_at) VALUES ('presentation_judged', X'7b7d', ?)"
    copied = scene.copy(tmp_path, statement, logged, arguments=(scene.now,))
    assert [finding.rule for finding in scene.audit(copied).findings] == [rules.PROFILE_NOT_REGISTERED]


def test_public_texts_hold_no_known_value_and_a_known_value_among_them_is_found(scene: Scene) -> None:
    quiet = Sought(known_values(["김하늘", "900101-1234567"]))
    assert scene.audit(parts=frozenset({Part.PRIVACY}), sought=quiet).findings == []
    told = Sought(known_values([PROFILE.decode()]))
    findings = scene.audit(parts=frozenset({Part.PRIVACY}), sought=told).findings
    assert {finding.rule for finding in findings} == {rules.PERSONAL_VALUE_FOUND}
    assert {"its calldata holds value 1 as UTF-8"} <= {finding.message for finding in findings}
    assert any("log" in finding.message for finding in findings)
    assert all(PROFILE.decode() not in f"{finding.subject}{finding.message}" for finding in findings)


def test_bytes_sent_to_nobodys_contract_are_found(scene: Scene) -> None:
    with scene.later_chain():
        sender = to_checksum_address("0x" + "77" * 20)
        call = {"from": sender, "to": "0x" + "78" * 20, "data": "0x" + "김하늘".encode().hex(), "gas": hex(100_000)}
        scene.chain.rpc.call("anvil_impersonateAccount", sender)
        scene.chain.rpc.call("eth_sendTransaction", {**call, "gasPrice": "0x0"})
        scene.chain.mine(1)
        report = scene.audit(parts=frozenset({Part.PRIVACY}), sought=Sought(known_values(["김하늘", SERVICE])))
    assert rules.CALLDATA_UNEXPLAINED in {finding.rule for finding in report.findings}
    assert rules.PERSONAL_VALUE_FOUND in {finding.rule for finding in report.findings}


def test_timing_measures_what_the_chain_and_the_node_show(scene: Scene) -> None:
    figures = scene.audit(scene.database, parts=frozenset({Part.TIMING})).figures
    assert figures["issued to attested"]["count"] == 12
    assert figures["decided to effective"]["count"] == 4
    assert figures["proposed to executed"]["count"] > 5
    assert figures["attestation to attestation"]["count"] == 1

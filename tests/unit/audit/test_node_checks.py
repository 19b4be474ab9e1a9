"""A node's own rows are judged by what the chain said at that time."""

import base64
import hashlib
import sqlite3
from pathlib import Path

import pytest

from audit import rules
from audit.checks import sources
from audit.checks.key_use import compare_key_use
from audit.checks.sources import compare_powers, compare_sources
from audit.checks.timing import Gaps, compare_node_timing, compare_timing
from audit.checks.verifications import compare_verifications
from audit.digests import Digests, Run
from audit.findings import AuditImpossible, Report, Rule
from audit.powers import POWERS
from audit.state import State
from tests.unit.audit.nodes import node_database

MEMBER, SCHEMA, DIGEST = "0x" + "aa" * 32, b"\x0b" * 32, b"\x0c" * 32
THUMBPRINT = b"\x0d" * 32
KEY_ID = base64.urlsafe_b64encode(THUMBPRINT).rstrip(b"=").decode()
SERVICE = "0x" + hashlib.sha256(b"account-opening").hexdigest()
ATTESTED_AT, ATTESTED_IN, HEAD = 1_000, 50, 90


def state(**key: object) -> State:
    """Give a state with one attestation, and the key that signed it as it was from the beginning unless changed."""
    record = {
        "purpose": 1,
        "not_before": 0,
        "not_after": 9_000,
        "registered_block": 1,
        "revocations": [],
        "compromises": [],
    }
    return State(
        block=HEAD,
        digests=Digests([Run("batch", MEMBER, f"0x{SCHEMA.hex()}", ATTESTED_AT, ATTESTED_IN, DIGEST)]),
        keys={f"{MEMBER}/0x{THUMBPRINT.hex()}": {**record, **key}},
        profiles={
            f"{MEMBER}/{SERVICE}": [
                {"registered_at": 100, "ended_at": 200},
                {"registered_at": 1_000, "ended_at": None},
            ]
        },
    )


def credential(**changed: object) -> dict[str, object]:
    return {"schema_id": SCHEMA, "digest": DIGEST, "signing_key_id": KEY_ID, "issued_at": 990, **changed}


NEVER: list[Rule] = []
KEYS: dict[str, tuple[dict[str, object], list[Rule]]] = {
    "a key in good order": ({}, NEVER),
    "a key of another purpose": ({"purpose": 2}, [rules.SIGNING_KEY_UNFIT]),
    "a key registered later": ({"registered_block": 51}, [rules.SIGNING_KEY_UNFIT]),
    "a key too early": ({"not_before": 1_001}, [rules.SIGNING_KEY_UNFIT]),
    "a key too late": ({"not_after": 1_000}, [rules.SIGNING_KEY_UNFIT]),
    "a key revoked before": ({"revocations": [[40, 999]]}, [rules.SIGNING_KEY_UNFIT]),
    "a key revoked afterwards": ({"revocations": [[60, 1_100]]}, NEVER),
    "a key known to be compromised": ({"compromises": [[40, 900]]}, [rules.SIGNING_KEY_UNFIT]),
    "a compromise declared later": ({"compromises": [[60, 900]]}, [rules.SIGNING_KEY_COMPROMISED]),
    "a compromise that began later": ({"compromises": [[60, 1_050]]}, NEVER),
    "a compromise moved earlier later": (
        {"compromises": [[40, 1_050], [60, 900]]},
        [rules.SIGNING_KEY_COMPROMISED],
    ),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_signing_key_is_judged_by_what_was_known_at_its_block(tmp_path: Path, name: str) -> None:
    changed, expected = KEYS[name]
    with node_database(tmp_path, credentials=[credential()]) as database:
        findings, looked_at = compare_key_use(database, state(**changed), MEMBER)
    assert [finding.rule for finding in findings] == expected
    assert looked_at == 1


def test_a_credential_that_is_not_attested_has_no_key_to_judge(tmp_path: Path) -> None:
    with node_database(tmp_path, credentials=[credential(digest=b"\x0f" * 32)]) as database:
        assert compare_key_use(database, state(), MEMBER) == ([], 0)


@pytest.mark.parametrize(
    ("profile", "time", "stood"),
    [
        ("account-opening", 150, True),
        ("account-opening", 200 + 119, True),
        ("account-opening", 200 + 120, False),
        ("account-opening", 99, False),
        ("account-opening", 1_000, True),
        ("another", 150, False),
        ("account-opening", "150 o'clock", False),
    ],
)
def test_a_verification_needs_a_profile_that_stood_then(
    tmp_path: Path, profile: str, time: object, stood: bool
) -> None:
    with node_database(tmp_path) as empty:
        assert compare_verifications(empty, state(), MEMBER) == ([], 0)
    connection = sqlite3.connect(tmp_path / "node.db")
    for verdict in ("verified", "refused"):
        connection.execute(
            "INSERT INTO evidence VALUES (NULL, ?, ?, 'c', ?, NULL, 'k', X'00', ?)", (verdict, profile, verdict, time)
        )
    connection.commit()
    connection.close()
    with node_database(tmp_path) as database:
        findings, looked_at = compare_verifications(database, state(), MEMBER)
        assert compare_verifications(database, state(), None)[0]
    assert looked_at == 1
    assert bool(findings) is not stood


def blank() -> Report:
    return Report("0x", 1, 0, HEAD, "0x")


def test_gaps_of_a_node_are_figures_and_the_long_ones_are_findings(tmp_path: Path) -> None:
    late = b"\x0e" * 32
    known = state()
    known.digests.add(Run("later", MEMBER, f"0x{SCHEMA.hex()}", 9_000, 80, late))
    works: list[dict[str, object]] = [
        {"list_number": 0, "status_index": place, "status": 1, "created_at": at, "transaction_hash": b"t"}
        for place, at in ((1, 500), (2, 100), (3, "never"))
    ]
    changes: list[dict[str, object]] = [
        {
            "issuer": b"i",
            "list_number": 0,
            "status_index": place,
            "status": 1,
            "block_time": 510,
            "block_number": 60,
            "transaction_hash": b"t",
        }
        for place in (1, 2, 3)
    ]
    issued = [
        credential(credential_id="a", status_index=1),
        credential(credential_id="b", status_index=2, digest=late),
        credential(credential_id="c", status_index=3, digest=b"\x0f" * 32),
    ]
    report = blank()
    with node_database(tmp_path, credentials=issued, status_works=works, status_changes=changes) as database:
        findings, looked_at = compare_node_timing(database, known, MEMBER, report)
    assert [finding.rule for finding in findings] == [rules.ATTESTED_LATE, rules.STATUS_LATE]
    assert report.figures["issued to attested"] == {"count": 2, "median_s": 8_010, "p95_s": 8_010, "longest_s": 8_010}
    assert report.figures["decided to effective"]["longest_s"] == 410
    assert looked_at == 4


def test_gaps_of_nothing_are_none() -> None:
    report = blank()
    assert compare_timing(State(), report) == ([], 0)
    assert {tuple(figures) for figures in report.figures.values()} == {("count",)}


def test_percentiles_are_of_the_gaps_themselves() -> None:
    gaps = Gaps()
    for seconds in range(100):
        gaps.add(seconds)
    assert gaps.figures() == {"count": 100, "median_s": 50, "p95_s": 95, "longest_s": 99}


def test_a_checkout_without_contracts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible):
        compare_sources(tmp_path)


def test_sources_that_do_not_compile_are_found(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Nothing.sol").write_text('import "./Absent.sol";')
    assert [finding.rule for finding in compare_sources(tmp_path)[0]] == [rules.SOURCE_MISMATCH]


def test_a_power_that_nobody_described_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compare_powers()[0] == []
    monkeypatch.setattr(sources, "POWERS", {**POWERS, "Directory": {}})
    assert [finding.rule for finding in compare_powers()[0]] == [rules.POWER_UNKNOWN]

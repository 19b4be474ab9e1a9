"""What a node says of its keys is compared with the chain and with what they signed."""

from pathlib import Path

import pytest

from audit import rules
from audit.findings import Rule
from jeung.crypto import base64url
from tests.integration.audit.scene import Scene

pytestmark = pytest.mark.chain


def held(scene: Scene, *, key: bytes | None = None, **changes: object) -> str:
    """Write one row of an inventory."""
    values: dict[str, object] = {
        "key_id": base64url.encode(scene.signing.key.thumbprint if key is None else key),
        "purpose": "credential_signing",
        "algorithm": "ES256",
        "state": "active",
        "backend": "software",
        "uses": 3,
        "created_at": 1,
        "activated_at": 1,
        "retired_at": None,
        "seen_at": scene.now,
        **changes,
    }
    shown = ["NULL" if value is None else repr(value) for value in values.values()]
    return f"INSERT INTO key_inventory ({', '.join(values)}) VALUES ({', '.join(shown)})"  # noqa: S608 - our own


def found(scene: Scene, tmp_path: Path, *statements: str) -> list[Rule]:
    report = scene.audit(scene.copy(tmp_path, *statements))
    about_keys = {rules.KEY_NOT_HELD, rules.KEY_NOT_REGISTERED, rules.KEY_STATE_MISMATCH, rules.KEY_USED_AFTER_END}
    return [finding.rule for finding in report.findings if finding.rule in about_keys]


def test_node_without_an_inventory_is_not_compared(scene: Scene, tmp_path: Path) -> None:
    assert found(scene, tmp_path) == []


def test_registered_key_at_work_is_no_finding(scene: Scene, tmp_path: Path) -> None:
    assert rules.KEY_STATE_MISMATCH not in found(scene, tmp_path, held(scene))
    assert rules.KEY_NOT_REGISTERED not in found(scene, tmp_path, held(scene))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"purpose": "status_signing"}, rules.KEY_STATE_MISMATCH),
        ({"state": "retired", "retired_at": 1}, rules.KEY_USED_AFTER_END),
        ({"state": "compromised", "compromised_at": 1, "compromised_since": 1}, rules.KEY_USED_AFTER_END),
        ({"state": "destroyed", "destroyed_at": 1}, rules.KEY_USED_AFTER_END),
        ({"key": bytes(32)}, rules.KEY_NOT_REGISTERED),
        ({"key": bytes(32)}, rules.KEY_NOT_HELD),
    ],
    ids=["purpose", "retired", "compromised", "destroyed", "unregistered", "not-held"],
)
def test_inventory_that_disagrees_is_found(
    scene: Scene, tmp_path: Path, changes: dict[str, object], rule: Rule
) -> None:
    assert rule in found(scene, tmp_path, held(scene, **changes))  # type: ignore[arg-type]


def test_key_that_the_chain_knows_as_compromised_must_not_work(scene: Scene, tmp_path: Path) -> None:
    lost = held(scene, key=scene.lost.key.thumbprint)
    assert rules.KEY_STATE_MISMATCH in found(scene, tmp_path, held(scene), lost)
    stopped = held(scene, key=scene.lost.key.thumbprint, state="compromised", compromised_since=1)
    assert rules.KEY_STATE_MISMATCH not in found(scene, tmp_path, held(scene), stopped)


def test_key_that_began_just_now_may_be_on_its_way(scene: Scene, tmp_path: Path) -> None:
    young = held(scene, key=bytes(32), activated_at=scene.now - 5)
    assert rules.KEY_NOT_REGISTERED not in found(scene, tmp_path, held(scene), young)
    account = held(scene, key=bytes(31) + b"\x01", purpose="attest")
    assert rules.KEY_NOT_REGISTERED not in found(scene, tmp_path, held(scene), account)

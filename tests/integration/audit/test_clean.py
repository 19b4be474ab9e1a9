"""An audit of what nobody tampered with finds nothing."""

import pytest

from audit.render import as_text
from tests.integration.audit.scene import Scene

pytestmark = pytest.mark.chain


def test_a_rightful_consortium_is_clean(scene: Scene) -> None:
    report = scene.audit()
    assert report.findings == [], as_text(report)
    assert report.exit_code == 0
    assert report.counts["replay"] > 20
    assert all(report.counts.values()), report.counts


def test_a_rightful_node_is_clean(scene: Scene) -> None:
    report = scene.audit(scene.database)
    assert report.findings == [], as_text(report)
    assert report.counts["node records"] == 12
    assert report.counts["node index"] > 50
    assert report.counts["log entries"] > 50
    assert report.counts["node log"] > 20

"""The demo is the product's promise: every step of it happens over HTTP, and every refusal has its own code."""

import pytest

from tests.e2e.driver import run_jeung

pytestmark = [pytest.mark.sandbox]

REFUSALS = (
    "not_accredited",
    "issuer_not_accredited",
    "accreditation_withdrawn",
    "invalid_issuer_signature",
    "nonce_replayed",
    "not_attested",
    "issuer_key_compromised",
    "credential_suspended",
    "credential_revoked",
)


@pytest.mark.timeout(500)
def test_demo_plays_the_whole_story_in_a_throw_away_folder() -> None:
    played = run_jeung("demo", "--once", timeout_s=480)
    assert played.returncode == 0, played.stdout + played.stderr
    for code in REFUSALS:
        assert f"refused: {code}" in played.stdout or f"409 {code}" in played.stdout
    assert "403 query_not_permitted" in played.stdout
    assert "204 attestations in" in played.stdout
    assert "PAR, PKCE and DPoP" in played.stdout
    assert "clean, exit 0" in played.stdout
    assert "found, exit 1" in played.stdout
    assert "✗" not in played.stdout
    assert "Traceback" not in played.stdout + played.stderr
    assert "Stopped." in played.stdout

"""Kill anything at any moment, start again: nothing is lost, nothing happens twice, the audit is clean."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.driver import SandboxDriver, eventually, run_jeung
from tests.e2e.issuing import Consortium, Issuer

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]

PARTS = ("bank-worker", "chain", "bank-api", "exchange-worker", "supervisor-api")
PER_PART = 12


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[SandboxDriver]:
    driver = SandboxDriver(tmp_path / "sandbox")
    yield driver
    driver.close()


def test_nothing_is_lost_or_doubled_whatever_is_killed(driver: SandboxDriver) -> None:
    driver.start()
    consortium = Consortium(driver.data)
    consortium.found()
    proofings = consortium.proofings(PER_PART * (len(PARTS) + 1))

    issued = []
    for number, part in enumerate(PARTS):
        issuer = Issuer(consortium, proofings[number * PER_PART : (number + 1) * PER_PART])
        issuer.start()
        issuer.wait_for_answers(PER_PART // 3)
        driver.kill(part)
        issuer.join(180)
        assert issuer.failure is None, f"{part}: {issuer.failure!r}"
        issued += issuer.answers
    # The last ones are issued while the supervisor itself is killed, and with it everything.
    issuer = Issuer(consortium, proofings[len(PARTS) * PER_PART :])
    issuer.start()
    issuer.wait_for_answers(PER_PART // 3)
    driver.kill_supervisor()
    eventually(lambda: not driver.running())
    driver.start()
    issuer.join(180)
    assert issuer.failure is None
    issued += issuer.answers

    digests = [copy["digest"] for answer in issued for copy in answer["copies"]]
    assert len(set(digests)) == len(proofings)

    def all_attested() -> bool:
        items = consortium.bank.all("/v1/credentials")
        assert {item["digest"] for item in items} == set(digests)
        return all(item["anchoring"] == "attested" for item in items)

    eventually(all_attested, timeout_s=120)
    assert sorted(consortium.attested_digests()) == sorted(digests)
    for part in ("bank-worker", "chain", "bank-api"):
        assert (driver.data / "logs" / f"{part}.log").exists()
    audited = run_jeung("audit", "--node", "bank", "--data", str(driver.data))
    assert audited.returncode == 0, audited.stdout + audited.stderr
    # Who edits every store of the node behind its back is named for each of them.
    insider = run_jeung("insider", "--data", str(driver.data))
    assert insider.returncode == 0, insider.stdout + insider.stderr
    assert driver.stop() == 0
    assert "Traceback" not in driver.said()


def test_a_restart_finds_everything_as_it_was(driver: SandboxDriver) -> None:
    driver.start()
    consortium = Consortium(driver.data)
    consortium.found()
    issuer = Issuer(consortium, consortium.proofings(3))
    issuer.run()
    assert issuer.failure is None
    members = consortium.bank.all("/v1/members")
    credentials = {item["credential_id"] for item in consortium.bank.all("/v1/credentials")}

    second = run_jeung("up", "--data", str(driver.data))
    assert second.returncode == 2
    assert "running already" in second.stderr
    assert run_jeung("reset", "--yes", "--data", str(driver.data)).returncode == 2

    assert driver.stop() == 0
    assert driver.running() == []
    said = driver.said()
    assert "Stopped." in said
    assert "Traceback" not in said
    assert "was killed" not in said

    driver.start()
    again = Consortium(driver.data)
    assert again.bank.all("/v1/members") == members
    assert {item["credential_id"] for item in again.bank.all("/v1/credentials")} == credentials
    eventually(lambda: all(item["anchoring"] == "attested" for item in again.bank.all("/v1/credentials")))
    assert driver.stop(signal.SIGTERM) == 0
    assert driver.running() == []

    assert run_jeung("reset", "--yes", "--data", str(driver.data)).returncode == 0
    assert not driver.data.exists()

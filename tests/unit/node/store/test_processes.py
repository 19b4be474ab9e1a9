"""Several processes of a node share one store: each reservation, nonce and limit counts once among all of them."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from jeung.domain.wallets import OfferState
from jeung.services.staff.attempts import BY_NAME
from tests.common import rows
from tests.common.store_process import NONCES, opened
from tests.common.wallet_process import OFFERS, PROOFS, keep_offers

ROOT = Path(__file__).parents[4]


def at_once(act: str, path: Path, processes: int) -> list[list[str]]:
    """Run an act in several processes at the same time and give the lines of each."""
    command = [sys.executable, "-m", "tests.common.store_process", act, str(path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    lines = [process.communicate(timeout=120)[0].splitlines() for process in running]
    assert [process.returncode for process in running] == [0] * processes
    return lines


def test_processes_that_start_at_once_make_one_database(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    assert at_once("open_only", path, 3) == [["opened"]] * 3
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM follower_state").fetchone() == (1,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_processes_never_reserve_the_same_counter(tmp_path: Path) -> None:
    kept = opened(str(tmp_path / "node.db"))
    with kept.store.write() as tx:
        tx.status_indexes.open_group(0, b"key")
    kept.dispose()
    first, second = (
        [counter for line in lines for counter in json.loads(line)]
        for lines in at_once("reserve", tmp_path / "node.db", 2)
    )
    assert len(first) == len(second) == 199
    assert sorted(first + second) == list(range(398))


def test_processes_consume_each_nonce_once(tmp_path: Path) -> None:
    kept = opened(str(tmp_path / "node.db"))
    with kept.store.write() as tx:
        for number in range(NONCES):
            tx.nonces.add(rows.nonce(f"nonce-{number}"))
    kept.dispose()
    first, second = at_once("consume", tmp_path / "node.db", 2)
    assert sorted(int(number) for number in (*first, *second)) == list(range(NONCES))


def test_processes_share_a_limit_and_a_restart_does_not_lift_it(tmp_path: Path) -> None:
    lines = at_once("hit", tmp_path / "node.db", 2)
    assert sum(len(passed) for passed in lines) == 50
    assert at_once("hit", tmp_path / "node.db", 1) == [[]]


def test_processes_together_guess_no_more_passwords_than_one_alone_may(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    opened(str(path)).dispose()
    lines = at_once("guess", path, 2)
    assert sum(len(looked_at) for looked_at in lines) == BY_NAME.free
    assert at_once("guess", path, 1) == [[]], "a restart does not lift the pause"


def test_processes_take_each_dpop_proof_once_and_a_restart_forgets_none(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    opened(str(path)).dispose()
    first, second = at_once("prove", path, 2)
    assert sorted(int(number) for number in (*first, *second)) == list(range(PROOFS))
    assert at_once("prove", path, 1) == [[]]


def test_processes_redeem_each_offer_once(tmp_path: Path) -> None:
    kept = opened(str(tmp_path / "node.db"))
    keep_offers(kept)
    kept.dispose()
    first, second = at_once("redeem", tmp_path / "node.db", 2)
    assert sorted(int(number) for number in (*first, *second)) == list(range(OFFERS))


def test_processes_together_try_no_more_transaction_codes_than_one_alone_may(tmp_path: Path) -> None:
    kept = opened(str(tmp_path / "node.db"))
    offer = keep_offers(kept)[0]
    assert at_once("try_codes", tmp_path / "node.db", 2) == [[], []]
    with kept.store.read() as tx:
        locked = tx.offers.get(offer.offer_id)
    kept.dispose()
    assert locked is not None
    assert (locked.attempts, locked.stored_state) == (5, OfferState.LOCKED)

"""Several real processes at one keystore, and real kills in the middle of a write."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keys.backends.software import FILE_NAME
from keys.model import State
from keys.purposes import Purpose
from tests.common.custody import SoftwareCustody

ROOT = Path(__file__).parents[3]

WRITER = """
import sys
from pathlib import Path
from keys.purposes import Purpose
from tests.common.custody import SoftwareCustody

with SoftwareCustody(Path(sys.argv[1])).open() as keystore:
    for _ in range(int(sys.argv[2])):
        key_id = keystore.activate(keystore.create(Purpose.STATUS_SIGNING).key_id).key_id
        keystore.sign(key_id, Purpose.STATUS_SIGNING, b"message")
        keystore.sign(sys.argv[3], Purpose.TOKEN_SIGNING, b"message")
        keystore.flush()
        print(key_id, flush=True)
"""

# Dies by SIGKILL at the n-th call of one of the system calls a write is made of, before or after it is done.
CRASHER = """
import os, signal, sys
from pathlib import Path
from keys.purposes import Purpose
from tests.common.custody import SoftwareCustody

name, moment, count = sys.argv[2], sys.argv[3], int(sys.argv[4])
with SoftwareCustody(Path(sys.argv[1])).open() as keystore:
    real = getattr(os, name)

    def deadly(*arguments, **keywords):
        global count
        count -= 1
        if count == 0 and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **keywords)
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(os, name, deadly)
    keystore.create(Purpose.ATTEST)
"""


def spawn(code: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_writers_lose_nothing_of_each_other(tmp_path: Path) -> None:
    custody = SoftwareCustody(tmp_path)
    with custody.create() as keystore:
        shared = keystore.activate(keystore.create(Purpose.TOKEN_SIGNING).key_id).key_id
        writers = [spawn(WRITER, str(tmp_path), "15", shared) for _ in range(3)]
        made = []
        for writer in writers:
            output, problems = writer.communicate(timeout=120)
            assert (writer.returncode, problems) == (0, "")
            made += output.split()
        assert len(set(made)) == 45
        assert {record.key_id for record in keystore.list(purpose=Purpose.STATUS_SIGNING)} == set(made)
        assert all(keystore.get(key_id).uses == 1 for key_id in made)
        assert keystore.get(shared).uses == 45


@pytest.mark.parametrize(
    ("name", "moment", "count", "kept"),
    [
        ("fsync", "before", 1, 1),
        ("fsync", "after", 1, 1),
        ("replace", "before", 1, 1),
        ("replace", "after", 1, 2),
        ("fsync", "before", 2, 2),
        ("fsync", "after", 2, 2),
    ],
)
def test_kill_within_a_write_leaves_the_old_keystore_or_the_new(
    tmp_path: Path, name: str, moment: str, count: int, kept: int
) -> None:
    custody = SoftwareCustody(tmp_path)
    with custody.create() as keystore:
        first = keystore.activate(keystore.create(Purpose.ATTEST).key_id).key_id
    crasher = spawn(CRASHER, str(tmp_path), name, moment, str(count))
    crasher.communicate(timeout=60)
    assert crasher.returncode == -signal.SIGKILL
    with custody.open() as keystore:
        assert len(keystore.list()) == kept
        assert keystore.sign(first, Purpose.ATTEST, b"\x02\xc0")
        assert keystore.create(Purpose.STATUS).state is State.PRE_ACTIVE
        assert not list(custody.folder.glob("*.part")) + list(custody.folder.glob(".*.part"))


def test_kill_at_any_moment_loses_no_key_that_was_reported(tmp_path: Path) -> None:
    custody = SoftwareCustody(tmp_path)
    reported: set[str] = set()
    with custody.create() as keystore:
        shared = keystore.activate(keystore.create(Purpose.TOKEN_SIGNING).key_id).key_id
    for lines in (1, 2, 5):
        writer = spawn(WRITER, str(tmp_path), "100000", shared)
        assert writer.stdout is not None
        reported |= {writer.stdout.readline().strip() for _ in range(lines)}
        writer.kill()
        reported |= set(writer.communicate(timeout=60)[0].split())
        with custody.open() as keystore:
            kept = {record.key_id for record in keystore.list(purpose=Purpose.STATUS_SIGNING)}
            assert reported <= kept
    assert (custody.folder / FILE_NAME).stat().st_mode & 0o777 == 0o600

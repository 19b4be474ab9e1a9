"""Lock files pin by hash, name no download address, and say the same as what they were made from."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
ADDRESS = re.compile(r"https?://|--index-url|--extra-index-url|--find-links", re.IGNORECASE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_requirement_has_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert ADDRESS.search(text) is None
    entries = [entry for entry in re.split(r"\n(?=[a-zA-Z0-9])", text.strip()) if not entry.startswith("#")]
    assert len(entries) >= 1
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==[^ ]+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_npm_lock_pins_by_integrity_and_names_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text()
    lock = json.loads(text)
    assert '"resolved"' not in text
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


def test_the_npm_lock_belongs_to_package_json() -> None:
    manifest = json.loads((ROOT / "package.json").read_text())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"][""]
    assert locked["dependencies"] == manifest["dependencies"]
    assert locked["devDependencies"] == manifest["devDependencies"]


def test_setting_up_left_the_committed_locks_unchanged() -> None:
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", "requirements", "package-lock.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert changed == ""


def test_no_committed_file_names_a_registry_host() -> None:
    hosts = ("registry.npmjs" + ".org", "files.pythonhosted" + ".org", "pypi" + ".org", "deb.debian" + ".org")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    guilty = [
        name
        for name in tracked.decode().split("\0")
        if name and (ROOT / name).is_file()
        for host in hosts
        if host.encode() in (ROOT / name).read_bytes()
    ]
    assert guilty == []

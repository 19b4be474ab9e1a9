"""The wheel holds our packages with their data, nothing else, and imports without the source tree."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"jeung", "keys", "node", "api", "audit", "cli"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_has_exactly_our_top_level_names(wheel: Path) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == PACKAGES


def test_the_wheel_brings_artifacts_and_migrations(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("node/artifacts/data/") and name.endswith(".json") for name in names)
    assert any(name.startswith("node/store/migrations/") for name in names)


def test_every_package_imports_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "clean", with_pip=False)
    (site,) = (tmp_path / "clean" / "lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    # Dependencies come from the development environment; a path added by .pth does not run that folder's own
    # .pth files, so the editable install of the source tree stays out of sight.
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "dependencies.pth").write_text(dependencies + "\n")
    program = f"import {', '.join(sorted(PACKAGES))}\nprint(jeung.__file__)"
    found = subprocess.run(
        [str(tmp_path / "clean" / "bin" / "python"), "-I", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert Path(found.strip()).is_relative_to(tmp_path)

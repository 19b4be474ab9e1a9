"""Find the test vectors that other projects publish; they lie beside the checkout, never in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parents[2].parent / "shared" / "vectors"


def vectors(*parts: str) -> Path:
    """Return a path under ../shared/vectors; skip where the folder is absent, unless this is CI."""
    if not _FOLDER.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("../shared/vectors is absent, and CI must not pass without it")
        pytest.skip("../shared/vectors is absent: a user's checkout has none", allow_module_level=True)
    return _FOLDER.joinpath(*parts)


def wycheproof(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return (group, test) for every case of a Wycheproof file."""
    groups = json.loads(vectors("wycheproof", f"{name}.json").read_bytes())["testGroups"]
    return [(group, test) for group in groups for test in group["tests"]]

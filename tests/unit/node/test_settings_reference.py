"""The page about settings names every setting with its default, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from node.settings import Settings

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
ROW = re.compile(r"\| `(?P<name>[a-z0-9_.]+)` \| (?P<default>[^|]+) \| (?P<meaning>.+) \|")


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{prefix}{name}.")
        elif name != "node_dir":
            yield f"{prefix}{name}", shown(field.default)


def shown(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    value = getattr(default, "value", default)
    if isinstance(value, tuple):
        return f"`{[getattr(part, 'value', part) for part in value]}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_setting_stands_on_the_page_with_its_default() -> None:
    rows = [match for line in PAGE.read_text("utf-8").splitlines() if (match := ROW.fullmatch(line))]
    assert [(row["name"], row["default"]) for row in rows] == list(settings(Settings))
    assert all(len(row["meaning"]) > 10 for row in rows)

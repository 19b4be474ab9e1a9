"""The page about the keystore's format says what the program does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys import keystore, passphrase, purposes
from keys.backends import container, software
from keys.errors import KeyCustodyError
from keys.model import KeyRecord, State
from keys.purposes import Purpose

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "keystore-format.md").read_text(encoding="utf-8")


def kinds_of(parent: type[KeyCustodyError]) -> Iterator[type[KeyCustodyError]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def test_page_explains_every_refusal_and_no_other() -> None:
    section = PAGE.split("## Refusals")[1].split("\n## ")[0]
    kinds = list(kinds_of(KeyCustodyError))
    assert sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == sorted(kind.code for kind in kinds)


def test_page_names_every_purpose_state_and_field() -> None:
    missing = [word for word in [*Purpose, *State] if not re.search(rf"\b{word}\b", PAGE)]
    missing += [name for name in KeyRecord.__slots__ if f"`{name}`" not in PAGE]
    assert missing == []


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        ("version: {}", container.VERSION),
        ("New files take {} passes", container.STANDARD_COSTS.passes),
        ("passes over {} MiB", container.STANDARD_COSTS.memory_kib // 1024),
        ("at most {} MiB", container.MAX_BODY_BYTES // 2**20),
        ("over {} MiB, or not of the shape", purposes.MAX_MESSAGE_BYTES // 2**20),
        ("written every {:,} uses", keystore.FLUSH_EVERY),
        ("there are {:,} keys", software.MAX_KEYS),
        ("writing for {:g} s", software.LOCK_TIMEOUT_S),
        ("under {} characters", passphrase.MIN_CHARACTERS),
        ("over {:,} bytes, more than one line", passphrase.MAX_BYTES),
        ("| `{}` | the keys", software.FILE_NAME),
        ("| `{}` | empty", software.LOCK_NAME),
    ],
)
def test_page_states_the_numbers_of_the_program(sentence: str, value: object) -> None:
    assert sentence.format(value) in PAGE

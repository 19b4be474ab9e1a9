"""What the player of guides must catch: a guide that says something else than what happens."""

from pathlib import Path

import pytest

from tests.common.guides import Guide, GuideFailed, Place, read_steps, unexplained

_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def _guide(folder: Path, text: str, **placeholders: str) -> Guide:
    path = folder / "guide.md"
    path.write_text(text, "utf-8")
    place = Place(folder, _ENVIRONMENT)
    return Guide(path, {"": place, "bank": place}, placeholders)


def test_commands_of_a_place_share_one_shell_and_places_do_not(tmp_path: Path) -> None:
    text = """
Fill in <WHAT>.

```console bank
$ SEEN=<WHAT>
$ echo "<$SEEN>" && \\
  echo two
<here>
two
```

```sh
$ echo "seen: $SEEN."
seen: .
```

```json
$ not a command
```
"""
    with _guide(tmp_path, text, WHAT="here") as guide:
        guide.play()
        assert guide.outputs == ["", "<here>\ntwo\n", "seen: .\n"]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("$ false", "ended with 1"),
        ("$ echo one\nthree", "does not show 'three'"),
        ("$ echo one two\ntwo … one", "does not show 'one'"),
        ("$ exit 0", "the shell ended"),
        ("$ cat <NOT_GIVEN>", "nobody gave <NOT_GIVEN>"),
    ],
    ids=["fails", "shows-something-else", "shows-it-in-another-order", "ends-the-shell", "placeholder-without-value"],
)
def test_a_command_that_does_not_do_what_the_guide_says_fails_the_guide(
    tmp_path: Path, block: str, said: str
) -> None:
    guide = _guide(tmp_path, f"Fill in <NOT_GIVEN>.\n\n```console\n{block}\n```\n")
    with guide, pytest.raises(GuideFailed, match=said):
        guide.play(timeout_s=20.0)


def test_a_command_that_never_ends_fails_the_guide(tmp_path: Path) -> None:
    with _guide(tmp_path, "```sh\n$ sleep 600\n```\n") as guide, pytest.raises(GuideFailed, match="no end within"):
        guide.play(timeout_s=0.2)


def test_what_a_guide_put_into_the_background_ends_with_it(tmp_path: Path) -> None:
    with _guide(tmp_path, "```sh\n$ sleep 600 & echo $! > pid\n```\n") as guide:
        guide.play()
        process = Path("/proc") / (tmp_path / "pid").read_text("ascii").strip()
        assert process.exists()
    assert not process.exists()


@pytest.mark.parametrize(
    "text",
    ["```console\n$ echo\n", "```console\noutput\n```\n", "```console\n```\n", "```sh\n$ echo \\\n```\n"],
    ids=["no-end", "output-first", "empty", "cut-off"],
)
def test_a_malformed_block_is_refused(text: str) -> None:
    with pytest.raises(GuideFailed):
        read_steps(text)


def test_a_placeholder_must_be_explained_outside_the_blocks(tmp_path: Path) -> None:
    text = "About <ONE>.\n\n```console\n$ echo <ONE> <TWO>\n```\n"
    assert unexplained(text) == {"<TWO>"}
    with pytest.raises(GuideFailed, match="TWO"):
        _guide(tmp_path, text)


def test_a_place_that_nobody_gave_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuideFailed, match="moon"):
        _guide(tmp_path, "```console moon\n$ true\n```\n")

"""What others wrote reaches the terminal as text."""

import json

import pytest

from cli.console import as_json, complain, err


@pytest.mark.parametrize("command", ["\x1b[2J", "\x9b2J", "\u202e", "\x7f", "\U000e0001", "\r"], ids=ascii)
def test_json_for_the_terminal_holds_nothing_that_a_terminal_obeys(command: str) -> None:
    value = {"purpose": f"계좌 개설{command}", command: [command, 1, None]}
    written = as_json(value)
    assert written.replace("\n", "").isprintable()
    assert "계좌 개설" in written
    assert json.loads(written) == value


def test_complaint_with_a_servers_words_is_one_line_that_no_terminal_obeys() -> None:
    with err.capture() as told:
        complain("거절 [bold]\x1b[2J\x9b2J\u202e\r\nend")
    assert told.get() == "jeung: 거절 [bold]\ufffd[2J\ufffd2J\ufffd end\n"

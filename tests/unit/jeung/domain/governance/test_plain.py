"""What one member writes cannot pass for something else before the others: they approve what they see."""

import pytest

from jeung.domain.governance.plain import MAX_TEXT, plain, quoted, ranges

BAD = "\N{REPLACEMENT CHARACTER}"


def test_a_text_cannot_close_its_quotation_and_go_on_in_our_name() -> None:
    forged = quoted("Good Wallet” with the key 0x00 until 2030. Approved by all: “")
    assert (forged.count("“"), forged.count("”")) == (1, 1)
    assert forged.startswith('“Good Wallet" with')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\nb", f"a{BAD}b"),
        ("a\x1b[2Jb", f"a{BAD}[2Jb"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", f"a{BAD}b"),
        ("a\N{ZERO WIDTH SPACE}b", f"a{BAD}b"),
        ("a\N{HANGUL FILLER}b", f"a{BAD}b"),
        ("a\N{NO-BREAK SPACE}b", f"a{BAD}b"),
        ("e" + "\N{COMBINING ACUTE ACCENT}" * 5, "e" + "\N{COMBINING ACUTE ACCENT}" * 3 + BAD * 2),
        ("b\N{CYRILLIC SMALL LETTER A}nk", "b\\u0430nk"),
        ("\N{FULLWIDTH LATIN SMALL LETTER B}ank", "\\uff42ank"),
        ("\N{GREEK CAPITAL LETTER ALPHA}\N{GREEK CAPITAL LETTER BETA}", "ΑΒ"),
        ("은행 Bank 銀行", "은행 Bank 銀行"),
        ("Crédit Ngân hàng", "Crédit Ngân hàng"),
    ],
    ids=[
        "line",
        "escape",
        "override",
        "zero-width",
        "filler",
        "no-break",
        "marks",
        "mixed-alphabets",
        "fullwidth",
        "one-alphabet",
        "korean",
        "accents",
    ],
)
def test_what_would_mislead_is_made_visible(text: str, said: str) -> None:
    assert plain(text) == said


def test_letters_from_right_to_left_turn_nothing_around_them() -> None:
    assert plain("בנק") == "\N{FIRST STRONG ISOLATE}בנק\N{POP DIRECTIONAL ISOLATE}"


def test_two_long_texts_that_begin_alike_do_not_look_alike() -> None:
    one, other = plain("x" * 500 + "a"), plain("x" * 500 + "b")
    assert one[:MAX_TEXT] == other[:MAX_TEXT]
    assert one != other
    assert "(501; SHA-256 " in one


def test_numbers_are_written_as_runs_and_many_with_a_digest_of_all() -> None:
    assert ranges([3, 7, 8, 9]) == "3, 7–9"
    assert ranges([]) == ""
    many = list(range(0, 40, 2))
    assert ranges(many).startswith("0, 2, 4, 6, 8, 10, 12, 14, …; SHA-256 ")
    assert ranges(many) != ranges([*many[:-1], 99])

"""The page about the command line is what the program says of itself."""

from tests.common.reference import PAGE, page


def test_the_page_is_what_the_program_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it anew: python -m tests.common.reference"

"""The encodings that the Token Status List draft prints: 1, 2, 4 and 8 bits, short and 2**20 entries."""

import ast
import json
import re
import zlib

import pytest

from jeung.crypto import base64url
from jeung.crypto.status_list import LIST_LENGTH, StatusList
from tests.common.vectors import vectors

SHORT = {"status_list_encoding_json.txt": 2, "status_list_encoding2_json.txt": 3}
LONG = {
    "status_list_encoding1_long_json.txt": 1,
    "status_list_encoding2_long_json.txt": 2,
    "status_list_encoding4_json.txt": 4,
    "status_list_encoding8_json.txt": 8,
}


def example(name: str) -> tuple[StatusList, str, bytes | None]:
    """The list, its text, and the bytes that the draft prints beside it, if it does."""
    text = vectors("status-list", name).read_text(encoding="utf-8")
    printed = re.search(r"byte_array = (\[.*\])", text)
    # The draft breaks long lines inside of the text.
    entry = json.loads(re.sub(r"\n\s*", "", text[text.index("{") :]))
    statuses = StatusList.from_compressed(entry["bits"], entry["lst"])
    return statuses, entry["lst"], bytes(ast.literal_eval(printed[1])) if printed else None


@pytest.mark.parametrize(("name", "length"), SHORT.items())
def test_a_short_list_encodes_to_the_very_text_of_the_draft(name: str, length: int) -> None:
    statuses, lst, printed = example(name)
    assert printed is not None
    assert statuses.data == printed
    assert len(printed) == length
    assert StatusList(statuses.bits, printed).compressed() == lst


def test_the_short_lists_hold_the_statuses_that_the_draft_tells() -> None:
    one, two = (example(name)[0] for name in SHORT)
    assert [one[index] for index in range(16)] == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    assert [two[index] for index in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]


@pytest.mark.parametrize(("name", "bits"), LONG.items())
def test_a_long_list_is_read_and_written_again(name: str, bits: int) -> None:
    statuses, lst, _ = example(name)
    assert statuses.bits == bits
    assert len(statuses) == LIST_LENGTH
    assert zlib.decompress(base64url.decode(lst)) == statuses.data
    assert StatusList.from_compressed(bits, statuses.compressed()) == statuses


def test_the_long_lists_hold_the_statuses_that_the_draft_tells() -> None:
    # Appendix "Test vectors" sets these and leaves all others 0.
    one = example("status_list_encoding1_long_json.txt")[0]
    invalid = {0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345}
    touched = [place for place, byte in enumerate(one.data) if byte]
    assert {index for place in touched for index in range(8 * place, 8 * place + 8) if one[index]} == invalid
    two = example("status_list_encoding2_long_json.txt")[0]
    assert {index: two[index] for index in (0, 1993, 25460, 159495, 495669, 554353, 645645, 723232)} == {
        0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2, 723232: 1,
    }  # fmt: skip
    eight = example("status_list_encoding8_json.txt")[0]
    assert (eight[233478], eight[52451]) == (0, 1)

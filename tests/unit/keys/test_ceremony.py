"""The root exists whole for a moment: what recovers it, and what does not."""

import copy
from itertools import combinations

import pytest
from shamir_mnemonic import combine_mnemonics

from keys.ceremony import (
    MAX_TRIED,
    WORDS,
    Root,
    RootPublic,
    Share,
    hold_ceremony,
    parse_words,
    recover_root,
    verify_recovery,
)
from keys.errors import ArchiveRefused, CeremonyRefused, ExportRefused, ShareRefused

_SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def ceremony() -> tuple[Root, list[Share]]:
    return hold_ceremony(2, 3)


def test_every_set_of_as_many_shares_as_the_threshold_recovers_the_root(ceremony: tuple[Root, list[Share]]) -> None:
    root, shares = ceremony
    for chosen in combinations(shares, 2):
        assert recover_root([share.words for share in chosen], root.public).public == root.public
    assert verify_recovery([share.words for share in shares], root.public) == 5


def test_a_large_ceremony_tries_a_bounded_number_of_sets() -> None:
    root, shares = hold_ceremony(2, 2)
    words = [shares[0].words, shares[1].words] * 12
    with pytest.raises(ShareRefused, match="expected 2 different shares, got 1"):
        verify_recovery(words, root.public)
    assert MAX_TRIED >= 16


def test_more_shares_than_needed_and_capitals_are_fine(ceremony: tuple[Root, list[Share]]) -> None:
    root, shares = ceremony
    loud = [[word.upper() for word in share.words] for share in shares]
    assert recover_root(loud, root.public).public == root.public


def test_root_key_opens_what_its_public_half_wrapped_and_signs_its_protocol() -> None:
    root = Root(_SECRET, 2, 3)
    wrapped = root.public.wrap(bytearray(b"k" * 32), b"header")
    assert root.unwrap(wrapped, b"header") == b"k" * 32
    root.public.verify(root.sign(b"protocol"), b"protocol")


def test_derivation_from_the_secret_never_changes() -> None:
    # A backup of today must open with the shares in twenty years.
    public = Root(_SECRET, 2, 3).public
    assert public.root_id == "8t33Ja42N7eMghvX7H7mlGDy1T9lhhOiaGStFKPuw48"
    assert RootPublic.from_json(public.to_json()) == public


def test_secret_of_the_standard_s_vectors_is_recovered_by_the_library() -> None:
    # SLIP-0039 vectors, 17: 256 bits, two of three.
    shares = [
        "humidity disease academic always aluminum jewelry energy woman receiver strategy amuse duckling "
        "lying evidence network walnut tactics forget hairy rebound impulse brother survive clothes "
        "stadium mailman rival ocean reward venture always armed unwrap",
        "humidity disease academic agency actress jacket gross physics cylinder solution fake mortgage "
        "benefit public busy prepare sharp friar change work slow purchase ruler again tricycle involve "
        "viral wireless mixture anatomy desert cargo upgrade",
    ]
    found = combine_mnemonics(shares, b"TREZOR")
    assert found.hex() == "c938b319067687e990e05e0da0ecce1278f75ff58d9853f19dcaeed5de104aae"


@pytest.mark.parametrize(
    ("threshold", "shares"), [(1, 1), (1, 3), (0, 0), (3, 2), (2, 17), (-2, 5)], ids=lambda value: str(value)
)
def test_sharing_that_protects_nothing_or_cannot_be_recovered_is_refused(threshold: int, shares: int) -> None:
    with pytest.raises(CeremonyRefused):
        hold_ceremony(threshold, shares)


def test_too_few_or_equal_shares_are_refused(ceremony: tuple[Root, list[Share]]) -> None:
    root, shares = ceremony
    for words in ([], [shares[0].words], [shares[0].words, shares[0].words]):
        with pytest.raises(ShareRefused, match="different shares"):
            recover_root(words, root.public)
    with pytest.raises(ShareRefused, match="expected 2 shares, got 1"):
        verify_recovery([shares[0].words], root.public)


def test_a_misread_word_is_refused_and_not_repeated(ceremony: tuple[Root, list[Share]]) -> None:
    root, shares = ceremony
    misread = list(shares[0].words)
    misread[7] = "academic" if misread[7] != "academic" else "acid"
    for words in (misread, ["nonsense"] * WORDS, misread[:-1]):
        with pytest.raises(ShareRefused) as caught:
            recover_root([words, shares[1].words], root.public)
        assert "academic" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_shares_of_another_ceremony_are_refused(ceremony: tuple[Root, list[Share]]) -> None:
    root, shares = ceremony
    other, strange = hold_ceremony(2, 3)
    with pytest.raises(ShareRefused, match="another root"):
        recover_root([share.words for share in strange], root.public)
    with pytest.raises(ShareRefused, match="not shares of this root"):
        recover_root([shares[0].words, strange[0].words], root.public)
    wrapped = other.public.wrap(bytearray(32), b"header")
    for broken, header in ((wrapped, b"other"), (wrapped[:-1], b"header"), (b"", b"header")):
        with pytest.raises(ArchiveRefused):
            other.unwrap(broken, header)
    with pytest.raises(ArchiveRefused):
        root.unwrap(wrapped, b"header")
    with pytest.raises(CeremonyRefused):
        root.public.verify(other.sign(b"protocol"), b"protocol")


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"root_id": "x"}, {"recipient": "AA"}, {"verifier": 7}, {"threshold": 1}, {"shares": "many"}],
    ids=lambda change: next(iter(change)),
)
def test_description_of_a_root_that_was_changed_is_refused(change: dict[str, object]) -> None:
    values = {**Root(_SECRET, 2, 3).public.to_json(), **change}
    with pytest.raises(CeremonyRefused):
        RootPublic.from_json(values)


def test_what_is_no_object_describes_no_root() -> None:
    with pytest.raises(CeremonyRefused):
        RootPublic.from_json(["root"])


def test_words_are_read_with_numbers_commas_and_line_feeds_between_them(
    ceremony: tuple[Root, list[Share]],
) -> None:
    words = ceremony[1][0].words
    typed = "\n".join(f"{number}. {word.capitalize()}," for number, word in enumerate(words, 1))
    assert parse_words(typed) == words


@pytest.mark.parametrize("text", ["", "one two", "w" * 4000, "a-b " * 33, "é " * 33], ids=range(5))
def test_text_that_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ShareRefused) as caught:
        parse_words(text)
    assert "one" not in str(caught.value)


def test_neither_root_nor_share_can_be_printed_or_copied(ceremony: tuple[Root, list[Share]]) -> None:
    root, shares = ceremony
    assert repr(root) == "<Root>"
    assert repr(shares[0]) == "<Share>"
    for held in (root, shares[0]):
        with pytest.raises(ExportRefused):
            copy.deepcopy(held)

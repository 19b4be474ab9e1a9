"""The demo's outsiders: invented people, phones that forge and twin, a board that hides no failure."""

import io
import secrets
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.demo.board import Board, StepFailed
from cli.demo.catalogue import Catalogue
from cli.demo.names import family_name, given_name
from cli.demo.people import invent_customers
from cli.demo.wallet import Copy, Phones
from cli.p256 import P256Key
from cli.wallet.credentials import Held
from jeung.crypto.hashing import sha256
from jeung.crypto.integrity import integrity_of
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.key_binding import verify_key_binding
from jeung.crypto.sd_jwt import disclose
from jeung.crypto.sd_jwt_issue import Disclosable, issue_sd_jwt
from jeung.crypto.sd_jwt_vc import credential_digest, parse_presentation, read_credential, verify_issuer_signature
from jeung.domain.person import checked_person
from jeung.errors import InvalidIssuerSignature

ISSUER = P256Key.generate()
HOLDER = P256Key.generate()


@pytest.mark.parametrize(
    ("hangul", "latin"), [("김", "Kim"), ("이", "Lee"), ("박", "Park"), ("독고", "Dokgo"), ("황", "Hwang")]
)
def test_family_names_are_spelt_as_families_spell_them(hangul: str, latin: str) -> None:
    assert family_name(hangul) == latin


@pytest.mark.parametrize(
    ("hangul", "latin"), [("민준", "Minjun"), ("서연", "Seoyeon"), ("현주", "Hyeonju"), ("빛나", "Bitna")]
)
def test_given_names_follow_the_revised_romanization(hangul: str, latin: str) -> None:
    assert given_name(hangul) == latin


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=4))
def test_every_hangul_syllable_has_latin_letters(hangul: str) -> None:
    latin = given_name(hangul)
    assert latin.isascii()
    assert latin.isalpha()


@pytest.mark.parametrize("text", ["Kim", "金", "ㄱ", " "])
def test_what_is_no_hangul_syllable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Hangul"):
        given_name(text)


def test_invented_customers_are_what_a_node_accepts() -> None:
    customers = list(invent_customers(200, run="t", now=1_800_000_000))
    assert all(checked_person(customer.person) for customer in customers)
    assert all(customer.reference.startswith("synthetic-t-") for customer in customers)
    assert Counter(customer.person["sex"] for customer in customers).keys() == {"female", "male"}
    assert len({customer.person["name_ko"] for customer in customers}) > 100


def test_the_same_customers_come_each_time() -> None:
    first, second = (list(invent_customers(5, run="t", now=1)) for _ in range(2))
    assert first == second


def test_no_invented_phone_number_can_be_somebodys() -> None:
    for customer in invent_customers(50, run="t", now=1):
        assert customer.person["phone_number"].startswith("+82100")


@pytest.fixture
def copy() -> Copy:
    claims = {
        "iss": "http://localhost:8101",
        "vct": "http://localhost:8101/types/real-name-1",
        "vct#integrity": integrity_of(sha256(b"type")),
        "cnf": {"jwk": HOLDER.jwk},
        "name_ko": Disclosable("김민준"),
        "birthdate": Disclosable("2000-01-01"),
        "age_equal_or_over": {"14": Disclosable(value=True), "19": Disclosable(value=True)},
    }
    header = {"alg": "ES256", "typ": "dc+sd-jwt"}
    sd_jwt = issue_sd_jwt(header, claims, sign=ISSUER.sign, random_bytes=secrets.token_bytes)
    read = read_credential(parse_presentation(sd_jwt))
    held = Held(read.issuer, "real-name-1", read.vct, sd_jwt, HOLDER, read.claims, None, None)
    return Copy(held, Phones("http://localhost:8101"))


def test_a_presentation_shows_what_was_chosen_and_no_more(copy: Copy) -> None:
    presentation = copy.present(
        ["name_ko", "age_equal_or_over.19"], audience="http://localhost:8102", nonce="n" * 22, now=1_800_000_000
    )
    parsed = parse_presentation(presentation)
    shown = disclose(parsed.payload, parsed.disclosures).claims
    assert shown["name_ko"] == "김민준"
    assert shown["age_equal_or_over"] == {"19": True}
    assert "birthdate" not in shown
    binding = verify_key_binding(parsed, parse_jwk(HOLDER.jwk))
    assert (binding.audience, binding.nonce) == ("http://localhost:8102", "n" * 22)


def presented(copy: Copy) -> str:
    return copy.present(["name_ko"], audience="http://localhost:8102", nonce="n" * 22, now=1)


def test_a_twin_verifies_under_the_issuers_key_and_has_another_digest(copy: Copy) -> None:
    genuine, twin = parse_presentation(presented(copy)), parse_presentation(presented(copy.twin()))
    issuer = parse_jwk(ISSUER.jwk)
    verify_issuer_signature(genuine, issuer)
    verify_issuer_signature(twin, issuer)
    assert copy.digest == "0x" + credential_digest(genuine).hex()
    assert credential_digest(genuine) == sha256(copy.held.sd_jwt.partition("~")[0].encode())
    assert credential_digest(twin) != credential_digest(genuine)
    assert copy.twin().twin().held.sd_jwt == copy.held.sd_jwt


def test_a_forged_copy_does_not_verify(copy: Copy) -> None:
    forged = parse_presentation(presented(copy.forged(P256Key.generate())))
    with pytest.raises(InvalidIssuerSignature):
        verify_issuer_signature(forged, parse_jwk(ISSUER.jwk))


def test_neither_a_copy_nor_a_key_shows_what_it_holds(copy: Copy) -> None:
    assert "김민준" not in repr(copy)
    assert copy.held.sd_jwt not in repr(copy)
    assert repr(HOLDER) == "P256Key()"


def test_the_catalogue_names_its_schema_by_the_bytes_of_the_type() -> None:
    catalogue = Catalogue("http://localhost:8101")
    assert catalogue.schema == sha256(catalogue.metadata)
    assert catalogue.vct.encode() in catalogue.metadata
    assert len(catalogue.metadata) < 16 * 1024


def board_on(*, terminal: bool) -> tuple[Board, io.StringIO]:
    screen = io.StringIO()
    return Board(Console(file=screen, force_terminal=terminal, width=200)), screen


@pytest.mark.parametrize("terminal", [False, True])
def test_the_board_shows_each_step_with_its_figures(terminal: bool) -> None:
    board, screen = board_on(terminal=terminal)
    with board:
        with board.step("first") as step:
            step.note("200 [things]")
        with board.step("second") as step:
            step.note("done")
    assert board.all_went_well
    assert "200 [things]" in screen.getvalue()
    assert "✓" in screen.getvalue()


def test_a_failed_step_fails_the_board_and_says_why() -> None:
    board, screen = board_on(terminal=False)
    with board, pytest.raises(StepFailed), board.step("first"):
        raise StepFailed("it was accepted")
    board.fail("it was accepted")
    assert not board.all_went_well
    assert screen.getvalue().count("it was accepted") == 1


def test_a_failure_outside_of_any_step_becomes_a_row() -> None:
    board, screen = board_on(terminal=False)
    with board, board.step("first"):
        pass
    board.fail("nobody answers")
    assert not board.all_went_well
    assert "nobody answers" in screen.getvalue()


def test_an_empty_board_did_not_go_well() -> None:
    board, _ = board_on(terminal=False)
    assert not board.all_went_well

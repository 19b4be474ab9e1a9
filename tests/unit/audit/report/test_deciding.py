"""Proposals are told in the words that members approve them by, with the names that the audit rebuilt."""

from typing import Any

import pytest

from audit.decoding import encode_view
from audit.report.deciding import Decided
from audit.report.facts import gather
from audit.report.words import Language
from jeung.crypto import canonical_json
from jeung.domain.governance import Words
from jeung.domain.identifiers import SchemaId, to_hex
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel
from tests.unit.audit.acts import BANK_ID, KEY, agreed, key
from tests.unit.audit.history import BANK, GENESIS, SCHEMA, History, founded
from tests.unit.audit.report.story import observed, written

SERVICE = to_hex(service_id("open-account"))
PROFILE = to_hex(
    canonical_json.canonical(
        profile_document(
            name="open-account",
            schemas=(SchemaId(bytes.fromhex(SCHEMA[2:])),),
            claims=frozenset({"family_name"}),
            required=frozenset(),
            purpose="opening an account",
            assurance_level=AssuranceLevel.SUBSTANTIAL,
        )
    )
)


def asked(history: History, contract: str, data: str) -> Any:  # noqa: ANN401 - an observation
    """Have the one proposal of a history ask for a call."""
    observation = observed(history)
    ((_, record),) = observation.state.proposals.items()
    observation.state.contracts[contract] = [[record["target"], 0]]
    record["data"] = data
    return observation


def words_of(observation: Any) -> Words | None:  # noqa: ANN401 - as above
    return gather(observation).proposals[0].words


def test_accreditation_is_told_with_names_and_dates_in_both_languages() -> None:
    call = encode_view("AccreditationRegistry", "grant", BANK_ID, SCHEMA, GENESIS, GENESIS + 86_400)
    said = words_of(asked(agreed(founded()), "AccreditationRegistry", call))
    assert said is not None
    assert said.en.startswith(f"Accredit {BANK} ")
    assert BANK in said.ko
    assert "인가" in said.ko
    assert BANK_ID not in said.en + said.ko


def test_key_is_told_by_its_purpose() -> None:
    call = encode_view("KeyRegistry", "declareCompromisedByQuorum", BANK_ID, KEY, GENESIS)
    said = words_of(asked(key(agreed(founded()), begin=GENESIS), "KeyRegistry", call))
    assert said is not None
    assert f"credential_signing {KEY[:18]}" in said.en


def test_service_is_named_by_the_profile_that_was_asked_for_before() -> None:
    observation = asked(
        agreed(founded()),
        "RelyingPartyRegistry",
        encode_view("RelyingPartyRegistry", "registerProfile", BANK_ID, SERVICE, PROFILE),
    )
    ((_, record),) = observation.state.proposals.items()
    withdrawal = encode_view("RelyingPartyRegistry", "withdrawProfile", BANK_ID, SERVICE)
    observation.state.proposals["0x" + "01" * 32] = later = {**record, "data": withdrawal}
    said = Decided(observation.state).words(later)
    assert said is not None
    assert "open-account" in said.en


@pytest.mark.parametrize("profile", ["0x7b7d", "0xff", "0x"], ids=["another shape", "no document", "nothing"])
def test_profile_that_is_none_names_no_service(profile: str) -> None:
    call = encode_view("RelyingPartyRegistry", "registerProfile", BANK_ID, SERVICE, profile)
    said = words_of(asked(agreed(founded()), "RelyingPartyRegistry", call))
    assert said is not None
    assert "open-account" not in said.en


def test_call_that_nobody_governs_or_that_hides_bytes_has_no_words() -> None:
    call = encode_view("SchemaRegistry", "deprecateSchema", SCHEMA)
    hidden = asked(agreed(founded()), "SchemaRegistry", call + "00")
    assert (words_of(hidden), gather(hidden).proposals[0].call) == (None, "SchemaRegistry.?")
    assert words_of(asked(agreed(founded()), "SchemaRegistry", "0x00")) is None
    viewed = encode_view("Consortium", "quorum")
    assert words_of(asked(agreed(founded()), "Consortium", viewed)) is None


def test_what_the_chain_calls_a_purpose_and_no_release_knows_names_nothing() -> None:
    observation = asked(
        key(agreed(founded()), begin=GENESIS),
        "SchemaRegistry",
        encode_view("SchemaRegistry", "deprecateSchema", SCHEMA),
    )
    for record in (*observation.state.keys.values(), *observation.state.operators.values()):
        record["purpose"] = 99
    said = words_of(observation)
    assert said is not None
    assert observation.state.schemas[SCHEMA]["vct"] in said.en


@pytest.mark.parametrize("language", list(Language))
def test_report_tells_the_words_and_not_the_function_alone(language: Language) -> None:
    """A name that runs from right to left stays apart from the words after it."""
    observation = asked(
        agreed(founded()), "Consortium", encode_view("Consortium", "addUrl", BANK_ID, "https://\u05d0<b>.example")
    )
    page = written(observation, language)
    assert ("에 주소" if language is Language.KOREAN else "the further address") in page
    assert "\u2068https://\u05d0&lt;b&gt;.example\u2069" in page
    assert "Consortium.addUrl" in page


def test_report_says_what_cannot_be_put_into_words() -> None:
    assert "cannot be put into words" in written(observed(agreed(founded())))

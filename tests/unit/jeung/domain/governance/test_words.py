"""Every call the consortium may make, and every refusal it can meet, has words in both languages."""

import re
import string
from pathlib import Path

import pytest

from jeung.domain.chain import ChainCall
from jeung.domain.governance import LANGUAGES, Language
from jeung.domain.governance.calls import GOVERNED, PROPOSABLE, arguments_of, in_words
from jeung.domain.governance.difference import changes
from jeung.domain.governance.plain import plain
from jeung.domain.governance.prediction import predicted_after
from jeung.domain.governance.refusals import REFUSALS, refusal_in_words
from jeung.domain.governance.values import Kind, Names, duration, moment, roles
from jeung.domain.registry import Registry
from node.chain.abi import contracts_abi
from tests.common.parties import BANK, EXCHANGE, VCT, Parties
from tests.unit.jeung.domain.governance.calls import BROKER, NOW, sample, samples, staged

CONTRACTS = Path(__file__).parents[5] / "contracts"
ABSTRACT = {"Members": "Consortium", "Operators": "Consortium", "Proposals": "Consortium"}
ALSO_BY_OTHERS = {
    ("Consortium", "setGovernanceAccount"),
    ("NetworkAllowlist", "removeNode"),
    ("NetworkAllowlist", "removeAccount"),
}
"""Functions whose body, not whose modifier, lets the consortium in: a member may call them for itself."""
CALLS = sorted(GOVERNED)
ENGLISH: Language = "en"


@pytest.fixture(scope="module")
def stage() -> tuple[Parties, Registry]:
    return staged()


def governed_in_the_sources() -> set[tuple[str, str]]:
    found = set()
    for source in CONTRACTS.rglob("*.sol"):
        for match in re.finditer(r"function (\w+)\([^)]*\)([^{;]*)\{", source.read_text("utf-8")):
            if re.search(r"\bonly(?:Self|Consortium)\b", match[2]):
                found.add((ABSTRACT.get(source.stem, source.stem), match[1]))
    return found


def test_every_governed_function_of_the_contracts_has_words() -> None:
    assert set(GOVERNED) == governed_in_the_sources() | ALSO_BY_OTHERS


@pytest.mark.parametrize(("contract", "function"), CALLS)
def test_words_name_every_argument_in_both_languages(contract: str, function: str) -> None:
    governed = GOVERNED[contract, function]
    names = {name for name, _ in governed.arguments}
    for language in LANGUAGES:
        fields = {field for _, field, _, _ in string.Formatter().parse(governed.words.read(language)) if field}
        assert fields == names


@pytest.mark.parametrize(("contract", "function"), CALLS)
def test_arguments_are_those_of_the_abi(contract: str, function: str) -> None:
    shape = contracts_abi().function(contract, function)
    flat = shape.inputs[0].components if function == "setRules" else shape.inputs
    assert len(flat) == len(GOVERNED[contract, function].arguments)
    assert PROPOSABLE[contract][function] == len(shape.inputs)


@pytest.mark.parametrize(("contract", "function"), CALLS)
def test_a_call_is_said_with_names_instead_of_hashes(
    stage: tuple[Parties, Registry], contract: str, function: str
) -> None:
    parties, registry = stage
    call = sample(parties, contract, function)
    words = in_words(call, registry)
    assert words is not None
    kinds = {kind for _, kind in GOVERNED[contract, function].arguments}
    for said in (words.en, words.ko):
        assert Kind.MEMBER not in kinds or BANK in said or EXCHANGE in said
        assert Kind.SCHEMA not in kinds or VCT in said
        assert "unknown" not in said
        assert "알 수 없는" not in said


@pytest.mark.parametrize(("contract", "function"), CALLS)
def test_a_call_on_the_register_shows_its_effect(
    stage: tuple[Parties, Registry], contract: str, function: str
) -> None:
    parties, registry = stage
    after = predicted_after(sample(parties, contract, function), registry, parties.clock.now())
    if contract in ("LogAnchor", "StatusRegistry"):
        assert after is None
    else:
        assert after is not None
        found = changes(registry, after, parties.clock.now())
        assert found
        assert all(change.what.en and change.subject.ko and change.before != change.after for change in found)


def test_an_admission_changes_how_many_must_approve(stage: tuple[Parties, Registry]) -> None:
    parties, registry = stage
    after = predicted_after(sample(parties, "Consortium", "admitMember"), registry, NOW)
    assert after is not None
    found = {change.label: change for change in changes(registry, after, NOW)}
    assert set(found) == {"address", "roles", "governance", "status", "quorum"}
    quorum = found["quorum"]
    assert quorum.before is not None
    assert quorum.after is not None
    assert (quorum.before.en, quorum.after.en) == ("2 of 3 members", "3 of 4 members")
    assert quorum.after.ko == "4곳 중 3곳"
    assert found["roles"].before is None
    assert found["roles"].after is not None
    assert found["roles"].after.en == "issuer, relying party"
    assert found["address"].subject.en == BROKER


def test_nothing_changes_between_equal_pictures(stage: tuple[Parties, Registry]) -> None:
    assert changes(stage[1], stage[1], NOW) == ()


def test_what_is_gone_is_shown_as_gone(stage: tuple[Parties, Registry]) -> None:
    found = changes(stage[1], Registry(), NOW)
    assert found
    assert {change.after for change in found} == {None}


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (ChainCall("Consortium", "propose", ()), "not governed"),
        (ChainCall("Consortium", "reinstate", ()), "too few arguments"),
        (ChainCall("Consortium", "setRules", (7,)), "no struct"),
        (ChainCall("Consortium", "reinstate", ("0x" + "99" * 32,)), "unknown member"),
        (ChainCall("Consortium", "addUrl", (5, 6)), "wrong types"),
        (ChainCall("Consortium", "admitMember", ("http://한글", "0x", 3)), "no ASCII"),
    ],
    ids=["not-governed", "arity", "no-struct", "unknown-member", "wrong-types", "no-ascii"],
)
def test_a_call_that_the_chain_would_refuse_has_no_effect(
    stage: tuple[Parties, Registry], call: ChainCall, why: str
) -> None:
    assert predicted_after(call, stage[1], NOW) is None, why


def test_rules_may_be_given_by_name(stage: tuple[Parties, Registry]) -> None:
    by_name = {"quorumNumerator": 1, "quorumDenominator": 2, "timelock": 3, "proposalLifetime": 4}
    assert arguments_of(ChainCall("Consortium", "setRules", (by_name,))) == {
        "numerator": 1,
        "denominator": 2,
        "timelock": 3,
        "lifetime": 4,
    }
    assert in_words(ChainCall("Consortium", "setRules", (1, 2)), stage[1]) is None


def test_a_text_cannot_forge_the_sentence_around_it(stage: tuple[Parties, Registry]) -> None:
    forged = "http://a.example\n\N{RIGHT-TO-LEFT OVERRIDE}Approved by everybody." + "x" * 400
    words = in_words(ChainCall("Consortium", "admitMember", (forged, "0x" + "11" * 20, 255)), stage[1])
    assert words is not None
    assert "\n" not in words.en
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in words.en
    assert len(words.en) < 600
    assert "? (248)" in words.en


@pytest.mark.parametrize(
    "args",
    [
        (b'{"vct":"https://a.example/other"}', "https://a.example/t"),
        (b"{}", "https://a.example/t"),
        (b"no json", "https://a.example/t"),
    ],
    ids=["other", "none", "no-json"],
)
def test_metadata_that_names_another_type_than_its_proposal_is_told(
    stage: tuple[Parties, Registry], args: tuple[bytes, str]
) -> None:
    call = ChainCall("SchemaRegistry", "registerSchema", ("0x" + args[0].hex(), args[1]))
    words = in_words(call, stage[1])
    assert words is not None
    assert "CAREFUL: the metadata names another type" in words.en
    assert "주의" in words.ko


def test_a_profile_under_another_services_name_is_told_to_permit_nothing(stage: tuple[Parties, Registry]) -> None:
    parties, registry = stage
    member, right, document = samples(parties)["RelyingPartyRegistry", "registerProfile"]
    for service, told in (("0x" + "11" * 32, True), (right, False)):
        words = in_words(ChainCall("RelyingPartyRegistry", "registerProfile", (member, service, document)), registry)
        assert words is not None
        assert ("CAREFUL: the profile names another service" in words.en) is told


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Kind.MEMBER, "0x" + "99" * 32, "unknown 0x" + "99" * 32),
        (Kind.MEMBER, 5, "5"),
        (Kind.SCHEMA, "0x" + "99" * 32, "unknown 0x" + "99" * 32),
        (Kind.SERVICE, "0x" + "99" * 32, "unknown 0x" + "99" * 32),
        (Kind.KEY, "0x" + "99" * 32, "unknown 0x" + "99" * 32),
        (Kind.WALLET_KEY, "0x" + "99" * 32, "unknown 0x" + "99" * 32),
        (Kind.STATUS, 7, "7"),
        (Kind.STATUS, 2, "suspended"),
        (Kind.PURPOSE, 1, "ATTEST"),
        (Kind.PURPOSE, 9, "9"),
        (Kind.TIME, 0, "the time of execution"),
        (Kind.MOMENT, 1 << 62, str(1 << 62)),
        (Kind.CAUSE, False, "in good order"),
        (Kind.PROFILE, "0x" + b'{"name":"x"}'.hex(), 'malformed, permits nothing: {"name": "x"}'),
        (Kind.INDEXES, [1, 2, 5], "3 (1–2, 5)"),
        (
            Kind.ENDPOINT,
            ["0xaa", "0xbb", "0x" + "00" * 10 + "ffff0a000001", "", 1, 0],
            "enode://aabb@10.0.0.1:1?discport=0",
        ),
        (
            Kind.ENDPOINT,
            ["0xaa", "0xbb", "0x" + "20" * 16, "", 1, 1],
            "enode://aabb@[" + ":".join(["2020"] * 8) + "]:1",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else "",
)
def test_values_are_written_as_they_are(
    stage: tuple[Parties, Registry], kind: Kind, value: object, said: str
) -> None:
    assert Names(stage[1], ENGLISH).write(kind, value) == said


def test_values_in_korean(stage: tuple[Parties, Registry]) -> None:
    names = Names(stage[1], "ko")
    assert names.write(Kind.MEMBER, "0x" + "99" * 32).startswith("알 수 없는")
    assert names.write(Kind.TIME, 0) == "실행되는 때"
    assert names.write(Kind.PROFILE, "0x" + b'{"name":"x"}'.hex()).startswith("형식에 맞지 않아")
    assert names.write(Kind.INDEXES, list(range(9))) == "9건 (0–8)"
    assert duration(0, "ko") == "0초"
    assert duration(120, "ko") == "2분"
    assert roles(0, "ko") == "없음"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (1, "1 second"), (3_600, "1 hour"), (2 * 86_400, "2 days"), (61, "61 seconds")],
)
def test_durations_are_in_the_largest_whole_unit(seconds: int, said: str) -> None:
    assert duration(seconds, ENGLISH) == said


def test_moment_and_text() -> None:
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert plain("a\0b") == "a\N{REPLACEMENT CHARACTER}b"


def test_an_account_that_is_a_contract_is_named(stage: tuple[Parties, Registry]) -> None:
    address = stage[1].contracts["Consortium"][-1]
    assert Names(stage[1], ENGLISH).account(address) == f"{address} (Consortium)"


def test_an_account_that_serves_a_member_is_named(stage: tuple[Parties, Registry]) -> None:
    parties, registry = stage
    member = registry.members[parties.bank.member]
    for language, governs in (("en", f"governs {BANK}"), ("ko", f"{BANK}의 거버넌스 계정")):
        names = Names(registry, language)  # type: ignore[arg-type]
        assert names.account(member.governance) == f"{member.governance} ({governs})"
        operator = member.operators[0]
        assert names.account(operator.account) == f"{operator.account} ({BANK} {operator.purpose.name})"
    assert Names(registry, ENGLISH).account("0x" + "99" * 20) == "0x" + "99" * 20


def test_every_error_a_governance_act_can_meet_has_words() -> None:
    named = set()
    for interface in (CONTRACTS / "interfaces").glob("I*.sol"):
        if interface.stem != "IAttestationRegistry":
            named |= set(re.findall(r"^    error (\w+)\(", interface.read_text("utf-8"), flags=re.MULTILINE))
    assert set(REFUSALS) == named


def test_words_of_a_refusal_use_what_the_error_carries() -> None:
    shapes = {shape.name: shape for shape in contracts_abi().errors.values()}
    for error, words in REFUSALS.items():
        carried = {parameter.name for parameter in shapes[error].inputs}
        for language in LANGUAGES:
            fields = {field for _, field, _, _ in string.Formatter().parse(words.read(language)) if field}
            assert fields <= carried, error


def test_a_refusal_names_names(stage: tuple[Parties, Registry]) -> None:
    parties, registry = stage
    member = samples(parties)["Consortium", "reinstate"][0]
    said = refusal_in_words("MemberNotActive", {"member": member, "status": 2}, registry)
    assert said.en == f"{EXCHANGE} is not active."
    assert said.ko.startswith(EXCHANGE)


@pytest.mark.parametrize(("error", "said"), [("", "?"), ("0x12345678", "0x12345678"), ("UrlTaken", "UrlTaken")])
def test_an_error_without_words_is_shown_by_its_name(stage: tuple[Parties, Registry], error: str, said: str) -> None:
    assert refusal_in_words(error, {}, stage[1]).en == f"The chain refuses: {said}."

"""Whatever is altered in a package is found, with the reason, and nothing that is no package breaks the verifier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from audit.evidence import Outcome, Trust, Verdict, verify_evidence
from jeung.crypto import canonical_json
from jeung.services.evidence.package import MAX_PACKAGE_BYTES
from tests.common.parties import BANK
from tests.common.proofs import Witnessed
from tests.unit.jeung.services.presenting import bound, crafted

_BYTES_TRIED = 600


def _exported(stage: Witnessed) -> bytes:
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.next_block()
    return stage.exported(evidence_id)


@pytest.fixture(scope="module")
def stage() -> Witnessed:
    return Witnessed()


@pytest.fixture(scope="module")
def packages(stage: Witnessed) -> tuple[bytes, bytes]:
    return _exported(stage), _exported(stage)


@pytest.fixture(scope="module")
def trust(stage: Witnessed) -> Trust:
    return stage.trust(witnesses=(BANK,))


def refuted(package: bytes, trust: Trust) -> bool:
    verdict = verify_evidence(package, trust)
    return verdict.outcome is Outcome.REFUTED and verdict.reason is not None


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    if isinstance(value, dict | list):
        for name, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(member, (*path, name))
    else:
        yield path


def replaced(package: bytes, path: tuple[str | int, ...], value: Any) -> bytes:  # noqa: ANN401 - JSON
    body = json.loads(package)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return canonical_json.canonical(body)


def test_both_packages_are_good_as_they_are(packages: tuple[bytes, bytes], trust: Trust) -> None:
    assert [verify_evidence(package, trust).outcome for package in packages] == [Outcome.PROVED] * 2


def test_any_flipped_byte_is_found(packages: tuple[bytes, bytes], trust: Trust) -> None:
    package = packages[0]
    # A stride that shares no divisor with the length meets all residues: hexadecimal digits, names, brackets.
    stride = max(1, len(package) // _BYTES_TRIED) | 1
    passed = []
    for at in range(0, len(package), stride):
        altered = bytearray(package)
        altered[at] ^= 0x01
        if not refuted(bytes(altered), trust):
            passed.append((at, package[max(0, at - 20) : at + 20]))
    assert passed == []


def _other(value: object) -> object:
    if isinstance(value, str) and value:
        middle = len(value) // 2
        digit = "0" if value[middle] != "0" else "1"
        return value[:middle] + digit + value[middle + 1 :]
    return value + 1 if isinstance(value, int) else "x"


@pytest.mark.parametrize("change", [_other, lambda _: None, lambda _: [], lambda _: 1.5, lambda _: "0x"])
def test_any_altered_value_is_found(packages: tuple[bytes, bytes], trust: Trust, change: Any) -> None:  # noqa: ANN401
    paths = list(leaves(json.loads(packages[0])))
    assert len(paths) > 60
    assert [path for path in paths if not refuted(replaced(packages[0], path, change), trust)] == []


@pytest.mark.parametrize("part", ["judgement", "chain", "log"])
def test_part_of_another_good_package_does_not_fit(packages: tuple[bytes, bytes], trust: Trust, part: str) -> None:
    one, two = packages
    swapped = replaced(one, (part,), json.loads(two)[part])
    assert refuted(swapped, trust)


@pytest.mark.parametrize("place", [("chain", "headers"), ("chain", "nodes"), ("log", "keys")])
@pytest.mark.parametrize("change", ["reversed", "first left out", "last left out", "last twice"])
def test_lists_have_one_order_and_one_length(
    packages: tuple[bytes, bytes], trust: Trust, place: tuple[str, str], change: str
) -> None:
    def altered(items: list[object]) -> list[object]:
        kinds = {"reversed": items[::-1], "first left out": items[1:], "last left out": items[:-1]}
        return kinds.get(change, [*items, items[-1]])

    verdict = verify_evidence(replaced(packages[0], place, altered), trust)
    # Without its first header it proves the same state of a later block, and says that it is later.
    is_later = "block_is_later" in {fact.name for fact in verdict.facts}
    assert verdict.outcome is Outcome.REFUTED or is_later


def test_truncated_package_is_found_wherever_it_ends(packages: tuple[bytes, bytes], trust: Trust) -> None:
    package = packages[0]
    assert all(refuted(package[:end], trust) for end in range(0, len(package), max(1, len(package) // 300)))


@pytest.mark.parametrize("part", ["chain", "log"])
def test_part_that_was_taken_away_is_missed(packages: tuple[bytes, bytes], trust: Trust, part: str) -> None:
    verdict = verify_evidence(replaced(packages[0], (part,), {"missing": "not_gathered"}), trust)
    assert verdict.outcome is not Outcome.PROVED


def test_judgement_told_anew_is_not_the_one_that_was_logged(packages: tuple[bytes, bytes], trust: Trust) -> None:
    def told_anew(text: str) -> str:
        return text.replace('"profile":"account-opening"', '"profile":"account-closing"')

    verdict = verify_evidence(replaced(packages[0], ("judgement",), told_anew), trust)
    assert verdict.reason == "logged"


BAD = {
    "empty": b"",
    "no JSON": b"\xff\xfe",
    "another value": b"[]",
    "deep nesting": b"[" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "too large": b" " * (MAX_PACKAGE_BYTES + 1),
    "another format": b'{"format":"x","version":1}',
    "another version": b'{"format":"jeung-evidence","version":3}',
    "no version": b'{"format":"jeung-evidence","version":true}',
    "no members": b'{"format":"jeung-evidence","version":2}',
    "not a number": b'{"format":"jeung-evidence","version":NaN}',
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_package_is_refused_by_its_form(data: bytes, trust: Trust) -> None:
    verdict = verify_evidence(data, trust)
    assert (verdict.outcome, verdict.reason, verdict.evidence_id) == (Outcome.REFUTED, "form", None)


def test_same_values_in_another_spelling_are_another_package(packages: tuple[bytes, bytes], trust: Trust) -> None:
    package = packages[0]
    spellings = [
        b" " + package,
        package + b"\n",
        json.dumps(json.loads(package)).encode(),
        package.replace(b'"version":2', b'"version":2.0'),
        package[:-1] + b',"version":2}',
        package[:-1] + b',"extra":1}',
        package.replace(b'"0x', b'"0X', 1),
    ]
    assert [verify_evidence(data, trust).reason for data in spellings] == ["form"] * len(spellings)


def test_lists_longer_than_their_bounds_are_refused(packages: tuple[bytes, bytes], trust: Trust) -> None:
    for place in (("chain", "headers"), ("chain", "nodes"), ("log", "keys")):
        assert verify_evidence(replaced(packages[0], place, ["0x00"] * 5_000), trust).reason == "form"


def judgement_of(package: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.loads(package)["judgement"])
    return body


def with_judgement(package: bytes, **members: Any) -> bytes:  # noqa: ANN401 - JSON
    body = judgement_of(package) | members
    return replaced(
        package, ("judgement",), json.dumps({name: value for name, value in body.items() if value != "-"})
    )


@pytest.mark.parametrize(
    "name", ["evidence_id", "relying_party", "presentation", "steps", "judged_at", "result", "code"]
)
@pytest.mark.parametrize(
    "value", ["-", 7, None, [], 1e308, "refused"], ids=["absent", "int", "null", "list", "float", "text"]
)
def test_judgement_of_any_other_form_is_refuted(
    packages: tuple[bytes, bytes], trust: Trust, name: str, value: object
) -> None:
    verdict: Verdict = verify_evidence(with_judgement(packages[0], **{name: value}), trust)
    assert verdict.outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    "name", ["block", "bounds", "nonce", "request", "profile_digest", "steps", "rules", "profile"]
)
@pytest.mark.parametrize("value", ["-", None, {}, {"x": []}, [1], "x", 1 << 70])
@pytest.mark.parametrize("is_logged", [True, False])
def test_judgement_without_its_entry_never_breaks_the_verifier(
    packages: tuple[bytes, bytes], trust: Trust, name: str, value: object, is_logged: bool
) -> None:
    altered = with_judgement(packages[0], **{name: value})
    if not is_logged:
        altered = replaced(altered, ("log",), {"missing": "not_logged"})
        body = json.loads(altered)
        altered = replaced(altered, ("chain", "headers"), body["chain"]["headers"][:1])
    assert verify_evidence(altered, trust).outcome is not Outcome.PROVED


@pytest.mark.parametrize("part", ["chain", "log"])
@pytest.mark.parametrize(
    "reason", ["x\n  proved    result", "\x1b[2J", "", "x" * 33], ids=["a line", "a control", "empty", "long"]
)
def test_reason_why_a_part_is_missing_is_a_word(
    packages: tuple[bytes, bytes], trust: Trust, part: str, reason: str
) -> None:
    assert verify_evidence(replaced(packages[0], (part,), {"missing": reason}), trust).reason == "form"


@pytest.mark.parametrize("name", ["evidence_id", "relying_party", "profile", "code"])
@pytest.mark.parametrize("text", ["x\nproved", "\x1b[2J", "\u202ex", "x" * 2_049], ids=range(4))
def test_judgement_writes_no_line_of_the_verdict(
    packages: tuple[bytes, bytes], trust: Trust, name: str, text: str
) -> None:
    steps = judgement_of(packages[0])["steps"][:8]
    steps[-1] = {**steps[-1], "passed": False, "facts": {"code": text if name == "code" else "nonce_expired"}}
    altered = with_judgement(
        packages[0], **{"steps": steps, "result": "refused", "code": "nonce_expired", name: text}
    )
    verdict = verify_evidence(altered, trust)
    assert verdict.reason == "judgement"
    assert text not in repr(verdict)
    assert verdict.evidence_id is None

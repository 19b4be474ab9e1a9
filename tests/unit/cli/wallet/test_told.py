"""A receipt is held against what request and register said before; what contradicts them is kept and told of."""

import pytest

from cli.wallet.receipts import Promise, judge_receipts
from cli.wallet.told import Purpose, Told, told_by
from tests.common.custody import NOW
from tests.unit.cli.wallet.receipt_parts import ASKED, DAY_S, OTHER, PROMISE, Change, info, receipt, shown

CONTRADICTING: dict[str, tuple[str, Change, Told, frozenset[Purpose] | None]] = {
    "another service than asked": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(service="lending"),
        Told(ASKED),
        None,
    ),
    "another purpose than asked": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose="to sell you things"),
        Told(ASKED),
        None,
    ),
    "another profile than asked": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(profile_digest="bb" * 32),
        Told(ASKED),
        None,
    ),
    "a purpose the register does not have": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose="to sell you things"),
        Told(),
        frozenset({ASKED, OTHER}),
    ),
    "one profile's name with another's purpose": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose="to lend"),
        Told(),
        frozenset({ASKED, OTHER}),
    ),
    "registered, but not what was asked for": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(service="lending", purpose="to lend", profile_digest="bb" * 32),
        Told(ASKED),
        frozenset({ASKED, OTHER}),
    ),
    "no purpose": ("receipt_of_another_purpose", lambda claims: claims.update(purpose=None), Told(), None),
    "a purpose no text": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose=1),
        Told(),
        None,
    ),
    "kept longer than said": (
        "receipt_kept_longer",
        lambda claims: claims.update(kept_until=NOW + 5 * DAY_S + 1),
        Told(kept_for_s=4 * DAY_S),
        None,
    ),
    "kept until before it was made": (
        "receipt_kept_longer",
        lambda claims: claims.update(kept_until=NOW - 1),
        Told(),
        None,
    ),
    "kept until no time": ("receipt_kept_longer", lambda claims: claims.pop("kept_until"), Told(), None),
}


@pytest.mark.parametrize(("concern", "change", "told", "listed"), CONTRADICTING.values(), ids=CONTRADICTING)
def test_receipt_that_contradicts_what_was_told_is_kept_and_pointed_out(
    concern: str, change: Change, told: Told, listed: frozenset[Purpose] | None
) -> None:
    one, promise = shown(), Promise(PROMISE.urls, PROMISE.keys, listed)
    found = judge_receipts([receipt(one, change)], [one], promise, accepted=True, now=NOW, told=told)
    assert (len(found.kept), found.concerns) == (1, (concern,))


def test_receipt_that_says_what_was_told_is_no_concern() -> None:
    one, promise = shown(), Promise(PROMISE.urls, PROMISE.keys, frozenset({ASKED, OTHER}))
    told = Told(ASKED, 4 * DAY_S)
    assert judge_receipts([receipt(one)], [one], promise, accepted=True, now=NOW, told=told).concerns == ()


def test_refusal_before_the_purpose_was_known_need_not_name_it() -> None:
    one = shown()
    refused = receipt(one, lambda claims: claims.update(result="refused", purpose=None, profile_digest=None))
    promise, told = Promise(PROMISE.urls, PROMISE.keys, frozenset({ASKED})), Told(ASKED)
    assert judge_receipts([refused], [one], promise, accepted=False, now=NOW, told=told).concerns == ()


def test_party_that_signs_another_purpose_and_forgets_a_receipt_is_told_of_for_both() -> None:
    one, other = shown(), shown("m" * 43)
    text = receipt(one, lambda claims: claims.update(service="lending"))
    found = judge_receipts([text], [one, other], PROMISE, accepted=True, now=NOW, told=Told(ASKED))
    assert found.concerns == ("receipt_missing", "receipt_of_another_purpose")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (None, Told()),
        ("text", Told()),
        ([1, {"format": "x", "data": {"profile": "opening"}}], Told()),
        ([{"format": "urn:jeung:request-profile:1", "data": []}], Told()),
        ([info()], Told()),
        ([info(profile=1, kept_for_s=True)], Told()),
        ([info(kept_for_s=-1)], Told()),
        ([info(profile="opening", purpose="p", digest="d", kept_for_s=7)], Told(Purpose("opening", "p", "d"), 7)),
    ],
    ids=["nothing", "text", "others", "no object", "empty", "other types", "a time before", "all of it"],
)
def test_request_says_what_it_is_for_or_nothing(said: object, told: Told) -> None:
    assert told_by({"verifier_info": said}) == told

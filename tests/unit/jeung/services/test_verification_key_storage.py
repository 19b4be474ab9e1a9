"""A service that demands how the device key is kept takes no credential that does not show it, or shows less."""

from typing import Any

import pytest

from jeung.crypto.sd_jwt_issue import Disclosable
from jeung.domain.key_storage import KeyStorage
from jeung.domain.verification import Verdict
from tests.common.parties import PERMITTED, PROFILE, SHOWN, Parties
from tests.unit.jeung.services.presenting import bound, crafted, refused_with

STORAGE = ("device_key", "storage")


@pytest.fixture
def demanding(parties: Parties) -> Parties:
    """Register the exchange's profile anew: it wants keys that resist a moderate attack."""
    parties.chain.register_profile(
        parties.exchange.member,
        PROFILE,
        schemas=[parties.schema],
        claims=(*PERMITTED, "device_key"),
        required=["family_name", "device_key.storage"],
        key_storage=KeyStorage.MODERATE,
    )
    return parties


def presentation(parties: Parties, storage: object, *, shown: bool = True) -> str:
    def change(claims: dict[str, Any]) -> None:
        claims["device_key"] = {"storage": Disclosable(storage), "guard": Disclosable("software")}

    show = (*SHOWN, STORAGE) if shown else SHOWN
    return bound(parties, crafted(parties, claims=change), show=show)


@pytest.mark.parametrize("storage", ["iso_18045_moderate", "iso_18045_high"])
def test_key_kept_well_enough_is_accepted_and_the_judgement_says_how(demanding: Parties, storage: str) -> None:
    judged = demanding.verification.verify(presentation(demanding, storage))
    assert judged.verdict is Verdict.VERIFIED
    assert judged.steps[8].facts["key_storage"] == storage


@pytest.mark.parametrize(
    "storage", ["software", "iso_18045_basic", "iso_18045_enhanced-basic", "very safe", 7, None, ["iso_18045_high"]]
)
def test_key_kept_worse_or_in_a_way_nobody_knows_is_refused(demanding: Parties, storage: object) -> None:
    assert refused_with(demanding, presentation(demanding, storage)) == ("assurance_too_low", 9)


def test_key_whose_keeping_is_not_shown_is_refused(demanding: Parties) -> None:
    presented = presentation(demanding, "iso_18045_high", shown=False)
    assert refused_with(demanding, presented) == ("required_claim_missing", 9)


def test_service_that_did_not_register_the_demand_may_not_see_the_claim(parties: Parties) -> None:
    assert refused_with(parties, presentation(parties, "iso_18045_high")) == ("claims_not_permitted", 9)


def test_where_nothing_is_demanded_or_shown_software_is_noted(parties: Parties) -> None:
    judged = parties.verification.verify(presentation(parties, "iso_18045_high", shown=False))
    assert judged.verdict is Verdict.VERIFIED
    assert judged.steps[8].facts["key_storage"] == "software"

"""Who has no token gets one judgement for a good nonce, and leaves nothing behind without one."""

from typing import Any

import pytest

from jeung.domain.verification import Verdict
from jeung.errors import AttestationPending, Unauthenticated
from tests.common.jose import P256Signer
from tests.common.parties import PROFILE, Parties
from tests.unit.jeung.services.presenting import bound, crafted


def test_stranger_with_a_good_nonce_gets_one_judgement(parties: Parties) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    judged = parties.verification.verify(presentation, nonce=nonce.nonce, nonce_is_authority=True)
    assert (judged.verdict, judged.profile) == (Verdict.VERIFIED, PROFILE)
    with pytest.raises(Unauthenticated):
        parties.verification.verify(presentation, nonce=nonce.nonce, nonce_is_authority=True)


def test_strangers_nonce_stays_good_while_the_attestation_is_pending(parties: Parties) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties, attest=False), nonce=nonce.nonce)
    for _ in range(2):
        with pytest.raises(AttestationPending):
            parties.verification.verify(presentation, nonce=nonce.nonce, nonce_is_authority=True)


@pytest.mark.parametrize("age_s", [0, 300, 3_600])
def test_used_or_expired_nonce_is_no_strangers_authority(parties: Parties, age_s: int) -> None:
    """Else whoever once saw a nonce could have evidence kept without end."""
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    if not age_s:
        assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED
    parties.clock.advance(age_s)
    parties.chain.idle()
    kept = parties.evidence.page().items
    for named in (nonce.nonce, "n" * 43, None):
        with pytest.raises(Unauthenticated):
            parties.verification.verify(presentation, nonce=named, nonce_is_authority=True)
    assert parties.evidence.page().items == kept


@pytest.mark.parametrize("good", [True, False])
def test_racing_strangers_with_one_nonce_get_one_judgement(parties: Parties, good: bool) -> None:
    """Both hold a good nonce when they are let in; the other one uses it first."""
    nonce, holder = parties.nonce(), None if good else P256Signer()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce, holder=holder)
    service = parties.verification
    record = service._record

    def beaten(*args: Any, **named: Any) -> object:  # noqa: ANN401 - passed on as they came
        with parties.exchange.store.write() as tx:
            assert tx.nonces.consume(nonce.nonce, parties.clock.now(), "evd_other")
        return record(*args, **named)

    service._record = beaten  # type: ignore[method-assign, assignment]  # the only way between judging and writing
    with pytest.raises(Unauthenticated):
        service.verify(presentation, nonce=nonce.nonce, nonce_is_authority=True)
    assert not parties.evidence.page().items
    assert parties.exchange.events() == []

"""A nonce leads its owner, and nobody else, to the one judgement that used it up."""

from typing import Any

import pytest

from jeung.domain.verification import IssuedNonce, NonceState, Verdict
from jeung.errors import AttestationPending, EvidenceNotRecorded, NotFound, StoreBusy
from tests.common.jose import P256Signer
from tests.common.memory.judgements import MemoryEvidence
from tests.common.parties import CLIENT, Parties
from tests.unit.jeung.services.presenting import bound, crafted


def found(parties: Parties, nonce: IssuedNonce) -> IssuedNonce:
    return parties.nonces.get(nonce.nonce, client_id=CLIENT)


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("phone", [True, False])
def test_nonce_leads_to_the_judgement_that_used_it_up(parties: Parties, good: bool, phone: bool) -> None:
    nonce, holder = parties.nonce(), None if good else P256Signer()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce, holder=holder)
    assert found(parties, nonce) == nonce
    judged = parties.verification.verify(presentation, nonce=nonce.nonce, nonce_is_authority=phone)
    used = found(parties, nonce)
    assert (used.evidence_id, used.used_at) == (judged.evidence_id, judged.verified_at)
    assert parties.evidence.verification(judged.evidence_id, reader=CLIENT) == judged


def test_replay_does_not_displace_the_judgement(parties: Parties) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    first = parties.verification.verify(presentation)
    again = parties.verification.verify(presentation)
    assert again.code == "nonce_replayed"
    assert found(parties, nonce).evidence_id == first.evidence_id
    assert parties.evidence.verification(again.evidence_id, reader=CLIENT).verdict is Verdict.REFUSED


def test_lost_race_is_kept_for_the_nonces_owner_and_leads_nowhere(parties: Parties) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    service = parties.verification
    record = service._record

    def beaten(*args: Any, **named: Any) -> object:  # noqa: ANN401 - passed on as they came
        with parties.exchange.store.write() as tx:
            assert tx.nonces.consume(nonce.nonce, parties.clock.now(), "evd_first")
        return record(*args, **named)

    service._record = beaten  # type: ignore[method-assign, assignment]  # the only way between judging and writing
    lost = service.verify(presentation)
    assert lost.code == "nonce_replayed"
    assert found(parties, nonce).evidence_id == "evd_first"
    assert parties.evidence.verification(lost.evidence_id, reader=CLIENT).code == "nonce_replayed"


@pytest.mark.parametrize("client_id", ["other-office", "", CLIENT.upper()])
def test_nonce_of_another_client_is_as_unknown_as_one_never_given_out(parties: Parties, client_id: str) -> None:
    with pytest.raises(NotFound) as another:
        parties.nonces.get(parties.nonce().nonce, client_id=client_id)
    with pytest.raises(NotFound) as unknown:
        parties.nonces.get("n" * 43, client_id=client_id)
    assert str(another.value) == str(unknown.value)


def test_no_judgement_leaves_the_nonce_open(parties: Parties) -> None:
    nonce = parties.nonce()
    with pytest.raises(AttestationPending):
        parties.verification.verify(bound(parties, crafted(parties, attest=False), nonce=nonce.nonce))
    assert found(parties, nonce) == nonce


def test_judgement_that_could_not_be_kept_uses_nothing_up(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    nonce = parties.nonce()

    def busy(*_: object) -> None:
        raise StoreBusy(retry_after_s=1)

    monkeypatch.setattr(MemoryEvidence, "add", busy)
    with pytest.raises(EvidenceNotRecorded):
        parties.verification.verify(bound(parties, crafted(parties), nonce=nonce.nonce))
    assert found(parties, nonce) == nonce


def test_nonce_is_open_until_it_expires_and_used_for_ever(parties: Parties) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    assert nonce.state(nonce.expires_at - 1) is NonceState.OPEN
    assert nonce.state(nonce.expires_at) is NonceState.EXPIRED
    parties.clock.advance(300)
    parties.chain.idle()
    late = parties.verification.verify(presentation)
    used = found(parties, nonce)
    assert (late.code, used.evidence_id) == ("nonce_expired", late.evidence_id)
    assert {used.state(at) for at in (nonce.issued_at, parties.clock.now(), 1 << 40)} == {NonceState.USED}

"""What status, waiting attestations and a stale ledger decide, each by its own code."""

from collections.abc import Callable
from typing import Any

import pytest

from jeung.crypto.hashing import sha256
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import OperatorPurpose
from jeung.domain.verification import Verdict
from jeung.errors import AttestationPending, LedgerStale
from tests.common.parties import Parties
from tests.unit.jeung.services.presenting import (
    bound,
    broken_signature,
    crafted,
    drop,
    foreign_key,
    refused_with,
    shift,
)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (CredentialStatus.REVOKED, "credential_revoked"),
        (CredentialStatus.SUSPENDED, "credential_suspended"),
        (CredentialStatus.REFUSED, "credential_status_unknown"),
    ],
)
def test_status_that_is_not_valid_is_refused(parties: Parties, status: CredentialStatus, code: str) -> None:
    presentation = bound(parties, crafted(parties))
    parties.chain.set_statuses(parties.bank.member, 0, status, 7)
    assert refused_with(parties, presentation) == (code, 7)


def test_status_of_another_index_or_member_does_not_matter(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    parties.chain.set_statuses(parties.bank.member, 0, CredentialStatus.REVOKED, 6, 8)
    parties.chain.set_statuses(parties.bank.member, 1, CredentialStatus.REVOKED, 7)
    parties.chain.set_statuses(parties.exchange.member, 0, CredentialStatus.REVOKED, 7)
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


def test_reinstated_credential_is_accepted(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.chain.set_statuses(parties.bank.member, 0, CredentialStatus.SUSPENDED, 7)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("credential_suspended", 7)
    parties.chain.set_statuses(parties.bank.member, 0, CredentialStatus.VALID, 7)
    assert parties.verification.verify(bound(parties, sd_jwt)).verdict is Verdict.VERIFIED


def test_unattested_digest_is_pending_while_young_and_does_not_burn_the_nonce(parties: Parties) -> None:
    family = parties.issue()
    nonce = parties.nonce()
    presentation = bound(parties, family.copies[0].sd_jwt, nonce=nonce.nonce)
    with pytest.raises(AttestationPending) as pending:
        parties.verification.verify(presentation)
    assert pending.value.retry_after_s > 0
    assert parties.exchange.events() == []
    parties.attest(family)
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(("age", "refused"), [(90, False), (91, True)])
def test_unattested_digest_is_refused_after_the_grace(parties: Parties, age: int, refused: bool) -> None:
    sd_jwt = crafted(parties, attest=False)
    parties.clock.advance(age)
    parties.chain.idle()
    if refused:
        assert refused_with(parties, bound(parties, sd_jwt)) == ("not_attested", 4)
    else:
        with pytest.raises(AttestationPending):
            parties.verification.verify(bound(parties, sd_jwt))


@pytest.mark.parametrize("change", [shift("iat", 61), drop("iat")], ids=["future", "none"])
def test_credential_without_a_believable_age_is_never_pending(
    parties: Parties, change: Callable[[dict[str, Any]], object]
) -> None:
    sd_jwt = crafted(parties, claims=change, attest=False)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("not_attested", 4)


@pytest.mark.parametrize("seconds", [6, 11, 3_600])
def test_stale_ledger_is_no_judgement_and_does_not_burn_the_nonce(parties: Parties, seconds: int) -> None:
    presentation = bound(parties, crafted(parties))
    parties.clock.advance(seconds if seconds < 300 else 200)
    with pytest.raises(LedgerStale):
        parties.verification.verify(presentation)
    assert parties.exchange.events() == []
    parties.chain.idle()
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


def test_ledger_within_every_bound_is_fresh(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    head = parties.bank.index.head()
    assert head is not None
    parties.clock.advance(10)
    parties.bank.index.heard(
        head_number=head.number + 2,
        head_time=head.time,
        polled_at=parties.clock.now() - 5,
        fence=parties.bank.fence,
    )
    assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(("behind", "head_age", "poll_age"), [(3, 0, 0), (0, 11, 0), (0, 0, 6)])
def test_each_bound_of_freshness_counts_alone(parties: Parties, behind: int, head_age: int, poll_age: int) -> None:
    presentation = bound(parties, crafted(parties))
    head = parties.bank.index.head()
    assert head is not None
    parties.clock.advance(20)
    now = parties.clock.now()
    parties.bank.index.heard(
        head_number=head.number + behind,
        head_time=now - head_age,
        polled_at=now - poll_age,
        fence=parties.bank.fence,
    )
    with pytest.raises(LedgerStale):
        parties.verification.verify(presentation)


@pytest.mark.parametrize("make", [foreign_key, lambda parties: bound(parties, crafted(parties, attest=False))])
def test_refusal_that_fresh_blocks_could_turn_is_not_given_from_a_stale_ledger(
    parties: Parties, make: Callable[[Parties], str]
) -> None:
    presentation = make(parties)
    parties.clock.advance(100)
    with pytest.raises(LedgerStale):
        parties.verification.verify(presentation)


def test_refusal_that_no_block_can_turn_is_given_from_a_stale_ledger(parties: Parties) -> None:
    presentation = broken_signature(parties)
    parties.clock.advance(100)
    assert refused_with(parties, presentation) == ("invalid_issuer_signature", 3)


@pytest.mark.parametrize("purpose", list(OperatorPurpose))
def test_operator_purpose_is_not_confused(parties: Parties, purpose: OperatorPurpose) -> None:
    """The contract would not let a STATUS operator attest; a decoder that confused them is caught here."""
    sd_jwt = crafted(parties, attest=False)

    digest = sha256(sd_jwt.partition("~")[0].encode())
    parties.chain.attest(parties.bank.member, parties.schema, [digest], parties.operator(purpose))
    presentation = bound(parties, sd_jwt)
    if purpose is OperatorPurpose.ATTEST:
        assert parties.verification.verify(presentation).verdict is Verdict.VERIFIED
    else:
        assert refused_with(parties, presentation) == ("operator_not_authorized", 5)

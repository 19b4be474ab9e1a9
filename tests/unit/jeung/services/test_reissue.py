"""Whoever is hit by a compromise gets one offer of new credentials; nothing is revoked without it, nothing twice."""

from dataclasses import replace
from typing import Any

import pytest

from jeung.domain.credentials import StatusAction, StatusScope
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, PrincipalKind, Signatory
from jeung.domain.ledger import CredentialStatus
from jeung.domain.proofing import ProofingState
from jeung.domain.wallets import Offer, OfferState
from jeung.errors import NotFound
from jeung.services import mass_revocation, reissue
from jeung.services.credentials import CredentialService
from jeung.services.issuance import IssuedFamily
from jeung.services.reissue import MassReissue
from jeung.services.wallets import offers as offers_module
from jeung.services.wallets.offers import OfferRules, OfferService
from tests.common.key_proofs import Device
from tests.common.parties import BANK
from tests.unit.jeung.services.wallets.issuing_stage import CONFIGURATION, IssuingStage

DAY = 86_400


class Stage(IssuingStage):
    """A bank whose signing key leaked, and the worker that puts things right."""

    def __init__(self) -> None:
        super().__init__()
        self.offers = self.service()
        self.handler = MassReissue(
            store=self.store,
            ledger=self.parties.ledger,
            offers=self.offers,
            clock=self.clock,
            url=BANK,
            offer_s=14 * DAY,
        )
        self.key = ""

    def service(self) -> OfferService:
        return OfferService(
            store=self.store,
            ledger=self.parties.ledger,
            vault=self.bank.vault,
            clock=self.clock,
            entropy=self.bank.entropy,
            rules=OfferRules(BANK),
        )

    def family(self, copies: int = 1, *, attested: bool = True) -> IssuedFamily:
        made = self.parties.attested(copies) if attested else self.parties.issue(copies)
        self.key = made.copies[0].record.signing_key_id
        return made

    def act(self, **parameters: Any) -> Act:  # noqa: ANN401 - what an act takes
        by = Signatory(PrincipalKind.CLIENT, "back-office", Channel.API)
        chosen = {"signing_key": self.key, **parameters}
        return Act("act_1", ActKind.REISSUE, chosen, None, bytes(32), "why", ActState.EXECUTING, by, 1, 2)

    def work(self, act: Act) -> None:
        """Go on until only the chain is waited for."""
        while self.handler.advance(act).more:
            pass

    def made(self) -> list[Offer]:
        return [offer for offer in self.bank.database.read().offers.values() if offer.created_by == "act_1"]

    def revoked(self) -> set[str]:
        kept = self.bank.database.read().credentials.values()
        return {record.credential_id for record in kept if record.wanted_status is CredentialStatus.REVOKED}

    def change(self, family: IssuedFamily, action: StatusAction) -> None:
        service = CredentialService(store=self.store, clock=self.clock)
        service.change_status(StatusScope.FAMILY, family.copies[0].record.family_id, action)

    def left(self) -> list[bytes]:
        return [body for kind, body in self.bank.events() if kind == "reissue_left"]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def ids(*families: IssuedFamily) -> set[str]:
    return {copy.record.credential_id for family in families for copy in family.copies}


def test_what_the_ledger_had_before_the_compromise_stands_and_everything_later_goes(stage: Stage) -> None:
    """Verifiers judge by the time of attestation: what was signed before and attested after is refused as well."""
    before, late = stage.family(), stage.family(attested=False)
    stage.clock.advance(60)
    since = stage.clock.now()
    stage.parties.attest(late)
    after, waiting = stage.family(), stage.family(attested=False)
    stage.work(stage.act(attested_from=since))
    assert stage.revoked() == ids(late, after, waiting)
    subjects = {copy.record.subject_id for family in (late, after, waiting) for copy in family.copies}
    assert sorted(offer.subject_id for offer in stage.made()) == sorted(subjects)
    assert before.copies[0].record.subject_id not in subjects


def test_holder_takes_the_offer_and_has_a_new_credential_bound_to_his_wallet(stage: Stage) -> None:
    family = stage.family(2)
    stage.work(stage.act())
    (papers,) = stage.offers.open_papers("act_1")
    assert papers.offer.proofing_id == family.copies[0].record.proofing_id
    assert papers.offer.configuration_ids == (CONFIGURATION,)
    assert papers.offer.expires_at == stage.clock.now() + 14 * DAY
    stage.clock.advance(10 * DAY)
    assert stage.offers.fetch(papers.address.rpartition("/")[2]) == papers.document
    delivery = stage.receive(stage.grant(papers.offer.proofing_id, offer_id=papers.offer.offer_id), Device())
    assert len(delivery.credentials) == 1
    fresh = [record for record in stage.bank.database.read().credentials.values()][-1]
    assert fresh.subject_id == family.copies[0].record.subject_id
    assert fresh.credential_id not in stage.revoked()


def test_worker_that_is_killed_at_any_step_makes_no_second_offer_and_forgets_nobody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reissue, "STEP", 2)
    families = [stage.family(3) for _ in range(4)]
    act = stage.act()
    for killed_after in range(8):
        # Each worker is a new one, that knows nothing but the rows.
        fresh = MassReissue(
            store=stage.store,
            ledger=stage.parties.ledger,
            offers=stage.service(),
            clock=stage.clock,
            url=BANK,
            offer_s=DAY,
        )
        revoked, subjects = len(stage.revoked()), {offer.subject_id for offer in stage.made()}
        fresh.advance(act)
        assert len(stage.revoked()) == min(12, revoked + 2), killed_after
        touched = {
            record.subject_id
            for record in stage.bank.database.read().credentials.values()
            if record.credential_id in stage.revoked()
        }
        assert {offer.subject_id for offer in stage.made()} == touched >= subjects
    assert len(stage.made()) == 4
    assert stage.revoked() == ids(*families)


def test_step_that_fails_midway_has_neither_offered_nor_revoked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.family()
    act = stage.act()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reissue, "revoke_for", die)
    with pytest.raises(KeyboardInterrupt):
        stage.handler.advance(act)
    assert (stage.made(), stage.revoked()) == ([], set())
    monkeypatch.undo()
    stage.work(act)
    assert len(stage.made()) == 1


def test_who_was_revoked_suspended_or_has_expired_is_offered_nothing(stage: Stage) -> None:
    dead, doubtful = stage.family(), stage.family()
    stage.change(dead, StatusAction.REVOKE)
    stage.change(doubtful, StatusAction.SUSPEND)
    stage.work(stage.act())
    assert stage.made() == []
    assert stage.revoked() == ids(dead, doubtful)
    (left,) = stage.left()
    assert doubtful.copies[0].record.subject_id.encode() in left
    old = stage.family()
    stage.clock.advance(400 * DAY)
    stage.work(stage.act())
    assert (stage.made(), stage.revoked() >= ids(old)) == ([], True)


def test_who_cannot_be_offered_anything_is_revoked_and_named_for_people(stage: Stage) -> None:
    erased, rejected, gone = stage.family(), stage.family(), stage.family()
    tables = stage.bank.database._tables
    del tables.data_keys[erased.copies[0].record.subject_id]
    proofing_id = rejected.copies[0].record.proofing_id
    tables.proofings[proofing_id] = replace(tables.proofings[proofing_id], state=ProofingState.REJECTED)
    del tables.proofings[gone.copies[0].record.proofing_id]
    stage.work(stage.act())
    assert stage.made() == []
    assert stage.revoked() == ids(erased, rejected, gone)
    codes = b" ".join(stage.left())
    assert all(code in codes for code in (b"subject_erased", b"proofing_closed", b"not_found"))


def test_nothing_is_revoked_while_nothing_may_be_issued(stage: Stage) -> None:
    stage.family()
    stage.handler._url = "http://not-a-member.example"
    waited = stage.handler.advance(stage.act())
    assert (waited.done, waited.more, stage.revoked()) == (False, False, set())


def test_full_outbox_is_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.family()
    monkeypatch.setattr(reissue, "MAX_WAITING", 0)
    waited = stage.handler.advance(stage.act())
    assert (waited.done, waited.more, stage.revoked()) == (False, False, set())
    assert mass_revocation.MAX_WAITING > 0


def test_act_is_done_once_the_chain_has_everything_and_says_how_far_it_is(stage: Stage) -> None:
    stage.family(2)
    act = stage.act()
    with stage.store.read() as tx:
        assert stage.handler.check(tx, act.parameters or {}) == act.parameters
        with pytest.raises(NotFound):
            stage.handler.check(tx, {"family": "fam_unknown"})
    stage.work(act)
    assert not stage.handler.advance(act).done
    (offer,) = stage.made()
    with stage.store.write() as tx:
        tx.offers.replace(replace(offer, stored_state=OfferState.REDEEMED))
    facts = {fact.label.en: fact.value for fact in stage.handler.progress(act)}
    assert facts == {"offers made": "1", "offers taken": "1"}
    words = stage.handler.describe(act.parameters or {})
    assert {fact.label.en: fact.value for fact in words.facts}["of them decided"] == "2"
    stage.bank.database._tables.status_works.clear()
    outcome = stage.handler.advance(act)
    assert (outcome.done, outcome.result) == (True, {"revoked": 2, "offers": 1})


def test_papers_of_open_offers_are_given_page_by_page(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers_module, "_PAGE", 2)
    for _ in range(5):
        stage.family()
    stage.work(stage.act())
    with stage.store.write() as tx:
        tx.offers.replace(replace(stage.made()[0], stored_state=OfferState.CANCELLED))
    papers = list(stage.offers.open_papers("act_1"))
    assert len(papers) == 4
    assert len({one.transaction_code + one.address for one in papers}) == 4

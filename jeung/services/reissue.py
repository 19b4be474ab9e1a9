"""Revoke many credentials by one decision, and offer each holder new ones: what a compromised key leaves to be done.

Whoever attested a credential under a compromised key cannot give its holder another one alone: the new credential is
bound to a key of the holder's wallet, which has to take part. So each affected subject gets a credential offer
(OpenID4VCI 1.0, 4.1), which the member then brings to him. A second person approves; the worker works through what
was selected, in these steps, until nothing is left:

1. Where the outbox holds as much as it may, or nothing may be issued now, wait.
2. Take the next copies in the order of their places, as a mass revocation does (`jeung.services.mass_revocation`).
3. A subject met for the first time gets one offer, of every type of which he holds a selected copy that is good
   until now: neither revoked nor suspended before, and not expired. It is made for the proofing of the newest one.
   Whoever cannot be offered anything is named in the log, for people.
4. Want the copies revoked. The offers and this are one transaction: a worker that was killed did both or neither.
5. The act is done once the last revocation stands on the chain.

An offer says by `created_by` which act made it, so a subject met again by a later step gets no second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from jeung.domain.access import Scope
from jeung.domain.credentials import CredentialView, Selection
from jeung.domain.dual_control import Act, ActKind, Description, Fact, Words
from jeung.domain.identifiers import SchemaId
from jeung.domain.ledger import CredentialStatus
from jeung.domain.wallets import OfferState
from jeung.errors import NotFound, ProofingClosed, SubjectErased, SubjectLocked
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock
from jeung.services.acts import log
from jeung.services.dual_control.handlers import Outcome, WorkedAct
from jeung.services.mass_revocation import (
    MAX_WAITING,
    checked_selection,
    revoke_for,
    selection_facts,
    selection_of,
)
from jeung.services.wallets.catalogue import offered_types
from jeung.services.wallets.offers import MAX_CONFIGURATIONS, OfferService

STEP: Final = 128
_MOST_OF_A_SUBJECT: Final = 4_096
_MOST_OFFERS: Final = 50


class MassReissue(WorkedAct):
    """Revoke what a selection names, and prepare an offer for each holder, by the node's worker."""

    kind = ActKind.REISSUE
    scopes = frozenset({Scope.STATUS, Scope.KEYS})

    def __init__(
        self, *, store: Store, ledger: Ledger, offers: OfferService, clock: Clock, url: str, offer_s: int
    ) -> None:
        """Offer in the name of the member at a URL; an offer can be taken for `offer_s` seconds."""
        self._store = store
        self._ledger = ledger
        self._offers = offers
        self._clock = clock
        self._url = url
        self._offer_s = offer_s

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a selection as a mass revocation does; raises as it does."""
        return checked_selection(tx, parameters)

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        """Say how much would be revoked, for good, and what the holders get."""
        with self._store.read() as tx:
            facts = selection_facts(tx, parameters)
        return Description(
            Words("폐기 후 재발급", "Revoke and offer anew"),
            Words(
                "선택된 모든 자격증명을 폐기하고, 고객마다 새 발급 제안을 만듭니다. 폐기는 되돌릴 수 없습니다.",
                "Revokes every credential selected, for good, and makes each holder an offer of new ones.",
            ),
            facts,
        )

    def progress(self, act: Act) -> tuple[Fact, ...]:
        """Say how many offers there are, and how many of them were taken."""
        with self._store.read() as tx:
            made = tx.offers.tally(act.act_id)
        return (
            Fact(Words("만든 발급 제안", "offers made"), str(sum(made.values()))),
            Fact(Words("고객이 받은 제안", "offers taken"), str(made.get(OfferState.REDEEMED, 0))),
        )

    def advance(self, act: Act) -> Outcome:
        """Offer and revoke the next copies (1 to 5)."""
        selection, now = selection_of(act.parameters or {}), self._clock.now()
        types = {schema.schema: name for name, schema in offered_types(self._ledger, self._url, now).items()}
        with self._store.write() as tx:
            if tx.credentials.waiting_changes() >= MAX_WAITING:
                return Outcome(False, more=False)
            found = tx.credentials.unrevoked(selection, STEP)
            if found and not types:
                return Outcome(False, more=False)
            if found:
                for subject_id in _subjects(tx, found):
                    self._offer(tx, act, replace(selection, subject_id=subject_id), types, now)
                revoke_for(tx, act, found, now)
                return Outcome(False)
            progress, made = tx.credentials.progress(selection), tx.offers.tally(act.act_id)
        if progress.waiting:
            return Outcome(False, more=False)
        return Outcome(True, {"revoked": progress.revoked, "offers": sum(made.values())})

    def _offer(
        self, tx: Transaction, act: Act, selection: Selection, types: Mapping[SchemaId, str], now: int
    ) -> None:
        views = tx.credentials.of_subject(selection.subject_id or "")
        if _has_offer(tx, act, views):
            return
        chosen = set(tx.credentials.unrevoked(selection, _MOST_OF_A_SUBJECT))
        good = [
            view.record
            for view in views
            if view.record.credential_id in chosen
            and view.record.wanted_status is CredentialStatus.VALID
            and view.record.expires_at > now
        ]
        names = sorted({types[record.schema] for record in good if record.schema in types})
        failure = "nothing_to_offer"
        if names:
            expires_at = now + self._offer_s
            try:
                self._offers.make(
                    tx,
                    good[-1].proofing_id,
                    names[:MAX_CONFIGURATIONS],
                    created_by=act.act_id,
                    expires_at=expires_at,
                )
                return
            except (NotFound, ProofingClosed, SubjectErased, SubjectLocked) as error:
                failure = error.code
        log(tx, "reissue_left", {"act": act.act_id, "subject": selection.subject_id, "failure": failure}, now)


def _subjects(tx: Transaction, credential_ids: Sequence[str]) -> list[str]:
    """Give whose copies these are, each subject once, in their order."""
    views = [tx.credentials.get(credential_id) for credential_id in credential_ids]
    return list(dict.fromkeys(view.record.subject_id for view in views if view is not None))


def _has_offer(tx: Transaction, act: Act, views: Sequence[CredentialView]) -> bool:
    proofings = {view.record.proofing_id for view in views}
    return any(
        offer.created_by == act.act_id
        for proofing_id in proofings
        for offer in tx.offers.of_proofing(proofing_id, _MOST_OFFERS)
    )

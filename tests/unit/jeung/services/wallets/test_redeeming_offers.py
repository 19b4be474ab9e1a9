"""The pre-authorized code is good for once, with the transaction code, for a few tries and a short while."""

import json
from typing import Any

import pytest

from jeung.crypto.hashing import sha256
from jeung.domain.wallets import OfferState, WalletGrant
from jeung.errors import (
    InvalidAuthorizationDetails,
    InvalidClient,
    InvalidDpopProof,
    InvalidGrant,
    InvalidWalletToken,
    MalformedInput,
    UseDpopNonce,
)
from jeung.services.wallets.clients import Shown
from jeung.services.wallets.grants import GivenToken
from jeung.services.wallets.offers import OfferPapers
from tests.common.dpop import DpopKey
from tests.unit.jeung.services.wallets.stage import (
    OTHER,
    TYPE,
    URL,
    Stage,
    all_at_once,
    code_of,
    issuer_state_of,
    wrong,
)


def grant_of(stage: Stage, given: GivenToken) -> WalletGrant | None:
    with stage.store.read() as tx:
        return tx.grants.by_token(sha256(given.token.encode()))


def state_of(stage: Stage, papers: OfferPapers) -> OfferState:
    return stage.server.offers.get(papers.offer.offer_id).state


def is_let_in(stage: Stage, given: GivenToken) -> bool:
    try:
        stage.access.authorize_wallet([f"Bearer {given.token}"], [], method="POST", url=f"{URL}/oid4vci/credential")
    except InvalidWalletToken:
        return False
    return True


def detail(name: str = TYPE, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON can hold
    return {"type": "openid_credential", "credential_configuration_id": name, **changes}


def test_token_of_an_anonymous_wallet_is_a_bearer_token_for_what_was_offered(stage: Stage) -> None:
    papers = stage.offer()
    given = stage.redeem(papers)
    assert (given.token_type, given.expires_in_s, given.scope) == ("Bearer", 300, TYPE)
    assert list(given.authorization_details) == []
    grant = grant_of(stage, given)
    assert grant is not None
    assert grant.configuration_ids == (TYPE,)
    assert (grant.client_id, grant.dpop_jkt, grant.credential_identifiers) == (None, None, ())
    assert (grant.proofing_id, grant.offer_id) == (papers.offer.proofing_id, papers.offer.offer_id)
    assert is_let_in(stage, given)
    assert given.token not in repr(given)


def test_token_bound_to_no_key_opens_nothing_after_five_minutes(stage: Stage) -> None:
    given = stage.redeem(stage.offer())
    stage.clock.advance(299)
    assert is_let_in(stage, given)
    stage.clock.advance(1)
    assert not is_let_in(stage, given)


def test_token_is_bound_to_the_key_of_a_proof(stage: Stage) -> None:
    key = DpopKey()
    given = stage.redeem(stage.offer(), shown=Shown(client_id="wallet-1", dpop=[stage.proof(key)]))
    grant = grant_of(stage, given)
    assert grant is not None
    assert (given.token_type, grant.dpop_jkt, grant.client_id) == ("DPoP", key.jkt, "wallet-1")
    assert not is_let_in(stage, given)


def test_code_is_good_for_once(stage: Stage) -> None:
    papers = stage.offer()
    stage.redeem(papers)
    for process in (stage, stage.twin()):
        with pytest.raises(InvalidGrant):
            process.redeem(papers)


def test_code_that_comes_again_revokes_what_it_gave(stage: Stage) -> None:
    papers = stage.offer()
    given = stage.redeem(papers)
    for _ in range(2):
        with pytest.raises(InvalidGrant):
            stage.redeem(papers)
        assert not is_let_in(stage, given)
    view = stage.server.offers.get(papers.offer.offer_id)
    assert view.offer.replayed_at == stage.clock.now()


def test_photograph_of_a_redeemed_offer_revokes_nothing(stage: Stage) -> None:
    papers = stage.offer()
    given = stage.redeem(papers)
    for _ in range(7):
        with pytest.raises(InvalidGrant):
            stage.redeem(papers, wrong(papers.transaction_code))
    assert is_let_in(stage, given)


def test_thief_who_redeemed_first_cannot_use_up_the_tries_that_would_reveal_him(stage: Stage) -> None:
    papers = stage.offer()
    stolen = stage.redeem(papers)
    for _ in range(7):
        with pytest.raises(InvalidGrant):
            stage.redeem(papers, wrong(papers.transaction_code))
    with pytest.raises(InvalidGrant):
        stage.redeem(papers)
    assert not is_let_in(stage, stolen)


def test_offer_that_is_removed_meanwhile_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    papers = stage.offer()
    looked = iter([papers.offer])
    monkeypatch.setattr("tests.common.memory.wallets.MemoryOffers.by_code", lambda *_: next(looked, None))
    monkeypatch.setattr("node.store.repositories.wallets.SqlOffers.by_code", lambda *_: next(looked, None))
    with pytest.raises(InvalidGrant):
        stage.redeem(papers)


@pytest.mark.parametrize("tx_code", [None, ""])
def test_transaction_code_is_demanded(stage: Stage, tx_code: str | None) -> None:
    papers = stage.offer()
    with pytest.raises(MalformedInput):
        stage.server.grants.redeem_offer(Shown(), code=code_of(papers), tx_code=tx_code)
    assert stage.server.offers.get(papers.offer.offer_id).offer.attempts == 0


def test_wrong_transaction_codes_lock_the_offer_for_good(stage: Stage) -> None:
    papers = stage.offer()
    for attempt in range(5):
        assert state_of(stage, papers) is OfferState.OPEN
        with pytest.raises(InvalidGrant):
            stage.twin().redeem(papers, wrong(papers.transaction_code))
        assert stage.server.offers.get(papers.offer.offer_id).offer.attempts == attempt + 1
    assert state_of(stage, papers) is OfferState.LOCKED
    with pytest.raises(InvalidGrant):
        stage.redeem(papers)


def test_right_code_after_a_few_wrong_ones_is_taken(stage: Stage) -> None:
    papers = stage.offer()
    for _ in range(4):
        with pytest.raises(InvalidGrant):
            stage.redeem(papers, wrong(papers.transaction_code))
    assert is_let_in(stage, stage.redeem(papers))


@pytest.mark.parametrize("tx_code", [" ", "0" * 5, "0" * 7, "0" * 10_000, "１２３４５６", "12345\0", "\ud800"])
def test_transaction_code_of_another_shape_is_a_wrong_one(stage: Stage, tx_code: str) -> None:
    papers = stage.offer()
    with pytest.raises(InvalidGrant):
        stage.redeem(papers, tx_code)
    assert stage.server.offers.get(papers.offer.offer_id).offer.attempts == 1


def test_parallel_tries_are_all_counted(stage: Stage) -> None:
    """Forty connections try forty codes at once, the right one the last: five tries are what they get."""
    papers = stage.offer()
    processes = [stage.twin(tx_code_attempts=5) for _ in range(4)]
    guesses = [f"{(int(papers.transaction_code) + step) % 1_000_000:06}" for step in range(1, 25)]

    def guess(number: int) -> GivenToken:
        return processes[number % 4].redeem(papers, guesses[number])

    outcomes = all_at_once(*(lambda number=number: guess(number) for number in range(len(guesses))))
    assert not any(isinstance(outcome, GivenToken) for outcome in outcomes)
    offer = stage.server.offers.get(papers.offer.offer_id)
    refused = sum(isinstance(outcome, InvalidGrant) for outcome in outcomes)
    # A thread may have given up waiting for the database; whoever was answered was counted.
    assert offer.offer.attempts == min(5, refused)


def test_of_two_wallets_that_redeem_at_once_one_is_given_a_token(stage: Stage) -> None:
    papers = stage.offer()
    processes = [stage, stage.twin(), stage.twin()]
    outcomes = all_at_once(*(lambda process=process: process.redeem(papers) for process in processes))
    given = [outcome for outcome in outcomes if isinstance(outcome, GivenToken)]
    assert len(given) == 1
    # The others showed the right transaction code as well: one of them all is a thief.
    if any(isinstance(outcome, InvalidGrant) for outcome in outcomes):
        assert not is_let_in(stage, given[0])


def test_expired_offer_is_refused(stage: Stage) -> None:
    papers = stage.offer()
    stage.clock.time = papers.offer.expires_at
    with pytest.raises(InvalidGrant):
        stage.redeem(papers)


@pytest.mark.parametrize("kind", ["state", "reference", "id", "other"])
def test_nothing_else_passes_for_the_code(stage: Stage, kind: str) -> None:
    papers = stage.offer()
    shown = {
        "state": issuer_state_of(papers),
        "reference": papers.address.rpartition("/")[2],
        "id": papers.offer.offer_id,
        "other": "A" * 43,
    }
    with pytest.raises(InvalidGrant):
        stage.redeem(papers, code=shown[kind])
    assert stage.server.offers.get(papers.offer.offer_id).offer.attempts == 0


def test_transaction_code_of_another_offer_is_a_wrong_one(stage: Stage) -> None:
    papers, other = stage.offer(), stage.offer()
    if papers.transaction_code != other.transaction_code:
        with pytest.raises(InvalidGrant):
            stage.redeem(papers, other.transaction_code)


def test_offer_of_an_erased_subject_is_refused(stage: Stage) -> None:
    papers = stage.offer()
    with stage.store.write() as tx:
        tx.data_keys.destroy(papers.offer.subject_id)
    with pytest.raises(InvalidGrant):
        stage.redeem(papers)


def test_authorization_details_name_identifiers(stage: Stage) -> None:
    papers = stage.offer(TYPE, OTHER)
    given = stage.redeem(papers, details=json.dumps([detail(OTHER)]))
    (answered,) = given.authorization_details
    assert (answered["type"], answered["credential_configuration_id"]) == ("openid_credential", OTHER)
    (identifier,) = answered["credential_identifiers"]
    grant = grant_of(stage, given)
    assert grant is not None
    assert (grant.configuration_ids, grant.credential_identifiers) == ((OTHER,), ((OTHER, identifier),))
    assert given.scope == OTHER


@pytest.mark.parametrize(
    "details",
    [
        "",
        "x",
        "{}",
        "[]",
        "[1]",
        "[null]",
        json.dumps(detail()),
        json.dumps([detail(type="other")]),
        json.dumps([{"type": "openid_credential"}]),
        json.dumps([detail(credential_configuration_id=1)]),
        json.dumps([detail(locations=["https://other.example"])]),
        json.dumps([detail(locations=URL)]),
        json.dumps([detail(), {"type": "other"}]),
        json.dumps([detail()] * 17),
        json.dumps([detail(padding="x" * 8_192)]),
        json.dumps([detail("nothing-1")]),
        json.dumps([detail(OTHER)]),
        "[" * 4_000,
        "\ud800",
    ],
)
def test_details_of_another_kind_are_refused_and_use_nothing_up(stage: Stage, details: str) -> None:
    papers = stage.offer(TYPE)
    with pytest.raises(InvalidAuthorizationDetails):
        stage.redeem(papers, details=details)
    assert is_let_in(stage, stage.redeem(papers))


def test_details_may_hold_what_we_do_not_know(stage: Stage) -> None:
    details = json.dumps([detail(claims=[{"path": ["x"]}], locations=[URL], other=1), detail()])
    given = stage.redeem(stage.offer(TYPE), details=details)
    assert len(given.authorization_details) == 1


def test_proof_without_our_nonce_uses_nothing_up(stage: Stage) -> None:
    papers, key = stage.offer(), DpopKey()
    bare = key.proof("POST", f"{URL}/oid4vci/token", at=stage.clock.now())
    with pytest.raises(UseDpopNonce):
        stage.redeem(papers, shown=Shown(dpop=[bare]))
    assert stage.redeem(papers, shown=Shown(dpop=[stage.proof(key)])).token_type == "DPoP"


def test_used_proof_is_refused_and_the_offer_stays_open(stage: Stage) -> None:
    first, second, key = stage.offer(), stage.offer(), DpopKey()
    proof = stage.proof(key)
    stage.redeem(first, shown=Shown(dpop=[proof]))
    with pytest.raises(InvalidDpopProof):
        stage.redeem(second, shown=Shown(dpop=[proof]))
    assert state_of(stage, second) is OfferState.OPEN


def test_proof_is_used_up_by_a_refused_try_as_well(stage: Stage) -> None:
    papers, key = stage.offer(), DpopKey()
    proof = stage.proof(key)
    with pytest.raises(InvalidGrant):
        stage.redeem(papers, wrong(papers.transaction_code), shown=Shown(dpop=[proof]))
    with pytest.raises(InvalidDpopProof):
        stage.redeem(papers, shown=Shown(dpop=[proof]))


@pytest.mark.parametrize("client_id", ["", "x" * 513, "지갑", "wallet\u202e", "wallet\n"])
def test_client_id_without_a_shape_is_refused(stage: Stage, client_id: str) -> None:
    with pytest.raises(InvalidClient):
        stage.redeem(stage.offer(), shown=Shown(client_id=client_id))


def test_anonymous_wallets_may_come_where_attestation_is_demanded(stage: Stage) -> None:
    strict = stage.twin(attestation_required=True)
    assert is_let_in(stage, strict.redeem(stage.offer()))

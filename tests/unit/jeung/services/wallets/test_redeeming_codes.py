"""An authorization code is for the wallet that pushed the request, once, at once, with its verifier and its key."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from jeung.crypto.hashing import sha256
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
from tests.common.wallet_provider import Installed
from tests.unit.jeung.services.wallets.stage import (
    OTHER,
    PAR_URL,
    REDIRECT,
    TYPE,
    URL,
    VERIFIER,
    Stage,
    all_at_once,
    issuer_state_of,
)


class Flow:
    """Play one wallet from its push to its code."""

    def __init__(
        self,
        stage: Stage,
        shown: Shown | None = None,
        papers: OfferPapers | None = None,
        **changes: Any,  # noqa: ANN401 - fields of Pushed
    ) -> None:
        self.stage = stage
        self.key = DpopKey()
        self.papers = papers or stage.offer()
        reference = stage.push(shown, issuer_state=issuer_state_of(self.papers), **changes)
        self.client_id = "wallet-1" if shown is None or shown.client_id is None else shown.client_id
        browser = stage.open(reference, client_id=self.client_id)
        address = stage.say(reference, browser, client_id=self.client_id, tx_code=self.papers.transaction_code)
        assert isinstance(address, str)
        self.code = dict(parse_qsl(urlsplit(address).query))["code"]

    def redeem(self, stage: Stage | None = None, shown: Shown | None = None, **changes: Any) -> GivenToken:  # noqa: ANN401
        stage = stage or self.stage
        shown = shown or Shown(client_id=self.client_id, dpop=[stage.proof(self.key)])
        fields: dict[str, Any] = {"code": self.code, "verifier": VERIFIER, "redirect_uri": REDIRECT, **changes}
        return stage.server.grants.redeem_code(shown, **fields)

    def is_let_in(self, given: GivenToken) -> bool:
        url = f"{URL}/oid4vci/credential"
        proof = self.stage.proof(self.key, url, token=given.token)
        try:
            self.stage.access.authorize_wallet([f"DPoP {given.token}"], [proof], method="POST", url=url)
        except InvalidWalletToken:
            return False
        return True


def test_code_gives_a_bound_token_for_what_was_asked(stage: Stage) -> None:
    flow = Flow(stage)
    given = flow.redeem()
    assert (given.token_type, given.scope, list(given.authorization_details)) == ("DPoP", TYPE, [])
    assert flow.is_let_in(given)
    with stage.store.read() as tx:
        grant = tx.grants.by_token(sha256(given.token.encode()))
    assert grant is not None
    assert (grant.client_id, grant.dpop_jkt) == ("wallet-1", flow.key.jkt)
    assert grant.proofing_id == flow.papers.offer.proofing_id


def test_redirect_address_may_be_left_out(stage: Stage) -> None:
    Flow(stage).redeem(redirect_uri=None)


def test_code_is_good_for_once_and_a_second_time_revokes(stage: Stage) -> None:
    flow = Flow(stage)
    given = flow.redeem()
    assert flow.is_let_in(given)
    with pytest.raises(InvalidGrant):
        flow.redeem(stage.twin())
    assert not flow.is_let_in(given)
    assert stage.server.offers.get(flow.papers.offer.offer_id).offer.replayed_at is not None


def test_thief_who_comes_second_without_anything_else_revokes_too(stage: Stage) -> None:
    """RFC 6749 section 4.1.2: a code that is used twice is out, whoever uses it."""
    flow = Flow(stage)
    given = flow.redeem()
    with pytest.raises(InvalidGrant):
        flow.redeem(verifier="x" * 43, shown=Shown(client_id="thief", dpop=[stage.proof(DpopKey())]))
    assert not flow.is_let_in(given)


def test_of_two_that_redeem_at_once_one_is_given_a_token(stage: Stage) -> None:
    flow = Flow(stage)
    outcomes = all_at_once(*(lambda: flow.redeem(stage.twin()) for _ in range(3)))
    assert sum(isinstance(outcome, GivenToken) for outcome in outcomes) == 1


def test_request_that_is_removed_meanwhile_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Flow(stage)
    looked = iter([object()])
    for module in (
        "tests.common.memory.wallets.MemoryAuthorizations",
        "node.store.repositories.wallets.SqlAuthorizations",
    ):
        monkeypatch.setattr(f"{module}.by_code", lambda *_: next(looked, None))
    with pytest.raises(InvalidGrant):
        flow.redeem()


def test_code_expires(stage: Stage) -> None:
    flow = Flow(stage)
    stage.clock.advance(60)
    with pytest.raises(InvalidGrant):
        flow.redeem()


@pytest.mark.parametrize(
    "changes",
    [
        {"verifier": "w" * 43},
        {"verifier": "v" * 42},
        {"verifier": "v" * 129},
        {"verifier": "v" * 42 + "="},
        {"verifier": "v" * 42 + "\ud800"},
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": ""},
        {"redirect_uri": "https://evil.example/cb"},
        {"code": "A" * 43},
        {"code": ""},
    ],
    ids=str,
)
def test_what_does_not_fit_the_request_is_refused_and_the_code_stays_good(
    stage: Stage, changes: dict[str, Any]
) -> None:
    flow = Flow(stage)
    with pytest.raises(InvalidGrant):
        flow.redeem(**changes)
    assert flow.is_let_in(flow.redeem())


@pytest.mark.parametrize("verifier", [None, ""])
def test_verifier_is_demanded(stage: Stage, verifier: str | None) -> None:
    with pytest.raises(MalformedInput):
        Flow(stage).redeem(verifier=verifier)


def test_challenge_itself_is_no_verifier(stage: Stage) -> None:
    """A wallet that could choose `plain` would let whoever read the request redeem the code."""
    flow = Flow(stage, code_challenge=VERIFIER)
    with pytest.raises(InvalidGrant):
        flow.redeem(verifier=VERIFIER)


def test_another_client_cannot_redeem_the_code(stage: Stage) -> None:
    flow = Flow(stage)
    with pytest.raises(InvalidGrant):
        flow.redeem(shown=Shown(client_id="wallet-2", dpop=[stage.proof(flow.key)]))
    with pytest.raises(InvalidClient):
        flow.redeem(shown=Shown(dpop=[stage.proof(flow.key)]))


def test_codes_of_two_wallets_cannot_be_mixed_up(stage: Stage) -> None:
    one, other = Flow(stage), Flow(stage, Shown(client_id="wallet-2"), code_challenge="A" * 43)
    with pytest.raises(InvalidGrant):
        one.redeem(code=other.code)
    with pytest.raises(InvalidGrant):
        other.redeem(code=one.code)


def test_token_is_bound_to_a_key_always(stage: Stage) -> None:
    flow = Flow(stage)
    with pytest.raises(InvalidDpopProof):
        flow.redeem(shown=Shown(client_id="wallet-1"))
    bare = flow.key.proof("POST", f"{URL}/oid4vci/token", at=stage.clock.now())
    with pytest.raises(UseDpopNonce):
        flow.redeem(shown=Shown(client_id="wallet-1", dpop=[bare]))
    flow.redeem()


def test_code_bound_to_a_key_is_refused_under_another(stage: Stage) -> None:
    key = DpopKey()
    proved = Shown(client_id="wallet-1", dpop=[stage.proof(key, PAR_URL)])
    for flow in (Flow(stage, proved), Flow(stage, dpop_jkt=key.jkt)):
        with pytest.raises(InvalidGrant):
            flow.redeem()
        flow.key = key
        assert flow.is_let_in(flow.redeem())


def test_attested_wallet_authenticates_again(stage: Stage) -> None:
    wallet = stage.trusted_wallet()
    flow = Flow(stage, stage.attested(wallet, wallet.client_id))
    for shown in (
        Shown(client_id=wallet.client_id, dpop=[stage.proof(flow.key)]),
        stage.attested(Installed(wallet.provider, "https://other.example"), dpop=flow.key),
    ):
        with pytest.raises(InvalidGrant):
            flow.redeem(shown=shown)
    good = stage.attested(wallet, dpop=flow.key)
    assert flow.is_let_in(flow.redeem(shown=good))


def test_attested_wallet_cannot_redeem_what_an_unattested_one_pushed(stage: Stage) -> None:
    wallet = stage.trusted_wallet()
    flow = Flow(stage, Shown(client_id=wallet.client_id))
    with pytest.raises(InvalidGrant):
        flow.redeem(shown=stage.attested(wallet, dpop=flow.key))


def test_details_of_the_request_give_identifiers(stage: Stage) -> None:
    asked = [{"type": "openid_credential", "credential_configuration_id": name} for name in (TYPE, OTHER)]
    flow = Flow(stage, papers=stage.offer(TYPE, OTHER), scope=None, authorization_details=json.dumps(asked))
    given = flow.redeem()
    assert [detail["credential_configuration_id"] for detail in given.authorization_details] == [TYPE, OTHER]


def test_details_of_the_token_request_narrow_it_and_never_widen_it(stage: Stage) -> None:
    papers = stage.offer(TYPE, OTHER)
    flow = Flow(stage, papers=papers, scope=TYPE)
    wide = json.dumps([{"type": "openid_credential", "credential_configuration_id": OTHER}])
    with pytest.raises(InvalidAuthorizationDetails):
        flow.redeem(details=wide)
    narrow = json.dumps([{"type": "openid_credential", "credential_configuration_id": TYPE}])
    assert len(flow.redeem(details=narrow).authorization_details) == 1


def test_code_for_an_erased_subject_is_refused(stage: Stage) -> None:
    flow = Flow(stage)
    with stage.store.write() as tx:
        tx.data_keys.destroy(flow.papers.offer.subject_id)
    with pytest.raises(InvalidGrant):
        flow.redeem()


def test_pre_authorized_code_of_the_same_offer_is_spent_by_the_consent(stage: Stage) -> None:
    flow = Flow(stage)
    with pytest.raises(InvalidGrant):
        stage.redeem(flow.papers)
    # Two came with the right transaction code, and one of them is a thief: neither is given anything.
    with pytest.raises(InvalidGrant):
        flow.redeem()


def test_one_code_is_no_code_of_the_other_grant(stage: Stage) -> None:
    flow, papers = Flow(stage), stage.offer()
    with pytest.raises(InvalidGrant):
        stage.redeem(papers, code=flow.code)

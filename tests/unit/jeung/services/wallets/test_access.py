"""A wallet's token opens what it allows, to its holder alone."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from jeung.crypto.hashing import sha256
from jeung.domain.wallets import ChallengeKind, WalletGrant
from jeung.errors import InvalidDpopProof, InvalidWalletToken, UseDpopNonce
from tests.common import rows_wallets
from tests.common.dpop import DpopKey
from tests.unit.jeung.services.wallets.stage import URL, Stage

CREDENTIAL_URL = f"{URL}/oid4vci/credential"
TOKEN = "a-token-of-some-length"


@pytest.fixture
def key() -> DpopKey:
    return DpopKey()


def granted(stage: Stage, jkt: str | None) -> WalletGrant:
    grant = rows_wallets.grant(1, token_hash=sha256(TOKEN.encode()), dpop_jkt=jkt)
    with stage.store.write() as tx:
        tx.grants.add(grant)
    return grant


def ask(stage: Stage, authorization: Sequence[str], dpop: Sequence[str] = ()) -> WalletGrant:
    return stage.access.authorize_wallet(authorization, dpop, method="POST", url=CREDENTIAL_URL)


def proof(stage: Stage, key: DpopKey, token: str = TOKEN) -> str:
    nonce = stage.challenges.issue(ChallengeKind.DPOP_NONCE)
    return key.proof("POST", CREDENTIAL_URL, at=stage.clock.now(), nonce=nonce, token=token)


def test_bound_token_opens_with_a_proof_of_its_key(stage: Stage, key: DpopKey) -> None:
    grant = granted(stage, key.jkt)
    assert ask(stage, [f"DPoP {TOKEN}"], [proof(stage, key)]) == grant
    assert ask(stage, [f"dpop  {TOKEN}"], [proof(stage, key)]) == grant


def test_bearer_token_opens_as_it_is(stage: Stage) -> None:
    grant = granted(stage, None)
    assert ask(stage, [f"Bearer {TOKEN}"]) == grant
    assert ask(stage, [f"bearer {TOKEN}"]) == grant


@pytest.mark.parametrize(
    "authorization",
    [
        [],
        [""],
        [TOKEN],
        ["Bearer"],
        ["Bearer "],
        [f"Basic {TOKEN}"],
        [f"Bearer {TOKEN} x"],
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
        ["Bearer " + "A" * 43],
        ["Bearer " + "A" * 129],
        ["Bearer tökentökentökentöken"],
    ],
)
def test_whoever_shows_no_token_of_ours_is_refused(stage: Stage, authorization: list[str]) -> None:
    granted(stage, None)
    with pytest.raises(InvalidWalletToken):
        ask(stage, authorization)


def test_bound_token_is_refused_under_the_bearer_scheme(stage: Stage, key: DpopKey) -> None:
    granted(stage, key.jkt)
    for dpop in ([], [proof(stage, key)]):
        with pytest.raises(InvalidWalletToken):
            ask(stage, [f"Bearer {TOKEN}"], dpop)


def test_bearer_token_is_refused_under_the_dpop_scheme(stage: Stage, key: DpopKey) -> None:
    granted(stage, None)
    for scheme, dpop in (("DPoP", [proof(stage, key)]), ("DPoP", []), ("Bearer", [proof(stage, key)])):
        with pytest.raises(InvalidWalletToken):
            ask(stage, [f"{scheme} {TOKEN}"], dpop)


def test_stolen_token_is_refused_with_the_thiefs_own_key(stage: Stage, key: DpopKey) -> None:
    granted(stage, key.jkt)
    with pytest.raises(InvalidDpopProof):
        ask(stage, [f"DPoP {TOKEN}"], [proof(stage, DpopKey())])


def test_proof_for_another_token_is_refused(stage: Stage, key: DpopKey) -> None:
    granted(stage, key.jkt)
    with pytest.raises(InvalidDpopProof):
        ask(stage, [f"DPoP {TOKEN}"], [proof(stage, key, token="another-token-of-hers")])


def test_proof_is_good_for_one_request(stage: Stage, key: DpopKey) -> None:
    granted(stage, key.jkt)
    made = proof(stage, key)
    ask(stage, [f"DPoP {TOKEN}"], [made])
    for process in (stage, stage.twin()):
        with pytest.raises(InvalidDpopProof):
            ask(process, [f"DPoP {TOKEN}"], [made])


def test_proof_without_our_nonce_is_sent_back_for_one(stage: Stage, key: DpopKey) -> None:
    granted(stage, key.jkt)
    bare = key.proof("POST", CREDENTIAL_URL, at=stage.clock.now(), token=TOKEN)
    with pytest.raises(UseDpopNonce):
        ask(stage, [f"DPoP {TOKEN}"], [bare])


def test_expired_token_is_refused(stage: Stage) -> None:
    grant = granted(stage, None)
    stage.clock.time = grant.expires_at
    with pytest.raises(InvalidWalletToken):
        ask(stage, [f"Bearer {TOKEN}"])


def test_revoked_token_is_refused(stage: Stage) -> None:
    grant = granted(stage, None)
    with stage.store.write() as tx:
        tx.grants.replace(replace(grant, revoked_at=stage.clock.now()))
    with pytest.raises(InvalidWalletToken):
        ask(stage, [f"Bearer {TOKEN}"])


def test_grant_knows_the_family_of_each_configuration() -> None:
    grant = rows_wallets.grant(1, families=(("real-name-1", "fam-1"),))
    assert (grant.family_of("real-name-1"), grant.family_of("other-1")) == ("fam-1", None)

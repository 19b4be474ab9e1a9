"""Accounts that lie elsewhere, on a real chain: governance in a token, attesting at a remote signer or there."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from keys.backends.elsewhere import Elsewhere
from keys.backends.web3signer import Web3SignerBackend
from keys.keystore import Keystore
from keys.purposes import Purpose
from node.key_settings import RemoteSignerSettings
from node.runtime.custody import KeystoreChainSigner
from node.runtime.remote_signer import HttpSignerTransport
from tests.common import chain as chains
from tests.common.chain import BANK_URL, KeyringSigner, Member, Party, anvil, prepare
from tests.common.custody import Pkcs11Custody
from tests.common.web3signer import Web3Signer, serving

pytestmark = pytest.mark.chain


class MixedCustody(Pkcs11Custody):
    """Have a token and a remote signer beside the file."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self.clock.time = int(time.time())
        self.url = url

    def elsewhere(self) -> Elsewhere:
        signer = Web3SignerBackend(HttpSignerTransport(RemoteSignerSettings(url=self.url)))
        return Elsewhere({"hsm": self.backend(), "signer": signer}, {Purpose.GOVERNANCE: "hsm"})


@pytest.fixture
def signer() -> Web3Signer:
    return Web3Signer()


@pytest.fixture
def keystore(tmp_path: Path, signer: Web3Signer) -> Iterator[Keystore]:
    with serving(signer) as url:
        folder = tmp_path / "custody"
        folder.mkdir(mode=0o700)
        with MixedCustody(folder, url).create() as keystore:
            yield keystore


@pytest.mark.parametrize("place", ["signer", "hsm"])
def test_batch_is_attested_by_an_account_that_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keystore: Keystore, signer: Web3Signer, place: str
) -> None:
    """The consortium is founded, voted on and served by keys in three places."""
    adopt = signer.accounts[0] if place == "signer" else None
    made = {
        Purpose.GOVERNANCE: keystore.create(Purpose.GOVERNANCE),
        Purpose.ATTEST: keystore.create(Purpose.ATTEST, backend=place, adopt=adopt),
        Purpose.STATUS: keystore.create(Purpose.STATUS),
    }
    for record in made.values():
        keystore.activate(record.key_id)
    assert [record.backend for record in made.values()] == ["hsm", place, "software"]
    # It signs as the tests' keyring does.
    bank = Party(BANK_URL, cast(KeyringSigner, KeystoreChainSigner(keystore)))
    real = chains.Party
    monkeypatch.setattr(chains, "Party", lambda url: bank if url == BANK_URL else real(url))
    (tmp_path / "prepared").mkdir()
    (tmp_path / "node").mkdir()
    with anvil(tmp_path) as chain:
        prepared = prepare(tmp_path / "prepared", chain)
        member = Member(tmp_path / "node", chain, prepared.deployment, bank)
        try:
            digests = member.issue(1, 5)
            member.turn()
            assert all(member.attested(digests))
        finally:
            member.close()
    assert len(signer.signed) == (1 if place == "signer" else 0)
    assert keystore.get(made[Purpose.GOVERNANCE].key_id).uses > 3
    assert keystore.get(made[Purpose.ATTEST].key_id).uses == 1


def test_digests_wait_while_the_remote_signer_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keystore: Keystore, signer: Web3Signer
) -> None:
    from keys.errors import BackendUnavailable

    for purpose, adopt in ((Purpose.GOVERNANCE, None), (Purpose.ATTEST, signer.accounts[0]), (Purpose.STATUS, None)):
        place = "signer" if adopt else None
        keystore.activate(keystore.create(purpose, backend=place, adopt=adopt).key_id)
    bank = Party(BANK_URL, cast(KeyringSigner, KeystoreChainSigner(keystore)))
    real = chains.Party
    monkeypatch.setattr(chains, "Party", lambda url: bank if url == BANK_URL else real(url))
    (tmp_path / "prepared").mkdir()
    (tmp_path / "node").mkdir()
    with anvil(tmp_path) as chain:
        prepared = prepare(tmp_path / "prepared", chain)
        member = Member(tmp_path / "node", chain, prepared.deployment, bank)
        try:
            digests = member.issue(1, 5)
            member.follow()
            signer.status = 503
            with pytest.raises(BackendUnavailable):
                member.turn()
            assert not any(member.attested(digests))
            signer.status = None
            member.turn()
            assert all(member.attested(digests))
        finally:
            member.close()

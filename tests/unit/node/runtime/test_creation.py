"""What a new node's folder holds, who may read it, and what is never made over something else."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from cli.p256 import P256Key
from jeung.domain.access import Client, Scope
from jeung.domain.chain import ChainAccount
from jeung.domain.registrations import KeyPurpose
from jeung.errors import Conflict
from keys.keystore import Keystore
from keys.model import State
from keys.purposes import Purpose
from keys.signer import KeystoreSigner
from node.runtime.adapters import OsEntropy, SystemClock
from node.runtime.certification import CertificateChains
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import KeystoreChainSigner, open_keystore
from node.runtime.database import open_node_store
from node.runtime.rotation import rotate
from node.settings import Settings, SettingsInvalid, load_settings

CLOCK = SystemClock()
CLIENT = Client("back-office", P256Key.generate().jwk, frozenset({Scope.ISSUE, Scope.STATUS}))


def settings_of(**changes: str) -> dict[str, Any]:
    return {
        "name": "bank",
        "environment": "sandbox",
        "base_url": "http://localhost:8101",
        "listen_port": 8101,
        "rpc_urls": ["http://127.0.0.1:8100"],
        "unsafe_fast_key_derivation": True,
        "ledger": {"max_head_age_s": 12},
        **changes,
    }


@pytest.fixture
def node(tmp_path: Path) -> Settings:
    folder = tmp_path / "bank"
    create_node(NodePlan(folder, "Hanbit Bank", settings_of(), (CLIENT,)), CLOCK)
    return load_settings(folder)


def keystore_of(node: Settings) -> Keystore:
    return open_keystore(node, CLOCK)


def test_everything_but_public_facts_is_for_its_owner_only(node: Settings) -> None:
    assert stat.S_IMODE(node.node_dir.stat().st_mode) == 0o700
    for private in (node.passphrase_path, *node.keystore_folder.iterdir()):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_settings_hold_what_was_planned_and_no_secret(node: Settings) -> None:
    assert node.ledger.max_head_age_s == 12
    passphrase = node.passphrase_path.read_text().strip()
    assert len(passphrase) >= 43
    for path in node.node_dir.rglob("*"):
        if path.is_file() and path != node.passphrase_path:
            assert passphrase.encode() not in path.read_bytes(), path


def test_every_purpose_of_a_member_has_one_active_key(node: Settings) -> None:
    with keystore_of(node) as keystore:
        active = [record.purpose for record in keystore.list(state=State.ACTIVE)]
    assert sorted(active) == sorted(
        {
            *(Purpose.GOVERNANCE, Purpose.ATTEST, Purpose.STATUS, Purpose.DATA_WRAPPING),
            *(Purpose.CREDENTIAL_SIGNING, Purpose.STATUS_SIGNING, Purpose.REQUEST_SIGNING),
            *(Purpose.TOKEN_SIGNING, Purpose.RECEIPT_SIGNING, Purpose.WEBHOOK_SIGNING, Purpose.CERTIFICATE_AUTHORITY),
            *(Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING),
        }
    )


def test_the_public_description_names_the_accounts_that_sign(node: Settings) -> None:
    member = json.loads((node.node_dir / "member.json").read_text())
    with keystore_of(node) as keystore:
        signer = KeystoreChainSigner(keystore)
        assert member["accounts"] == {account.value: signer.address(account) for account in ChainAccount}
        assert len(signer.sign(ChainAccount.ATTEST, b"\x02\xc0")) == 65


def test_leaf_certificates_stand_under_the_anchor_which_stays_out_of_x5c(node: Settings) -> None:
    anchor = x509.load_pem_x509_certificate((node.node_dir / "certificates" / "anchor.pem").read_bytes())
    with keystore_of(node) as keystore:
        signer = KeystoreSigner(keystore, CertificateChains(node.node_dir))
        for purpose in (KeyPurpose.CREDENTIAL_SIGNING, KeyPurpose.STATUS_SIGNING, KeyPurpose.REQUEST_SIGNING):
            (text,) = signer.active_key(purpose).x5c
            leaf = x509.load_pem_x509_certificate(
                f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n".encode()
            )
            leaf.verify_directly_issued_by(anchor)
            assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
        assert signer.active_key(KeyPurpose.TOKEN_SIGNING).x5c == ()


def test_clients_are_registered(node: Settings) -> None:
    kept = open_node_store(node, CLOCK)
    try:
        with kept.store.read() as tx:
            assert tx.clients.get("back-office") == CLIENT
            assert tx.clients.get("stranger") is None
    finally:
        kept.dispose()


def test_nothing_is_made_over_an_existing_folder(node: Settings) -> None:
    before = (node.keystore_folder / "keys.jeung").read_bytes()
    with pytest.raises(Conflict, match="not empty"):
        create_node(NodePlan(node.node_dir, "Other", settings_of()), CLOCK)
    assert (node.keystore_folder / "keys.jeung").read_bytes() == before


def test_settings_that_cannot_be_meant_make_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        create_node(NodePlan(tmp_path / "bank", "Bank", settings_of(environment="production")), CLOCK)
    assert not (tmp_path / "bank").exists()


def test_two_nodes_share_nothing(tmp_path: Path) -> None:
    members = []
    for name in ("bank", "exchange"):
        create_node(NodePlan(tmp_path / name, name, settings_of(name=name)), CLOCK)
        members.append(json.loads((tmp_path / name / "member.json").read_text()))
    secrets = [(tmp_path / name / "passphrase").read_text() for name in ("bank", "exchange")]
    assert secrets[0] != secrets[1]
    assert not set(members[0]["accounts"].values()) & set(members[1]["accounts"].values())
    assert not set(members[0]["keys"].values()) & set(members[1]["keys"].values())


@pytest.mark.parametrize("compromised", [False, True])
def test_a_rotated_key_signs_at_once_with_its_certificate(node: Settings, compromised: bool) -> None:
    with keystore_of(node) as running, keystore_of(node) as operator:
        signer = KeystoreSigner(running, CertificateChains(node.node_dir))
        before = signer.active_key(KeyPurpose.CREDENTIAL_SIGNING)
        since = CLOCK.now() - 60 if compromised else None
        fresh = rotate(operator, Purpose.CREDENTIAL_SIGNING, node, CLOCK, compromised_since=since)
        after = signer.active_key(KeyPurpose.CREDENTIAL_SIGNING)
        assert after.key_id == fresh.key_id != before.key_id
        assert after.x5c
        assert after.x5c != before.x5c
        old = running.get(before.key_id)
        assert old.state is (State.COMPROMISED if compromised else State.RETIRED)
        assert old.compromised_since == since
    member = json.loads((node.node_dir / "member.json").read_text())
    assert member["keys"]["credential_signing"] == fresh.key_id


@pytest.mark.parametrize("purpose", [Purpose.GOVERNANCE, Purpose.ATTEST, Purpose.DATA_WRAPPING])
def test_accounts_and_wrapping_keys_are_not_replaced_this_way(node: Settings, purpose: Purpose) -> None:
    with keystore_of(node) as keystore:
        with pytest.raises(Conflict):
            rotate(keystore, purpose, node, CLOCK)
        assert len(keystore.list(purpose=purpose)) == 1


def test_the_real_adapters_tell_time_and_give_fresh_bytes() -> None:
    assert CLOCK.now() > 1_700_000_000
    assert OsEntropy().token(16) != OsEntropy().token(16)
    assert len(OsEntropy().token(7)) == 7

"""A wallet gets what its grant allows: one family, a copy for each key it proves, however often it asks."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from jeung.crypto.jwk import parse_jwk
from jeung.crypto.sd_jwt_vc import parse_presentation, read_credential
from jeung.domain.identifiers import to_hex
from jeung.domain.key_storage import KeyStorage
from jeung.domain.wallets import WalletGrant
from jeung.errors import (
    CredentialRequestDenied,
    InvalidCredentialRequest,
    InvalidProofNonce,
    InvalidWalletToken,
    JeungError,
    UnknownCredentialConfiguration,
    UnknownCredentialIdentifier,
)
from jeung.services.wallets.issuing import Delivery
from tests.common.key_proofs import Device
from tests.common.parties import VCT
from tests.unit.jeung.services.wallets.issuing_stage import BATCH, CONFIGURATION, IssuingStage


@pytest.fixture
def stage() -> IssuingStage:
    return IssuingStage()


def holder(credential: str) -> bytes:
    found = read_credential(parse_presentation(credential))
    assert found.holder_jwk is not None
    return parse_jwk(found.holder_jwk).thumbprint


def test_each_key_gets_a_copy_of_its_own(stage: IssuingStage) -> None:
    devices = [Device() for _ in range(3)]
    given = stage.receive(stage.grant(), *devices)
    assert [holder(credential) for credential in given.credentials] == [
        device.signer.key.thumbprint for device in devices
    ]
    read = [read_credential(parse_presentation(credential)) for credential in given.credentials]
    assert {credential.vct for credential in read} == {VCT}
    assert len({(credential.status.uri, credential.status.index) for credential in read if credential.status}) == 3
    disclosures = [credential.split("~")[1:-1] for credential in given.credentials]
    assert len({text for texts in disclosures for text in texts}) == sum(len(texts) for texts in disclosures)
    records = stage.bank.database.read().credentials.values()
    assert len({record.digest for record in records}) == 3
    assert len({record.family_id for record in records}) == 1


def test_grant_remembers_its_family(stage: IssuingStage) -> None:
    grant = stage.grant()
    stage.receive(grant, Device())
    [record] = stage.bank.database.read().credentials.values()
    assert stage.bank.database.read().grants[grant.grant_id].families == ((CONFIGURATION, record.family_id),)


def test_wallet_that_asks_again_with_its_keys_gets_the_same_copies(stage: IssuingStage) -> None:
    grant, devices = stage.grant(), [Device(), Device()]
    first = stage.receive(grant, *devices)
    again = stage.receive(grant, devices[1], devices[0])
    assert again.credentials == first.credentials[::-1]
    assert again.notification_id == first.notification_id
    assert stage.copies() == 2


def test_fresh_keys_get_further_copies_of_the_family_while_there_is_room(stage: IssuingStage) -> None:
    grant, devices = stage.grant(), [Device() for _ in range(BATCH + 1)]
    stage.receive(grant, *devices[:2])
    stage.receive(grant, *devices[1:BATCH])
    assert stage.copies() == BATCH
    assert len({record.family_id for record in stage.bank.database.read().credentials.values()}) == 1
    with pytest.raises(CredentialRequestDenied):
        stage.receive(grant, devices[-1])
    assert stage.copies() == BATCH
    assert len(stage.receive(grant, *devices[:BATCH]).credentials) == BATCH


def test_two_grants_give_two_families(stage: IssuingStage) -> None:
    proofing = stage.parties.proofed()
    stage.receive(stage.grant(proofing, 1), Device())
    stage.receive(stage.grant(proofing, 2), Device())
    assert len({record.family_id for record in stage.bank.database.read().credentials.values()}) == 2


def test_digests_wait_for_the_ledger(stage: IssuingStage) -> None:
    stage.receive(stage.grant(), Device(), Device())
    assert len(stage.bank.database.read().attest_works) == 2


@pytest.mark.parametrize("devices", [1, 2])
def test_used_nonce_is_refused(stage: IssuingStage, devices: int) -> None:
    grant, nonce = stage.grant(), stage.nonce()
    keys = [Device() for _ in range(devices)]
    stage.ask(grant, stage.jwts(*keys, nonce=nonce))
    for proofs in (stage.jwts(*keys, nonce=nonce), stage.jwts(Device(), nonce=nonce)):
        with pytest.raises(InvalidProofNonce):
            stage.ask(grant, proofs)
    assert stage.copies() == devices


def test_nonce_is_used_up_for_every_grant(stage: IssuingStage) -> None:
    proofing, nonce = stage.parties.proofed(), stage.nonce()
    stage.ask(stage.grant(proofing, 1), stage.jwts(Device(), nonce=nonce))
    with pytest.raises(InvalidProofNonce):
        stage.ask(stage.grant(proofing, 2), stage.jwts(Device(), nonce=nonce))


def test_refused_request_leaves_its_nonce_good(stage: IssuingStage) -> None:
    nonce, grant = stage.nonce(), stage.grant()
    with pytest.raises(UnknownCredentialConfiguration):
        stage.ask(grant, stage.jwts(Device(), nonce=nonce), configuration_id="other-1")
    assert isinstance(stage.ask(grant, stage.jwts(Device(), nonce=nonce)), Delivery)


def in_parallel(stage: IssuingStage, grant: WalletGrant, requests: list[Any]) -> list[object]:
    """Send requests at the same time; give what each got, an error or an answer."""
    answers: list[object] = []
    start = threading.Barrier(len(requests))

    def send(proofs: object) -> None:
        start.wait()
        try:
            answers.append(stage.ask(grant, proofs))
        except JeungError as error:
            answers.append(error)

    threads = [threading.Thread(target=send, args=(proofs,)) for proofs in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_parallel_requests_under_one_nonce_one_is_answered(stage: IssuingStage) -> None:
    nonce = stage.nonce()
    answers = in_parallel(stage, stage.grant(), [stage.jwts(Device(), nonce=nonce) for _ in range(6)])
    assert sorted(type(answer).__name__ for answer in answers) == ["Delivery", *["InvalidProofNonce"] * 5]
    assert stage.copies() == 1


def test_parallel_requests_under_one_grant_stay_within_its_bound(stage: IssuingStage) -> None:
    answers = in_parallel(stage, stage.grant(), [stage.jwts(Device(), Device(), Device()) for _ in range(5)])
    assert sorted(type(answer).__name__ for answer in answers) == [*["CredentialRequestDenied"] * 4, "Delivery"]
    assert len({record.family_id for record in stage.bank.database.read().credentials.values()}) == 1


def test_parallel_requests_with_the_same_keys_get_the_same_copies(stage: IssuingStage) -> None:
    devices = [Device(), Device()]
    answers = in_parallel(stage, stage.grant(), [stage.jwts(*devices) for _ in range(5)])
    assert len({answer.credentials for answer in answers if isinstance(answer, Delivery)}) == 1
    assert len(answers) == 5
    assert stage.copies() == 2


def _revoke(stage: IssuingStage, grant: WalletGrant) -> None:
    with stage.store.write() as tx:
        tx.grants.replace(replace(grant, revoked_at=stage.clock.now()))


def _expire(stage: IssuingStage, grant: WalletGrant) -> None:
    with stage.store.write() as tx:
        tx.grants.replace(replace(grant, expires_at=stage.clock.now()))


@pytest.mark.parametrize("fate", [_revoke, _expire])
def test_grant_that_ends_while_it_is_used_gives_nothing(stage: IssuingStage, fate: Any) -> None:  # noqa: ANN401
    grant = stage.grant()
    fate(stage, grant)
    with pytest.raises(InvalidWalletToken):
        stage.receive(grant, Device())
    assert stage.copies() == 0


def test_unknown_grant_gives_nothing(stage: IssuingStage) -> None:
    with pytest.raises(InvalidWalletToken):
        stage.receive(replace(stage.grant(), grant_id="another"), Device())


def _withdraw(stage: IssuingStage, _grant: WalletGrant) -> None:
    stage.chain.withdraw(stage.bank.member, stage.parties.schema, stage.clock.now())


def _suspend(stage: IssuingStage, _grant: WalletGrant) -> None:
    args = {"suspendedBy": to_hex(b"\0" * 32), "reasonDigest": to_hex(b"r" * 32), "until": 0}
    stage.chain.about_member("MemberSuspended", stage.bank.member, **args)


def _erase(stage: IssuingStage, grant: WalletGrant) -> None:
    with stage.store.write() as tx:
        tx.data_keys.destroy(grant.subject_id)


@pytest.mark.parametrize("fate", [_withdraw, _suspend, _erase])
def test_what_can_no_longer_be_issued_is_denied(stage: IssuingStage, fate: Any) -> None:  # noqa: ANN401
    grant = stage.grant()
    fate(stage, grant)
    with pytest.raises(CredentialRequestDenied):
        stage.receive(grant, Device())
    assert stage.copies() == 0


def test_erased_subject_gets_not_even_what_was_issued_before(stage: IssuingStage) -> None:
    grant, device = stage.grant(), Device()
    stage.receive(grant, device)
    _erase(stage, grant)
    with pytest.raises(CredentialRequestDenied):
        stage.receive(grant, device)


def test_rejected_proofing_is_denied(stage: IssuingStage) -> None:
    proofing = stage.parties.proofing.open({"family_name": "Kim", "given_name": "A", "birthdate": "1990-01-01"})
    stage.complete(proofing.proofing_id, passed=False)
    with pytest.raises(CredentialRequestDenied):
        stage.receive(stage.grant(proofing.proofing_id), Device())


def test_grant_for_a_proofing_that_is_gone_is_denied(stage: IssuingStage) -> None:
    grant = stage.grant()
    with stage.store.write() as tx:
        tx.grants.replace(replace(grant, proofing_id="another"))
    with pytest.raises(CredentialRequestDenied):
        stage.receive(grant, Device())


@pytest.mark.parametrize("name", ["other-1", "", "real-name-1 ", VCT])
def test_configuration_must_be_one_of_the_grants(stage: IssuingStage, name: str) -> None:
    with pytest.raises(UnknownCredentialConfiguration):
        stage.ask(stage.grant(), stage.jwts(Device()), configuration_id=name)


def test_configuration_whose_type_is_not_registered_is_unknown(stage: IssuingStage) -> None:
    grant = stage.grant(configuration_ids=(CONFIGURATION, "other-1"))
    with pytest.raises(UnknownCredentialConfiguration):
        stage.ask(grant, stage.jwts(Device()), configuration_id="other-1")


def test_identifier_of_the_token_answer_names_the_configuration(stage: IssuingStage) -> None:
    grant = stage.grant(credential_identifiers=((CONFIGURATION, "id-1"),))
    given = stage.ask(grant, stage.jwts(Device()), configuration_id=None, identifier="id-1")
    assert isinstance(given, Delivery)


def test_unknown_identifier_is_refused(stage: IssuingStage) -> None:
    with_identifiers = stage.grant(credential_identifiers=((CONFIGURATION, "id-1"),))
    without = stage.grant(number=2)
    for grant, name in ((with_identifiers, "id-2"), (with_identifiers, CONFIGURATION), (without, "id-1")):
        with pytest.raises(UnknownCredentialIdentifier):
            stage.ask(grant, stage.jwts(Device()), configuration_id=None, identifier=name)


def test_configuration_is_not_named_where_identifiers_were_given(stage: IssuingStage) -> None:
    grant = stage.grant(credential_identifiers=((CONFIGURATION, "id-1"),))
    with pytest.raises(InvalidCredentialRequest):
        stage.ask(grant, stage.jwts(Device()))


def test_credential_says_how_well_its_key_is_kept_and_so_does_its_record(stage: IssuingStage) -> None:
    attested, plain = Device(), Device()
    nonce = stage.nonce()
    header = {"key_attestation": stage.attestation([attested], nonce=nonce)}
    proofs = stage.jwts(attested, nonce=nonce, header=header)["jwt"] + stage.jwts(plain, nonce=nonce)["jwt"]
    given = stage.ask(stage.grant(), {"jwt": proofs})
    assert isinstance(given, Delivery)
    said = [read_credential(parse_presentation(credential)).claims["device_key"] for credential in given.credentials]
    assert said == [
        {"storage": "iso_18045_moderate", "guard": "iso_18045_enhanced-basic"},
        {"storage": "software", "guard": "software"},
    ]
    kept = [record.key_storage for record in stage.bank.database.read().credentials.values()]
    assert kept == [KeyStorage.MODERATE, KeyStorage.SOFTWARE]


def test_how_a_key_is_kept_is_the_holders_to_show(stage: IssuingStage) -> None:
    [credential] = stage.receive(stage.grant(), Device()).credentials
    shown = read_credential(parse_presentation(credential.split("~")[0] + "~")).claims
    assert shown["device_key"] == {}

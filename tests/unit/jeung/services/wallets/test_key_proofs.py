"""Proofs prove different keys under fresh nonces of ours, attested by whom the consortium trusts, or nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.domain.identifiers import to_hex
from jeung.domain.key_storage import KeyStorage
from jeung.domain.wallets import ChallengeKind
from jeung.errors import InvalidKeyProof, InvalidProofNonce, UntrustedKeyAttestation
from jeung.services.wallets.key_proofs import ProvedKeys
from tests.common.key_proofs import Device, Provider
from tests.common.parties import BANK, EXCHANGE
from tests.unit.jeung.services.wallets.issuing_stage import BATCH, IssuingStage


@pytest.fixture
def stage() -> IssuingStage:
    return IssuingStage()


def verify(stage: IssuingStage, proofs: object, client_id: str | None = None) -> ProvedKeys:
    with stage.parties.ledger.view() as view:
        return stage.proofs.verify(proofs, view.registry, client_id=client_id)


def thumbprints(proved: ProvedKeys) -> list[bytes]:
    return [key.key.thumbprint for key in proved.keys]


def names(*devices: Device) -> list[bytes]:
    return [device.signer.key.thumbprint for device in devices]


def test_proofs_give_keys_in_their_order_and_each_nonce_once(stage: IssuingStage) -> None:
    devices, nonces = [Device() for _ in range(3)], [stage.nonce(), stage.nonce()]
    jwts = [*stage.jwts(*devices[:2], nonce=nonces[0])["jwt"], *stage.jwts(devices[2], nonce=nonces[1])["jwt"]]
    proved = verify(stage, {"jwt": jwts})
    assert thumbprints(proved) == names(*devices)
    assert proved.nonces == tuple(nonces)
    assert {(key.storage, key.guard) for key in proved.keys} == {(KeyStorage.SOFTWARE, KeyStorage.SOFTWARE)}


def test_attestation_alone_gives_every_attested_key(stage: IssuingStage) -> None:
    devices, nonce = [Device() for _ in range(BATCH)], stage.nonce()
    proved = verify(stage, {"attestation": [stage.attestation(devices, nonce=nonce)]})
    assert (thumbprints(proved), proved.nonces) == (names(*devices), (nonce,))
    assert {(key.storage, key.guard) for key in proved.keys} == {(KeyStorage.MODERATE, KeyStorage.ENHANCED_BASIC)}


def test_attestation_alone_needs_no_exp(stage: IssuingStage) -> None:
    assert verify(stage, {"attestation": [stage.attestation([Device()], without=["exp"])]}).keys


def test_one_proof_beside_an_attestation_brings_all_attested_keys(stage: IssuingStage) -> None:
    first, second, nonce = Device(), Device(), stage.nonce()
    header = {"kid": "1", "key_attestation": stage.attestation([first, second], nonce=nonce)}
    proved = verify(stage, stage.jwts(second, nonce=nonce, header=header, without=["jwk"]))
    assert thumbprints(proved) == names(second, first)
    assert proved.nonces == (nonce,)


def test_same_attestation_beside_each_proof_counts_once(stage: IssuingStage) -> None:
    devices, nonce = [Device(), Device()], stage.nonce()
    header = {"key_attestation": stage.attestation(devices, nonce=nonce)}
    assert thumbprints(verify(stage, stage.jwts(*devices, nonce=nonce, header=header))) == names(*devices)


@pytest.mark.parametrize(
    "proofs",
    [
        None,
        [],
        "text",
        {},
        {"jwt": []},
        {"jwt": "text"},
        {"jwt": [1]},
        {"jwt": ["a.b.c"] * (BATCH + 1)},
        {"jwt": ["a.b.c"], "attestation": ["a.b.c"]},
        {"attestation": []},
        {"attestation": ["a.b.c"] * 2},
        {"attestation": "a.b.c"},
        {"di_vp": [{}]},
        {"cwt": ["AA"]},
    ],
    ids=str,
)
def test_proofs_of_another_shape_are_refused(stage: IssuingStage, proofs: object) -> None:
    with pytest.raises(InvalidKeyProof):
        verify(stage, proofs)


def test_key_proved_twice_is_refused(stage: IssuingStage) -> None:
    device = Device()
    with pytest.raises(InvalidKeyProof, match="twice"):
        verify(stage, stage.jwts(device, Device(), device))


def test_more_keys_than_a_batch_are_refused_whoever_attests_them(stage: IssuingStage) -> None:
    devices = [Device() for _ in range(BATCH + 1)]
    with pytest.raises(InvalidKeyProof, match="batch"):
        verify(stage, {"attestation": [stage.attestation(devices)]})
    nonce = stage.nonce()
    header = {"key_attestation": stage.attestation(devices, nonce=nonce)}
    with pytest.raises(InvalidKeyProof, match="batch"):
        verify(stage, stage.jwts(devices[0], nonce=nonce, header=header))


def test_proof_for_another_issuer_or_client_is_refused(stage: IssuingStage) -> None:
    for claims in ({"aud": EXCHANGE}, {"iss": "another"}):
        with pytest.raises(InvalidKeyProof):
            verify(stage, stage.jwts(Device(), **claims), client_id="wallet-1")
    assert verify(stage, stage.jwts(Device(), iss="wallet-1"), client_id="wallet-1").keys


def test_one_bad_proof_spoils_the_batch(stage: IssuingStage) -> None:
    good, bad = Device(), Device()
    nonce = stage.nonce()
    proofs = stage.jwts(good, nonce=nonce)["jwt"] + stage.jwts(bad, nonce=nonce, header={"jwk": good.jwk})["jwt"]
    with pytest.raises(InvalidKeyProof):
        verify(stage, {"jwt": proofs})


def _foreign(stage: IssuingStage) -> str:
    return IssuingStage().nonce()


def _expired(stage: IssuingStage) -> str:
    nonce = stage.nonce()
    stage.clock.advance(120)
    return nonce


def _other_kind(kind: ChallengeKind) -> Callable[[IssuingStage], str]:
    return lambda stage: stage.challenges.issue(kind)


NONCES: list[Callable[[IssuingStage], str]] = [
    lambda stage: "made up",
    lambda stage: base64url.encode(bytes(60)),
    lambda stage: stage.nonce()[:-1],
    lambda stage: stage.nonce() + "A",
    lambda stage: "A" * 5_000,
    lambda stage: "논스",
    _foreign,
    _expired,
    _other_kind(ChallengeKind.DPOP_NONCE),
    _other_kind(ChallengeKind.ATTESTATION),
]


@pytest.mark.parametrize("made", NONCES)
def test_nonce_that_is_not_a_fresh_one_of_ours_is_refused(
    stage: IssuingStage, made: Callable[[IssuingStage], str]
) -> None:
    nonce = made(stage)
    with pytest.raises(InvalidProofNonce):
        verify(stage, stage.jwts(Device(), nonce=nonce))
    with pytest.raises(InvalidProofNonce):
        verify(stage, {"attestation": [stage.attestation([Device()], nonce=nonce)]})
    header = {"key_attestation": stage.attestation([device := Device()], nonce=nonce)}
    with pytest.raises(InvalidProofNonce):
        verify(stage, stage.jwts(device, header=header))


def test_attestation_beside_a_proof_needs_nonce_and_exp(stage: IssuingStage) -> None:
    for name in ("nonce", "exp"):
        device, nonce = Device(), stage.nonce()
        header = {"key_attestation": stage.attestation([device], nonce=nonce, without=[name])}
        with pytest.raises(InvalidKeyProof, match=name):
            verify(stage, stage.jwts(device, nonce=nonce, header=header))


def test_attestation_alone_needs_a_nonce(stage: IssuingStage) -> None:
    with pytest.raises(InvalidKeyProof, match="nonce"):
        verify(stage, {"attestation": [stage.attestation([Device()], without=["nonce"])]})


def both_ways(stage: IssuingStage, error: type[Exception], **changes: Any) -> None:  # noqa: ANN401
    """Show an attestation alone and beside a proof; both times it is refused."""
    with pytest.raises(error):
        verify(stage, {"attestation": [stage.attestation([Device()], **changes)]})
    device, nonce = Device(), stage.nonce()
    header = {"key_attestation": stage.attestation([device], nonce=nonce, **changes)}
    with pytest.raises(error):
        verify(stage, stage.jwts(device, nonce=nonce, header=header))


def test_provider_nobody_trusts_vouches_for_nothing(stage: IssuingStage) -> None:
    stage.provider = Provider()
    both_ways(stage, UntrustedKeyAttestation)


def test_distrusted_provider_vouches_for_nothing(stage: IssuingStage) -> None:
    stage.distrust(stage.provider, stage.clock.now() + 10)
    assert verify(stage, {"attestation": [stage.attestation([Device()])]}).keys
    stage.clock.advance(10)
    both_ways(stage, UntrustedKeyAttestation)


def test_provider_whose_trust_has_lapsed_vouches_for_nothing(stage: IssuingStage) -> None:
    stage.provider = Provider()
    stage.trust(stage.provider, until=stage.clock.now() + 60)
    assert verify(stage, {"attestation": [stage.attestation([Device()])]}).keys
    stage.clock.advance(60)
    both_ways(stage, UntrustedKeyAttestation)


@pytest.mark.parametrize("jwk", [b"", b"[]", b'{"kty":"EC"}'])
def test_provider_registered_with_no_key_vouches_for_nothing(stage: IssuingStage, jwk: bytes) -> None:
    stage.provider = Provider()
    args = {"thumbprint": to_hex(stage.provider.thumbprint), "name": "W", "jwk": to_hex(jwk), "validUntil": 1 << 40}
    stage.chain.emit("RelyingPartyRegistry", "WalletProviderTrusted", args)
    both_ways(stage, UntrustedKeyAttestation)


def test_name_of_a_trusted_provider_does_not_lend_its_key(stage: IssuingStage) -> None:
    kid = base64url.encode(stage.provider.thumbprint)
    stage.provider = Provider()
    both_ways(stage, InvalidKeyProof, header={"kid": kid}, without=["x5c"])


@pytest.mark.parametrize("header", [{}, {"kid": "key-1"}, {"kid": 5}, {"x5c": []}], ids=str)
def test_name_that_a_provider_gives_its_key_decides_nothing(stage: IssuingStage, header: dict[str, Any]) -> None:
    without = [] if "x5c" in header else ["x5c"]
    device = Device()
    attestation = stage.attestation([device], header=header, without=without)
    assert thumbprints(verify(stage, {"attestation": [attestation]})) == names(device)


def test_expired_attestation_is_refused(stage: IssuingStage) -> None:
    both_ways(stage, InvalidKeyProof, exp=stage.clock.now() - 60)


def test_attestation_from_the_future_is_refused(stage: IssuingStage) -> None:
    both_ways(stage, InvalidKeyProof, iat=stage.clock.now() + 61)


def test_changed_attestation_is_refused(stage: IssuingStage) -> None:
    head, body, signature = stage.attestation([Device()]).split(".")
    claims = json.loads(base64url.decode(body)) | {"key_storage": ["iso_18045_high"]}
    forged = f"{head}.{base64url.encode(json.dumps(claims).encode())}.{signature}"
    with pytest.raises(InvalidKeyProof):
        verify(stage, {"attestation": [forged]})


def test_attestation_of_other_keys_does_not_vouch_for_the_proofs(stage: IssuingStage) -> None:
    nonce = stage.nonce()
    header = {"key_attestation": stage.attestation([Device()], nonce=nonce)}
    with pytest.raises(InvalidKeyProof, match="attest"):
        verify(stage, stage.jwts(Device(), nonce=nonce, header=header))


def test_issuer_that_demands_a_grade_takes_no_key_below_it() -> None:
    stage = IssuingStage(least_storage=KeyStorage.MODERATE)
    assert verify(stage, {"attestation": [stage.attestation([Device()])]}).keys
    for proofs in (
        stage.jwts(Device()),
        {"attestation": [stage.attestation([Device()], key_storage=["iso_18045_basic"])]},
        {"attestation": [stage.attestation([Device()], without=["key_storage"])]},
    ):
        with pytest.raises(InvalidKeyProof, match="kept"):
            verify(stage, proofs)
    attested, nonce = Device(), stage.nonce()
    header = {"key_attestation": stage.attestation([attested], nonce=nonce)}
    mixed = stage.jwts(attested, nonce=nonce, header=header)["jwt"] + stage.jwts(Device(), nonce=nonce)["jwt"]
    with pytest.raises(InvalidKeyProof, match="kept"):
        verify(stage, {"jwt": mixed})


def test_proof_is_for_the_issuer_the_rules_name(stage: IssuingStage) -> None:
    assert verify(stage, stage.jwts(Device(), aud=BANK)).keys

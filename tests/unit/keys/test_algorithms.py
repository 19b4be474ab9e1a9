"""The algorithms, against answers that others published, and the key objects, which must not be taken along."""

import copy
import pickle

import pytest
import rlp
from eth_account import Account

from jeung.crypto import base64url
from jeung.crypto.signatures import ED25519, ES256
from keys.algorithms import (
    A256GCM,
    ES256K_RECOVERABLE,
    SoftwareKey,
    WrappingKey,
    algorithms,
    algorithms_of,
    eip55,
    software_kind,
)
from keys.errors import EnvelopeRefused, ExportRefused, UnknownAlgorithm, WrongPurpose
from keys.purposes import CHAIN_PURPOSES, USES, Purpose
from tests.common.vectors import wycheproof


def load(algorithm: str, private: bytes | bytearray) -> SoftwareKey:
    return software_kind(algorithm).load("", bytearray(private))


def test_every_purpose_is_served_by_registered_algorithms_only() -> None:
    assert set(Purpose) == {*USES, *CHAIN_PURPOSES, Purpose.DATA_WRAPPING}
    for purpose in Purpose:
        assert algorithms_of(purpose)
        assert set(algorithms_of(purpose)) <= set(algorithms())


def test_algorithm_nobody_registered_is_refused() -> None:
    with pytest.raises(UnknownAlgorithm):
        software_kind("ES384")


def test_p256_key_of_rfc_7515_has_its_public_key_and_thumbprint() -> None:
    key = load(ES256, base64url.decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"))
    assert dict(key.public.members) == {
        "crv": "P-256",
        "kty": "EC",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }


def test_account_of_eip_155_has_its_address() -> None:
    key = load(ES256K_RECOVERABLE, b"\x46" * 32)
    assert key.public.address == "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"


def test_signed_transaction_is_recovered_to_its_account_by_eth_account() -> None:
    key = load(ES256K_RECOVERABLE, b"\x46" * 32)
    fields: list[object] = [31337, 9, 0, 0, 21_000, b"\x35" * 20, 10**18, b"", []]
    signature = key.sign(b"\x02" + rlp.encode(fields))
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    raw = b"\x02" + rlp.encode([*fields, signature[64], r, s])
    assert Account.recover_transaction(raw) == key.public.address


@pytest.mark.parametrize(
    "address",
    ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"],
)
def test_address_is_spelled_as_eip_55_shows(address: str) -> None:
    assert eip55(bytes.fromhex(address[2:])) == address


def test_ed25519_signs_as_rfc_8032_shows() -> None:
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = load(ED25519, seed)
    point = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    assert dict(key.public.members)["x"] == base64url.encode(point)
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_every_wycheproof_vector_of_aes_256_gcm_is_judged_rightly() -> None:
    judged = {"valid": 0, "invalid": 0}
    for group, test in wycheproof("aes_gcm_test"):
        if (group["keySize"], group["ivSize"], group["tagSize"]) != (256, 96, 128):
            continue
        key = load(A256GCM, bytes.fromhex(test["key"]))
        sealed, associated = bytes.fromhex(test["iv"] + test["ct"] + test["tag"]), bytes.fromhex(test["aad"])
        if test["result"] == "valid":
            assert key.unseal(sealed, associated).hex() == test["msg"]
        else:
            with pytest.raises(EnvelopeRefused):
                key.unseal(sealed, associated)
        judged[test["result"]] += 1
    assert judged["valid"] > 30
    assert judged["invalid"] > 20


@pytest.mark.parametrize("length", range(28))
def test_less_than_a_nonce_and_a_tag_is_refused(length: int) -> None:
    with pytest.raises(EnvelopeRefused):
        load(A256GCM, bytes(32)).unseal(bytes(length), b"")


@pytest.mark.parametrize("algorithm", algorithms())
def test_key_object_cannot_be_copied_pickled_or_printed(algorithm: str) -> None:
    private = software_kind(algorithm).generate()
    assert len(private) == 32
    key = load(algorithm, private)
    assert key.algorithm == algorithm
    assert private.hex() not in repr(key) + repr(key.public)
    assert not hasattr(key, "__dict__")
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ExportRefused):
            act(key)


@pytest.mark.parametrize("algorithm", algorithms())
def test_key_does_only_what_its_algorithm_does(algorithm: str) -> None:
    key = load(algorithm, software_kind(algorithm).generate())
    if isinstance(key, WrappingKey):
        with pytest.raises(WrongPurpose):
            key.sign(b"message")
        return
    assert key.sign(b"message")
    with pytest.raises(WrongPurpose):
        key.seal(b"", b"")
    with pytest.raises(WrongPurpose):
        key.unseal(bytes(28), b"")

"""Requests are encrypted to the key of the day; keys of other days, other suites and forgeries open nothing."""

import pytest

from jeung.crypto.jwe import encrypt_jwe
from jeung.errors import InputTooLarge, InvalidEncryptionParameters
from jeung.services.wallets.request_encryption import (
    MAX_REQUEST_CHARACTERS,
    EncryptionRules,
    RequestEncryption,
)
from tests.common.jose import P256Signer
from tests.common.memory.custody import MemoryResponseKeys
from tests.unit.jeung.services.wallets.stage import Stage


class Desk:
    """Hold two processes of one node."""

    def __init__(self, stage: Stage) -> None:
        self.clock, self.store, keys = stage.clock, stage.store, MemoryResponseKeys()
        self.first, self.second = (
            RequestEncryption(
                store=stage.store,
                keys=keys,
                clock=stage.clock,
                rules=EncryptionRules(published_s=100, accepted_s=200),
            )
            for _ in range(2)
        )


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


def sealed(desk: Desk, plaintext: bytes = b'{"a":1}', content_encryption: str = "A128GCM") -> str:
    return encrypt_jwe(plaintext, desk.first.public_key(), content_encryption=content_encryption)


@pytest.mark.parametrize("content_encryption", ["A128GCM", "A256GCM"])
def test_what_was_encrypted_to_the_published_key_is_opened(desk: Desk, content_encryption: str) -> None:
    message = sealed(desk, b"request", content_encryption)
    assert desk.first.open(message) == desk.second.open(message) == b"request"


def test_published_key_says_what_it_is_for(desk: Desk) -> None:
    key = desk.first.public_key()
    assert (key["use"], key["alg"], key["kty"], key["crv"]) == ("enc", "ECDH-ES", "EC", "P-256")
    assert "d" not in key
    assert key["kid"]


def test_processes_publish_the_same_key_for_a_day(desk: Desk) -> None:
    key = desk.first.public_key()
    desk.clock.advance(99)
    assert desk.first.public_key() == desk.second.public_key() == key


def test_fresh_key_takes_its_place_and_the_old_one_still_opens_for_a_while(desk: Desk) -> None:
    message, old = sealed(desk), desk.first.public_key()
    desk.clock.advance(100)
    new = desk.second.public_key()
    assert (new == old, desk.first.public_key() == new) == (False, True)
    assert desk.first.open(message) == b'{"a":1}'
    desk.clock.advance(100)
    with pytest.raises(InvalidEncryptionParameters):
        desk.first.open(message)


def test_key_another_process_made_meanwhile_is_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    write = desk.store.write
    made: list[object] = []

    def raced() -> object:
        if not made:
            made.append(None)
            made.append(desk.second.public_key())
        return write()

    monkeypatch.setattr(desk.store, "write", raced)
    assert desk.first.public_key() == made[1]


def test_key_that_is_not_ours_is_refused(desk: Desk) -> None:
    desk.first.public_key()
    for foreign in (P256Signer().jwk, {**P256Signer().jwk, "kid": "unknown"}):
        with pytest.raises(InvalidEncryptionParameters):
            desk.first.open(encrypt_jwe(b"{}", foreign, content_encryption="A128GCM"))


def test_message_to_another_key_under_our_name_is_refused(desk: Desk) -> None:
    impostor = {**P256Signer().jwk, "kid": desk.first.public_key()["kid"]}
    with pytest.raises(InvalidEncryptionParameters):
        desk.first.open(encrypt_jwe(b"{}", impostor, content_encryption="A128GCM"))


@pytest.mark.parametrize("text", ["", "a.b.c", "a.b.c.d.e", "a..b.c.d", "é"])
def test_text_that_is_no_jwe_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(InvalidEncryptionParameters):
        desk.first.open(text)


def test_changed_message_is_refused(desk: Desk) -> None:
    *head, tag = sealed(desk).split(".")
    with pytest.raises(InvalidEncryptionParameters):
        desk.first.open(".".join([*head, "A" * len(tag)]))


def test_long_message_is_refused_before_it_is_read(desk: Desk) -> None:
    with pytest.raises(InputTooLarge):
        desk.first.open("A" * (MAX_REQUEST_CHARACTERS + 1))

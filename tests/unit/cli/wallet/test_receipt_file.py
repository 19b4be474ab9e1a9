"""A receipt in a file comes back whole, is its holder's alone, and nothing else passes for one."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from cli.console import CommandFailed
from cli.p256 import P256Key
from cli.wallet.receipt_file import read_receipt, write_receipt
from cli.wallet.receipts import KeptReceipt
from jeung.crypto.jws import sign_jws


def kept() -> KeptReceipt:
    key = P256Key.generate()
    text = sign_jws({"alg": "ES256", "typ": "consent-receipt+jwt"}, {"jti": "rct_1"}, key.sign)
    return KeptReceipt(text, {"jti": "rct_1"}, "a.b.c", key, vouched=True)


def test_receipt_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    path, receipt = tmp_path / "receipt.json", kept()
    write_receipt(path, receipt)
    assert path.stat().st_mode & 0o777 == 0o600
    again = read_receipt(path)
    assert (again.text, again.claims, again.binding, again.vouched) == (receipt.text, receipt.claims, "a.b.c", True)
    assert again.key.jwk == receipt.key.jwk


def test_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text("mine")
    with pytest.raises(CommandFailed):
        write_receipt(path, kept())
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "change",
    [{"receipt": "x"}, {"receipt": None}, {"device_key": "x"}, {"device_key": "é"}, {"device_key": 1}],
    ids=["no receipt", "null", "no key", "not ASCII", "a number"],
)
def test_what_is_no_receipt_is_said_to_be_none(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "receipt.json"
    write_receipt(path, kept())
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CommandFailed, match="holds no receipt"):
        read_receipt(path)


def test_missing_and_malformed_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot read"):
        read_receipt(tmp_path / "none.json")
    for text in ("", "[]", "{}"):
        (tmp_path / "other.json").write_text(text)
        with pytest.raises(CommandFailed, match="holds no receipt"):
            read_receipt(tmp_path / "other.json")


def test_key_of_another_kind_or_under_a_passphrase_is_not_read() -> None:
    sealed = BestAvailableEncryption(b"secret")
    p256 = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed).decode()
    with pytest.raises(ValueError, match="encrypted"):
        P256Key.from_pem(p256)
    for other in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())):
        text = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        with pytest.raises(TypeError):
            P256Key.from_pem(text)

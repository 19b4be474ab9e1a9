"""Keep a receipt in a file of the holder's, with the device key that it can be asked about under: mode 0600."""

import json
import os
from pathlib import Path
from typing import Any

from cli.console import CommandFailed
from cli.p256 import P256Key
from cli.wallet.receipts import KeptReceipt
from jeung.crypto.jws import parse_jws
from jeung.domain.receipts import MAX_RECEIPT_CHARACTERS, RECEIPT_TYPE
from jeung.errors import JeungError

_MAX_BYTES = 65_536


def write_receipt(path: Path, receipt: KeptReceipt) -> None:
    """Write a new file.

    Raises:
        CommandFailed: it is there already, or cannot be written.
    """
    body = {
        "receipt": receipt.text,
        "key_binding": receipt.binding,
        "device_key": receipt.key.pem,
        "vouched": receipt.vouched,
    }
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(body, file)
    except OSError as error:
        raise CommandFailed(f"cannot write {path}: {error.strerror}") from None


def read_receipt(path: Path) -> KeptReceipt:
    """Read what `write_receipt` wrote; whether the receipt holds was judged before it was kept.

    Raises:
        CommandFailed: no such file, or another kind of file.
    """
    try:
        with path.open("rb") as file:
            body: dict[str, Any] = json.loads(file.read(_MAX_BYTES))
        jws = parse_jws(body["receipt"], typ=RECEIPT_TYPE, max_characters=MAX_RECEIPT_CHARACTERS)
        key = P256Key.from_pem(str(body["device_key"]))
        return KeptReceipt(
            body["receipt"], jws.claims(), str(body["key_binding"]), key, vouched=bool(body["vouched"])
        )
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, JeungError):
        raise CommandFailed(f"{path} holds no receipt") from None

"""At the terminal a wallet presents, keeps its receipt and asks about it; who has another key learns nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands import present, wallet
from cli.console import CommandFailed
from cli.p256 import P256Key
from cli.sandbox.layout import MEMBERS, open_sandbox
from cli.wallet.errors import ServerRefused
from tests.e2e.founded import Founded

pytestmark = [pytest.mark.sandbox]


def test_receipt_is_kept_and_asked_about(
    founded: Founded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, file = founded.consortium().sandbox.root, tmp_path / "receipt.json"
    wallet.present(file, data)
    receipt: dict[str, Any] = json.loads(capsys.readouterr().out)
    wallet.ask(file, None, data)
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (said["receipt"], said["standing"]) == (receipt["jti"], "kept")
    assert said["record"]["claims"] == receipt["claims"]
    stolen = json.loads(file.read_text()) | {"device_key": P256Key.generate().pem}
    file.write_text(json.dumps(stolen))
    with pytest.raises(ServerRefused, match="receipt_proof_refused"):
        wallet.ask(file, open_sandbox(data).base_url(MEMBERS[0]), data)
    present.present(["name_ko"], data)
    assert "nonce" in json.loads(capsys.readouterr().out)


def test_concerns_are_named_and_end_the_command() -> None:
    wallet.require_no_concern(())
    with pytest.raises(CommandFailed, match="receipt_missing"):
        wallet.require_no_concern(("receipt_missing",))

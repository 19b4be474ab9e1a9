"""Start a throw-away chain and send it signed transactions, for figures that need nothing else."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import requests
from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.abi import collapse_if_tuple, function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

ROOT = Path(__file__).parents[1]
CHAIN_ID = 31337
# EIP-7825's limit on one transaction.
GAS = 16_700_000
_BOOT_S = 20.0
_CALL_S = 30.0


class ChainError(RuntimeError):
    """Raised when the chain does not start, answers with an error, or reverts."""


@dataclass(frozen=True)
class Receipt:
    """What is measured of a transaction: its gas, its new contract's address, its logs."""

    gas: int
    address: str
    logs: list[dict[str, Any]]


@dataclass
class Contract:
    """A deployed contract: where it stands and what its functions take."""

    address: str
    abi: Sequence[Mapping[str, Any]]

    def calldata(self, function: str, *arguments: object) -> bytes:
        """Encode a call."""
        (entry,) = (item for item in self.abi if item["type"] == "function" and item["name"] == function)
        types = [collapse_if_tuple(dict(argument)) for argument in entry["inputs"]]
        selector = function_signature_to_4byte_selector(f"{function}({','.join(types)})")
        return selector + encode(types, arguments)


@dataclass
class Chain:
    """A JSON-RPC endpoint that mines every transaction at once, at a price of zero."""

    url: str
    _nonces: dict[str, int] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=count)

    def deploy(self, sender: LocalAccount, artifact: Mapping[str, Any], *arguments: object) -> Contract:
        """Create a contract from its ABI and creation code."""
        inputs: list[dict[str, Any]] = next(
            (item["inputs"] for item in artifact["abi"] if item["type"] == "constructor"), []
        )
        types = [collapse_if_tuple(dict(argument)) for argument in inputs]
        receipt = self.send(sender, None, artifact["bytecode"] + encode(types, arguments))
        return Contract(receipt.address, artifact["abi"])

    def call(self, sender: LocalAccount, contract: Contract, function: str, *arguments: object) -> Receipt:
        """Send a transaction that calls a function."""
        return self.send(sender, contract.address, contract.calldata(function, *arguments))

    def send(self, sender: LocalAccount, target: str | None, data: bytes) -> Receipt:
        """Sign, send and wait for the receipt.

        Raises:
            ChainError: the transaction was refused or reverted, or took longer than it may.
        """
        nonce = self._nonces.get(sender.address, 0)
        self._nonces[sender.address] = nonce + 1
        transaction: dict[str, Any] = {
            "chainId": CHAIN_ID,
            "nonce": nonce,
            "gas": GAS,
            "gasPrice": 0,
            "value": 0,
            "data": data,
        }
        if target is not None:
            transaction["to"] = to_checksum_address(target)
        raw = sender.sign_transaction(transaction).raw_transaction
        digest = self.request("eth_sendRawTransaction", "0x" + raw.hex())
        deadline = time.monotonic() + _CALL_S
        while (receipt := self.request("eth_getTransactionReceipt", digest)) is None:
            if time.monotonic() > deadline:
                raise ChainError("no receipt in time")
            time.sleep(0.02)
        if receipt["status"] != "0x1":
            raise ChainError(f"reverted: {target} {data[:4].hex()}")
        return Receipt(int(receipt["gasUsed"], 16), receipt["contractAddress"], receipt["logs"])

    def request(self, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
        """Make one JSON-RPC request."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
        answer = requests.post(self.url, json=body, timeout=_CALL_S).json()
        if "error" in answer:
            raise ChainError(answer["error"]["message"])
        return answer["result"]


@contextmanager
def throw_away_chain() -> Iterator[Chain]:
    """Run Anvil on a free port of the loopback for as long as the block lasts."""
    (binary,) = ROOT.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = "--accounts 0 --gas-price 0 --block-base-fee-per-gas 0 --disable-min-priority-fee --silent"
    command = [str(binary), "--host", "127.0.0.1", "--port", str(port), "--hardfork", "osaka", *options.split()]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        chain = Chain(f"http://127.0.0.1:{port}")
        _await_answer(chain, process)
        yield chain
    finally:
        process.terminate()
        process.wait(timeout=10)


def fresh_account() -> LocalAccount:
    """Make an account nobody else knows."""
    account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    return account


def _await_answer(chain: Chain, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _BOOT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            chain.request("eth_chainId")
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise ChainError("the chain did not start")

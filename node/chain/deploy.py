"""Deploy the consortium's contracts, once, however often this is run and wherever it was cut off.

1. One ephemeral account signs all creations at once; a file beside the deployment's own keeps the signed
   transactions, the key is forgotten. So every address is known before anything is sent, and nobody is left with a
   power the contracts did not give.
2. The transactions are sent byte for byte until every one is mined.
3. Where the chain is embedded, the deployment waits until its block is on disk: its hash is part of the identity.
4. The deployment's file is written, whole or not at all: chain id, deployment id, block, addresses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import coincurve
import structlog
from rfc8785 import dumps as canonical_json

from jeung.crypto.hashing import keccak256, sha256
from jeung.domain.chain import ChainAccount
from jeung.domain.identifiers import Address
from node.artifacts import CONTRACT_NAMES, load
from node.chain.abi import decode_revert, encode_constructor
from node.chain.deployment import (
    DIRECTORY,
    VERSION,
    Deployment,
    deployment_id_of,
    load_deployment,
    read_record,
    verify_deployment,
    write_record,
)
from node.chain.errors import DeploymentFailed, RpcRefused
from node.chain.fees import Fees, quote
from node.chain.hexes import address_of, bytes_of, hex_of, int_of
from node.chain.rpc import Rpc
from node.chain.state_files import read_durable
from node.chain.transactions import MAX_GAS, UnsignedTransaction, created_address, sign_transaction
from node.settings import FeeSettings

_LOG = structlog.get_logger(__name__)
_POLL_S = 0.1
_ZERO = "0x" + 40 * "0"
# What creating costs: the transaction, 40 gas a byte of calldata at most (EIP-7623), 200 a byte of code, and storage.
_BASE_GAS, _GAS_PER_SENT_BYTE, _GAS_PER_STORED_BYTE, _STORAGE_GAS = 60_000, 45, 220, 1_500_000
_GAS_PER_FOUNDER = 600_000


@dataclass(frozen=True, slots=True)
class Founder:
    """Name a founding member: canonical URL, governance account, bit mask of roles."""

    url: str
    governance: Address
    roles: int


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """Say what consortium to found; times in seconds.

    The quorum's share is also its floor for ever; `timelock_floor_s` is that of the timelock. An operator may change
    `status_cap` statuses in each window of `status_window_s`; beyond that the governance account must.
    """

    founders: tuple[Founder, ...]
    timelock_s: int
    timelock_floor_s: int
    proposal_lifetime_s: int
    quorum_numerator: int = 2
    quorum_denominator: int = 3
    status_cap: int = 10_000
    status_window_s: int = 3_600


class _EphemeralSigner:
    """Hold the deployer's key for as long as the creations are being signed."""

    def __init__(self) -> None:
        self._key = coincurve.PrivateKey()
        self._address = address_of(keccak256(self._key.public_key.format(compressed=False)[1:])[12:])

    def address(self, account: ChainAccount) -> Address:
        return self._address

    def sign(self, account: ChainAccount, message: bytes) -> bytes:
        return self._key.sign_recoverable(message, hasher=keccak256)


def deploy(
    rpc: Rpc,
    plan: DeployPlan,
    file: Path,
    *,
    fees: FeeSettings,
    now: int,
    durable_file: Path | None = None,
    timeout_s: float = 60.0,
    monotonic: Callable[[], float] = time.monotonic,
) -> Deployment:
    """Deploy, or continue, or confirm what was deployed; `now` is seconds UTC.

    Raises:
        DeploymentFailed: the file records another plan, the deployer's account needs funds, a contract refused its
            arguments, or the chain did not take the transactions in time.
        WrongChain: the file's deployment stands on another chain.
        RpcError: the chain does not answer.
    """
    signed_file = file.with_suffix(".signed.json")
    signed = read_record(signed_file)
    if signed is None:
        if read_record(file) is not None:
            raise DeploymentFailed("the signed transactions of this deployment are missing beside its file")
        signed = _prepare(rpc, plan, quote(fees, rpc), now)
        write_record(signed_file, signed)
    elif signed["plan"] != _plan_digest(plan):
        raise DeploymentFailed("another plan was begun in this folder: deploy into another one")
    if read_record(file) is None:
        deadline = monotonic() + timeout_s
        block_number, block_hash, start = _settled(rpc, signed, durable_file, deadline, monotonic)
        identity = deployment_id_of(signed["chain_id"], signed["addresses"][DIRECTORY], block_hash)
        record = {name: signed[name] for name in ("version", "chain_id", "plan", "deployer", "addresses")}
        record |= {"block": block_number, "block_hash": hex_of(block_hash), "start_block": start}
        record |= {"deployment_id": hex_of(identity)}
        write_record(file, record)
        _LOG.info("contracts_deployed", deployment_id=record["deployment_id"], block=block_number)
    deployment = load_deployment(file)
    verify_deployment(rpc, deployment)
    return deployment


def _plan_digest(plan: DeployPlan) -> str:
    return hex_of(sha256(canonical_json(asdict(plan))))


def _prepare(rpc: Rpc, plan: DeployPlan, fees: Fees, now: int) -> dict[str, Any]:
    """Sign every creation; each constructor gets the addresses its predecessors will have."""
    signer = _EphemeralSigner()
    deployer = signer.address(ChainAccount.GOVERNANCE)
    chain_id = int_of(rpc.call("eth_chainId"))
    addresses = {name: created_address(deployer, nonce) for nonce, name in enumerate(CONTRACT_NAMES)}
    transactions = []
    for nonce, name in enumerate(CONTRACT_NAMES):
        code = load(name)
        data = code.bytecode + encode_constructor(name, _constructor_args(name, plan, addresses), addresses)
        if nonce == 0:
            _try_out(rpc, deployer, data)
        gas = _BASE_GAS + _GAS_PER_SENT_BYTE * len(data) + _GAS_PER_STORED_BYTE * len(code.deployed_bytecode)
        gas += _STORAGE_GAS + (_GAS_PER_FOUNDER * len(plan.founders) if name == CONTRACT_NAMES[0] else 0)
        unsigned = UnsignedTransaction(
            chain_id, nonce, fees.max_priority_fee_wei, fees.max_fee_wei, min(gas, MAX_GAS), None, data
        )
        signed = sign_transaction(unsigned, ChainAccount.GOVERNANCE, signer, now=now)
        transactions.append(
            {"hash": hex_of(signed.hash), "cost_wei": str(gas * fees.max_fee_wei), "raw": hex_of(signed.raw)}
        )
    return {
        "version": VERSION,
        "chain_id": chain_id,
        "plan": _plan_digest(plan),
        "deployer": deployer,
        "addresses": addresses,
        "transactions": transactions,
    }


def _try_out(rpc: Rpc, deployer: Address, data: bytes) -> None:
    """Ask whether the Consortium takes the plan, before anything is signed; the others only take addresses."""
    try:
        rpc.call("eth_call", {"from": deployer, "data": hex_of(data)}, "latest")
    except RpcRefused as refusal:
        reason = decode_revert(refusal.revert_data).name or refusal.said
        raise DeploymentFailed(f"the Consortium contract refuses this plan: {reason}") from None


def _constructor_args(name: str, plan: DeployPlan, addresses: Mapping[str, Address]) -> Sequence[Any]:
    named = [contract for contract in CONTRACT_NAMES if contract != DIRECTORY]
    rules = [plan.quorum_numerator, plan.quorum_denominator, plan.timelock_s, plan.proposal_lifetime_s]
    args: dict[str, Sequence[Any]] = {
        "Consortium": ([asdict(founder) for founder in plan.founders], rules, plan.timelock_floor_s),
        "SchemaRegistry": ("Consortium",),
        "AccreditationRegistry": ("Consortium", "SchemaRegistry"),
        "KeyRegistry": ("Consortium",),
        "AttestationRegistry": ("Consortium", "AccreditationRegistry"),
        "StatusRegistry": ("Consortium", _ZERO, plan.status_cap, plan.status_window_s),
        "RelyingPartyRegistry": ("Consortium",),
        "NetworkAllowlist": ("Consortium",),
        "LogAnchor": ("Consortium",),
        DIRECTORY: (
            "Consortium",
            [hex_of(contract.encode().ljust(32, b"\0")) for contract in named],
            [addresses[contract] for contract in named],
        ),
    }
    return args[name]


def _settled(
    rpc: Rpc,
    record: Mapping[str, Any],
    durable_file: Path | None,
    deadline: float,
    monotonic: Callable[[], float],
) -> tuple[int, bytes, int]:
    """Send until every creation is mined, and durable where that is known.

    Gives the number and hash of the block of the Directory, and the number of the first block.
    """
    last_sent = -1.0
    while True:
        receipts = rpc.batch_all([("eth_getTransactionReceipt", [tx["hash"]]) for tx in record["transactions"]])
        if all(receipts):
            for name, receipt in zip(CONTRACT_NAMES, receipts, strict=True):
                if int_of(receipt["status"]) != 1:
                    raise DeploymentFailed(f"{name} refused its constructor's arguments")
            number = int_of(receipts[-1]["blockNumber"])
            durable = None if durable_file is None else read_durable(durable_file)
            if durable_file is None or (durable is not None and durable.number >= number):
                return number, bytes_of(receipts[-1]["blockHash"], 32), int_of(receipts[0]["blockNumber"])
        elif monotonic() - last_sent > 1.0:
            _send(rpc, record)
            last_sent = monotonic()
        if monotonic() > deadline:
            raise DeploymentFailed("the chain did not take all transactions in time; run it again to continue")
        time.sleep(_POLL_S)


def _send(rpc: Rpc, record: Mapping[str, Any]) -> None:
    deployer = record["deployer"]
    balance, nonce = rpc.batch_all(
        [("eth_getBalance", [deployer, "latest"]), ("eth_getTransactionCount", [deployer, "latest"])]
    )
    waiting = record["transactions"][int_of(nonce) :]
    cost = sum(int(transaction["cost_wei"]) for transaction in waiting)
    if int_of(balance) < cost:
        raise DeploymentFailed(f"the deploying account {deployer} needs {cost} wei; fund it and run this again")
    for transaction in waiting:
        try:
            rpc.call("eth_sendRawTransaction", transaction["raw"])
        except RpcRefused as refusal:
            # Sent before and still in the pool, or mined in between: the receipts will tell.
            _LOG.info("deployment_send_refused", rpc_code=refusal.rpc_code, said=refusal.said)

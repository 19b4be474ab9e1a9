"""Start private chains for tests, with a consortium of two founders on them, and members that follow and send."""

from __future__ import annotations

import gzip
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coincurve

from cli.sandbox.probes import free_base_port
from jeung.crypto.hashing import keccak256, sha256
from jeung.domain.chain import ChainAccount, ChainCall, Intent, IntentState
from jeung.domain.identifiers import Address, MemberId, SchemaId
from jeung.services.acts import log_intended
from node.artifacts import load
from node.chain.abi import encode_constructor
from node.chain.account import SenderRules
from node.chain.addresses import AddressBook
from node.chain.anvil import AnvilOptions, command_line, find_anvil
from node.chain.deploy import DeployPlan, Founder, deploy
from node.chain.deployment import Deployment, read_record
from node.chain.errors import DeploymentFailed, RpcError
from node.chain.follower import Followed, Follower
from node.chain.hexes import address_of, bytes_of, hex_of
from node.chain.rpc import Rpc, RpcLimits
from node.chain.sender import Sender, SenderSettings, Sent
from node.chain.transactions import UnsignedTransaction, created_address, sign_transaction
from node.settings import AnchoringSettings, FeeMode, FeeSettings
from node.store.open import NodeStore, open_store
from tests.common import rows
from tests.common.memory.world import SetClock

HOST = "127.0.0.1"
BANK_URL, EXCHANGE_URL = "http://localhost:8101", "http://localhost:8102"
METADATA = b'{"vct":"https://consortium.example/types/person"}'
SCHEMA = SchemaId(sha256(METADATA))
VCT = "https://consortium.example/types/person"
TIMELOCK_S = 1
ATTEST_PURPOSE, STATUS_PURPOSE = 1, 2
# Hardhat's node computes for some seconds before it answers: a machine with much else to do takes a minute for that.
PATIENCE_S = 240.0


def free_port() -> int:
    """Give a port that is free now, of those that no connection takes meanwhile by itself."""
    return free_base_port(1)


def wait_for(what: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Ask again and again until the answer is true; fail after a deadline."""
    deadline = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def local_rpc(port: int) -> Rpc:
    """Give a client that waits long and asks once."""
    return Rpc([f"http://{HOST}:{port}"], RpcLimits(timeout_s=120, rounds=1))


class KeyringSigner:
    """Sign for three accounts with keys that live for one test run."""

    def __init__(self, seeds: Mapping[str, str] | None = None) -> None:
        """Make fresh keys, or those that another process of the same test made (hexadecimal by account)."""
        self.seeds = seeds or {account: secrets.token_hex(32) for account in ChainAccount}
        self._keys = {account: coincurve.PrivateKey(bytes.fromhex(self.seeds[account])) for account in ChainAccount}

    def address(self, account: ChainAccount) -> Address:
        point = self._keys[account].public_key.format(compressed=False)
        return address_of(keccak256(point[1:])[12:])

    def sign(self, account: ChainAccount, message: bytes) -> bytes:
        assert message[0] == 2 or message[:2] == b"\x19\x01"
        return self._keys[account].sign_recoverable(message, hasher=keccak256)


@dataclass
class Chain:
    """Hold a chain process of our own."""

    process: subprocess.Popen[bytes]
    port: int
    rpc: Rpc

    @property
    def height(self) -> int:
        return int(self.rpc.call("eth_blockNumber"), 16)

    def kill(self) -> None:
        """End it, and the process that Hardhat starts for itself, as `kill -9` does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)
        self.rpc.close()

    def mine(self, blocks: int = 1) -> None:
        self.rpc.call("hardhat_mine", hex(blocks))

    def pass_time(self, seconds: int) -> None:
        """Let the next block be later by some seconds."""
        self.rpc.call("evm_increaseTime", seconds)
        self.rpc.call("evm_mine")

    def fund(self, address: str) -> None:
        """Give an account money, on a chain where gas costs some."""
        self.rpc.call("hardhat_setBalance", address, hex(10**20))

    def dump(self) -> bytes:
        return gzip.decompress(bytes_of(self.rpc.call("anvil_dumpState", False)))


@contextmanager
def anvil(
    folder: Path, *, state: bytes | None = None, gas_price_wei: int = 0, port: int | None = None
) -> Iterator[Chain]:
    """Run Anvil as the product does, except that it makes a block only when there is a transaction."""
    port = port or free_port()
    state_file = None
    if state is not None:
        state_file = folder / f"anvil-{secrets.token_hex(4)}.json"
        state_file.write_bytes(state)
    command = command_line(
        find_anvil(), AnvilOptions(port, gas_price_wei=gas_price_wei), folder / "cache", state_file
    )
    at = command.index("--block-time")
    del command[at : at + 3]
    # Blocks that a test takes back again count as well: with the product's number a story's own past would be gone.
    command[command.index("--max-persisted-states") + 1] = "4000"
    process = _started(command)
    with _answering(process, port) as chain:
        yield chain


@contextmanager
def hardhat() -> Iterator[Chain]:
    """Run Hardhat's node as `npx hardhat node` does, where gas costs 1 gwei at first."""
    root, port = Path(__file__).parents[2], free_port()
    program = root / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"
    command = ["node", str(program), "node", "--hostname", HOST, "--port", str(port)]
    process = _started(command, root)
    with _answering(process, port) as chain:
        yield chain


def _started(command: Sequence[str], folder: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a chain process as the leader of a group of its own."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


@contextmanager
def _answering(process: subprocess.Popen[bytes], port: int) -> Iterator[Chain]:
    chain = Chain(process, port, local_rpc(port))
    try:
        wait_for(lambda: _answers(chain))
        yield chain
    finally:
        chain.kill()


def _answers(chain: Chain) -> bool:
    assert chain.process.poll() is None, "the chain process ended"
    try:
        return isinstance(chain.rpc.call("eth_chainId"), str)
    except RpcError:
        return False


@dataclass
class Party:
    """Know a member by its URL and hold its accounts."""

    url: str
    signer: KeyringSigner = field(default_factory=KeyringSigner)

    @property
    def member(self) -> MemberId:
        return MemberId(keccak256(self.url.encode()))


class Member:
    """Run one member's follower and sender on a real database, step by step."""

    def __init__(
        self,
        folder: Path,
        chain: Chain,
        deployment: Deployment,
        party: Party,
        *,
        fees: FeeSettings | None = None,
        anchoring: AnchoringSettings | None = None,
        rules: SenderRules | None = None,
    ) -> None:
        self.party = party
        self.clock = SetClock(int(time.time()))
        self.monotonic = 1_000.0
        self.kept: NodeStore = open_store(
            f"sqlite:///{folder / 'node.db'}", own=party.member, clock=self.clock, limits={}
        )
        fence = self.kept.lease.acquire("worker", now=0, ttl_s=10**9)
        assert fence is not None
        self.fence = fence
        self.deployment = deployment
        self.book = AddressBook(deployment)
        self._settings = SenderSettings(
            party.member,
            deployment.chain_id,
            fees or FeeSettings(),
            anchoring or AnchoringSettings(max_age_ms=0),
            rules or SenderRules(rebroadcast_s=0),
        )
        self.connect(chain)

    def connect(self, chain: Chain) -> None:
        """Begin anew with a chain, as a restarted worker does."""
        self.chain = chain
        self.book = AddressBook(self.deployment)
        self.follower = Follower(chain.rpc, self.kept.index, self.deployment, self.book, self.clock)
        self.sender = Sender(
            chain.rpc,
            self.kept.outbox,
            self.kept.index,
            self.party.signer,
            self.book,
            self.clock,
            self._settings,
            monotonic=lambda: self.monotonic,
        )

    def follow(self) -> Followed:
        """Follow until nothing is left; give the last step that did something."""
        done = last = self.follower.step(self.fence)
        while last.behind:
            last = self.follower.step(self.fence)
            done = last if last.blocks or last.rolled_back_to is not None else done
        return done

    def send(self) -> Sent:
        """Do one step of the sender a second later."""
        self.clock.advance(1)
        self.monotonic += 1
        return self.sender.step(self.fence)

    def turn(self, times: int = 3) -> None:
        """Follow and send, as the worker's loop does."""
        for _ in range(times):
            self.follow()
            self.send()
        self.follow()

    def issue(self, first: int, count: int) -> list[bytes]:
        """Issue credentials whose digests wait to be attested; give the digests."""
        now = self.clock.now()
        records = [rows.credential(number, schema=SCHEMA, issued_at=now) for number in range(first, first + count)]
        with self.kept.store.write() as tx:
            rows.keep_credentials(tx, records)
        return [record.digest for record in records]

    def intend(
        self,
        contract: str,
        function: str,
        *args: Any,  # noqa: ANN401 - JSON arguments
        account: ChainAccount = ChainAccount.GOVERNANCE,
    ) -> str:
        """Want a write, by the governance account if nothing is said; give its intent's id."""
        identifier = secrets.token_hex(8)
        call = ChainCall(contract, function, args)
        with self.kept.store.write() as tx:
            intent = Intent(identifier, identifier, account, call, IntentState.PENDING, self.clock.now())
            log_intended(tx, tx.intents.add(intent), self.clock.now())
        return identifier

    def settle(self, identifier: str) -> None:
        """Follow and send until a write is settled, however slowly the chain mines."""

        def is_settled() -> bool:
            self.turn()
            return self.intent(identifier).state not in (IntentState.PENDING, IntentState.SENT)

        wait_for(is_settled)

    def intent(self, identifier: str) -> Intent:
        with self.kept.store.read() as tx:
            found = tx.intents.get(identifier)
        assert found is not None
        return found

    def attested(self, digests: Sequence[bytes]) -> list[bool]:
        """Tell for each digest whether the index has it under our name."""
        with self.kept.ledger.view() as view:
            return [view.attestation(self.party.member, SCHEMA, digest) is not None for digest in digests]  # type: ignore[arg-type]

    def close(self) -> None:
        self.kept.dispose()


@dataclass(frozen=True)
class Prepared:
    """Hold a chain's state on which a bank may attest, so that each test can begin there."""

    state: bytes
    deployment: Deployment
    bank: Party
    exchange: Party


def plan_for(*parties: Party) -> DeployPlan:
    """Plan a consortium of issuers and relying parties."""
    founders = tuple(Founder(party.url, party.signer.address(ChainAccount.GOVERNANCE), 3) for party in parties)
    return DeployPlan(
        founders, timelock_s=TIMELOCK_S, timelock_floor_s=1, proposal_lifetime_s=7 * 86_400, status_cap=50
    )


def deploy_funded(folder: Path, chain: Chain, fees: FeeSettings, *parties: Party) -> Deployment:
    """Deploy, where gas costs something after giving money to the deploying account and to every member's."""
    file = folder / "deployment.json"
    if fees.mode is not FeeMode.ZERO:
        with suppress(DeploymentFailed):
            deploy(chain.rpc, plan_for(*parties), file, fees=fees, now=1, timeout_s=PATIENCE_S)
        record = read_record(file.with_suffix(".signed.json"))
        assert record is not None
        chain.fund(record["deployer"])
        for party in parties:
            for account in ChainAccount:
                chain.fund(party.signer.address(account))
    return deploy(chain.rpc, plan_for(*parties), file, fees=fees, now=1, timeout_s=PATIENCE_S)


def prepare(folder: Path, chain: Chain, *, fees: FeeSettings | None = None) -> Prepared:
    """Deploy, enrol the bank, register a schema and accredit the bank for it, by two members' votes."""
    fees = fees or FeeSettings()
    bank, exchange = Party(BANK_URL), Party(EXCHANGE_URL)
    deployment = deploy_funded(folder, chain, fees, bank, exchange)
    members = []
    try:
        for name, party in (("bank", bank), ("exchange", exchange)):
            (folder / name).mkdir()
            members.append(Member(folder / name, chain, deployment, party, fees=fees))
        for purpose, account in ((ATTEST_PURPOSE, ChainAccount.ATTEST), (STATUS_PURPOSE, ChainAccount.STATUS)):
            members[0].intend("Consortium", "authorizeOperator", purpose, bank.signer.address(account))
        agree(members, "SchemaRegistry", "registerSchema", hex_of(METADATA), VCT)
        far = members[0].clock.now() + 10 * 365 * 86_400
        agree(members, "AccreditationRegistry", "grant", hex_of(bank.member), hex_of(SCHEMA), 0, far)
    finally:
        for member in members:
            member.close()
    # Hardhat's node keeps its state in memory only.
    state = chain.dump() if "anvil" in str(chain.rpc.call("web3_clientVersion")).lower() else b""
    return Prepared(state, deployment, bank, exchange)


def deploy_contract(chain: Chain, prepared: Prepared, contract: str, *args: Any) -> str:  # noqa: ANN401 - JSON
    """Let a stranger deploy a contract, which the consortium may name; give its address."""
    stranger = Party("http://stranger.example").signer
    address = created_address(stranger.address(ChainAccount.ATTEST), 0)
    data = load(contract).bytecode + encode_constructor(contract, args, prepared.deployment.addresses)
    unsigned = UnsignedTransaction(31_337, 0, 0, 0, 8_000_000, None, data)
    signed = sign_transaction(unsigned, ChainAccount.ATTEST, stranger, now=1)
    chain.rpc.call("eth_sendRawTransaction", hex_of(signed.raw))
    return address


def agree(members: Sequence[Member], contract: str, function: str, *args: Any) -> None:  # noqa: ANN401 - JSON
    """Have the first member propose a call, the others approve it, and the first execute it after the timelock."""
    proposer, *others = members
    call, salt = {"contract": contract, "function": function, "args": list(args)}, hex_of(secrets.token_bytes(32))
    proposer.settle(proposer.intend("Consortium", "propose", contract, call, salt))
    with proposer.kept.ledger.view() as view:
        *_, made = view.registry.proposals.values()
    for other in others:
        other.turn()
        other.intend("Consortium", "approve", hex_of(made.proposal))
        other.turn()
    executed = proposer.intend("Consortium", "execute", hex_of(made.proposal), made.target, hex_of(made.call), salt)

    def is_decided() -> bool:
        # The time is the machine's own: a chain whose time was moved by hand goes back when it is loaded again.
        proposer.chain.mine()
        proposer.turn(1)
        return proposer.intent(executed).state not in (IntentState.PENDING, IntentState.SENT)

    wait_for(is_decided)
    assert proposer.intent(executed).state is IntentState.DONE, proposer.intent(executed)


ONE_WEI = FeeSettings(mode=FeeMode.FIXED, price_wei=1)

"""Set a scene that an audit can find nothing wrong with: a real chain, a bank's database, lists on a server.

Everything goes the product's own way: contracts deployed by `deploy`, acts voted for and sent by the members'
senders, the database filled by store and follower. Tests copy the database and tamper with one thing.
"""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from audit.comparisons import NodeUnderAudit
from audit.deployment import Deployment, read_deployment
from audit.findings import Report
from audit.log.trial import Reach
from audit.run import audit
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.status_list import StatusList
from jeung.crypto.status_token import issue_status_list_token
from jeung.domain.chain import ChainAccount, IntentState
from jeung.domain.credentials import StatusReference
from jeung.domain.ledger import CredentialStatus
from jeung.domain.proofing import ProofingState
from jeung.domain.registrations import KeyPurpose
from jeung.ports.store import StatusListToken
from jeung.services.acts import log
from node.chain.deploy import deploy
from node.chain.deployment import Deployment as NodeDeployment
from node.chain.deployment import load_deployment
from node.chain.hexes import hex_of
from node.settings import FeeSettings
from tests.common import rows
from tests.common.chain import (
    ATTEST_PURPOSE,
    METADATA,
    SCHEMA,
    STATUS_PURPOSE,
    VCT,
    Chain,
    KeyringSigner,
    Member,
    Party,
    agree,
    plan_for,
)
from tests.common.jose import P256Signer, certificate
from tests.common.memory.custody import MemorySigner
from tests.common.network import FAR_NODE, RELAYER, endpoint, node_id
from tests.integration.audit.logs import LOG_KEYS, Keeper, pages, serve_head

REVOKED, SUSPENDED, REINSTATED = 2, 3, 5
"""Credentials by number, in lists number % 4 at index number."""
CREDENTIALS = 12
SUPERVISOR = 4
FAR = 10 * 365 * 86_400
PROFILE = b'{"name":"account-opening"}'
WALLET_JWK = b'{"kty":"EC"}'
SERVICE = "0x" + sha256(b"account-opening").hex()


class ListServer:
    """Serve lists and logs on the loopback: path -> (media type, body), and path -> key of a checkpoint."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[str, bytes]] = {}
        self.keys: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                kind, body = outer.answers.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                if self.path in outer.keys:
                    self.send_header("Jeung-Verifier-Key", outer.keys[self.path])
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Scene:
    """Hold what stands; `now` is the time at which to audit: later than every block, earlier than every expiry."""

    folder: Path
    chain: Chain
    server: ListServer
    bank: Party
    witness_server: ListServer
    exchange: Party
    regulator: Party = field(default_factory=lambda: Party("http://regulator.example"))
    signing: P256Signer = field(default_factory=P256Signer)
    status: P256Signer = field(default_factory=P256Signer)
    lost: P256Signer = field(default_factory=P256Signer)
    bank_log: MemorySigner = field(default_factory=lambda: MemorySigner(*LOG_KEYS))
    exchange_log: MemorySigner = field(default_factory=lambda: MemorySigner(*LOG_KEYS))
    now: int = 0
    served: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    witnessed: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def rpc_url(self) -> str:
        return f"http://127.0.0.1:{self.chain.port}"

    @property
    def deployment(self) -> Deployment:
        return read_deployment(self.folder / "deployment.json")

    @property
    def founded(self) -> NodeDeployment:
        return load_deployment(self.folder / "deployment.json")

    @property
    def database(self) -> Path:
        return self.folder / "bank" / "node.db"

    def audit(self, database: Path | None = None, **changed: Any) -> Report:  # noqa: ANN401 - arguments of audit
        node = None if database is None else NodeUnderAudit(self.bank.url, f"sqlite:///{database}")
        arguments: dict[str, Any] = {"rpc_url": self.rpc_url, "deployment": self.deployment, "node": node}
        return audit(**{**arguments, "now": lambda: self.now, "reach": Reach(patience_s=0), **changed})

    def copy(self, folder: Path, *statements: str, arguments: tuple[object, ...] = ()) -> Path:
        """Copy the bank's database and tamper with the copy as someone with its file could."""
        copied = folder / "node.db"
        shutil.copy(self.database, copied)
        with sqlite3.connect(copied) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                assert connection.execute(statement, arguments).rowcount != 0, "the test tampers with nothing"
        connection.close()
        return copied

    def words(self, number: int) -> dict[int, int]:
        """Give a list of the bank's as the chain has it."""
        statuses = {REVOKED: 1, SUSPENDED: 2}
        return {0: sum(status << 2 * at for at, status in statuses.items() if at % 4 == number)}

    def token(self, number: int, *, words: dict[int, int] | None = None, **changed: Any) -> str:  # noqa: ANN401
        """Sign a status list of the bank, with whatever changed."""
        signer: P256Signer = changed.pop("signer", self.status)
        arguments: dict[str, Any] = {
            "uri": f"{self.bank.url}/status-lists/{number}",
            "issued_at": self.now - 10,
            "expires_at": self.now + 3_600,
            "ttl_s": 60,
            "key_id": base64url.encode(signer.key.thumbprint),
            "certificates": (certificate(signer.private_key),),
            "sign": signer.sign,
        }
        shown = self.words(number) if words is None else words
        return issue_status_list_token(StatusList.from_words(shown), **{**arguments, **changed})

    def serve(self, number: int, token: str | None, *, kind: str = "application/statuslist+jwt") -> None:
        path = f"/status-lists/{number}"
        self.server.answers.pop(path, None)
        if token is not None:
            self.server.answers[path] = (kind, token.encode())

    def serve_all(self) -> None:
        """Serve what belongs there and nothing else."""
        self.server.answers.clear()
        self.server.answers.update(self.served)
        self.witness_server.answers.clear()
        self.witness_server.answers.update(self.witnessed)
        for number in range(4):
            self.serve(number, self.token(number))

    @contextmanager
    def later_chain(self) -> Iterator[None]:
        """Let the chain go on, and take it back to where it was."""
        snapshot = self.chain.rpc.call("evm_snapshot")
        try:
            yield
        finally:
            assert self.chain.rpc.call("evm_revert", snapshot)

    @contextmanager
    def chain_changed(self, restore: tuple[str, list[Any]], method: str, *params: object) -> Iterator[None]:
        """Rewrite the chain's state behind the contracts' back, and put it right again."""
        self.chain.rpc.call(method, *params)
        try:
            yield
        finally:
            self.chain.rpc.call(restore[0], *restore[1])


def play(folder: Path, chain: Chain, server: ListServer, witness_server: ListServer) -> Scene:
    """Found a consortium, let it live a little, and give the scene."""
    scene = Scene(folder, chain, server, Party(server.url), witness_server, Party(witness_server.url))
    plan = replace(plan_for(scene.bank, scene.exchange), status_cap=50)
    deployment = deploy(chain.rpc, plan, folder / "deployment.json", fees=FeeSettings(), now=1)
    members = []
    for name, party in (("bank", scene.bank), ("exchange", scene.exchange)):
        (folder / name).mkdir()
        members.append(Member(folder / name, chain, deployment, party))
    try:
        _enrol(scene, members)
        _live(scene, members[0])
        _turn_bad(scene, members)
        members[0].follow()
        head_time = int(chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        # The members' clocks run ahead of the chain, which they do not wait for.
        scene.now = max(head_time, members[0].clock.now()) + 30
        _keep_logs(scene, members)
        _publish(scene, members[0])
    finally:
        for member in members:
            member.close()
    return scene


def act(
    member: Member, contract: str, function: str, *args: object, account: ChainAccount = ChainAccount.GOVERNANCE
) -> None:
    """Have a member's account do something, its governance account if nothing is said, and see it done."""
    intent = member.intend(contract, function, *args, account=account)
    member.settle(intent)
    assert member.intent(intent).state is IntentState.DONE, member.intent(intent)


def _enrol(scene: Scene, members: list[Member]) -> None:
    bank, exchange = members
    for member, signer in ((bank, scene.bank_log), (exchange, scene.exchange_log)):
        for purpose_of_log in LOG_KEYS:
            thumbprint = hex_of(signer.keys[purpose_of_log].key.thumbprint)
            act(member, "KeyRegistry", "registerKey", thumbprint, int(purpose_of_log), 0, bank.clock.now() + FAR)
    for purpose, account in ((ATTEST_PURPOSE, ChainAccount.ATTEST), (STATUS_PURPOSE, ChainAccount.STATUS)):
        act(bank, "Consortium", "authorizeOperator", purpose, bank.party.signer.address(account))
    for holder, key_purpose in (
        (scene.signing, KeyPurpose.CREDENTIAL_SIGNING),
        (scene.status, KeyPurpose.STATUS_SIGNING),
    ):
        thumbprint = hex_of(holder.key.thumbprint)
        act(bank, "KeyRegistry", "registerKey", thumbprint, int(key_purpose), 0, bank.clock.now() + FAR)
    agree(members, "SchemaRegistry", "registerSchema", hex_of(METADATA), VCT)
    ids = hex_of(scene.bank.member), hex_of(SCHEMA)
    agree(members, "AccreditationRegistry", "grant", *ids, 0, bank.clock.now() + FAR)
    agree(members, "RelyingPartyRegistry", "registerProfile", hex_of(scene.exchange.member), SERVICE, hex_of(PROFILE))
    agree(members, "RelyingPartyRegistry", "trustWalletProvider", hex_of(WALLET_JWK), "wallet", 1 << 40)
    _join_network(scene, members)
    _anchor_logs(scene, members)


def _join_network(scene: Scene, members: list[Member]) -> None:
    """List nodes and accounts of both, take some out again, by the member itself and by vote; one comes back."""
    bank, (bank_id, exchange_id) = members[0], (hex_of(scene.bank.member), hex_of(scene.exchange.member))
    agree(members, "NetworkAllowlist", "addNode", bank_id, FAR_NODE)
    agree(members, "NetworkAllowlist", "addNode", bank_id, endpoint(2, domain="node.bank.example"))
    agree(members, "NetworkAllowlist", "addNode", exchange_id, endpoint(3))
    agree(members, "NetworkAllowlist", "addAccount", exchange_id, RELAYER)
    act(bank, "NetworkAllowlist", "removeNode", node_id(FAR_NODE))
    agree(members, "NetworkAllowlist", "addNode", exchange_id, FAR_NODE)
    agree(members, "NetworkAllowlist", "removeAccount", RELAYER)


def _anchor_logs(scene: Scene, members: list[Member]) -> None:
    """Anchor logs of both as they are so far, by either kind of account; the regulator's is in another epoch."""
    bank, exchange = members
    for member, signer, sizes in ((bank, scene.bank_log, (3, 5)), (exchange, scene.exchange_log, (2,))):
        keeper = Keeper(member.kept, member.party, signer, member.clock, member.fence)
        keeper.checkpoints.sequence(keeper.fence)
        for size in sizes:
            account = ChainAccount.ATTEST if size == sizes[0] == 3 else ChainAccount.GOVERNANCE
            root = hex_of(keeper.checkpoints.root_at(1, size))
            act(member, "LogAnchor", "anchor", 1, size, root, account=account)


def _live(scene: Scene, bank: Member) -> None:
    """Issue two batches, revoke, suspend and reinstate."""
    for first in (1, 1 + CREDENTIALS // 2):
        now = bank.clock.now()
        records = [
            rows.credential(
                number,
                schema=SCHEMA,
                issued_at=now,
                signing_key_id=base64url.encode(scene.signing.key.thumbprint),
                status=StatusReference(number % 4, number),
            )
            for number in range(first, first + CREDENTIALS // 2)
        ]
        with bank.kept.store.write() as tx:
            if tx.proofings.get("proofing-1") is None:
                tx.data_keys.add("subject-1", b"wrapped", now)
                tx.proofings.add(rows.proofing(state=ProofingState.COMPLETED, completed_at=now))
                log(tx, "proofing_completed", {"proofing": "proofing-1", "policy": "1"}, now)
            rows.keep_credentials(tx, records)
            for record in records:
                log(tx, "credential_issued", {"credential": record.credential_id}, now)
        bank.turn()
    for status, numbers in (
        (CredentialStatus.SUSPENDED, (SUSPENDED, REINSTATED)),
        (CredentialStatus.REVOKED, (REVOKED,)),
        (CredentialStatus.VALID, (REINSTATED,)),
    ):
        with bank.kept.store.write() as tx:
            tx.credentials.want_status([f"credential-{number}" for number in numbers], status, bank.clock.now())
        bank.turn()


def _turn_bad(scene: Scene, members: list[Member]) -> None:
    """Let a key and an operator be lost, a vote be withdrawn, and a wallet provider be distrusted."""
    bank, exchange = members
    lost, retired = KeyringSigner().address(ChainAccount.ATTEST), hex_of(scene.lost.key.thumbprint)
    since = bank.clock.now() - 86_400
    begin, end = bank.clock.now() + 10**5, bank.clock.now() + FAR
    act(bank, "KeyRegistry", "registerKey", retired, int(KeyPurpose.CREDENTIAL_SIGNING), begin, end)
    act(bank, "KeyRegistry", "revokeKey", retired, bank.clock.now() + 10**6)
    act(bank, "KeyRegistry", "declareCompromised", retired, since)
    act(bank, "Consortium", "authorizeOperator", ATTEST_PURPOSE, lost)
    act(bank, "Consortium", "declareOperatorCompromised", ATTEST_PURPOSE, lost, since)
    act(bank, "Consortium", "retireOperator", ATTEST_PURPOSE, lost)
    agree(members, "RelyingPartyRegistry", "distrustWalletProvider", hex_of(sha256(WALLET_JWK)), 0)
    account = scene.regulator.signer.address(ChainAccount.GOVERNANCE)
    agree(members, "Consortium", "admitMember", scene.regulator.url, account, SUPERVISOR)
    agree(members, "LogAnchor", "openEpoch", hex_of(scene.regulator.member), 2)
    call = {"contract": "Consortium", "function": "setRoles", "args": [hex_of(scene.exchange.member), 1]}
    act(bank, "Consortium", "propose", "Consortium", call, "0x" + "07" * 32)
    with bank.kept.ledger.view() as view:
        undecided = hex_of(list(view.registry.proposals.values())[-1].proposal)
    exchange.follow()
    act(exchange, "Consortium", "approve", undecided)
    act(exchange, "Consortium", "withdrawApproval", undecided)


def _keep_logs(scene: Scene, members: list[Member]) -> None:
    """Publish both logs, each cosigned by the other, and go on a little so that each has several checkpoints."""
    for member in members:
        member.clock.time = scene.now - 20
        member.follow()
    bank, exchange = (
        Keeper(member.kept, member.party, signer, member.clock, member.fence)
        for member, signer in zip(members, (scene.bank_log, scene.exchange_log), strict=True)
    )
    exchange.publish(bank)
    for _ in range(3):
        bank.publish(exchange)
        with bank.kept.store.write() as tx:
            log(tx, "offer_cancelled", {"offer": "offer-1"}, scene.now - 20)
    bank.publish(exchange)
    scene.served = pages(bank.reader)
    scene.witnessed = pages(exchange.reader)
    for server_pages, witness, url, server in (
        (scene.witnessed, exchange, scene.bank.url, scene.witness_server),
        (scene.served, bank, scene.exchange.url, scene.server),
    ):
        serve_head(server, witness, url)
        server_pages.update(server.answers)


def _publish(scene: Scene, bank: Member) -> None:
    with bank.kept.store.write() as tx:
        for number in range(4):
            token = scene.token(number)
            tx.status_tokens.put(StatusListToken(number, token, scene.now - 10, scene.now + 3_600))
    scene.serve_all()

"""Issue while the sandbox breaks, as a patient back office would: the same request until it is answered."""

import io
import secrets
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.console import CommandFailed
from cli.demo.board import Board
from cli.demo.catalogue import Catalogue
from cli.demo.founding import accredit, admit_supervisor, enrol_founders
from cli.demo.issuing import proof
from cli.demo.parties import Party
from cli.demo.people import invent_customers
from cli.demo.provider import provider_of
from cli.http import Problem
from cli.p256 import P256Key
from cli.sandbox.layout import MEMBERS, Sandbox, open_sandbox
from jeung.crypto.hashing import keccak256
from jeung.domain.chain import AttestedBatch
from node.chain.decode import decode_log, parse_log
from node.chain.deployment import load_deployment
from node.chain.hexes import hex_of
from node.chain.rpc import Rpc
from tests.e2e.driver import eventually

ATTESTED = keccak256(b"CredentialsAttested(bytes32,bytes32,bytes32,address,bytes32,bytes32[])")


class Consortium:
    """Speak for the members of a running sandbox."""

    def __init__(self, data: Path) -> None:
        self.sandbox: Sandbox = open_sandbox(data)
        self.bank, self.exchange, self.supervisor = (Party(self.sandbox, member) for member in MEMBERS)
        self.catalogue = Catalogue(self.bank.base_url)

    def found(self) -> None:
        """Vote the third member in and accredit the bank."""
        parties = (self.bank, self.exchange, self.supervisor)
        with Board(Console(file=io.StringIO())) as board:
            enrol_founders(board, self.bank, self.exchange)
            admit_supervisor(board, self.sandbox, parties)
            accredit(board, parties, self.catalogue, provider_of(self.sandbox))

    def proofings(self, count: int) -> list[str]:
        return [proof(self.bank, customer) for customer in invent_customers(count, run="e2e", now=int(time.time()))]

    def attested_digests(self) -> list[str]:
        """Read every attested digest from the chain's own log, each as often as it stands there."""
        deployment = load_deployment(self.sandbox.deployment_file)
        rpc = Rpc([self.sandbox.rpc_url])
        address = deployment.addresses["AttestationRegistry"]
        logs = rpc.call("eth_getLogs", {"address": address, "fromBlock": "0x0", "toBlock": "latest"})
        digests: list[str] = []
        for entry in logs:
            event = decode_log("AttestationRegistry", parse_log(entry), 0)
            if isinstance(event, AttestedBatch):
                digests += [hex_of(digest) for digest in event.digests]
        return digests


class Issuer(threading.Thread):
    """Issue for one proofing after the other; a request that is not answered is sent again, byte for byte."""

    def __init__(self, consortium: Consortium, proofings: list[str]) -> None:
        super().__init__(daemon=True)
        self._consortium = consortium
        self._proofings = proofings
        self.answers: list[dict[str, Any]] = []
        self.failure: Exception | None = None

    def wait_for_answers(self, count: int) -> None:
        eventually(lambda: len(self.answers) >= count or self.failure is not None)

    def run(self) -> None:
        try:
            for proofing in self._proofings:
                self.answers.append(self._issue(proofing))
        except Exception as failure:
            self.failure = failure

    def _issue(self, proofing: str) -> dict[str, Any]:
        body = {
            "proofing_id": proofing,
            "vct": self._consortium.catalogue.vct,
            "holder_keys": [P256Key.generate().jwk],
        }
        key = secrets.token_urlsafe(16)
        deadline = time.monotonic() + 120
        while True:
            try:
                answer: dict[str, Any] = self._consortium.bank.client.post("/v1/credentials", body, key=key)
                return answer
            except Problem as problem:
                # What is not available now may be asked for again; every other answer is one.
                if problem.retry_after_s is None or time.monotonic() > deadline:
                    raise
            except CommandFailed:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

"""Behave as a Hyperledger Besu node documents its local permissioning, over JSON-RPC and HTTP.

Written after Besu's API reference ("PERM methods", "Use local permissioning") and its published sources of release 26
(March 2026); never compared with a running Besu. What it does as Besu does:

- A change is taken whole or refused whole. Refusals have code -32000 and differ in their sentence: an empty list, an
  invalid entry, a duplicate in one request (nodes: by text; accounts: in any case), an entry that stands, one that
  does not, a fixed node (bootnode or static node) to be removed.
- Nodes are the same if key, address and both ports are; they are written in one form. Accounts are kept lower-case.
- A list that is not enabled, methods that are not enabled (-32604), unknown methods (-32601), no or a wrong token
  (HTTP 401), a file that cannot be written (change taken back), one that differs (change kept in memory only).
- The sentences, codes and the result "Success" are Besu's.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jeung.domain.network import Endpoint, parse_enode

_REFUSED = -32000


class RpcFault(Exception):
    """Carry a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class BesuPermissions:
    """Hold the two allowlists; None for one that is not enabled."""

    nodes: list[str] | None = field(default_factory=list)
    accounts: list[str] | None = field(default_factory=list)
    fixed_nodes: tuple[str, ...] = ()
    own_enode: str | None = None
    file_out_of_sync: bool = False
    file_unwritable: bool = False
    requests: list[tuple[str, list[str]]] = field(default_factory=list)
    """Every change that was asked for, refused ones too."""

    def call(self, method: str, params: Sequence[Any]) -> Any:  # noqa: ANN401 - JSON
        """Answer a method, or raise RpcFault."""
        answers: dict[str, Callable[..., Any]] = {
            "net_enode": self._enode,
            "perm_getNodesAllowlist": lambda: list(self._enabled_nodes()),
            "perm_getAccountsAllowlist": lambda: list(self._enabled_accounts()),
            "perm_addNodesToAllowlist": lambda entries: self._add_nodes(entries),
            "perm_removeNodesFromAllowlist": lambda entries: self._remove_nodes(entries),
            "perm_addAccountsToAllowlist": lambda entries: self._add_accounts(entries),
            "perm_removeAccountsFromAllowlist": lambda entries: self._remove_accounts(entries),
        }
        if method not in answers:
            raise RpcFault(-32601, "Method not found")
        if "ToAllow" in method or "FromAllow" in method:
            if not params or not isinstance(params[0], list):
                kind = "enode" if "Nodes" in method else "account"
                raise RpcFault(-32602, f"Invalid {kind} params")
            self.requests.append((method, list(params[0])))
            return answers[method](params[0])
        return answers[method]()

    def _enode(self) -> str:
        if self.own_enode is None:
            raise RpcFault(_REFUSED, "P2P has been disabled. This functionality is not available")
        return self.own_enode

    def _enabled_nodes(self) -> list[str]:
        if self.nodes is None:
            raise RpcFault(_REFUSED, "Node allowlist has not been enabled")
        return self.nodes

    def _enabled_accounts(self) -> list[str]:
        if self.accounts is None:
            raise RpcFault(_REFUSED, "Account allowlist has not been enabled")
        return self.accounts

    def _add_nodes(self, entries: list[str]) -> str:
        nodes = self._enabled_nodes()
        peers = _endpoints(entries)
        if any(str(peer) in nodes for peer in peers):
            raise RpcFault(_REFUSED, "Cannot add an existing node to allowlist")
        return self._changed(nodes, [*nodes, *map(str, peers)])

    def _remove_nodes(self, entries: list[str]) -> str:
        nodes = self._enabled_nodes()
        peers = [str(peer) for peer in _endpoints(entries)]
        if any(peer in self.fixed_nodes for peer in peers):
            raise RpcFault(_REFUSED, "Cannot remove a fixed node (bootnode or static node) from allowlist")
        if any(peer not in nodes for peer in peers):
            raise RpcFault(_REFUSED, "Cannot remove an absent node from allowlist")
        kept = list(nodes)
        for peer in peers:
            kept.remove(peer)
        return self._changed(nodes, kept)

    def _add_accounts(self, entries: list[str]) -> str:
        accounts = self._enabled_accounts()
        normal = _accounts(entries)
        if any(account in accounts for account in normal):
            raise RpcFault(_REFUSED, "Cannot add an existing account to allowlist")
        return self._changed(accounts, [*accounts, *normal])

    def _remove_accounts(self, entries: list[str]) -> str:
        accounts = self._enabled_accounts()
        normal = _accounts(entries)
        if any(account not in accounts for account in normal):
            raise RpcFault(_REFUSED, "Cannot remove an absent account from allowlist")
        return self._changed(accounts, [account for account in accounts if account not in normal])

    def _changed(self, entries: list[str], changed: list[str]) -> str:
        if self.file_unwritable:
            message = "Unable to persist changes to allowlist configuration file. Changes reverted"
            raise RpcFault(_REFUSED, message)
        entries[:] = changed
        if self.file_out_of_sync:
            message = "The permissioning allowlist configuration file is out of sync.  "
            raise RpcFault(_REFUSED, message + "The changes have been applied, but not persisted to disk")
        return "Success"


def _endpoints(entries: list[str]) -> list[Endpoint]:
    if not entries:
        raise RpcFault(_REFUSED, "Request contains an empty list of nodes")
    if len(set(entries)) != len(entries):
        raise RpcFault(_REFUSED, "Request contains duplicate nodes")
    peers = [parse_enode(entry) for entry in entries]
    # Without its experimental DNS support Besu takes addresses only.
    if any(peer is None or not (":" in peer.host or peer.host.replace(".", "").isdigit()) for peer in peers):
        raise RpcFault(_REFUSED, "Request contains an invalid node")
    return [peer for peer in peers if peer is not None]


def _accounts(entries: list[str]) -> list[str]:
    if not entries:
        raise RpcFault(_REFUSED, "Request contains an empty list of accounts")
    normal = [entry.lower() for entry in entries]
    for entry in normal:
        if not entry.startswith("0x") or len(entry) != 42 or not all(c in "0123456789abcdef" for c in entry[2:]):
            raise RpcFault(_REFUSED, "Request contains an invalid account")
    if len(set(normal)) != len(normal):
        raise RpcFault(_REFUSED, "Request contains duplicate accounts")
    return normal


@dataclass
class BesuServer:
    """Serve a node's permissions; `enabled_apis` are those of --rpc-http-api, `token` what authentication wants."""

    permissions: BesuPermissions = field(default_factory=BesuPermissions)
    enabled_apis: tuple[str, ...] = ("net", "perm")
    token: str | None = None
    url: str = ""

    def answer(self, body: bytes, authorization: str | None) -> tuple[int, Any]:
        """Give the HTTP status and the JSON of an answer."""
        if self.token is not None and authorization != f"Bearer {self.token}":
            return 401, {"jsonrpc": "2.0", "id": None, "error": {"code": -40100, "message": "Unauthorized"}}
        request = json.loads(body)
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            if request["method"].split("_")[0] not in self.enabled_apis:
                raise RpcFault(-32604, "Method not enabled")
            reply["result"] = self.permissions.call(request["method"], request.get("params", []))
        except RpcFault as fault:
            reply["error"] = {"code": fault.code, "message": fault.message}
        return 200, reply


@contextmanager
def serving(server: BesuServer) -> Iterator[BesuServer]:
    """Serve on a free port of the loopback for the length of a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, reply = server.answer(body, self.headers.get("Authorization"))
            content = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()

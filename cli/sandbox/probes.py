"""Ask the parts of a sandbox whether they do their work, over the same HTTP everybody uses."""

import json
import secrets
import socket
import urllib.error
import urllib.request
from typing import Any

from cli.console import CommandFailed

_TIMEOUT_S = 2.0
_MAX_ANSWER = 1024 * 1024
_FIRST_CHOICE, _CHOICES = 20_000, 12_000
# Everything asked here is on this machine; a proxy set for the outside must not stand between.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def require_free_ports(ports: tuple[int, ...], host: str = "127.0.0.1") -> None:
    """Make sure nobody listens on the ports.

    Raises:
        CommandFailed: somebody does; the message names the port and says how to take others.
    """
    for port in ports:
        if not port_is_free(port, host):
            raise CommandFailed(
                f"port {port} is in use by another program. Stop it, or make a sandbox with other ports:"
                " jeung up --data OTHER-FOLDER --base-port 18100 (a sandbox keeps the ports it was made with)"
            )


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on a port now."""
    with socket.socket() as probe:
        # As servers do: connections that are only winding down do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_base_port(count: int = 4) -> int:
    """Find `count` free ports in a row, away from the default ones.

    Raises:
        CommandFailed: none were found within a bounded number of tries.
    """
    for _ in range(50):
        # Below what systems hand out by themselves to connections: those may take a port between here and its use.
        base = _FIRST_CHOICE + secrets.randbelow(_CHOICES)
        if all(port_is_free(base + step) for step in range(count)):
            return base
    raise CommandFailed("found no free ports")


def chain_missing(rpc_url: str) -> str | None:
    """Tell what the chain lacks: None once it answers."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}).encode()
    answer = _ask(rpc_url, body)
    return None if isinstance(answer, dict) and "result" in answer else "no answer yet"


def api_missing(base_url: str) -> str | None:
    """Tell what a node lacks: None once /readyz says that every part is fit."""
    answer = _ask(f"{base_url}/readyz", None)
    if answer is None:
        return "no answer yet"
    checks = answer.get("checks") if isinstance(answer, dict) else None
    if isinstance(checks, dict):
        missing = [str(name) for name, fit in checks.items() if fit not in (True, "ok")]
        return ", ".join(missing) if missing else None
    return None


def may_issue(base_url: str) -> bool:
    """Tell whether a node offers credentials; one that does not answer offers none."""
    answer = _ask(f"{base_url}/.well-known/openid-credential-issuer", None)
    return isinstance(answer, dict) and bool(answer.get("credential_configurations_supported"))


def _ask(url: str, body: bytes | None) -> Any:  # noqa: ANN401 - whatever JSON the other side answers
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - our own http addresses
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_S) as answer:
            return json.loads(answer.read(_MAX_ANSWER))
    except urllib.error.HTTPError as refusal:
        with refusal:
            try:
                return json.loads(refusal.read(_MAX_ANSWER))
            except ValueError:
                return {"checks": {"answer": False}}
    except (OSError, ValueError):
        return None

"""Find and start the program anvil, and talk to it until it answers."""

from __future__ import annotations

import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.chain.errors import AnvilMissing, AnvilStopped, PortBusy, RpcError
from node.chain.rpc import Rpc, RpcLimits

HOST = "127.0.0.1"
# Anvil writes the state after every block to disk, as much as the chain's whole state each time; these many are kept.
# With its default it filled gigabytes within hours.
_STATES_ON_DISK = 240
_BLOCK_GAS_LIMIT = 60_000_000
_READY_S = 30.0
_POLL_S = 0.02
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class AnvilOptions:
    """Say which chain to run: where it listens, how often it makes blocks, what gas costs at least (wei)."""

    port: int
    chain_id: int = 31_337
    block_time_s: int = 1
    gas_price_wei: int = 0


def find_anvil(roots: Sequence[Path] = ()) -> Path:
    """Find the program itself, not npm's wrapper script: a signal must reach it, and it boots in 0.2 s.

    Looks under `node_modules` of the given folders, of this checkout and of the working folder, then in the PATH.

    Raises:
        AnvilMissing: it is not installed.
    """
    system, machine = _SYSTEMS.get(platform.system(), ""), _MACHINES.get(platform.machine(), "")
    name = "anvil.exe" if system == "win32" else "anvil"
    for root in (*roots, Path(__file__).parents[2], Path.cwd()):
        candidate = root / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / name
        if candidate.is_file():
            return candidate
    found = shutil.which("anvil")
    if found is not None and not _is_script(Path(found)):
        return Path(found)
    raise AnvilMissing(
        "the program anvil is not installed: run `npm install` where package.json lies "
        "(it brings @foundry-rs/anvil), or put anvil into the PATH"
    )


def command_line(anvil: Path, options: AnvilOptions, cache: Path, state: Path | None) -> list[str]:
    """Write the command that starts the chain; no account is unlocked and no web page may ask it."""
    price = str(options.gas_price_wei)
    command = [str(anvil), "--host", HOST, "--port", str(options.port), "--chain-id", str(options.chain_id)]
    command += ["--accounts", "0", "--no-cors", "--quiet", "--hardfork", "osaka", "--enable-tx-gas-limit"]
    command += ["--block-time", str(options.block_time_s), "--mixed-mining", "--gas-limit", str(_BLOCK_GAS_LIMIT)]
    command += ["--gas-price", price, "--block-base-fee-per-gas", price, "--disable-min-priority-fee"]
    command += ["--max-persisted-states", str(_STATES_ON_DISK), "--cache-path", str(cache)]
    return command if state is None else [*command, "--load-state", str(state)]


def port_must_be_free(port: int) -> None:
    """Try the port before Anvil does, so that the message is ours.

    Raises:
        PortBusy: another program listens there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As Anvil does: connections of an earlier run that are still closing do not make the port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            raise PortBusy(f"port {port} of {HOST} is busy: another program listens there") from None


def local_rpc(port: int) -> Rpc:
    """Give a client of the chain on this machine that has patience for a large state, and retries nothing."""
    return Rpc([f"http://{HOST}:{port}"], RpcLimits(timeout_s=120, max_response_bytes=4 << 30, rounds=1))


def wait_until_ready(process: subprocess.Popen[bytes], rpc: Rpc, chain_id: int) -> None:
    """Wait until Anvil answers.

    Raises:
        AnvilStopped: it ended, or did not answer in time, or something else answers on its port.
    """
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AnvilStopped(f"anvil ended with exit code {process.returncode} before it answered")
        try:
            answered = rpc.call("eth_chainId")
        except RpcError:
            time.sleep(_POLL_S)
            continue
        if answered != hex(chain_id):
            raise AnvilStopped("something else than our chain answers on the port")
        return
    raise AnvilStopped(f"anvil did not answer within {_READY_S:.0f} s")


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"

"""Say where everything of a sandbox lies and which ports it has; both are fixed when the folder is made."""

import json
import os
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli.console import CommandFailed
from jeung.domain.members import Role

DEFAULT_BASE_PORT = 8100
CHAIN_ID = 31_337
CLIENT_ID = "back-office"

_MARK = "sandbox.json"
_IGNORED = ".gitignore"
_VERSION = 1
_FOLDERS = ("chain", "logs", "run", "clients", "staff")


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """Describe a member of the sandbox; a founder stands in the genesis, the others are voted in."""

    name: str
    title: str
    title_ko: str
    roles: Role
    founder: bool
    port_offset: int


MEMBERS = (
    MemberPlan("bank", "Hanbit Bank", "한빛은행", Role.ISSUER | Role.RELYING_PARTY, founder=True, port_offset=1),
    MemberPlan(
        "exchange", "Mirae Exchange", "미래거래소", Role.ISSUER | Role.RELYING_PARTY, founder=True, port_offset=2
    ),
    MemberPlan("supervisor", "Supervisory Service", "감독원", Role.SUPERVISOR, founder=False, port_offset=3),
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Hold a sandbox's folder and its first port; the chain has that port, the members the next three."""

    root: Path
    base_port: int

    @property
    def chain_dir(self) -> Path:
        """Give the chain process's folder."""
        return self.root / "chain"

    @property
    def chain_port(self) -> int:
        """Give the port of the chain's JSON-RPC."""
        return self.base_port

    @property
    def rpc_url(self) -> str:
        """Give the address of the chain's JSON-RPC."""
        return f"http://127.0.0.1:{self.chain_port}"

    @property
    def deployment_file(self) -> Path:
        """Give where the deployment writes its description."""
        return self.chain_dir / "deployment.json"

    @property
    def logs_dir(self) -> Path:
        """Give where each process's output goes."""
        return self.root / "logs"

    @property
    def run_dir(self) -> Path:
        """Give where the running processes are noted down."""
        return self.root / "run"

    @property
    def member_ports(self) -> tuple[int, ...]:
        """Give the ports of the members' APIs."""
        return tuple(self.port(member) for member in MEMBERS)

    def port(self, member: MemberPlan) -> int:
        """Give the port of a member's API."""
        return self.base_port + member.port_offset

    def base_url(self, member: MemberPlan) -> str:
        """Give the base URL of a member; a name, because passkeys want one."""
        return f"http://localhost:{self.port(member)}"

    def node_dir(self, member: MemberPlan) -> Path:
        """Give a member's node folder."""
        return self.root / member.name

    def client_key(self, member: MemberPlan) -> Path:
        """Give the private key of the member's back office: the caller's, so outside of the node's folder."""
        return self.root / "clients" / f"{member.name}.pem"

    def staff_file(self, member: MemberPlan) -> Path:
        """Give where the log-ins of the people at the member's desk stand: names, roles, passwords (mode 0600)."""
        return self.root / "staff" / f"{member.name}.json"


def member_named(name: str) -> MemberPlan:
    """Give the sandbox's member of that name.

    Raises:
        CommandFailed: there is none.
    """
    for member in MEMBERS:
        if member.name == name:
            return member
    raise CommandFailed(f"the sandbox has no such node; it has {', '.join(member.name for member in MEMBERS)}")


def open_sandbox(root: Path) -> Sandbox:
    """Read an existing sandbox folder.

    Raises:
        CommandFailed: no sandbox there, or one of another version.
    """
    sandbox = _read(root)
    if sandbox is None:
        raise CommandFailed(f"there is no sandbox in {root}; `jeung up --data {quoted(root)}` makes one")
    return sandbox


def any_sandbox(root: Path) -> Sandbox:
    """Give whatever sandbox lies in a folder, also one that cannot be read any more; good for wiping only.

    Raises:
        CommandFailed: there is none, or the folder holds other things too: what is no sandbox is never wiped.
    """
    if not (root / _MARK).is_file():
        raise CommandFailed(f"there is no sandbox in {root}; `jeung up --data {quoted(root)}` makes one")
    ours = {_MARK, _IGNORED, *_FOLDERS, *(member.name for member in MEMBERS)}
    others = sorted(entry.name for entry in root.iterdir() if entry.name not in ours)
    if others:
        raise CommandFailed(f"{root} holds what no sandbox makes: {', '.join(others)}. Move it away first")
    return Sandbox(root.resolve(), DEFAULT_BASE_PORT)


def quoted(path: Path) -> str:
    """Write a path as a shell takes it."""
    return shlex.quote(str(path))


def make_sandbox(root: Path, base_port: int | None) -> Sandbox:
    """Open the sandbox in a folder, or make the folder with the ports it will keep.

    Raises:
        CommandFailed: the folder holds something else, or has other ports than the ones asked for.
    """
    sandbox = _read(root)
    if sandbox is None:
        if root.exists() and any(root.iterdir()):
            raise CommandFailed(f"{root} is not empty and is no sandbox; choose another folder with --data")
        return _create(root, base_port or DEFAULT_BASE_PORT)
    if base_port not in (None, sandbox.base_port) and not _has_members(sandbox):
        # Nothing bears the ports in its name yet: an earlier start ended before it made anything.
        return _create(root, base_port or DEFAULT_BASE_PORT)
    if base_port not in (None, sandbox.base_port):
        raise CommandFailed(
            f"the sandbox in {root} has the ports from {sandbox.base_port} on, for good: addresses are part of its"
            f" members' names. Use another folder: jeung up --data OTHER --base-port {base_port}"
        )
    return sandbox


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a crash, sees the old text or the new and never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(mode)
    Path(name).replace(path)


def _create(root: Path, base_port: int) -> Sandbox:
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        sandbox = Sandbox(root.resolve(), base_port)
        for folder in _FOLDERS:
            (sandbox.root / folder).mkdir(mode=0o700, exist_ok=True)
        # Keys and passphrases lie below: a repository around the folder must not take them up.
        write_whole(sandbox.root / _IGNORED, "*\n")
        write_whole(sandbox.root / _MARK, json.dumps({"version": _VERSION, "base_port": base_port}) + "\n")
    except OSError as error:
        raise CommandFailed(f"cannot make {root}: {error.strerror}") from None
    return sandbox


def _has_members(sandbox: Sandbox) -> bool:
    return any(sandbox.node_dir(member).exists() for member in MEMBERS)


def _read(root: Path) -> Sandbox | None:
    if root.exists() and not root.is_dir():
        raise CommandFailed(f"{root} is a file; a sandbox wants a folder of its own")
    try:
        mark = json.loads((root / _MARK).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise CommandFailed(
            f"{root / _MARK} cannot be read; `jeung reset --data {quoted(root)}` wipes the sandbox"
        ) from None
    if not isinstance(mark, dict) or mark.get("version") != _VERSION or type(mark.get("base_port")) is not int:
        raise CommandFailed(
            f"the sandbox in {root} was made by another version; `jeung reset --data {quoted(root)}` wipes it"
        )
    return Sandbox(root.resolve(), mark["base_port"])

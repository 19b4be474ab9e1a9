"""Found a sandbox's consortium once: each member makes its own node, then one short-lived process deploys.

Every member's keys are made by a process of its own, which alone ever holds that member's passphrase; the founding
knows addresses only. The deployer's key lives and dies inside the deploying process. What was cut short is taken up
again: a member's folder without settings is made anew, a deployment without its description is deployed again.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.console import CommandFailed
from cli.programs import CODE_DIR, jeung
from cli.sandbox import leash
from cli.sandbox.clients import make_client
from cli.sandbox.layout import MEMBERS, MemberPlan, Sandbox, write_whole
from cli.sandbox.staff import make_staff
from jeung.domain.members import Role
from node.settings import MEMBER_FILE, SETTINGS_FILE

TIMELOCK_S = 2
PROPOSAL_LIFE_S = 7 * 86_400

_TIMEOUT_S = 120.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class _Work:
    name: str
    process: subprocess.Popen[str]


class Founding:
    """Found the consortium of a sandbox; does nothing where it was founded before."""

    def __init__(self, sandbox: Sandbox, *, say: Callable[[str], None], pause: Callable[[float], bool]) -> None:
        """Prepare.

        Args:
            sandbox: what to found.
            say: tells the person what was done.
            pause: waits some seconds and tells whether a stop was asked for.

        """
        self._sandbox = sandbox
        self._say = say
        self._pause = pause
        self._makers: list[_Work] = []

    def begin(self) -> None:
        """Start making the members' nodes that are missing, all at the same time."""
        for member in MEMBERS:
            folder = self._sandbox.node_dir(member)
            if not (folder / SETTINGS_FILE).exists():
                shutil.rmtree(folder, ignore_errors=True)
                self._makers.append(_Work(f"making {member.name}'s node", _start(*self._init_arguments(member))))

    def finish_nodes(self) -> None:
        """Wait until every member has its node.

        Raises:
            CommandFailed: one could not be made; what it said is in the message.
        """
        for work in self._makers:
            self._finish(work)
        if self._makers:
            self._say(f"[green]✓[/] keys         of {len(self._makers)} members, each made by a process of its own")

    def finish_contracts(self) -> None:
        """Deploy the contracts on the running chain and tell every node of them.

        Raises:
            CommandFailed: one of these steps failed; what it said is in the message.
        """
        if _deployment_id(self._sandbox.deployment_file) is None:
            self._finish(_Work("deploying the contracts", _start(*self._deploy_arguments())))
            founders = " and ".join(member.name for member in MEMBERS if member.founder)
            self._say(f"[green]✓[/] contracts    deployed, founded by {founders}")
        for member in MEMBERS:
            join(self._sandbox.node_dir(member), self._sandbox.deployment_file)

    def abandon(self) -> None:
        """End what is still being made."""
        for work in self._makers:
            if work.process.poll() is None:
                work.process.kill()
                work.process.communicate()

    def _finish(self, work: _Work) -> None:
        waited = 0.0
        while work.process.poll() is None:
            if self._pause(_POLL_S) or waited > _TIMEOUT_S:
                work.process.kill()
                work.process.communicate()
                raise CommandFailed(f"{work.name} was stopped")
            waited += _POLL_S
        output, _ = work.process.communicate()
        if work.process.returncode != 0:
            raise CommandFailed(f"{work.name} failed: {output.strip()}")

    def _init_arguments(self, member: MemberPlan) -> tuple[str, ...]:
        sandbox = self._sandbox
        return (
            *("node", "init", "--dir", str(sandbox.node_dir(member)), "--name", member.name),
            *(
                "--organisation",
                member.title,
                "--organisation-ko",
                member.title_ko,
                "--base-url",
                sandbox.base_url(member),
            ),
            *("--listen-port", str(sandbox.port(member)), "--rpc", sandbox.rpc_url),
            *("--client", str(make_client(sandbox, member)), "--environment", "sandbox"),
            *("--staff", str(make_staff(sandbox, member))),
            *(("--public-explorer",) if Role.SUPERVISOR in member.roles else ()),
        )

    def _deploy_arguments(self) -> tuple[str, ...]:
        sandbox = self._sandbox
        founders: list[str] = []
        for member in (member for member in MEMBERS if member.founder):
            account = _governance(sandbox.node_dir(member))
            founders += ["--founder", f"{sandbox.base_url(member)},{account},{int(member.roles)}"]
        return (
            *("chain", "deploy", "--rpc", sandbox.rpc_url, "--out", str(sandbox.deployment_file)),
            *("--timelock", str(TIMELOCK_S), "--proposal-lifetime", str(PROPOSAL_LIFE_S)),
            *founders,
        )


def join(node_dir: Path, deployment_file: Path) -> None:
    """Give a node the description of its consortium's contracts; once given, only the same one is taken.

    Raises:
        CommandFailed: the node belongs to another deployment.
    """
    target = node_dir / deployment_file.name
    known = _deployment_id(target)
    if known is None:
        write_whole(target, deployment_file.read_text("utf-8"))
    elif known != _deployment_id(deployment_file):
        raise CommandFailed(f"{node_dir} belongs to another deployment; a node never changes its consortium")


def _deployment_id(path: Path) -> str | None:
    """Read which deployment a file describes; None where there is none, or one that did not come to its end.

    Raises:
        CommandFailed: the file cannot be read.
    """
    try:
        found = json.loads(path.read_text("utf-8")).get("deployment_id")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError):
        raise CommandFailed(f"{path} cannot be read") from None
    return None if found is None else str(found)


def _governance(node_dir: Path) -> str:
    return str(json.loads((node_dir / MEMBER_FILE).read_text("utf-8"))["accounts"]["governance"])


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own command with our own arguments
        # Whoever founds may be killed at any moment; nobody would end these then.
        leash.tied(*jeung(*arguments)),
        cwd=CODE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

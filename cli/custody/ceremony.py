"""Hold the ceremony that makes a node's root: make, print, read back, recover, and only then keep its public half."""

import shutil
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from cli.console import CommandFailed, out
from cli.custody.sheets import SheetFacts, read_sheet, write_sheet
from keys.ceremony import Root, Share, hold_ceremony, parse_words, verify_recovery
from keys.files import make_private_folder
from node.runtime.adapters import SystemClock
from node.runtime.custody import open_keystore
from node.runtime.roots import CeremonyFacts, keep_root, require_no_root, share_digest, signed_protocol
from node.settings import Settings

MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class CeremonyPlan:
    """Say how many shares are needed, who keeps them, who watches, and where the sheets go."""

    threshold: int
    custodians: Sequence[str]
    witnesses: Sequence[str]
    folder: Path
    typed: bool
    replace: bool


def run_ceremony(settings: Settings, plan: CeremonyPlan) -> None:
    """Make a root; a ceremony that fails anywhere leaves no sheet and no root.

    Raises:
        CommandFailed: the folder is in use, or a name is none.
        CeremonyRefused, ShareRefused: the sharing makes no sense, or a share was not read back as it was written.
        Conflict: the node has a root already.
    """
    names = [_name(name) for name in (*plan.custodians, *plan.witnesses)]
    if len({_folded(name) for name in plan.custodians}) < len(plan.custodians):
        raise CommandFailed("a custodian keeps one share: whoever has two is two of those who must agree")
    require_no_root(settings, replace=plan.replace)
    if plan.folder.exists() and any(plan.folder.iterdir()):
        raise CommandFailed(f"{plan.folder} is not empty: sheets go into a folder of their own")
    clock = SystemClock()
    root, shares = hold_ceremony(plan.threshold, len(plan.custodians))
    make_private_folder(plan.folder)
    try:
        moment = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%d %H:%M")
        sheets = [
            write_sheet(plan.folder, share, root.public, SheetFacts(settings.base_url, name, moment, _short(share)))
            for share, name in zip(shares, names, strict=False)
        ]
        out.print(f"{len(sheets)} sheets lie in {plan.folder}: print each for its custodian alone", markup=False)
        read = _typed(plan) if plan.typed else [read_sheet(path) for path in sheets]
        tried = verify_recovery(read, root.public)
        _keep(settings, root, shares, plan, CeremonyDone(clock.now(), tried))
    except BaseException:
        shutil.rmtree(plan.folder, ignore_errors=True)
        raise
    out.print(f"recovery verified with {tried} sets of {plan.threshold} shares", markup=False)
    out.print(f"root {root.public.root_id}", markup=False)
    out.print("now print the sheets, hand them out, and destroy the files", markup=False)


@dataclass(frozen=True, slots=True)
class CeremonyDone:
    """Say when the recovery was verified, and with how many sets of shares."""

    at: int
    tried: int


def _keep(settings: Settings, root: Root, shares: Sequence[Share], plan: CeremonyPlan, done: CeremonyDone) -> None:
    facts = CeremonyFacts(
        member=settings.base_url,
        held_at=done.at,
        custodians=plan.custodians,
        witnesses=plan.witnesses,
        read_back="typed" if plan.typed else "sheets",
        sets_tried=done.tried,
    )
    with open_keystore(settings, SystemClock()) as keystore:
        keep_root(settings, root.public, signed_protocol(root, shares, facts, keystore))


def _typed(plan: CeremonyPlan) -> list[tuple[str, ...]]:
    """Have custodians read their printed sheets out, as many as are needed."""
    return [ask_share(f"Words of the share of {name}") for name in plan.custodians[: plan.threshold]]


def ask_share(prompt: str, ask: Callable[..., str] = typer.prompt) -> tuple[str, ...]:
    """Ask for one share without echo, or read one line where nobody sits at the terminal; never from an argument.

    Raises:
        ShareRefused: it is none.
    """
    if sys.stdin.isatty():
        return parse_words(str(ask(prompt, hide_input=True, err=True)))
    return parse_words(sys.stdin.readline(4096))


def _short(share: Share) -> str:
    return share_digest(share.words)


def _name(name: str) -> str:
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise CommandFailed(f"a name is a printable text of 1 to {MAX_NAME} characters")
    return name


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

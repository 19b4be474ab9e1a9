"""Read what `jeung audit --format json` wrote last into the node's folder, within bounds of size and shape.

Whoever can write the folder can write the file: it is shown, never acted upon.
"""

import os
import stat
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jeung.domain.audits import AuditUnreadable, KeptFinding, LastAudit
from node.chain.deployment import load_deployment
from node.settings import Settings

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_FINDINGS: Final = 5_000
_Text = Annotated[str, Field(max_length=4_000)]
_Word = Annotated[str, Field(max_length=80)]
_Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0, lt=1 << 53)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Finding(_Part):
    rule: _Word
    severity: Literal["error", "warning", "note"]
    subject: _Text
    message: _Text
    block: _Count | None
    member: _Text | None


class _Check(_Part):
    name: _Word
    looked_at: _Count


class _Report(_Part):
    deployment_id: _Hash
    to_block: _Count
    to_block_hash: _Hash
    clean: bool
    checks: Annotated[list[_Check], Field(max_length=100)]
    findings: Annotated[list[_Finding], Field(max_length=MAX_FINDINGS)]


def read_last_audit(settings: Settings) -> LastAudit | AuditUnreadable | None:
    """Read the kept report; None where there is none.

    What is no regular file, larger than 4 MiB or no report of an audit is AuditUnreadable.
    """
    found = _read(settings.last_audit_path)
    if found is None or isinstance(found, AuditUnreadable):
        return found
    written_at, data = found
    try:
        report = _Report.model_validate_json(data)
    except ValidationError:
        return AuditUnreadable()
    ours = "0x" + load_deployment(settings.deployment_path).deployment_id.hex()
    return LastAudit(
        written_at=written_at,
        is_ours=report.deployment_id == ours,
        to_block=report.to_block,
        to_block_hash=report.to_block_hash,
        clean=report.clean,
        checks=[(check.name, check.looked_at) for check in report.checks],
        findings=[KeptFinding(**finding.model_dump()) for finding in report.findings],
    )


def _read(path: Path) -> tuple[int, bytes] | AuditUnreadable | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return AuditUnreadable()
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > MAX_BYTES:
            return AuditUnreadable()
        with open(descriptor, "rb", closefd=False) as file:
            return int(state.st_mtime), file.read(MAX_BYTES)
    finally:
        os.close(descriptor)

"""Keep where an audit got to, so that the next run replays only what is new.

A checkpoint is the replayed state with the deployment it belongs to and a hash over both. It saves time, not trust:
whoever can write the file can forge it, so keep it where only the auditor writes, or run without it.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import orjson

from audit.findings import AuditImpossible
from audit.state import State

_VERSION = 1
_MAX_BYTES = 1 << 30


def save(path: Path, deployment_id: str, state: State) -> None:
    """Write a checkpoint atomically, readable by its owner alone.

    Raises:
        AuditImpossible: the file cannot be written.
    """
    body = {"version": _VERSION, "deployment_id": deployment_id, "state": state.as_json()}
    try:
        document = orjson.dumps({"sha256": _hash(body), **body})
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, TypeError) as error:
        raise AuditImpossible("the checkpoint cannot be written") from error


def load(path: Path, deployment_id: str) -> State | None:
    """Read a checkpoint; None when there is none yet.

    Raises:
        AuditImpossible: altered, truncated, of another version or of another consortium.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise AuditImpossible("the checkpoint is larger than the bound")
        document = orjson.loads(path.read_bytes())
        body = {name: document[name] for name in ("version", "deployment_id", "state")}
        intact = document["sha256"] == _hash(body) and document["version"] == _VERSION
        state = State.from_json(document["state"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuditImpossible("the checkpoint cannot be read; remove it to audit from the beginning") from error
    if not intact:
        raise AuditImpossible("the checkpoint was altered; remove it to audit from the beginning")
    if document["deployment_id"] != deployment_id:
        raise AuditImpossible("the checkpoint belongs to another consortium")
    return state


def _hash(body: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()

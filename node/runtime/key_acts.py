"""Know the acts on keys that two people must want: destroying one, and writing a backup of all of them."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import bindparam, func, select

from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, Description, Fact, Words
from jeung.errors import Conflict, MalformedInput
from jeung.ports.store import Store, Transaction
from jeung.services.acts import log
from jeung.services.dual_control import CalledAct, Outcome, WorkedAct
from keys.envelope import HEAD_BYTES, head_of
from keys.keystore import Keystore
from keys.model import NEXT_STATES, KeyRecord, State
from keys.purposes import Purpose
from node.runtime.roots import load_root
from node.settings import Settings
from node.store.schema import data_keys
from node.store.transactions import SqlTransaction

_SCOPES = frozenset({Scope.KEYS})
_WRAPPED_UNDER = select(func.count()).where(func.substr(data_keys.c.wrapped, 1, HEAD_BYTES) == bindparam("head"))


class KeyDestruction(WorkedAct):
    """Erase a key's material in the worker; its record stays."""

    kind = ActKind.KEY_DESTRUCTION
    scopes = _SCOPES

    def __init__(self, keystore: Callable[[], Keystore], store: Store) -> None:
        """Take what opens the keystore when it is needed, and the store whose data may lie under a key."""
        self._keystore = keystore
        self._store = store

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take {key}: one that is not in use and that nothing kept still needs.

        Raises:
            MalformedInput: another shape.
            UnknownKey: there is no such key.
            Conflict: it is active or destroyed, or data is still wrapped under it.
        """
        if set(parameters) != {"key"} or not isinstance(parameters["key"], str):
            raise MalformedInput("expected the id of a key")
        record = self._keystore().get(parameters["key"])
        if not _can_be_destroyed(record):
            raise Conflict(f"the key is {record.state}: only a retired, compromised or unused key is destroyed")
        if record.purpose is Purpose.DATA_WRAPPING and isinstance(tx, SqlTransaction):
            count = wrapped_under(tx, record)
            if count:
                raise Conflict(f"{count} data keys are still wrapped under this key: without it their data is lost")
        return {"key": record.key_id}

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        """Say that nothing brings the key back."""
        record = self._keystore().get(str(parameters["key"]))
        return Description(
            Words("키 폐기", "Destroy a key"),
            Words(
                "키의 비밀 부분을 지웁니다. 백업이 만료되면 되돌릴 수 없습니다.",
                "Erases the key's secret part; once backups have expired, nothing brings it back.",
            ),
            (
                Fact(Words("키", "key"), record.key_id),
                Fact(Words("용도", "purpose"), record.purpose.value),
                Fact(Words("상태", "state"), record.state.value),
                Fact(Words("사용 횟수", "uses"), str(record.uses)),
            ),
        )

    def advance(self, act: Act) -> Outcome:
        """Erase it, unless a step that died after doing so has already."""
        keystore, key_id = self._keystore(), str((act.parameters or {})["key"])
        record = keystore.get(key_id)
        if record.destroyed_at is None:
            with self._store.read() as tx:
                # A row that another process wrapped under it before it ended may have come since the approval.
                self.check(tx, {"key": key_id})
            record = keystore.destroy(key_id)
        return Outcome(True, {"destroyed_at": record.destroyed_at})


class BackupExport(CalledAct):
    """Let a backup be written at the node's command line."""

    kind = ActKind.BACKUP_EXPORT
    scopes = _SCOPES

    def __init__(self, settings: Settings) -> None:
        """Back up the node of these settings."""
        self._settings = settings

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take nothing; the act names the root whose shares will read the backup.

        Raises:
            MalformedInput: another shape.
            CeremonyRefused: the node has no root yet.
            Conflict: the root was replaced since the act was asked for.
        """
        if not set(parameters) <= {"root"}:
            raise MalformedInput("a backup takes no parameters")
        root = load_root(self._settings).root_id
        if parameters.get("root", root) != root:
            raise Conflict("another ceremony was held since: ask again")
        return {"root": root}

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        """Say what leaves the node, and who will be able to read it."""
        return Description(
            Words("백업 내보내기", "Export a backup"),
            Words(
                "모든 키와 데이터베이스를 암호화하여 파일 하나로 내보냅니다. 지분을 모은 사람만 열 수 있습니다.",
                "Writes all keys and the database into one encrypted file; whoever has the shares reads it.",
            ),
            (Fact(Words("루트", "root"), str(parameters["root"])),),
        )


def log_backup(tx: Transaction, act: Act, digest: str, now: int) -> None:
    """Note in the event log which file an act's backup became."""
    log(tx, "backup_written", {"act": act.act_id, "backup": digest}, now)


def wrapped_under(tx: SqlTransaction, record: KeyRecord) -> int:
    """Count the data keys that are wrapped under a key."""
    return int(tx.connection.execute(_WRAPPED_UNDER, {"head": head_of(record.key_id)}).scalar_one())


def _can_be_destroyed(record: KeyRecord) -> bool:
    if record.destroyed_at is not None:
        return False
    return record.state is State.COMPROMISED or State.DESTROYED in NEXT_STATES[record.state]

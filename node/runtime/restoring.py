"""Bring a node back from a backup, into a folder of its own.

In this order; nothing stands under the folder's name before the last step:

1. The header: a backup of a version we read, not expired, and none that is newer lies beside it.
2. The shares recover the root that the header names; only that root reads on.
3. Every byte is decrypted into a part folder, to the end of the file: a chunk that was changed, moved, or belongs to
   another backup ends it here. Only names that a backup holds are written.
4. Whose is it? The protocol inside was signed by the root itself, and names the member; the settings inside are that
   member's. The signature over the whole file is the key's that the header shows, and the chain knew that key as
   this member's, good when the backup was made, and knows of no compromise since before then.
5. The keystore opens with the passphrase inside; the database is sound and is brought up to date.
6. What was open is forgotten, and the open status lists are closed: no index is ever handed out twice. Whoever was
   erased since, as the journal says, is erased again: his data key goes here, the worker does the rest. The event log
   says that the node was restored, and from what.
7. The folder gets its name.

The worker then catches up with the chain by itself: the index follows, and what waited in the outbox is sent or found
to stand already.
"""

import contextlib
import fcntl
import glob
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jeung.crypto import base64url
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import to_hex
from jeung.errors import Conflict, InvalidSignature, MalformedKey
from jeung.ports.world import Clock
from jeung.services.acting import OPERATOR, acting
from jeung.services.acts import log
from jeung.services.erasure.journal import JournalLine, erase_again
from jeung.services.status_places import open_fresh_group
from keys.archive import SIGNATURE_PREFIX, ArchiveReader
from keys.backends.software import FILE_NAME
from keys.ceremony import RootPublic, recover_root
from keys.envelope import Vault
from keys.errors import ArchiveRefused, CeremonyRefused
from keys.keystore import Keystore
from keys.model import SOFTWARE
from node.chain.abi import decode_result, encode_call
from node.chain.deployment import load_deployment, verify_deployment
from node.chain.hexes import bytes_of, hex_of
from node.chain.rpc import Rpc
from node.runtime.adapters import OsEntropy
from node.runtime.backups import DATABASE_NAME, DEPLOYMENT_NAME, KIND, headers_in
from node.runtime.certification import CERTIFICATES_FOLDER
from node.runtime.custody import open_keystore
from node.runtime.database import open_node_store, own_id
from node.runtime.erasure_journal import read_journal
from node.runtime.roots import PROTOCOL_FILE, ROOT_FILE, parse_protocol, verify_protocol
from node.settings import KEYSTORE_FOLDER, MEMBER_FILE, SETTINGS_FILE, UNLOCK_FILE, Settings, load_settings
from node.store.log import guard_log
from node.store.restoring import forget_open_dealings, require_sound, subjects_in

_PRIVATE: Final = 0o600
_ACTIVE_KEY: Final = 2
_FOR_EVER: Final = (1 << 48) - 1
_NAMES: Final = frozenset(
    {
        *(SETTINGS_FILE, MEMBER_FILE, ROOT_FILE, PROTOCOL_FILE, UNLOCK_FILE, DATABASE_NAME, DEPLOYMENT_NAME),
        f"{KEYSTORE_FOLDER}/{FILE_NAME}",
    }
)
_MAX_FILES: Final = 4096
_COPY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChainWitness:
    """Say where the chain is read that vouches for the backup's signer: the operator's word, not the backup's."""

    rpc_url: str
    deployment_file: Path


@dataclass(frozen=True, slots=True)
class Restored:
    """Say what was restored: `elsewhere` are keys whose backend holds them, `first_list` the first fresh list."""

    folder: Path
    member: str
    digest: str
    created_at: int
    first_list: int
    forgotten: int
    elsewhere: tuple[str, ...]
    erased_again: int


@dataclass(frozen=True, slots=True)
class _Header:
    root: RootPublic
    member: str
    deployment_id: str
    created_at: int
    expires_at: int
    signer: VerifyingKey


def restore_backup(
    file: Path,
    folder: Path,
    shares: Sequence[Sequence[str]],
    clock: Clock,
    *,
    witness: ChainWitness | None,
    older: bool = False,
    erasures: Sequence[Path] = (),
) -> Restored:
    """Restore a node.

    Args:
        file: the backup.
        folder: where the node is to be; it must not be there, or be empty.
        shares: the words of as many shares as the root needs.
        clock: tells whether the backup has expired.
        witness: where the chain is read; None asks nobody, and then anybody could have made the backup.
        older: restore although a newer backup lies beside this one.
        erasures: copies of the node's journal of erasures: whoever was erased since the backup is erased again.

    Raises:
        MalformedInput: a journal of erasures is not one, or not whole.
        Conflict: the folder holds something, another restore beside it is going on, or the settings put the database
            outside of it.
        ArchiveRefused: changed, mixed, expired, superseded, or signed by a key that the chain does not know as good.
        ShareRefused, CeremonyRefused: not the shares of this root, or not the protocol of its ceremony.
        KeyCustodyError, StoreUnavailable, DatabaseTooNew: what is inside cannot be used.
        WrongChain, RpcError: the chain is another one, or does not answer.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty: a node is restored into a folder of its own")
    with _alone(folder):
        _sweep(folder)
        erased = [line for path in erasures for line in read_journal(path)]
        return _restored(file, folder, shares, clock, witness=witness, older=older, erased=erased)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder around the new one, so that what another restore is making is not taken for left behind."""
    around = os.open(folder.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(around, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"another restore beside {folder} is going on") from None
        yield
    finally:
        os.close(around)


def _sweep(folder: Path) -> None:
    """Remove what a killed restore left: keys, and the passphrase that opens them, under a name nobody looks for."""
    for left in folder.parent.glob(f".{glob.escape(folder.name)}.*.part"):
        shutil.rmtree(left)


def _restored(
    file: Path,
    folder: Path,
    shares: Sequence[Sequence[str]],
    clock: Clock,
    *,
    witness: ChainWitness | None,
    older: bool,
    erased: Sequence[JournalLine],
) -> Restored:
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.part")
    try:
        with file.open("rb") as source:
            reader = ArchiveReader(source)
            header = _checked_header(reader.header)
            _require_newest(file, header, clock.now(), older=older)  # 1
            reader.open(recover_root(shares, header.root))  # 2
            part.mkdir(mode=0o700)
            _extract(reader, part)
            digest, signature = reader.finish()  # 3
        settings = _require_ours(part, header)  # 4
        _require_signature(header, digest, signature)
        _require_own_erasures(header, erased)
        if witness is not None:
            for thumbprint, at in {(header.signer.thumbprint, header.created_at), *map(_signed_at, erased)}:
                _require_known_to_chain(thumbprint, at, header, settings, witness)
        restored = _made_fit(settings, header, folder, digest, clock, erased)  # 5, 6
        if folder.exists():
            folder.rmdir()
        part.rename(folder)  # 7
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return restored


def _checked_header(values: Mapping[str, Any]) -> _Header:
    try:
        times = values["created_at"], values["expires_at"]
        if values["kind"] != KIND or not all(type(time) is int for time in times):
            raise ValueError
        root, signer = RootPublic.from_json(values["root"]), parse_jwk(values["signer"])
        return _Header(root, str(values["member"]), str(values["deployment_id"]), *times, signer)
    except (KeyError, ValueError, CeremonyRefused, MalformedKey):
        raise ArchiveRefused("the backup's header is not that of a node's backup") from None


def _require_newest(file: Path, header: _Header, now: int, *, older: bool) -> None:
    if header.expires_at <= now:
        raise ArchiveRefused("the backup has expired: what was erased since would come back with it")
    newer = [
        path.name
        for path, other in headers_in(file.parent)
        if other.get("member") == header.member
        and isinstance(other.get("created_at"), int)
        and other["created_at"] > header.created_at
    ]
    if newer and not older:
        raise ArchiveRefused(f"{newer[-1]} beside it is newer; --older restores this one all the same")


def _extract(reader: ArchiveReader, part: Path) -> None:
    for name in (KEYSTORE_FOLDER, CERTIFICATES_FOLDER):
        (part / name).mkdir(mode=0o700)
    count = 0
    try:
        with tarfile.open(fileobj=reader, mode="r|") as tar:
            for entry in tar:
                count += 1
                content = tar.extractfile(entry) if entry.isreg() else None
                # A sparse file is nearly nothing in the backup and fills the disk here.
                if content is None or entry.issparse() or count > _MAX_FILES or not _is_expected(entry.name):
                    raise ArchiveRefused("the backup holds something that no backup holds")
                with open(part / entry.name, "xb", opener=_private) as target:
                    shutil.copyfileobj(content, target, _COPY_BYTES)
    except (tarfile.TarError, FileExistsError):
        raise ArchiveRefused("the backup's contents do not have their form") from None
    missing = sorted(name for name in _NAMES if not (part / name).is_file())
    if missing:
        raise ArchiveRefused(f"the backup lacks {', '.join(missing)}")


def _is_expected(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    is_certificate = folder == CERTIFICATES_FOLDER and file.endswith(".pem") and not file.startswith(".")
    return name in _NAMES or (is_certificate and name.isprintable())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, _PRIVATE)


def _require_ours(part: Path, header: _Header) -> Settings:
    protocol = verify_protocol(parse_protocol((part / PROTOCOL_FILE).read_bytes()))
    settings = load_settings(part)
    if protocol["root"] != header.root.to_json() or protocol["member"] != header.member:
        raise ArchiveRefused("the backup was not made under the root of this member's ceremony")
    if settings.base_url != header.member:
        raise ArchiveRefused("the backup's settings are another member's")
    if settings.database_path != part / DATABASE_NAME or settings.deployment_path != part / DEPLOYMENT_NAME:
        raise Conflict("the settings put the database or the deployment's file outside of the node's folder")
    return settings


def _require_signature(header: _Header, digest: bytes, signature: bytes) -> None:
    try:
        header.signer.verify(signature, SIGNATURE_PREFIX + digest)
    except InvalidSignature:
        raise ArchiveRefused("the backup was not signed by the key it names") from None


def _require_own_erasures(header: _Header, erased: Sequence[JournalLine]) -> None:
    if any(line.issuer != header.member for line in erased):
        raise ArchiveRefused("the journal of erasures is another member's")


def _signed_at(line: JournalLine) -> tuple[bytes, int]:
    return line.signer.thumbprint, line.began_at


def _require_known_to_chain(
    thumbprint: bytes, at: int, header: _Header, settings: Settings, witness: ChainWitness
) -> None:
    deployment = load_deployment(witness.deployment_file)
    if header.deployment_id != "0x" + deployment.deployment_id.hex():
        raise ArchiveRefused("the backup belongs to another consortium")
    rpc = Rpc((witness.rpc_url,))
    try:
        verify_deployment(rpc, deployment)
        member = to_hex(own_id(settings))
        call = ChainCall("KeyRegistry", "keyStateAt", (member, to_hex(thumbprint), at, _FOR_EVER))
        data = hex_of(encode_call(call, {}))
        answer = rpc.call("eth_call", {"to": deployment.addresses["KeyRegistry"], "data": data}, "latest")
        (state,) = decode_result("KeyRegistry", "keyStateAt", bytes_of(answer))
    finally:
        rpc.close()
    if state != _ACTIVE_KEY:
        raise ArchiveRefused("the chain does not know the signer as a good key of this member at that time")


def _made_fit(
    settings: Settings, header: _Header, folder: Path, digest: bytes, clock: Clock, erased: Sequence[JournalLine]
) -> Restored:
    require_sound(settings.database_path)
    name = base64url.encode(digest)
    with open_keystore(settings, clock) as keystore:  # 5
        kept = open_node_store(settings, clock)
        try:
            with kept.store.write() as tx:  # 6
                forgotten = forget_open_dealings(tx.connection)
                # Others may hold more of the log than the backup does: nothing is signed before that is known.
                guard_log(tx.connection)
                first_list = open_fresh_group(tx, Vault(keystore), OsEntropy(), clock.now())
                body = {"backup": name, "made_at": header.created_at, "first_list": first_list}
                log(tx, "node_restored", body, clock.now())
                with acting(OPERATOR):
                    again = erase_again(tx, subjects_in(tx.connection), erased, clock.now())
            kept.database.truncate_log()
        finally:
            kept.dispose()
        elsewhere = _held_elsewhere(keystore)
    return Restored(folder, header.member, name, header.created_at, first_list, forgotten, elsewhere, again)


def _held_elsewhere(keystore: Keystore) -> tuple[str, ...]:
    return tuple(record.key_id for record in keystore.list() if record.backend != SOFTWARE)

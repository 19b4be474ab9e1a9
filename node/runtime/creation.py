"""Make the folder of a new node: keys under a fresh passphrase, certificates, database, clients, settings.

`node.toml` is written last, whole or not at all: a folder without it is a creation that was cut short.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeung.domain.access import Client
from jeung.domain.identifiers import Address
from jeung.errors import Conflict
from jeung.ports.world import Clock
from jeung.services.access import register_client
from keys.keystore import Keystore
from keys.model import KeyRecord
from keys.passphrase import create_passphrase_file
from keys.purposes import CHAIN_PURPOSES, Purpose
from node.runtime.backends import backends_of
from node.runtime.certification import certify, make_authority, write_whole
from node.runtime.database import open_node_store
from node.runtime.staff import NewStaff, open_staff
from node.settings import MEMBER_FILE, SETTINGS_FILE, Settings, check_settings

_PURPOSES = (
    *(Purpose.GOVERNANCE, Purpose.ATTEST, Purpose.STATUS),
    *(Purpose.CREDENTIAL_SIGNING, Purpose.STATUS_SIGNING, Purpose.REQUEST_SIGNING),
    *(Purpose.TOKEN_SIGNING, Purpose.RECEIPT_SIGNING, Purpose.WEBHOOK_SIGNING, Purpose.DATA_WRAPPING),
    *(Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING),
)


@dataclass(frozen=True, slots=True)
class NodePlan:
    """Say what a new node is to be; `settings` are the tables and values of its `node.toml`.

    `adopt` names, by purpose, keys that a backend of the settings has already.
    """

    folder: Path
    organisation: str
    settings: Mapping[str, Any]
    clients: Sequence[Client] = ()
    staff: Sequence[NewStaff] = ()
    adopt: Mapping[str, str] = field(default_factory=dict)


def create_node(plan: NodePlan, clock: Clock) -> Address:
    """Make the node's folder with everything it needs before it joins a consortium; give its governance address.

    Raises:
        Conflict: the folder holds something already.
        SettingsInvalid: the planned settings cannot be meant.
        KeyCustodyError: the keys or certificates could not be made.
    """
    folder = plan.folder.expanduser().resolve()
    settings = check_settings(plan.settings, folder)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    passphrase = create_passphrase_file(settings.passphrase_path)
    settings.keystore_folder.mkdir(mode=0o700)
    fast = settings.unsafe_fast_key_derivation
    elsewhere = backends_of(settings)
    with Keystore.create_in(
        settings.keystore_folder, passphrase, clock=clock, unsafe_fast_kdf=fast, elsewhere=elsewhere
    ) as keystore:
        records = {purpose: _new_key(keystore, purpose, plan.adopt.get(purpose)) for purpose in _PURPOSES}
        make_authority(keystore, folder, plan.organisation, clock)
        for record in records.values():
            certify(keystore, record, folder, organisation=plan.organisation, url=settings.base_url, clock=clock)
    with open_staff(settings, clock, words=(plan.organisation,)) as staff:
        for new in plan.staff:
            staff.add(new.name, new.roles, new.password)
    # After the staff: the log says by its id who keeps a client's key.
    register_clients(settings, plan.clients, clock)
    accounts = {purpose.value: records[purpose].address for purpose in sorted(CHAIN_PURPOSES)}
    keys = {purpose.value: record.key_id for purpose, record in records.items() if record.public_jwk is not None}
    member = {"organisation": plan.organisation, "url": settings.base_url, "accounts": accounts, "keys": keys}
    write_whole(folder / MEMBER_FILE, json.dumps(member, indent=2) + "\n")
    write_whole(folder / SETTINGS_FILE, _toml(plan.settings))
    return Address(records[Purpose.GOVERNANCE].address or "")


def register_clients(settings: Settings, clients: Sequence[Client], clock: Clock) -> None:
    """Register back-end clients in the node's database, or replace their keys and scopes.

    Raises:
        MalformedKey: a client's key is none; none of them is registered.
        StoreBusy, StoreUnavailable, DatabaseTooNew: the database cannot be used.
    """
    kept = open_node_store(settings, clock)
    try:
        with kept.store.write() as tx:
            for client in clients:
                register_client(tx, client, clock.now())
    finally:
        kept.dispose()


def _new_key(keystore: Keystore, purpose: Purpose, adopt: str | None) -> KeyRecord:
    return keystore.activate(keystore.create(purpose, adopt=adopt).key_id)


def _toml(settings: Mapping[str, Any], path: str = "") -> str:
    """Write values and tables as TOML; JSON's strings, numbers, booleans and lists are TOML's too."""
    values = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if not isinstance(value, Mapping)]
    text = "\n".join([*([f"\n[{path}]"] if path and values else []), *values]) + ("\n" if values else "")
    for name, table in settings.items():
        if isinstance(table, Mapping):
            text += _toml(table, f"{path}.{name}" if path else name)
    return text

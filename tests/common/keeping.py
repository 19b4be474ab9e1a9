"""Play a bank whose keys the worker leads through their life."""

from pathlib import Path

from jeung.crypto import base64url
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registrations import KeyPurpose
from jeung.services.own_keys import OwnKeysService
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import open_keystore
from node.runtime.keeper import KeyKeeper
from node.runtime.rotation import begin_rotation
from node.settings import Settings, load_settings
from tests.common.parties import BANK, Parties
from tests.unit.node.runtime.test_creation import settings_of

DAY = 86_400


class Scene:
    """A bank whose real keystore is kept over a played chain."""

    def __init__(self, folder: Path) -> None:
        self.parties = Parties()
        self.clock = self.parties.clock
        create_node(NodePlan(folder / "bank", "Hanbit Bank", settings_of(base_url=BANK)), self.clock)
        self.settings: Settings = load_settings(folder / "bank")
        self.keystore: Keystore = open_keystore(self.settings, self.clock)
        bank = self.parties.bank
        self.own = OwnKeysService(
            store=bank.store,
            ledger=self.parties.ledger,
            clock=self.clock,
            entropy=bank.entropy,
            url=BANK,
            key_validity_s=730 * DAY,
        )
        self.keeper = KeyKeeper(self.keystore, self.own, self.settings, self.clock)
        for record in self.keystore.list():
            if record.purpose.name in KeyPurpose.__members__:
                self.take(record)
        # Which of two keys is the newer shows in their times, which are whole seconds.
        self.clock.advance(1)

    def wanted(self) -> list[tuple[str, tuple[object, ...]]]:
        with self.parties.bank.store.read() as tx:
            page = tx.intents.page(cursor=None, limit=200)
        return [(intent.call.function, intent.call.args) for intent in reversed(page.items)]

    def take(self, record: KeyRecord) -> None:
        """Let the chain register a key."""
        self.parties.chain.register_key(self.parties.bank.member, thumbprint(record), KeyPurpose[record.purpose.name])

    def rotate(self, purpose: Purpose = Purpose.CREDENTIAL_SIGNING, since: int | None = None) -> KeyRecord:
        return begin_rotation(self.keystore, purpose, self.settings, self.clock, compromised_since=since)

    def state(self, record: KeyRecord) -> State:
        return self.keystore.get(record.key_id).state


def thumbprint(record: KeyRecord) -> KeyThumbprint:
    return KeyThumbprint(base64url.decode(record.key_id))

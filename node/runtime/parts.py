"""Open what a process of the node works with: settings, clock, keys, database."""

from dataclasses import dataclass

from keys.keystore import Keystore
from keys.signer import KeystoreSigner
from node.runtime.adapters import OsEntropy, SystemClock, Timers
from node.runtime.certification import CertificateChains
from node.runtime.custody import KeystoreChainSigner, open_keystore
from node.runtime.database import open_node_store, require_database
from node.runtime.policy import settings_in_force
from node.settings import Settings
from node.store.open import NodeStore


@dataclass(frozen=True, slots=True)
class NodeParts:
    """Hold what a process of the node opened, to be closed at its end."""

    settings: Settings
    clock: SystemClock
    entropy: OsEntropy
    later: Timers
    keystore: Keystore
    kept: NodeStore
    signer: KeystoreSigner
    chain_signer: KeystoreChainSigner

    def close(self) -> None:
        """Write the keys' use counters and close the database."""
        try:
            self.keystore.close()
        finally:
            self.kept.dispose()


def open_parts(settings: Settings) -> NodeParts:
    """Open keys and database of a node, after forking; the database is brought up to date first.

    The settings of the parts are those in force (`node.runtime.policy`).

    Raises:
        KeyCustodyError: the keystore cannot be opened.
        StoreBusy, StoreUnavailable, DatabaseTooNew, DatabaseMissing: the database cannot be used.
    """
    clock = SystemClock()
    require_database(settings)
    keystore = open_keystore(settings, clock)
    kept = open_node_store(settings, clock)
    return NodeParts(
        settings=settings_in_force(settings, kept.store, clock),
        clock=clock,
        entropy=OsEntropy(),
        later=Timers(),
        keystore=keystore,
        kept=kept,
        signer=KeystoreSigner(keystore, CertificateChains(settings.node_dir)),
        chain_signer=KeystoreChainSigner(keystore),
    )

"""Open a node's keys: the keystore, and the accounts of the chain."""

from jeung.domain.chain import ChainAccount
from jeung.domain.identifiers import Address
from jeung.ports.world import Clock
from keys.keystore import Keystore
from keys.passphrase import read_passphrase_file
from keys.purposes import Purpose
from node.runtime.backends import backends_of
from node.settings import Settings

_PURPOSES = {
    ChainAccount.GOVERNANCE: Purpose.GOVERNANCE,
    ChainAccount.ATTEST: Purpose.ATTEST,
    ChainAccount.STATUS: Purpose.STATUS,
}


class KeystoreChainSigner:
    """Sign for the member's accounts on the chain with the keystore's active keys."""

    def __init__(self, keystore: Keystore) -> None:
        """Sign with an open keystore."""
        self._keystore = keystore

    def address(self, account: ChainAccount) -> Address:
        """Give the account's present address.

        Raises:
            UnknownKey: no active key serves the account's purpose.
        """
        return Address(self._keystore.current(_PURPOSES[account]).address or "")

    def sign(self, account: ChainAccount, message: bytes) -> bytes:
        """Sign keccak256(message), which begins with 0x02 or 0x1901.

        Raises:
            KeyCustodyError: see `Keystore.sign`.
        """
        purpose = _PURPOSES[account]
        return self._keystore.sign(self._keystore.current(purpose).key_id, purpose, message)


def open_keystore(settings: Settings, clock: Clock) -> Keystore:
    """Open the node's keystore with the passphrase its file holds. Open it after forking.

    Raises:
        KeyCustodyError: missing, unsafe file modes, wrong passphrase, tampered with.
    """
    passphrase = read_passphrase_file(settings.passphrase_path)
    fast = settings.unsafe_fast_key_derivation
    elsewhere = backends_of(settings)
    return Keystore.open_in(
        settings.keystore_folder, passphrase, clock=clock, unsafe_fast_kdf=fast, elsewhere=elsewhere
    )

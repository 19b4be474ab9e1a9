"""Open a node's keys: the keystore, the accounts of the chain, the certificates that go with signing keys."""

import base64
from pathlib import Path

from jeung.domain.chain import ChainAccount
from jeung.domain.identifiers import Address
from jeung.ports.world import Clock
from keys.certificates import Certificate
from keys.keystore import Keystore
from keys.passphrase import read_passphrase_file
from keys.purposes import Purpose
from node.settings import Settings

CERTIFICATES_FOLDER = "certificates"
ANCHOR_FILE = "anchor.pem"

_MAX_CERTIFICATE_BYTES = 16 * 1024
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
    return Keystore.open_in(settings.keystore_folder, passphrase, clock=clock)


def certificate_chains(node_dir: Path) -> dict[str, tuple[str, ...]]:
    """Read the leaf certificates by key id, as `x5c` wants them: standard Base64 DER, without the trust anchor.

    Raises:
        CertificateRefused: a file of the folder holds no certificate.
    """
    chains: dict[str, tuple[str, ...]] = {}
    for path in sorted((node_dir / CERTIFICATES_FOLDER).glob("*.pem")):
        if path.name != ANCHOR_FILE:
            with path.open("rb") as file:
                certificate = Certificate.from_pem(file.read(_MAX_CERTIFICATE_BYTES))
            chains[path.stem] = (base64.b64encode(certificate.der).decode("ascii"),)
    return chains

"""Keep the certificates of a node: its own small authority's anchor, and a leaf for each key wallets look at."""

import base64
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from jeung.ports.world import Clock
from keys.certificates import CERTIFIED_PURPOSES, Certificate, Validity, issue_anchor, issue_leaf
from keys.keystore import Keystore
from keys.model import KeyRecord
from keys.purposes import Purpose

CERTIFICATES_FOLDER = "certificates"

_ANCHOR_FILE = "anchor.pem"
_MAX_CERTIFICATE_BYTES = 16 * 1024
_DAY_S = 86_400
_ANCHOR_LIFE_S = 10 * 365 * _DAY_S
_LEAF_LIFE_S = 2 * 365 * _DAY_S


class CertificateChains(Mapping[str, tuple[str, ...]]):
    """Give `x5c` by key id: standard Base64 DER, leaf first, without the trust anchor.

    A leaf is read when its key is first asked for, so that a running node finds those of keys made later.
    """

    def __init__(self, node_dir: Path) -> None:
        """Look into the certificates of a node's folder."""
        self._folder = node_dir / CERTIFICATES_FOLDER
        self._read: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, key_id: str) -> tuple[str, ...]:
        """Give the chain of a key.

        Raises:
            KeyError: the key has no certificate.
            CertificateRefused: its file holds none.
        """
        if key_id not in self._read:
            if key_id not in set(self):
                raise KeyError(key_id)
            certificate = _read(self._folder / f"{key_id}.pem")
            self._read[key_id] = (base64.b64encode(certificate.der).decode("ascii"),)
        return self._read[key_id]

    def __iter__(self) -> Iterator[str]:
        """Give the ids of the keys that have certificates."""
        return (path.stem for path in self._folder.glob("*.pem") if path.name != _ANCHOR_FILE)

    def __len__(self) -> int:
        """Count them."""
        return sum(1 for _ in self)


def make_authority(keystore: Keystore, node_dir: Path, organisation: str, clock: Clock) -> None:
    """Make the member's own authority: its key and the self-signed anchor.

    Raises:
        KeyCustodyError: the key or the certificate could not be made.
    """
    authority = keystore.activate(keystore.create(Purpose.CERTIFICATE_AUTHORITY).key_id)
    folder = node_dir / CERTIFICATES_FOLDER
    folder.mkdir(mode=0o700)
    validity = _validity(clock, _ANCHOR_LIFE_S)
    anchor = issue_anchor(keystore, authority.key_id, organisation=organisation, validity=validity)
    write_whole(folder / _ANCHOR_FILE, anchor.pem.decode("ascii"))


def certify(
    keystore: Keystore, record: KeyRecord, node_dir: Path, *, organisation: str, url: str, clock: Clock
) -> None:
    """Write a key's certificate, where its purpose wants one.

    Raises:
        KeyCustodyError: the authority cannot sign it.
    """
    if record.purpose not in CERTIFIED_PURPOSES:
        return
    folder = node_dir / CERTIFICATES_FOLDER
    leaf = issue_leaf(
        keystore,
        _read(folder / _ANCHOR_FILE),
        keystore.current(Purpose.CERTIFICATE_AUTHORITY).key_id,
        record.key_id,
        organisation=organisation,
        url=url,
        validity=_validity(clock, _LEAF_LIFE_S),
    )
    write_whole(folder / f"{record.key_id}.pem", leaf.pem.decode("ascii"))


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, sees all of it or nothing."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _read(path: Path) -> Certificate:
    with path.open("rb") as file:
        return Certificate.from_pem(file.read(_MAX_CERTIFICATE_BYTES))


def _validity(clock: Clock, life_s: int) -> Validity:
    # Clocks differ: a certificate that begins this second would be refused by a phone that is a minute slow.
    return Validity(clock.now() - _DAY_S, clock.now() + life_s)

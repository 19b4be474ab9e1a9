"""Everything the crypto module raises on purpose, one branch of `jeung.errors`.

KeyCustodyError
├── the keystore as a whole
│   ├── KeystoreMissing · KeystoreExists
│   ├── WrongPassphrase · KeystoreTampered · UnsupportedKeystoreVersion · KdfOutOfBounds
│   ├── InsecureFile          a mode, an owner or a link that lets others in
│   ├── KeystoreLocked        closed, or encrypted anew since it was opened
│   ├── KeystoreBusy          another process is writing; trying again makes sense
│   └── KeystoreNotWritten    the disk refused; the old keystore stands
├── one key
│   ├── UnknownKey · WrongPurpose · WrongState   each a KeyUnavailable to the core
│   ├── UnknownAlgorithm      none of that name is registered
│   ├── MessageRefused
│   └── ExportRefused         something tried to copy or pickle key material
├── a backend outside the keystore's file, none of them to be mistaken for a key that was replaced
│   ├── BackendMissing        no backend of that name stands in the settings
│   ├── BackendUnavailable    it cannot be reached now; trying again makes sense (Unavailable to the core)
│   │   └── TokenAbsent       no such token in any slot
│   ├── BackendRefused        it says no: cannot make, find or use the key so
│   │   └── TokenFull · MechanismMissing
│   ├── PinRefused            wrong, locked or missing; never tried a second time
│   └── SignatureRefused      it answered with a signature that is not the key's
├── EnvelopeRefused           a ciphertext does not belong here, or was changed: a SealBroken to the core
├── PassphraseRefused
├── CertificateRefused
└── the root, and what is encrypted to it
    ├── CeremonyRefused       the ceremony would not do what it is for
    ├── ShareRefused          words that are no share of this root
    └── ArchiveRefused        a backup that is not the one that was made

No message holds key material, a passphrase, or what was to be signed.
docs/reference/keystore-format.md says for each why it happens and what to do.
"""

from __future__ import annotations

from jeung.errors import JeungError, KeyUnavailable, SealBroken, Unavailable

_BACKEND_RETRY_S = 5


class KeyCustodyError(JeungError, code="key_custody"):
    """The crypto module refuses."""


class KeystoreMissing(KeyCustodyError, code="keystore_missing"):
    """There is no keystore in this folder."""


class KeystoreExists(KeyCustodyError, code="keystore_exists"):
    """There is a keystore in this folder already."""


class WrongPassphrase(KeyCustodyError, code="wrong_passphrase"):
    """The passphrase does not open this keystore."""


class KeystoreTampered(KeyCustodyError, code="keystore_tampered"):
    """The keystore's bytes are not the ones that were written."""


class UnsupportedKeystoreVersion(KeyCustodyError, code="unsupported_keystore_version"):
    """The keystore was written in a format this program does not read."""


class KdfOutOfBounds(KeyCustodyError, code="kdf_out_of_bounds"):
    """The keystore asks for key-derivation costs outside the accepted bounds."""


class InsecureFile(KeyCustodyError, code="insecure_file"):
    """A file or folder that holds secrets is open to others, owned by others, or not what it seems."""


class KeystoreLocked(KeyCustodyError, code="keystore_locked"):
    """The keystore is not open: it was closed, or encrypted anew since it was opened."""


class KeystoreBusy(KeyCustodyError, code="keystore_busy"):
    """Another process is writing to the keystore."""


class KeystoreNotWritten(KeyCustodyError, code="keystore_not_written"):
    """The keystore could not be written; what stood before still stands."""


class UnknownKey(KeyCustodyError, KeyUnavailable, code="unknown_key"):
    """The keystore holds no such key."""


class WrongPurpose(KeyCustodyError, KeyUnavailable, code="wrong_purpose"):
    """The key does not serve this purpose."""


class WrongState(KeyCustodyError, KeyUnavailable, code="wrong_state"):
    """The key's state does not allow this."""


class UnknownAlgorithm(KeyCustodyError, code="unknown_algorithm"):
    """No algorithm of this name is registered."""


class BackendMissing(KeyCustodyError, code="backend_missing"):
    """The key lies in a backend that the settings do not name."""


class BackendUnavailable(KeyCustodyError, Unavailable, code="backend_unavailable"):
    """The backend that holds the key cannot be reached now."""

    def __init__(self, detail: str = "") -> None:
        """Say what is not there; asking again in a few seconds makes sense."""
        super().__init__(detail, retry_after_s=_BACKEND_RETRY_S)


class BackendRefused(KeyCustodyError, code="backend_refused"):
    """The backend that holds the key refuses, or cannot do this."""


class TokenAbsent(BackendUnavailable, code="token_absent"):
    """The token is in no slot."""


class TokenFull(BackendRefused, code="token_full"):
    """The token has no room for another key."""


class MechanismMissing(BackendRefused, code="mechanism_missing"):
    """The token cannot do what the algorithm needs."""


class PinRefused(KeyCustodyError, code="pin_refused"):
    """The token refused the PIN, or it cannot be read safely; it is not tried again."""


class SignatureRefused(KeyCustodyError, code="signature_refused"):
    """The backend answered with a signature that is not the key's."""


class MessageRefused(KeyCustodyError, code="message_refused"):
    """The message does not have the shape this purpose signs."""


class ExportRefused(KeyCustodyError, code="export_refused"):
    """Key material is never copied, pickled or exported."""


class EnvelopeRefused(KeyCustodyError, SealBroken, code="envelope_refused"):
    """The ciphertext was changed, moved to another place, or made under another key."""


class PassphraseRefused(KeyCustodyError, code="passphrase_refused"):
    """The passphrase is missing, too short, too long, or cannot be read safely."""


class CertificateRefused(KeyCustodyError, code="certificate_refused"):
    """The certificate asked for would be wrong."""


class CeremonyRefused(KeyCustodyError, code="ceremony_refused"):
    """The ceremony, or what describes it, is not what it must be."""


class ShareRefused(KeyCustodyError, code="share_refused"):
    """The words are no share of this root, or there are too few of them."""


class ArchiveRefused(KeyCustodyError, code="archive_refused"):
    """The backup was changed, cut short, put together from several, or made for another root."""

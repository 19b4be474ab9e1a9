"""Grade how well a device key is kept, by what a key attestation says of it (OpenID4VCI 1.0, appendix D.2)."""

import enum
from collections.abc import Collection
from dataclasses import dataclass

from jeung.crypto.jwk import VerifyingKey


class KeyStorage(enum.StrEnum):
    """Grade where a key is kept, or how its use is guarded; the order of definition is the order of strength.

    The values of ISO 18045 say which attack potential is resisted (AVA_VAN.2 to 5). SOFTWARE is said of a key that
    nobody attested: it may be kept well, but the issuer cannot know.
    """

    SOFTWARE = "software"
    BASIC = "iso_18045_basic"
    ENHANCED_BASIC = "iso_18045_enhanced-basic"
    MODERATE = "iso_18045_moderate"
    HIGH = "iso_18045_high"

    @property
    def rank(self) -> int:
        """Give the grade's place in the order, 0 the weakest."""
        return _RANKS[self]


_RANKS = {storage: rank for rank, storage in enumerate(KeyStorage)}


def strongest(names: Collection[str]) -> KeyStorage:
    """Give the strongest grade among the names an attestation asserts; one that means nothing here adds nothing."""
    known = [storage for storage in KeyStorage if storage.value in names]
    return known[-1] if known else KeyStorage.SOFTWARE


def at_least(least: KeyStorage) -> tuple[KeyStorage, ...]:
    """Give the grades that are as strong or stronger, weakest first."""
    return tuple(storage for storage in KeyStorage if storage.rank >= least.rank)


@dataclass(frozen=True, slots=True)
class HolderKey:
    """Hold a device key to bind a credential to, and how well it is kept, as far as anybody vouches for that.

    `storage` grades the place of the key, `guard` the user's authentication before its use.
    """

    key: VerifyingKey
    storage: KeyStorage = KeyStorage.SOFTWARE
    guard: KeyStorage = KeyStorage.SOFTWARE

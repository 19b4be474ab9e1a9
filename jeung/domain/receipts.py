"""Describe consent receipts: what a relying party tells a holder in writing, and what a holder may ask about later.

A receipt holds no value of a claim, no device key, no digest of a credential and no status index: whoever comes by
one learns from it nothing that an issuer could recognise a person by. Whose it is shows the digest of the key-binding
JWT it answers, which only the holder and the relying party have.
"""

import enum
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
RECEIPT_TYPE: Final = "consent-receipt+jwt"
PROOF_TYPE: Final = "receipt-proof+jwt"
STATEMENT_TYPE: Final = "receipt-statement+jwt"
QUERY_PATH: Final = "/receipts/query"
MAX_RECEIPT_CHARACTERS: Final = 16_384
MAX_PROOF_CHARACTERS: Final = 16_384
PROOF_AGE_S: Final = 120
"""A proof is made for one question asked at once."""


class Reader(enum.StrEnum):
    """Say who opened a record: the service that asked, or staff of the member that reads any."""

    SERVICE = "service"
    STAFF = "staff"


class Standing(enum.StrEnum):
    """Say whether the record that a receipt is about is still kept.

    `ERASED` is said only where the log holds the receipt's commitment, so that there was a record; `UNKNOWN` where
    nothing is kept and the log does not hold it, or not yet.
    """

    KEPT = "kept"
    ERASED = "erased"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """Say that a record was opened, by whom in kind and when (seconds UTC); never by which person."""

    reader: Reader
    read_at: int

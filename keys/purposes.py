"""Say what keys are for, and what a key of each purpose may sign."""

import enum
from collections.abc import Callable, Mapping
from types import MappingProxyType

from jeung.crypto.signatures import Use
from keys.errors import MessageRefused


class Purpose(enum.StrEnum):
    """Say the one thing a key is for (NIST SP 800-57 part 1, 5.2: a key serves a single purpose).

    GOVERNANCE, ATTEST and STATUS are accounts of the chain. The names of the signing purposes are those of the
    KeyRegistry contract.
    """

    GOVERNANCE = "governance"
    ATTEST = "attest"
    STATUS = "status"
    CREDENTIAL_SIGNING = "credential_signing"
    STATUS_SIGNING = "status_signing"
    REQUEST_SIGNING = "request_signing"
    TOKEN_SIGNING = "token_signing"  # noqa: S105 - the name of a purpose
    RECEIPT_SIGNING = "receipt_signing"
    WEBHOOK_SIGNING = "webhook_signing"
    LOG_CHECKPOINT_SIGNING = "log_checkpoint_signing"
    WITNESS_COSIGNING = "witness_cosigning"
    DATA_WRAPPING = "data_wrapping"
    CERTIFICATE_AUTHORITY = "certificate_authority"


CHAIN_PURPOSES = frozenset({Purpose.GOVERNANCE, Purpose.ATTEST, Purpose.STATUS})

USES: Mapping[Purpose, Use] = MappingProxyType(
    {
        Purpose.CREDENTIAL_SIGNING: Use.WALLETS,
        Purpose.STATUS_SIGNING: Use.WALLETS,
        Purpose.REQUEST_SIGNING: Use.WALLETS,
        Purpose.CERTIFICATE_AUTHORITY: Use.WALLETS,
        Purpose.TOKEN_SIGNING: Use.MESSAGES,
        Purpose.RECEIPT_SIGNING: Use.MESSAGES,
        Purpose.WEBHOOK_SIGNING: Use.MESSAGES,
        Purpose.LOG_CHECKPOINT_SIGNING: Use.LOGS,
        Purpose.WITNESS_COSIGNING: Use.LOGS,
    }
)
"""Who has to understand what a purpose signs; that decides which algorithms may serve it."""

MAX_MESSAGE_BYTES = 4 * 1024 * 1024

_EIP1559_TYPE = 0x02
_RLP_LIST = 0xC0
_EIP712_PREFIX = b"\x19\x01"
_EIP712_BYTES = 66
_DER_SEQUENCE = 0x30


def _is_chain_message(message: bytes) -> bool:
    """Accept an unsigned EIP-1559 transaction or EIP-712 data: a bare digest or a `personal_sign` text is neither."""
    if message.startswith(_EIP712_PREFIX):
        return len(message) == _EIP712_BYTES
    return len(message) > 1 and message[0] == _EIP1559_TYPE and message[1] >= _RLP_LIST


def _is_der_sequence(message: bytes) -> bool:
    """Accept what can be a TBSCertificate (RFC 5280, 4.1): a DER sequence."""
    return message[0] == _DER_SEQUENCE


# A key that signs for the chain must never be led into signing anything else, and the other way round.
_SHAPES: Mapping[Purpose, Callable[[bytes], bool]] = MappingProxyType(
    {
        **dict.fromkeys(CHAIN_PURPOSES, _is_chain_message),
        Purpose.CERTIFICATE_AUTHORITY: _is_der_sequence,
    }
)


def require_message_for(purpose: Purpose, message: bytes) -> None:
    """Refuse a message that a key of this purpose must not sign.

    Args:
        purpose: the purpose of the key.
        message: 1 to `MAX_MESSAGE_BYTES` bytes. For the chain purposes `0x02 || rlp(unsigned transaction)`
            (EIP-1559) or `0x1901 || domain separator || struct hash` (EIP-712); for the certificate authority a
            DER sequence.

    Raises:
        MessageRefused: empty, too large, or of another shape.
    """
    if not 0 < len(message) <= MAX_MESSAGE_BYTES:
        raise MessageRefused(f"expected a message of 1 to {MAX_MESSAGE_BYTES} bytes, got {len(message)}")
    has_shape = _SHAPES.get(purpose)
    if has_shape is not None and not has_shape(message):
        raise MessageRefused(f"a {purpose} key does not sign a message of this shape")

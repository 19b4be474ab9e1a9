"""Sign what holders are told: receipts when they are handed out, statements when they are asked for.

A receipt is signed after its content was committed with the record, so no signature is made for a judgement that was
never kept, and none holds up the one writer of the database. A key that cannot sign must not undo a judgement either:
the answer then comes without a receipt, which the holder's wallet points out, and the node's log says why.
"""

import logging
from collections.abc import Mapping

from jeung.crypto.jws import sign_jws
from jeung.domain.receipts import RECEIPT_TYPE
from jeung.domain.registrations import KeyPurpose
from jeung.errors import JeungError
from jeung.ports.custody import Signer

_log = logging.getLogger(__name__)


class ReceiptSigner:
    """Sign with the member's key for receipts and evidence."""

    def __init__(self, *, signer: Signer) -> None:
        self._signer = signer

    def receipt(self, content: Mapping[str, object] | None) -> str | None:
        """Give a receipt as a compact JWS of canonical JSON; None without a content, or where no key can sign it."""
        if content is None:
            return None
        try:
            return self.signed(RECEIPT_TYPE, content)
        except JeungError as error:
            _log.warning("a consent receipt could not be signed: %s", error.code)
            return None

    def signed(self, kind: str, claims: Mapping[str, object]) -> str:
        """Give claims as a compact JWS of a type; the header shows the key, whose thumbprint the ledger registers.

        Raises:
            KeyUnavailable: no active key signs receipts.
        """
        key = self._signer.active_key(KeyPurpose.RECEIPT_SIGNING)
        header = {"alg": key.algorithm, "typ": kind, "kid": key.key_id, "jwk": key.jwk}
        return sign_jws(
            header, claims, lambda message: self._signer.sign(key.key_id, KeyPurpose.RECEIPT_SIGNING, message)
        )

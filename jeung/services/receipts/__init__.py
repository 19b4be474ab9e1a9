"""Hand consent receipts to holders, and answer what a holder asks about one.

`signing` signs what `jeung.services.verification.receipts` wrote, `proofs` judges who asks, `asking` answers.
"""

from jeung.services.receipts.asking import ReceiptDesk
from jeung.services.receipts.signing import ReceiptSigner

__all__ = ["ReceiptDesk", "ReceiptSigner"]

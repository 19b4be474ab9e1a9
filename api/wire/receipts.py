"""Describe on the wire what holders ask about their receipts."""

from typing import Annotated

from pydantic import Field

from api.wire.base import In
from jeung.domain.receipts import MAX_PROOF_CHARACTERS, MAX_RECEIPT_CHARACTERS


class AskReceipt(In):
    """Ask what is recorded about a receipt, with the proof that the asker holds the presentation's device key."""

    receipt: Annotated[
        str,
        Field(
            min_length=1, max_length=MAX_RECEIPT_CHARACTERS, description="the `consent-receipt+jwt` as it was given"
        ),
    ]
    proof: Annotated[
        str,
        Field(min_length=1, max_length=MAX_PROOF_CHARACTERS, description="a fresh `receipt-proof+jwt`, good once"),
    ]

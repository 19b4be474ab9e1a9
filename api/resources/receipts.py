"""Serve holders who ask what is recorded about one of their receipts."""

from apiflask import APIBlueprint
from flask import Response

from api.context import runtime
from api.limits import Limit
from api.operation import Operation, operation
from api.wire.receipts import AskReceipt
from jeung.domain.receipts import QUERY_PATH
from jeung.errors import LedgerStale, ReceiptProofRefused

blueprint = APIBlueprint("receipts", __name__, tag="Wallets")

STATEMENT = "application/receipt-statement+jwt"


@operation(
    blueprint,
    Operation(
        "POST",
        QUERY_PATH,
        None,
        takes=AskReceipt,
        media_type=STATEMENT,
        body_limit=40 * 1024,
        limit=Limit.PUBLIC,
        wallet=True,
        refuses=(ReceiptProofRefused, LedgerStale),
    ),
)
def ask_about_receipt(body: AskReceipt) -> Response:
    """Tell the holder of a receipt, in a signed statement, what is recorded about it.

    The proof is a JWT under the device key that the presentation was bound to. Whoever cannot give it is refused with
    one and the same code, whether a record exists or not. A record that was erased is said to be so where
    the log shows that there was one.
    """
    answer = Response(runtime().receipt_desk.ask(body.receipt, body.proof), content_type=STATEMENT)
    answer.headers["Cache-Control"] = "no-store"
    return answer

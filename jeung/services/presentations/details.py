"""Seal what a presentation request holds beside its row, under a data key of the day it was made."""

from typing import Any, Final

import orjson

from jeung.crypto import base64url
from jeung.domain.presentations import PresentationRequest, RequestDetails, RequestUriMethod
from jeung.errors import RequestEnded
from jeung.ports.custody import Vault
from jeung.ports.store import Store, Transaction
from jeung.services.day_keys import DayKeys

OWNER_PREFIX: Final = "presentations/"


class DetailSealer:
    """Seal and open the details of requests."""

    def __init__(self, *, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._days = DayKeys(store=store, vault=vault, prefix=OWNER_PREFIX)

    def seal(self, request_id: str, details: RequestDetails, now: int) -> tuple[str, bytes]:
        """Give the owner of the data key and the sealed details; not to be called inside a transaction.

        Raises:
            StoreBusy: the day's data key could not be made.
        """
        owner, wrapped = self._days.at(now)
        return owner, self._vault.seal(wrapped, owner, _context(request_id), orjson.dumps(_written(details)))

    def open(self, tx: Transaction, request: PresentationRequest) -> RequestDetails:
        """Open the details of a request, in the transaction that read it.

        Raises:
            RequestEnded: the key of its day is gone.
            SealBroken: the sealed bytes were changed or moved.
        """
        wrapped = tx.data_keys.get(request.data_key_id)
        if wrapped is None:
            raise RequestEnded
        sealed = self._vault.open(wrapped, request.data_key_id, _context(request.request_id), request.sealed)
        return _read(orjson.loads(sealed))


def _context(request_id: str) -> str:
    return f"presentation-request/{request_id}"


def _written(details: RequestDetails) -> dict[str, Any]:
    return {
        "state": details.state,
        "query": details.query,
        "transactions": details.transactions,
        "certificate": details.certificate,
        "request_uri_method": details.request_uri_method,
        "response_jwk": details.response_jwk,
        "response_key": None if details.response_key is None else base64url.encode(details.response_key),
        "redirect_uri": details.redirect_uri,
        "profile_digest": details.profile_digest,
        "purpose": details.purpose,
    }


def _read(body: dict[str, Any]) -> RequestDetails:
    sealed_key = body.pop("response_key")
    return RequestDetails(
        **{
            **body,
            "transactions": tuple(body["transactions"]),
            "request_uri_method": RequestUriMethod(body["request_uri_method"]),
            "response_key": None if sealed_key is None else base64url.decode(sealed_key),
        }
    )

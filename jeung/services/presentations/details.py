"""Seal what a presentation request holds beside its row, under a data key of the day it was made."""

import datetime
import threading
from typing import Any, Final

import orjson

from jeung.crypto import base64url
from jeung.domain.presentations import PresentationRequest, RequestDetails, RequestUriMethod
from jeung.errors import RequestEnded
from jeung.ports.custody import Vault
from jeung.ports.store import Store, Transaction

OWNER_PREFIX: Final = "presentations/"
_DAY_S: Final = 86_400


class DetailSealer:
    """Seal and open the details of requests."""

    def __init__(self, *, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._lock = threading.Lock()
        self._day: tuple[int, str, bytes] | None = None

    def seal(self, request_id: str, details: RequestDetails, now: int) -> tuple[str, bytes]:
        """Give the owner of the data key and the sealed details; not to be called inside a transaction.

        Raises:
            StoreBusy: the day's data key could not be made.
        """
        owner, wrapped = self._day_key(now)
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

    def _day_key(self, now: int) -> tuple[str, bytes]:
        day = now // _DAY_S
        with self._lock:
            if self._day is not None and self._day[0] == day:
                return self._day[1:]
        owner = f"{OWNER_PREFIX}{datetime.datetime.fromtimestamp(now, datetime.UTC).date().isoformat()}"
        with self._store.write() as tx:
            wrapped = tx.data_keys.get(owner)
            if wrapped is None:
                wrapped = self._vault.new_data_key(owner)
                tx.data_keys.add(owner, wrapped, now)
        with self._lock:
            # Only now: had the transaction failed, the key would not exist.
            self._day = day, owner, wrapped
        return owner, wrapped


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

"""Describe the transactions that a presentation can confirm (OpenID4VP 1.0, section 8.4 and appendix B.3.3.1).

Each type is a closed set of members: a wallet shows all of them to its holder, so one that nobody knows must not hide
among them. docs/reference/transaction-data.md documents the shapes for those who write wallets.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.sd_jwt import HASH_NAME
from jeung.errors import MalformedTransactionData

PAYMENT: Final = "urn:jeung:transaction:payment:1"
ACCOUNT_OPENING: Final = "urn:jeung:transaction:account-opening:1"
MAX_TRANSACTIONS: Final = 4
MAX_AMOUNT_KRW: Final = 10**13

Check = Callable[[object], bool]


def encode_transaction(transaction: Mapping[str, Any], query_ids: Collection[str]) -> str:
    """Write a transaction as a request carries it: base64url of RFC 8785 JSON.

    Args:
        transaction: `type` and the members of that type; `credential_ids` may be left out and then name every query.
        query_ids: the ids of the credential queries of the request.

    Raises:
        MalformedTransactionData: an unknown type, a member missing, unknown or of the wrong form, or a credential
            that is not asked for.
    """
    body = dict(transaction)
    kind = body.pop("type", None)
    credential_ids = body.pop("credential_ids", None) or sorted(query_ids)
    members = _TYPES.get(kind) if isinstance(kind, str) else None
    if members is None:
        raise MalformedTransactionData("the transaction is of no known type")
    if not isinstance(credential_ids, list) or not all(
        isinstance(query_id, str) and query_id in query_ids for query_id in credential_ids
    ):
        raise MalformedTransactionData("`credential_ids` names a credential that the query does not ask for")
    for name, (required, has_form) in members.items():
        if (name in body and not has_form(body[name])) or (required and name not in body):
            raise MalformedTransactionData(f"`{name}` is missing or not of its form")
    if not body.keys() <= members.keys():
        raise MalformedTransactionData("the transaction has a member that its type does not know")
    document = {"type": kind, "credential_ids": credential_ids, "transaction_data_hashes_alg": [HASH_NAME], **body}
    return base64url.encode(canonical_json.canonical(document))


def credential_ids_of(encoded: str) -> tuple[str, ...]:
    """Give the credential queries that may confirm a transaction that `encode_transaction` wrote."""
    return tuple(canonical_json.parse_object(base64url.decode(encoded))["credential_ids"])


def transaction_digest(encoded: str) -> str:
    """Give what a holder signs to confirm a transaction: base64url of SHA-256 over the text as it was sent."""
    return base64url.encode(sha256(encoded.encode("ascii")))


def _text(most: int) -> Check:
    return lambda value: isinstance(value, str) and 0 < len(value) <= most and value.isprintable()


def _pattern(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_amount(value: object) -> bool:
    return type(value) is int and 0 < value <= MAX_AMOUNT_KRW


_is_date = _pattern(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_is_digest = _pattern(r"[A-Za-z0-9_-]{43}")


def _is_account(value: object) -> bool:
    if not isinstance(value, dict) or value.keys() != {"bank", "number"}:
        return False
    return _pattern(r"[0-9]{3}")(value["bank"]) and _pattern(r"[0-9]{6,20}")(value["number"])


_TYPES: Final[Mapping[str, Mapping[str, tuple[bool, Check]]]] = {
    PAYMENT: {
        "payee": (True, _text(128)),
        "payee_account": (True, _is_account),
        "amount_krw": (True, _is_amount),
        "reference": (True, _text(140)),
        "execution_date": (False, _is_date),
    },
    ACCOUNT_OPENING: {
        "institution": (True, _text(128)),
        "product": (True, _text(128)),
        "terms_digest": (True, _is_digest),
        "reference": (False, _text(140)),
    },
}

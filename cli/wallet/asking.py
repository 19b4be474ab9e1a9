"""Ask a relying party what it recorded about a receipt, and judge its statement."""

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

from cli.wallet.errors import NotTrusted
from cli.wallet.http import JSON, WalletHttp
from cli.wallet.receipts import REFUSED, KeptReceipt, Promise, read_signed
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256
from jeung.crypto.jws import sign_jws
from jeung.crypto.tlog.checkpoints import parse_checkpoint
from jeung.crypto.tlog.notes import KeyType, parse_note, parse_note_key, verify_note
from jeung.crypto.tlog.tree import leaf_hash, verify_inclusion
from jeung.domain.receipts import PROOF_TYPE, QUERY_PATH, STATEMENT_TYPE, Standing
from jeung.domain.transparency import log_origin, verified_entry
from jeung.errors import JeungError

STATEMENT_MEDIA_TYPE: Final = "application/receipt-statement+jwt"
_MAX_STATEMENT: Final = 65_536
_SKEW_S: Final = 300
_EPOCH: Final = re.compile("[1-9][0-9]{0,9}", re.ASCII)


def ask(http: WalletHttp, receipt: KeptReceipt, promise: Promise | None, *, now: int) -> Mapping[str, Any]:
    """Ask with a fresh proof under the presentation's device key; give the claims of a statement that holds.

    The question goes to the party that signed the receipt and nowhere else, whatever the receipt says.

    Args:
        http: the wallet's connections.
        receipt: the receipt with its device key.
        promise: what the register knows of the party now; None where there is no register, or it is not in it.
        now: seconds UTC.

    Raises:
        NotTrusted: `receipt_refused`, where the statement does not hold.
        ServerRefused, Unanswered: the party refuses, or nobody answers.
    """
    party = str(receipt.claims["iss"])
    body = json.dumps({"receipt": receipt.text, "proof": proof_of(receipt, now=now)}).encode()
    answer = http.post(party + QUERY_PATH, body, content_type=JSON)
    claims, thumbprint = read_signed(answer.text(STATEMENT_MEDIA_TYPE), STATEMENT_TYPE, _MAX_STATEMENT)
    # A party that left the register since has no key there: whoever has its address now says nothing that holds.
    vouched = thumbprint in promise.keys if promise is not None else not receipt.vouched
    if not vouched:
        raise NotTrusted(REFUSED, "the statement is not signed by a key of who asked")
    made_at = claims.get("iat")
    about = claims.get("iss"), claims.get("receipt"), claims.get("receipt_digest")
    if about != (party, receipt.claims["jti"], _digest(receipt.text)):
        raise NotTrusted(REFUSED, "the statement is about another receipt")
    if type(made_at) is not int or abs(now - made_at) > _SKEW_S or claims.get("standing") not in tuple(Standing):
        raise NotTrusted(REFUSED, "the statement is of another time, or says nothing")
    return claims


def proof_of(receipt: KeptReceipt, *, now: int) -> str:
    """Make a proof, good once: who asks holds the device key, and has what only holder and relying party have."""
    header = {"alg": ES256, "typ": PROOF_TYPE, "jwk": receipt.key.jwk}
    claims = {
        "aud": receipt.claims["iss"],
        "iat": now,
        "jti": secrets.token_urlsafe(24),
        "receipt": _digest(receipt.text),
        "key_binding": receipt.binding,
    }
    return sign_jws(header, claims, receipt.key.sign)


def logged_commitment(statement: Mapping[str, Any], receipt: KeptReceipt, promise: Promise | None = None) -> bool:
    """Tell whether the statement proves that a checkpoint commits to the record that the receipt names.

    The entry is written anew from the receipt, so nothing that the statement says of it has to be believed. A
    statement that a record was erased must prove it too: else nobody need believe that there was one. Where the
    register names keys of the party's log, one of them must have signed the checkpoint. Who cosigned it, and whether
    others hold the same one, `jeung audit` judges from the chain's keys.

    Args:
        statement: its claims, as `ask` gives them.
        receipt: the receipt that it is about.
        promise: what the register knows of the party; None where there is no register.

    Raises:
        NotTrusted: `receipt_refused`, where the proof does not hold, or is missing where there must be one.
    """
    standing = statement.get("standing")
    if standing == Standing.UNKNOWN:
        return False
    try:
        inclusion = statement["log"]["inclusion"]
        if inclusion is None and standing != Standing.ERASED:
            return False
        _verify_logged(inclusion, receipt.claims, frozenset() if promise is None else promise.log_keys)
    except (KeyError, TypeError, AttributeError, JeungError):
        raise NotTrusted(REFUSED, "the proof of the log's entry does not hold") from None
    return True


def _verify_logged(inclusion: Mapping[str, Any], receipt: Mapping[str, Any], log_keys: frozenset[str]) -> None:
    """Climb from the receipt's entry to the root of the checkpoint (RFC 9162 section 2.1.3.2).

    Raises:
        NotTrusted: the checkpoint is of another log, another one than the proof's, or signed by none of the keys.
        KeyError, TypeError, AttributeError, JeungError: the proof has another shape, or does not hold.
    """
    note = parse_note(inclusion["checkpoint"].encode())
    checkpoint = parse_checkpoint(note.text)
    epoch = checkpoint.origin.rpartition("/")[2]
    if not _EPOCH.fullmatch(epoch) or checkpoint.origin != log_origin(receipt["iss"], int(epoch)):
        raise NotTrusted(REFUSED, "the log is another member's")
    if (checkpoint.origin, checkpoint.size) != (inclusion["origin"], inclusion["size"]):
        raise NotTrusted(REFUSED, "the proof is for another checkpoint")
    if log_keys:
        key = parse_note_key(inclusion["key"])
        named = key.name == checkpoint.origin and key.type is KeyType.ED25519
        if not named or base64url.encode(key.verifier.thumbprint) not in log_keys:
            raise NotTrusted(REFUSED, "the checkpoint is not signed by a key of the party's log")
        verify_note(note, [key])
    entry = verified_entry(base64url.decode(receipt["commitment"]), receipt["iat"])
    hashes = [base64url.decode(text) for text in inclusion["hashes"]]
    verify_inclusion(leaf_hash(entry.encoded), inclusion["index"], checkpoint.size, hashes, checkpoint.root)


def _digest(text: str) -> str:
    return base64url.encode(sha256(text.encode()))

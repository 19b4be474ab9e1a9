"""Tell the outside of the database whom it erased, so that a restore from an older backup erases him again.

A line of the journal is a JWS under the member's key for receipts that names an erasure and a digest of the subject's
id. The id is 128 random bits, so the digest leads nowhere; who has the id of a subject and the journal can tell that
it was erased, for as long as a backup of before may be restored. After that the line goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256, VerifyingKey, parse_jwk
from jeung.crypto.jws import parse_jws, sign_jws, verify_jws
from jeung.domain.erasure import Erasure, ErasureGround, ErasureState
from jeung.domain.registrations import KeyPurpose
from jeung.errors import JeungError, MalformedInput
from jeung.ports.custody import Signer
from jeung.ports.store import Transaction
from jeung.services.acts import log
from jeung.services.erasure.act import begin_erasure

TYPE: Final = "erasure-journal+jwt"
MAX_LINE: Final = 4_096
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class JournalLine:
    """Describe an erasure as the journal tells it; `signer` made the line, and whether he may is for the caller."""

    issuer: str
    erasure_id: str
    act_id: str
    request_digest: bytes
    subject_digest: bytes = field(repr=False)
    ground: ErasureGround
    began_at: int
    locked_until: int | None
    signer: VerifyingKey


def journal_line(erasure: Erasure, *, url: str, signer: Signer) -> str:
    """Give the line of an erasure that has begun, as a compact JWS.

    Raises:
        KeyUnavailable: no active key signs receipts.
    """
    key = signer.active_key(KeyPurpose.RECEIPT_SIGNING)
    claims = {
        "iss": url,
        "jti": erasure.erasure_id,
        "act": erasure.act_id,
        "request_digest": base64url.encode(erasure.request_digest),
        "subject_digest": base64url.encode(_digest(erasure.subject_id or "")),
        "ground": erasure.ground.value,
        "began_at": erasure.began_at,
        "locked_until": erasure.locked_until,
    }
    header = {"alg": ES256, "typ": TYPE, "jwk": dict(key.jwk)}
    return sign_jws(header, claims, lambda message: signer.sign(key.key_id, KeyPurpose.RECEIPT_SIGNING, message))


def read_line(text: str) -> JournalLine:
    """Read a line whose signature is that of the key it shows.

    Raises:
        MalformedInput: it is no line of a journal, or was changed.
    """
    try:
        jws = parse_jws(text, typ=TYPE, algorithms={ES256}, max_characters=MAX_LINE)
        signer = parse_jwk(dict(jws.header["jwk"]))
        verify_jws(jws, signer)
        claims = jws.claims()
        request, subject = (base64url.decode(str(claims[name])) for name in ("request_digest", "subject_digest"))
        began_at, locked_until = claims["began_at"], claims["locked_until"]
        if not len(request) == len(subject) == _DIGEST_BYTES or type(began_at) is not int:
            raise ValueError
        if locked_until is not None and type(locked_until) is not int:
            raise ValueError
        return JournalLine(
            issuer=str(claims["iss"]),
            erasure_id=str(claims["jti"]),
            act_id=str(claims["act"]),
            request_digest=request,
            subject_digest=subject,
            ground=ErasureGround(claims["ground"]),
            began_at=began_at,
            locked_until=locked_until,
            signer=signer,
        )
    except (JeungError, KeyError, TypeError, ValueError):
        raise MalformedInput("this is no line of a journal of erasures") from None


def erase_again(tx: Transaction, subjects: Sequence[str], lines: Sequence[JournalLine], now: int) -> int:
    """Begin once more the erasures of subjects that a restored database holds again; give how many.

    Their data keys go at once where no duty keeps the records; the worker does the rest and certifies anew, under the
    erasure's old id.
    """
    wanted = {line.subject_digest: line for line in lines}
    begun = 0
    for subject_id in subjects:
        line = wanted.get(_digest(subject_id))
        records = None if line is None else tx.subjects.records(subject_id)
        if line is None or records is None or tx.erasures.of_subject(subject_id) is not None:
            continue
        kept = line.locked_until is not None and line.locked_until > now
        erasure = Erasure(
            erasure_id=line.erasure_id,
            act_id=line.act_id,
            request_digest=line.request_digest,
            subject_id=subject_id,
            ground=line.ground,
            state=ErasureState.REVOKING,
            began_at=line.began_at,
            locked_until=line.locked_until if kept else None,
        )
        begin_erasure(tx, erasure, records, now)
        log(tx, "erasure_begun", {"erasure": line.erasure_id, "act": line.act_id, "again": True}, now)
        begun += 1
    return begun


def _digest(subject_id: str) -> bytes:
    return sha256(b"jeung erased subject/" + subject_id.encode())

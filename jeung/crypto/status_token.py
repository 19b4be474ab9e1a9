"""Write and read status list tokens: the JWT form of Token Status List (draft-ietf-oauth-status-list-21, section 5).

Reading: `parse_status_list_token` takes the strict form, the type and the list, within bounds. The caller finds
the key that may sign for the list's owner, then `verify_status_list_token` checks the signature, that `sub` is the
very `uri` of the credential, and that the token is current. No status is reachable before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from jeung.crypto.claims import text, timestamp
from jeung.crypto.jwk import ES256, VerifyingKey
from jeung.crypto.jws import Sign, UnverifiedJws, parse_jws, sign_jws, verify_jws
from jeung.crypto.signatures import Use, algorithms_for
from jeung.crypto.status_list import StatusList
from jeung.errors import MalformedStatusList, StatusListNotCurrent, StatusReferenceInvalid

STATUS_LIST_TYPE: Final = "statuslist+jwt"
MAX_TOKEN_CHARACTERS: Final = 2**21
"""A list of 2**20 statuses of 8 bits that cannot be compressed at all, twice base64url-encoded, fits."""


@dataclass(frozen=True, slots=True)
class UnverifiedStatusListToken:
    """A well-formed status list token whose signature nobody has checked yet."""

    jws: UnverifiedJws
    uri: str
    issued_at: int
    expires_at: int
    ttl_s: int | None
    _statuses: StatusList = field(repr=False)


def issue_status_list_token(
    statuses: StatusList,
    *,
    uri: str,
    issued_at: int,
    expires_at: int,
    ttl_s: int,
    key_id: str,
    certificates: Sequence[str],
    sign: Sign,
    algorithm: str = ES256,
) -> str:
    """Return a signed status list token.

    Args:
        statuses: the whole list.
        uri: where the token is served, byte for byte as in the credentials.
        issued_at: seconds UTC.
        expires_at: seconds UTC.
        ttl_s: how many seconds a reader may keep the token before asking again.
        key_id: names the signing key: its thumbprint in base64url.
        certificates: `x5c` in standard Base64, the leaf first, without the trust anchor; may be empty.
        sign: signs with the issuer's status key.
        algorithm: that of the status key.

    Raises:
        InvalidSignature: `sign` did not return a signature of the algorithm.

    """
    header: dict[str, object] = {"alg": algorithm, "typ": STATUS_LIST_TYPE, "kid": key_id}
    if certificates:
        header["x5c"] = list(certificates)
    claims = {
        "sub": uri,
        "iat": issued_at,
        "exp": expires_at,
        "ttl": ttl_s,
        "status_list": {"bits": statuses.bits, "lst": statuses.compressed()},
    }
    return sign_jws(header, claims, sign)


def parse_status_list_token(token: str) -> UnverifiedStatusListToken:
    """Read a status list token strictly. `exp` is required: a list without end could hide a revocation for ever.

    Raises:
        InputTooLarge, MalformedJws, AlgorithmNotAllowed, WrongType: as `parse_jws`; what wallets understand.
        MalformedJson: the payload is not a JSON object with unique names.
        MalformedStatusList: a claim is missing or of the wrong type, or the list cannot be decoded within bounds.

    """
    jws = parse_jws(
        token, typ=STATUS_LIST_TYPE, algorithms=algorithms_for(Use.WALLETS), max_characters=MAX_TOKEN_CHARACTERS
    )
    claims = jws.claims()
    uri = text(claims, "sub", MalformedStatusList)
    issued_at = timestamp(claims, "iat", MalformedStatusList)
    expires_at = timestamp(claims, "exp", MalformedStatusList)
    entry = claims.get("status_list")
    if uri is None or issued_at is None or expires_at is None or not isinstance(entry, dict):
        raise MalformedStatusList("a claim of the token is missing")
    bits, lst = timestamp(entry, "bits", MalformedStatusList), text(entry, "lst", MalformedStatusList)
    if bits is None or lst is None:
        raise MalformedStatusList("`status_list` lacks `bits` or `lst`")
    return UnverifiedStatusListToken(
        jws=jws,
        uri=uri,
        issued_at=issued_at,
        expires_at=expires_at,
        ttl_s=timestamp(claims, "ttl", MalformedStatusList),
        _statuses=StatusList.from_compressed(bits, lst),
    )


def verify_status_list_token(
    token: UnverifiedStatusListToken, key: VerifyingKey, *, uri: str, now: int, skew_s: int
) -> StatusList:
    """Return the list, once it is known to be the owner's, the right one and current.

    Args:
        token: what `parse_status_list_token` returned.
        key: the status-signing key registered for the owner of `uri`.
        uri: the list's address in the credential.
        now: seconds UTC.
        skew_s: by how many seconds the clocks may differ.

    Raises:
        InvalidSignature: the signature does not verify.
        StatusReferenceInvalid: `sub` is not `uri`: a list of the same owner, but not this one.
        StatusListNotCurrent: `exp` has passed or `iat` lies ahead.

    """
    verify_jws(token.jws, key)
    if token.uri != uri:
        raise StatusReferenceInvalid("the token is for another status list")
    if token.expires_at + skew_s <= now or token.issued_at > now + skew_s:
        raise StatusListNotCurrent
    return token._statuses

"""Read out of a kept judgement what it asked the ledger: that decides which slots are of interest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto.jwk import parse_certificate_key
from jeung.crypto.sd_jwt import UnverifiedSdJwt
from jeung.crypto.sd_jwt_vc import credential_digest, parse_presentation, read_credential
from jeung.errors import JeungError
from jeung.services.status_uri import parse_status_list_uri

X5C: Final = "x5c"


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what a presentation names, verified or not; None where it has no form that names it."""

    relying_party: str
    profile: str
    issuer: str | None = None
    vct: str | None = None
    schema: bytes | None = None
    digest: bytes | None = field(default=None, repr=False)
    thumbprint: bytes | None = None
    status: tuple[int, int] | None = field(default=None, repr=False)


def read_asked(judgement: Mapping[str, Any]) -> Asked:
    """Read a judgement, as `jeung.services.verification.evidence` keeps it.

    Raises:
        KeyError, TypeError: it lacks a member that every judgement has.
    """
    relying_party, profile = str(judgement["relying_party"]), str(judgement["profile"])
    try:
        sd_jwt = parse_presentation(str(judgement["presentation"]))
        credential = read_credential(sd_jwt)
    except JeungError:
        # Steps 1 and 2 refused: the ledger was not asked.
        return Asked(relying_party, profile)
    reference = credential.status
    number = None if reference is None else parse_status_list_uri(credential.issuer, reference.uri)
    return Asked(
        relying_party=relying_party,
        profile=profile,
        issuer=credential.issuer,
        vct=credential.vct,
        schema=credential.schema_id,
        digest=credential_digest(sd_jwt),
        thumbprint=_thumbprint(sd_jwt),
        status=None if reference is None or number is None else (number, reference.index),
    )


def _thumbprint(sd_jwt: UnverifiedSdJwt) -> bytes | None:
    chain = sd_jwt.jws.header.get(X5C)
    try:
        return parse_certificate_key(chain[0]).thumbprint if isinstance(chain, list) and chain else None
    except (JeungError, TypeError):
        return None

"""Read SD-JWTs (RFC 9901): the strict form, and section 7.1's processing of disclosures.

`parse_sd_jwt` is step 1 of a verification: form, bounds, algorithms, type. `disclose` is step 2, RFC 9901
section 7.1 point 3 to 5, with every refusal the section demands and these of our own, which no honest issuer or
holder meets: a salt that is not text, a disclosed claim named `_sd_alg`, more than 16 levels, 256 disclosures or
64 KiB.
Nothing here checks a signature; `jeung.crypto.sd_jwt_vc` and `jeung.crypto.key_binding` do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jws import ALLOWED_ALGORITHMS, UnverifiedJws, parse_parts
from jeung.errors import (
    ClaimCollision,
    DuplicateDigest,
    InputTooLarge,
    InvalidDisclosure,
    MalformedBase64url,
    MalformedCredential,
    MalformedJson,
    MalformedJws,
    MalformedPresentation,
    PresentationTooLarge,
    ProtectedClaimDisclosed,
    ReservedClaimName,
    UnknownSdAlg,
    UnreferencedDisclosure,
)

MAX_PRESENTATION_CHARACTERS: Final = 65_536
MAX_DISCLOSURES: Final = 256
MAX_DEPTH: Final = 16

SD: Final = "_sd"
SD_ALG: Final = "_sd_alg"
ELLIPSIS: Final = "..."
RESERVED_NAMES: Final = frozenset({SD, ELLIPSIS, SD_ALG})
HASH_NAME: Final = "sha-256"

Path = tuple[str | int, ...]
"""Leads from the claims to one value: member names and array positions."""

# Possessive quantifiers (`++`, `*+`) give nothing back, so that refusing takes linear time.
_SD_JWT = re.compile(
    r"([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)~((?:[A-Za-z0-9_-]++~)*+)"
    r"(?:([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++))?"
)


@dataclass(frozen=True, slots=True)
class UnverifiedSdJwt:
    """A well-formed SD-JWT, with or without key binding, of which nothing is verified yet.

    Its repr shows no claim: reprs end in logs.
    """

    issuer_signed: str = field(repr=False)
    """The issuer-signed JWT alone: what the credential digest is taken over."""
    jws: UnverifiedJws
    payload: dict[str, Any] = field(repr=False)
    disclosures: tuple[str, ...] = field(repr=False)
    bound_part: str = field(repr=False)
    """Everything up to and including the last `~`: what `sd_hash` is taken over."""
    key_binding: UnverifiedJws | None


@dataclass(frozen=True, slots=True)
class DisclosedClaims:
    """The processed payload, and what of it came out of disclosures."""

    claims: dict[str, Any] = field(repr=False)
    disclosed: tuple[tuple[Path, str], ...] = field(repr=False)
    """Each disclosure with the path of its value in `claims`, parents before what they contain."""


def parse_sd_jwt(
    text: str,
    *,
    typ: str | None,
    algorithms: Collection[str] = ALLOWED_ALGORITHMS,
    max_characters: int = MAX_PRESENTATION_CHARACTERS,
) -> UnverifiedSdJwt:
    """Read the compact form of an SD-JWT or SD-JWT+KB strictly.

    Args:
        text: `<jwt>~<disclosure>~…~` with an optional key-binding JWT at the end.
        typ: the `typ` header demanded of the issuer-signed JWT; None demands nothing.
        algorithms: the `alg` values accepted of both JWTs.
        max_characters: the bound on the whole text.

    Raises:
        PresentationTooLarge: longer than its bound, or more than 256 disclosures.
        MalformedPresentation: not this form, or a header or the payload is not strict JSON.
        AlgorithmNotAllowed, WrongType: as their names say.

    """
    if len(text) > max_characters or text.count("~") > MAX_DISCLOSURES + 1:
        raise PresentationTooLarge
    match = _SD_JWT.fullmatch(text)
    if match is None:
        raise MalformedPresentation
    header, payload, signature, disclosures, *binding = match.groups()
    try:
        jws = parse_parts(header, payload, signature, typ=typ, algorithms=algorithms)
        claims = jws.claims()
        bound = parse_parts(*binding, typ=None, algorithms=algorithms) if binding[0] else None
    except (MalformedJws, MalformedJson):
        raise MalformedPresentation from None
    except InputTooLarge:
        raise PresentationTooLarge from None
    return UnverifiedSdJwt(
        issuer_signed=text[: match.end(3)],
        jws=jws,
        payload=claims,
        disclosures=tuple(disclosures.split("~")[:-1]),
        bound_part=text[: match.end(4)],
        key_binding=bound,
    )


def disclosure_digest(disclosure: str) -> str:
    """Return the base64url SHA-256 digest of a disclosure's text, as it stands in `_sd` (RFC 9901 4.2.3)."""
    return base64url.encode(sha256(disclosure.encode("ascii")))


def disclose(
    payload: dict[str, Any], disclosures: Sequence[str], *, never_disclosable: Collection[str] = frozenset()
) -> DisclosedClaims:
    """Put disclosures into their places (RFC 9901 section 7.1, points 3 to 5); the payload is left as it is.

    Args:
        payload: the issuer-signed JWT's claims.
        disclosures: the texts between the tildes.
        never_disclosable: top-level claims that neither themselves nor in any part may come from a disclosure.

    Raises:
        UnknownSdAlg: `_sd_alg` is not `sha-256`, or stands below the top level.
        DuplicateDigest: a digest or a disclosure stands there twice.
        InvalidDisclosure: not strict JSON, or not [salt, name, value] or [salt, value] where its digest is.
        ReservedClaimName, ClaimCollision, ProtectedClaimDisclosed, UnreferencedDisclosure: as their names say.
        MalformedCredential: `_sd` is no array of texts, `...` is misplaced, or the claims are nested too deeply.

    """
    if payload.get(SD_ALG, HASH_NAME) != HASH_NAME:
        raise UnknownSdAlg
    walk = _Walk(disclosures, never_disclosable)
    claims = walk.in_object({name: value for name, value in payload.items() if name != SD_ALG}, ())
    if walk.pending:
        raise UnreferencedDisclosure
    return DisclosedClaims(claims, tuple(walk.disclosed))


_NO_DIGESTS: Final = object()


class _Walk:
    """One pass over a payload, following digests into the disclosures that they reference."""

    __slots__ = ("disclosed", "never", "pending", "seen")

    def __init__(self, disclosures: Sequence[str], never: Collection[str]) -> None:
        self.pending = {disclosure_digest(text): text for text in disclosures}
        if len(self.pending) != len(disclosures):
            raise DuplicateDigest
        self.never = never
        self.seen: set[str] = set()
        self.disclosed: list[tuple[Path, str]] = []

    def in_object(self, node: dict[str, Any], path: Path) -> dict[str, Any]:
        """Return the object with its `_sd` array replaced by the claims that are disclosed."""
        if ELLIPSIS in node or len(path) > MAX_DEPTH:
            raise MalformedCredential
        if SD_ALG in node:
            raise UnknownSdAlg
        result = node.copy()
        digests = result.pop(SD, _NO_DIGESTS)
        for name, value in result.items():
            if isinstance(value, (dict, list)):
                result[name] = self.in_value(value, (*path, name))
        if digests is not _NO_DIGESTS:
            self._add_claims(digests, result, path)
        return result

    def in_array(self, node: list[Any], path: Path) -> list[Any]:
        """Return the array with its placeholders replaced by disclosed elements, or removed."""
        if len(path) > MAX_DEPTH:
            raise MalformedCredential
        result: list[Any] = []
        for element in node:
            place = (*path, len(result))
            if isinstance(element, dict) and ELLIPSIS in element:
                if len(element) != 1:
                    raise MalformedCredential
                text = self._take(element[ELLIPSIS], path)
                if text is not None:
                    self.disclosed.append((place, text))
                    result.append(self.in_value(_parse_disclosure(text, 2)[1], place))
            else:
                result.append(self.in_value(element, place))
        return result

    def in_value(self, node: object, path: Path) -> object:
        """Return the value with everything beneath it disclosed."""
        if isinstance(node, dict):
            return self.in_object(node, path)
        return self.in_array(node, path) if isinstance(node, list) else node

    def _add_claims(self, digests: object, result: dict[str, Any], path: Path) -> None:
        """Add the claims that the digests reference, as far as they were disclosed, to the object at `path`."""
        if not isinstance(digests, list):
            raise MalformedCredential
        for digest in digests:
            text = self._take(digest, path)
            if text is None:
                continue
            _, name, value = _parse_disclosure(text, 3)
            if not isinstance(name, str):
                raise InvalidDisclosure
            if name in RESERVED_NAMES:
                raise ReservedClaimName
            if not path and name in self.never:
                raise ProtectedClaimDisclosed
            if name in result:
                raise ClaimCollision
            place = (*path, name)
            self.disclosed.append((place, text))
            result[name] = self.in_value(value, place) if isinstance(value, (dict, list)) else value

    def _take(self, digest: object, path: Path) -> str | None:
        """Return the disclosure that `digest` references; None if it was kept back or never existed."""
        if not isinstance(digest, str):
            raise MalformedCredential
        if path and path[0] in self.never:
            raise ProtectedClaimDisclosed
        if digest in self.seen:
            raise DuplicateDigest
        self.seen.add(digest)
        return self.pending.pop(digest, None)


def _parse_disclosure(text: str, arity: int) -> list[Any]:
    """Return the elements of a disclosure, of which the first is the salt."""
    try:
        elements = canonical_json.parse(base64url.decode(text))
    except (MalformedBase64url, MalformedJson):
        raise InvalidDisclosure from None
    if not isinstance(elements, list) or len(elements) != arity or not isinstance(elements[0], str):
        raise InvalidDisclosure
    return elements

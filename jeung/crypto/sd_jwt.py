"""Read SD-JWTs (RFC 9901): the strict form, and section 7.1's processing of disclosures.

`parse_sd_jwt` is step 1 of a verification: form, bounds, algorithms, type. `disclose` is step 2, RFC 9901
section 7.1 point 3 to 5, with every refusal the section demands and these of our own, which no honest issuer or
holder meets: a salt that is not text, a disclosed claim named `_sd_alg`, more than 16 levels, 256 disclosures or
64 KiB.
Nothing here checks a signature; `jeung.crypto.sd_jwt_vc` and `jeung.crypto.key_binding` do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import field
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jws import ALLOWED_ALGORITHMS, UnverifiedJws, parse_parts
from jeung.crypto.values import light_value
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

_BASE64URL: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Path = tuple[str | int, ...]
"""Leads from the claims to one value: member names and array positions."""


@light_value
class UnverifiedSdJwt:
    """A well-formed SD-JWT, with or without key binding, of which nothing is verified yet.

    Its repr shows no claim: reprs end in logs.
    """

    text: str = field(repr=False)
    jws: UnverifiedJws
    payload: dict[str, Any] = field(repr=False)
    disclosures: tuple[str, ...] = field(repr=False)
    key_binding: UnverifiedJws | None
    binding_claims: dict[str, Any] | None = field(repr=False)
    """What the key binding says; None without one, or where that is no strict JSON object."""
    digest: bytes = field(repr=False)
    """SHA-256 over the issuer-signed JWT alone: what stands on the ledger."""
    bound_digest: bytes = field(repr=False)
    """SHA-256 over everything up to and including the last `~`: what `sd_hash` spells."""

    @property
    def issuer_signed(self) -> str:
        """Return the issuer-signed JWT alone."""
        return self.text[: self.text.index("~")]


@light_value
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
    if len(text) > max_characters:
        raise PresentationTooLarge
    parts, disclosures, binding_parts = _split(text)
    try:
        jws = parse_parts(*parts, typ=typ, algorithms=algorithms)
        payload = canonical_json.parse_object(jws.payload)
        bound = parse_parts(*binding_parts, typ=None, algorithms=algorithms) if binding_parts else None
    except (MalformedJws, MalformedJson):
        raise MalformedPresentation from None
    except InputTooLarge:
        raise PresentationTooLarge from None
    bound_claims = None if bound is None else _claims_or_none(bound)
    digest, bound_digest = _digests_of(text)
    # By position: naming the fields would take twice as long.
    return UnverifiedSdJwt(text, jws, payload, tuple(disclosures), bound, bound_claims, digest, bound_digest)


def _claims_or_none(jws: UnverifiedJws) -> dict[str, Any] | None:
    try:
        return canonical_json.parse_object(jws.payload)
    except MalformedJson:
        return None


def _digests_of(text: str) -> tuple[bytes, bytes]:
    """Return SHA-256 over what stands before the first tilde and over everything through the last, in one pass."""
    characters = text.encode()
    end = characters.index(b"~")
    state = hashlib.sha256(characters[:end])
    digest = state.digest()
    state.update(characters[end : characters.rindex(b"~") + 1])
    return digest, state.digest()


def _split(text: str) -> tuple[list[str], list[str], list[str]]:
    """Take an SD-JWT apart: the three parts of the issuer-signed JWT, the disclosures, the parts of the key binding.

    Nothing but base64url may stand between the separators: without its characters, exactly the separators are left.
    Each line here takes linear time, whatever the text.

    Raises:
        PresentationTooLarge: more than 256 disclosures.
        MalformedPresentation: another number of parts, an empty one, or a character that is neither.

    """
    issuer_signed, *disclosures = text.split("~", MAX_DISCLOSURES + 2)
    if len(disclosures) > MAX_DISCLOSURES + 1:
        raise PresentationTooLarge
    if not disclosures or not text.isascii():
        raise MalformedPresentation
    binding = disclosures.pop()
    parts = issuer_signed.split(".")
    binding_parts = binding.split(".") if binding else []
    separators = len(disclosures) + (5 if binding else 3)
    if (
        len(parts) != 3
        or len(binding_parts) not in (0, 3)
        or "" in parts
        or "" in disclosures
        or "" in binding_parts
        or len(text.encode().translate(None, _BASE64URL)) != separators
    ):
        raise MalformedPresentation
    return parts, disclosures, binding_parts


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
    claims = payload.copy()
    claims.pop(SD_ALG, None)
    walk.fill(claims, ())
    if walk.pending:
        raise UnreferencedDisclosure
    return DisclosedClaims(claims, tuple(walk.disclosed))


_NO_DIGESTS: Final = object()
# What needs no walk; asked by exact type, so that whatever else there may be is walked.
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})


class _Walk:
    """One pass over a payload, following digests into the disclosures that they reference."""

    __slots__ = ("disclosed", "never", "pending", "seen")

    def __init__(self, disclosures: Sequence[str], never: Collection[str]) -> None:
        self.pending = _by_digest(disclosures)
        if len(self.pending) != len(disclosures):
            raise DuplicateDigest
        self.never = never
        self.seen: set[str] = set()
        self.disclosed: list[tuple[Path, str]] = []

    def fill(self, node: dict[str, Any], path: Path) -> None:
        """Replace an object's `_sd` array by the disclosed claims; what lies below is replaced, not changed."""
        if ELLIPSIS in node or len(path) > MAX_DEPTH:
            raise MalformedCredential
        if SD_ALG in node:
            raise UnknownSdAlg
        digests = node.pop(SD, _NO_DIGESTS)
        for name, value in node.items():
            if type(value) not in _SCALARS:
                node[name] = self.in_value(value, (*path, name))
        if digests is not _NO_DIGESTS:
            self._add_claims(digests, node, path)

    def in_array(self, node: list[Any], path: Path) -> list[Any]:
        """Return the array with its placeholders replaced by disclosed elements, or removed."""
        if len(path) > MAX_DEPTH:
            raise MalformedCredential
        result: list[Any] = []
        for element in node:
            place = (*path, len(result))
            if not isinstance(element, dict) or ELLIPSIS not in element:
                result.append(self.in_value(element, place))
                continue
            if len(element) != 1:
                raise MalformedCredential
            for text in self._referenced(element.values(), path):
                self.disclosed.append((place, text))
                result.append(self.in_value(_parse_disclosure(text, 2)[1], place))
        return result

    def in_value(self, node: object, path: Path) -> object:
        """Return the value with everything beneath it disclosed."""
        if isinstance(node, dict):
            result = node.copy()
            self.fill(result, path)
            return result
        return self.in_array(node, path) if isinstance(node, list) else node

    def _add_claims(self, digests: object, node: dict[str, Any], path: Path) -> None:
        """Add the claims that the digests reference, as far as they were disclosed, to the object at `path`."""
        if not isinstance(digests, list):
            raise MalformedCredential
        for text in self._referenced(digests, path):
            _, name, value = _parse_disclosure(text, 3)
            if not isinstance(name, str):
                raise InvalidDisclosure
            if name in RESERVED_NAMES:
                raise ReservedClaimName
            if not path and name in self.never:
                raise ProtectedClaimDisclosed
            if name in node:
                raise ClaimCollision
            place = (*path, name)
            self.disclosed.append((place, text))
            node[name] = value if type(value) in _SCALARS else self.in_value(value, place)

    def _referenced(self, digests: Iterable[object], path: Path) -> Iterator[str]:
        """Give, one by one, the disclosures that digests reference; what was kept back or never existed passes by.

        One generator for all digests of an object, because most digests of a credential lead nowhere.
        """
        is_protected = bool(path) and path[0] in self.never
        seen, pending = self.seen, self.pending
        for digest in digests:
            if not isinstance(digest, str):
                raise MalformedCredential
            if is_protected:
                raise ProtectedClaimDisclosed
            if digest in seen:
                raise DuplicateDigest
            seen.add(digest)
            if digest in pending:
                yield pending.pop(digest)


def _by_digest(disclosures: Sequence[str]) -> dict[str, str]:
    """Return each disclosure under its digest, all digests written as base64url at once.

    32 bytes and a zero byte are written as 44 characters, of which the first 43 spell the 32 bytes.
    """
    packed = b"".join([hashlib.sha256(text.encode()).digest() + b"\0" for text in disclosures])
    spelled = base64url.encode(packed)
    return {spelled[44 * place : 44 * place + 43]: text for place, text in enumerate(disclosures)}


def _parse_disclosure(text: str, arity: int) -> list[Any]:
    """Return the elements of a disclosure, of which the first is the salt."""
    try:
        elements = canonical_json.parse(base64url.decode(text))
    except (MalformedBase64url, MalformedJson):
        raise InvalidDisclosure from None
    if not isinstance(elements, list) or len(elements) != arity or not isinstance(elements[0], str):
        raise InvalidDisclosure
    return elements

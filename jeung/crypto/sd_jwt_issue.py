"""Write SD-JWTs (RFC 9901): conceal claims as an issuer, choose disclosures as a holder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.jws import Sign, sign_jws
from jeung.crypto.sd_jwt import (
    ELLIPSIS,
    HASH_NAME,
    RESERVED_NAMES,
    SD,
    SD_ALG,
    Path,
    disclose,
    disclosure_digest,
    parse_sd_jwt,
)
from jeung.errors import NotFound, ReservedClaimName

SALT_LENGTH: Final = 16

RandomBytes = Callable[[int], bytes]
"""Returns so many unpredictable bytes; `secrets.token_bytes` outside of tests."""


@dataclass(frozen=True, slots=True)
class Disclosable:
    """Marks a claim or an array element that the holder may keep back; marks may be nested."""

    value: object


def conceal(
    claims: Mapping[str, object], *, random_bytes: RandomBytes, decoys: int = 0
) -> tuple[dict[str, Any], list[str]]:
    """Return the payload to sign and the disclosures of everything marked `Disclosable`.

    Args:
        claims: JSON values with `Disclosable` marks on members and elements.
        random_bytes: gives 128 fresh bits for each salt and each decoy.
        decoys: how many digests of nothing each `_sd` array gets, so that its length tells less.

    Raises:
        ReservedClaimName: a claim is named `_sd`, `...` or `_sd_alg`.
        MalformedJson: a disclosed value has no canonical JSON form.

    """
    concealer = _Concealer(random_bytes, decoys)
    payload = concealer.in_object(claims)
    if concealer.disclosures:
        payload[SD_ALG] = HASH_NAME
    return payload, concealer.disclosures


def issue_sd_jwt(
    header: Mapping[str, object],
    claims: Mapping[str, object],
    *,
    sign: Sign,
    random_bytes: RandomBytes,
    decoys: int = 0,
) -> str:
    """Return a signed SD-JWT with all its disclosures, ending in `~`.

    Raises:
        ReservedClaimName, MalformedJson: as `conceal`.
        InvalidSignature: `sign` did not return 64 bytes.

    """
    payload, disclosures = conceal(claims, random_bytes=random_bytes, decoys=decoys)
    return "~".join((sign_jws(header, payload, sign), *disclosures, ""))


def present(sd_jwt: str, show: Collection[Path]) -> str:
    """Return the SD-JWT with only what the holder shows, ending in `~` and ready for key binding.

    A shown path brings along everything disclosable above and beneath it; disclosures within an object cannot be
    read without that of the object itself.

    Raises:
        NotFound: a path leads to no claim.
        JeungError: the SD-JWT itself would be refused; see `parse_sd_jwt` and `disclose`.

    """
    parsed = parse_sd_jwt(sd_jwt, typ=None)
    processed = disclose(parsed.payload, parsed.disclosures)
    for path in show:
        _require(processed.claims, path)
    kept = [
        text
        for place, text in processed.disclosed
        if any(place[: len(path)] == path or path[: len(place)] == place for path in show)
    ]
    return "~".join((parsed.issuer_signed, *kept, ""))


def _require(claims: object, path: Path) -> None:
    """Follow a path to its end."""
    for step in path:
        try:
            claims = claims[step]  # type: ignore[index]  # whatever cannot be indexed raises TypeError
        except (KeyError, IndexError, TypeError):
            raise NotFound("no such claim in the credential") from None


class _Concealer:
    """One pass over the claims, which writes a disclosure for each mark."""

    def __init__(self, random_bytes: RandomBytes, decoys: int) -> None:
        self._random_bytes = random_bytes
        self._decoys = decoys
        self.disclosures: list[str] = []

    def in_object(self, node: Mapping[str, object]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        digests: list[str] = []
        for name, value in node.items():
            if name in RESERVED_NAMES:
                raise ReservedClaimName
            if isinstance(value, Disclosable):
                digests.append(self._disclosure(name, self.in_value(value.value)))
            else:
                result[name] = self.in_value(value)
        if digests:
            digests += (disclosure_digest(self._salt()) for _ in range(self._decoys))
            # Sorted, so that the order of the claims tells nothing about which digest is which.
            result[SD] = sorted(digests)
        return result

    def in_value(self, node: object) -> object:
        if isinstance(node, Mapping):
            return self.in_object(node)
        if isinstance(node, (list, tuple)):
            return [
                {ELLIPSIS: self._disclosure(self.in_value(element.value))}
                if isinstance(element, Disclosable)
                else self.in_value(element)
                for element in node
            ]
        return node

    def _disclosure(self, *content: object) -> str:
        """Write one disclosure and return its digest."""
        text = base64url.encode(canonical_json.canonical([self._salt(), *content]))
        self.disclosures.append(text)
        return disclosure_digest(text)

    def _salt(self) -> str:
        return base64url.encode(self._random_bytes(SALT_LENGTH))

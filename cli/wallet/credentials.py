"""Hold credentials as a wallet does: the issuer's text, the device key it is bound to, what it says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cli.p256 import P256Key
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.sd_jwt_vc import StatusReference

Pointer = tuple[str | int | None, ...]
"""Leads from the claims to values: a name, an array's position, or None for all of an array (OpenID4VP 7)."""
Place = tuple[str | int, ...]
"""Leads to exactly one value."""


@dataclass(frozen=True, slots=True)
class Held:
    """Hold one copy of a credential; its repr shows which type it is and nothing of the person."""

    issuer: str
    configuration_id: str
    vct: str
    sd_jwt: str = field(repr=False)
    """As issued: with every disclosure, ending in a tilde."""
    key: P256Key = field(repr=False)
    claims: dict[str, Any] = field(repr=False)
    """All claims, registered ones included, disclosures put into their places."""
    expires_at: int | None
    status: StatusReference | None = field(repr=False)
    authority: bytes | None = field(default=None, repr=False)
    """The key identifier of the authority over the issuer's certificate; None without one."""

    @property
    def holder(self) -> bytes:
        """Give the thumbprint of the device key."""
        return parse_jwk(self.key.jwk).thumbprint


def values_at(claims: object, path: Pointer) -> Iterator[tuple[Place, Any]]:
    """Give every value a path selects, with its place (OpenID4VP 1.0 section 7.1.1)."""
    if not path:
        yield (), claims
        return
    step, rest = path[0], path[1:]
    if step is None:
        steps: list[str | int] = list(range(len(claims))) if isinstance(claims, list) else []
    elif isinstance(step, str):
        steps = [step] if isinstance(claims, dict) and step in claims else []
    else:
        steps = [step] if isinstance(claims, list) and 0 <= step < len(claims) else []
    for taken in steps:
        for place, value in values_at(claims[taken], rest):  # type: ignore[index]  # judged above
            yield (taken, *place), value

"""Look for known values of persons in bytes, plain or under a hash without salt, all of them in one pass."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audit.findings import AuditImpossible
from jeung.crypto.hashing import keccak256

_MAX_VALUES: Final = 2_000
_MAX_VALUE_BYTES: Final = 512
_MAX_LIST_BYTES: Final = 1 << 20
_SHORTEST: Final = 6
"""Bytes; a Korean name of two syllables has them in UTF-8. What is shorter stands among digests by chance."""

Trie = dict[int, "Trie"]
_END: Final = -1


@dataclass(frozen=True, slots=True)
class KnownValues:
    """Hold the values to look for, by the number of the line they stood in; they are never shown."""

    forms: dict[bytes, str] = field(default_factory=dict, repr=False)
    """bytes to find -> how to name what was found, e.g. "value 3 as UTF-8"."""
    _pattern: list[re.Pattern[bytes]] = field(default_factory=list, repr=False)

    def found_in(self, data: bytes) -> Iterator[str]:
        """Name what stands in some bytes, each once."""
        if self.forms and not self._pattern:
            self._pattern.append(re.compile(_expression(self.forms), re.DOTALL))
        for pattern in self._pattern:
            yield from sorted({self.forms[match.group()] for match in pattern.finditer(data)})


def known_values(values: Iterable[str]) -> KnownValues:
    """Prepare values for the search: in each encoding, in hexadecimal and base64url, and under bare hashes.

    Raises:
        AuditImpossible: more values, or longer ones, than the bounds.
    """
    forms: dict[bytes, str] = {}
    for number, value in enumerate(values, start=1):
        text = value.strip()
        if number > _MAX_VALUES or len(text.encode()) > _MAX_VALUE_BYTES:
            raise AuditImpossible(
                f"more than {_MAX_VALUES} values to look for, or one of over {_MAX_VALUE_BYTES} bytes"
            )
        for name, form in _forms(text) if len(text.encode()) >= _SHORTEST else ():
            if len(form) >= _SHORTEST:
                forms.setdefault(form, f"value {number} as {name}")
    return KnownValues(forms)


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    raw = text.encode()
    yield "UTF-8", raw
    yield "UTF-16", text.encode("utf-16-le")
    for name, form in (("SHA-256", hashlib.sha256(raw).digest()), ("keccak256", keccak256(raw)), ("UTF-8", raw)):
        yield name if name != "UTF-8" else "raw", form
        yield f"{name} in hexadecimal", form.hex().encode()
        yield f"{name} in base64url", base64.urlsafe_b64encode(form).rstrip(b"=")


def read_known_values(path: Path) -> KnownValues:
    """Read values from a file, one a line in UTF-8.

    Raises:
        AuditImpossible: the file cannot be read, or is over a bound.
    """
    try:
        if path.stat().st_size > _MAX_LIST_BYTES:
            raise AuditImpossible("the file of known values is larger than the bound")
        return known_values(path.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise AuditImpossible("the file of known values cannot be read") from error


def _expression(forms: Iterable[bytes]) -> bytes:
    """Write one expression for all forms, shared beginnings once: its search does not slow down with their number."""
    trie: Trie = {}
    for form in forms:
        node = trie
        for byte in form:
            node = node.setdefault(byte, {})
        node[_END] = {}
    return _branches(trie)


def _branches(node: Trie) -> bytes:
    literal = b""
    while len(node) == 1 and _END not in node:
        ((byte, node),) = node.items()
        literal += re.escape(bytes([byte]))
    branches = [re.escape(bytes([byte])) + _branches(below) for byte, below in node.items() if byte != _END]
    if not branches:
        return literal
    return literal + b"(?:" + b"|".join(branches) + b")" + (b"?" if _END in node else b"")

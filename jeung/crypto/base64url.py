"""Read and write base64url as RFC 7515 section 2 wants it: no padding, no white space, one spelling only."""

from __future__ import annotations

import binascii

from jeung.errors import MalformedBase64url

# `+`, `/` and `=` become a character that the strict decoder refuses: only the unpadded URL-safe alphabet passes.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"", b"==", b"=")
# The last character of an encoding whose length is 2 or 3 modulo 4 carries 4 or 2 bits that must be zero.
_LAST_CHARACTERS = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}


def encode(data: bytes) -> str:
    """Return the unpadded base64url text of `data`."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL_SAFE).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes that `text` spells, refusing every second spelling of the same bytes.

    A lenient decoder would let one credential have many texts, and so many digests.

    Raises:
        MalformedBase64url: padding, white space, a foreign character, an impossible length, or trailing bits
            that are not zero.

    """
    remainder = len(text) % 4
    if remainder == 1 or (remainder and text[-1] not in _LAST_CHARACTERS[remainder]):
        raise MalformedBase64url
    try:
        # Whatever is not ASCII becomes bytes that the strict decoder refuses as well.
        return binascii.a2b_base64(text.encode().translate(_TO_STANDARD) + _PADDING[remainder], strict_mode=True)
    except ValueError:  # binascii.Error and UnicodeEncodeError both are
        raise MalformedBase64url from None

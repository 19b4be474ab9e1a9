"""Read requests more strictly than Flask does."""

from collections.abc import Collection
from typing import Any

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.routing import BaseConverter

from api.errors import UnsupportedMediaType
from api.json_input import read_object
from jeung.errors import InputTooLarge, MalformedInput

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FILES = "multipart/form-data"


class StrictRequest(Request):
    """Give a body only through one strict reader."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> dict[str, Any]:
        """Give the body's one JSON object; an empty body is an object without members.

        Raises:
            MalformedJson: anything else.
        """
        data = self.get_data()
        return read_object(data) if data else {}


class TokenConverter(BaseConverter):
    """Match an identifier that this node gave out."""

    regex = r"[A-Za-z0-9_-]{1,128}"


class Hex32Converter(BaseConverter):
    """Match 32 bytes as 0x and 64 hexadecimal digits."""

    regex = r"0x[0-9a-fA-F]{64}"


class NameConverter(BaseConverter):
    """Match the name of a published document."""

    regex = r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"


class ListConverter(BaseConverter):
    """Match a status list number: a uint32 in its one decimal spelling."""

    regex = r"0|[1-9][0-9]{0,9}"


class TileConverter(BaseConverter):
    """Match the path of a tile or a bundle of a log (C2SP tlog-tiles)."""

    regex = r"tile/(?:[0-9]{1,2}|entries)/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/[0-9]{1,3})?"
    part_isolating = False


class OriginConverter(BaseConverter):
    """Match the origin of a member's log: a URL without its scheme."""

    regex = r"[A-Za-z0-9.:_~-]{1,255}(?:/[A-Za-z0-9._~-]{1,127}){2,8}"
    part_isolating = False


CONVERTERS: dict[str, type[BaseConverter]] = {
    "token": TokenConverter,
    "hex32": Hex32Converter,
    "name": NameConverter,
    "list": ListConverter,
    "tile": TileConverter,
    "origin": OriginConverter,
}


def check_envelope(
    request: Request,
    *,
    limit: int,
    media_types: Collection[str],
    untyped_if_empty: bool = False,
    ignored: bool = False,
) -> None:
    """Refuse a body by what its headers say, before a byte of it is read.

    Args:
        request: the request.
        limit: the most bytes its body may have.
        media_types: the types of which the body must have one; empty where there is no body to read.
        untyped_if_empty: an empty body needs no type; many clients send none with a form that has no fields.
        ignored: nobody looks into a body, so it may be of any type.

    Raises:
        InputTooLarge: the body says that it is longer.
        UnsupportedMediaType: another type, another character set than UTF-8, or a content encoding.
        MalformedInput: a body where none is read.
    """
    # One more than the limit: Werkzeug reads no further than this and says nothing where no length was stated.
    request.max_content_length = limit + 1
    length = request.content_length or 0
    if length > limit:
        raise InputTooLarge(f"the body may have at most {limit} bytes")
    if not media_types:
        if length and not ignored:
            raise MalformedInput("this request has no body")
        return
    is_empty = not length and "Transfer-Encoding" not in request.headers
    if untyped_if_empty and is_empty and "Content-Type" not in request.headers:
        return
    charset = request.mimetype_params.get("charset", "utf-8")
    if request.mimetype not in media_types or charset.lower() != "utf-8" or request.content_encoding:
        raise UnsupportedMediaType(
            f"the body must be {' or '.join(media_types)} in UTF-8, without a content encoding"
        )


def read_body(request: Request, *, limit: int) -> None:
    """Read the whole body once; whoever asks for it later gets these bytes.

    Raises:
        InputTooLarge: it is longer than it may be, whatever it said of its length.
        MalformedInput: it ends early, or its chunks are not chunks.
    """
    try:
        body = request.get_data()
    except (OSError, ParseException):
        # The server reads chunks as they are asked for, and finds only then that their framing is broken.
        raise MalformedInput("the body is not framed as HTTP demands") from None
    if len(body) > limit:
        raise InputTooLarge(f"the body may have at most {limit} bytes")


def check_query(request: Request, *, known: bool) -> None:
    """Refuse repeated parameters (two readers could take different ones) and any where there are none to give.

    Raises:
        MalformedInput: either of these.
    """
    if not known and request.query_string:
        raise MalformedInput("this request has no query parameters")
    if any(len(values) > 1 for values in request.args.listvalues()):
        raise MalformedInput("a query parameter is repeated")


def check_form(request: Request) -> None:
    """Refuse a form with a repeated field.

    Raises:
        MalformedInput: two readers could take different ones.
    """
    if any(len(values) > 1 for values in request.form.listvalues()):
        raise MalformedInput("a form field is repeated")

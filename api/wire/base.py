"""Give all wire models their strictness, and the small types they share."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_PAGE = 200
# 2**53 - 1: beyond it, readers of JSON stop agreeing on what an integer is.
MAX_TIME = (1 << 53) - 1

Hex32 = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$", description="32 bytes as 0x and 64 hexadecimal digits")]
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$", description="an identifier this node gave out")]
# An enumeration arrives as text; strictness, which would demand the enumeration itself, is lifted for it alone.
loose = Field(strict=False)
Time = Annotated[int, Field(ge=0, le=MAX_TIME, description="seconds since 1970-01-01 UTC")]


class In(BaseModel):
    """Base a request model: unknown members are refused, nothing is converted, no input stands in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Query(In):
    """Base the model of a query: everything in it arrives as text."""

    model_config = ConfigDict(strict=False)


class Out(BaseModel):
    """Base a response model."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PageQuery(Query):
    """Ask for one page of a list."""

    cursor: Annotated[
        str | None, Field(pattern=r"^[A-Za-z0-9_.:-]{1,256}$", description="`next_cursor` of a page")
    ] = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


def field_names() -> frozenset[str]:
    """Give the member names of all request models: the only names an error may repeat."""
    return frozenset(name for model in _models(In) for name in model.model_fields)


def _models(base: type[In]) -> Iterator[type[In]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)

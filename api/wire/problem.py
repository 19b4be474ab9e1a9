"""Describe the error document (RFC 9457)."""

from typing import Annotated

from pydantic import Field

from api.wire.base import Out


class Violation(Out):
    """Say at which place of a request something else was expected."""

    at: str
    expected: str


class Problem(Out):
    """Say what went wrong; `code` is stable, the texts are for people and may change."""

    type: Annotated[str, Field(pattern="^urn:jeung:problem:")]
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    violations: list[Violation] | None = None

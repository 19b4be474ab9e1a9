"""Compile each route once a process: werkzeug compiles Python for every route of every application that is made.

What it compiles depends on nothing but the route, and takes the very route of a node's application as its argument.
Thousands of tests make an application each, of which this was nine parts in ten.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_Builder = Callable[..., tuple[str, str]]
_compile = Rule._compile_builder
_compiled: dict[tuple[object, ...], _Builder] = {}


def _remembered(rule: Any, append_unknown: bool = True) -> _Builder:  # noqa: ANN401 - as werkzeug's
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


def remember_routes() -> None:
    """Have werkzeug's routes take what was compiled for their like; once is enough."""
    Rule._compile_builder = _remembered  # type: ignore[method-assign, assignment]

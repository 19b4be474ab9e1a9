"""Turn whatever a page's view raises into a page that says so, with the error's code and nothing of its inside."""

from collections.abc import Callable
from typing import Final

from apiflask import APIBlueprint
from flask import Response, g
from werkzeug.exceptions import HTTPException

from api.errors import InternalError
from api.problems import from_werkzeug, headers_of, report, status_of
from jeung.errors import JeungError

_OURS_ALONE: Final = "WWW-Authenticate"
"""A browser would ask for a password in a window of its own."""


class Refusals:
    """Answer for what a blueprint's views raise, with pages that `draw` makes of an error and its status."""

    def __init__(self, blueprint: APIBlueprint, draw: Callable[[JeungError, int], Response]) -> None:
        """Register with the blueprint; a handler of a more special error of its own goes before."""
        self._draw = draw
        blueprint.register_error_handler(JeungError, self.refuse)
        blueprint.register_error_handler(HTTPException, self.refuse_http)
        blueprint.register_error_handler(Exception, self._unforeseen)

    def refuse(self, error: JeungError) -> Response:
        """Draw the page of an error; what is our own mistake is reported and told as no more than that."""
        status = status_of(type(error))
        if status == 500:
            report(error)
            error = error if isinstance(error, InternalError) else InternalError()
        g.problem_code = error.code
        answer = self._draw(error, status)
        for name, value in headers_of(error):
            if name != _OURS_ALONE:
                answer.headers[name] = value
        return answer

    def refuse_http(self, error: HTTPException) -> Response:
        """Draw the page of what the framework refused."""
        answer = self.refuse(from_werkzeug(error))
        allow = dict(error.get_headers()).get("Allow")
        if allow is not None:
            answer.headers["Allow"] = allow
        return answer

    def _unforeseen(self, error: Exception) -> Response:
        report(error)
        return self.refuse(InternalError())

"""Write the OpenAPI 3.1 document from what the operations declare."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from api.auth import SCHEME
from api.errors import (
    IdempotencyKeyMalformed,
    IdempotencyKeyMissing,
    InsufficientScope,
    InternalError,
    InvalidToken,
    RateLimited,
    UnsupportedMediaType,
)
from api.idempotency import HEADER, Key
from api.problems import MEDIA_TYPE, status_of
from api.requests import CONVERTERS, JSON
from api.wire.base import Out
from api.wire.problem import Problem
from api.wire.verifications import Answer
from jeung.domain.access import Scope
from jeung.errors import (
    IdempotencyKeyReused,
    InputTooLarge,
    JeungError,
    MalformedInput,
    MalformedJson,
    NotFound,
    StoreBusy,
    StoreUnavailable,
    Unauthenticated,
)

if TYPE_CHECKING:
    from api.operation import Operation

_SCOPES = {
    Scope.ISSUE: "proof identities and issue credentials",
    Scope.VERIFY: "fetch nonces, verify presentations, read what the client's own nonces were judged",
    Scope.STATUS: "suspend, reinstate and revoke credentials",
    Scope.KEYS: "see the member's keys",
    Scope.AUDIT: "read evidence and what the node keeps",
    Scope.RETENTION: "read what the law keeps of locked subjects",
    Scope.APPROVE: "approve or reject what somebody else asked for",
    Scope.GOVERN: "propose, approve and execute acts of the consortium; register and revoke keys",
}
HTML = "text/html"
_ARGUMENT = re.compile(r"<(\w+):(\w+)>")


def describe(declared: "Operation", view: Callable[..., Any]) -> dict[str, Any]:
    """Give the arguments of APIFlask's `doc` for an operation."""
    refusals: dict[int, set[str]] = {}
    for error in _refusals(declared):
        refusals.setdefault(status_of(error), set()).add(error.code)
    responses: dict[int, Any] = {}
    if declared.gives is None:
        for status in (declared.status, *declared.also):
            responses[status] = _success(declared.raw or (declared.media_type,), empty=status == 204)
    if declared.gives is not None and declared.gives_strangers is not None:
        names = (declared.gives.__name__, declared.gives_strangers.__name__)
        either = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
        responses[declared.status] = {"content": {declared.media_type: {"schema": either}}}
    page = declared.on_error is not None and declared.media_type == HTML
    for status, codes in sorted(refusals.items()):
        responses[status] = _page() if page else _problem(status, sorted(codes), oauth=declared.on_error is not None)
    if declared.on_error is not None and "<" in declared.rule:
        # What is no path of ours never comes to the operation, so that it cannot answer in its own way.
        found = responses.setdefault(404, {"description": "not_found", "content": {}})
        found["content"] |= _problem(404, ["not_found"], oauth=False)["content"]
    extensions: dict[str, Any] = {"x-rule": declared.rule, "x-idempotency-key": declared.key.value}
    if declared.raw:
        # Encrypted bodies are opaque to who reads the description; what is in them is the same object.
        form = {JSON: {"schema": {"type": "object"}}} if JSON in declared.raw else _texts(declared.raw)
        extensions["requestBody"] = {"content": form}
    return {
        "operation_id": view.__name__,
        "responses": responses,
        "security": _security(declared),
        "extensions": extensions,
    }


def security_schemes(base_url: str) -> dict[str, Any]:
    """Describe how callers get tokens: client credentials with `private_key_jwt` (RFC 7523)."""
    flow = {"tokenUrl": f"{base_url}/oauth/token", "scopes": {scope.value: text for scope, text in _SCOPES.items()}}
    text = "Authenticate the client with private_key_jwt (RFC 7523); the token lives for minutes."
    return {SCHEME: {"type": "oauth2", "description": text, "flows": {"clientCredentials": flow}}}


def complete(spec: dict[str, Any]) -> dict[str, Any]:
    """Add what APIFlask does not know: the forms of path arguments, the Idempotency-Key, the problem document."""
    spec["components"].setdefault("schemas", {}).update(_models(Problem, Answer))
    for operations in spec["paths"].values():
        for described in operations.values():
            forms = {name: CONVERTERS[kind].regex for kind, name in _ARGUMENT.findall(described.pop("x-rule", ""))}
            for parameter in described["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"]["pattern"] = f"^(?:{forms[parameter['name']]})$"
            key = described.pop("x-idempotency-key", Key.NONE.value)
            if key != Key.NONE.value:
                described["parameters"].append(_key_parameter(required=key == Key.REQUIRED.value))
            if "requestBody" in described:
                described["requestBody"]["required"] = True
    return spec


def _models(*models: type[Out]) -> dict[str, Any]:
    """Describe models that no operation names as its own, with the models they are made of."""
    described = {}
    for model in models:
        schema = model.model_json_schema(ref_template=f"#/components/schemas/{model.__name__}.{{model}}")
        for name, part in schema.pop("$defs", {}).items():
            described[f"{model.__name__}.{name}"] = part
        described[model.__name__] = schema
    return described


def _success(media_types: Iterable[str], *, empty: bool) -> dict[str, Any]:
    """Describe an answer that no model describes."""
    if empty:
        return {"description": "Done, and nothing to say"}
    # Readers of an event stream take each event for an object.
    schemas = {
        name: {"schema": {"type": "object" if name.endswith(("json", "event-stream")) else "string"}}
        for name in media_types
    }
    return {"description": "Successful response", "content": schemas}


def _texts(media_types: Iterable[str]) -> dict[str, Any]:
    return {name: {"schema": {"type": "string"}} for name in media_types}


def _refusals(declared: "Operation") -> Iterator[type[JeungError]]:
    yield from declared.refuses
    yield from (RateLimited, MalformedInput, InternalError, StoreBusy, StoreUnavailable)
    if declared.takes is not None or declared.raw:
        yield from (MalformedJson, InputTooLarge, UnsupportedMediaType)
    if declared.scopes is not None:
        yield from (Unauthenticated, InvalidToken)
    if declared.scopes:
        yield InsufficientScope
    if declared.key is not Key.NONE:
        yield from (IdempotencyKeyMalformed, IdempotencyKeyReused)
    if declared.key is Key.REQUIRED:
        yield IdempotencyKeyMissing
    if "<" in declared.rule:
        yield NotFound


def _page() -> dict[str, Any]:
    return {"description": "A page for people", "content": {HTML: {"schema": {"type": "string"}}}}


def _problem(status: int, codes: list[str], *, oauth: bool) -> dict[str, Any]:
    if oauth:
        schema: dict[str, Any] = {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
        }
        return {"description": "An error as RFC 6749 writes it", "content": {"application/json": {"schema": schema}}}
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {"code": {"enum": codes}, "status": {"const": status}},
    }
    return {"description": ", ".join(codes), "content": {MEDIA_TYPE: {"schema": schema}}}


def _security(declared: "Operation") -> list[dict[str, list[str]]]:
    if declared.scopes is None:
        return [{}]
    alternatives = [{SCHEME: [scope.value]} for scope in sorted(declared.scopes)] or [{SCHEME: []}]
    return [*alternatives, {}] if declared.optional_token else alternatives


def _key_parameter(*, required: bool) -> dict[str, Any]:
    text = "The same key with the same request gives the same thing, however often it is sent."
    schema = {"type": "string", "pattern": "^[A-Za-z0-9._~:-]{1,128}$"}
    return {"in": "header", "name": HEADER, "required": required, "description": text, "schema": schema}

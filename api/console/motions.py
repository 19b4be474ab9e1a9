"""Read the forms of all proposals, field by field, into calls of the consortium.

What can be proposed stands in one list with the command line (`jeung.domain.governance.motions`); here stands what a
form asks for each, and how each field is read. What is chosen from the register is looked up there again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from flask import json

from api.console.choices import CHOICES, Choice
from jeung.crypto import canonical_json
from jeung.domain.chain import ChainCall
from jeung.domain.governance import reading
from jeung.domain.governance.motions import motion_call
from jeung.domain.registry import Registry
from jeung.errors import MalformedInput

MAX_CALL: Final = 96 * 1024
BODY_LIMIT: Final = 160 * 1024
"""A form that holds a document, whose call travels in hexadecimal: the service bounds the call itself."""
ROLES: Final = {"issuer": 1, "relying_party": 2, "supervisor": 4}
_STATUSES: Final = {"revoked": 1, "suspended": 2}

Values = dict[str, Any]
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what a form was filled with and what its fields are read against; times are seconds UTC."""

    form: Form
    registry: Registry
    now: int
    salt: bytes

    def text(self, name: str) -> str:
        """Give what was typed into a field, without the space around it.

        Raises:
            MalformedInput: nothing.
        """
        typed = self.form.get(name, "").strip()
        if not typed:
            raise MalformedInput("a field of the form is empty")
        return typed


@dataclass(frozen=True, slots=True)
class Sort:
    """Describe a sort of field: the control that a page draws for it, and how it is read into values of the call."""

    control: str
    read: Callable[[Asked, str], Values]
    choices: Callable[[Registry, int], list[Choice]] | None = None


def _typed(read: Callable[[str], Any], control: str = "text") -> Sort:
    return Sort(control, lambda asked, name: {name: read(asked.text(name))})


def _chosen(sort: str) -> Sort:
    choices = CHOICES[sort]

    def read(asked: Asked, name: str) -> Values:
        value = asked.form.get(name, "")
        found = next((one for one in choices(asked.registry, asked.now) if one.value == value), None)
        if found is None:
            raise MalformedInput("choose one of the list")
        # A member stands in the call under the field's name, which is not `member` everywhere.
        return dict(found.gives) if len(found.gives) > 1 else {name: next(iter(found.gives.values()))}

    return Sort("select", read, choices)


def _document(read: Callable[[bytes], Values]) -> Sort:
    # A browser writes line ends of its own into what is typed, so that only the canonical form has known bytes.
    def canonical(asked: Asked, name: str) -> Values:
        document = canonical_json.parse_object(asked.text(name).encode("utf-8", "replace"))
        return read(canonical_json.canonical(document))

    return Sort("document", canonical)


def _moment(asked: Asked, name: str) -> Values:
    return {name: reading.read_time(asked.text(name), asked.now)}


def _since(asked: Asked, name: str) -> Values:
    return {name: 0} if not asked.form.get(name, "").strip() else _moment(asked, name)


def _share(asked: Asked, name: str) -> Values:
    numerator, denominator = reading.read_share(asked.text(name))
    return {"numerator": numerator, "denominator": denominator}


def _roles(asked: Asked, name: str) -> Values:
    return {
        name: reading.role_mask([bit for role, bit in ROLES.items() if asked.form.get(f"{name}_{role}") == "yes"])
    }


def _status(asked: Asked, name: str) -> Values:
    status = _STATUSES.get(asked.form.get(name, ""))
    if status is None:
        raise MalformedInput("choose one of the list")
    return {name: status}


def _name(text: str) -> str:
    if len(text) > 128:
        raise MalformedInput("a name has at most 128 characters")
    return text


SORTS: Final[Mapping[str, Sort]] = MappingProxyType(
    {
        **{sort: _chosen(sort) for sort in CHOICES},
        "url": _typed(reading.read_url),
        "account": _typed(reading.read_account),
        "name": _typed(_name),
        "number": _typed(reading.read_number),
        "span": _typed(reading.read_duration),
        "places": _typed(reading.read_indexes),
        "contract": _typed(reading.read_name),
        "enode": _typed(reading.read_enode),
        "share": Sort("text", _share),
        "moment": Sort("time", _moment),
        "since": Sort("time", _since),
        "roles": Sort("roles", _roles),
        "cause": Sort("check", lambda asked, name: {name: asked.form.get(name) == "yes"}),
        "status": Sort("status", _status),
        "reason": Sort("text", lambda asked, name: {name: reading.salted_digest(asked.salt, asked.text(name))}),
        "metadata": _document(lambda content: dict(reading.read_metadata(content))),
        "profile": _document(lambda content: dict(reading.read_profile(content))),
        "jwk": _document(lambda content: {"jwk": reading.read_jwk(content)}),
    }
)
OPTIONAL: Final = frozenset({"since", "cause", "roles"})

Fields = tuple[tuple[str, str], ...]
GROUPS: Final[Mapping[str, Mapping[str, Fields]]] = MappingProxyType(
    {
        "members": {
            "admit": (("url", "url"), ("governance", "account"), ("roles", "roles")),
            "add-url": (("member", "member"), ("url", "url")),
            "roles": (("member", "member"), ("roles", "roles")),
            "governance-account": (("member", "member"), ("account", "account")),
            "suspend": (("member", "member"), ("reason", "reason")),
            "confirm-suspension": (("member", "member"),),
            "reinstate": (("member", "member"),),
            "remove": (("member", "member"), ("since", "since"), ("cause", "cause")),
        },
        "issuing": {
            "schema": (("metadata", "metadata"),),
            "deprecate-schema": (("schema", "schema"),),
            "accredit": (
                ("member", "member"),
                ("schema", "schema"),
                ("valid_from", "since"),
                ("valid_until", "moment"),
            ),
            "withdraw-accreditation": (("grant", "grant"), ("since", "since")),
        },
        "asking": {
            "profile": (("member", "member"), ("profile", "profile")),
            "withdraw-profile": (("service", "service"),),
            "trust-wallet-provider": (("name", "name"), ("jwk", "jwk"), ("valid_until", "moment")),
            "distrust-wallet-provider": (("provider", "provider"), ("since", "since")),
        },
        "harm": {
            "key-compromised": (("key", "key"), ("since", "moment")),
            "operator-compromised": (("operator", "operator"), ("since", "moment")),
            "statuses": (("issuer", "anybody"), ("list", "number"), ("status", "status"), ("indexes", "places")),
        },
        "network": {
            "allow-node": (("member", "member"), ("endpoint", "enode")),
            "remove-node": (("node", "node"),),
            "allow-account": (("member", "member"), ("account", "account")),
            "remove-account": (("account", "listed"),),
        },
        "rules": {
            "rules": (("share", "share"), ("timelock", "span"), ("lifetime", "span")),
            "contract": (("name", "contract"), ("address", "account")),
            "close-status-registry": (),
            "open-log-epoch": (("member", "member"), ("epoch", "number")),
        },
    }
)
FIELDS: Final[Mapping[str, Fields]] = MappingProxyType(
    {kind: fields for kinds in GROUPS.values() for kind, fields in kinds.items()}
)


def read_motion(kind: str, asked: Asked) -> ChainCall:
    """Read the form of a kind of proposal.

    Raises:
        MalformedInput: a field is missing or has another form; the message does not repeat it.
    """
    values: Values = {}
    for name, sort in FIELDS[kind]:
        values.update(SORTS[sort].read(asked, name))
    return motion_call(kind, values)


def written(call: ChainCall) -> str:
    """Write a call into a form of ours."""
    return json.dumps([call.contract, call.function, list(call.args)])


def call_of(text: str) -> ChainCall:
    """Read the call that a page of ours put into its form; the service judges whether it may be proposed.

    Raises:
        MalformedInput: another form.
    """
    try:
        contract, function, args = json.loads(text[: MAX_CALL + 1])
    except (ValueError, TypeError, RecursionError):
        raise MalformedInput("the form is not one of this console's") from None
    if not isinstance(contract, str) or not isinstance(function, str) or not isinstance(args, list):
        raise MalformedInput("the form is not one of this console's")
    return ChainCall(contract, function, tuple(args))

"""Read the forms of the common proposals, field by field, into calls of the consortium."""

import datetime
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import parse_canonical_url, to_hex
from jeung.domain.profiles import service_id
from jeung.domain.registry import Registry
from jeung.errors import MalformedInput

MAX_CALL: Final = 12 * 1024
ROLES: Final = {"issuer": 1, "relying_party": 2, "supervisor": 4}
_ACCOUNT = re.compile("0x[0-9a-fA-F]{40}")
_ID = re.compile("0x[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Motion:
    """Describe a form: its fields (name and kind), and the call they make."""

    fields: tuple[tuple[str, str], ...]
    call: Callable[[Mapping[str, Any], Registry], ChainCall]


def _member_call(function: str, *more: Any) -> Callable[[Mapping[str, Any], Registry], ChainCall]:  # noqa: ANN401
    return lambda typed, _: ChainCall("Consortium", function, (typed["member"], *more))


def _withdrawn(typed: Mapping[str, Any], registry: Registry) -> ChainCall:
    """Withdraw the newest grant that stands."""
    standing = [
        grant
        for (member, schema), grants in registry.grants.items()
        if (to_hex(member), to_hex(schema)) == (typed["member"], typed["schema"])
        for grant in grants
        if grant.effective_since is None
    ]
    if not standing:
        raise MalformedInput("the member holds no accreditation for this type")
    args = (typed["member"], typed["schema"], standing[-1].index, 0)
    return ChainCall("AccreditationRegistry", "withdraw", args)


MOTIONS: Final[Mapping[str, Motion]] = MappingProxyType(
    {
        "admit": Motion(
            (("url", "url"), ("account", "account"), ("roles", "roles")),
            lambda typed, _: ChainCall("Consortium", "admitMember", (typed["url"], typed["account"], typed["roles"])),
        ),
        "accredit": Motion(
            (("member", "member"), ("schema", "schema"), ("until", "date")),
            lambda typed, _: ChainCall(
                "AccreditationRegistry", "grant", (typed["member"], typed["schema"], 0, typed["until"])
            ),
        ),
        "withdraw_accreditation": Motion((("member", "member"), ("schema", "schema")), _withdrawn),
        "roles": Motion(
            (("member", "member"), ("roles", "roles")),
            lambda typed, _: ChainCall("Consortium", "setRoles", (typed["member"], typed["roles"])),
        ),
        "governance_account": Motion(
            (("member", "member"), ("account", "account")),
            lambda typed, _: ChainCall("Consortium", "setGovernanceAccount", (typed["member"], typed["account"])),
        ),
        "confirm_suspension": Motion((("member", "member"),), _member_call("confirmSuspension")),
        "reinstate": Motion((("member", "member"),), _member_call("reinstate")),
        "remove": Motion((("member", "member"),), _member_call("removeMember", 0, False)),
        "withdraw_profile": Motion(
            (("member", "member"), ("service", "text")),
            lambda typed, _: ChainCall(
                "RelyingPartyRegistry", "withdrawProfile", (typed["member"], to_hex(service_id(typed["service"])))
            ),
        ),
    }
)


def read_motion(kind: str, form: MultiDict[str, str], registry: Registry) -> ChainCall:
    """Read the form of a kind of proposal.

    Raises:
        MalformedInput: a field is missing or has another form; the message does not repeat it.
    """
    motion = MOTIONS[kind]
    return motion.call({name: _READERS[sort](form, name) for name, sort in motion.fields}, registry)


def call_of(text: str) -> ChainCall:
    """Read the call that a page of ours put into its form; the service judges whether it may be proposed.

    Raises:
        MalformedInput: another form.
    """
    try:
        contract, function, args = json.loads(text[:MAX_CALL])
    except (ValueError, TypeError):
        raise MalformedInput("the form is not one of this console's") from None
    if not isinstance(contract, str) or not isinstance(function, str) or not isinstance(args, list):
        raise MalformedInput("the form is not one of this console's")
    return ChainCall(contract, function, tuple(args))


def _url(form: MultiDict[str, str], name: str) -> str:
    try:
        return parse_canonical_url(form.get(name, "").strip())
    except ValueError:
        raise MalformedInput("the address is not a canonical URL") from None


def _matching(pattern: re.Pattern[str], wrong: str) -> Callable[[MultiDict[str, str], str], str]:
    def read(form: MultiDict[str, str], name: str) -> str:
        text = form.get(name, "").strip()
        if pattern.fullmatch(text) is None:
            raise MalformedInput(wrong)
        return text

    return read


def _roles(form: MultiDict[str, str], name: str) -> int:
    mask = sum(bit for role, bit in ROLES.items() if form.get(f"{name}_{role}") == "yes")
    if not mask:
        raise MalformedInput("a member has at least one role")
    return mask


def _date(form: MultiDict[str, str], name: str) -> int:
    try:
        day = datetime.date.fromisoformat(form.get(name, ""))
        return int(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp())
    except (ValueError, OverflowError):
        raise MalformedInput("this is no date") from None


def _text(form: MultiDict[str, str], name: str) -> str:
    text = form.get(name, "").strip()
    if not 1 <= len(text) <= 128:
        raise MalformedInput("a name is missing, or too long")
    return text


_READERS: Final[Mapping[str, Callable[[MultiDict[str, str], str], Any]]] = MappingProxyType(
    {
        "url": _url,
        "account": _matching(_ACCOUNT, "an account is 0x and 40 hexadecimal digits"),
        "member": _matching(_ID, "choose a member"),
        "schema": _matching(_ID, "choose a credential type"),
        "roles": _roles,
        "date": _date,
        "text": _text,
    }
)

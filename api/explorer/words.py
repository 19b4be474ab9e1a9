"""Say on a page what an event of the chain was about; texts in it are some member's, and shown so."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from jeung.domain.governance.plain import plain
from jeung.domain.history import ATTESTED, STATUSES_SET, EventPlace, PastEvent
from jeung.domain.identifiers import MemberId, to_hex
from jeung.domain.registry import Registry

_NAME: Final = 48
_PARTS: Final = re.compile(r"(?<=[./_-])(?=.)")
_SHORT: Final = 14


@dataclass(frozen=True, slots=True)
class Row:
    """Describe an event for a page: `about` is text of somebody's, `link` leads below the explorer's own address."""

    time: int
    block: int
    name: str
    status: str | None
    count: int
    member: str | None
    member_name: str
    transaction: str
    about: str
    link: str | None


def row_of(event: PastEvent, registry: Registry) -> Row:
    """Describe an event."""
    about, link = _about(event, registry)
    return Row(
        time=event.place.time,
        block=event.place.block_number,
        name=event.name,
        status=None if event.status is None else event.status.name.lower(),
        count=event.count,
        member=None if event.member is None else to_hex(event.member),
        member_name=name_of(event.member, registry),
        transaction=to_hex(event.transaction),
        about=about,
        link=link,
    )


def name_of(member: MemberId | None, registry: Registry) -> str:
    """Name a member by its URL without the scheme; one the register does not know by its identifier."""
    if member is None:
        return ""
    known = registry.members.get(member)
    return brief(known.url) if known is not None else to_hex(member)[:_SHORT]


def brief(url: str) -> str:
    """Write an address without its scheme, as it can be shown, a long one by its beginning."""
    shown = plain(url.partition("://")[2] or url)
    return shown if len(shown) <= _NAME else f"{shown[:_NAME]}…"


def _about(event: PastEvent, registry: Registry) -> tuple[str, str | None]:
    if event.name == ATTESTED and event.batch is not None:
        return to_hex(event.batch), f"/batches/{to_hex(event.batch)}"
    if event.name == STATUSES_SET:
        return "", None
    args = event.args
    if "proposal" in args:
        return str(args["proposal"]), f"/proposals/{args['proposal']}"
    for name, shown in _SHOWN.items():
        if name in args:
            return shown(args, registry), None
    return "", None


def _schema(args: Mapping[str, Any], registry: Registry) -> str:
    known = next((one for one in registry.schemas.values() if to_hex(one.schema) == args["schema"]), None)
    return plain(args["schema"]) if known is None else brief(known.vct)


def _named(args: Mapping[str, Any], _: Registry) -> str:
    name = str(args["name"])
    # A contract's name is 32 bytes; a wallet provider's is text, and may look like bytes without being any.
    if "contractAddress" not in args:
        return plain(name)
    return plain(bytes.fromhex(name[2:]).rstrip(b"\0").decode("ascii", "replace"))


def _service(args: Mapping[str, Any], registry: Registry) -> str:
    known = next(
        (
            one
            for one in registry.profiles.values()
            if (to_hex(one.member), to_hex(one.service)) == (args.get("member"), args["service"])
        ),
        None,
    )
    return plain(args["service"] if known is None else known.name)


_SHOWN: Final[dict[str, Callable[[Mapping[str, Any], Registry], str]]] = {
    "url": lambda args, _: plain(args["url"]),
    "vct": lambda args, _: brief(args["vct"]),
    "size": lambda args, _: f"log/{int(args['epoch'])} · {int(args['size']):,}",
    "schema": _schema,
    "name": _named,
    "account": lambda args, _: plain(args["account"]),
    "thumbprint": lambda args, _: plain(args["thumbprint"]),
    "service": _service,
    "node": lambda args, _: plain(args["node"]),
    "governance": lambda args, _: plain(args["governance"]),
}


def cursor_of(place: EventPlace | None) -> str | None:
    """Write where a page of events ended."""
    return None if place is None else f"{place.time:x}-{place.block_number:x}-{place.log_index:x}"


def hexadecimal(value: bytes) -> str:
    """Write an identifier whole."""
    return to_hex(value)


def grouped(value: int) -> str:
    """Write a count with commas between thousands."""
    return f"{value:,}"


def parted(name: str) -> str:
    """Write an address so that a narrow column breaks it where its parts end, and nowhere else."""
    return Markup("<wbr>").join(_PARTS.split(name))


def copied(identifier: str) -> str:
    """Write an identifier so that it breaks anywhere and is read as one."""
    return Markup('<code class="exp-hash">{}</code>').format(identifier)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "brief": brief,
    "grouped": grouped,
    "hexadecimal": hexadecimal,
    "copied": copied,
    "parted": parted,
    "plain": plain,
}

"""What tests about epochs of a log ask again and again."""

from jeung.crypto import base64url
from jeung.domain.transparency import EntryKind, parse_entry
from tests.common import naive_log
from tests.unit.jeung.services.log.members import Member, Members


def lived(members: Members, count: int = 3) -> Member:
    """The bank, with entries that the others cosigned."""
    members.bank.act(count)
    members.bank.step()
    return members.bank


def opening(member: Member) -> dict[str, object]:
    """What the first entry of the present epoch says."""
    entry = parse_entry(member.log.entries[0])
    assert entry.kind is EntryKind.EPOCH_OPENED
    return dict(entry.facts or {})


def said(origin: str, entries: list[bytes]) -> dict[str, object]:
    return {"origin": origin, "root": base64url.encode(naive_log.mth(entries)), "size": len(entries)}

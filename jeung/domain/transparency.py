"""Say what the transparency log publishes of each act: the one frozen table of kinds, and the entries' form.

An entry is RFC 8785 JSON of a few members, version 1:

    {"commitment":"<base64url>","kind":"issued","time":1790000000,"v":1}
    {"facts":{"hash":"0x…","number":7},"kind":"block","time":1790000000,"v":1}

What an act was, and of what, stays in the member's database. The entry holds SHA-256 over a fresh 256-bit salt and
the act: it tells nobody anything, and whoever is shown salt and act can tell that nothing else was meant. `facts`
stand in clear where the chain says the same to everybody. An entry of kind `verified` holds the commitment to the
package of evidence, whose own salt stays in the evidence, and its time is that of the hour (design.md section 9).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.errors import MalformedInput, MalformedTile

VERSION: Final = 1
SALT_BYTES: Final = 32
MAX_ENTRY_BYTES: Final = 1_024
BLOCKS_APART: Final = 64
"""A log at rest names a block after each 64th: it vouches for blocks that other members' evidence rests on, well
within the 256 headers that lead there."""


class EntryKind(enum.StrEnum):
    """Name what an entry is about. Kinds are only ever added: published entries are never written anew."""

    PROOFING_COMPLETED = "proofing_completed"
    ISSUED = "issued"
    ATTESTED = "attested"
    STATUS_DECIDED = "status_decided"
    STATUS_CHANGED = "status_changed"
    VERIFIED = "verified"
    KEY_EVENT = "key_event"
    GOVERNANCE_ACT = "governance_act"
    ERASURE = "erasure"
    PERSONAL_DATA_READ = "personal_data_read"
    LOG_IN = "log_in"
    CONFIGURATION_CHANGED = "configuration_changed"
    BLOCK = "block"
    EPOCH_OPENED = "epoch_opened"
    OPERATION = "operation"


JUDGED: Final = "presentation_judged"
BLOCK_SEEN: Final = "block_seen"
CREDENTIALS_ATTESTED: Final = "credentials_attested"
STATUSES_CHANGED: Final = "statuses_changed"
EPOCH_OPENED: Final = "epoch_opened"
KEY_RECORDED: Final = "key_recorded"
GOVERNANCE_RECORDED: Final = "governance_recorded"

_EVENTS: Final[Mapping[EntryKind, tuple[str, ...]]] = MappingProxyType(
    {
        EntryKind.PROOFING_COMPLETED: ("proofing_completed",),
        EntryKind.ISSUED: ("credential_issued",),
        EntryKind.ATTESTED: (CREDENTIALS_ATTESTED,),
        EntryKind.STATUS_DECIDED: ("status_wanted",),
        EntryKind.STATUS_CHANGED: (STATUSES_CHANGED,),
        EntryKind.VERIFIED: (JUDGED,),
        EntryKind.KEY_EVENT: (KEY_RECORDED, "key_changed", "backup_written", "node_restored"),
        EntryKind.GOVERNANCE_ACT: (
            *("governance_intended", GOVERNANCE_RECORDED),
            *("act_requested", "act_approved", "act_declined", "act_withdrawn", "act_begun", "act_ended"),
            "act_expired",
        ),
        EntryKind.ERASURE: ("erasure_begun", "credentials_erased", "subject_locked", "subject_erased"),
        EntryKind.PERSONAL_DATA_READ: ("person_read", "evidence_opened", "retained_record_read"),
        EntryKind.LOG_IN: (
            *("staff_logged_in", "staff_logged_out", "staff_session_ended", "staff_session_renewed"),
            *("staff_session_displaced", "staff_login_paused", "staff_method_refused", "staff_confirmed"),
            *("passkey_suspected", "staff_enrolment_missed", "staff_session_ended_by_provider"),
            "staff_terminal_confirmed",
        ),
        EntryKind.CONFIGURATION_CHANGED: (
            *("settings_changed", "client_registered", "webhook_registered", "webhook_removed"),
            *("staff_added", "staff_disabled", "staff_enabled", "staff_roles_set", "staff_sessions_ended"),
            *("staff_password_set", "staff_identity_linked", "staff_enrolment_made"),
            *("passkey_added", "passkey_renamed", "passkey_removed", "policy_adopted", "policy_changed"),
        ),
        EntryKind.BLOCK: (BLOCK_SEEN,),
        EntryKind.EPOCH_OPENED: (EPOCH_OPENED,),
        EntryKind.OPERATION: (
            *("proofing_opened", "proofing_checked", "offer_made", "offer_cancelled", "offer_locked"),
            *("offer_redeemed", "offer_replayed", "wallet_grant_given", "consent_given", "consent_refused"),
            *("credential_accepted", "credential_failure", "credential_deleted", "staff_acted", "reissue_left"),
            *("presentation_requested", "presentation_cancelled", "presentation_redeemed", "projection_repaired"),
        ),
    }
)

KINDS: Final[Mapping[str, EntryKind]] = MappingProxyType(
    {event: kind for kind, events in _EVENTS.items() for event in events}
)
"""What each event of a node is published as."""

_IN_CLEAR: Final = frozenset({CREDENTIALS_ATTESTED, STATUSES_CHANGED, BLOCK_SEEN, EPOCH_OPENED})


@dataclass(frozen=True, slots=True)
class PublishedEntry:
    """Hold an entry as read: either `commitment` (32 bytes) or `facts` is there; `time` is seconds UTC."""

    kind: EntryKind
    time: int
    commitment: bytes | None = None
    facts: Mapping[str, Any] | None = None

    @property
    def encoded(self) -> bytes:
        """Write the entry: the bytes that the log's leaves are hashed from."""
        what = {"facts": dict(self.facts)} if self.facts is not None else {"commitment": self._committed}
        return canonical_json.canonical({**what, "kind": self.kind.value, "time": self.time, "v": VERSION})

    @property
    def _committed(self) -> str:
        return base64url.encode(self.commitment or b"")


def is_block_due(named: int, newest: int) -> bool:
    """Tell whether a log at rest names the newest block.

    All members name one soon after each 64th, so that one short chain of headers leads to all of theirs; a log that
    named none yet does so, too.
    """
    return newest // BLOCKS_APART > max(named, 0) // BLOCKS_APART


def commitment_of(event: str, body: bytes, salt: bytes) -> bytes:
    """Commit to an event: SHA-256 over the salt, the event's name, a newline and its body."""
    return sha256(salt + event.encode() + b"\n" + body)


def entry_of(event: str, body: bytes, occurred_at: int, salt: bytes) -> PublishedEntry:
    """Say what is published of an event.

    Args:
        event: its name in the node; one that the table does not know is an `operation`.
        body: RFC 8785 JSON, as it stands in the node's database.
        occurred_at: seconds UTC.
        salt: 32 random bytes that stay beside the body.
    """
    kind = KINDS.get(event, EntryKind.OPERATION)
    if event in _IN_CLEAR:
        return PublishedEntry(kind, occurred_at, facts=canonical_json.parse_object(body))
    if event == JUDGED:
        # The evidence holds what opens this one: it can be found by whoever is handed the evidence alone.
        stated = canonical_json.parse_object(body)["commitment"]
        return PublishedEntry(kind, occurred_at, commitment=base64url.decode(stated))
    return PublishedEntry(kind, occurred_at, commitment=commitment_of(event, body, salt))


def verified_entry(package_digest: bytes, judged_at: int) -> PublishedEntry:
    """Give the entry of a verification, by the SHA-256 of its package of evidence and the time of the judgement."""
    return PublishedEntry(EntryKind.VERIFIED, judged_at - judged_at % 3_600, commitment=package_digest)


def opening_entry(last: Checkpoint, now: int) -> PublishedEntry:
    """Give the first entry of an epoch after the first: the last checkpoint that others hold of those before."""
    facts = {"origin": last.origin, "root": base64url.encode(last.root), "size": last.size}
    return PublishedEntry(EntryKind.EPOCH_OPENED, now, facts=facts)


def parse_entry(data: bytes) -> PublishedEntry:
    """Read an entry of a log, whoever wrote it.

    Raises:
        MalformedTile: too large, not RFC 8785 JSON, another version, or not the members of an entry.
    """
    try:
        values = canonical_json.parse_object(data if len(data) <= MAX_ENTRY_BYTES else b"")
        kind, time = EntryKind(values["kind"]), values["time"]
        if type(time) is not int:
            raise ValueError
        if "facts" in values:
            entry = PublishedEntry(kind, time, facts=dict(values["facts"]))
        else:
            entry = PublishedEntry(kind, time, commitment=base64url.decode(values["commitment"]))
        # Writing it anew tells what else it has, and whether it is of another version.
        is_one = entry.encoded == data and (entry.commitment is None or len(entry.commitment) == SALT_BYTES)
    except (KeyError, TypeError, ValueError, AttributeError, MalformedInput):
        is_one = False
    if not is_one:
        raise MalformedTile("not an entry of a log")
    return entry


def log_origin(url: str, epoch: int) -> str:
    """Give the origin of a member's log: its URL without the scheme, `/log/` and the epoch."""
    return f"{url.partition('://')[2]}/log/{epoch}"


def witnessed_origin(urls: Sequence[str], epoch: int) -> str:
    """Give the origin under which a witness remembers an epoch of a member's log, whichever of its URLs that names.

    A member has one log an epoch: two addresses must not be two histories.
    """
    return log_origin(urls[0], epoch)


def witness_name(url: str) -> str:
    """Give the name under which a member cosigns."""
    return f"{url.partition('://')[2]}/witness"

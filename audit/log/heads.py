"""Ask every witness what it cosigned last of a log: whoever was shown another history has it in his hands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding, Rule
from audit.log.signing import NotTheirs, Signed, origins_of, read_or_none, verify_checkpoint
from audit.log.site import Absent, Asked, Site, Unreadable
from audit.log.sources import TEXT, keys_of
from audit.state import State
from jeung.crypto.tlog.notes import MAX_NOTE_BYTES, parse_note
from jeung.errors import MalformedNote

_HEADS: Final = "/witness/heads/"
_REFUSED: Final = "/witness/refused/"
_MAX_REFUSED_BYTES: Final = 256 * 1024
_MAX_KEPT: Final = 256


CHAIN: Final = "the chain"
OWN_TABLE: Final = "its own table"
NEXT_EPOCH: Final = "the first entry of the next epoch"
ON_ROUND: Final = "its own table of unpublished ones"


@dataclass(frozen=True, slots=True)
class Known:
    """Hold a checkpoint that the log signed, and who has it; `witness` is the member that saw it."""

    size: int
    root: bytes
    whose: str
    witness: str | None = None


def _items(body: bytes) -> list[tuple[str, str]]:
    """Read what a witness answers about refusals.

    Raises:
        ValueError: it is something else.
    """
    try:
        rows = [(row["note"], row["key"]) for row in orjson.loads(body)["items"]]
    except (KeyError, TypeError) as error:
        raise ValueError from error
    if len(rows) > _MAX_KEPT or not all(isinstance(text, str) for row in rows for text in row):
        raise ValueError("not what a witness answers about refusals")
    return rows


class Witnesses:
    """Ask each witness for each log; a witness that fails is told of once."""

    def __init__(self, state: State, sites: Mapping[str, Site], kept: "tuple[str, NodeDatabase] | None") -> None:
        """Ask over `sites` (member -> site), and the audited node's own table for what that node itself saw."""
        self._state = state
        self._sites = sites
        self._kept = kept
        self._failed: set[str] = set()
        self._heads: dict[tuple[str, int], list[Known]] = {}
        self.findings: list[Finding] = []

    def heads(self, member: str, epoch: int) -> list[Known]:
        """Give what the witnesses hold of a member's log, as far as the log signed it; each is asked once."""
        if (member, epoch) not in self._heads:
            self._heads[member, epoch] = self._asked(member, epoch)
        return self._heads[member, epoch]

    def _asked(self, member: str, epoch: int) -> list[Known]:
        found: list[Known] = []
        for origin in origins_of(self._state, member, epoch):
            for witness, site in self._sites.items():
                if witness != member and (self._kept is None or witness != self._kept[0]):
                    found += self._served(witness, site, member, epoch, origin)
                    found += self._refused(witness, site, member, epoch, origin)
            if self._kept is not None and self._kept[0] != member:
                found += self._kept_heads(*self._kept, member, epoch, origin)
        return found

    def _served(self, witness: str, site: Site, member: str, epoch: int, origin: str) -> list[Known]:
        try:
            answer = site.get(Asked(_HEADS + origin, TEXT, MAX_NOTE_BYTES))
        except Absent:
            return []
        except Unreadable as error:
            if witness not in self._failed:
                self._failed.add(witness)
                self._report(rules.WITNESS_MISSING, f"witness {site.url}", str(error), witness)
            return []
        known = self._believed(answer.body, answer.key, f"the witness {site.url}", witness, member, epoch)
        if known is None:
            message = f"its head of {origin} is not signed by that log"
            self._report(rules.WITNESS_UNFIT, f"witness {site.url}", message, witness)
        return [] if known is None else [known]

    def _refused(self, witness: str, site: Site, member: str, epoch: int, origin: str) -> list[Known]:
        """Ask for what the witness did not cosign: a log that contradicts itself signed that, too."""
        try:
            rows = _items(site.get(Asked(_REFUSED + origin, "application/json", _MAX_REFUSED_BYTES)).body)
        except Unreadable:
            # Of an older version, or no such log; a witness that fails was told of when its head was asked for.
            return []
        except ValueError:
            self._report(
                rules.WITNESS_UNFIT, f"witness {site.url}", f"what it refused of {origin} is malformed", witness
            )
            return []
        found = []
        for note, key in rows:
            known = self._believed(note.encode(), key, f"the witness {site.url} (refused)", None, member, epoch)
            if known is None:
                message = f"what it refused of {origin} is not signed by that log"
                self._report(rules.WITNESS_UNFIT, f"witness {site.url}", message, witness)
                break
            found.append(known)
        return found

    def _kept_heads(self, own: str, database: NodeDatabase, member: str, epoch: int, origin: str) -> list[Known]:
        """Read the audited node's own memory, and the contradictions that it refused and kept."""
        found = []
        for table, whose, witness in (
            ("witness_heads", "the audited node", own),
            # Who refused a checkpoint does not vouch for it.
            ("witness_forks", "the audited node's refusals", None),
        ):
            rows = database.tuples(
                f"SELECT note, key, size, root FROM {table} WHERE origin = :origin LIMIT {_MAX_KEPT}",  # noqa: S608
                origin=origin,
            )
            for note, key, size, root in rows:
                body = note if isinstance(note, bytes) else b""
                known = self._believed(body, str(key), whose, witness, member, epoch)
                if known is None or (known.size, known.root) != (size, root):
                    self._report(rules.WITNESS_UNFIT, table, f"a row of {origin} is not what that log signed", own)
                if known is not None:
                    found.append(known)
        return found

    def _believed(
        self, body: bytes, key: str, whose: str, witness: str | None, member: str, epoch: int
    ) -> Known | None:
        note = read_or_none(body)
        try:
            signed = None if note is None else verify_checkpoint(self._state, member, epoch, note, keys_of([key]))
        except NotTheirs:
            signed = None
        if signed is None:
            return None
        return Known(signed.checkpoint.size, signed.checkpoint.root, whose, witness)

    def _report(self, rule: Rule, subject: str, message: str, witness: str) -> None:
        self.findings.append(Finding(rule, subject, message, member=witness))


def anchored(state: State, member: str, epoch: int) -> list[Known]:
    """Give every checkpoint that was anchored of a log; whether its member sent them is the replay's to judge."""
    rows = state.anchored.get(f"{member}/{epoch}", [])
    return [Known(size, bytes.fromhex(root[2:]), CHAIN) for size, root in rows]


def kept_checkpoints(
    database: NodeDatabase, state: State, member: str, epoch: int
) -> tuple[list[Known], list[Finding]]:
    """Give every checkpoint that a node says it signed, and what is wrong with the rows.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    known: list[Known] = []
    wrong: list[Finding] = []
    # What bears a cosignature was published with it.
    rows = database.tuples(
        "SELECT size, root, note, key, size > (SELECT published_size FROM log_epochs WHERE epoch = :epoch) AND NOT"
        " EXISTS (SELECT 1 FROM log_cosignatures s WHERE s.epoch = c.epoch AND s.size = c.size)"
        " FROM log_checkpoints c WHERE epoch = :epoch ORDER BY size",
        epoch=epoch,
    )
    for size, root, note, key, on_round in rows:
        try:
            signed = _signed(state, member, epoch, note, str(key))
        except (MalformedNote, NotTheirs):
            message = "the log did not sign it"
        else:
            known.append(Known(signed.checkpoint.size, signed.checkpoint.root, ON_ROUND if on_round else OWN_TABLE))
            if (size, root) == (signed.checkpoint.size, signed.checkpoint.root):
                continue
            message = "size and root are not those that were signed"
        wrong.append(Finding(rules.LOG_UNSIGNED, f"checkpoint {epoch}/{size}", message, member=member))
    return known, wrong


def _signed(state: State, member: str, epoch: int, note: object, key: str) -> Signed:
    body = note if isinstance(note, bytes) else b""
    return verify_checkpoint(state, member, epoch, parse_note(body), keys_of([key]))

"""Judge one log, step by step.

1. (The witnesses said what they saw of it before it is asked itself: it only grows meanwhile.)
2. The log gives its newest checkpoint: a note of this log, signed by a key that the chain holds good for it.
3. It is as large as any checkpoint known. One on its round to the witnesses is waited for; a snapshot of a node's
   own table does not change by waiting, and its entries are read as far as the node signed instead.
4. The entries give its root, and the root of every other checkpoint known: those that witnesses hold, that are
   anchored on the chain, that an earlier audit saw, that stand in the node's own table. The tiles are the entries'.
5. Most of the other members that can cosign did, and what it published a day ago stands anchored.
6. What the entries say in clear is what the chain says, and the other way round.
7. What was seen is remembered for the next audit.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audit import rules
from audit.findings import Finding, Rule, Severity
from audit.log.acts import Acts, Bounds, compare_acts, compare_blocks, early_acts, take_again
from audit.log.anchors import ANCHORED_WITHIN_S, CONTRACT, unanchored_since
from audit.log.entries import Read
from audit.log.epochs import Closed, Opening, read_opening, remembered_opening, told_later
from audit.log.growing import Growing
from audit.log.heads import CHAIN, NEXT_EPOCH, ON_ROUND, Known
from audit.log.memory import Remembered, remembered
from audit.log.reading import Tree, read_tree
from audit.log.seen import SeenLog
from audit.log.signing import NotTheirs, Signed, cosigners, read_note, stood_at, verify_checkpoint, witnesses_of
from audit.log.site import Absent, Unreadable
from audit.log.sources import CopiedLog, KeptLog, ServedLog, Source
from audit.source import ChainReader
from audit.state import State
from jeung.crypto.tlog.notes import NoteKey
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, hash_reader
from jeung.crypto.tlog.tree import consistency_proof, verify_consistency
from jeung.errors import InvalidProof, MalformedNote, MalformedTile

MAX_ENTRIES: Final = 1 << 26
_MOST_NAMED: Final = 5
_PAUSE_S: Final = 1.0
_MOST_ON_ROUND: Final = 4
"""A node signs nothing newer before it published; one more is left behind each time its worker dies in between."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Say how logs are reached: from a folder of copies rather than the members' servers, and how patiently."""

    copies: Path | None = None
    timeout_s: float = 10
    patience_s: float = 30
    """How long to wait for a checkpoint that a witness has already and the log has not published yet."""
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Court:
    """Hold what every log is judged by; `head` is the block of the state."""

    reader: ChainReader
    state: State
    reach: Reach
    now: int
    told: Callable[[int, int], None]


@dataclass(slots=True)
class Trial:
    """Judge the log of a member and an epoch; `until` is the last block whose acts must be in it."""

    court: Court
    member: str
    epoch: int
    name: str
    source: Source
    known: list[Known]
    until: int
    findings: list[Finding] = field(default_factory=list)
    looked_at: int = 0
    settled: frozenset[Known] = frozenset()
    """Anchors that an earlier audit compared with entries that are not read again."""
    closed: Closed | None = None
    """How the epoch ended, where it is not the present one."""
    opening: Opening | None = None
    """What the first entry names, once it was read."""
    told: Read = field(default_factory=Read)
    """What this epoch and later ones tell of acts from before it was opened."""
    shown: Mapping[int, bytes] = field(default_factory=dict)
    """The roots at the sizes that were asked for, by the entries that were read."""
    is_read: bool = False
    """Whether all of it could be read, and is what was signed."""
    seen: SeenLog | None = None
    """The checkpoint that was judged, once one was read that the member signed."""

    def report(self, rule: Rule, message: str) -> None:
        """Add a finding about this log."""
        self.findings.append(Finding(rule, self.name, message, member=self.member))

    def run(self) -> None:
        """Judge it (2 to 7).

        Raises:
            AuditImpossible: the chain or the database cannot be read, or the audit's checkpoint file holds nonsense.
        """
        state, place = self.court.state, f"{self.member}/{self.epoch}"
        before = remembered(state.logs.get(place))
        if before is not None:
            self.known.append(Known(before.size, before.root, "an earlier audit"))
        if self.closed is not None and self.closed.named is not None:
            self.known.append(Known(self.closed.named.size, self.closed.named.root, NEXT_EPOCH))
        served = self._checkpoint()  # 2
        if served is None:
            return
        signed, keys = served
        size = signed.checkpoint.size
        reach = self._reach(size)
        self._require_largest(reach)  # 3
        if reach > MAX_ENTRIES:
            self.report(rules.LOG_MALFORMED, f"it counts {reach} entries, more than an audit reads")
            return
        base = before if before is not None and self._may_go_on(before, size) else None
        anchors = [known for known in self.known if known.whose == CHAIN]
        self.settled = frozenset() if base is None else frozenset(anchors[: base.anchors])
        tree, read = self._tree(signed, reach, Growing() if base is None else base.growing())  # 4
        root = signed.checkpoint.root
        if base is not None and (tree.wrong_tiles or tree.roots.get(size, root) != root):
            # Something before is another than it was; reading all of it tells what else it contradicts.
            base = None
            tree, read = self._tree(signed, reach, Growing())
        self._compare_roots(signed, reach, tree, base)
        self._require_cosigned(signed, keys)  # 5
        if tree.problems:
            return
        self.shown, self.is_read = tree.roots, True
        early = [] if base is None else base.early
        self._take_opening(read, base)
        self._require_anchored(size)
        acts = self._acts(read, base, is_whole=reach >= self._named_size())  # 6
        if all(found.rule.severity is Severity.NOTE for found in self.findings):  # 7
            early = early + [one for one in early_acts(read, self._opened(), Read()) if one not in early]
            state.logs[place] = self._remember(signed, tree, acts, early).as_json()

    def _may_go_on(self, before: Remembered, size: int) -> bool:
        # The audited node's own table costs nothing to read, and every row of it is compared.
        return isinstance(self.source, ServedLog | CopiedLog) and before.tiles * TILE_WIDTH <= size

    def _checkpoint(self) -> tuple[Signed, tuple[NoteKey, ...]] | None:
        largest = max((known.size for known in self.known), default=0)
        waited = 0.0
        while True:
            served = self._newest()
            behind = served is not None and served[0].checkpoint.size < largest
            may_grow = isinstance(self.source, ServedLog) and self.closed is None
            patient = may_grow and waited < self.court.reach.patience_s
            if not behind or not patient:
                return served
            self.court.reach.sleep(_PAUSE_S)
            waited += _PAUSE_S

    def _newest(self) -> tuple[Signed, tuple[NoteKey, ...]] | None:
        court, keys = self.court, None
        try:
            keys = self.source.index().keys
            note = read_note(self.source.checkpoint(self.epoch))
            signed = verify_checkpoint(court.state, self.member, self.epoch, note, keys)
        except MalformedNote:
            self.report(rules.LOG_MALFORMED, "its index or its checkpoint is malformed")
        except NotTheirs as error:
            self.report(rules.LOG_FOREIGN if error.foreign else rules.LOG_UNSIGNED, str(error))
        except Absent as error:
            # Of a log that somebody has seen, what it showed cannot be nothing.
            is_gone = keys is not None and any(known.size for known in self.known)
            if is_gone and not isinstance(self.source, CopiedLog):
                self._require_largest(0)
            else:
                self.report(rules.LOG_MISSING, f"it shows no checkpoint: {error}")
        except Unreadable as error:
            if court.state.status_at(self.member, court.now) != "removed":
                self.report(rules.LOG_MISSING, str(error))
        else:
            return signed, keys
        return None

    def _reach(self, size: int) -> int:
        """Give how many entries are read: those of a checkpoint that a stopped clock caught on its round, too."""
        if not isinstance(self.source, KeptLog):
            return size
        ahead = [known.size for known in self.known if known.whose == ON_ROUND]
        return max(ahead, default=size) if len(ahead) <= _MOST_ON_ROUND else size

    def _require_largest(self, size: int) -> None:
        named, is_copy = self._named_size(), isinstance(self.source, CopiedLog)
        larger = [known for known in self.known if known.size > (size if is_copy else max(size, named))]
        if size < named and not is_copy:
            self.report(rules.LOG_LOST, f"it shows {size} of the {named} entries that it was closed with")
        for known in larger[:_MOST_NAMED]:
            message = f"it has {size} entries, {known.whose} holds a checkpoint of {known.size}"
            self.report(rules.LOG_COPY_SHORT if is_copy else rules.LOG_SHRUNK, message)

    def _named_size(self) -> int:
        return 0 if self.closed is None or self.closed.named is None else self.closed.named.size

    def _opened(self) -> int:
        return self.court.state.opened.get(f"{self.member}/{self.epoch}", -1)

    def _tree(self, signed: Signed, reach: int, begin: Growing) -> tuple[Tree, Read]:
        size, read = signed.checkpoint.size, Read()
        wanted = sorted({known.size for known in self.known if begin.size < known.size <= reach} | {size, reach})
        tree = read_tree(self.source, self.epoch, reach, wanted, begin, read.take, self.court.told)
        if begin.size == size:
            tree.roots[size] = begin.root()
        self.looked_at += tree.reached
        return tree, read

    def _compare_roots(self, signed: Signed, reach: int, tree: Tree, base: Remembered | None) -> None:
        for rule, message in tree.problems:
            self.report(rule, message)
        size, root = signed.checkpoint.size, signed.checkpoint.root
        if tree.roots.get(size, root) != root:
            self.report(rules.LOG_TREE_MISMATCH, f"its {size} entries do not give the root that it signed")
        forked = []
        for known in self.known:
            if known.size > reach:
                continue
            is_same = known.root == root if known.size == size else self._contains(signed, known, tree, base)
            if not is_same:
                forked.append(known)
        for known in forked[:_MOST_NAMED]:
            message = f"its first {known.size} entries are not those of the checkpoint that {known.whose} holds"
            self.report(rules.LOG_FORKED, message)
        if len(forked) > _MOST_NAMED:
            self.report(rules.LOG_FORKED, f"it contradicts {len(forked) - _MOST_NAMED} more checkpoints")

    def _contains(self, signed: Signed, known: Known, tree: Tree, base: Remembered | None) -> bool:
        """Tell whether a smaller checkpoint is a beginning of the log; what could not be read says nothing."""
        if known.size in tree.roots:
            return tree.roots[known.size] == known.root
        if base is None or known.size > base.tiles * TILE_WIDTH or known in self.settled:
            return True
        size, root = signed.checkpoint.size, signed.checkpoint.root
        try:
            proof = consistency_proof(known.size, size, hash_reader(size, self._tile))
            verify_consistency(known.size, known.root, size, root, proof)
        except (InvalidProof, MalformedTile):
            return False
        except Unreadable as error:
            self.report(rules.LOG_MISSING, f"tiles of the first {known.size} entries: {error}")
        return True

    def _tile(self, tile: Tile) -> bytes:
        return next(self.source.tiles(self.epoch, [tile], 1))

    def _require_cosigned(self, signed: Signed, keys: Sequence[NoteKey]) -> None:
        state, now = self.court.state, self.court.now
        said = cosigners(state, self.member, signed.note, keys)
        able = witnesses_of(state, self.member, now)
        checkpoint, told = signed.checkpoint, tuple(sorted(said.times.items()))
        self.seen = SeenLog(self.member, self.epoch, checkpoint.size, f"0x{checkpoint.root.hex()}", told, len(able))
        for witness in said.forged:
            url = state.members[witness]["urls"][-1]
            self.report(rules.LOG_COSIGNATURE_FORGED, f"the line of {url} is not what it signed")
        if self.closed is not None and not said.times:
            # What the next epoch names is what others saw of it; of anything beside nobody says when it was signed.
            return
        at = min(said.times.values(), default=now)
        if not stood_at(state, self.member, signed.key, at):
            message = "the key that signed it was not in good order when it was cosigned, or is not now"
            self.report(rules.LOG_UNSIGNED, message)
        if not able and self.closed is None:
            self.report(rules.LOG_UNWITNESSED, "no other member has a key in good order to cosign with")
        if not able or self.closed is not None or 2 * len(set(able) & said.times.keys()) > len(able):
            return
        shown = signed.checkpoint.size, signed.checkpoint.root
        seen = {known.witness for known in self.known if (known.size, known.root) == shown}
        vouching = set(able) & (said.times.keys() | seen)
        late = 2 * len(vouching) > len(able)
        message = f"{len(said.times)} of {len(able)} witnesses cosigned {signed.checkpoint.size} entries"
        self.report(rules.LOG_COSIGNED_LATE if late else rules.LOG_UNDERSIGNED, message)

    def _require_anchored(self, size: int) -> None:
        state, now = self.court.state, self.court.now
        if (
            self.closed is not None
            or CONTRACT not in state.contracts
            or state.status_at(self.member, now) == "removed"
        ):
            return
        anchored = max((known.size for known in self.known if known.whose == CHAIN), default=0)
        since = unanchored_since(self.source, self.epoch, size, anchored)
        if since is not None and since <= now - ANCHORED_WITHIN_S:
            message = (
                f"of {size} entries {anchored} stand anchored, and the next is {(now - since) // 3_600} hours old"
            )
            self.report(rules.LOG_ANCHOR_LATE, message)

    def _take_opening(self, read: Read, base: Remembered | None) -> None:
        if read.first is None and base is not None:
            self.opening = remembered_opening(base.opening)
        else:
            self.opening = read_opening(self.court.state, self.member, self.epoch, read.first)
        self.told = told_later(self._opened(), read, self.closed)
        if base is not None:
            take_again(self.told, base.early)

    def _acts(self, read: Read, base: Remembered | None, *, is_whole: bool) -> Acts:
        court, closed = self.court, self.closed
        # What stood on the chain before the epoch was opened has its entry in one before, or here.
        since = self._opened() if base is None else max(self._opened(), base.block)
        if base is not None:
            take_again(read, base.ahead)
        for position in read.malformed:
            self.report(rules.LOG_MALFORMED, f"entry {position} is none")
        if read.malformed_count > len(read.malformed):
            self.report(rules.LOG_MALFORMED, f"{read.malformed_count - len(read.malformed)} more entries are none")
        head = court.state.block
        found, lost = compare_blocks(court.reader, read, self.name, self.member, since, head)
        self.findings += found
        again = frozenset() if base is None else frozenset(base.open)
        until = self.until if closed is None else min(self.until, closed.block)
        if not is_whole:
            # What it lost may have told of them.
            until, again = -1, frozenset()
        bounds = Bounds(self.name, self.member, until, lost, since, court.now, again)
        acts = compare_acts(court.state, read, bounds, None if closed is None else closed.later)
        self.findings += acts.findings
        return acts

    def _remember(self, signed: Signed, tree: Tree, acts: Acts, early: list[list[object]]) -> Remembered:
        checkpoint, growing = signed.checkpoint, tree.growing
        note = signed.note.encoded.decode()
        return Remembered(
            checkpoint.size,
            checkpoint.root,
            note,
            signed.key.text,
            growing.tiles,
            growing.rows,
            min(self.until, self.court.state.block),
            acts.open,
            sum(known.whose == CHAIN for known in self.known),
            acts.ahead,
            [] if self.opening is None else self.opening.as_json(),
            early,
        )

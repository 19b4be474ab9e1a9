"""Scan what everybody can read for anything that is not a digest.

Calldata must be the canonical encoding of a call of one of our functions: bytes that no argument holds are a place to
hide something. What stands for a digest must look like one. And none of the values that the auditor knows (customers'
names, numbers, addresses) may stand in calldata, events or the files given, plain or under a hash without salt.
Texts that the consortium publishes on purpose (URLs, type metadata, profiles, keys) are not judged, only searched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audit import rules
from audit.checks.views import Progress
from audit.decoding import CONTRACTS, Undecodable, decode_call
from audit.findings import AuditImpossible, Finding
from audit.search import KnownValues
from audit.source import ChainReader, ChainRefuses, Log, Transaction
from audit.state import State
from node import artifacts

_BLOCKS_AT_ONCE: Final = 100
_FEWEST_DIFFERENT: Final = 16
"""A digest of 32 bytes has 30 different ones on average; fewer than this many come once in 10^14 digests."""
_MAX_FILE_BYTES: Final = 1 << 30
_MAX_LINE_BYTES: Final = 1 << 16
_OVERLAP: Final = 2_048
_MOST_NAMED: Final = 100
_PATTERNS: Final = (
    # A day of birth, a century's digit, six more. Without its hyphen it counts as a word of its own only: digits in a
    # row stand in one hexadecimal digest of a few thousand.
    (
        re.compile(
            rb"(?<!\d)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
            rb"(?:-[1-8]\d{6}(?!\d)|(?<![0-9A-Za-z].{6})[1-8]\d{6}(?![0-9A-Za-z]))"
        ),
        "a resident registration number",
    ),
    (re.compile(rb"(?<!\d)01[016-9]-\d{3,4}-\d{4}(?!\d)"), "a mobile number"),
    (re.compile(rb"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}"), "an e-mail address"),
)


@dataclass(frozen=True, slots=True)
class Sought:
    """Say what to look for, and in which files besides the chain."""

    values: KnownValues = field(default_factory=KnownValues)
    files: tuple[Path, ...] = ()


def compare_privacy(
    reader: ChainReader, state: State, first: int, sought: Sought, progress: Progress
) -> tuple[list[Finding], int]:
    """Scan calldata and events from a block on up to `state.block`, and the files; give findings and a count.

    Raises:
        AuditImpossible: the chain does not answer, or a file cannot be read.
    """
    findings: list[Finding] = []
    looked_at = 0
    ours = {address.lower(): name for name in CONTRACTS for address in state.addresses(name)}
    for begin in range(first, state.block + 1, _BLOCKS_AT_ONCE):
        end = min(begin + _BLOCKS_AT_ONCE - 1, state.block)
        for transaction in _transactions(reader, begin, end):
            looked_at += 1
            findings.extend(_calldata(transaction, ours, sought.values))
        for log in reader.logs(sorted(ours), begin, end):
            looked_at += 1
            findings.extend(_event(log, sought.values))
        progress(end + 1 - first, state.block + 1 - first)
    for path in sought.files:
        found = list(_file(path, sought.values))
        looked_at += 1
        findings.extend(found)
    findings.extend(_digests(state, first))
    return findings, looked_at


def _transactions(reader: ChainReader, begin: int, end: int) -> Iterator[Transaction]:
    """Read a range, in halves where the endpoint refuses so much."""
    try:
        yield from reader.transactions_in(range(begin, end + 1))
    except ChainRefuses:
        if begin == end:
            raise
        middle = (begin + end) // 2
        yield from _transactions(reader, begin, middle)
        yield from _transactions(reader, middle + 1, end)


def _calldata(transaction: Transaction, ours: dict[str, str], values: KnownValues) -> Iterator[Finding]:
    subject, block = f"transaction {transaction.hash}", transaction.block_number
    for named in values.found_in(transaction.input):
        yield Finding(rules.PERSONAL_VALUE_FOUND, subject, f"its calldata holds {named}", block)
    reason = _unexplained(transaction, ours)
    if reason is not None:
        yield Finding(rules.CALLDATA_UNEXPLAINED, subject, reason, block)


def _unexplained(transaction: Transaction, ours: dict[str, str]) -> str | None:
    if transaction.to is None:
        codes = (artifacts.load(name).bytecode for name in CONTRACTS)
        return None if transaction.input.startswith(tuple(codes)) else "it creates a contract that is none of ours"
    contract = ours.get(transaction.to)
    if contract is None:
        return "it carries bytes to an address that is none of our contracts" if transaction.input else None
    try:
        function, canonical = decode_call(contract, transaction.input)
    except Undecodable:
        return f"its calldata is no call of {contract}"
    return None if canonical else f"its calldata holds bytes that no argument of {contract}.{function} holds"


def _event(log: Log, values: KnownValues) -> Iterator[Finding]:
    for named in values.found_in(b"".join(log.topics) + log.data):
        message = f"its log {log.log_index} holds {named}"
        yield Finding(rules.PERSONAL_VALUE_FOUND, f"transaction {log.transaction}", message, log.block_number)


def _digests(state: State, first: int) -> Iterator[Finding]:
    for run in state.digests:
        if run.block >= first and not all(map(looks_like_digest, run)):
            message = "one of its digests is none"
            yield Finding(rules.NOT_A_DIGEST, f"batch {run.batch}", message, run.block, run.issuer)


def looks_like_digest(value: bytes) -> bool:
    """Tell whether 32 bytes could come from a hash function: not text, and not a few bytes over and over."""
    if len(set(value)) < _FEWEST_DIFFERENT:
        return False
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _file(path: Path, values: KnownValues) -> Iterator[Finding]:
    """Scan a text file line by line; at most so many lines of it are named."""
    named = 0
    for number, line in _lines(path):
        found = [(rules.PERSONAL_VALUE_FOUND, f"holds {name}") for name in values.found_in(line)]
        found += [
            (rules.PERSONAL_PATTERN_FOUND, f"holds {name}") for pattern, name in _PATTERNS if pattern.search(line)
        ]
        for rule, message in found:
            yield Finding(rule, f"{path.name} line {number}", message)
        named += bool(found)
        if named >= _MOST_NAMED:
            yield Finding(rules.PERSONAL_PATTERN_FOUND, path.name, "the scan stopped here: too many findings")
            return


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give a file's lines; a longer one comes in overlapping pieces, so that nothing hides between two."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_FILE_BYTES:
            raise AuditImpossible("a file to scan is none, or larger than the bound")
        with path.open("rb") as file:
            number, kept = 1, b""
            while part := file.readline(_MAX_LINE_BYTES):
                yield number, kept + part
                kept = b"" if part.endswith(b"\n") else part[-_OVERLAP:]
                number += part.endswith(b"\n")
    except OSError as error:
        raise AuditImpossible("a file to scan cannot be read") from error

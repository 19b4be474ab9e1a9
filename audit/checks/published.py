"""Read every published status list as a wallet or a relying party would, and compare it with the chain.

Proves that those who read only the lists are told what the chain says. A change of the last seconds may be missing
from a list, and a list may be ahead of the audited block: neither is a difference.
"""

import queue
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from audit import rules
from audit.decoding import Undecodable, decode_view, encode_view
from audit.findings import Finding, Rule
from audit.remedies import Kind, Remedy
from audit.source import ChainReader
from audit.state import FOREVER, State, latest
from audit.statuses import INDEXES_PER_WORD, StatusList
from audit.transport import FAILURES, read_bounded, session
from jeung.crypto.jwk import parse_certificate_key
from jeung.crypto.status_token import parse_status_list_token, verify_status_list_token
from jeung.errors import JeungError, MalformedKey, StatusListNotCurrent

_MAX_TOKEN_BYTES = 4 * 1024 * 1024
_TIMEOUT_S = 10
_STATUS_SIGNING = 2
_SKEW_S = 60
_PUBLISHING_DELAY_S = 15
"""How long after its block a change may be missing from the list that is served."""
_MOST_NAMED = 10
"""How many differing indexes of one list are named one by one."""
_LOWER_BITS = int.from_bytes(b"\x55" * 32)
_MEDIA_TYPE = "application/statuslist+jwt"

TokenOf = Callable[[str], str | None]
"""Gives the token published under a URI, or None: `fetch`, or a node's own table."""


def compare_lists(
    reader: ChainReader, state: State, now: int, token_of: TokenOf, also: Iterable[tuple[str, int]] = ()
) -> tuple[list[Finding], int]:
    """Compare the published list of every (issuer, list) the chain knows, and of `also`; give findings and a count.

    A list is looked for under each URL its issuer ever had, because credentials point to the one of their time. A
    removed member may have switched its servers off.

    Raises:
        AuditImpossible: the chain does not answer.
    """
    findings: list[Finding] = []
    lists = sorted({(pair.split("/")[0], int(pair.split("/")[1])) for pair in state.statuses} | set(also))
    for issuer, number in lists:
        uris = [f"{url}/status-lists/{number}" for url in reversed(state.members[issuer]["urls"])]
        tokens = {uri: token for uri in uris if (token := token_of(uri)) is not None}
        if not tokens and state.members[issuer]["removed"] is None:
            findings.append(_wrong(rules.STATUS_LIST_MISSING, uris[0], "the list cannot be read", state))
        for uri, token in tokens.items():
            findings.extend(_judge(reader, state, issuer, number, uri, token, now))
    return findings, len(lists)


def _judge(
    reader: ChainReader, state: State, issuer: str, number: int, uri: str, token: str, now: int
) -> Iterator[Finding]:
    """Judge one status list token against the chain's statuses."""
    try:
        unverified = parse_status_list_token(token)
        key = parse_certificate_key(_leaf(unverified.jws.header))
        words = verify_status_list_token(unverified, key, uri=uri, now=now, skew_s=_SKEW_S).to_words()
    except StatusListNotCurrent:
        yield _wrong(rules.STATUS_LIST_UNFIT, uri, "expired, or of the future", state)
        return
    except JeungError:
        yield _wrong(rules.STATUS_LIST_UNFIT, uri, "malformed, wrongly signed or another list", state)
        return
    record = state.keys.get(f"{issuer}/0x{key.thumbprint.hex()}")
    if record is None or record["purpose"] != _STATUS_SIGNING or not _stood(record, unverified.issued_at):
        yield _wrong(rules.STATUS_LIST_UNFIT, uri, "signed by a key that is not registered for it", state)
        return
    differing = _differences(reader, state, issuer, number, words, now)
    for index in differing[:_MOST_NAMED]:
        yield _wrong(rules.STATUS_LIST_MISMATCH, uri, f"index {index} differs from the chain", state)
    if len(differing) > _MOST_NAMED:
        message = f"{len(differing) - _MOST_NAMED} more indexes differ from the chain"
        yield _wrong(rules.STATUS_LIST_MISMATCH, uri, message, state)


def _differences(
    reader: ChainReader, state: State, issuer: str, number: int, words: Mapping[int, int], now: int
) -> list[int]:
    """Give the indexes whose status is neither the audited block's nor the chain's at this moment."""
    known = state.words(issuer, number)
    suspicious = [word for word in sorted(words.keys() | known.keys()) if words.get(word, 0) != known.get(word, 0)]
    newest = _words_now(reader, state, issuer, number, suspicious)
    unsettled: dict[int, int] = {}
    held = state.statuses.get(f"{issuer}/{number}", StatusList())
    for index in held.changed_after(now - _PUBLISHING_DELAY_S):
        word, place = divmod(index, INDEXES_PER_WORD)
        unsettled[word] = unsettled.get(word, 0) | 1 << 2 * place
    found = []
    for word in suspicious:
        shown = words.get(word, 0)
        wrong = _unlike(shown, known.get(word, 0)) & _unlike(shown, newest[word]) & ~unsettled.get(word, 0)
        while wrong:
            lowest = wrong & -wrong
            found.append(INDEXES_PER_WORD * word + lowest.bit_length() // 2)
            wrong ^= lowest
    return found


def _wrong(rule: Rule, uri: str, message: str, state: State) -> Finding:
    return Finding(rule, uri, message, state.block, remedy=Remedy(Kind.PUBLISH_LIST, uri))


def _unlike(one: int, other: int) -> int:
    """Mark the statuses in which two words differ by the lower of their two bits."""
    difference = one ^ other
    return (difference | difference >> 1) & _LOWER_BITS


def _words_now(reader: ChainReader, state: State, issuer: str, number: int, words: list[int]) -> dict[int, int]:
    """Read words at the newest block: a list may be ahead of the audited one."""
    addresses = state.addresses("StatusRegistry")[-1:]
    calls = [
        (address, encode_view("StatusRegistry", "word", issuer, number, word))
        for word in words
        for address in addresses
    ]
    answers = reader.views(calls, reader.head().number) if calls else []
    newest = dict.fromkeys(words, 0)
    for word, answer in zip(words, answers, strict=False):
        try:
            newest[word] = decode_view("StatusRegistry", "word", answer or b"")
        except Undecodable:
            newest[word] = state.words(issuer, number).get(word, 0)
    return newest


def _leaf(header: Mapping[str, Any]) -> str:
    chain = header.get("x5c")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise MalformedKey
    return chain[0]


def _stood(record: dict[str, Any], time: int) -> bool:
    until = min(record["not_after"], latest(record["revocations"], FOREVER), latest(record["compromises"], FOREVER))
    return bool(record["not_before"] <= time < until)


def fetch(uri: str) -> str | None:
    """Read a status list over HTTP, bounded in time and size, following no redirect; None when that fails."""
    answers: queue.Queue[str | None] = queue.Queue()
    # A server can feed a header byte by byte for ever; a thread left behind with it holds nothing up.
    threading.Thread(target=lambda: answers.put(_fetch(uri)), daemon=True).start()
    try:
        return answers.get(timeout=2 * _TIMEOUT_S)
    except queue.Empty:
        return None


def _fetch(uri: str) -> str | None:
    try:
        headers = {"Accept": _MEDIA_TYPE}
        with (
            session() as client,
            client.get(uri, headers=headers, timeout=_TIMEOUT_S, stream=True, allow_redirects=False) as answer,
        ):
            if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith(_MEDIA_TYPE):
                return None
            body = read_bounded(answer, max_bytes=_MAX_TOKEN_BYTES, timeout_s=_TIMEOUT_S)
    except FAILURES:
        return None
    if re.fullmatch(rb"[A-Za-z0-9._-]+\s*", body) is None:
        return None
    return body.decode("ascii").strip()

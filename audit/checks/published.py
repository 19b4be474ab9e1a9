"""Read every published status list as a wallet or a relying party would, and compare it with the chain.

Proves that those who read only the lists are told what the chain says. A change of the last seconds may be missing
from a list, and a list may be ahead of the audited block: neither is a difference.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import requests

from audit import rules
from audit.decoding import decode_view, encode_view
from audit.findings import Finding
from audit.source import ChainReader
from audit.state import FOREVER, State
from jeung.crypto.jwk import parse_certificate_key
from jeung.crypto.status_token import parse_status_list_token, verify_status_list_token
from jeung.errors import JeungError, MalformedKey

_MAX_TOKEN_BYTES = 4 * 1024 * 1024
_TIMEOUT_S = 10
_STATUS_SIGNING = 2
_SKEW_S = 60
_PUBLISHING_DELAY_S = 15
"""How long after its block a change may be missing from the list that is served."""


def compare(
    reader: ChainReader, state: State, now: int, token_of: Callable[[str], str | None]
) -> tuple[list[Finding], int]:
    """Compare the published list of every (issuer, list) the chain knows; give findings and a count.

    `token_of` gives the token published under a URI, or None: `fetch`, or a node's own table.
    """
    findings, looked_at = [], 0
    for pair in state.statuses:
        issuer, number = pair.split("/")
        uri = f"{state.members[issuer]['urls'][-1]}/status-lists/{number}"
        looked_at += 1
        token = token_of(uri)
        if token is None:
            findings.append(Finding(rules.STATUS_LIST_MISSING, uri, "the list cannot be read", state.block))
            continue
        findings.extend(judge(reader, state, issuer, int(number), uri, token, now))
    return findings, looked_at


def judge(
    reader: ChainReader, state: State, issuer: str, number: int, uri: str, token: str, now: int
) -> list[Finding]:
    """Judge one status list token against the chain's statuses."""
    try:
        unverified = parse_status_list_token(token)
        key = parse_certificate_key(_leaf(unverified.jws.header))
        words = verify_status_list_token(unverified, key, uri=uri, now=now, skew_s=_SKEW_S).to_words()
    except JeungError:
        return [Finding(rules.STATUS_LIST_UNFIT, uri, "malformed, expired or wrongly signed", state.block)]
    record = state.keys.get(f"{issuer}/0x{key.thumbprint.hex()}")
    if record is None or record["purpose"] != _STATUS_SIGNING or not _stood(record, unverified.issued_at):
        return [Finding(rules.STATUS_LIST_UNFIT, uri, "signed by a key that is not registered for it", state.block)]
    unsettled = {
        int(index)
        for index, (_, changed_at) in state.statuses.get(f"{issuer}/{number}", {}).items()
        if changed_at > now - _PUBLISHING_DELAY_S
    }
    expected = state.words(issuer, number)
    findings = []
    for word in sorted(words.keys() | expected.keys()):
        shown, known = words.get(word, 0), expected.get(word, 0)
        if shown == known:
            continue
        # The list was read after the audited block: what the chain says at this moment excuses the list as well.
        newest = _word_now(reader, state, issuer, number, word)
        for place in range(128):
            index = 128 * word + place
            said = shown >> 2 * place & 3
            if index not in unsettled and said not in (known >> 2 * place & 3, newest >> 2 * place & 3):
                message = f"index {index} differs from the chain"
                findings.append(Finding(rules.STATUS_LIST_MISMATCH, uri, message, state.block))
    return findings


def _word_now(reader: ChainReader, state: State, issuer: str, number: int, word: int) -> int:
    call = {
        "to": state.addresses("StatusRegistry")[-1],
        "data": encode_view("StatusRegistry", "word", issuer, number, word),
    }
    return int(decode_view("StatusRegistry", "word", reader.call("eth_call", call, "latest")))


def _leaf(header: Mapping[str, Any]) -> str:
    chain = header.get("x5c")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise MalformedKey
    return chain[0]


def _stood(record: dict[str, int | None], time: int) -> bool:
    until = min(
        record["revoked_at"] or FOREVER, record["not_after"] or FOREVER, record["compromised_since"] or FOREVER
    )
    return (record["not_before"] or 0) <= time < until


def fetch(uri: str) -> str | None:
    """Read a status list over HTTP, bounded in time and size, following no redirect; None when that fails."""
    headers = {"Accept": "application/statuslist+jwt"}
    try:
        with requests.get(uri, headers=headers, timeout=_TIMEOUT_S, stream=True, allow_redirects=False) as answer:
            body = answer.raw.read(_MAX_TOKEN_BYTES + 1, decode_content=True)
    except (requests.RequestException, OSError):
        return None
    right = answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith(headers["Accept"])
    if not right or len(body) > _MAX_TOKEN_BYTES or re.fullmatch(rb"[A-Za-z0-9._-]+\s*", body) is None:
        return None
    return str(body.decode("ascii").strip())

"""Measure the rotation of an issuer's key while others verify: not one credential may be refused in between.

`python -m bench.rotation [N]` (100,000 live credentials unless given): an exchange's node over a real SQLite index
holds N attested digests of the issuer. Of these, a sample are whole credentials, which are verified (steps 1 to 9) in
every phase of the rotation, as are those issued in it: before; with the successor registered; with the successor at
work; with the old key retired; with its end on the chain; and after the old key's not-after, while its last
credential lives. Kept are how many verifications there were, how many were refused, and the medians of each phase.

What this shows and what not: the index is the real one with N attested digests in it, so the look-ups cost what they
cost; but only the 200 whole credentials and those issued meanwhile are verified, the other digests are random; and
the chain is played by the tests, whose events the index takes in, not mined. That a worker drives a rotation on a
real chain is shown by tests (`tests/e2e/test_runbooks.py`), for a handful of credentials.
"""

from __future__ import annotations

import secrets
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.machine import keep
from jeung.crypto.sd_jwt_vc import parse_presentation
from jeung.domain.chain import BlockRange
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Channel
from jeung.services.verification import VerificationRules
from jeung.services.verification.procedure import Procedure
from node.store.open import NodeStore, open_store
from tests.common.memory.custody import MemorySigner
from tests.common.parties import EXCHANGE, SHOWN, Parties

COUNT = 100_000
SAMPLE = 200
_BATCH = 8_192
_RULES = VerificationRules(url=EXCHANGE)


class Stage:
    """Hold an issuer with many live credentials and a verifier's node that follows it."""

    def __init__(self, folder: Path, count: int) -> None:
        self.parties = Parties()
        self.node: NodeStore = open_store(
            f"sqlite:///{folder / 'node.db'}", own=self.parties.exchange.member, clock=self.parties.clock, limits={}
        )
        self._fence = self.node.lease.acquire("bench", now=self.parties.clock.now(), ttl_s=1 << 30) or 0
        self._followed = (0, 0, 0)
        self.copies: list[tuple[str, int]] = []
        self.issue(SAMPLE)
        left = count - SAMPLE
        while left > 0:
            size = min(left, _BATCH)
            digests: Any = [secrets.token_bytes(32) for _ in range(size)]
            self.parties.chain.attest(self.parties.bank.member, self.parties.schema, digests, self.parties.operator())
            left -= size
        self.follow()

    def issue(self, count: int) -> None:
        """Issue and attest whole credentials under the key that signs now."""
        first = len(self.copies)
        for begin in range(0, count, 20):
            family = self.parties.attested(copies=min(20, count - begin))
            self.copies += [(copy.sd_jwt, first + begin + place) for place, copy in enumerate(family.copies)]

    def follow(self) -> None:
        """Give the SQLite index what happened since on the played chain."""
        tables = self.parties.bank.database.read()
        numbers = sorted(number for number in tables.headers if number > self._followed[0])
        if not numbers:
            return
        headers = tuple(tables.headers[number] for number in numbers)
        _, events, batches = self._followed
        found = BlockRange(
            headers=headers,
            registry_events=tuple(tables.registry_events[events:]),
            batches=tuple(tables.batches[batches:]),
            status_changes=(),
            chain_head=headers[-1],
        )
        self.node.index.apply(found, fence=self._fence, polled_at=self.parties.clock.now())
        self._followed = numbers[-1], len(tables.registry_events), len(tables.batches)

    def verify_all(self) -> tuple[int, list[float]]:
        """Verify every whole credential; give how many were refused, and the seconds of each."""
        refused, times = 0, []
        for sd_jwt, number in self.copies:
            nonce = self.parties.nonce()
            presentation = self.parties.wallet.present(
                sd_jwt, SHOWN, audience=EXCHANGE, nonce=nonce.nonce, at=self.parties.clock.now(), key=number
            )
            assert parse_presentation(presentation).key_binding is not None
            procedure = Procedure(
                presentation,
                expected_nonce=None,
                expected_profile=None,
                channel=Channel.DIRECT,
                rules=_RULES,
                now=self.parties.clock.now(),
            )
            began = time.perf_counter()
            procedure.read()
            with self.node.ledger.view() as view:
                procedure.judge(view, nonce)
            times.append(time.perf_counter() - began)
            refused += procedure.refusal is not None
        return refused, times


def main(arguments: list[str]) -> int:
    """Measure, print and keep the figures; give 0 when nothing was refused."""
    count = int(arguments[0]) if arguments else COUNT
    figures: dict[str, Any] = {
        "live credentials": count,
        "whole credentials verified in each phase, at first": SAMPLE,
    }
    refused = verified = 0
    with TemporaryDirectory() as folder:
        stage = Stage(Path(folder), count)
        for name, act in _phases(stage):
            act()
            stage.follow()
            no, times = stage.verify_all()
            refused, verified = refused + no, verified + len(times)
            figures[f"median µs, {name}"] = round(statistics.median(times) * 1e6, 1)
        stage.node.dispose()
    figures |= {"verifications": verified, "refused": refused}
    table = Table("figure", "value")
    for what, value in figures.items():
        table.add_row(what, f"{value:,}")
    Console().print(table)
    keep("rotation", figures)
    return int(refused > 0)


def _phases(stage: Stage) -> list[tuple[str, Callable[[], object]]]:
    parties, chain, bank = stage.parties, stage.parties.chain, stage.parties.bank
    old, fresh = parties.issuer_key, MemorySigner(KeyPurpose.CREDENTIAL_SIGNING)
    thumbprint = KeyThumbprint(fresh.keys[KeyPurpose.CREDENTIAL_SIGNING].key.thumbprint)

    def begin() -> None:
        bank.signer.take_over(fresh, KeyPurpose.CREDENTIAL_SIGNING)
        stage.issue(20)

    def later() -> None:
        parties.clock.advance(60)
        chain.idle()

    def past_the_end() -> None:
        parties.clock.advance(7_200)
        chain.idle()

    return [
        ("before", later),
        ("successor registered", lambda: chain.register_key(bank.member, thumbprint, KeyPurpose.CREDENTIAL_SIGNING)),
        ("successor at work", begin),
        ("old key retired", later),
        ("old key's end on the chain", lambda: chain.revoke_key(bank.member, old, parties.clock.now() + 3_600)),
        ("after the old key's end", past_the_end),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

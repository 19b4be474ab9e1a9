"""Measure a verification beside two bare P-256 verifications in the same run.

`python -m bench.verify` prints three ratios and exits 1 when a target is missed:
 - steps 1 to 9 over an index in memory, without the nonce's write;
 - the same over the node's SQLite index, for comparison (no target);
 - all ten steps through the node's SQLite store and a real keystore's vault: evidence, event and nonce are committed.

Every presentation is another credential of another holder, eight claims shown, verified once in each way. Each round
verifies the two signatures of that very presentation (keys loaded), then takes each way, so that all are
measured under the same load and with the same caches. Medians over the rounds; ratio = bare / verification.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from bench.machine import keep
from jeung.crypto.sd_jwt_vc import parse_presentation
from jeung.domain.chain import BlockRange
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Channel, IssuedNonce, Verdict
from jeung.ports.ledger import Ledger
from jeung.services.nonces import NonceRules, NonceService
from jeung.services.verification import VerificationRules, VerificationService
from jeung.services.verification.procedure import Procedure
from keys.envelope import Vault
from keys.keystore import Keystore
from keys.passphrase import Passphrase
from keys.purposes import Purpose
from node.runtime.garbage import settle
from node.store.open import NodeStore, open_store
from tests.common.jose import P256Signer
from tests.common.memory.world import SystemEntropy
from tests.common.parties import EXCHANGE, PROFILE, SHOWN, Parties

STEPS_TARGET = 0.45
WHOLE_TARGET = 0.2
ROUNDS = 400
WARM_UP = 50
_COPIES = 30
_RULES = VerificationRules(url=EXCHANGE)


@dataclass(frozen=True)
class Sample:
    """Hold one presentation, its nonce, and the two bare verifications it needs."""

    presentation: str
    nonce: IssuedNonce
    bare: Callable[[], None]


@dataclass(frozen=True)
class Stage:
    """Hold the exchange's node over SQLite and the samples it gave nonces for."""

    parties: Parties
    node: NodeStore
    service: VerificationService
    samples: list[Sample]


def main() -> int:
    """Measure, print, keep; give 0 when both targets are met."""
    with TemporaryDirectory() as folder:
        stage = _stage(Path(folder))
        # As the processes of the interface do.
        settle()
        try:
            times = _measured(stage)
        finally:
            stage.node.dispose()
    bare = statistics.median(times["bare"])
    figures = {name: round(statistics.median(values) * 1e6, 1) for name, values in times.items()}
    ratios = {name: round(bare / statistics.median(values), 3) for name, values in times.items() if name != "bare"}
    _print(figures, ratios)
    keep("verify", {"microseconds": figures, "ratio_to_two_bare": ratios, "targets": _TARGETS, "rounds": ROUNDS})
    return int(any(ratios[name] < target for name, target in _TARGETS.items()))


_TARGETS = {"steps_1_to_9": STEPS_TARGET, "all_ten": WHOLE_TARGET}


def _measured(stage: Stage) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"bare": [], "steps_1_to_9": [], "steps_1_to_9_sqlite_index": [], "all_ten": []}
    for number, sample in enumerate(stage.samples):
        ways: dict[str, Callable[[], object]] = {
            "bare": sample.bare,
            "steps_1_to_9": partial(_judge, stage, stage.parties.ledger, sample),
            "steps_1_to_9_sqlite_index": partial(_judge, stage, stage.node.ledger, sample),
            "all_ten": partial(_verify, stage, sample),
        }
        taken = {name: _timed(way) for name, way in ways.items()}
        if number >= WARM_UP:
            for name, seconds in taken.items():
                times[name].append(seconds)
    return times


def _timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def _judge(stage: Stage, ledger: Ledger, sample: Sample) -> None:
    procedure = Procedure(
        sample.presentation,
        expected_nonce=None,
        expected_profile=None,
        channel=Channel.DIRECT,
        rules=_RULES,
        now=stage.parties.clock.now(),
    )
    procedure.read()
    assert procedure.nonce_to_look_up == sample.nonce.nonce
    with ledger.view() as view:
        procedure.judge(view, sample.nonce)
    assert procedure.refusal is None


def _verify(stage: Stage, sample: Sample) -> None:
    assert stage.service.verify(sample.presentation).verdict is Verdict.VERIFIED


def _stage(folder: Path) -> Stage:
    parties = Parties()
    node = open_store(f"sqlite:///{folder / 'node.db'}", own=parties.exchange.member, clock=parties.clock, limits={})
    keystore = Keystore.create_in(
        folder / "keystore", Passphrase("only for this bench"), clock=parties.clock, unsafe_fast_kdf=True
    )
    keystore.activate(keystore.create(Purpose.DATA_WRAPPING).key_id)
    copies: list[tuple[str, int]] = []
    while len(copies) < ROUNDS + WARM_UP:
        first = len(copies)
        family = parties.attested(copies=_COPIES)
        copies += [(copy.sd_jwt, first + place) for place, copy in enumerate(family.copies)]
    _replay(parties, node)
    nonces = NonceService(
        store=node.store,
        ledger=node.ledger,
        clock=parties.clock,
        entropy=SystemEntropy(),
        rules=NonceRules(url=EXCHANGE),
    )
    service = VerificationService(
        store=node.store,
        ledger=node.ledger,
        vault=Vault(keystore),
        clock=parties.clock,
        entropy=SystemEntropy(),
        rules=_RULES,
    )
    issuer = parties.bank.signer.keys[KeyPurpose.CREDENTIAL_SIGNING]
    samples = [
        _sample(parties, nonces.issue(PROFILE, client_id="bench"), sd_jwt, number, issuer)
        for sd_jwt, number in copies[: ROUNDS + WARM_UP]
    ]
    return Stage(parties, node, service, samples)


def _sample(parties: Parties, nonce: IssuedNonce, sd_jwt: str, number: int, issuer: P256Signer) -> Sample:
    presentation = parties.wallet.present(
        sd_jwt, SHOWN, audience=EXCHANGE, nonce=nonce.nonce, at=parties.clock.now(), key=number
    )
    parsed = parse_presentation(presentation)
    assert parsed.key_binding is not None
    pairs = ((issuer.key, parsed.jws), (parties.wallet.key(number).key, parsed.key_binding))

    def bare() -> None:
        for key, jws in pairs:
            key.verify(jws.signature, jws.signing_input)

    return Sample(presentation, nonce, bare)


def _replay(parties: Parties, node: NodeStore) -> None:
    """Give the SQLite index the chain that the index in memory has followed."""
    fence = node.lease.acquire("bench", now=parties.clock.now(), ttl_s=1 << 30)
    assert fence is not None
    tables = parties.bank.database.read()
    headers = tuple(tables.headers[number] for number in sorted(tables.headers))
    found = BlockRange(
        headers=headers,
        registry_events=tuple(tables.registry_events),
        batches=tuple(tables.batches),
        status_changes=tuple(tables.status_changes),
        chain_head=headers[-1],
    )
    node.index.apply(found, fence=fence, polled_at=parties.clock.now())


def _print(figures: dict[str, float], ratios: dict[str, float]) -> None:
    table = Table("what", "median, µs", "ratio to two bare", "at least")
    for name, microseconds in figures.items():
        ratio, target = ratios.get(name), _TARGETS.get(name)
        table.add_row(
            name.replace("_", " "), f"{microseconds:,.1f}", f"{ratio or 1:.3f}×", f"{target}×" if target else ""
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())

"""Measure the verification of one package of evidence beside one bare P-256 verification in the same run.

`python -m bench.evidence` prints the ratio and exits 1 when it is 50 or more. Each round takes a bare verification
and a package's, so that both are measured under the same load; medians over the rounds.
"""

import statistics
import sys
import time
from collections.abc import Callable

from rich.console import Console

from audit.evidence import Outcome, Standing, verify_evidence
from bench.machine import keep
from jeung.domain.transparency import BLOCKS_APART
from tests.common.jose import P256Signer
from tests.common.parties import BANK
from tests.common.vouching import SECURITIES, Vouched
from tests.unit.jeung.services.presenting import bound, crafted

TARGET = 50
ROUNDS = 300
WARM_UP = 20
_OTHERS = 64


def main() -> int:
    """Measure, print, keep; give 0 when the target is met."""
    stage = Vouched()
    for _ in range(_OTHERS):
        # A state, and a log, of more than one verification.
        stage.verification.verify(bound(stage, crafted(stage)))
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.publish()
    while stage.gatherer.step(0):
        pass
    alone, trust = stage.exporter.export(evidence_id, reader="bench"), stage.believing(quorum=1)
    for _ in range(BLOCKS_APART):
        # The farthest that a log at rest is from the judgement's block.
        block = stage.next_block()
    stage.seen(block, BANK, SECURITIES)
    stage.collector.step(0)
    package = stage.exporter.export(evidence_id, reader="bench")
    if ("block", Standing.PROVED) not in {
        (fact.name, fact.standing) for fact in verify_evidence(package, trust).facts
    }:
        raise RuntimeError("the block is not proved")
    signer = P256Signer()
    message = b"m" * 512
    signature, key = signer.sign(message), signer.key

    def whole() -> None:
        if verify_evidence(package, trust).outcome is not Outcome.PROVED:
            raise RuntimeError("the package is not proved")

    def before() -> None:
        verify_evidence(alone, trust)

    bare_s, alone_s, whole_s = [], [], []
    for number in range(WARM_UP + ROUNDS):
        times = _timed(lambda: key.verify(signature, message)), _timed(before), _timed(whole)
        if number >= WARM_UP:
            bare_s.append(times[0])
            alone_s.append(times[1])
            whole_s.append(times[2])
    bare, one = statistics.median(bare_s), statistics.median(whole_s)
    ratio = one / bare
    figures = {
        "package_bytes": len(package),
        "without_vouches_bytes": len(alone),
        "vouches": 2,
        "headers": BLOCKS_APART + 1,
        "bare_p256_us": round(bare * 1e6, 1),
        "package_us": round(one * 1e6, 1),
        "without_vouches_us": round(statistics.median(alone_s) * 1e6, 1),
        "ratio": round(ratio, 1),
        "target_below": TARGET,
    }
    Console().print(
        f"one package takes {ratio:.1f} times as long as one P-256 verification (below {TARGET})", figures
    )
    keep("evidence", figures)
    return int(ratio >= TARGET)


def _timed(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())

"""Measure the verification of one package of evidence beside one bare P-256 verification in the same run.

`python -m bench.evidence` prints the ratio and exits 1 when it is 50 or more. Each round takes a bare verification
and a package's, so that both are measured under the same load; medians over the rounds.
"""

import statistics
import sys
import time
from collections.abc import Callable

from rich.console import Console

from audit.evidence import Outcome, verify_evidence
from bench.machine import keep
from tests.common.jose import P256Signer
from tests.common.proofs import Witnessed
from tests.unit.jeung.services.presenting import bound, crafted

TARGET = 50
ROUNDS = 300
WARM_UP = 20
_OTHERS = 64


def main() -> int:
    """Measure, print, keep; give 0 when the target is met."""
    stage = Witnessed()
    for _ in range(_OTHERS):
        # A state, and a log, of more than one verification.
        stage.verification.verify(bound(stage, crafted(stage)))
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    package = stage.exported(stage.verification.verify(presentation).evidence_id)
    trust = stage.trust()
    signer = P256Signer()
    message = b"m" * 512
    signature, key = signer.sign(message), signer.key

    def whole() -> None:
        if verify_evidence(package, trust).outcome is not Outcome.PROVED:
            raise RuntimeError("the package is not proved")

    bare_s, whole_s = [], []
    for number in range(WARM_UP + ROUNDS):
        pair = _timed(lambda: key.verify(signature, message)), _timed(whole)
        if number >= WARM_UP:
            bare_s.append(pair[0])
            whole_s.append(pair[1])
    bare, one = statistics.median(bare_s), statistics.median(whole_s)
    ratio = one / bare
    figures = {
        "package_bytes": len(package),
        "bare_p256_us": round(bare * 1e6, 1),
        "package_us": round(one * 1e6, 1),
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

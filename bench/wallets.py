"""Measure wallets end to end through HTTP: issuances, presentations, their tail, beside a bare handler.

`python -m bench.wallets` starts a whole sandbox on this machine (chain, workers, gunicorn with its default processes
and threads) and plays customers with the headless wallet from one process of a few threads. It exits 1 when a target
is missed:
 - presentations a second, from the relying party's request to the verified result, as a ratio to what a bare handler
   on the same server answers when it is called as many times: at least 0.3;
 - at half of the load reached, the 99th percentile of every endpoint within 10 times its median.
Also kept: issuances a second, from the offer to the stored credential, and the share of the servers' processor time
that is cryptography. Presentations and bare calls take turns, so both meet the same machine; still, a presentation
waits for the disk several times and a bare call never, so what else the machine does weighs on the ratio. The load
average before the run is kept beside the figures for that.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench._wallet_stage import BANK, EXCHANGE, Stage, running
from bench.machine import keep
from cli.demo.catalogue import OPENING, TYPE_NAME
from cli.sandbox.layout import MemberPlan
from cli.wallet.credentials import Held

RATIO_TARGET = 0.3
TAIL_TARGET = 10.0
CUSTOMERS = 300
ROUNDS = 6
PRESENTATIONS = 100
HALF_LOAD_S = 20.0

_THREADS = 4
_WARM_UP = 20
_LEAST_SAMPLES = 100
_PERCENTILES = 100


@dataclass(frozen=True)
class Rate:
    """Hold how many a second, and which share of the server's processor time was cryptography."""

    per_second: float
    crypto_share: float


def main() -> int:
    """Measure, print, keep; give 0 when the targets are met."""
    busy = round(os.getloadavg()[0], 2)
    with (
        TemporaryDirectory() as folder,
        running(Path(folder), CUSTOMERS + _WARM_UP) as stage,
        ThreadPoolExecutor(_THREADS) as pool,
    ):
        figures = {**_measured(stage, pool), "load_average_before": busy}
    _print(figures)
    keep("wallets", figures)
    worst = max(tail["p99_to_median"] for tail in figures["half_load"].values())
    return int(figures["presentations_to_bare"] < RATIO_TARGET or worst > TAIL_TARGET)


def _measured(stage: Stage, pool: ThreadPoolExecutor) -> dict[str, Any]:
    warm, customers = stage.proofings[:_WARM_UP], stage.proofings[_WARM_UP:]
    list(pool.map(lambda proofing: _issue(stage, proofing), warm))
    held: list[Held] = []

    def issue(proofing: str) -> None:
        held.append(_issue(stage, proofing))

    issuances = _rate(stage, BANK, lambda: _all(pool, issue, customers))
    _wait_until_anchored(stage, len(stage.proofings))
    _all(pool, lambda one: _present(stage, one), held[:_WARM_UP])
    calls = _calls_of(stage, lambda: _present(stage, held[0]))

    def bare(_: int) -> None:
        for _ in range(calls):
            stage.http.post_form(stage.bare_url, {"response": "r" * 2048}).require_success()

    ratios, rates, shares, bares = [], [], [], []
    for number in range(ROUNDS):
        some = [held[(number * PRESENTATIONS + place) % len(held)] for place in range(PRESENTATIONS)]
        seconds = _timed(lambda: _all(pool, bare, range(PRESENTATIONS)))
        found = _rate(stage, EXCHANGE, lambda: _all(pool, lambda one: _present(stage, one), some))  # noqa: B023
        bares.append(PRESENTATIONS / seconds)
        rates.append(found.per_second)
        shares.append(found.crypto_share)
        ratios.append(rates[-1] / bares[-1])
    rate = statistics.median(rates)
    return {
        "issuances_per_second": round(issuances.per_second, 1),
        "issuance_crypto_share": round(issuances.crypto_share, 3),
        "presentations_per_second": round(rate, 1),
        "presentation_crypto_share": round(statistics.median(shares), 3),
        "bare_handler_rounds_per_second": round(statistics.median(bares), 1),
        "calls_per_presentation": calls,
        "presentations_to_bare": round(statistics.median(ratios), 3),
        "half_load": _half_load(stage, pool, held, rate / 2, issuances.per_second / 2),
        "targets": {"presentations_to_bare": RATIO_TARGET, "p99_to_median": TAIL_TARGET},
        "threads_of_the_client": _THREADS,
    }


def _issue(stage: Stage, proofing: str) -> Held:
    """Go from the back office's offer to the credential in the wallet."""
    body = {"proofing_id": proofing, "credential_configuration_ids": [TYPE_NAME], "qr_code": False}
    made = stage.bank.post("/v1/credential-offers", body)
    kept = stage.wallet().receive(made["deep_link"], tx_code=made["transaction_code"])
    assert isinstance(kept, list)
    return kept[0]


def _present(stage: Stage, held: Held) -> None:
    """Go from the relying party's request to its verified result."""
    asked = stage.exchange.post("/v1/presentation-requests", {"profile": OPENING, "qr_code": False})
    wallet = stage.wallet()
    wallet.credentials.append(held)
    wallet.present(asked["openid4vp_link"])
    result = stage.exchange.get(f"/v1/presentation-requests/{asked['request_id']}")
    assert result["state"] == "verified", result["code"]


def _rate(stage: Stage, member: MemberPlan, act: Callable[[], int]) -> Rate:
    crypto, processor = stage.crypto_s(member), stage.processor_s(member)
    began = time.perf_counter()
    count = act()
    seconds = time.perf_counter() - began
    used = max(stage.processor_s(member) - processor, 1e-9)
    return Rate(count / seconds, (stage.crypto_s(member) - crypto) / used)


def _all(pool: ThreadPoolExecutor, act: Callable[[Any], None], items: Sequence[Any]) -> int:
    return len(list(pool.map(act, items)))


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _calls_of(stage: Stage, act: Callable[[], None]) -> int:
    """Count the requests of one act, in its steady state."""
    before = sum(map(len, stage.http.took_s.values()))
    act()
    return sum(map(len, stage.http.took_s.values())) - before


def _wait_until_anchored(stage: Stage, count: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = stage.bank.get(f"/v1/credentials?limit=200{cursor}")
            items += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        if sum(item["anchoring"] == "attested" for item in items) >= count:
            return
        assert time.monotonic() < deadline, "the credentials were not anchored"
        time.sleep(0.5)


def _half_load(
    stage: Stage, pool: ThreadPoolExecutor, held: Sequence[Held], presentations: float, issuances: float
) -> dict[str, Any]:
    """Present, then issue, at a steady half of what was reached; give each endpoint's median and tail."""
    stage.http.took_s.clear()
    _paced(pool, lambda number: _present(stage, held[number % len(held)]), presentations, HALF_LOAD_S)
    spare = [stage.proofings[number % len(stage.proofings)] for number in range(int(issuances * HALF_LOAD_S) + 1)]
    _paced(pool, lambda number: _issue(stage, spare[number]), issuances, HALF_LOAD_S)
    tails: dict[str, Any] = {}
    for endpoint, times in sorted(stage.http.took_s.items()):
        if len(times) >= _LEAST_SAMPLES:
            median = statistics.median(times)
            last = statistics.quantiles(times, n=_PERCENTILES)[-1]
            tails[endpoint] = {
                "median_ms": round(median * 1e3, 2),
                "p99_ms": round(last * 1e3, 2),
                "p99_to_median": round(last / median, 1),
                "requests": len(times),
            }
    return tails


def _paced(pool: ThreadPoolExecutor, act: Callable[[int], object], per_second: float, seconds: float) -> None:
    """Begin one act after the other at a steady rate, whether or not earlier ones have ended."""
    began = time.perf_counter()
    running_acts = []
    for number in range(int(per_second * seconds)):
        time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        running_acts.append(pool.submit(act, number))
    for one in running_acts:
        one.result()


def _print(figures: dict[str, Any]) -> None:
    console = Console()
    for name in (
        "issuances_per_second",
        "issuance_crypto_share",
        "presentations_per_second",
        "presentation_crypto_share",
        "bare_handler_rounds_per_second",
        "presentations_to_bare",
    ):
        console.print(f"{name.replace('_', ' '):<34} {figures[name]:,}")
    table = Table("endpoint at half load", "median, ms", "p99, ms", "ratio", "requests")
    for endpoint, tail in figures["half_load"].items():
        table.add_row(endpoint, *(str(tail[name]) for name in ("median_ms", "p99_ms", "p99_to_median", "requests")))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())

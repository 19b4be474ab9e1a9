"""Let staff judge a package of evidence that a relying party handed over; nothing of it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from api.console.desk import page, record
from api.console.texts import language
from api.context import runtime
from api.explorer.pages import AUDIT, show, view
from audit.evidence import Fact, NodesKnowledge, Standing, Trust, Verdict, know, parse_trust, verify_evidence
from audit.words import FactWords, Language, fact_of
from jeung.errors import MalformedInput

MAX_FORM_BYTES: Final = 400 * 1024
"""Below what a form's reader would put into a file on the disk: a package holds what a person showed."""
_ORDER: Final = (Standing.REFUTED, Standing.MISSING, Standing.ON_TRUST, Standing.PROVED)


@dataclass(frozen=True, slots=True)
class Standings:
    """Hold the facts that stand alike, each with what that means."""

    standing: Standing
    facts: Sequence[tuple[Fact, FactWords | None]]


@view("/evidence", staff_only=True)
def explore_evidence() -> Response:
    """Ask for a package."""
    return _shown(None, parse_trust(runtime().genesis_facts()))


@page("POST", "/audit/evidence", AUDIT, body_limit=MAX_FORM_BYTES, files=True)
def judge_evidence() -> Response:
    """Judge the package by all that this node knows of the consortium, and say fact by fact what it proved."""
    sent = request.files.get("package")
    if sent is None or len(request.files) != 1:
        raise MalformedInput("the form brings no package")
    record("judge_evidence")
    package = sent.read()
    knowledge = NodesKnowledge(
        registry=runtime().registry.registry(),
        now=runtime().clock.now(),
        keys=runtime().log.keys(),
        hashes=runtime().explorer.block_hashes,
    )
    trust = know(package, parse_trust(runtime().genesis_facts()), knowledge)
    return _shown(verify_evidence(package, trust), trust)


def _shown(verdict: Verdict | None, trust: Trust) -> Response:
    said = Language(language())
    groups = [] if verdict is None else [Standings(one, _of(verdict, one, said)) for one in _ORDER]
    return show(
        "evidence.html",
        verdict=verdict,
        groups=[group for group in groups if group.facts],
        trust=trust,
        most_kib=MAX_FORM_BYTES // 1024,
    )


def _of(verdict: Verdict, standing: Standing, said: Language) -> list[tuple[Fact, FactWords | None]]:
    return [(fact, fact_of(fact.name, standing, said)) for fact in verdict.facts if fact.standing is standing]

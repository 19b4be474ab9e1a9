"""Our judgement by DCQL queries is that of the npm package `dcql` 3.

Two differences are known and left out of the comparison: the package reads a path on element by element where the
standard has the processing end at one element of another kind, and it takes a claim that is null for missing.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jeung.domain.dcql import Holding, candidates, chosen_claims, parse_query, satisfies
from jeung.errors import MalformedQuery

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("dcql.mjs")
VCTS = ["https://a.example/type", "https://b.example/type"]
KEYS = ["s9tIpPmhxdiuNkHMEWNpYim8S8Y", "UVVJRURfT1ZFUl9USEVfV0FMTA"]

pytestmark = pytest.mark.node_tools

Case = dict[str, Any]


def judged_elsewhere(cases: list[Case]) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["node", str(SCRIPT)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def judged_here(case: Case) -> dict[str, Any]:
    try:
        query = parse_query(case["query"])
    except MalformedQuery:
        return {"parsed": False}
    held = [
        Holding(
            holding["vct"],
            holding["claims"],
            holder_binding=holding["holder_binding"],
            authority_keys=frozenset({holding["authority"]} if holding["authority"] else ()),
        )
        for holding in case["holdings"]
    ]
    found = candidates(query, held)
    accepted = None
    if case["presented"]:
        accepted = satisfies(query, case["presented"])
        for query_id, places in case["presented"].items():
            asked = query.credential(query_id)
            accepted = accepted and asked is not None and (asked.multiple or len(places) == 1)
            for place in places:
                accepted = (
                    accepted and asked is not None and chosen_claims(asked, held[place], presented=True) is not None
                )
    return {
        "parsed": True,
        "candidates": {query_id: list(places) for query_id, places in found.items()},
        "satisfiable": satisfies(query, found),
        "accepted": accepted,
    }


# Claims of one shape, so that no path meets two kinds of elements on its way.
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Arthur", "Ford"]),
        "age": st.sampled_from([1, 19, 42]),
        "adult": st.booleans(),
        "address": st.fixed_dictionaries(
            {}, optional={"city": st.just("Seoul"), "zip": st.sampled_from([4501, 4502])}
        ),
        "nations": st.lists(st.sampled_from(["KR", "GB"]), min_size=1, max_size=3),
        "degrees": st.lists(
            st.fixed_dictionaries({}, optional={"type": st.sampled_from(["BSc", "MSc"]), "year": st.just(2020)}),
            min_size=1,
            max_size=2,
        ),
    },
)
PATHS: list[list[Any]] = [
    ["name"],
    ["age"],
    ["adult"],
    ["address"],
    ["address", "city"],
    ["address", "zip"],
    ["nations"],
    ["nations", None],
    ["nations", 0],
    ["nations", 2],
    ["degrees", None, "type"],
    ["degrees", 0, "year"],
    ["unknown"],
]
VALUES: dict[str, list[Any]] = {"name": ["Arthur"], "age": [19, "19", True], "adult": [True, 1], "zip": [4501]}


@st.composite
def claims_queries(draw: st.DrawFn) -> dict[str, Any]:
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4, unique_by=str))
    claims: list[dict[str, Any]] = []
    for number, path in enumerate(paths):
        claim: dict[str, Any] = {"id": f"c{number}", "path": path}
        if path[-1] in VALUES and draw(st.booleans()):
            claim["values"] = draw(st.lists(st.sampled_from(VALUES[path[-1]]), min_size=1, max_size=2))
        claims.append(claim)
    asked: dict[str, Any] = {"claims": claims}
    if draw(st.booleans()):
        ids = [claim["id"] for claim in claims]
        asked["claim_sets"] = draw(
            st.lists(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True), min_size=1, max_size=3)
        )
    return asked


@st.composite
def cases(draw: st.DrawFn) -> Case:
    ids = ["a", "b", "c"][: draw(st.integers(1, 3))]
    credentials = []
    for query_id in ids:
        asked: dict[str, Any] = {
            "id": query_id,
            "format": "dc+sd-jwt",
            "meta": {"vct_values": draw(st.lists(st.sampled_from(VCTS), min_size=1, max_size=2, unique=True))},
            "multiple": draw(st.booleans()),
            "require_cryptographic_holder_binding": draw(st.booleans()),
        }
        if draw(st.booleans()):
            asked.update(draw(claims_queries()))
        if draw(st.booleans()):
            values = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True))
            asked["trusted_authorities"] = [{"type": "aki", "values": values}]
        credentials.append(asked)
    query: dict[str, Any] = {"credentials": credentials}
    if draw(st.booleans()):
        options = st.lists(
            st.lists(st.sampled_from(ids), min_size=1, max_size=2, unique=True), min_size=1, max_size=2
        )
        query["credential_sets"] = draw(
            st.lists(
                st.fixed_dictionaries({"options": options}, optional={"required": st.booleans()}),
                min_size=1,
                max_size=2,
            )
        )
    holdings = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "vct": st.sampled_from(VCTS),
                    "claims": CLAIMS,
                    "holder_binding": st.booleans(),
                    "authority": st.sampled_from([None, *KEYS]),
                }
            ),
            min_size=1,
            max_size=3,
        )
    )
    place = st.integers(0, len(holdings) - 1)
    presented = draw(
        st.dictionaries(st.sampled_from([*ids, "z"]), st.lists(place, min_size=1, max_size=2), max_size=3)
    )
    return {"query": query, "holdings": holdings, "presented": presented}


@given(st.lists(cases(), min_size=60, max_size=60))
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
def test_candidates_and_answers_are_judged_alike(batch: list[Case]) -> None:
    for case, elsewhere in zip(batch, judged_elsewhere(batch), strict=True):
        assert judged_here(case) == elsewhere, json.dumps(case)


# From OpenID4VP 1.0: sections 6 and Appendix D, shortened to what the format of ours can answer.
SPECIFIED: list[dict[str, Any]] = [
    {
        "credentials": [
            {
                "id": "pid",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [VCTS[0]]},
                "claims": [{"path": ["name"]}, {"path": ["address", "city"]}],
            },
            {"id": "other", "format": "dc+sd-jwt", "meta": {"vct_values": [VCTS[1]]}},
        ],
        "credential_sets": [{"options": [["pid"], ["other"]]}, {"required": False, "options": [["other"]]}],
    },
    {"credentials": []},
    {"credentials": [{"id": "a b", "format": "dc+sd-jwt", "meta": {"vct_values": [VCTS[0]]}}]},
    {
        "credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": [VCTS[0]]}}],
        "credential_sets": [{"options": [["b"]]}],
    },
    {
        "credentials": [
            {
                "id": "a",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [VCTS[0]]},
                "claims": [{"id": "x", "path": ["name"]}],
                "claim_sets": [["y"]],
            }
        ]
    },
    {
        "credentials": [
            {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": [VCTS[0]]}},
            {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": [VCTS[0]]}},
        ]
    },
]


def test_queries_are_read_and_refused_alike() -> None:
    held = {
        "vct": VCTS[0],
        "claims": {"name": "A", "address": {"city": "B"}},
        "holder_binding": True,
        "authority": None,
    }
    batch = [{"query": query, "holdings": [held], "presented": {}} for query in SPECIFIED]
    answers = judged_elsewhere(batch)
    assert [judged_here(case) for case in batch] == answers
    assert [answer["parsed"] for answer in answers] == [True, False, False, False, False, False]

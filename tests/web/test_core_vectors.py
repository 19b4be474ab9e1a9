"""The wallet core reads what others published as our Python core does: RFC 9901, sd-jwt-python, status lists."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from jeung.crypto.sd_jwt import parse_sd_jwt
from jeung.crypto.sd_jwt_issue import issue_sd_jwt, present
from tests.vectors import test_rfc9901_example as rfc9901
from tests.vectors.test_sd_jwt_cases import CASES, ISSUER, SETTINGS, shown_paths, specification
from tests.vectors.test_status_list_encodings import LONG, SHORT, example
from tests.web.test_core import HERE, run

pytestmark = pytest.mark.node_tools

Json = dict[str, Any]


def judged(disclosures: list[Json], statuses: list[Json]) -> Json:
    given = {"disclosures": disclosures, "statuses": statuses}
    found: Json = json.loads(run([str(HERE / "judge_vectors.mjs")], {}, given))
    return found


def presented(path: Path, about: Json) -> Json:
    """Issue what a case specifies and show what it says: the payload and the disclosures that are left."""
    case = specification(path)
    header = {"alg": "ES256", "typ": "example+sd-jwt"}
    issued = issue_sd_jwt(
        header, case["user_claims"] | about, sign=ISSUER.sign, random_bytes=secrets.token_bytes, decoys=2
    )
    parsed = parse_sd_jwt(present(issued, shown_paths(case["holder_disclosed_claims"])), typ="example+sd-jwt")
    return {"payload": parsed.payload, "texts": list(parsed.disclosures)}


def test_the_cases_of_sd_jwt_python_are_read_as_they_expect() -> None:
    about = {"iss": SETTINGS["identifiers"]["issuer"], "iat": SETTINGS["iat"], "exp": SETTINGS["exp"]}
    found = judged([presented(path, about) for path in CASES], [])["disclosures"]
    wanted = [specification(path)["expect_verified_user_claims"] | about for path in CASES]
    assert found == wanted


def test_the_example_of_rfc_9901_is_read() -> None:
    texts = list(rfc9901.disclosures())
    chosen = [texts[1], texts[5], texts[0], texts[8]]
    whole, some, orphan = judged(
        [
            {"payload": rfc9901.PAYLOAD, "texts": texts},
            {"payload": rfc9901.PAYLOAD, "texts": chosen},
            {"payload": {"iss": "x"}, "texts": chosen},
        ],
        [],
    )["disclosures"]
    assert whole["address"] == rfc9901.ADDRESS
    assert whole["nationalities"] == ["US", "DE"]
    assert set(some) - set(rfc9901.PAYLOAD) == {"family_name", "address", "given_name"}
    assert some["nationalities"] == ["US"]
    assert orphan == "unreferenced_disclosure"


def test_the_lists_of_the_draft_are_read() -> None:
    given, wanted = [], []
    for name in (*SHORT, *LONG):
        statuses, lst, _ = example(name)
        indexes = [
            index for index in (*range(12), 1_993, 25_460, 1_000_345, len(statuses) - 1) if index < len(statuses)
        ]
        given.append({"bits": statuses.bits, "lst": lst, "indexes": indexes})
        wanted.append([statuses[index] for index in indexes])
    assert judged([], given)["statuses"] == wanted

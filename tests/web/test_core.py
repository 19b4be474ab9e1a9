"""The wallet page's core in JavaScript holds its rules, and Python and JavaScript understand each other.

Each `core/*.test.mjs` is run by Node's own test runner, over fixtures that our Python core writes anew.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwe import REGISTRY, parse_jwe
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.key_binding import verify_key_binding, verify_sd_hash
from jeung.crypto.sd_jwt_vc import parse_presentation, read_credential, verify_issuer_signature
from tests.interop.test_dcql import SPECIFIED, VCTS, Case, cases, judged_here
from tests.web.core_fixtures import build

HERE = Path(__file__).parent / "core"
SUITES = sorted(HERE.glob("*.test.mjs"))

pytestmark = pytest.mark.node_tools


def node() -> str:
    """Give the Node.js of the environment, where there is one, else the machine's."""
    own = Path(sys.executable).with_name("node")
    return str(own) if own.exists() else "node"


def run(arguments: list[str], environment: Mapping[str, str], given: object = None) -> str:
    done = subprocess.run(
        [node(), *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    return done.stdout


class Stage:
    """Hold the fixtures' file and the keys behind it."""

    def __init__(self, folder: Path) -> None:
        self.fixtures, self.issuer, self.holder = build()
        self.file = folder / "fixtures.json"
        self.file.write_text(json.dumps(self.fixtures), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {"JEUNG_CORE_FIXTURES": str(self.file)}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("core"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name.partition(".")[0])
def test_suite(suite: Path, stage: Stage) -> None:
    run(["--test", "--test-reporter=spec", str(suite)], stage.environment)


AUDIENCE, NONCE = "x509_hash:abc", "n" * 43
TOKEN_URL, TOKEN = "https://issuer.example/token", "access-token"
TRANSACTIONS = ["eyJhIjoxfQ", "eyJhIjoyfQ"]
LENGTHS = [0, 1, 16, 5_000]


class Spoken:
    """Hold what the JavaScript core wrote for Python to judge."""

    def __init__(self, stage: Stage) -> None:
        self.recipient = ECKey.generate_key("P-256", parameters={"kid": "recipient-1"})
        members = self.recipient.as_dict(private=False)
        wanted = {
            "audience": AUDIENCE,
            "nonce": NONCE,
            "paths": [["address", "city"], ["nationalities", 1]],
            "transactions": TRANSACTIONS,
            "url": f"{TOKEN_URL}?a=b",
            "token": TOKEN,
            "recipient": {**members, "kid": "recipient-1"},
            "lengths": LENGTHS,
        }
        self.said: dict[str, Any] = json.loads(run([str(HERE / "speak.mjs")], stage.environment, wanted))


@pytest.fixture(scope="module")
def spoken(stage: Stage) -> Spoken:
    return Spoken(stage)


def test_python_verifies_what_javascript_presents(stage: Stage, spoken: Spoken) -> None:
    parsed = parse_presentation(spoken.said["presentation"])
    credential = read_credential(parsed)
    verify_issuer_signature(parsed, stage.issuer.key)
    binding = verify_key_binding(parsed, stage.holder.key)
    verify_sd_hash(parsed, binding)
    assert (binding.audience, binding.nonce, binding.issued_at) == (AUDIENCE, NONCE, stage.fixtures["now"])
    assert credential.claims["address"] == {"city": "Seoul", "zip": "04524"}
    assert credential.claims["nationalities"] == ["GB", "US"]
    assert "family_name" not in credential.claims
    claims = parsed.binding_claims
    assert claims is not None
    assert claims["transaction_data_hashes"] == [base64url.encode(sha256(text.encode())) for text in TRANSACTIONS]


def test_python_verifies_what_javascript_signs(stage: Stage, spoken: Spoken) -> None:
    jws = parse_jws(spoken.said["signed"], typ="x+jwt")
    verify_jws(jws, stage.holder.key)
    assert jws.claims() == {"name": "김민지", "nested": [1, {"a": None}]}
    assert spoken.said["thumbprint"] == base64url.encode(stage.holder.key.thumbprint)


def test_python_verifies_the_proof_of_possession(stage: Stage, spoken: Spoken) -> None:
    jws = parse_jws(spoken.said["proof"], typ="dpop+jwt")
    verify_jws(jws, stage.holder.key)
    claims = jws.claims()
    assert jws.header["jwk"] == stage.holder.jwk
    assert (claims["htm"], claims["htu"], claims["nonce"]) == ("POST", TOKEN_URL, NONCE)
    assert claims["ath"] == base64url.encode(sha256(TOKEN.encode()))


def test_python_decrypts_what_javascript_encrypts(spoken: Spoken) -> None:
    texts = spoken.said["sealed"]
    wanted = [(length, enc) for length in LENGTHS for enc in ("A128GCM", "A256GCM")]
    for text, (length, enc) in zip(texts, wanted, strict=True):
        outside = parse_jwe(text)
        assert (outside.key_id, outside.content_encryption) == ("recipient-1", enc)
        assert jwe.decrypt_compact(text, spoken.recipient, registry=REGISTRY).plaintext == b"x" * length
    headers = [json.loads(base64url.decode(text.partition(".")[0])) for text in texts]
    assert len({header["epk"]["x"] for header in headers}) == len(texts)


def judged_in_javascript(batch: list[Case]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = json.loads(run([str(HERE / "judge_queries.mjs")], {}, batch))
    return answers


def judged_in_python(case: Case) -> dict[str, Any]:
    found = judged_here(case)
    return {name: found[name] for name in ("parsed", "candidates", "satisfiable") if name in found}


@given(st.lists(cases(), min_size=24, max_size=24))
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
def test_python_and_javascript_judge_queries_alike(batch: list[Case]) -> None:
    # A wallet's credentials are all bound to a device key.
    bound = [
        {**case, "presented": {}, "holdings": [{**one, "holder_binding": True} for one in case["holdings"]]}
        for case in batch
    ]
    for case, elsewhere in zip(bound, judged_in_javascript(bound), strict=True):
        here = judged_in_python(case)
        if not any(wanted.get("required", True) for wanted in case["query"].get("credential_sets", [{}])):
            # Where nothing is required an empty answer satisfies the query; a wallet has none to send.
            del here["satisfiable"], elsewhere["satisfiable"]
        assert elsewhere == here, json.dumps(case)


def test_python_and_javascript_read_and_refuse_the_same_queries() -> None:
    held = {
        "vct": VCTS[0],
        "claims": {"name": "A", "address": {"city": "B"}},
        "holder_binding": True,
        "authority": None,
    }
    batch: list[Case] = [{"query": query, "holdings": [held], "presented": {}} for query in SPECIFIED]
    assert judged_in_javascript(batch) == [judged_in_python(case) for case in batch]

"""The program keeps to its own description: generated requests, good and bad, get answers it documents.

A second round puts real ids into the paths, so that generated requests reach what lies behind the look-up.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from jeung.domain.erasure import Erasure, ErasureGround, ErasureState
from jeung.domain.identifiers import to_hex
from jeung.domain.transparency import log_origin
from tests.unit.api.parts import HOOKS, MEMBER, PROFILE, PROPOSAL, SCHEMA, URL
from tests.unit.api.world import World

AnyCase = Case[Any]
Operation = APIOperation[Any, Any, Any, Any]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
    unsupported_method,
    allow_header_conformance,
    ignored_auth,
]
# What counts as refusing a bad request. The tool's own list lacks 413, which a generated text can well deserve, and
# takes any server error for a refusal, which is none.
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, 501, 503]
# OpenAPI knows no path argument with a slash in it, so none can be made up; real ones are tried below.
SLASHED = {"path", "origin"}
# 501 and 503 are documented answers: a list of the past, and a node that cannot judge now.
DELIBERATE = {501, 503}


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def real(world: World) -> dict[str, list[str]]:
    """Give real values of path arguments."""
    holder = world.issued()
    world.node.status_lists.publish_due()
    credential = world.get(f"/v1/credentials/{holder.credential_id}")
    nonces = [world.nonce(), world.nonce()]
    judged = world.post("/v1/verifications", {"presentation": world.presentation(holder, nonces[0])})
    intent = world.post("/v1/keys/" + world.get("/v1/keys")["items"][0]["thumbprint"] + "/revocation", {})
    offer = world.post("/v1/credential-offers", {"proofing_id": credential["proofing_id"]}, key="offer")
    asked = world.post("/v1/presentation-requests", {"profile": PROFILE})
    trial = world.post("/v1/governance/simulations", {"act": "cancel", "proposal_id": PROPOSAL}, status=202)
    hook = world.post("/v1/webhooks", {"url": f"{HOOKS}one"})
    asked_act = world.post(
        "/v1/acts", {"kind": "policy_change", "parameters": {"note": "one"}, "reason": "a reason"}, key="act"
    )
    world.publish_log()
    with world.database.write() as tables:
        tables.erasures["ers_1"] = Erasure(
            "ers_1", "act_1", b"d" * 32, None, ErasureGround.ORDERED, ErasureState.ERASED, world.clock.now()
        )
    return {
        "act_id": [asked_act["act_id"]],
        "subject_id": [credential["subject_id"]],
        "erasure_id": ["ers_1"],
        "offer_id": [offer["offer_id"]],
        "reference": [offer["credential_offer_uri"].rpartition("/")[2]],
        "request_id": [asked["request_id"]],
        "simulation_id": [trial["simulation_id"]],
        "webhook_id": [hook["webhook_id"]],
        "proofing_id": [credential["proofing_id"]],
        "credential_id": [holder.credential_id],
        "target_id": [holder.credential_id, credential["family_id"], credential["subject_id"]],
        "evidence_id": [judged["evidence_id"]],
        "nonce": nonces,
        "digest": [credential["digest"]],
        "member_id": [to_hex(MEMBER)],
        "schema_id": [to_hex(SCHEMA)],
        "proposal_id": [PROPOSAL],
        "intent_id": [intent["intent_id"]],
        "thumbprint": [key["thumbprint"] for key in world.get("/v1/keys")["items"]],
        "list_number": [str(credential["status_list"])],
        "name": ["real-name-1"],
        "epoch": ["1"],
        "path": ["tile/0/000.p/1", "tile/entries/000.p/2"],
        "origin": [log_origin(URL, 1)],
    }


@pytest.fixture(scope="module")
def described(world: World) -> BaseSchema:
    checks = {"negative_data_rejection": {"expected-statuses": REFUSALS}}
    config = SchemathesisConfig.from_dict({"checks": checks})
    return schemathesis.openapi.from_wsgi("/openapi.json", world.app, config=config)


def operations(described: BaseSchema) -> Iterator[Operation]:
    """Give the described operations; one that cannot be read fails the test."""
    for found in described.get_all_operations():
        assert isinstance(found, Ok), found
        yield found.ok()


def judge(operation: Operation, strategy: SearchStrategy[AnyCase], headers: dict[str, str]) -> None:
    """Send what the strategy makes up, and hold the answers against the description."""

    @given(case=strategy)
    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def hold(case: AnyCase) -> None:
        response = case.call(headers=headers)
        asked = [
            check for check in CHECKS if check is not not_a_server_error or response.status_code not in DELIBERATE
        ]
        case.validate_response(response, checks=asked, headers=headers)

    hold()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_an_answer_is_one_the_description_foresees(world: World, described: BaseSchema, mode: GenerationMode) -> None:
    count = 0
    for operation in operations(described):
        if {argument.name for argument in operation.path_parameters} & SLASHED:
            continue
        bad = mode is GenerationMode.NEGATIVE
        if bad and not (operation.body or operation.query or operation.path_parameters):
            continue
        judge(operation, operation.as_strategy(mode), world.headers(key="contract"))
        count += 1
    assert count > 30


def test_an_answer_about_a_real_thing_is_one_the_description_foresees(
    world: World, described: BaseSchema, real: dict[str, list[str]]
) -> None:
    count = 0
    for operation in operations(described):
        names = [argument.name for argument in operation.path_parameters]
        for place in range(max((len(real[name]) for name in names), default=0)):
            arguments = {name: real[name][place % len(real[name])] for name in names}
            strategy = operation.as_strategy(path_parameters=arguments)
            judge(operation, strategy, world.headers())
            count += 1
    assert count > 30

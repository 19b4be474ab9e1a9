"""What has no documented shape gets a 4xx with a stable code; nothing of it is repeated or stored half."""

import io
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.operation import SMALL_BODY
from jeung.domain.identifiers import to_hex
from jeung.services.request_digests import KEY_OWNER
from tests.unit.api.parts import MEMBER, PERSON, PROFILE, SCHEMA, VCT
from tests.unit.api.world import World

MARKER = "Zx9MARKERq7"
HEX32 = "0x" + "77" * 32
KEY = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
CHECK = {"method": "mobile_phone", "performed_at": 1, "evidence_digest": "0x" + "ab" * 32, "passed": True}
JSON = "application/json"


@pytest.fixture(scope="module")
def world() -> World:
    """Share one node among tests that must not change it."""
    return World()


def rows(world: World) -> dict[str, int]:
    """Count what is stored, but neither the assertions that tokens were fetched with nor the node's own data key."""
    tables = world.database.read()
    names = ("proofings", "credentials", "intents", "nonces", "evidence", "events", "requests")
    keys = [owner for owner in tables.data_keys if owner != KEY_OWNER]
    return {"data_keys": len(keys), **{name: len(getattr(tables, name)) for name in names}}


SHAPES: list[tuple[str, object]] = [
    ("/v1/proofings", {}),
    ("/v1/proofings", {"person": None}),
    ("/v1/proofings", {"person": []}),
    ("/v1/proofings", {"person": {**PERSON, "birthdate": 19900517}}),
    ("/v1/proofings", {"person": {**PERSON, "birthdate": "1990-02-30"}}),
    ("/v1/proofings", {"person": {**PERSON, "birthdate": "1990-05-17\n"}}),
    ("/v1/proofings", {"person": {**PERSON, "family_name": ""}}),
    ("/v1/proofings", {"person": {**PERSON, "family_name": "K" * 257}}),
    ("/v1/proofings", {"person": {**PERSON, "family_name": "K\u202eim"}}),
    ("/v1/proofings", {"person": {**PERSON, "family_name": ["Kim"]}}),
    ("/v1/proofings", {"person": {**PERSON, "phone_number": "010-1234-5678"}}),
    ("/v1/proofings", {"person": {**PERSON, "sex": "unknown"}}),
    ("/v1/proofings", {"person": {**PERSON, "resident_number": "900517-1234567"}}),
    ("/v1/proofings", {"person": {**PERSON, "account": {"bank": "x", "number": "1", "verified_at": 1.5}}}),
    ("/v1/proofings", {"person": {**PERSON, "account": {"bank": "x", "number": "1", "verified_at": True}}}),
    ("/v1/proofings", {"person": PERSON, "subject_id": "../etc"}),
    ("/v1/proofings", {"person": PERSON, "extra": 1}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "method": "guess"}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "performed_at": "1"}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "performed_at": -1}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "performed_at": 2**64}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "evidence_digest": "ab" * 32}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "evidence_digest": "0x" + "ab" * 31}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "passed": "yes"}),
    ("/v1/proofings/prf_1/checks", {**CHECK, "passed": 1}),
    ("/v1/credentials", {"proofing_id": "prf_1", "vct": VCT, "holder_keys": []}),
    ("/v1/credentials", {"proofing_id": "prf_1", "vct": VCT, "holder_keys": [KEY] * 33}),
    ("/v1/credentials", {"proofing_id": "prf_1", "vct": VCT, "holder_keys": [{**KEY, "d": "A" * 43}]}),
    ("/v1/credentials", {"proofing_id": "prf_1", "vct": VCT, "holder_keys": [{**KEY, "crv": "P-384"}]}),
    ("/v1/credentials", {"proofing_id": "prf_1", "vct": VCT, "holder_keys": [KEY]}),
    ("/v1/credentials", {"proofing_id": "prf_1", "vct": "x" * 257, "holder_keys": [KEY]}),
    ("/v1/nonces", {"profile": ""}),
    ("/v1/nonces", {"profile": "p" * 129}),
    ("/v1/nonces", {"profile": PROFILE, "channel": "direct"}),
    ("/v1/verifications", {}),
    ("/v1/verifications", {"presentation": ""}),
    ("/v1/verifications", {"presentation": 1}),
    ("/v1/verifications", {"presentation": "a.b.c"}),
    ("/v1/verifications", {"presentation": "~~~~"}),
    ("/v1/verifications", {"presentation": "a.b.c~", "nonce": "not a nonce"}),
    ("/v1/proposals", {"contract": "SchemaRegistry", "function": "deprecateSchema", "args": "x"}),
    ("/v1/proposals", {"contract": "SchemaRegistry", "function": "deprecateSchema", "args": []}),
    ("/v1/proposals", {"contract": "Schema Registry", "function": "deprecateSchema", "args": [HEX32]}),
    ("/v1/proposals", {"contract": "SchemaRegistry", "function": "deprecateSchema", "args": [HEX32], "salt": "0x1"}),
    (f"/v1/keys/{HEX32}/revocation", {"at": "now"}),
    (f"/v1/keys/{HEX32}/compromise", {}),
    (f"/v1/members/{HEX32}/suspension", {"reason_digest": "because"}),
]


@pytest.mark.parametrize(("path", "body"), SHAPES)
def test_a_body_of_another_shape_is_refused_and_nothing_is_stored(world: World, path: str, body: object) -> None:
    before = rows(world)
    answer = world.http.post(path, json=body, headers=world.headers(key="hostile"))
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["code"].startswith("malformed_")
    assert answer.content_type == "application/problem+json"
    assert rows(world) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"profile":"a","profile":"b"}',
        b'{"profile":NaN}',
        b'{"a":' * 20 + b"1" + b"}" * 20,
        b"\xff",
    ],
)
def test_a_body_that_is_not_one_strict_object_is_refused(world: World, body: bytes) -> None:
    answer = world.http.post("/v1/nonces", data=body, content_type=JSON, headers=world.headers())
    assert answer.status_code == 400
    assert answer.get_json()["code"] in {"malformed_json", "malformed_input"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/problem+json"},
        {"Content-Type": ""},
        {},
    ],
)
def test_a_body_of_another_content_type_is_refused(world: World, headers: dict[str, str]) -> None:
    body = json.dumps({"profile": PROFILE}).encode()
    answer = world.http.post("/v1/nonces", data=body, headers={**world.headers(), **headers})
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


def test_utf_8_may_be_spelled_out(world: World) -> None:
    body = json.dumps({"profile": PROFILE}).encode()
    headers = {**world.headers(), "Content-Type": "Application/JSON; Charset=UTF-8"}
    assert world.http.post("/v1/nonces", data=body, headers=headers).status_code == 201


def test_a_body_that_says_it_is_beyond_its_bound_is_refused(world: World) -> None:
    body = json.dumps({"profile": "p" * 20_000}).encode()
    stated = world.http.post("/v1/nonces", data=body, content_type=JSON, headers=world.headers())
    assert (stated.status_code, stated.get_json()["code"]) == (413, "input_too_large")
    body = json.dumps({"presentation": "p" * world.node.settings.api.max_body_bytes}).encode()
    for path in ("/v1/verifications", "/v1/proposals"):
        answer = world.http.post(path, data=body, content_type=JSON, headers=world.headers(key="k"))
        assert (answer.status_code, answer.get_json()["code"]) == (413, "input_too_large")


def test_a_body_of_unsaid_length_is_read_no_further_than_its_bound(world: World) -> None:
    stream = io.BytesIO(json.dumps({"profile": "p" * 20_000}).encode())
    answer = world.http.post(
        "/v1/nonces",
        input_stream=stream,
        content_type=JSON,
        headers={**world.headers(), "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (413, "input_too_large")
    assert stream.tell() == SMALL_BODY + 1


def test_a_body_where_none_is_read_is_refused(world: World) -> None:
    answer = world.http.post("/v1/enrolment", json={"x": 1}, headers=world.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed_input")


PATHS = [
    "/v1/credentials/",
    "//v1/credentials",
    "/v1//credentials",
    "/v1/credentials/..",
    "/v1/credentials/%2e%2e",
    "/v1/credentials/a%2fb",
    "/v1/credentials/a%00b",
    "/v1/credentials/a%0d%0aX-Injected:%201",
    "/v1/credentials/" + "a" * 129,
    "/v1/credentials/é",
    "/V1/credentials",
    "/v1/members/0x77",
    "/v1/members/" + "77" * 32,
    "/status-lists/-1",
    "/status-lists/01",
    "/status-lists/1e3",
    "/status-lists/0x1",
    "/types/../settings.py",
    "/types/.hidden",
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/..%2fapp.py",
    "/nowhere",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_another_spelling_is_not_found_and_never_redirected(world: World, path: str) -> None:
    answer = world.http.get(path, headers=world.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert "Location" not in answer.headers
    assert "X-Injected" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET", "TRACE", "PROPFIND", "X" * 40])
def test_another_method_is_refused_and_the_right_one_named(world: World, method: str) -> None:
    answer = world.http.open("/v1/nonces", method=method, headers=world.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


QUERIES = [
    "/v1/credentials?limit=0",
    "/v1/credentials?limit=201",
    "/v1/credentials?limit=ten",
    "/v1/credentials?limit=1&limit=2",
    "/v1/credentials?limit=1e1",
    "/v1/credentials?unknown=1",
    "/v1/credentials?cursor=%00",
    "/v1/credentials?cursor=somewhere",
    "/v1/credentials?cursor=" + "a" * 300,
    "/v1/credentials?subject_id=a%20b",
    "/v1/members?cursor=-1",
    "/v1/members?cursor=1000000000000",
    "/v1/members?cursor=one",
    "/v1/keys?member=0x1",
    "/v1/proofings/prf_1?x=1",
    f"/v1/attestations/{HEX32}",
    f"/v1/attestations/{HEX32}?issuer={HEX32}",
    f"/v1/attestations/{HEX32}?issuer={HEX32}&schema_id=x",
]


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_of_another_shape_is_refused(world: World, path: str) -> None:
    answer = world.http.get(path, headers=world.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed_input")


def test_pages_follow_each_other_to_the_end(world: World) -> None:
    first = world.get("/v1/keys?limit=3")
    rest = world.get(f"/v1/keys?limit=200&cursor={first['next_cursor']}")
    assert len(first["items"]) == 3
    assert rest["next_cursor"] is None
    assert len(first["items"]) + len(rest["items"]) == len(world.get("/v1/keys")["items"])


# ---- nothing of a rejected request comes back, and nothing of it is logged

ECHOES: list[dict[str, Any]] = [
    {"path": f"/v1/{MARKER}"},
    {"path": f"/v1/credentials/{MARKER}!"},
    {"path": f"/v1/credentials/{MARKER}"},
    {"path": f"/v1/credentials?{MARKER}=1"},
    {"path": f"/v1/credentials?limit={MARKER}"},
    {"path": f"/v1/credentials?cursor={MARKER}"},
    {"path": "/v1/credentials", "headers": {"Authorization": f"Bearer {MARKER}"}},
    {"path": "/v1/credentials", "headers": {"Authorization": MARKER}},
    {"path": "/v1/credentials", "headers": {"X-Request-Id": MARKER}},
    {"path": "/healthz", "headers": {"Host": f"{MARKER}.example", "Origin": f"https://{MARKER}.example"}},
    {"path": "/v1/nonces", "method": MARKER},
    {"path": "/v1/nonces", "method": "POST", "json": {"profile": MARKER}},
    {"path": "/v1/nonces", "method": "POST", "json": {MARKER: 1}},
    {"path": "/v1/nonces", "method": "POST", "json": {"profile": {MARKER: MARKER}}},
    {"path": "/v1/nonces", "method": "POST", "json": [MARKER]},
    {"path": "/v1/nonces", "method": "POST", "data": f'{{"profile": "{MARKER}"', "content_type": JSON},
    {"path": "/v1/nonces", "method": "POST", "data": f'{{"{MARKER}":1,"{MARKER}":2}}', "content_type": JSON},
    {"path": "/v1/nonces", "method": "POST", "data": MARKER, "content_type": f"application/{MARKER}"},
    {"path": "/v1/proofings", "method": "POST", "json": {"person": {**PERSON, "family_name": f"{MARKER}\n"}}},
    {"path": "/v1/proofings", "method": "POST", "json": {"person": {**PERSON, MARKER: MARKER}}},
    {"path": "/v1/proofings", "method": "POST", "json": {"person": {**PERSON, "birthdate": MARKER}}},
    {
        "path": "/v1/proofings",
        "method": "POST",
        "json": {"person": PERSON},
        "headers": {"Idempotency-Key": f"{MARKER} "},
    },
    {"path": "/v1/proofings", "method": "POST", "json": {"person": PERSON, "subject_id": MARKER}},
    {"path": "/v1/proofings/prf_1/checks", "method": "POST", "json": {**CHECK, "method": MARKER}},
    {
        "path": "/v1/credentials",
        "method": "POST",
        "json": {"proofing_id": MARKER, "vct": MARKER, "holder_keys": [{**KEY, "x": MARKER}]},
    },
    {"path": "/v1/credentials", "method": "POST", "json": {"proofing_id": "p", "vct": MARKER, "holder_keys": [KEY]}},
    {"path": "/v1/verifications", "method": "POST", "json": {"presentation": MARKER}},
    {"path": "/v1/verifications", "method": "POST", "json": {"presentation": f"{MARKER}.b.c~d~"}},
    {"path": "/v1/verifications", "method": "POST", "json": {"presentation": "a.b.c~", "nonce": MARKER}},
    {
        "path": "/v1/proposals",
        "method": "POST",
        "json": {"contract": MARKER, "function": MARKER, "args": [MARKER]},
    },
    {"path": f"/types/{MARKER}"},
    {"path": f"/static/{MARKER}"},
    {"path": f"/status-lists/1?time={MARKER}"},
    {"path": f"/status-lists/1?{MARKER}=1"},
    {"path": "/status-lists/1", "headers": {"Accept": f"application/{MARKER}"}},
    {"path": "/oauth/token", "method": "POST", "data": {"grant_type": MARKER, "client_assertion": MARKER}},
    {"path": "/oauth/token", "method": "POST", "data": {MARKER: MARKER}},
    {
        "path": "/oauth/token",
        "method": "POST",
        "data": {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": MARKER,
            "scope": MARKER,
        },
    },
]


@pytest.mark.parametrize("case", ECHOES)
def test_nothing_a_caller_sent_comes_back_or_is_logged(
    world: World, case: dict[str, Any], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    arguments = {"method": "GET", **case, "headers": {**world.headers(key="echo-1"), **case.get("headers", {})}}
    capsys.readouterr()
    caplog.clear()
    with capture_logs() as logs:
        answer = world.http.open(arguments.pop("path"), **arguments)
    assert MARKER.lower() not in (answer.text + str(answer.headers)).lower()
    assert logs
    printed = capsys.readouterr()
    assert MARKER.lower() not in f"{logs}{caplog.text}{printed.out}{printed.err}".lower()


def test_the_access_log_names_the_route_the_client_and_the_code_and_no_value(world: World) -> None:
    holder = world.issued()
    headers = world.headers()
    with capture_logs() as logs:
        world.http.get(f"/v1/credentials/{holder.credential_id}", headers=headers)
        world.http.get("/v1/credentials/crd_unknown", headers=headers)
    assert [entry["route"] for entry in logs] == ["/v1/credentials/<token:credential_id>"] * 2
    assert [(entry["status"], entry["code"], entry["client"]) for entry in logs] == [
        (200, None, "back-office"),
        (404, "not_found", "back-office"),
    ]
    assert holder.credential_id not in str(logs)


def test_a_claim_of_a_person_never_reaches_the_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    holder = world.issued()
    world.post("/v1/verifications", {"presentation": world.presentation(holder, world.nonce())}, status=200)
    printed = capsys.readouterr()
    for text in (*(str(value) for value in PERSON.values()), holder.credential[:40], to_hex(MEMBER), to_hex(SCHEMA)):
        assert text not in printed.out + printed.err

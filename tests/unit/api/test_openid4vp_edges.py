"""What requests and answers meet when something behind them is missing, replaced or too late."""

import json
from dataclasses import replace
from typing import NoReturn

import pytest

from jeung.crypto import base64url
from jeung.crypto.jws import parse_jws
from jeung.domain.identifiers import to_hex
from jeung.domain.profiles import service_id
from jeung.domain.registrations import KeyPurpose
from jeung.errors import (
    EvidenceNotRecorded,
    InputTooLarge,
    KeyUnavailable,
    MalformedInput,
    MalformedTransactionData,
    RequestEnded,
    StoreBusy,
)
from jeung.services.presentations import Form, PresentationRules, Wish, fetch_notes
from jeung.services.presentations.details import DetailSealer
from jeung.services.presentations.relying_parties import RelyingPartyList
from jeung.services.presentations.request_objects import RequestObjectService
from tests.common.memory.world import WhenTold
from tests.unit.api.parts import MEMBER, PROFILE, URL
from tests.unit.api.presenting import answer, asked, code_of, fetched, open_request, result, shown
from tests.unit.api.test_openid4vp_transactions import PAYMENT
from tests.unit.api.world import World


def test_a_request_whose_days_key_is_gone_is_gone(world: World) -> None:
    made = asked(world)
    with world.node.tokens._store.write() as tx:
        (owner,) = (owner for owner in world.database.read().data_keys if owner.startswith("presentations/"))
        tx.data_keys.destroy(owner)
    with pytest.raises(RequestEnded):
        world.node.presentations.objects.fetch(made["request_id"])


def test_processes_share_the_key_of_a_day(world: World) -> None:
    made = asked(world)
    details = world.node.presentations.requests._sealer
    request = world.database.read().presentation_requests[made["request_id"]]
    another = DetailSealer(store=details._store, vault=details._vault)
    with details._store.read() as tx:
        opened = details.open(tx, request)
    owner, sealed = another.seal("prs_2", opened, world.clock.now())
    assert owner == request.data_key_id
    with details._store.read() as tx:
        assert another.open(tx, replace(request, request_id="prs_2", sealed=sealed)) == opened


def test_a_key_without_certificate_asks_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = world.node.signer
    bare = replace(signer.active_key(KeyPurpose.REQUEST_SIGNING), x5c=())
    monkeypatch.setattr(signer, "active_key", lambda _: bare)
    with pytest.raises(KeyUnavailable):
        world.node.presentations.requests.create(Wish(PROFILE), client_id="back-office")
    listed = parse_jws(world.node.presentations.relying_parties.signed(), typ=None)
    assert "x5c" not in listed.header


def test_who_is_no_relying_party_and_what_was_withdrawn_is_not_listed(world: World) -> None:
    member = to_hex(MEMBER)
    listing = RelyingPartyList(
        ledger=world.node.registry._ledger, signer=world.node.signer, clock=world.clock, url=URL
    )
    world.chain._apply([("RolesChanged", {"member": member, "roles": 1})])
    assert parse_jws(listing.signed(), typ=None).claims()["relying_parties"] == []
    world.chain._apply([("RolesChanged", {"member": member, "roles": 3})])
    assert len(parse_jws(listing.signed(), typ=None).claims()["relying_parties"]) == 1
    world.chain._apply([("ProfileWithdrawn", {"member": member, "service": to_hex(service_id(PROFILE))})])
    assert parse_jws(listing.signed(), typ=None).claims()["relying_parties"] == []


def test_a_profile_withdrawn_meanwhile_has_the_answer_refused(world: World) -> None:
    _, request = open_request(world)
    holder = world.issued()
    world.chain._apply([("ProfileWithdrawn", {"member": to_hex(MEMBER), "service": to_hex(service_id(PROFILE))})])
    assert code_of(answer(world, request, {"credential": [shown(world, holder, request)]})) == (
        400,
        "profile_not_registered",
    )


def test_metadata_without_end_is_not_read(world: World) -> None:
    made = asked(world)
    with pytest.raises(MalformedInput):
        world.node.presentations.objects.fetch(made["request_id"], wallet_metadata='{"a":"' + "x" * 20_000 + '"}')


def test_a_busy_database_keeps_no_wallet_waiting_for_its_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked(world)
    objects = world.node.presentations.objects

    def busy() -> NoReturn:
        raise StoreBusy(retry_after_s=1)

    monkeypatch.setattr(objects._store, "write", busy)
    assert objects.fetch(made["request_id"])


def test_wallets_that_come_together_are_noted_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = asked(world), asked(world)
    objects, later = world.node.presentations.objects, WhenTold()
    monkeypatch.setattr(objects._notes, "_later", later)
    for made in (one, two, one):
        objects.fetch(made["request_id"])
    assert result(world, one)["state"] == "waiting"
    assert later.pass_by() == 1
    assert [result(world, made)["state"] for made in (one, two)] == ["fetched", "fetched"]


def test_notes_of_fetched_requests_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = asked(world), asked(world)
    objects, later = world.node.presentations.objects, WhenTold()
    monkeypatch.setattr(objects._notes, "_later", later)
    monkeypatch.setattr(fetch_notes, "MAX_NOTES", 1)
    for made in (one, two):
        objects.fetch(made["request_id"])
    later.pass_by()
    assert [result(world, made)["state"] for made in (one, two)] == ["fetched", "waiting"]


def test_what_a_wallet_fetched_first_stands(world: World) -> None:
    made = asked(world)
    fetched(world, made)
    first = result(world, made)["fetched_at"]
    world.clock.advance(5)
    objects = world.node.presentations.objects
    assert isinstance(objects, RequestObjectService)
    objects._notes.add(made["request_id"], world.clock.now())
    objects._notes.add("prs_0", world.clock.now())
    assert result(world, made)["fetched_at"] == first


def test_the_core_bounds_what_it_is_given_itself(world: World) -> None:
    made, request = open_request(world, response_mode="direct_post")
    with pytest.raises(InputTooLarge):
        world.node.presentations.responses.answer(
            made["request_id"], Form(vp_token="x" * 262_145, state=request["state"])
        )
    many = tuple({**PAYMENT, "amount_krw": number} for number in range(1, 6))
    with pytest.raises(MalformedTransactionData):
        world.node.presentations.requests.create(Wish(PROFILE, transactions=many), client_id="back-office")


def test_a_judgement_that_cannot_be_kept_is_not_given(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made, request = open_request(world, response_mode="direct_post")
    token = json.dumps({"credential": [shown(world, world.issued(), request)]})
    responses = world.node.presentations.responses

    def busy() -> NoReturn:
        raise StoreBusy(retry_after_s=1)

    with monkeypatch.context() as patched:
        patched.setattr(responses._store, "write", busy)
        with pytest.raises(EvidenceNotRecorded):
            responses.answer(made["request_id"], Form(vp_token=token, state=request["state"]))
    assert result(world, made)["state"] == "fetched"


def test_a_presentation_refused_at_its_first_step_refuses_the_answer(world: World) -> None:
    _, request = open_request(world)
    presentation = shown(world, world.issued(), request)
    head, _, rest = presentation.partition(".")
    header = json.loads(base64url.decode(head)) | {"alg": "none"}
    broken = f"{base64url.encode(json.dumps(header).encode())}.{rest}"
    assert code_of(answer(world, request, {"credential": [broken]})) == (400, "algorithm_not_allowed")


def test_an_answer_judged_while_another_ended_the_request_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, request = open_request(world, response_mode="direct_post")
    token = json.dumps({"credential": [shown(world, world.issued(), request)]})
    responses = world.node.presentations.responses
    sealed = responses._evidence.sealed

    def cancelled_meanwhile(*arguments: object) -> object:
        world.post(f"/v1/presentation-requests/{made['request_id']}/cancellation", status=200)
        return sealed(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(responses._evidence, "sealed", cancelled_meanwhile)
    with pytest.raises(RequestEnded):
        responses.answer(made["request_id"], Form(vp_token=token, state=request["state"]))
    assert world.get("/v1/evidence")["items"] == []
    assert result(world, made)["state"] == "cancelled"


def test_in_production_browsers_are_sent_to_https_only() -> None:
    assert PresentationRules("https://exchange.example").redirects_need_https


def test_an_answer_uses_the_nonce_up_with_its_evidence(world: World) -> None:
    made, request = open_request(world)
    assert answer(world, request, {"credential": [shown(world, world.issued(), request)]}).status_code == 200
    used = world.database.read().nonces[request["nonce"]]
    assert (used.used_at, used.evidence_id) == (
        world.clock.now(),
        result(world, made)["credentials"][0]["evidence_id"],
    )


def test_a_nonce_used_elsewhere_has_the_answer_refused(world: World) -> None:
    _, request = open_request(world)
    holder = world.issued()
    with world.node.tokens._store.write() as tx:
        assert tx.nonces.consume(request["nonce"], world.clock.now(), "evd_0")
    refused = answer(world, request, {"credential": [shown(world, holder, request)]})
    assert refused.status_code == 400
    assert refused.get_json()["code"] in {"nonce_replayed", "request_ended"}

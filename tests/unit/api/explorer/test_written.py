"""What members write on the chain and into logs is text on the pages, however hostile, and never makes one long."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from jeung.domain.identifiers import CredentialDigest, MemberId, to_hex
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel
from jeung.errors import CheckpointForked
from jeung.ports.log import Cosignature, WitnessedHead
from tests.common.rows import batch, digest_of
from tests.unit.api.console.desk import AUDITOR, Desk
from tests.unit.api.explorer.visit import TRANSACTION, UNKNOWN, Explored
from tests.unit.api.parts import MEMBER, SCHEMA, URL

EVIL = "<img src=x onerror=alert(1)>"
TURNED = "bank\u202egro.live"
OTHER = to_hex(digest_of("other"))
ENGLISH = {"Accept-Language": "en"}


def admit(desk: Desk, url: str, member: str = OTHER, roles: int = 1) -> None:
    desk.chain.emit("MemberAdmitted", {"member": member, "url": url, "governance": "0x" + "9" * 40, "roles": roles})


def test_names_of_others_are_text_and_turn_nothing_around() -> None:
    desk = Explored()
    admit(desk, f"https://{EVIL}{TURNED}/" + "x" * 5_000)
    profile = profile_document(
        name=f"{EVIL}{TURNED}",
        schemas=(SCHEMA,),
        claims=frozenset({"family_name"}),
        required=frozenset(),
        purpose=f"{EVIL}{TURNED}",
        assurance_level=AssuranceLevel.SUBSTANTIAL,
    )
    desk.chain.emit(
        "ProfileRegistered",
        {
            "member": desk.member,
            "service": to_hex(service_id(f"{EVIL}{TURNED}")),
            "digest": "0x" + "00" * 32,
            "profile": "0x" + json.dumps(profile).encode().hex(),
        },
    )
    desk.chain.emit(
        "WalletProviderTrusted",
        {"thumbprint": "0x" + "66" * 32, "name": f"{EVIL}{TURNED}", "jwk": "0x7b7d", "validUntil": 2_000_000_000},
    )
    vct = f"https://{EVIL}{TURNED}"
    schema = "0x" + "67" * 32
    desk.chain.emit("SchemaRegistered", {"schema": schema, "vct": vct, "metadata": "0x7b7d"})
    grant = {"member": OTHER, "schema": schema, "grantIndex": 0, "validFrom": 1, "validUntil": 2_000_000_000}
    desk.chain.emit("AccreditationGranted", grant)
    for path in ("", "/events", f"/members/{OTHER}", f"/members/{desk.member}", f"/types/{schema}", "/logs"):
        for page in (desk.look(path), desk.audit(path)):
            assert page.status_code == 200, path
            assert "<img src=x" not in page.text, path
            assert "\u202e" not in page.text, path
            assert "x" * 400 not in page.text, path


@pytest.mark.parametrize("name", ["0xwallet", "0x1", "0x6a65756e67"], ids=range(3))
def test_name_that_looks_like_bytes_is_shown_as_the_text_it_is(name: str) -> None:
    desk = Explored()
    trusted = {"thumbprint": "0x" + "66" * 32, "name": name, "jwk": "0x7b7d", "validUntil": 2_000_000_000}
    desk.chain.emit("WalletProviderTrusted", trusted)
    for path in ("", "/events"):
        for page in (desk.look(path), desk.audit(path)):
            assert (page.status_code, f"{name}</code>" in page.text) == (200, True), path


def test_every_kind_of_event_is_named_whatever_it_is_about() -> None:
    desk = Explored()
    admit(desk, "https://other.example")
    now = desk.clock.now()
    for name, args in (
        ("RulesChanged", {"quorumNumerator": 2, "quorumDenominator": 3, "timelock": 1, "proposalLifetime": 9}),
        ("AccreditationGranted", _grant(UNKNOWN, now)),
        ("KeyCompromised", {"member": desk.member, "thumbprint": _key(desk), "since": now}),
        ("StatusRegistryClosed", {}),
        ("AccountAdded", {"account": "0x" + "8" * 40, "member": OTHER}),
        ("ProfileWithdrawn", {"member": OTHER, "service": UNKNOWN}),
    ):
        desk.chain.emit(name, args)
    page = desk.look("/events", **ENGLISH).text
    for words in ("Rules of decision changed", "Accredited", "Status contract closed", "Contract named"):
        assert words in page
    assert "Consortium</td>" in page


def _grant(schema: str, now: int) -> dict[str, Any]:
    return {"member": OTHER, "schema": schema, "grantIndex": 0, "validFrom": now + 50, "validUntil": now + 99}


def _key(desk: Desk) -> str:
    return to_hex(next(iter(desk.node.registry.keys())).thumbprint)


def test_history_of_a_member_that_went_through_everything() -> None:
    desk = Explored()
    now = desk.clock.now()
    admit(desk, "https://other.example")
    for name, args in (
        ("MemberUrlAdded", {"member": OTHER, "url": "https://new.other.example"}),
        ("RolesChanged", {"member": OTHER, "roles": 3}),
        ("OperatorAuthorized", {"member": OTHER, "purpose": 1, "account": "0x" + "8" * 40}),
        ("OperatorCompromised", {"account": "0x" + "8" * 40, "since": now}),
        ("MemberSuspended", {"member": OTHER, "until": now + 9}),
        ("MemberReinstated", {"member": OTHER}),
        ("MemberSuspended", {"member": OTHER, "until": 0}),
        ("AccreditationGranted", _grant(desk.schema, now)),
        ("AccreditationGranted", {**_grant(desk.schema, now - 200), "grantIndex": 1}),
        ("AccreditationGranted", {**_grant(desk.schema, now), "validFrom": now - 9, "grantIndex": 2}),
        (
            "AccreditationWithdrawn",
            {"member": OTHER, "schema": desk.schema, "grantIndex": 2, "effectiveSince": now - 5},
        ),
        ("KeyRegistered", _registered("a1", now)),
        ("KeyRevoked", {"member": OTHER, "thumbprint": "0x" + "a1" * 32, "revokedAt": now}),
        ("KeyRegistered", _registered("a2", now)),
        ("KeyCompromised", {"member": OTHER, "thumbprint": "0x" + "a2" * 32, "since": now}),
        ("KeyRegistered", _registered("a3", now + 500)),
        ("MemberRemoved", {"member": OTHER, "effectiveSince": now, "forCause": True}),
    ):
        desk.chain.emit(name, args)
    page = desk.look(f"/members/{OTHER}", **ENGLISH).text
    for words in (
        "https://other.example",
        "new.other.example",
        "for cause",
        "Withdrawn",
        "Ended",
        "Not begun",
        "Revoked",
        "Compromised",
        "Suspended",
        "Removed",
    ):
        assert words in page, words
    for path in ("", f"/types/{desk.schema}", f"/events?member={OTHER}"):
        assert desk.look(path).status_code == 200


def _registered(byte: str, begin: int) -> dict[str, Any]:
    thumbprint = "0x" + byte * 32
    return {"member": OTHER, "thumbprint": thumbprint, "purpose": 1, "notBefore": begin, "notAfter": begin + 999}


def test_a_consortium_without_accreditations_has_no_chart_of_them() -> None:
    desk = Desk(explorer={"public": True})
    with desk.database.write() as tables:
        tables.registry = replace(tables.registry, grants={}, schemas={})
    page = desk.app.test_client().get("/explorer").text
    assert "grants-title" not in page
    assert "issuance-title" in page
    with desk.database.write() as tables:
        tables.registry = replace(tables.registry, members={}, keys={}, proposals={})
    assert desk.app.test_client().get("/explorer").status_code == 200


def test_digest_that_several_members_attested_shows_each_and_proves_the_first() -> None:
    desk = Explored()
    admit(desk, "https://other.example")
    thief = MemberId(bytes.fromhex(OTHER[2:]))
    digests = [CredentialDigest(bytes.fromhex(desk.digest[2:])), digest_of("more")]
    stolen = batch(99, digests, issuer=thief, schema=digest_of("no schema"), log_index=99)
    with desk.database.write() as tables:
        tables.batches.append(stolen)
    page = desk.look(f"/attestations/{desk.digest}", **ENGLISH).text
    assert "stands on the chain 2 times" in page
    assert page.count("Merkle path") == 2
    assert page.count("Not in order") == 4
    assert desk.look(f"/batches/{to_hex(stolen.batch)}").text.count("/attestations/") == 2


def test_attested_digest_hides_nothing_that_has_the_same_name() -> None:
    desk = Explored()
    names = {"transactions": TRANSACTION, "batches": desk.batch, "members": desk.member}
    digests = [CredentialDigest(bytes.fromhex(name[2:])) for name in names.values()]
    with desk.database.write() as tables:
        tables.batches.append(batch(99, digests, issuer=MEMBER, schema=SCHEMA, log_index=99))
    for kind, name in names.items():
        assert desk.look(f"/search?q={name}").headers["Location"] == f"/explorer/{kind}/{name}"
        assert desk.look(f"/attestations/{name}").status_code == 200


def test_issuer_of_very_many_keys_makes_no_page_long(explored: Explored) -> None:
    desk = Explored()
    for number in range(130):
        key = {**_registered("a1", 1), "member": desk.member, "thumbprint": to_hex(digest_of(number))}
        desk.chain.emit("KeyRegistered", {**key, "notAfter": 2_000_000_000})
    late = desk.clock.now() + 99
    again = batch(10**6, [digest_of("late")], issuer=MEMBER, schema=SCHEMA, log_index=99, block_time=late)
    with desk.database.write() as tables:
        tables.batches.append(again)
    page = desk.look(f"/attestations/{to_hex(digest_of('late'))}", **ENGLISH).text
    named = [number for number in range(130) if to_hex(digest_of(number)) in page]
    assert named == list(range(30, 130))
    assert re.search(r"\d+ older keys more", page)
    assert "older keys more" not in explored.look(f"/attestations/{explored.digest}", **ENGLISH).text


def test_proof_in_a_huge_batch_is_left_to_the_api_and_its_digests_come_in_pages() -> None:
    desk = Explored()
    many = batch(99, [digest_of(number) for number in range(1_025)], issuer=MEMBER, schema=SCHEMA, log_index=99)
    with desk.database.write() as tables:
        tables.batches.append(many)
    assert "/v1/attestations" in desk.look(f"/attestations/{to_hex(digest_of(7))}", **ENGLISH).text
    first = desk.look(f"/batches/{to_hex(many.batch)}").text
    assert (first.count("/attestations/"), 'href="?after=100"' in first) == (100, True)
    assert desk.look(f"/batches/{to_hex(many.batch)}?after=1000").text.count("/attestations/") == 25


def test_batch_of_two_shows_its_proof() -> None:
    desk = Explored()
    pair = batch(99, [digest_of(1), digest_of(2)], issuer=MEMBER, schema=SCHEMA, log_index=99)
    with desk.database.write() as tables:
        tables.batches.append(pair)
    page = desk.look(f"/attestations/{to_hex(digest_of(1))}").text
    assert page.split('class="exp-siblings"')[1].count("<li>") == 1


def test_more_events_than_a_page_holds_are_reached_by_its_cursor() -> None:
    desk = Explored()
    for number in range(40):
        admit(desk, f"https://{number}.example", to_hex(digest_of(number)))
    seen: list[str] = []
    path = "/events"
    while path:
        page = desk.look(path).text
        seen += [row.split("</tr>")[0] for row in page.split("<tr>")[2:]]
        _, found, rest = page.partition('href="?after=')
        path = f"/events?after={rest.partition(chr(34))[0]}" if found else ""
    assert len(seen) == len(set(seen)) == len(desk.node.explorer.events().events) + len(seen) - 30
    assert len(seen) > 60


# ---- logs


def test_witnesses_are_named_by_their_registered_keys_and_strangers_are_called_so() -> None:
    desk = Explored()
    signed = desk.node.transparency.last_checkpoint(1)
    assert signed is not None
    said = desk.node.witness.add_checkpoint(b"old 0\n\n" + signed.note, signed.key)
    known = Cosignature(said.key, said.line, 1_800_000_000)
    desk.node.transparency.publish(1, signed.size, [known], fence=0)
    page = desk.look("/logs", **ENGLISH).text
    assert f'/explorer/members/{desk.member}">localhost:8101</a> · <time' in page
    with desk.database.write() as tables:
        tables.registry = replace(tables.registry, keys={})
    assert "key unknown to the chain" in desk.look("/logs", **ENGLISH).text


def test_log_that_showed_two_histories_says_so() -> None:
    desk = Explored()
    admit(desk, "https://other.example")
    head = WitnessedHead("other.example/log/1", 5, bytes(32), b"note", "key", desk.clock.now())

    def refuse(_: object) -> None:
        raise CheckpointForked

    desk.node.memory_of_witness.advance(head, lambda _: None)
    assert "No contradiction seen" in desk.look("/logs", **ENGLISH).text
    with pytest.raises(CheckpointForked):
        desk.node.memory_of_witness.advance(head, refuse)
    assert "1 checkpoints contradict it" in desk.look("/logs", **ENGLISH).text
    desk.chain.emit("LogEpochOpened", {"member": OTHER, "epoch": 6})
    desk.chain.emit("LogAnchored", {"member": OTHER, "epoch": 6, "size": 9, "root": UNKNOWN})
    page = desk.look("/logs", **ENGLISH).text
    assert [f"other.example/log/{epoch}<" in page for epoch in (2, 3, 6)] == [False, True, True]
    assert UNKNOWN in page


def test_transaction_page_leads_to_everything_it_did(explored: Explored) -> None:
    page = explored.look(f"/transactions/{TRANSACTION}").text
    assert page.count(f'href="/explorer/transactions/{TRANSACTION}"') == 2
    assert f"/explorer/batches/{explored.batch}" in page
    assert URL.partition("://")[2] in page
    assert explored.auditor.get("/audit").status_code == 200
    assert explored.at_desk(AUDITOR).get("/members").status_code == 200

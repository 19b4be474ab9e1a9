"""The genesis facts name the members whose logs and cosignatures count, or are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from audit.evidence import (
    Standing,
    TrustedMember,
    majority_of,
    member_document,
    members_of,
    parse_trust,
)
from audit.findings import AuditImpossible
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registrations import KeyPurpose
from jeung.domain.registry import Registry
from jeung.domain.transparency import log_origin
from tests.common.consortium import member_id
from tests.common.parties import BANK
from tests.common.vouching import INSURER, SECURITIES, PlayedLog, Vouched

PROVED, ON_TRUST, _, REFUTED = Standing


@pytest.fixture
def stage() -> Vouched:
    return Vouched()


def facts_of(stage: Vouched, members: Any) -> bytes:  # noqa: ANN401 - JSON
    trust = stage.trust()
    return json.dumps(
        {
            "chain_id": trust.chain_id,
            "directory": trust.directory.hex(),
            "block_hash": trust.block_hash.hex(),
            "deployment_id": trust.deployment_id.hex(),
            "members": members,
        }
    ).encode()


def test_facts_name_members_with_their_keys(stage: Vouched) -> None:
    key = stage.logs[BANK].key
    thumbprint = key.verifier.thumbprint
    documents = [{"urls": [BANK], "log_keys": ["0x" + thumbprint.hex()]}]
    trust = parse_trust(facts_of(stage, documents))
    assert trust.members == (TrustedMember((BANK,), frozenset({thumbprint})),)
    assert not trust.names_witnesses
    (member,) = trust.members
    assert member.signs_log(replace(key, name=log_origin(BANK, 12)))
    for origin in (
        "localhost:8101/log/0",
        "localhost:8101/log/x",
        "x.localhost:8101/log/1",
        "localhost:8101/log",
        "",
    ):
        assert not member.signs_log(replace(key, name=origin))
    assert not member.signs_log(stage.logs[SECURITIES].key)
    assert parse_trust(facts_of(stage, [])).members == ()
    whole = replace(member, witness_keys=frozenset({bytes(32)}))
    assert parse_trust(facts_of(stage, [member_document(whole)])).members == (whole,)
    assert parse_trust(facts_of(stage, [member_document(whole)])).names_witnesses


def test_facts_that_give_two_members_one_address_or_no_keys_of_their_form_are_refused(stage: Vouched) -> None:
    key = "0x" + "00" * 32
    mine = {"urls": [BANK], "log_keys": [key]}
    bad: list[Any] = [
        [mine, mine],
        [mine, {"urls": [BANK.replace("http:", "https:")], "log_keys": []}],
        [{"urls": [BANK], "log_keys": [stage.logs[BANK].key.text]}],
        [{"urls": [BANK], "log_keys": [key.upper()]}],
        [{"urls": [BANK], "log_keys": [7]}],
        [{"urls": [BANK], "log_keys": {key: 1}}],
        [{"urls": [BANK], "log_keys": [], "witness_keys": ["0x"]}],
        [{"urls": [BANK]}],
        [{"urls": [], "log_keys": []}],
        [{"urls": BANK, "log_keys": []}],
        [{"urls": ["bank"], "log_keys": []}],
        [{"urls": ["ftp://bank"], "log_keys": []}],
        [{"urls": ["http://"], "log_keys": []}],
        [{"urls": [7], "log_keys": []}],
        [{"urls": [BANK] * 65, "log_keys": []}],
        [{"urls": [BANK], "log_keys": [key] * 257}],
        [{"urls": [f"http://m{number}"], "log_keys": []} for number in range(513)],
        {"urls": [BANK], "log_keys": []},
        [7],
        7,
    ]
    for members in bad:
        with pytest.raises(AuditImpossible):
            parse_trust(facts_of(stage, members))


def test_registry_gives_the_members_with_all_keys_but_compromised_ones(stage: Vouched) -> None:
    retired, lost = (KeyThumbprint(PlayedLog(BANK).key.verifier.thumbprint) for _ in range(2))
    for thumbprint in (retired, lost):
        stage.chain.register_key(member_id(BANK), thumbprint, KeyPurpose.LOG_CHECKPOINT_SIGNING)
    stage.chain.revoke_key(member_id(BANK), retired, stage.clock.now())
    stage.chain.compromise_key(member_id(BANK), lost, stage.clock.now())
    witness = KeyThumbprint(stage.witnesses[BANK].keys[KeyPurpose.WITNESS_COSIGNING].key.thumbprint)
    stage.chain.register_key(member_id(BANK), witness, KeyPurpose.WITNESS_COSIGNING)
    registry = stage.bank.database.read().registry
    bank = next(member for member in members_of(registry) if BANK in member.urls)
    assert bank.log_keys == {retired, stage.logs[BANK].key.verifier.thumbprint}
    assert bank.witness_keys == {witness}
    assert len(members_of(registry)) == 4
    assert majority_of(registry) == 3
    now = stage.clock.now()
    stage.chain.about_member("MemberRemoved", member_id(INSURER), effectiveSince=now, forCause=False)
    assert majority_of(stage.bank.database.read().registry) == 2
    stage.chain.about_member("MemberRemoved", member_id(SECURITIES), effectiveSince=now, forCause=True)
    known = {member.urls: member.log_keys for member in members_of(stage.bank.database.read().registry)}
    assert known[(SECURITIES,)] == frozenset()
    assert known[(INSURER,)]
    assert majority_of(Registry()) == 0

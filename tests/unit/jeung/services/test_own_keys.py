"""What we tell the chain of our own keys, each thing once."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from jeung.domain.chain import Intent, IntentState
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.members import OperatorPurpose
from jeung.domain.registrations import KeyPurpose
from jeung.services.own_keys import OwnKeysService, OwnStanding
from tests.common.memory.chain import MemoryLedger
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.wanted import MemoryIntents
from tests.common.parties import BANK, EXCHANGE, Node, Parties

THUMBPRINT = KeyThumbprint(b"\x0a" * 32)


@pytest.fixture
def parties() -> Parties:
    return Parties()


def service(parties: Parties, url: str = BANK) -> OwnKeysService:
    return of(parties.bank, parties, url)


def of(node: Node, parties: Parties, url: str) -> OwnKeysService:
    return OwnKeysService(
        store=node.store,
        ledger=parties.ledger,
        clock=parties.clock,
        entropy=node.entropy,
        url=url,
        key_validity_s=1_000,
    )


def refuse(parties: Parties, intent: Intent) -> None:
    works = parties.bank.database.read().intent_works
    works[intent.intent_id] = replace(works[intent.intent_id], state=IntentState.FAILED)


def test_standing_holds_our_keys_and_accounts_and_nobody_else_s(parties: Parties) -> None:
    other = KeyThumbprint(b"\x0b" * 32)
    parties.chain.register_key(parties.exchange.member, other, KeyPurpose.REQUEST_SIGNING)
    standing = service(parties).standing()
    assert standing is not None
    assert standing.is_member
    assert set(standing.keys) == {parties.issuer_key}
    assert {account.purpose for account in standing.operators.values()} >= {OperatorPurpose.ATTEST}
    theirs = of(parties.exchange, parties, EXCHANGE).standing()
    assert theirs is not None
    assert set(theirs.keys) == {other}


def test_stranger_has_no_standing_and_who_never_followed_knows_nothing(parties: Parties) -> None:
    assert service(parties, "https://stranger.example").standing() == OwnStanding()
    blind = OwnKeysService(
        store=parties.bank.store,
        ledger=MemoryLedger(MemoryDatabase()),
        clock=parties.clock,
        entropy=parties.bank.entropy,
        url=BANK,
        key_validity_s=1,
    )
    assert blind.standing() is None


def test_each_thing_is_said_once(parties: Parties) -> None:
    own = service(parties)
    account = parties.operator()
    said: list[Callable[[], Intent]] = [
        lambda: own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING),
        lambda: own.end(THUMBPRINT, 5),
        lambda: own.declare_compromised(THUMBPRINT, 7),
        lambda: own.authorize(OperatorPurpose.ATTEST, account),
        lambda: own.retire(OperatorPurpose.ATTEST, account),
        lambda: own.declare_operator_compromised(OperatorPurpose.ATTEST, account, 7),
    ]
    first = [act() for act in said]
    assert [act() for act in said] == first
    assert [(intent.call.contract, intent.call.function) for intent in first] == [
        ("KeyRegistry", "registerKey"),
        ("KeyRegistry", "revokeKey"),
        ("KeyRegistry", "declareCompromised"),
        ("Consortium", "authorizeOperator"),
        ("Consortium", "retireOperator"),
        ("Consortium", "declareOperatorCompromised"),
    ]
    assert len([kind for kind, _ in parties.bank.events() if kind == "governance_intended"]) == 6
    # An earlier time is another declaration.
    assert own.declare_compromised(THUMBPRINT, 6).intent_id != first[2].intent_id


def test_what_the_chain_refused_is_wanted_again_an_hour_later_and_not_before(parties: Parties) -> None:
    own = service(parties)
    first = own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING)
    refuse(parties, first)
    second = own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING)
    assert second.intent_id != first.intent_id
    assert own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING) == second
    refuse(parties, second)
    assert own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING).intent_id == second.intent_id
    parties.clock.advance(3_600)
    assert own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING).intent_id != second.intent_id


def test_last_expiry_is_that_of_the_last_credential(parties: Parties) -> None:
    own = service(parties)
    assert own.last_expiry("unknown") is None
    first = parties.issue().copies[0].record
    parties.clock.advance(100)
    second = parties.issue().copies[0].record
    assert own.last_expiry(first.signing_key_id) == second.expires_at > first.expires_at


def test_whoever_comes_second_finds_what_the_first_one_wanted(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = service(parties)
    first = own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING)
    # Between looking and writing, another process wrote the same.
    monkeypatch.setattr(MemoryIntents, "standing", lambda *_arguments: None)
    assert own.register(THUMBPRINT, KeyPurpose.STATUS_SIGNING) == first
    assert len([kind for kind, _ in parties.bank.events() if kind == "governance_intended"]) == 1

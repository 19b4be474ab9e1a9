"""The list of relying parties names the keys by which a wallet believes requests, receipts and logs."""

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jws import parse_jws
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registrations import KeyPurpose
from jeung.services.presentations.relying_parties import RelyingPartyList
from tests.common.custody import NOW
from tests.common.parties import EXCHANGE, Parties


def key(name: str) -> KeyThumbprint:
    return KeyThumbprint(sha256(name.encode()))


def listed(parties: Parties, claim: str) -> list[str]:
    node = parties.exchange
    node.signer.rotate(KeyPurpose.REQUEST_SIGNING)
    made = RelyingPartyList(ledger=parties.ledger, signer=node.signer, clock=parties.clock, url=EXCHANGE)
    (party,) = parse_jws(made.signed(), typ=None).claims()["relying_parties"]
    names: list[str] = party[claim]
    return names


@pytest.mark.parametrize(
    ("claim", "purpose", "good"),
    [
        ("request_keys", KeyPurpose.REQUEST_SIGNING, ["active"]),
        ("receipt_keys", KeyPurpose.RECEIPT_SIGNING, ["active"]),
        ("log_keys", KeyPurpose.LOG_CHECKPOINT_SIGNING, ["active", "ended", "revoked"]),
    ],
    ids=["requests", "receipts", "log"],
)
def test_keys_are_named_while_they_are_good_and_those_of_the_log_for_as_long_as_nobody_else_has_them(
    parties: Parties, claim: str, purpose: KeyPurpose, good: list[str]
) -> None:
    member, chain = parties.exchange.member, parties.chain
    for name in ("active", "revoked", "compromised"):
        chain.register_key(member, key(name), purpose, not_before=NOW - 9)
    chain.register_key(member, key("ended"), purpose, not_before=NOW - 9, not_after=NOW - 1)
    chain.register_key(member, key("not yet good"), purpose, not_before=NOW + 9)
    chain.register_key(member, key("for something else"), KeyPurpose.WITNESS_COSIGNING)
    chain.register_key(parties.bank.member, key("another member's"), purpose)
    chain.revoke_key(member, key("revoked"), NOW - 1)
    chain.compromise_key(member, key("compromised"), NOW - 5)
    assert listed(parties, claim) == sorted(base64url.encode(key(name)) for name in good)

"""The replay finds every unrightful act in a history, and nothing in a rightful one."""

from collections.abc import Callable

import pytest

from audit import rules
from audit.findings import Rule
from audit.replay import replay
from audit.state import FOREVER, State
from tests.unit.audit.history import (
    ATTEST_ACCOUNT,
    BANK,
    EXCHANGE,
    REGULATOR,
    SCHEMA,
    History,
    digest,
    founded,
    member_id,
    packed,
)

BANK_ID, EXCHANGE_ID = member_id(BANK), member_id(EXCHANGE)
KEY = "0x" + "11" * 32
PROPOSAL = "0x" + "22" * 32


def found(history: History) -> list[Rule]:
    return [finding.rule for finding in replay(State(), history.events)]


def suspend(history: History, *, until: int = FOREVER) -> History:
    return history.add(
        "Consortium",
        "MemberSuspended",
        member=BANK_ID,
        suspendedBy=member_id(REGULATOR),
        reasonDigest="0x" + "00" * 32,
        until=until,
    )


def propose(history: History, *, quorum: int = 2, lifetime: int = 1_000) -> History:
    return history.add(
        "Consortium",
        "ProposalCreated",
        proposal=PROPOSAL,
        proposer=BANK_ID,
        target=ATTEST_ACCOUNT,
        data="0x00",
        salt=PROPOSAL,
        expiresAt=history.now + lifetime,
        quorum=quorum,
    )


def approve(history: History, url: str, *, delay: int = 2) -> History:
    ripe = history.now + delay
    return history.add("Consortium", "ProposalApproved", proposal=PROPOSAL, member=member_id(url), ripeAt=ripe)


def execute(history: History) -> History:
    return history.add("Consortium", "ProposalExecuted", proposal=PROPOSAL, member=BANK_ID)


def grant(history: History, *, index: int, begin: int) -> History:
    return history.add(
        "AccreditationRegistry",
        "AccreditationGranted",
        member=BANK_ID,
        schema=SCHEMA,
        grantIndex=index,
        validFrom=begin,
        validUntil=begin + 5,
    )


def key(history: History, *, begin: int) -> History:
    return history.add(
        "KeyRegistry",
        "KeyRegistered",
        member=BANK_ID,
        thumbprint=KEY,
        purpose=1,
        notBefore=begin,
        notAfter=begin + 100,
    )


def compromise(history: History, since: int) -> History:
    return history.add("KeyRegistry", "KeyCompromised", member=BANK_ID, thumbprint=KEY, since=since)


def withdraw(history: History) -> History:
    since = history.now
    return history.add(
        "AccreditationRegistry",
        "AccreditationWithdrawn",
        member=BANK_ID,
        schema=SCHEMA,
        grantIndex=0,
        effectiveSince=since,
    )


def retire(history: History) -> History:
    return history.add("Consortium", "OperatorRetired", member=BANK_ID, purpose=1, account=ATTEST_ACCOUNT)


def remove(history: History) -> History:
    return history.add("Consortium", "MemberRemoved", member=BANK_ID, effectiveSince=history.now, forCause=False)


RIGHTFUL: dict[str, Callable[[], History]] = {
    "attesting while entitled": lambda: founded().attest(1, 2, 3).attest(4),
    "revoking and suspending": lambda: founded().set_statuses(2, packed(1, 2)).set_statuses(1, packed(1, 5)),
    "reinstating while active": lambda: founded().set_statuses(2, packed(7)).set_statuses(0, packed(7)),
    "tightening while suspended": lambda: suspend(founded()).set_statuses(1, packed(1)),
    "attesting after an emergency suspension lapsed": lambda: suspend(founded(), until=1_000_061).attest(1),
    "attesting after reinstatement": lambda: (
        suspend(founded()).add("Consortium", "MemberReinstated", member=BANK_ID).attest(1)
    ),
    "executing with ripe approvals": lambda: execute(approve(approve(propose(founded()), BANK), EXCHANGE)),
    "moving a compromise earlier": lambda: compromise(compromise(key(founded(), begin=1_000_060), 900), 800),
}

UNRIGHTFUL: dict[str, tuple[Callable[[], History], Rule]] = {
    "an attestation by an unknown account": (
        lambda: founded().attest(1, operator="0x8617E340B3D01FA5F11F306F4090FD50E238070D"),
        rules.ATTESTED_BY_STRANGER,
    ),
    "an attestation by a retired account": (lambda: retire(founded()).attest(1), rules.ATTESTED_BY_STRANGER),
    "an attestation after withdrawal": (lambda: withdraw(founded()).attest(1), rules.ATTESTED_UNACCREDITED),
    "an attestation while suspended": (lambda: suspend(founded()).attest(1), rules.ACT_WITHOUT_STANDING),
    "an attestation after removal": (lambda: remove(founded()).attest(1), rules.ACT_WITHOUT_STANDING),
    "digests that do not give the root": (
        lambda: founded().attest(1, 2, digests=["0x" + digest(9).hex()]),
        rules.ROOT_MISMATCH,
    ),
    "a batch id that is no hash": (lambda: founded().attest(1, batch="0x" + "33" * 32), rules.ID_MISMATCH),
    "un-revoking": (
        lambda: founded().set_statuses(1, packed(3)).set_statuses(0, packed(3)),
        rules.REVOCATION_UNDONE,
    ),
    "suspending what is revoked": (
        lambda: founded().set_statuses(1, packed(3)).set_statuses(2, packed(3)),
        rules.REVOCATION_UNDONE,
    ),
    "reinstating while suspended": (
        lambda: suspend(founded().set_statuses(2, packed(3))).set_statuses(0, packed(3)),
        rules.ACT_WITHOUT_STANDING,
    ),
    "unordered status indexes": (lambda: founded().set_statuses(1, packed(5, 4)), rules.HISTORY_BROKEN),
    "half a status index": (lambda: founded().set_statuses(1, "0x0000"), rules.HISTORY_BROKEN),
    "a status index beyond the list": (lambda: founded().set_statuses(1, packed(1 << 20)), rules.HISTORY_BROKEN),
    "executing without quorum": (lambda: execute(approve(propose(founded()), BANK)), rules.ACT_WITHOUT_QUORUM),
    "executing before an approval is ripe": (
        lambda: execute(approve(approve(propose(founded()), BANK), EXCHANGE, delay=60)),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing what expired": (
        lambda: execute(approve(approve(propose(founded(), lifetime=20), BANK), EXCHANGE)),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing twice": (
        lambda: execute(execute(approve(approve(propose(founded()), BANK), EXCHANGE))),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "approving while suspended": (lambda: approve(suspend(propose(founded())), BANK), rules.ACT_WITHOUT_STANDING),
    "a grant that begins in the past": (lambda: grant(founded(), index=1, begin=1), rules.HISTORY_REWRITTEN),
    "a grant out of order": (lambda: grant(founded(), index=4, begin=2_000_000), rules.HISTORY_REWRITTEN),
    "a key that begins in the past": (lambda: key(founded(), begin=1), rules.HISTORY_REWRITTEN),
    "a key registered twice": (
        lambda: key(key(founded(), begin=2_000_000), begin=2_000_000),
        rules.HISTORY_REWRITTEN,
    ),
    "a compromise moved later": (
        lambda: compromise(compromise(key(founded(), begin=1_000_060), 800), 900),
        rules.HISTORY_REWRITTEN,
    ),
    "an event about nothing": (
        lambda: founded().add("KeyRegistry", "KeyRevoked", member=BANK_ID, thumbprint=KEY, revokedAt=1),
        rules.HISTORY_BROKEN,
    ),
    "a schema id that is no hash": (
        lambda: founded().add("SchemaRegistry", "SchemaRegistered", schema=KEY, vct="y", metadata="0x00"),
        rules.ID_MISMATCH,
    ),
    "a profile digest that is no hash": (
        lambda: founded().add(
            "RelyingPartyRegistry",
            "ProfileRegistered",
            member=EXCHANGE_ID,
            service=KEY,
            digest=KEY,
            profile="0x00",
        ),
        rules.ID_MISMATCH,
    ),
    "a member id that is no hash": (
        lambda: founded().add(
            "Consortium", "MemberAdmitted", member=KEY, url="http://x", governance=ATTEST_ACCOUNT, roles=1
        ),
        rules.ID_MISMATCH,
    ),
}


@pytest.mark.parametrize("name", RIGHTFUL)
def test_a_rightful_history_has_no_findings(name: str) -> None:
    assert found(RIGHTFUL[name]()) == []


@pytest.mark.parametrize("name", UNRIGHTFUL)
def test_an_unrightful_act_is_found_by_its_own_rule(name: str) -> None:
    history, rule = UNRIGHTFUL[name]
    assert found(history()) == [rule]


def test_an_account_of_another_member_does_not_attest_for_the_issuer_it_names() -> None:
    assert rules.ATTESTED_BY_STRANGER in found(founded().attest(1, issuer=EXCHANGE))


def test_the_earliest_attestation_of_a_digest_counts() -> None:
    state = State()
    replay(state, founded().attest(1).attest(1, 2).events)
    (first,) = [entry for key, entry in state.digests.items() if key.endswith(digest(1).hex())]
    assert first[2] == 6


def test_a_replay_in_two_halves_gives_the_state_of_one() -> None:
    events = founded().attest(1, 2).set_statuses(2, packed(1, 130)).set_statuses(1, packed(130)).events
    whole, halves = State(), State()
    replay(whole, events)
    replay(halves, events[:7])
    replay(State.from_json(halves.as_json()), [])
    replay(halves, events[7:])
    assert halves == whole
    assert whole.words(BANK_ID, 0) == {0: 2 << 2, 1: 1 << 4}

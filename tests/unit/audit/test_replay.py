"""The replay finds every unrightful act in a history, and nothing in a rightful one."""

from collections.abc import Callable

import pytest
from eth_abi.abi import encode

from audit import rules
from audit.findings import Rule
from audit.replay import Replay, replay
from audit.source import Log
from audit.state import State
from jeung.crypto.hashing import keccak256
from tests.unit.audit.history import (
    ATTEST_ACCOUNT,
    BANK,
    CHAIN_ID,
    CONSORTIUM,
    EXCHANGE,
    FOUNDED,
    REGULATOR,
    SCHEMA,
    History,
    digest,
    founded,
    member_id,
    packed,
)

BANK_ID, EXCHANGE_ID, REGULATOR_ID = member_id(BANK), member_id(EXCHANGE), member_id(REGULATOR)
KEY = "0x" + "11" * 32
SALT = "0x" + "22" * 32
NOBODY = "0x" + "00" * 32
STRANGER = "0x52908400098527886E0F7030069857D2E4169EE8"


def found(history: History) -> list[Rule]:
    """Replay as if all of it were the founding: the quorum rule has tests of its own."""
    return [finding.rule for finding in replay(history.blank(), history.events)]


def found_after_founding(history: History) -> list[Rule]:
    return [finding.rule for finding in replay(State(genesis=FOUNDED - 1, chain_id=CHAIN_ID), history.events)]


def suspend(history: History, *, until: int = 0, by: str = REGULATOR_ID, member: str = BANK_ID) -> History:
    args = {"member": member, "suspendedBy": by, "reasonDigest": NOBODY, "until": until}
    return history.add("Consortium", "MemberSuspended", **args)


def proposal_id(proposer: str = BANK_ID) -> str:
    raw = [bytes.fromhex(text[2:]) for text in (proposer, SALT)]
    types = ["uint256", "address", "bytes32", "address", "bytes32", "bytes32"]
    return "0x" + keccak256(encode(types, [CHAIN_ID, CONSORTIUM, raw[0], STRANGER, keccak256(b"\0"), raw[1]])).hex()


PROPOSAL = proposal_id()


def propose(history: History, *, quorum: int = 2, lifetime: int = 1_000, **changed: object) -> History:
    args = {
        "proposal": PROPOSAL,
        "proposer": BANK_ID,
        "target": STRANGER,
        "data": "0x00",
        "salt": SALT,
        "expiresAt": history.now + lifetime,
        "quorum": quorum,
    }
    return history.add("Consortium", "ProposalCreated", **(args | changed))


def approve(history: History, *urls: str) -> History:
    for url in urls:
        args = {"proposal": PROPOSAL, "member": member_id(url), "ripeAt": history.now + 15}
        history.add("Consortium", "ProposalApproved", **args)
    return history


def wait(history: History) -> History:
    return history.add("Consortium", "SomethingNewer")


def execute(history: History) -> History:
    return history.add("Consortium", "ProposalExecuted", proposal=PROPOSAL, member=BANK_ID)


def agreed(history: History) -> History:
    return execute(wait(approve(propose(history), BANK, EXCHANGE)))


def grant(history: History, *, index: int, begin: int) -> History:
    args = {"member": BANK_ID, "schema": SCHEMA, "grantIndex": index, "validFrom": begin, "validUntil": begin + 5}
    return history.add("AccreditationRegistry", "AccreditationGranted", **args)


def key(history: History, *, begin: int, member: str = BANK_ID) -> History:
    args = {"member": member, "thumbprint": KEY, "purpose": 1, "notBefore": begin, "notAfter": begin + 100}
    return history.add("KeyRegistry", "KeyRegistered", **args)


def compromise(history: History, since: int) -> History:
    return history.add("KeyRegistry", "KeyCompromised", member=BANK_ID, thumbprint=KEY, since=since)


def revoke_key(history: History, at: int) -> History:
    return history.add("KeyRegistry", "KeyRevoked", member=BANK_ID, thumbprint=KEY, revokedAt=at)


def withdraw(history: History, *, since: int | None = None, index: int = 0) -> History:
    args = {"member": BANK_ID, "schema": SCHEMA, "grantIndex": index, "effectiveSince": since or history.now}
    return history.add("AccreditationRegistry", "AccreditationWithdrawn", **args)


def about_operator(history: History, name: str, **args: object) -> History:
    return history.add("Consortium", name, member=BANK_ID, purpose=1, account=ATTEST_ACCOUNT, **args)


def remove(history: History, *, member: str = BANK_ID) -> History:
    return history.add("Consortium", "MemberRemoved", member=member, effectiveSince=history.now, forCause=False)


def trust(history: History, thumbprint: str | None = None) -> History:
    jwk = b"{}"
    args = {"thumbprint": thumbprint or JWK_DIGEST, "name": "wallet", "jwk": "0x" + jwk.hex(), "validUntil": 1 << 40}
    return history.add("RelyingPartyRegistry", "WalletProviderTrusted", **args)


def distrust(history: History, thumbprint: str) -> History:
    args = {"thumbprint": thumbprint, "effectiveSince": history.now}
    return history.add("RelyingPartyRegistry", "WalletProviderDistrusted", **args)


JWK_DIGEST = "0x44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
DIRECTORY_NAME = "0x" + b"KeyRegistry".ljust(32, b"\0").hex()
# The founding ends at this time; suspensions that follow at once begin then.
NOW = founded().now

RIGHTFUL: dict[str, Callable[[], History]] = {
    "attesting while entitled": lambda: founded().attest(1, 2, 3).attest(4),
    "revoking and suspending": lambda: founded().set_statuses(2, packed(1, 2)).set_statuses(1, packed(1, 5)),
    "reinstating while active": lambda: founded().set_statuses(2, packed(7)).set_statuses(0, packed(7)),
    "tightening while suspended": lambda: suspend(founded()).set_statuses(1, packed(1)),
    "attesting after an emergency suspension lapsed": lambda: suspend(founded(), until=NOW + 1).attest(1),
    "attesting after reinstatement": lambda: (
        suspend(founded()).add("Consortium", "MemberReinstated", member=BANK_ID).attest(1)
    ),
    "executing with ripe approvals": lambda: agreed(founded()),
    "approving again after withdrawing": lambda: execute(
        wait(
            approve(
                approve(propose(founded()), BANK, EXCHANGE).add(
                    "Consortium", "ApprovalWithdrawn", proposal=PROPOSAL, member=EXCHANGE_ID
                ),
                EXCHANGE,
            )
        )
    ),
    "moving a compromise earlier": lambda: compromise(compromise(key(founded(), begin=NOW), 900), 800),
    "moving a revocation earlier": lambda: revoke_key(revoke_key(key(founded(), begin=NOW), NOW + 90), NOW + 50),
    "withdrawing and granting again": lambda: grant(withdraw(founded()), index=1, begin=NOW + 10),
    "trusting and distrusting a wallet provider": lambda: distrust(trust(founded()), JWK_DIGEST),
    "declaring a compromise while suspended": lambda: compromise(suspend(key(founded(), begin=NOW)), 900),
}

UNRIGHTFUL: dict[str, tuple[Callable[[], History], Rule]] = {
    "an attestation by an unknown account": (
        lambda: founded().attest(1, operator="0x8617E340B3D01FA5F11F306F4090FD50E238070E"),
        rules.ATTESTED_BY_STRANGER,
    ),
    "an attestation by a retired account": (
        lambda: about_operator(founded(), "OperatorRetired").attest(1),
        rules.ATTESTED_BY_STRANGER,
    ),
    "an attestation by a compromised account": (
        lambda: about_operator(founded(), "OperatorCompromised", since=NOW).attest(1),
        rules.ATTESTED_BY_STRANGER,
    ),
    "an attestation after withdrawal": (lambda: withdraw(founded()).attest(1), rules.ATTESTED_UNACCREDITED),
    "an attestation while suspended": (
        lambda: suspend(founded(), until=NOW + 20).attest(1),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an attestation while suspended by the quorum, which has no end": (
        lambda: suspend(founded(), by=NOBODY).attest(1),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an attestation while a confirmed suspension lasts": (
        lambda: suspend(founded(), until=NOW + 12).add("Consortium", "SuspensionConfirmed", member=BANK_ID).attest(1),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an attestation by a member that lost the role": (
        lambda: founded().add("Consortium", "RolesChanged", member=BANK_ID, roles=2).attest(1),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an attestation after removal": (lambda: remove(founded()).attest(1), rules.ACT_WITHOUT_STANDING),
    "a suspension by someone who is no supervisor": (
        lambda: suspend(founded(), by=EXCHANGE_ID),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a suspension of a supervisor by a supervisor": (
        lambda: suspend(founded(), member=REGULATOR_ID),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a reinstatement of a member never suspended": (
        lambda: founded().add("Consortium", "MemberReinstated", member=BANK_ID),
        rules.HISTORY_BROKEN,
    ),
    "digests that do not give the root": (
        lambda: founded().attest(1, 2, digests=["0x" + digest(9).hex()]),
        rules.ROOT_MISMATCH,
    ),
    "a batch without digests": (lambda: founded().attest(1, digests=[]), rules.ROOT_MISMATCH),
    "a batch with a digest twice": (
        lambda: founded().attest(1, digests=["0x" + digest(1).hex()] * 2),
        rules.ROOT_MISMATCH,
    ),
    "a batch id that is no hash": (lambda: founded().attest(1, batch="0x" + "33" * 32), rules.ID_MISMATCH),
    "a batch attested again": (lambda: founded().attest(1).attest(1), rules.HISTORY_REWRITTEN),
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
    "writing to a closed status registry": (
        lambda: founded().add("StatusRegistry", "StatusRegistryClosed").set_statuses(1, packed(3)),
        rules.HISTORY_REWRITTEN,
    ),
    "unordered status indexes": (lambda: founded().set_statuses(1, packed(5, 4)), rules.HISTORY_BROKEN),
    "a status index twice": (lambda: founded().set_statuses(1, packed(5, 5)), rules.HISTORY_BROKEN),
    "no status index": (lambda: founded().set_statuses(1, "0x"), rules.HISTORY_BROKEN),
    "half a status index": (lambda: founded().set_statuses(1, "0x0000"), rules.HISTORY_BROKEN),
    "a status index beyond the list": (lambda: founded().set_statuses(1, packed(1 << 20)), rules.HISTORY_BROKEN),
    "a status that is never stored": (lambda: founded().set_statuses(3, packed(1)), rules.HISTORY_BROKEN),
    "a status list of nobody": (
        lambda: founded().add("StatusRegistry", "StatusesSet", issuer=KEY, list=0, status=1, indexes=packed(1)),
        rules.HISTORY_BROKEN,
    ),
    "executing without quorum": (
        lambda: execute(wait(approve(propose(founded()), BANK))),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing before an approval is ripe": (
        lambda: execute(approve(propose(founded()), BANK, EXCHANGE)),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing after the timelock was lengthened": (
        lambda: execute(
            wait(
                approve(propose(founded()), BANK, EXCHANGE).add(
                    "Consortium",
                    "RulesChanged",
                    quorumNumerator=2,
                    quorumDenominator=3,
                    timelock=500,
                    proposalLifetime=900,
                )
            )
        ),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing with the approval of a member suspended since": (
        lambda: execute(
            wait(suspend(approve(propose(founded()), BANK, EXCHANGE), member=EXCHANGE_ID, until=NOW + 10**6))
        ),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing with a withdrawn approval": (
        lambda: execute(
            wait(
                approve(propose(founded()), BANK, EXCHANGE).add(
                    "Consortium", "ApprovalWithdrawn", proposal=PROPOSAL, member=EXCHANGE_ID
                )
            )
        ),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing with the word of a former governance account": (
        lambda: execute(
            wait(
                approve(propose(founded()), BANK, EXCHANGE).add(
                    "Consortium", "GovernanceAccountChanged", member=EXCHANGE_ID, account=STRANGER
                )
            )
        ),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing with a quorum that members outgrew": (
        lambda: execute(
            wait(
                approve(propose(founded()), BANK, EXCHANGE).admit("http://d.example", 2).admit("http://e.example", 2)
            )
        ),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing what expired": (
        lambda: execute(wait(approve(propose(founded(), lifetime=40), BANK, EXCHANGE))),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing what was cancelled": (
        lambda: execute(
            wait(
                approve(propose(founded()), BANK, EXCHANGE).add("Consortium", "ProposalCancelled", proposal=PROPOSAL)
            )
        ),
        rules.ACT_WITHOUT_QUORUM,
    ),
    "executing twice": (lambda: execute(agreed(founded())), rules.ACT_WITHOUT_QUORUM),
    "a proposal that asks for too few": (lambda: propose(founded(), quorum=1), rules.ACT_WITHOUT_QUORUM),
    "a proposal whose id is no hash": (lambda: propose(founded(), data="0x01"), rules.ID_MISMATCH),
    "a proposal made twice": (lambda: propose(propose(founded())), rules.HISTORY_REWRITTEN),
    "a proposal by a suspended member": (lambda: propose(suspend(founded())), rules.ACT_WITHOUT_STANDING),
    "withdrawing an approval never given": (
        lambda: propose(founded()).add("Consortium", "ApprovalWithdrawn", proposal=PROPOSAL, member=EXCHANGE_ID),
        rules.HISTORY_BROKEN,
    ),
    "withdrawing an approval twice": (
        lambda: (
            approve(propose(founded()), BANK)
            .add("Consortium", "ApprovalWithdrawn", proposal=PROPOSAL, member=BANK_ID)
            .add("Consortium", "ApprovalWithdrawn", proposal=PROPOSAL, member=BANK_ID)
        ),
        rules.HISTORY_BROKEN,
    ),
    "approving while suspended": (lambda: approve(suspend(propose(founded())), BANK), rules.ACT_WITHOUT_STANDING),
    "rules without a share": (
        lambda: founded().add(
            "Consortium", "RulesChanged", quorumNumerator=0, quorumDenominator=0, timelock=1, proposalLifetime=1
        ),
        rules.HISTORY_BROKEN,
    ),
    "a grant that begins in the past": (lambda: grant(founded(), index=1, begin=1), rules.HISTORY_REWRITTEN),
    "a grant out of order": (lambda: grant(founded(), index=4, begin=2_000_000), rules.HISTORY_REWRITTEN),
    "a withdrawal of a grant never made": (lambda: withdraw(founded(), index=1), rules.HISTORY_BROKEN),
    "a withdrawal in the future": (lambda: withdraw(founded(), since=NOW + 10**6), rules.HISTORY_REWRITTEN),
    "a withdrawal moved later": (
        lambda: withdraw(withdraw(founded(), since=NOW - 5), since=NOW),
        rules.HISTORY_REWRITTEN,
    ),
    "a key that begins in the past": (lambda: key(founded(), begin=1), rules.HISTORY_REWRITTEN),
    "a key registered twice": (
        lambda: key(key(founded(), begin=2_000_000), begin=2_000_000),
        rules.HISTORY_REWRITTEN,
    ),
    "a key of a suspended member": (lambda: key(suspend(founded()), begin=NOW + 10), rules.ACT_WITHOUT_STANDING),
    "a key revoked in the past": (
        lambda: revoke_key(key(founded(), begin=NOW), NOW - 1),
        rules.HISTORY_REWRITTEN,
    ),
    "a revocation moved later": (
        lambda: revoke_key(revoke_key(key(founded(), begin=NOW), NOW + 50), NOW + 60),
        rules.HISTORY_REWRITTEN,
    ),
    "a compromise moved later": (
        lambda: compromise(compromise(key(founded(), begin=NOW), 800), 900),
        rules.HISTORY_REWRITTEN,
    ),
    "a compromise in the future": (
        lambda: compromise(key(founded(), begin=NOW), NOW + 10**6),
        rules.HISTORY_REWRITTEN,
    ),
    "an operator retired twice": (
        lambda: about_operator(about_operator(founded(), "OperatorRetired"), "OperatorRetired"),
        rules.HISTORY_REWRITTEN,
    ),
    "an account that serves twice": (
        lambda: about_operator(founded(), "OperatorAuthorized"),
        rules.HISTORY_BROKEN,
    ),
    "a URL of two members": (
        lambda: founded().add("Consortium", "MemberUrlAdded", member=BANK_ID, url=EXCHANGE),
        rules.HISTORY_BROKEN,
    ),
    "an event about nothing": (lambda: revoke_key(founded(), 1), rules.HISTORY_BROKEN),
    "a profile withdrawn that never was": (
        lambda: founded().add("RelyingPartyRegistry", "ProfileWithdrawn", member=EXCHANGE_ID, service=KEY),
        rules.HISTORY_BROKEN,
    ),
    "a schema id that is no hash": (
        lambda: founded().add("SchemaRegistry", "SchemaRegistered", schema=KEY, vct="y", metadata="0x00"),
        rules.ID_MISMATCH,
    ),
    "a vct registered again": (
        lambda: founded().add(
            "SchemaRegistry",
            "SchemaRegistered",
            schema="0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            vct="x",
            metadata="0x00",
        ),
        rules.HISTORY_REWRITTEN,
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
    "a wallet provider under another thumbprint": (lambda: trust(founded(), KEY), rules.ID_MISMATCH),
    "a wallet provider trusted again": (
        lambda: trust(distrust(trust(founded()), JWK_DIGEST)),
        rules.HISTORY_REWRITTEN,
    ),
    "a member id that is no hash": (
        lambda: founded().add(
            "Consortium", "MemberAdmitted", member=KEY, url="http://x", governance=STRANGER, roles=1
        ),
        rules.ID_MISMATCH,
    ),
    "a gap in the Directory": (
        lambda: founded().add(
            "Directory", "ContractNamed", name=DIRECTORY_NAME, contractAddress=STRANGER, index=1, previous=STRANGER
        ),
        rules.HISTORY_BROKEN,
    ),
}


@pytest.mark.parametrize("name", RIGHTFUL)
def test_a_rightful_history_has_no_findings(name: str) -> None:
    assert found(RIGHTFUL[name]()) == []


@pytest.mark.parametrize("name", UNRIGHTFUL)
def test_an_unrightful_act_is_found_by_its_own_rule(name: str) -> None:
    history, rule = UNRIGHTFUL[name]
    assert found(history()) == [rule]


ACTS: dict[str, Callable[[History], History]] = {
    "admission": lambda history: history.admit("http://new.example", 2),
    "removal": lambda history: remove(history, member=EXCHANGE_ID),
    "grant": lambda history: grant(history, index=1, begin=history.now),
    "withdrawal": withdraw,
    "wallet provider": trust,
    "suspension by nobody": lambda history: suspend(history, by=NOBODY, member=EXCHANGE_ID),
    "closing": lambda history: history.add("StatusRegistry", "StatusRegistryClosed"),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_of_the_quorum_without_an_executed_proposal_is_found(name: str) -> None:
    assert found_after_founding(ACTS[name](founded())) == [rules.ACT_WITHOUT_QUORUM]


def test_an_act_in_the_transaction_of_an_executed_proposal_is_rightful() -> None:
    args = {"member": EXCHANGE_ID, "effectiveSince": 1_000_000, "forCause": True}
    assert found_after_founding(agreed(founded()).also("Consortium", "MemberRemoved", **args)) == []


def test_an_executed_proposal_covers_no_later_transaction() -> None:
    history = agreed(founded()).admit("http://new.example", 2)
    assert found_after_founding(history) == [rules.ACT_WITHOUT_QUORUM]


def test_the_quorum_may_revoke_what_a_removed_member_issued() -> None:
    history = remove(founded())
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    args = {"issuer": BANK_ID, "list": 0, "status": 1, "indexes": packed(4)}
    # The two members that remain agree; the removed one proposes no more.
    propose(history, proposer=EXCHANGE_ID, proposal=proposal_id(EXCHANGE_ID))
    for url in (EXCHANGE, REGULATOR):
        ids = {"proposal": proposal_id(EXCHANGE_ID), "member": member_id(url)}
        history.add("Consortium", "ProposalApproved", **ids, ripeAt=0)
    wait(history).add("Consortium", "ProposalExecuted", proposal=proposal_id(EXCHANGE_ID), member=EXCHANGE_ID)
    assert replay(state, history.also("StatusRegistry", "StatusesSet", **args).events) == []


def test_a_removed_member_sets_no_status() -> None:
    history = remove(founded())
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    findings = replay(state, history.set_statuses(1, packed(4)).events)
    assert [finding.rule for finding in findings] == [rules.ACT_WITHOUT_STANDING]


def test_an_account_of_another_member_does_not_attest_for_the_issuer_it_names() -> None:
    assert rules.ATTESTED_BY_STRANGER in found(founded().attest(1, issuer=EXCHANGE))


def test_a_log_without_its_events_shape_is_found() -> None:
    run = Replay(State())
    run.reject(Log(CONSORTIUM, (), b"", 5, "0x", 1, "0xab"))
    assert [finding.rule for finding in run.findings] == [rules.HISTORY_BROKEN]


def test_the_earliest_attestation_of_a_digest_counts() -> None:
    history = founded().attest(1).attest(1, 2)
    state = history.blank()
    replay(state, history.events)
    (first,) = [entry for key, entry in state.digests.items() if key.endswith(digest(1).hex())]
    assert first[2] == FOUNDED


def test_a_replay_in_two_halves_gives_the_state_of_one() -> None:
    history = founded().attest(1, 2).set_statuses(2, packed(1, 130)).set_statuses(1, packed(130))
    whole, halves = history.blank(), history.blank()
    replay(whole, history.events)
    replay(halves, history.events[: FOUNDED + 1])
    halves = State.from_json(halves.as_json())
    replay(halves, history.events[FOUNDED + 1 :])
    assert halves == whole
    assert whole.words(BANK_ID, 0) == {0: 2 << 2, 1: 1 << 4}

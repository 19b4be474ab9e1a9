"""The events of the chain, folded in their order, give one picture; history is never lost."""

from collections.abc import Mapping
from typing import Any

import pytest

from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.chain import RegistryEvent
from jeung.domain.identifiers import KeyThumbprint, MemberId, ProposalId, SchemaId, to_hex
from jeung.domain.members import MemberStatus, OperatorPurpose, Role
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import KeyState
from jeung.domain.registry import Registry
from jeung.domain.registry_fold import fold
from tests.common.consortium import account, member_id

URL = "http://localhost:8101"
MEMBER = member_id(URL)
ID = {"member": to_hex(MEMBER)}
SCHEMA = SchemaId(sha256(b"{}"))
GRANT = {**ID, "schema": to_hex(SCHEMA), "grantIndex": 0}
KEY = KeyThumbprint(b"k" * 32)
KEY_ID = {**ID, "thumbprint": to_hex(KEY)}
PROPOSAL = ProposalId(b"p" * 32)
PROPOSAL_ID = {"proposal": to_hex(PROPOSAL)}
SERVICE = {**ID, "service": to_hex(service_id("opening"))}
PROVIDER = {"thumbprint": to_hex(KEY)}

Told = tuple[int, str, Mapping[str, Any]]


def told(*events: Told) -> Registry:
    """Fold events given as (time, name, args)."""
    return fold(
        RegistryEvent("Contract", name, args, number, time, 0, b"t" * 32)
        for number, (time, name, args) in enumerate(events)
    )


ADMITTED: Told = (10, "MemberAdmitted", {**ID, "url": URL, "governance": account(1), "roles": 1})
PROPOSED: Told = (
    20,
    "ProposalCreated",
    {
        **PROPOSAL_ID,
        **{"proposer": to_hex(MEMBER), "target": account(9), "data": "0xabcd", "salt": to_hex(b"s" * 32)},
        **{"expiresAt": 99, "quorum": 2},
    },
)


def suspended(until: int) -> Mapping[str, Any]:
    return {**ID, "suspendedBy": to_hex(b"\0" * 32), "reasonDigest": to_hex(b"r" * 32), "until": until}


def test_member_keeps_every_url_and_the_last_is_current() -> None:
    registry = told(ADMITTED, (20, "MemberUrlAdded", {**ID, "url": f"{URL}/new"}))
    for url in (URL, f"{URL}/new"):
        member = registry.member_at(url)
        assert member is not None
        assert (member.member, member.url) == (MEMBER, f"{URL}/new")
    assert registry.member_at(f"{URL}/") is None


def test_roles_and_governance_follow_their_changes() -> None:
    registry = told(
        ADMITTED,
        (20, "RolesChanged", {**ID, "roles": 6}),
        (30, "GovernanceAccountChanged", {**ID, "account": account(2)}),
    )
    member = registry.members[MEMBER]
    assert [member.roles_at(time) for time in (9, 10, 19, 20)] == [0, 1, 1, 6]
    assert member.has_role_at(Role.ISSUER, 19)
    assert not member.has_role_at(Role.ISSUER, 9)
    assert not member.has_role_at(Role.ISSUER, 20)
    assert member.governance == account(2)


@pytest.mark.parametrize(
    ("events", "standing"),
    [
        ([], {9: "removed", 10: "active"}),
        ([(20, "MemberSuspended", suspended(40))], {19: "active", 20: "suspended", 39: "suspended", 40: "active"}),
        ([(20, "MemberSuspended", suspended(0))], {20: "suspended", 1 << 40: "suspended"}),
        (
            [(20, "MemberSuspended", suspended(40)), (30, "SuspensionConfirmed", ID)],
            {39: "suspended", 40: "suspended"},
        ),
        (
            [(20, "MemberSuspended", suspended(40)), (30, "MemberReinstated", ID)],
            {29: "suspended", 30: "active", 39: "active"},
        ),
        (
            [
                (20, "MemberSuspended", suspended(0)),
                (30, "MemberReinstated", ID),
                (40, "MemberSuspended", suspended(0)),
            ],
            {25: "suspended", 35: "active", 40: "suspended"},
        ),
        (
            [(20, "MemberRemoved", {**ID, "effectiveSince": 15, "forCause": True})],
            {19: "active", 20: "removed"},
        ),
    ],
)
def test_standing_is_known_for_every_time(events: list[Told], standing: dict[int, str]) -> None:
    member = told(ADMITTED, *events).members[MEMBER]
    assert {time: member.status_at(time) for time in standing} == {
        time: MemberStatus(status) for time, status in standing.items()
    }


def test_operator_accounts_keep_their_history() -> None:
    who = {**ID, "purpose": 1, "account": account(5)}
    other = {**ID, "purpose": 2, "account": account(6)}
    registry = told(
        ADMITTED,
        (20, "OperatorAuthorized", who),
        (21, "OperatorAuthorized", other),
        (30, "OperatorRetired", who),
        (40, "OperatorCompromised", {**who, "since": 25}),
    )
    operator = registry.operators[account(5)]
    assert [operator.was_authorized_at(time) for time in (19, 20, 30, 31)] == [False, True, True, False]
    assert [operator.was_compromised_at(time) for time in (24, 25, 99)] == [False, True, True]
    assert not registry.operators[account(6)].was_compromised_at(99)
    assert {kept.purpose for kept in registry.members[MEMBER].operators} == set(OperatorPurpose)


def test_withdrawn_grant_is_known_from_its_withdrawal_and_void_from_its_since() -> None:
    registry = told(
        (20, "AccreditationGranted", {**GRANT, "validFrom": 25, "validUntil": 60}),
        (21, "AccreditationGranted", {**GRANT, "grantIndex": 1, "validFrom": 70, "validUntil": 80}),
        (50, "AccreditationWithdrawn", {**GRANT, "effectiveSince": 40}),
    )
    covered = [registry.grant_covering(MEMBER, SCHEMA, time) is not None for time in (24, 25, 39, 40, 59, 70, 80)]
    assert covered == [False, True, True, False, False, True, False]
    as_known = [registry.was_accredited_at(MEMBER, SCHEMA, time) for time in (24, 25, 45, 50, 75)]
    assert as_known == [False, True, True, False, True]
    assert registry.grant_covering(MEMBER, SchemaId(b"?" * 32), 30) is None


def test_grant_that_looks_back_was_not_known_before_it_was_given() -> None:
    registry = told((30, "AccreditationGranted", {**GRANT, "validFrom": 25, "validUntil": 60}))
    assert [registry.was_accredited_at(MEMBER, SCHEMA, time) for time in (27, 30)] == [False, True]


def test_key_state_follows_its_events() -> None:
    registered: Told = (10, "KeyRegistered", {**KEY_ID, "purpose": 1, "notBefore": 20, "notAfter": 60})
    revoked: Told = (30, "KeyRevoked", {**KEY_ID, "revokedAt": 50})
    compromised: Told = (40, "KeyCompromised", {**KEY_ID, "since": 15})

    def states(*events: Told) -> list[KeyState]:
        key = told(registered, *events).keys[MEMBER, KEY]
        return [key.state_at(time) for time in (14, 19, 20, 49, 50, 60)]

    early, active = KeyState.NOT_YET_VALID, KeyState.ACTIVE
    assert states() == [early, early, active, active, active, KeyState.EXPIRED]
    assert states(revoked) == [early, early, active, active, KeyState.REVOKED, KeyState.REVOKED]
    assert states(revoked, compromised) == [early, *[KeyState.COMPROMISED] * 5]


def test_schema_is_found_by_its_vct_and_can_be_deprecated() -> None:
    args = {"schema": to_hex(SCHEMA), "vct": "https://c.example/types/a", "metadata": "0x7b7d"}
    registry = told((5, "SchemaRegistered", args), (9, "SchemaDeprecated", {"schema": to_hex(SCHEMA)}))
    schema = registry.schema_by_vct("https://c.example/types/a")
    assert schema is not None
    assert (schema.metadata, schema.deprecated_at) == (b"{}", 9)
    assert registry.schema_by_vct("https://c.example/types/b") is None


def test_proposal_follows_its_votes() -> None:
    other = to_hex(b"o" * 32)
    voted: tuple[Told, ...] = (
        PROPOSED,
        (21, "ProposalApproved", {**PROPOSAL_ID, **ID, "ripeAt": 23}),
        (22, "ProposalApproved", {**PROPOSAL_ID, "member": other, "ripeAt": 24}),
    )
    assert told(*voted).proposals[PROPOSAL].approvals == ((MEMBER, 23), (MemberId(b"o" * 32), 24))
    withdrawn = told(*voted, (23, "ApprovalWithdrawn", {**PROPOSAL_ID, **ID})).proposals[PROPOSAL]
    assert withdrawn.approvals == ((MemberId(b"o" * 32), 24),)
    executed = told(*voted, (30, "ProposalExecuted", {**PROPOSAL_ID, **ID})).proposals[PROPOSAL]
    assert (executed.executed_at, executed.cancelled_at, executed.call) == (30, None, b"\xab\xcd")
    assert told(*voted, (31, "ProposalCancelled", PROPOSAL_ID)).proposals[PROPOSAL].cancelled_at == 31


def _profile(**changes: object) -> dict[str, Any]:
    document = profile_document(
        name="opening",
        schemas=(SCHEMA,),
        claims=frozenset({"family_name"}),
        required=frozenset(),
        purpose="Opening an account",
        assurance_level=AssuranceLevel.LOW,
    )
    text = canonical_json.canonical({**document, **changes})
    return {**SERVICE, "digest": to_hex(sha256(text)), "profile": "0x" + text.hex()}


def test_profile_stands_until_it_is_withdrawn() -> None:
    registered: Told = (5, "ProfileRegistered", _profile())
    assert told(registered).profile_named(MEMBER, "opening") is not None
    assert told(registered).profile_named(MEMBER, "closing") is None
    assert told(registered, (6, "ProfileWithdrawn", SERVICE)).profile_named(MEMBER, "opening") is None
    assert told((6, "ProfileWithdrawn", SERVICE)).profiles == {}


def test_profile_that_cannot_be_read_takes_the_place_of_the_one_before() -> None:
    """A quorum replaced it: going on with the old one would permit what was taken away."""
    registry = told((5, "ProfileRegistered", _profile()), (6, "ProfileRegistered", _profile(claims="all")))
    assert registry.profile_named(MEMBER, "opening") is None


def test_wallet_provider_is_distrusted_from_its_since() -> None:
    registry = told(
        (5, "WalletProviderTrusted", {**PROVIDER, "name": "Wallets", "jwk": "0x7b7d", "validUntil": 99}),
        (9, "WalletProviderDistrusted", {**PROVIDER, "effectiveSince": 7}),
    )
    provider = registry.wallet_providers[KEY]
    assert (provider.jwk, provider.trusted_at, provider.distrusted_at) == (b"{}", 5, 7)


def test_contract_names_keep_every_address() -> None:
    name = "0x" + b"KeyRegistry".ljust(32, b"\0").hex()
    registry = told(
        (1, "ContractNamed", {"name": name, "contractAddress": account(1)}),
        (2, "ContractNamed", {"name": name, "contractAddress": account(2)}),
    )
    assert registry.contracts == {"KeyRegistry": (account(1), account(2))}


def test_event_nobody_needs_passes_by() -> None:
    assert told((1, "StatusRegistryClosed", {})) == told()


def test_history_without_its_beginning_is_refused() -> None:
    with pytest.raises(KeyError):
        told((1, "RolesChanged", {**ID, "roles": 1}))


def test_registry_cannot_be_changed() -> None:
    registry = told(ADMITTED)
    with pytest.raises(TypeError):
        registry.members[MEMBER] = registry.members[MEMBER]  # type: ignore[index]  # that is the point


@pytest.mark.parametrize(
    ("ended", "approvals"),
    [
        ([], ((MemberId(b"o" * 32), 23),)),
        ([(22, "ProposalExecuted", {**PROPOSAL_ID, **ID})], ((MEMBER, 23), (MemberId(b"o" * 32), 23))),
        ([(22, "ProposalCancelled", PROPOSAL_ID)], ((MEMBER, 23), (MemberId(b"o" * 32), 23))),
    ],
    ids=["open", "executed", "cancelled"],
)
def test_approvals_of_a_replaced_governance_account_are_void_while_the_proposal_is_open(
    ended: list[Told], approvals: tuple[tuple[MemberId, int], ...]
) -> None:
    voted = [
        (21, "ProposalApproved", {**PROPOSAL_ID, "member": to_hex(member), "ripeAt": 23})
        for member in (MEMBER, b"o" * 32)
    ]
    replaced = (30, "GovernanceAccountChanged", {**ID, "account": account(2)})
    assert told(ADMITTED, PROPOSED, *voted, *ended, replaced).proposals[PROPOSAL].approvals == approvals

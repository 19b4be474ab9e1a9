"""List rightful histories, and unrightful ones with the rule that each breaks."""

from collections.abc import Callable

from audit import rules
from audit.findings import Rule
from tests.unit.audit.acts import (
    BANK_ID,
    DIRECTORY_NAME,
    EXCHANGE_ID,
    JWK_DIGEST,
    KEY,
    NOBODY,
    NOW,
    PROPOSAL,
    REGULATOR_ID,
    STRANGER,
    about_operator,
    add_account,
    add_node,
    agreed,
    approve,
    compromise,
    distrust,
    execute,
    grant,
    isolate_account,
    key,
    propose,
    register_profile,
    remove,
    remove_node,
    revoke_key,
    suspend,
    trust,
    wait,
    withdraw,
    withdraw_profile,
)
from tests.unit.audit.history import (
    BANK,
    EXCHANGE,
    History,
    digest,
    founded,
    packed,
)
from tests.unit.audit.log_histories import RIGHTFUL_LOGS, UNRIGHTFUL_LOGS

RIGHTFUL: dict[str, Callable[[], History]] = {
    "attesting while entitled": lambda: founded().attest(1, 2, 3).attest(4),
    "revoking and suspending": lambda: founded().set_statuses(2, packed(1, 2)).set_statuses(1, packed(1, 5)),
    "reinstating while active": lambda: founded().set_statuses(2, packed(7)).set_statuses(0, packed(7)),
    "tightening while suspended": lambda: suspend(founded()).set_statuses(1, packed(1)),
    "attesting after an emergency suspension lapsed": lambda: suspend(founded(), until=NOW + 1).attest(1),
    "attesting after reinstatement": lambda: (
        suspend(founded()).add("Consortium", "MemberReinstated", member=BANK_ID).attest(1)
    ),
    "a node let in, taken out by its member, let in for another": lambda: add_node(
        remove_node(add_node(founded()), by=BANK_ID), member=EXCHANGE_ID
    ),
    "a suspended member taking its node out": lambda: remove_node(suspend(add_node(founded())), by=BANK_ID),
    "a supervisor isolating a suspended member's account": lambda: isolate_account(suspend(add_account(founded()))),
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
    "replacing a profile and registering it again": lambda: register_profile(
        withdraw_profile(register_profile(register_profile(founded(), b"[]")))
    ),
    "declaring a compromise while suspended": lambda: compromise(suspend(key(founded(), begin=NOW)), 900),
    **RIGHTFUL_LOGS,
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
        lambda: founded().attest(1, 2, digests=digest(9)),
        rules.ROOT_MISMATCH,
    ),
    "a batch without digests": (lambda: founded().attest(1, digests=b""), rules.ROOT_MISMATCH),
    "a batch with a digest twice": (
        lambda: founded().attest(1, digests=digest(1) * 2),
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
    "a profile withdrawn twice": (
        lambda: withdraw_profile(withdraw_profile(register_profile(founded()))),
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
    "a node whose id is no hash": (lambda: add_node(founded(), node=KEY), rules.ID_MISMATCH),
    "a node added while it stands": (lambda: add_node(add_node(founded())), rules.HISTORY_REWRITTEN),
    "an account added while it stands": (lambda: add_account(add_account(founded())), rules.HISTORY_REWRITTEN),
    "a node removed that never stood": (lambda: remove_node(founded()), rules.HISTORY_BROKEN),
    "a node removed twice": (lambda: remove_node(remove_node(add_node(founded()))), rules.HISTORY_BROKEN),
    "a node removed for another member": (
        lambda: remove_node(add_node(founded()), member=EXCHANGE_ID),
        rules.HISTORY_BROKEN,
    ),
    "a node removed by another member": (
        lambda: remove_node(add_node(founded()), by=EXCHANGE_ID),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an account isolated while its member is active": (
        lambda: isolate_account(add_account(founded())),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an account isolated by no supervisor": (
        lambda: isolate_account(suspend(add_account(founded())), by=EXCHANGE_ID),
        rules.ACT_WITHOUT_STANDING,
    ),
    "an account isolated for longer than a suspension": (
        lambda: isolate_account(suspend(add_account(founded())), for_s=7 * 86_400 + 1),
        rules.ACT_WITHOUT_STANDING,
    ),
    "a gap in the Directory": (
        lambda: founded().add(
            "Directory", "ContractNamed", name=DIRECTORY_NAME, contractAddress=STRANGER, index=1, previous=STRANGER
        ),
        rules.HISTORY_BROKEN,
    ),
    **UNRIGHTFUL_LOGS,
}

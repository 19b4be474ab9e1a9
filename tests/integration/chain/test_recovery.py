"""A member that lost its governance key is recovered by the votes of the others (docs/runbooks)."""

from pathlib import Path

from jeung.domain.chain import ChainAccount, IntentState
from node.chain.hexes import hex_of
from node.settings import FeeSettings
from tests.common.chain import KeyringSigner, Member, Party, agree, anvil, deploy_funded

URLS = ("http://bank.example", "http://exchange.example", "http://broker.example")


def test_lost_governance_key_is_replaced_by_quorum_and_its_pending_approvals_are_void(tmp_path: Path) -> None:
    parties = [Party(url) for url in URLS]
    with anvil(tmp_path) as chain:
        deployment = deploy_funded(tmp_path, chain, FeeSettings(), *parties)
        members = []
        for number, party in enumerate(parties):
            (tmp_path / str(number)).mkdir()
            members.append(Member(tmp_path / str(number), chain, deployment, party))
        bank, _, broker = members
        try:
            call = {"contract": "Consortium", "function": "setRoles", "args": [hex_of(parties[0].member), 1]}
            pending = broker.intend("Consortium", "propose", "Consortium", call, "0x" + "07" * 32)
            broker.turn()
            assert broker.intent(pending).state is IntentState.DONE

            fresh = KeyringSigner()
            account = fresh.address(ChainAccount.GOVERNANCE)
            agree(members[:2], "Consortium", "setGovernanceAccount", hex_of(parties[2].member), account)

            bank.follow()
            with bank.kept.ledger.view() as view:
                (open_one,) = [found for found in view.registry.proposals.values() if found.executed_at is None]
                assert view.registry.members[parties[2].member].governance == account
            assert open_one.approvals == ()

            lost = broker.intend("Consortium", "withdrawApproval", hex_of(open_one.proposal))
            broker.turn()
            assert broker.intent(lost).state is IntentState.FAILED

            (tmp_path / "fresh").mkdir()
            recovered = Member(tmp_path / "fresh", chain, deployment, Party(URLS[2], fresh))
            members.append(recovered)
            recovered.follow()
            vote = recovered.intend("Consortium", "approve", hex_of(open_one.proposal))
            recovered.turn()
            assert recovered.intent(vote).state is IntentState.DONE
        finally:
            for member in members:
                member.close()

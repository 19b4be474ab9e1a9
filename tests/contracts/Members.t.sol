// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "../../contracts/consortium/Consortium.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {MemberId, NO_MEMBER} from "../../contracts/types/Identifiers.sol";
import {ROLE_ISSUER, ROLE_RELYING_PARTY} from "../../contracts/types/Roles.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract MembersTest is Fixture {
    address private constant NEW_ACCOUNT = address(0xF5);

    function _admission(string memory url, address governance, uint8 roles)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IMembers.admitMember, (url, governance, roles));
    }

    function test_founders_are_members_and_the_deployer_is_none() public view {
        equal(bank, MemberId.wrap(keccak256("https://bank.example")), "identifier");
        IMembers.Member memory found = consortium.memberById(bank);
        check(found.status == IMembers.MemberStatus.ACTIVE, "status");
        equal(found.roles, ROLE_ISSUER | ROLE_RELYING_PARTY, "roles");
        equal(found.admittedAt, START, "admitted at");
        equal(found.governance, bankGov, "governance");
        equal(consortium.memberByGovernance(address(this)), NO_MEMBER, "deployer");
        equal(consortium.members().length, 4, "members");
        equal(consortium.governanceHistory(bank).length, 1, "accounts");
    }

    function test_deployer_can_do_nothing() public {
        vm.expectRevert(_only(address(this)));
        consortium.admitMember("https://fifth.example", NEW_ACCOUNT, ROLE_ISSUER);
        vm.expectRevert(
            abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, address(this))
        );
        consortium.propose(address(consortium), "", bytes32(0));
    }

    function test_single_founder_is_refused() public {
        IMembers.Founder[] memory one = new IMembers.Founder[](1);
        one[0] = _founders()[0];
        vm.expectRevert(abi.encodeWithSelector(IMembers.MembersTooFew.selector, 1, 2));
        new Consortium(one, _rules(), TIMELOCK);
    }

    function test_one_member_too_many_is_refused() public {
        IMembers.Founder[] memory founders = new IMembers.Founder[](513);
        for (uint256 i = 0; i < founders.length; ++i) {
            string memory name = string(abi.encodePacked(uint8(97 + i / 26), uint8(97 + i % 26)));
            founders[i] = IMembers.Founder(string.concat("https://m", name), address(uint160(0x1000 + i)), ROLE_ISSUER);
        }
        vm.expectRevert(abi.encodeWithSelector(IMembers.MembersTooMany.selector, 512));
        new Consortium(founders, _rules(), TIMELOCK);
    }

    function test_member_is_admitted_by_proposal() public {
        MemberId member = MemberId.wrap(keccak256("https://fifth.example"));
        bytes memory result =
            _decide(address(consortium), _admission("https://fifth.example", NEW_ACCOUNT, ROLE_ISSUER));
        equal(abi.decode(result, (bytes32)), MemberId.unwrap(member), "result");
        equal(consortium.memberByUrl("https://fifth.example"), member, "by url");
        equal(consortium.memberByGovernance(NEW_ACCOUNT), member, "by governance");
    }

    function test_only_a_proposal_changes_what_concerns_all() public {
        address[3] memory callers = [bankGov, supervisorGov, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            address caller = callers[i];
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.admitMember("https://fifth.example", NEW_ACCOUNT, ROLE_ISSUER);
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.addUrl(bank, "https://bank2.example");
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.setRoles(bank, 7);
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.suspendByQuorum(broker, bytes32(0));
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.confirmSuspension(broker);
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.reinstate(broker);
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.removeMember(broker, 0, true);
            vm.expectRevert(_only(caller));
            vm.prank(caller);
            consortium.declareOperatorCompromisedByQuorum(
                broker, IOperators.OperatorPurpose.ATTEST, brokerAttest, 1
            );
        }
    }

    function test_taken_url_is_refused_for_ever() public {
        bytes memory taken = abi.encodeWithSelector(IMembers.UrlTaken.selector, "https://bank.example", bank);
        _decideFails(address(consortium), _admission("https://bank.example", NEW_ACCOUNT, ROLE_ISSUER), taken);
        _decideFails(
            address(consortium), abi.encodeCall(IMembers.addUrl, (broker, "https://bank.example")), taken
        );
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        _decideFails(
            address(consortium),
            _admission("https://broker.example", NEW_ACCOUNT, ROLE_ISSUER),
            abi.encodeWithSelector(IMembers.UrlTaken.selector, "https://broker.example", broker)
        );
    }

    function test_urls_are_added_and_kept() public {
        _decide(
            address(consortium), abi.encodeCall(IMembers.addUrl, (bank, "https://bank.example/kr"))
        );
        string[] memory urls = consortium.urls(bank);
        equal(urls.length, 2, "urls");
        equal(keccak256(bytes(urls[0])), keccak256("https://bank.example"), "first");
        equal(keccak256(bytes(urls[1])), keccak256("https://bank.example/kr"), "second");
    }

    function test_taken_or_zero_account_is_refused() public {
        _decideFails(
            address(consortium),
            _admission("https://fifth.example", bankGov, ROLE_ISSUER),
            abi.encodeWithSelector(IMembers.AccountTaken.selector, bankGov, bank)
        );
        _decideFails(
            address(consortium),
            _admission("https://fifth.example", address(0), ROLE_ISSUER),
            abi.encodeWithSelector(IMembers.AccountMissing.selector)
        );
        _authorizeOperators();
        _decideFails(
            address(consortium),
            _admission("https://fifth.example", bankAttest, ROLE_ISSUER),
            abi.encodeWithSelector(IMembers.AccountTaken.selector, bankAttest, bank)
        );
    }

    function test_empty_or_unknown_roles_are_refused() public {
        _decideFails(
            address(consortium),
            _admission("https://fifth.example", NEW_ACCOUNT, 0),
            abi.encodeWithSelector(IMembers.RolesUnknown.selector, 0)
        );
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.setRoles, (bank, 8)),
            abi.encodeWithSelector(IMembers.RolesUnknown.selector, 8)
        );
    }

    function test_unknown_member_is_refused_everywhere() public {
        MemberId unknown = MemberId.wrap(bytes32("unknown"));
        bytes memory problem = abi.encodeWithSelector(IMembers.MemberUnknown.selector, unknown);
        _decideFails(address(consortium), abi.encodeCall(IMembers.addUrl, (unknown, "https://x.example")), problem);
        _decideFails(address(consortium), abi.encodeCall(IMembers.setRoles, (unknown, 1)), problem);
        _decideFails(address(consortium), abi.encodeCall(IMembers.reinstate, (unknown)), problem);
        _decideFails(address(consortium), abi.encodeCall(IMembers.confirmSuspension, (unknown)), problem);
        _decideFails(address(consortium), abi.encodeCall(IMembers.suspendByQuorum, (unknown, 0)), problem);
        _decideFails(address(consortium), abi.encodeCall(IMembers.removeMember, (unknown, 0, true)), problem);
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.setGovernanceAccount, (unknown, NEW_ACCOUNT)),
            problem
        );
        check(consortium.memberById(unknown).status == IMembers.MemberStatus.NONE, "status");
    }

    function test_governance_account_is_replaced_by_its_own_member_or_the_quorum() public {
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IMembers.GovernanceAccountChanged(bank, NEW_ACCOUNT);
        vm.prank(bankGov);
        consortium.setGovernanceAccount(bank, NEW_ACCOUNT);
        equal(consortium.memberByGovernance(bankGov), NO_MEMBER, "old account");
        equal(consortium.memberByGovernance(NEW_ACCOUNT), bank, "new account");
        equal(consortium.governanceHistory(bank).length, 2, "history");
        vm.expectRevert(
            abi.encodeWithSelector(IMembers.GovernanceAccountOfAnother.selector, bankGov, bank)
        );
        vm.prank(bankGov);
        consortium.setGovernanceAccount(bank, address(0xF6));
    }

    function test_another_member_cannot_replace_the_governance_account() public {
        vm.expectRevert(
            abi.encodeWithSelector(IMembers.GovernanceAccountOfAnother.selector, brokerGov, bank)
        );
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(bank, NEW_ACCOUNT);
    }

    function test_former_governance_account_serves_nobody_again() public {
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, NEW_ACCOUNT);
        vm.expectRevert(abi.encodeWithSelector(IMembers.AccountTaken.selector, brokerGov, broker));
        vm.prank(NEW_ACCOUNT);
        consortium.setGovernanceAccount(broker, brokerGov);
        vm.expectRevert(abi.encodeWithSelector(IMembers.AccountTaken.selector, brokerGov, broker));
        vm.prank(bankGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.ATTEST, brokerGov);
    }

    function test_suspended_member_cannot_replace_its_governance_account_but_the_quorum_can() public {
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.MemberNotActive.selector, broker, IMembers.MemberStatus.SUSPENDED
            )
        );
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, NEW_ACCOUNT);
        _decide(
            address(consortium), abi.encodeCall(IMembers.setGovernanceAccount, (broker, NEW_ACCOUNT))
        );
        equal(consortium.memberByGovernance(NEW_ACCOUNT), broker, "new account");
    }

    function test_removed_member_is_gone_for_every_function() public {
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, START, true)));
        IMembers.Member memory found = consortium.memberById(broker);
        check(found.status == IMembers.MemberStatus.REMOVED, "status");
        equal(found.removedSince, START, "since");
        check(found.forCause, "for cause");
        bytes memory gone = abi.encodeWithSelector(IMembers.MemberGone.selector, broker);
        vm.expectRevert(gone);
        vm.prank(brokerGov);
        consortium.propose(address(consortium), "", bytes32(0));
        vm.expectRevert(gone);
        vm.prank(brokerGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.ATTEST, brokerAttest);
        vm.expectRevert(gone);
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        _decideFails(address(consortium), abi.encodeCall(IMembers.setRoles, (broker, 1)), gone);
        _decideFails(address(consortium), abi.encodeCall(IMembers.reinstate, (broker)), gone);
        _decideFails(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)), gone);
    }

    function test_removal_cannot_take_effect_in_the_future() public {
        uint64 then = uint64(block.timestamp) + TIMELOCK;
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.removeMember, (broker, then + 1, true)),
            abi.encodeWithSelector(IMembers.TimeInFuture.selector, then + 1, then)
        );
    }

    function test_removal_without_a_time_takes_effect_at_once() public {
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        equal(consortium.memberById(broker).removedSince, block.timestamp, "since");
    }

    function test_the_last_two_members_stay() public {
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (supervisor, 0, false)));
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (exchange, 0, false)));
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.removeMember, (broker, 0, false)),
            abi.encodeWithSelector(IMembers.MembersTooFew.selector, 1, 2)
        );
    }

    function test_roles_can_be_withdrawn() public {
        _decide(address(consortium), abi.encodeCall(IMembers.setRoles, (bank, ROLE_RELYING_PARTY)));
        (, uint8 roles) = consortium.standing(bank);
        equal(roles, ROLE_RELYING_PARTY, "roles");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {INetworkAllowlist} from "../../contracts/interfaces/INetworkAllowlist.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {MemberId, NO_MEMBER, NodeId} from "../../contracts/types/Identifiers.sol";
import {Endpoints} from "./support/Endpoints.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract NetworkAllowlistTest is Fixture {
    address private constant RELAYER = address(0xAE1A);
    // Made beforehand: what makes them calls a precompile, which a cheat code for the next call would take for it.
    INetworkAllowlist.Endpoint[] private made;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 18; ++i) {
            made.push(Endpoints.make(i));
        }
    }

    function _add(MemberId member, INetworkAllowlist.Endpoint memory endpoint) private returns (NodeId) {
        vm.prank(address(consortium));
        return allowlist.addNode(member, endpoint);
    }

    function _addAccount(MemberId member, address account) private {
        vm.prank(address(consortium));
        allowlist.addAccount(member, account);
    }

    function _expectMalformedHost(INetworkAllowlist.Endpoint memory endpoint) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                INetworkAllowlist.NodeHostMalformed.selector, endpoint.ip, endpoint.domain
            )
        );
        _add(bank, endpoint);
    }

    function _named(string memory domain) private view returns (INetworkAllowlist.Endpoint memory endpoint) {
        endpoint = made[1];
        (endpoint.ip, endpoint.domain) = (0, domain);
    }

    function test_quorum_lets_a_node_in_and_the_event_tells_all_of_it() public {
        INetworkAllowlist.Endpoint memory endpoint = made[1];
        NodeId node = Endpoints.id(endpoint);
        check(!allowlist.nodePermitted(node), "not before");
        vm.expectEmit(true, true, true, true, address(allowlist));
        emit INetworkAllowlist.NodeAdded(
            node, bank, endpoint.keyX, endpoint.keyY, endpoint.ip, "", 30303, 30303
        );
        _add(bank, endpoint);
        check(allowlist.nodePermitted(node), "permitted");
        endpoint = made[2];
        bytes memory data = abi.encodeCall(INetworkAllowlist.addNode, (bank, endpoint));
        node = abi.decode(_decide(address(allowlist), data), (NodeId));
        equal(NodeId.unwrap(node), NodeId.unwrap(Endpoints.id(endpoint)), "identifier");
        check(allowlist.nodePermitted(node), "permitted by a vote");
        (uint256 nodes, uint256 accounts) = allowlist.standingOf(bank);
        equal(nodes, 2, "nodes");
        equal(accounts, 0, "accounts");
    }

    function testFuzz_endpoint_is_read_back_as_it_was_added(uint256 seed, uint16 port, uint16 discovery, bytes16 ip)
        public
    {
        INetworkAllowlist.Endpoint memory endpoint = Endpoints.make(seed);
        vm.assume(ip != 0 && ip != Endpoints.ipv4(0) && port != 0);
        (endpoint.ip, endpoint.port, endpoint.discoveryPort) = (ip, port, discovery);
        NodeId node = _add(exchange, endpoint);
        equal(keccak256(abi.encode(allowlist.endpointOf(node))), NodeId.unwrap(node), "endpoint");
        equal(allowlist.nodeHistory(node)[0].member, exchange, "member");
        equal(NodeId.unwrap(allowlist.nodesOf(exchange)[0]), NodeId.unwrap(node), "listed for its member");
    }

    function testFuzz_key_off_the_curve_is_refused(bytes32 keyX, bytes32 keyY) public {
        INetworkAllowlist.Endpoint memory endpoint = made[1];
        (endpoint.keyX, endpoint.keyY) = (keyX, keyY);
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.NodeKeyNotOnCurve.selector, keyX, keyY));
        _add(bank, endpoint);
    }

    function test_point_with_a_coordinate_beyond_the_field_or_no_point_is_refused() public {
        INetworkAllowlist.Endpoint memory endpoint = made[1];
        bytes32 keyX = endpoint.keyX;
        bytes32 keyY = endpoint.keyY;
        endpoint.keyY = bytes32(uint256(keyY) ^ 1);
        vm.expectRevert(
            abi.encodeWithSelector(INetworkAllowlist.NodeKeyNotOnCurve.selector, keyX, endpoint.keyY)
        );
        _add(bank, endpoint);
        // x = 1 has a point; x + field is the same residue in another spelling.
        uint256 field = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
        endpoint.keyX = bytes32(field + 1);
        endpoint.keyY = 0x4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee;
        vm.expectRevert(
            abi.encodeWithSelector(
                INetworkAllowlist.NodeKeyNotOnCurve.selector, endpoint.keyX, endpoint.keyY
            )
        );
        _add(bank, endpoint);
        endpoint.keyX = bytes32(uint256(1));
        _add(bank, endpoint);
        (endpoint.keyX, endpoint.keyY) = (0, 0);
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.NodeKeyNotOnCurve.selector, 0, 0));
        _add(bank, endpoint);
    }

    function test_host_is_one_address_or_one_domain_name() public {
        INetworkAllowlist.Endpoint memory endpoint = made[1];
        endpoint.domain = "node.bank.example";
        _expectMalformedHost(endpoint);
        (endpoint.ip, endpoint.domain) = (0, "");
        _expectMalformedHost(endpoint);
        endpoint.ip = Endpoints.ipv4(0);
        _expectMalformedHost(endpoint);
        endpoint.ip = 0x20010db8000000000000000000000001;
        _add(bank, endpoint);
        _add(bank, _named("node-1.bank.example"));
        _add(bank, _named("localhost"));
    }

    function test_domain_name_in_any_other_spelling_is_refused() public {
        string[12] memory wrong = [
            "Node.bank.example",
            "node..example",
            ".node",
            "node.",
            "-node",
            "node-",
            "node_1",
            "node:30303",
            "node/1",
            "10.0.0.1",
            "0x7f.1",
            unicode"노드.example"
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _expectMalformedHost(_named(wrong[i]));
        }
        bytes memory long = new bytes(254);
        for (uint256 i = 0; i < long.length; ++i) {
            long[i] = i % 2 == 0 ? bytes1("a") : bytes1(".");
        }
        long[253] = "a";
        _expectMalformedHost(_named(string(long)));
    }

    function test_port_is_never_zero_and_discovery_may_be() public {
        INetworkAllowlist.Endpoint memory endpoint = made[1];
        (endpoint.port, endpoint.discoveryPort) = (0, 30303);
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.NodePortMissing.selector));
        _add(bank, endpoint);
        (endpoint.port, endpoint.discoveryPort) = (30303, 0);
        _add(bank, endpoint);
    }

    function test_nobody_but_the_consortium_adds() public {
        address[3] memory callers = [bankGov, supervisorGov, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory problem = abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, callers[i]);
            vm.expectRevert(problem);
            vm.prank(callers[i]);
            allowlist.addNode(bank, made[1]);
            vm.expectRevert(problem);
            vm.prank(callers[i]);
            allowlist.addAccount(bank, RELAYER);
        }
    }

    function test_standing_entry_is_not_added_again_for_anybody() public {
        NodeId node = _add(bank, made[1]);
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.NodeAlreadyListed.selector, node, bank));
        _add(exchange, made[1]);
        _addAccount(bank, RELAYER);
        vm.expectRevert(
            abi.encodeWithSelector(INetworkAllowlist.NetworkAccountAlreadyListed.selector, RELAYER, bank)
        );
        _addAccount(exchange, RELAYER);
    }

    function test_one_key_may_stand_at_two_addresses() public {
        INetworkAllowlist.Endpoint memory endpoint = made[1];
        NodeId first = _add(bank, endpoint);
        endpoint.ip = Endpoints.ipv4(0x0a000002);
        NodeId second = _add(bank, endpoint);
        check(allowlist.nodePermitted(first) && allowlist.nodePermitted(second), "both");
    }

    function test_unknown_and_removed_members_get_no_entry() public {
        MemberId nobody = MemberId.wrap(bytes32("nobody"));
        vm.expectRevert(
            abi.encodeWithSelector(
                INetworkAllowlist.AllowlistMemberNotPresent.selector, nobody, IMembers.MemberStatus.NONE
            )
        );
        _add(nobody, made[1]);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        bytes memory problem = abi.encodeWithSelector(
            INetworkAllowlist.AllowlistMemberNotPresent.selector, broker, IMembers.MemberStatus.REMOVED
        );
        vm.expectRevert(problem);
        _add(broker, made[1]);
        vm.expectRevert(problem);
        _addAccount(broker, RELAYER);
    }

    function test_member_removes_its_own_at_once_even_suspended() public {
        NodeId node = _add(broker, made[1]);
        _addAccount(broker, RELAYER);
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, 0);
        vm.expectEmit(true, true, true, true, address(allowlist));
        emit INetworkAllowlist.NodeRemoved(node, broker, broker);
        vm.prank(brokerGov);
        allowlist.removeNode(node);
        vm.expectEmit(true, true, true, true, address(allowlist));
        emit INetworkAllowlist.AccountRemoved(RELAYER, broker, broker);
        vm.prank(brokerGov);
        allowlist.removeAccount(RELAYER);
        check(!allowlist.nodePermitted(node) && !allowlist.accountPermitted(RELAYER), "out");
    }

    function test_nobody_else_removes_and_a_removed_member_no_more() public {
        NodeId node = _add(broker, made[1]);
        _addAccount(broker, RELAYER);
        address[3] memory callers = [bankGov, supervisorGov, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory problem =
                abi.encodeWithSelector(INetworkAllowlist.AllowlistEntryOfAnother.selector, callers[i], broker);
            vm.expectRevert(problem);
            vm.prank(callers[i]);
            allowlist.removeNode(node);
            vm.expectRevert(problem);
            vm.prank(callers[i]);
            allowlist.removeAccount(RELAYER);
        }
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        vm.expectRevert(
            abi.encodeWithSelector(
                INetworkAllowlist.AllowlistMemberNotPresent.selector, broker, IMembers.MemberStatus.REMOVED
            )
        );
        vm.prank(brokerGov);
        allowlist.removeNode(node);
    }

    function test_former_governance_account_removes_nothing() public {
        NodeId node = _add(broker, made[1]);
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, address(0xB7));
        vm.expectRevert(
            abi.encodeWithSelector(INetworkAllowlist.AllowlistEntryOfAnother.selector, brokerGov, broker)
        );
        vm.prank(brokerGov);
        allowlist.removeNode(node);
    }

    function test_what_a_removed_member_listed_is_out_and_the_quorum_may_clear_it() public {
        NodeId node = _add(broker, made[1]);
        _addAccount(broker, RELAYER);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        check(!allowlist.nodePermitted(node) && !allowlist.accountPermitted(RELAYER), "out");
        vm.expectEmit(true, true, true, true, address(allowlist));
        emit INetworkAllowlist.AccountRemoved(RELAYER, broker, NO_MEMBER);
        vm.prank(address(consortium));
        allowlist.removeAccount(RELAYER);
        _addAccount(bank, RELAYER);
        check(allowlist.accountPermitted(RELAYER), "for another member");
    }

    function test_what_does_not_stand_is_not_removed() public {
        NodeId node = Endpoints.id(made[1]);
        bytes memory noNode = abi.encodeWithSelector(INetworkAllowlist.NodeNotListed.selector, node);
        bytes memory noAccount =
            abi.encodeWithSelector(INetworkAllowlist.NetworkAccountNotListed.selector, RELAYER);
        vm.expectRevert(noNode);
        vm.prank(address(consortium));
        allowlist.removeNode(node);
        vm.expectRevert(noAccount);
        vm.prank(address(consortium));
        allowlist.removeAccount(RELAYER);
        _add(bank, made[1]);
        vm.prank(bankGov);
        allowlist.removeNode(node);
        vm.expectRevert(noNode);
        vm.prank(bankGov);
        allowlist.removeNode(node);
    }

    function test_history_keeps_every_spell() public {
        INetworkAllowlist.Endpoint memory endpoint = made[1];
        NodeId node = _add(bank, endpoint);
        vm.warp(START + 10);
        vm.prank(bankGov);
        allowlist.removeNode(node);
        vm.warp(START + 20);
        _add(exchange, endpoint);
        vm.warp(START + 30);
        vm.prank(address(consortium));
        allowlist.removeNode(node);
        _add(bank, endpoint);
        INetworkAllowlist.Listing[] memory history = allowlist.nodeHistory(node);
        equal(history.length, 3, "spells");
        equal(history[0].member, bank, "first");
        equal(history[0].addedAt, START, "first added");
        equal(history[0].removedAt, START + 10, "first removed");
        equal(history[1].member, exchange, "second");
        equal(history[1].removedAt, START + 30, "second removed");
        equal(history[2].removedAt, 0, "third stands");
        equal(allowlist.nodesOf(bank).length, 1, "listed once for each member");
        equal(allowlist.nodesOf(exchange).length, 1, "and for the other");
    }

    function test_account_history_keeps_every_spell() public {
        _addAccount(bank, RELAYER);
        vm.warp(START + 10);
        vm.prank(bankGov);
        allowlist.removeAccount(RELAYER);
        _addAccount(bank, RELAYER);
        INetworkAllowlist.Listing[] memory history = allowlist.accountHistory(RELAYER);
        equal(history.length, 2, "spells");
        equal(history[0].removedAt, START + 10, "first removed");
        equal(allowlist.accountsOf(bank).length, 1, "listed once");
        equal(allowlist.accountsOf(bank)[0], RELAYER, "account");
    }

    function test_member_has_at_most_sixteen_nodes_at_once() public {
        for (uint256 i = 0; i < 16; ++i) {
            _add(bank, made[i]);
        }
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.AllowlistFull.selector, bank, 16));
        _add(bank, made[16]);
        _add(exchange, made[17]);
        vm.prank(bankGov);
        allowlist.removeNode(Endpoints.id(made[3]));
        _add(bank, made[16]);
    }

    function test_member_has_at_most_thirty_two_accounts_at_once() public {
        for (uint160 i = 0; i < 32; ++i) {
            _addAccount(bank, address(0x1000 + i));
        }
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.AllowlistFull.selector, bank, 32));
        _addAccount(bank, RELAYER);
        vm.prank(bankGov);
        allowlist.removeAccount(address(0x1000));
        _addAccount(bank, RELAYER);
    }

    function test_zero_account_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.NetworkAccountMissing.selector));
        _addAccount(bank, address(0));
    }

    function test_accounts_that_govern_or_operate_are_permitted_without_an_entry() public {
        _authorizeOperators();
        check(allowlist.accountPermitted(bankGov), "governance");
        check(allowlist.accountPermitted(bankAttest), "operator");
        check(!allowlist.accountPermitted(stranger), "a stranger is not");
        check(!allowlist.accountPermitted(address(0)), "nor is nobody");
        address[2] memory serving = [bankGov, bankAttest];
        for (uint256 i = 0; i < serving.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(INetworkAllowlist.NetworkAccountServes.selector, serving[i], bank)
            );
            _addAccount(exchange, serving[i]);
        }
    }

    /// @dev A lost or stolen account is out in the block that replaces, retires or disowns it.
    function test_accounts_that_serve_no_more_are_out() public {
        _authorizeOperators();
        vm.prank(bankGov);
        consortium.retireOperator(IOperators.OperatorPurpose.ATTEST, bankAttest);
        check(!allowlist.accountPermitted(bankAttest), "retired");
        vm.prank(bankGov);
        consortium.declareOperatorCompromised(
            IOperators.OperatorPurpose.STATUS, bankStatus, uint64(block.timestamp)
        );
        check(!allowlist.accountPermitted(bankStatus), "disowned");
        vm.prank(bankGov);
        consortium.setGovernanceAccount(bank, address(0xB9));
        check(!allowlist.accountPermitted(bankGov), "replaced");
        check(allowlist.accountPermitted(address(0xB9)), "replacement");
    }

    function test_accounts_of_a_removed_member_are_out() public {
        _authorizeOperators();
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        check(!allowlist.accountPermitted(brokerGov) && !allowlist.accountPermitted(brokerAttest), "out");
    }
}

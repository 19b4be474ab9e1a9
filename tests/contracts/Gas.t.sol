// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INetworkAllowlist} from "../../contracts/interfaces/INetworkAllowlist.sol";
import {IKeyRegistry} from "../../contracts/interfaces/IKeyRegistry.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IStatusRegistry} from "../../contracts/interfaces/IStatusRegistry.sol";
import {KeyThumbprint, NodeId, ProposalId, SchemaId} from "../../contracts/types/Identifiers.sol";
import {Batches} from "./support/Batches.sol";
import {Endpoints} from "./support/Endpoints.sol";
import {Fixture} from "./support/Fixture.sol";
import {Indexes} from "./support/Indexes.sol";
import {vm} from "./support/Vm.sol";

/// @dev What the usual acts cost, kept in snapshots/gas so that a change is seen. Each figure is of the whole test with
/// what it prepares: only its change means anything; bench/gas.py gives what a transaction costs.
contract GasTest is Fixture {
    SchemaId private schema;
    ProposalId private proposal;
    bytes private urlCall;
    INetworkAllowlist.Endpoint private endpoint;
    NodeId private node;

    function setUp() public override {
        super.setUp();
        _authorizeOperators();
        schema = _accreditBank();
        urlCall = abi.encodeCall(IMembers.addUrl, (bank, "https://bank2.example"));
        (proposal,) = _carry(address(consortium), urlCall);
        endpoint = Endpoints.make(1);
        INetworkAllowlist.Endpoint memory other = Endpoints.make(2);
        vm.prank(address(consortium));
        node = allowlist.addNode(bank, other);
        vm.prank(bankStatus);
        statuses.setStatuses(0, IStatusRegistry.Status.REVOKED, Indexes.row(0, 100));
        vm.prank(brokerAttest);
        logAnchor.anchor(1, 5, "root");
    }

    function test_attest_one() public {
        bytes32[] memory digests = new bytes32[](1);
        digests[0] = bytes32("digest");
        vm.prank(bankAttest);
        attestations.attest(schema, digests);
    }

    function test_attest_ten() public {
        bytes32[] memory digests = Batches.make(10, "ten");
        vm.prank(bankAttest);
        attestations.attest(schema, digests);
    }

    function test_revoke_one_in_a_fresh_word() public {
        vm.prank(bankStatus);
        statuses.setStatuses(1, IStatusRegistry.Status.REVOKED, Indexes.one(5));
    }

    function test_revoke_ten_in_one_existing_word() public {
        vm.prank(bankStatus);
        statuses.setStatuses(0, IStatusRegistry.Status.REVOKED, Indexes.row(110, 10));
    }

    function test_execute_a_proposal() public {
        vm.prank(bankGov);
        consortium.execute(proposal, address(consortium), urlCall, bytes32(uint256(3)));
    }

    function test_let_a_node_in() public {
        vm.prank(address(consortium));
        allowlist.addNode(bank, endpoint);
    }

    function test_take_a_node_out() public {
        vm.prank(bankGov);
        allowlist.removeNode(node);
    }

    function test_anchor_a_log_for_the_first_time() public {
        vm.prank(bankAttest);
        logAnchor.anchor(1, 5, "root");
    }

    function test_anchor_a_log_again() public {
        vm.prank(brokerAttest);
        logAnchor.anchor(1, 6, "root");
    }

    function test_register_a_key() public {
        vm.prank(bankGov);
        keyRegistry.registerKey(
            KeyThumbprint.wrap(bytes32("key")),
            IKeyRegistry.KeyPurpose.CREDENTIAL_SIGNING,
            0,
            type(uint64).max
        );
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccreditationRegistry} from "../../../../contracts/interfaces/IAccreditationRegistry.sol";
import {IDirectory} from "../../../../contracts/interfaces/IDirectory.sol";
import {IKeyRegistry} from "../../../../contracts/interfaces/IKeyRegistry.sol";
import {ILogAnchor} from "../../../../contracts/interfaces/ILogAnchor.sol";
import {IMembers} from "../../../../contracts/interfaces/IMembers.sol";
import {INetworkAllowlist} from "../../../../contracts/interfaces/INetworkAllowlist.sol";
import {IOperators} from "../../../../contracts/interfaces/IOperators.sol";
import {IProposals} from "../../../../contracts/interfaces/IProposals.sol";
import {IRelyingPartyRegistry} from "../../../../contracts/interfaces/IRelyingPartyRegistry.sol";
import {ISchemaRegistry} from "../../../../contracts/interfaces/ISchemaRegistry.sol";
import {IStatusRegistry} from "../../../../contracts/interfaces/IStatusRegistry.sol";
import {KeyThumbprint, MemberId, NodeId, SchemaId, ServiceId} from "../../../../contracts/types/Identifiers.sol";
import {Endpoints} from "../Endpoints.sol";
import {Indexes} from "../Indexes.sol";
import {Actors} from "./Actors.sol";

/// @dev Everything the consortium can decide, one kind for each function that takes an executed proposal.
abstract contract Decisions is Actors {
    struct Call {
        address target;
        bytes data;
    }

    uint256 public constant KINDS = 27;
    uint256 internal constant ABOUT_MEMBERS = 10;
    uint256 internal constant ADMIT = 0;
    uint256 internal constant SET_GOVERNANCE = 3;
    uint256 internal constant SUSPEND = 4;
    uint256 internal constant REMOVE = 7;
    uint256 internal constant REMOVE_NODE = 22;
    uint256 internal constant REMOVE_ACCOUNT = 24;
    uint256 internal constant CLOSE = 25;
    uint32 internal constant INDEXES = 16;
    // Walking the histories of more would take the time of the run, and show nothing more.
    uint256 private constant MEMBERS_MOST = 8;
    uint256 internal constant NODES = 6;

    // Made once: a point of the curve takes a root.
    INetworkAllowlist.Endpoint[] private _endpoints;
    NodeId[] private _nodes;

    constructor() {
        for (uint256 i = 0; i < NODES; ++i) {
            _endpoints.push(Endpoints.make(i));
            _nodes.push(Endpoints.id(_endpoints[i]));
        }
    }

    function decision(uint256 kind, uint256 whom) internal returns (Call memory) {
        if (kind < ABOUT_MEMBERS) return Call(address(world.consortium), _aboutMembers(kind, whom));
        if (kind < 12) return Call(address(world.schemas), _aboutSchemas(kind, whom));
        if (kind < 14) return Call(address(world.accreditations), _aboutGrants(kind, whom));
        if (kind == 14) {
            bytes memory data = abi.encodeCall(
                IKeyRegistry.declareCompromisedByQuorum, (memberAt(whom), thumbprintAt(whom), _past(whom))
            );
            return Call(address(world.keys), data);
        }
        if (kind == 15) {
            IStatusRegistry.Status status = IStatusRegistry.Status(whom % 4);
            bytes memory indexes = Indexes.one(uint32(whom / 4) % INDEXES);
            bytes memory data =
                abi.encodeCall(IStatusRegistry.setStatusesByQuorum, (memberAt(whom), 0, status, indexes));
            return Call(address(world.statuses), data);
        }
        if (kind < 20) return Call(address(world.parties), _aboutParties(kind, whom));
        if (kind == 20) {
            bytes32 name = whom % 2 == 0 ? bytes32("Consortium") : bytes32("KeyRegistry");
            address target = whom % 3 == 0 ? address(world.keys) : address(world.consortium);
            return Call(address(world.directory), abi.encodeCall(IDirectory.set, (name, target)));
        }
        if (kind < CLOSE) return Call(address(world.allowlist), _aboutNetwork(kind, whom));
        if (kind == CLOSE) return Call(address(world.statuses), abi.encodeCall(IStatusRegistry.close, ()));
        MemberId member = memberAt(whom);
        uint64 next = world.anchors.epochOf(member) + 1;
        return Call(address(world.anchors), abi.encodeCall(ILogAnchor.openEpoch, (member, next)));
    }

    function thumbprintAt(uint256 which) internal pure returns (KeyThumbprint) {
        return KeyThumbprint.wrap(bytes32(which % 3 + 1));
    }

    function serviceAt(uint256 which) internal pure returns (ServiceId) {
        return ServiceId.wrap(bytes32(which % 2 + 1));
    }

    function schemaAt(uint256 which) internal view returns (SchemaId) {
        SchemaId[] memory schemas = world.schemas.schemas();
        return schemas.length == 0 ? SchemaId.wrap(0) : schemas[which % schemas.length];
    }

    function nodeAt(uint256 which) internal view returns (NodeId) {
        return _nodes[which % NODES];
    }

    function networkAccountAt(uint256 which) internal pure returns (address) {
        return address(uint160(0x9000 + which % NODES));
    }

    function walletKeyAt(uint256 which) internal pure returns (bytes memory) {
        return abi.encodePacked("key", uint8(which % 2));
    }

    function _aboutMembers(uint256 kind, uint256 whom) private returns (bytes memory) {
        MemberId member = memberAt(whom);
        if (kind == ADMIT && world.consortium.members().length < MEMBERS_MOST) {
            uint8 roles = uint8(whom % 7) + 1;
            return abi.encodeCall(IMembers.admitMember, (_newUrl(), newAccount(), roles));
        }
        if (kind < 2) return abi.encodeCall(IMembers.addUrl, (member, _newUrl()));
        if (kind == 2) return abi.encodeCall(IMembers.setRoles, (member, uint8(whom / 4 % 7) + 1));
        if (kind == SET_GOVERNANCE) return abi.encodeCall(IMembers.setGovernanceAccount, (member, newAccount()));
        if (kind == SUSPEND) return abi.encodeCall(IMembers.suspendByQuorum, (member, bytes32(0)));
        if (kind == 5) return abi.encodeCall(IMembers.confirmSuspension, (member));
        if (kind == 6) return abi.encodeCall(IMembers.reinstate, (member));
        if (kind == REMOVE) return abi.encodeCall(IMembers.removeMember, (member, _past(whom), whom % 2 == 0));
        if (kind == 8) {
            uint64 timelock = uint64(1 + whom % 3) * 1 days;
            uint16 numerator = uint16(within(whom, 2, 5));
            return abi.encodeCall(IProposals.setRules, (IProposals.Rules(numerator, 5, timelock, 14 days)));
        }
        address[] memory operators = world.consortium.operators(member);
        address operator = operators.length == 0 ? address(0) : operators[whom % operators.length];
        IOperators.OperatorPurpose purpose = world.consortium.operatorOf(operator).purpose;
        return abi.encodeCall(
            IOperators.declareOperatorCompromisedByQuorum, (member, purpose, operator, _past(whom))
        );
    }

    function _aboutSchemas(uint256 kind, uint256 whom) private view returns (bytes memory) {
        if (kind == 11) return abi.encodeCall(ISchemaRegistry.deprecateSchema, (schemaAt(whom)));
        bytes memory metadata = abi.encodePacked("schema", bytes1(uint8(97 + whom % 3)));
        return abi.encodeCall(ISchemaRegistry.registerSchema, (metadata, string(metadata)));
    }

    function _aboutGrants(uint256 kind, uint256 whom) private view returns (bytes memory) {
        (MemberId member, SchemaId schema) = (memberAt(whom), schemaAt(whom));
        if (kind == 12) {
            uint64 until = uint64(block.timestamp) + 90 days;
            return abi.encodeCall(IAccreditationRegistry.grant, (member, schema, 0, until));
        }
        return abi.encodeCall(IAccreditationRegistry.withdraw, (member, schema, whom % 2, _past(whom)));
    }

    function _aboutParties(uint256 kind, uint256 whom) private view returns (bytes memory) {
        (MemberId member, ServiceId service) = (memberAt(whom), serviceAt(whom));
        if (kind == 16) {
            bytes memory profile = abi.encodePacked("profile", uint8(whom % 5));
            return abi.encodeCall(IRelyingPartyRegistry.registerProfile, (member, service, profile));
        }
        if (kind == 17) return abi.encodeCall(IRelyingPartyRegistry.withdrawProfile, (member, service));
        bytes memory key = walletKeyAt(whom);
        if (kind == 18) {
            uint64 until = uint64(block.timestamp) + 90 days;
            return abi.encodeCall(IRelyingPartyRegistry.trustWalletProvider, (key, "wallet", until));
        }
        return abi.encodeCall(
            IRelyingPartyRegistry.distrustWalletProvider, (KeyThumbprint.wrap(sha256(key)), _past(whom))
        );
    }

    function _aboutNetwork(uint256 kind, uint256 whom) private view returns (bytes memory) {
        MemberId member = memberAt(whom);
        if (kind == 21) return abi.encodeCall(INetworkAllowlist.addNode, (member, _endpoints[whom % NODES]));
        if (kind == REMOVE_NODE) return abi.encodeCall(INetworkAllowlist.removeNode, (nodeAt(whom)));
        if (kind == 23) return abi.encodeCall(INetworkAllowlist.addAccount, (member, networkAccountAt(whom)));
        return abi.encodeCall(INetworkAllowlist.removeAccount, (networkAccountAt(whom)));
    }

    function _past(uint256 whom) private view returns (uint64) {
        return uint64(block.timestamp - whom * 1 hours);
    }

    function _newUrl() private returns (string memory) {
        bytes memory name = "https://m00000000.example";
        uint256 number = newNumber();
        for (uint256 i = 0; i < 8; ++i) {
            name[9 + i] = bytes1(uint8(97 + (number >> (4 * i)) % 16));
        }
        return string(name);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAttestationRegistry} from "../../../../contracts/interfaces/IAttestationRegistry.sol";
import {IKeyRegistry} from "../../../../contracts/interfaces/IKeyRegistry.sol";
import {ILogAnchor} from "../../../../contracts/interfaces/ILogAnchor.sol";
import {IMembers} from "../../../../contracts/interfaces/IMembers.sol";
import {INetworkAllowlist} from "../../../../contracts/interfaces/INetworkAllowlist.sol";
import {IOperators} from "../../../../contracts/interfaces/IOperators.sol";
import {IStatusRegistry} from "../../../../contracts/interfaces/IStatusRegistry.sol";
import {KeyThumbprint, MemberId} from "../../../../contracts/types/Identifiers.sol";
import {ROLE_ISSUER} from "../../../../contracts/types/Roles.sol";
import {Batches} from "../Batches.sol";
import {Indexes} from "../Indexes.sol";
import {Decisions} from "./Decisions.sol";
import {Memory} from "./Memory.sol";

/// @dev What members do by themselves, with governance and operator accounts of any standing.
abstract contract Acts is Decisions, Memory {
    mapping(MemberId member => mapping(uint32 index => bool yes)) private _revoked;
    uint256 public revocations;
    uint256 public attestations;
    uint256 public isolations;
    uint256 public anchors;

    function rotate(uint8 who) external remembered {
        address account = accountAt(who);
        MemberId member = world.consortium.memberByGovernance(account);
        bytes memory data = abi.encodeCall(IMembers.setGovernanceAccount, (member, newAccount()));
        act(account, address(world.consortium), data, false);
    }

    function authorize(uint8 who, bool attests) external remembered {
        IOperators.OperatorPurpose purpose =
            attests ? IOperators.OperatorPurpose.ATTEST : IOperators.OperatorPurpose.STATUS;
        bytes memory data = abi.encodeCall(IOperators.authorizeOperator, (purpose, newAccount()));
        act(accountAt(who), address(world.consortium), data, false);
    }

    function disown(uint8 who, uint8 which, uint16 ago, bool retire) external remembered {
        (address account, address operator) = (accountAt(who), accountAt(which));
        address[] memory own = world.consortium.operators(servedBy(account));
        // Now and then another's, which is not for it to disown.
        if (own.length != 0 && which % 8 != 0) operator = own[which % own.length];
        IOperators.Operator memory before = world.consortium.operatorOf(operator);
        bytes memory data = retire
            ? abi.encodeCall(IOperators.retireOperator, (before.purpose, operator))
            : abi.encodeCall(
                IOperators.declareOperatorCompromised, (before.purpose, operator, uint64(block.timestamp - ago))
            );
        (bool done,) = act(account, address(world.consortium), data, true);
        if (done) equal(before.member, world.consortium.memberByGovernance(account), "only one's own operators");
    }

    function register(uint8 who, uint8 which) external remembered {
        IKeyRegistry.KeyPurpose purpose = IKeyRegistry.KeyPurpose.CREDENTIAL_SIGNING;
        bytes memory data =
            abi.encodeCall(IKeyRegistry.registerKey, (thumbprintAt(which), purpose, 0, type(uint64).max));
        act(accountAt(who), address(world.keys), data, false);
    }

    function endKey(uint8 who, uint8 which, uint16 time, bool compromised) external remembered {
        KeyThumbprint key = thumbprintAt(which);
        bytes memory data = compromised
            ? abi.encodeCall(IKeyRegistry.declareCompromised, (key, uint64(block.timestamp - time)))
            : abi.encodeCall(IKeyRegistry.revokeKey, (key, uint64(block.timestamp + time)));
        act(accountAt(who), address(world.keys), data, true);
    }

    function attest(uint8 who, uint8 which) external remembered {
        address account = accountAt(who);
        MemberId member = servedBy(account);
        (, uint8 roles) = world.consortium.standing(member);
        bytes memory data = abi.encodeCall(
            IAttestationRegistry.attest, (schemaAt(which), Batches.make(1, bytes32(newNumber())))
        );
        (bool done,) = act(account, address(world.attestations), data, false);
        if (!done) return;
        IOperators.Operator memory operator = world.consortium.operatorOf(account);
        bool trusted = operator.retiredAt == 0 && operator.compromisedSince == 0;
        check(trusted && operator.purpose == IOperators.OperatorPurpose.ATTEST, "only ATTEST operators attest");
        check(roles & ROLE_ISSUER != 0, "only issuers attest");
        uint64 time = uint64(block.timestamp);
        check(world.accreditations.accreditedAt(member, schemaAt(which), time), "only the accredited attest");
        ++attestations;
    }

    function setStatus(uint8 who, uint8 status, uint8 index) external remembered {
        address account = accountAt(who);
        IStatusRegistry.Status wanted = IStatusRegistry.Status(status % 4);
        uint32 place = index % INDEXES;
        bytes memory data = abi.encodeCall(IStatusRegistry.setStatuses, (0, wanted, Indexes.one(place)));
        (bool done,) = act(account, address(world.statuses), data, wanted != IStatusRegistry.Status.VALID);
        if (!done || wanted != IStatusRegistry.Status.REVOKED) return;
        _revoked[servedBy(account)][place] = true;
        ++revocations;
    }

    function anchor(uint8 who, uint8 epoch, uint8 size, uint8 root) external remembered {
        address account = accountAt(who);
        bytes memory data =
            abi.encodeCall(ILogAnchor.anchor, (1 + epoch % 2, size, bytes32(uint256(root % 2))));
        (bool done,) = act(account, address(world.anchors), data, true);
        if (!done) return;
        IOperators.Operator memory operator = world.consortium.operatorOf(account);
        bool governs = governanceOf(servedBy(account)) == account;
        check(governs || operator.purpose == IOperators.OperatorPurpose.ATTEST, "only ATTEST operators anchor");
        ++anchors;
    }

    function leaveNetwork(uint8 who, uint8 which, bool node) external remembered {
        bytes memory data = node
            ? abi.encodeCall(INetworkAllowlist.removeNode, (nodeAt(which)))
            : abi.encodeCall(INetworkAllowlist.removeAccount, (networkAccountAt(which)));
        act(accountAt(who), address(world.allowlist), data, true);
    }

    function isolate(uint8 who, uint8 which, bool node) external remembered {
        bytes memory data = node
            ? abi.encodeCall(INetworkAllowlist.isolateNode, (nodeAt(which)))
            : abi.encodeCall(INetworkAllowlist.isolateAccount, (networkAccountAt(which)));
        address account = accountAt(who);
        (, uint8 roles) = world.consortium.standing(world.consortium.memberByGovernance(account));
        (bool done,) = act(account, address(world.allowlist), data, false);
        if (!done) return;
        check(roles & 4 != 0, "only supervisors isolate");
        ++isolations;
    }

    /// @dev Every revocation in the books still stands.
    function requireRevocationsStand() external view {
        MemberId[] memory members = world.consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            for (uint32 index = 0; index < INDEXES; ++index) {
                if (!_revoked[members[i]][index]) continue;
                bool stands = world.statuses.statusOf(members[i], 0, index) == IStatusRegistry.Status.REVOKED;
                check(stands, "REVOKED is terminal");
            }
        }
    }
}

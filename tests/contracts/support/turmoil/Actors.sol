// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationRegistry} from "../../../../contracts/attestations/AttestationRegistry.sol";
import {Consortium} from "../../../../contracts/consortium/Consortium.sol";
import {Directory} from "../../../../contracts/consortium/Directory.sol";
import {IMembers} from "../../../../contracts/interfaces/IMembers.sol";
import {KeyRegistry} from "../../../../contracts/keys/KeyRegistry.sol";
import {LogAnchor} from "../../../../contracts/log/LogAnchor.sol";
import {NetworkAllowlist} from "../../../../contracts/network/NetworkAllowlist.sol";
import {RelyingPartyRegistry} from "../../../../contracts/parties/RelyingPartyRegistry.sol";
import {AccreditationRegistry} from "../../../../contracts/schemas/AccreditationRegistry.sol";
import {SchemaRegistry} from "../../../../contracts/schemas/SchemaRegistry.sol";
import {StatusRegistry} from "../../../../contracts/status/StatusRegistry.sol";
import {MemberId, NO_MEMBER} from "../../../../contracts/types/Identifiers.sol";
import {Checks} from "../Checks.sol";
import {vm} from "../Vm.sol";

/// @dev Every contract of a deployment.
struct World {
    Consortium consortium;
    Directory directory;
    SchemaRegistry schemas;
    AccreditationRegistry accreditations;
    KeyRegistry keys;
    AttestationRegistry attestations;
    StatusRegistry statuses;
    RelyingPartyRegistry parties;
    NetworkAllowlist allowlist;
    LogAnchor anchors;
}

/// @dev Who acts, and the rule that holds for every act whatsoever: an active member's account does as its rights go, a
/// suspended member's only tightens, everybody else's does nothing.
abstract contract Actors is Checks {
    World internal world;
    // Every account that ever governed or operated, or was named for it.
    address[] internal accounts;
    mapping(address account => uint256 key) internal keyOf;
    uint256 private _fresh = 0x10000;

    constructor(World memory world_, uint256[] memory founderKeys) {
        world = world_;
        for (uint256 i = 0; i < founderKeys.length; ++i) {
            accounts.push(vm.addr(founderKeys[i]));
            keyOf[accounts[i]] = founderKeys[i];
        }
    }

    /// @dev Acts as an account, swallows a refusal, and judges a success by the books.
    function act(address account, address target, bytes memory data, bool tightens)
        internal
        returns (bool done, bytes memory result)
    {
        IMembers.MemberStatus standing = standingOf(account);
        vm.prank(account);
        (done, result) = target.call(data);
        if (!done) return (done, result);
        bool suspended = standing == IMembers.MemberStatus.SUSPENDED;
        check(standing == IMembers.MemberStatus.ACTIVE || suspended, "only members act");
        check(!suspended || tightens, "a suspended member only tightens");
    }

    function standingOf(address account) internal view returns (IMembers.MemberStatus standing) {
        (standing,) = world.consortium.standing(servedBy(account));
    }

    /// @dev Answers the member that an account governs, or ever operated for.
    function servedBy(address account) internal view returns (MemberId member) {
        member = world.consortium.memberByGovernance(account);
        if (member == NO_MEMBER) member = world.consortium.operatorOf(account).member;
    }

    /// @dev Prefers those who govern now; every fourth is any account, former and operators' ones too.
    function accountAt(uint256 who) internal view returns (address) {
        return who % 4 == 0 ? accounts[who / 4 % accounts.length] : governanceOf(memberAt(who / 4));
    }

    function memberAt(uint256 whom) internal view returns (MemberId) {
        MemberId[] memory members = world.consortium.members();
        return members[whom % members.length];
    }

    function governanceOf(MemberId member) internal view returns (address) {
        return world.consortium.memberById(member).governance;
    }

    function newAccount() internal returns (address account) {
        account = vm.addr(++_fresh);
        keyOf[account] = _fresh;
        accounts.push(account);
    }

    function newNumber() internal returns (uint256) {
        return ++_fresh;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccreditationRegistry} from "../../../../contracts/interfaces/IAccreditationRegistry.sol";
import {IDirectory} from "../../../../contracts/interfaces/IDirectory.sol";
import {IKeyRegistry} from "../../../../contracts/interfaces/IKeyRegistry.sol";
import {ILogAnchor} from "../../../../contracts/interfaces/ILogAnchor.sol";
import {IMembers} from "../../../../contracts/interfaces/IMembers.sol";
import {INetworkAllowlist} from "../../../../contracts/interfaces/INetworkAllowlist.sol";
import {IOperators} from "../../../../contracts/interfaces/IOperators.sol";
import {IRelyingPartyRegistry} from "../../../../contracts/interfaces/IRelyingPartyRegistry.sol";
import {ISchemaRegistry} from "../../../../contracts/interfaces/ISchemaRegistry.sol";
import {KeyThumbprint, MemberId, NodeId, SchemaId, ServiceId} from "../../../../contracts/types/Identifiers.sol";
import {Decisions} from "./Decisions.sol";
import {Memory} from "./Memory.sol";

/// @dev Reads every history there is and lets {Memory} hold it against what it was.
abstract contract Histories is Decisions, Memory {
    // What a key registry said of a moment, by what was known at a block that had ended.
    struct Answer {
        MemberId member;
        KeyThumbprint key;
        uint64 time;
        uint256 knownAt;
        IKeyRegistry.KeyState state;
    }

    uint256 private constant ANSWERS = 16;
    Answer[] private _answers;
    uint256 private _asked;

    function _remember() internal override {
        MemberId[] memory members = world.consortium.members();
        bytes32[] memory entries = new bytes32[](members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            entries[i] = MemberId.unwrap(members[i]);
            _member(members[i]);
        }
        grows("members", entries);
        _schemas();
        _directory();
        _askAgain(members);
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 thumbprint = sha256(walletKeyAt(i));
            onlyEarlier(
                "wallets", i, world.parties.walletProvider(KeyThumbprint.wrap(thumbprint)).distrustedSince
            );
        }
        for (uint256 i = 0; i < NODES; ++i) {
            _listings(keccak256(abi.encode("node", i)), world.allowlist.nodeHistory(nodeAt(i)));
            address account = networkAccountAt(i);
            _listings(keccak256(abi.encode("account", i)), world.allowlist.accountHistory(account));
        }
    }

    function _member(MemberId member) private {
        IMembers.Member memory found = world.consortium.memberById(member);
        settles(MemberId.unwrap(member), 0, found.admittedAt);
        settles(MemberId.unwrap(member), 1, found.removedSince);
        IMembers.GovernanceAccount[] memory governance = world.consortium.governanceHistory(member);
        bytes32[] memory entries = new bytes32[](governance.length);
        for (uint256 i = 0; i < governance.length; ++i) {
            entries[i] = keccak256(abi.encode(governance[i]));
        }
        grows(keccak256(abi.encode("governance", member)), entries);
        string[] memory urls = world.consortium.urls(member);
        entries = new bytes32[](urls.length);
        for (uint256 i = 0; i < urls.length; ++i) {
            entries[i] = keccak256(bytes(urls[i]));
        }
        grows(keccak256(abi.encode("urls", member)), entries);
        _operators(member);
        _keys(member);
        _anchors(member);
        for (uint256 i = 0; i < 2; ++i) {
            _profiles(member, serviceAt(i));
        }
    }

    function _anchors(MemberId member) private {
        onlyGrows(keccak256(abi.encode("epochs", member)), world.anchors.epochOf(member), bytes32(0));
        for (uint64 epoch = 1; epoch <= 2; ++epoch) {
            ILogAnchor.Anchor memory newest = world.anchors.anchorOf(member, epoch);
            onlyGrows(keccak256(abi.encode("anchors", member, epoch)), newest.size, newest.root);
        }
    }

    function _operators(MemberId member) private {
        bytes32 series = keccak256(abi.encode("operators", member));
        address[] memory operators = world.consortium.operators(member);
        bytes32[] memory entries = new bytes32[](operators.length);
        for (uint256 i = 0; i < operators.length; ++i) {
            IOperators.Operator memory found = world.consortium.operatorOf(operators[i]);
            entries[i] = keccak256(abi.encode(operators[i], found.member, found.purpose, found.authorizedAt));
            settles(series, i, found.retiredAt);
            onlyEarlier(series, i, found.compromisedSince);
        }
        grows(series, entries);
    }

    function _keys(MemberId member) private {
        bytes32 series = keccak256(abi.encode("keys", member));
        KeyThumbprint[] memory keys = world.keys.keys(member);
        bytes32[] memory entries = new bytes32[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            IKeyRegistry.Key memory found = world.keys.keyOf(member, keys[i]);
            entries[i] = keccak256(
                abi.encode(keys[i], found.purpose, found.notBefore, found.notAfter, found.registeredAtBlock)
            );
            onlyEarlier(series, 2 * i, found.compromisedSince);
            onlyEarlier(series, 2 * i + 1, found.revokedAt);
        }
        grows(series, entries);
    }

    /// @dev Asks the latest questions again, and a new one in the place of the oldest.
    function _askAgain(MemberId[] memory members) private {
        for (uint256 i = 0; i < _answers.length; ++i) {
            Answer memory answer = _answers[i];
            IKeyRegistry.KeyState state =
                world.keys.keyStateAt(answer.member, answer.key, answer.time, answer.knownAt);
            check(state == answer.state, "what was known at a block is known for ever");
        }
        uint256 number = _asked++;
        MemberId member = members[number % members.length];
        KeyThumbprint[] memory keys = world.keys.keys(member);
        if (keys.length == 0) return;
        (KeyThumbprint key, uint256 knownAt) = (keys[number % keys.length], block.number - 1);
        uint64 time = uint64(block.timestamp - number % 2 * 1 hours);
        Answer memory fresh = Answer(member, key, time, knownAt, world.keys.keyStateAt(member, key, time, knownAt));
        if (_answers.length < ANSWERS) _answers.push(fresh);
        else _answers[number / members.length % ANSWERS] = fresh;
    }

    function _profiles(MemberId member, ServiceId service) private {
        bytes32 series = keccak256(abi.encode("profiles", member, service));
        IRelyingPartyRegistry.Profile[] memory profiles = world.parties.profileHistory(member, service);
        bytes32[] memory entries = new bytes32[](profiles.length);
        for (uint256 i = 0; i < profiles.length; ++i) {
            entries[i] = keccak256(abi.encode(profiles[i].digest, profiles[i].registeredAt));
            settles(series, i, profiles[i].endedAt);
        }
        grows(series, entries);
    }

    function _schemas() private {
        SchemaId[] memory schemas = world.schemas.schemas();
        bytes32[] memory entries = new bytes32[](schemas.length);
        MemberId[] memory members = world.consortium.members();
        for (uint256 i = 0; i < schemas.length; ++i) {
            ISchemaRegistry.Schema memory found = world.schemas.schemaById(schemas[i]);
            entries[i] = keccak256(abi.encode(schemas[i], found.registeredAt, found.vct));
            settles("schemas", i, found.deprecatedAt);
            for (uint256 j = 0; j < members.length; ++j) {
                _grants(members[j], schemas[i]);
            }
        }
        grows("schemas", entries);
    }

    function _grants(MemberId member, SchemaId schema) private {
        bytes32 series = keccak256(abi.encode("grants", member, schema));
        IAccreditationRegistry.Grant[] memory grants = world.accreditations.grants(member, schema);
        bytes32[] memory entries = new bytes32[](grants.length);
        for (uint256 i = 0; i < grants.length; ++i) {
            entries[i] = keccak256(abi.encode(grants[i].validFrom, grants[i].validUntil));
            onlyEarlier(series, i, grants[i].withdrawnSince);
        }
        grows(series, entries);
    }

    function _directory() private {
        bytes32[] memory names = world.directory.names();
        grows("names", names);
        for (uint256 i = 0; i < names.length; ++i) {
            IDirectory.Entry[] memory history = world.directory.history(names[i]);
            bytes32[] memory entries = new bytes32[](history.length);
            for (uint256 j = 0; j < history.length; ++j) {
                entries[j] = keccak256(abi.encode(history[j]));
            }
            grows(keccak256(abi.encode("directory", names[i])), entries);
        }
    }

    function _listings(bytes32 series, INetworkAllowlist.Listing[] memory listings) private {
        bytes32[] memory entries = new bytes32[](listings.length);
        for (uint256 i = 0; i < listings.length; ++i) {
            entries[i] = keccak256(abi.encode(listings[i].member, listings[i].addedAt));
            settles(series, i, listings[i].removedAt);
        }
        grows(series, entries);
    }
}

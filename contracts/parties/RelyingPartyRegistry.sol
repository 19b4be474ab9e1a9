// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../consortium/Governed.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {IRelyingPartyRegistry} from "../interfaces/IRelyingPartyRegistry.sol";
import {KeyThumbprint, MemberId, ServiceId} from "../types/Identifiers.sol";
import {ROLE_RELYING_PARTY} from "../types/Roles.sol";

/// @title What relying parties may ask, and whose wallets are trusted
contract RelyingPartyRegistry is IRelyingPartyRegistry, Governed {
    uint256 private constant MAXIMUM_PROFILE = 8 * 1024;
    uint256 private constant MAXIMUM_JWK = 1024;
    uint256 private constant MAXIMUM_NAME = 128;

    mapping(MemberId member => mapping(ServiceId service => Profile[] versions)) private _profiles;
    mapping(KeyThumbprint thumbprint => WalletProvider record) private _walletProviders;

    /// @param consortium_ whom to obey
    constructor(IConsortium consortium_) Governed(consortium_) {}

    /// @inheritdoc IRelyingPartyRegistry
    function registerProfile(MemberId member, ServiceId service, bytes calldata profile)
        external
        onlyConsortium
        returns (bytes32 digest)
    {
        (IMembers.MemberStatus status, uint8 roles) = CONSORTIUM.standing(member);
        bool present = status == IMembers.MemberStatus.ACTIVE || status == IMembers.MemberStatus.SUSPENDED;
        if (!present || roles & ROLE_RELYING_PARTY == 0) revert ProfileMemberNotRelyingParty(member, roles);
        if (ServiceId.unwrap(service) == bytes32(0)) revert ProfileServiceMissing();
        if (profile.length == 0 || profile.length > MAXIMUM_PROFILE) {
            revert ProfileSizeWrong(profile.length, MAXIMUM_PROFILE);
        }
        digest = sha256(profile);
        if (profileDigest(member, service) == digest) revert ProfileUnchanged(member, service, digest);
        Profile[] storage versions = _profiles[member][service];
        _end(versions);
        versions.push(Profile(digest, uint64(block.timestamp), 0));
        emit ProfileRegistered(member, service, digest, profile);
    }

    /// @inheritdoc IRelyingPartyRegistry
    function withdrawProfile(MemberId member, ServiceId service) external onlyConsortium {
        if (profileDigest(member, service) == bytes32(0)) revert ProfileUnknown(member, service);
        _end(_profiles[member][service]);
        emit ProfileWithdrawn(member, service);
    }

    /// @inheritdoc IRelyingPartyRegistry
    function trustWalletProvider(bytes calldata jwk, string calldata name, uint64 validUntil)
        external
        onlyConsortium
        returns (KeyThumbprint thumbprint)
    {
        uint256 nameSize = bytes(name).length;
        bool keyFits = jwk.length != 0 && jwk.length <= MAXIMUM_JWK;
        if (!keyFits || nameSize == 0 || nameSize > MAXIMUM_NAME) {
            revert WalletProviderSizeWrong(jwk.length, nameSize);
        }
        if (validUntil <= block.timestamp) revert WalletProviderTimeWrong(validUntil, uint64(block.timestamp));
        thumbprint = KeyThumbprint.wrap(sha256(jwk));
        WalletProvider storage record = _walletProviders[thumbprint];
        if (record.distrustedSince != 0) {
            revert WalletProviderAlreadyDistrusted(thumbprint, record.distrustedSince);
        }
        record.trustedAt = uint64(block.timestamp);
        record.validUntil = validUntil;
        emit WalletProviderTrusted(thumbprint, name, jwk, validUntil);
    }

    /// @inheritdoc IRelyingPartyRegistry
    function distrustWalletProvider(KeyThumbprint thumbprint, uint64 effectiveSince) external onlyConsortium {
        WalletProvider storage record = _walletProviders[thumbprint];
        uint64 blockTime = uint64(block.timestamp);
        if (record.trustedAt == 0) revert WalletProviderUnknown(thumbprint);
        if (effectiveSince > blockTime) revert WalletProviderDistrustInFuture(effectiveSince, blockTime);
        if (effectiveSince == 0) effectiveSince = blockTime;
        uint64 standing = record.distrustedSince;
        if (standing != 0 && effectiveSince >= standing) revert WalletProviderAlreadyDistrusted(thumbprint, standing);
        record.distrustedSince = effectiveSince;
        emit WalletProviderDistrusted(thumbprint, effectiveSince);
    }

    /// @inheritdoc IRelyingPartyRegistry
    function profileHistory(MemberId member, ServiceId service) external view returns (Profile[] memory) {
        return _profiles[member][service];
    }

    /// @inheritdoc IRelyingPartyRegistry
    function walletProvider(KeyThumbprint thumbprint) external view returns (WalletProvider memory) {
        return _walletProviders[thumbprint];
    }

    /// @inheritdoc IRelyingPartyRegistry
    function profileDigest(MemberId member, ServiceId service) public view returns (bytes32 digest) {
        Profile[] storage versions = _profiles[member][service];
        if (versions.length == 0) return bytes32(0);
        Profile storage latest = versions[versions.length - 1];
        return latest.endedAt == 0 ? latest.digest : bytes32(0);
    }

    function _end(Profile[] storage versions) private {
        if (versions.length == 0) return;
        Profile storage latest = versions[versions.length - 1];
        if (latest.endedAt == 0) latest.endedAt = uint64(block.timestamp);
    }
}

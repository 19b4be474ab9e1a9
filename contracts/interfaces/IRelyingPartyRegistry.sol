// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeyThumbprint, MemberId, ServiceId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";

/// @title What relying parties may ask of holders, and whose wallets are trusted
/// @notice A profile says which schemas and claims a service may request and for what purpose; its exact bytes are
/// emitted, its SHA-256 kept. The keys that sign requests stand in the key registry, so rotating one needs no vote.
interface IRelyingPartyRegistry is IGoverned {
    /// @notice A version of a service's request profile.
    /// @param digest SHA-256 of the profile's exact bytes
    /// @param registeredAt block time of registration
    /// @param endedAt block time at which it was replaced or withdrawn; 0 while it holds
    struct Profile {
        bytes32 digest;
        uint64 registeredAt;
        uint64 endedAt;
    }

    /// @notice A wallet provider's key.
    /// @param trustedAt block time at which it was last trusted; 0 if never
    /// @param validUntil first second at which it is no longer trusted
    /// @param distrustedSince time from which it is distrusted; 0 if it is not
    struct WalletProvider {
        uint64 trustedAt;
        uint64 validUntil;
        uint64 distrustedSince;
    }

    /// @notice A profile was registered; it replaces the service's earlier one.
    /// @param member relying party
    /// @param service the relying party's own name for its service
    /// @param digest SHA-256 of the profile
    /// @param profile exact bytes: RFC 8785 JSON
    event ProfileRegistered(
        MemberId indexed member, ServiceId indexed service, bytes32 indexed digest, bytes profile
    );

    /// @notice A service may no longer request anything.
    /// @param member relying party
    /// @param service which service
    event ProfileWithdrawn(MemberId indexed member, ServiceId indexed service);

    /// @notice A wallet provider's key was trusted, or trusted for another time.
    /// @param thumbprint SHA-256 of the key's bytes: its RFC 7638 thumbprint, as they must be the canonical form
    /// @param name the provider's name
    /// @param jwk exact bytes: the RFC 7638 canonical form of the public key
    /// @param validUntil first second at which it is no longer trusted
    event WalletProviderTrusted(
        KeyThumbprint indexed thumbprint, string name, bytes jwk, uint64 validUntil
    );

    /// @notice A wallet provider's key is no longer trusted, or was not from an earlier time on.
    /// @param thumbprint which key
    /// @param effectiveSince time from which it is distrusted
    event WalletProviderDistrusted(KeyThumbprint indexed thumbprint, uint64 effectiveSince);

    /// @notice Refuses a profile of a member that is removed, unknown or no relying party.
    /// @param member who was to be registered
    /// @param roles its roles
    error ProfileMemberNotRelyingParty(MemberId member, uint8 roles);
    /// @notice Refuses an empty service name.
    error ProfileServiceMissing();
    /// @notice Refuses a profile that is empty or too large.
    /// @param size bytes offered
    /// @param maximum bytes allowed
    error ProfileSizeWrong(uint256 size, uint256 maximum);
    /// @notice Refuses to register what holds already.
    /// @param member relying party
    /// @param service which service
    /// @param digest of the profile
    error ProfileUnchanged(MemberId member, ServiceId service, bytes32 digest);
    /// @notice Refuses to withdraw a profile that is not there.
    /// @param member relying party
    /// @param service which service
    error ProfileUnknown(MemberId member, ServiceId service);
    /// @notice Refuses a wallet provider's key or name that is empty or too large.
    /// @param keySize bytes of the key
    /// @param nameSize bytes of the name
    error WalletProviderSizeWrong(uint256 keySize, uint256 nameSize);
    /// @notice Refuses a time that is already over.
    /// @param validUntil what was offered
    /// @param blockTime time of this block
    error WalletProviderTimeWrong(uint64 validUntil, uint64 blockTime);
    /// @notice Refuses to trust again a key that was distrusted, as a new start needs a new key, and to distrust it from
    /// a time that is not earlier than what stands.
    /// @param thumbprint which key
    /// @param distrustedSince since when
    error WalletProviderAlreadyDistrusted(KeyThumbprint thumbprint, uint64 distrustedSince);
    /// @notice Refuses a key that was never trusted.
    /// @param thumbprint which key
    error WalletProviderUnknown(KeyThumbprint thumbprint);
    /// @notice Refuses to distrust from a time in the future.
    /// @param effectiveSince what was offered
    /// @param blockTime time of this block
    error WalletProviderDistrustInFuture(uint64 effectiveSince, uint64 blockTime);

    /// @notice Registers a service's request profile in place of its earlier one. Only by an executed proposal.
    /// @param member relying party
    /// @param service the relying party's own name for its service
    /// @param profile exact bytes: RFC 8785 JSON, 1 to 8,192
    /// @return digest SHA-256 of the profile
    function registerProfile(MemberId member, ServiceId service, bytes calldata profile)
        external
        returns (bytes32 digest);

    /// @notice Withdraws a service's profile. Only by an executed proposal.
    /// @param member relying party, removed ones included
    /// @param service which service
    function withdrawProfile(MemberId member, ServiceId service) external;

    /// @notice Trusts a wallet provider's key, or changes for how long. Only by an executed proposal. The members must
    /// see that the bytes are the canonical form: under those of any other form no key is ever found.
    /// @param jwk RFC 7638 canonical form of the public key, 1 to 1,024 bytes
    /// @param name the provider's name, 1 to 128 bytes
    /// @param validUntil first second at which it is no longer trusted
    /// @return thumbprint of the key
    function trustWalletProvider(bytes calldata jwk, string calldata name, uint64 validUntil)
        external
        returns (KeyThumbprint thumbprint);

    /// @notice Distrusts a wallet provider's key for ever; a second time can only take effect earlier. Only by an
    /// executed proposal.
    /// @param thumbprint which key
    /// @param effectiveSince time from which it is distrusted, not in the future; 0 stands for this block's time
    function distrustWalletProvider(KeyThumbprint thumbprint, uint64 effectiveSince) external;

    /// @notice Reads the digest of a service's present profile.
    /// @param member relying party
    /// @param service which service
    /// @return digest SHA-256 of the profile; zero if none holds
    function profileDigest(MemberId member, ServiceId service) external view returns (bytes32 digest);

    /// @notice Reads every profile a service had.
    /// @param member relying party
    /// @param service which service
    /// @return every version, oldest first
    function profileHistory(MemberId member, ServiceId service) external view returns (Profile[] memory);

    /// @notice Reads a wallet provider's key.
    /// @param thumbprint which key
    /// @return the record; all zero if unknown
    function walletProvider(KeyThumbprint thumbprint) external view returns (WalletProvider memory);
}

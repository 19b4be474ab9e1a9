// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IRelyingPartyRegistry} from "../../contracts/interfaces/IRelyingPartyRegistry.sol";
import {KeyThumbprint, MemberId, ServiceId} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract RelyingPartyRegistryTest is Fixture {
    ServiceId private constant SERVICE = ServiceId.wrap(bytes32("account-opening"));
    bytes private constant PROFILE = '{"claims":["name_ko"],"purpose":"account opening"}';
    bytes private constant JWK = '{"crv":"P-256","kty":"EC","x":"a","y":"b"}';

    function _register(MemberId member, ServiceId service, bytes memory profile) private returns (bytes32) {
        vm.prank(address(consortium));
        return parties.registerProfile(member, service, profile);
    }

    function _trust(bytes memory jwk, string memory name, uint64 until) private returns (KeyThumbprint) {
        vm.prank(address(consortium));
        return parties.trustWalletProvider(jwk, name, until);
    }

    function _distrust(KeyThumbprint thumbprint, uint64 since) private {
        vm.prank(address(consortium));
        parties.distrustWalletProvider(thumbprint, since);
    }

    function test_profile_is_known_by_the_sha256_of_its_bytes_which_are_emitted() public {
        vm.expectEmit(true, true, true, true, address(parties));
        emit IRelyingPartyRegistry.ProfileRegistered(exchange, SERVICE, sha256(PROFILE), PROFILE);
        equal(_register(exchange, SERVICE, PROFILE), sha256(PROFILE), "digest");
        equal(parties.profileDigest(exchange, SERVICE), sha256(PROFILE), "present");
        equal(parties.profileDigest(bank, SERVICE), bytes32(0), "another member's");
    }

    function test_new_version_replaces_and_the_history_grows() public {
        _register(exchange, SERVICE, PROFILE);
        vm.warp(START + 10);
        _register(exchange, SERVICE, "{}");
        vm.warp(START + 20);
        vm.prank(address(consortium));
        parties.withdrawProfile(exchange, SERVICE);
        equal(parties.profileDigest(exchange, SERVICE), bytes32(0), "withdrawn");
        _register(exchange, SERVICE, PROFILE);
        IRelyingPartyRegistry.Profile[] memory history = parties.profileHistory(exchange, SERVICE);
        equal(history.length, 3, "versions");
        equal(history[0].endedAt, START + 10, "first ended");
        equal(history[1].endedAt, START + 20, "second ended");
        equal(history[2].endedAt, 0, "third holds");
    }

    function test_only_the_consortium_writes() public {
        bytes memory problem = abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, exchangeGov);
        vm.expectRevert(problem);
        vm.prank(exchangeGov);
        parties.registerProfile(exchange, SERVICE, PROFILE);
        vm.expectRevert(problem);
        vm.prank(exchangeGov);
        parties.withdrawProfile(exchange, SERVICE);
        vm.expectRevert(problem);
        vm.prank(exchangeGov);
        parties.trustWalletProvider(JWK, "wallet", START + 1);
        vm.expectRevert(problem);
        vm.prank(exchangeGov);
        parties.distrustWalletProvider(KeyThumbprint.wrap(bytes32("thumbprint")), START);
    }

    function test_only_present_relying_parties_have_profiles() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.ProfileMemberNotRelyingParty.selector, broker, 1)
        );
        _register(broker, SERVICE, PROFILE);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (exchange, 0, false)));
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.ProfileMemberNotRelyingParty.selector, exchange, 2)
        );
        _register(exchange, SERVICE, PROFILE);
    }

    function test_profile_of_a_removed_member_can_be_withdrawn() public {
        _register(exchange, SERVICE, PROFILE);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (exchange, 0, false)));
        vm.expectEmit(true, true, true, true, address(parties));
        emit IRelyingPartyRegistry.ProfileWithdrawn(exchange, SERVICE);
        vm.prank(address(consortium));
        parties.withdrawProfile(exchange, SERVICE);
    }

    function test_unknown_or_withdrawn_profile_is_not_withdrawn() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.ProfileUnknown.selector, exchange, SERVICE)
        );
        vm.prank(address(consortium));
        parties.withdrawProfile(exchange, SERVICE);
    }

    function test_empty_oversized_nameless_or_same_profile_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IRelyingPartyRegistry.ProfileSizeWrong.selector, 0, 8192));
        _register(exchange, SERVICE, "");
        vm.expectRevert(abi.encodeWithSelector(IRelyingPartyRegistry.ProfileSizeWrong.selector, 8193, 8192));
        _register(exchange, SERVICE, new bytes(8193));
        vm.expectRevert(abi.encodeWithSelector(IRelyingPartyRegistry.ProfileServiceMissing.selector));
        _register(exchange, ServiceId.wrap(0), PROFILE);
        _register(exchange, SERVICE, PROFILE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRelyingPartyRegistry.ProfileUnchanged.selector, exchange, SERVICE, sha256(PROFILE)
            )
        );
        _register(exchange, SERVICE, PROFILE);
    }

    function test_wallet_provider_is_trusted_until_and_for_longer() public {
        KeyThumbprint thumbprint = KeyThumbprint.wrap(sha256(JWK));
        vm.expectEmit(true, true, true, true, address(parties));
        emit IRelyingPartyRegistry.WalletProviderTrusted(thumbprint, "wallet", JWK, START + 10);
        _trust(JWK, "wallet", START + 10);
        vm.warp(START + 5);
        _trust(JWK, "wallet", START + 20);
        IRelyingPartyRegistry.WalletProvider memory found = parties.walletProvider(thumbprint);
        equal(found.trustedAt, START + 5, "trusted at");
        equal(found.validUntil, START + 20, "until");
    }

    function test_distrusted_wallet_provider_never_comes_back() public {
        KeyThumbprint thumbprint = _trust(JWK, "wallet", START + 1000);
        vm.warp(START + 50);
        vm.expectEmit(true, true, true, true, address(parties));
        emit IRelyingPartyRegistry.WalletProviderDistrusted(thumbprint, START + 40);
        _distrust(thumbprint, START + 40);
        bytes memory problem = abi.encodeWithSelector(
            IRelyingPartyRegistry.WalletProviderAlreadyDistrusted.selector, thumbprint, START + 40
        );
        vm.expectRevert(problem);
        _trust(JWK, "wallet", START + 2000);
        vm.expectRevert(problem);
        _distrust(thumbprint, START + 40);
        vm.expectRevert(problem);
        _distrust(thumbprint, 0);
        equal(parties.walletProvider(thumbprint).distrustedSince, START + 40, "since");
    }

    /// @dev What is learnt later about a theft can be recorded, as for keys, operators and accreditations.
    function test_distrust_moves_earlier() public {
        KeyThumbprint thumbprint = _trust(JWK, "wallet", START + 1000);
        vm.warp(START + 50);
        _distrust(thumbprint, START + 40);
        vm.expectEmit(true, true, true, true, address(parties));
        emit IRelyingPartyRegistry.WalletProviderDistrusted(thumbprint, START + 30);
        _distrust(thumbprint, START + 30);
        equal(parties.walletProvider(thumbprint).distrustedSince, START + 30, "since");
    }

    function test_distrust_without_a_time_holds_at_once_and_never_in_the_future() public {
        KeyThumbprint thumbprint = _trust(JWK, "wallet", START + 1000);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRelyingPartyRegistry.WalletProviderDistrustInFuture.selector, START + 1, START
            )
        );
        _distrust(thumbprint, START + 1);
        _distrust(thumbprint, 0);
        equal(parties.walletProvider(thumbprint).distrustedSince, START, "since");
    }

    function test_malformed_or_unknown_wallet_providers_are_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.WalletProviderSizeWrong.selector, 0, 6)
        );
        _trust("", "wallet", START + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.WalletProviderSizeWrong.selector, 1025, 6)
        );
        _trust(new bytes(1025), "wallet", START + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.WalletProviderSizeWrong.selector, JWK.length, 0)
        );
        _trust(JWK, "", START + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.WalletProviderSizeWrong.selector, JWK.length, 129)
        );
        _trust(JWK, string(new bytes(129)), START + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.WalletProviderTimeWrong.selector, START, START)
        );
        _trust(JWK, "wallet", START);
        KeyThumbprint unknown = KeyThumbprint.wrap(bytes32("unknown"));
        vm.expectRevert(
            abi.encodeWithSelector(IRelyingPartyRegistry.WalletProviderUnknown.selector, unknown)
        );
        _distrust(unknown, START);
    }
}

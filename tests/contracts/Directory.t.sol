// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Directory} from "../../contracts/consortium/Directory.sol";
import {IConsortium} from "../../contracts/interfaces/IConsortium.sol";
import {IDirectory} from "../../contracts/interfaces/IDirectory.sol";
import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract DirectoryTest is Fixture {
    bytes32 private constant NAME = "StatusRegistry";
    Directory private directory;

    function setUp() public override {
        super.setUp();
        (bytes32[] memory names, address[] memory addresses) = _first();
        directory = new Directory(consortium, names, addresses);
    }

    function _first() private view returns (bytes32[] memory names, address[] memory addresses) {
        names = new bytes32[](2);
        addresses = new address[](2);
        (names[0], names[1]) = (bytes32("Consortium"), NAME);
        (addresses[0], addresses[1]) = (address(consortium), address(statuses));
    }

    function test_first_names_stand_with_their_block() public view {
        equal(directory.current("Consortium"), address(consortium), "consortium");
        equal(directory.current(NAME), address(statuses), "statuses");
        equal(directory.names().length, 2, "names");
        equal(directory.history(NAME)[0].fromBlock, block.number, "block");
        equal(directory.current("Unknown"), address(0), "unknown");
        equal(directory.consortium(), address(consortium), "obeys");
    }

    function test_successor_is_named_and_the_history_grows() public {
        vm.roll(2000);
        vm.expectEmit(true, true, true, true, address(directory));
        emit IDirectory.ContractNamed(NAME, address(parties), 1, address(statuses));
        vm.prank(address(consortium));
        directory.set(NAME, address(parties));
        IDirectory.Entry[] memory history = directory.history(NAME);
        equal(history.length, 2, "entries");
        equal(history[0].contractAddress, address(statuses), "first");
        equal(history[0].fromBlock, 1000, "first block");
        equal(history[1].contractAddress, address(parties), "second");
        equal(history[1].fromBlock, 2000, "second block");
        equal(directory.names().length, 2, "names");
    }

    function test_only_the_consortium_names() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, bankGov));
        vm.prank(bankGov);
        directory.set(NAME, address(parties));
    }

    function test_empty_name_codeless_or_same_address_is_refused() public {
        _decideFails(
            address(directory),
            abi.encodeCall(IDirectory.set, (bytes32(0), address(parties))),
            abi.encodeWithSelector(IDirectory.DirectoryNameMissing.selector)
        );
        _decideFails(
            address(directory),
            abi.encodeCall(IDirectory.set, (NAME, stranger)),
            abi.encodeWithSelector(IDirectory.DirectoryAddressWithoutCode.selector, NAME, stranger)
        );
        _decideFails(
            address(directory),
            abi.encodeCall(IDirectory.set, (NAME, address(statuses))),
            abi.encodeWithSelector(IDirectory.DirectoryUnchanged.selector, NAME, address(statuses))
        );
    }

    function test_deployment_without_consortium_or_with_odd_lists_is_refused() public {
        (bytes32[] memory names, address[] memory addresses) = _first();
        vm.expectRevert(abi.encodeWithSelector(IGoverned.PeerWithoutCode.selector, stranger));
        new Directory(IConsortium(stranger), names, addresses);
        vm.expectRevert(abi.encodeWithSelector(IDirectory.DirectoryLengthsDiffer.selector, 2, 1));
        new Directory(consortium, names, new address[](1));
    }
}

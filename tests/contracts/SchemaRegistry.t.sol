// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {ISchemaRegistry} from "../../contracts/interfaces/ISchemaRegistry.sol";
import {SchemaId} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract SchemaRegistryTest is Fixture {
    SchemaId private schema = SchemaId.wrap(sha256(METADATA));

    function _register(bytes memory metadata, string memory vct) private pure returns (bytes memory) {
        return abi.encodeCall(ISchemaRegistry.registerSchema, (metadata, vct));
    }

    function _expectMalformed(string memory vct) private {
        _decideFails(
            address(schemas),
            _register(METADATA, vct),
            abi.encodeWithSelector(ISchemaRegistry.SchemaVctMalformed.selector, vct)
        );
    }

    function test_identifier_is_the_sha256_of_the_bytes_which_are_emitted() public {
        vm.prank(address(consortium));
        vm.expectEmit(true, true, true, true, address(schemas));
        emit ISchemaRegistry.SchemaRegistered(schema, VCT, METADATA);
        SchemaId got = schemas.registerSchema(METADATA, VCT);
        equal(SchemaId.unwrap(got), sha256(METADATA), "identifier");
        equal(SchemaId.unwrap(schemas.schemaByVct(VCT)), sha256(METADATA), "by vct");
        equal(schemas.schemaById(schema).registeredAt, START, "registered at");
        equal(schemas.schemas().length, 1, "schemas");
    }

    function test_only_the_consortium_registers_and_deprecates() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, bankGov));
        vm.prank(bankGov);
        schemas.registerSchema(METADATA, VCT);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, bankGov));
        vm.prank(bankGov);
        schemas.deprecateSchema(schema);
    }

    function test_same_metadata_or_same_vct_is_refused() public {
        _decide(address(schemas), _register(METADATA, VCT));
        _decideFails(
            address(schemas),
            _register(METADATA, "https://jeung.example/other"),
            abi.encodeWithSelector(ISchemaRegistry.SchemaExists.selector, schema)
        );
        _decideFails(
            address(schemas),
            _register("{}", VCT),
            abi.encodeWithSelector(ISchemaRegistry.SchemaVctTaken.selector, VCT, schema)
        );
    }

    function test_empty_or_oversized_metadata_is_refused() public {
        _decideFails(
            address(schemas),
            _register("", VCT),
            abi.encodeWithSelector(ISchemaRegistry.SchemaMetadataSizeWrong.selector, 0, 16_384)
        );
        _decideFails(
            address(schemas),
            _register(new bytes(16_385), VCT),
            abi.encodeWithSelector(ISchemaRegistry.SchemaMetadataSizeWrong.selector, 16_385, 16_384)
        );
        _decide(address(schemas), _register(new bytes(16_384), VCT));
    }

    function test_malformed_vct_is_refused() public {
        _expectMalformed("");
        _expectMalformed("https://jeung.example/a b");
        _expectMalformed('https://jeung.example/"');
        _expectMalformed("https://jeung.example/\\");
        _expectMalformed("https://jeung.example/\n");
        _expectMalformed(unicode"https://jeung.example/실명");
        _expectMalformed(string(bytes.concat(new bytes(0), _filled(257))));
        _decide(address(schemas), _register(METADATA, string(_filled(256))));
    }

    function _filled(uint256 size) private pure returns (bytes memory text) {
        text = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            text[i] = "a";
        }
    }

    function test_deprecated_schema_stays_so_and_stays_readable() public {
        _decide(address(schemas), _register(METADATA, VCT));
        _decide(address(schemas), abi.encodeCall(ISchemaRegistry.deprecateSchema, (schema)));
        uint64 then = uint64(block.timestamp);
        equal(schemas.schemaById(schema).deprecatedAt, then, "deprecated at");
        equal(keccak256(bytes(schemas.schemaById(schema).vct)), keccak256(bytes(VCT)), "vct");
        _decideFails(
            address(schemas),
            abi.encodeCall(ISchemaRegistry.deprecateSchema, (schema)),
            abi.encodeWithSelector(ISchemaRegistry.SchemaAlreadyDeprecated.selector, schema, then)
        );
    }

    function test_unknown_schema_is_not_deprecated() public {
        _decideFails(
            address(schemas),
            abi.encodeCall(ISchemaRegistry.deprecateSchema, (schema)),
            abi.encodeWithSelector(ISchemaRegistry.SchemaUnknown.selector, schema)
        );
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationRegistry} from "../../../contracts/attestations/AttestationRegistry.sol";
import {Consortium} from "../../../contracts/consortium/Consortium.sol";
import {Directory} from "../../../contracts/consortium/Directory.sol";
import {IAccreditationRegistry} from "../../../contracts/interfaces/IAccreditationRegistry.sol";
import {IConsortium} from "../../../contracts/interfaces/IConsortium.sol";
import {IMembers} from "../../../contracts/interfaces/IMembers.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {IProposals} from "../../../contracts/interfaces/IProposals.sol";
import {ISchemaRegistry} from "../../../contracts/interfaces/ISchemaRegistry.sol";
import {IStatusRegistry} from "../../../contracts/interfaces/IStatusRegistry.sol";
import {KeyRegistry} from "../../../contracts/keys/KeyRegistry.sol";
import {LogAnchor} from "../../../contracts/log/LogAnchor.sol";
import {NetworkAllowlist} from "../../../contracts/network/NetworkAllowlist.sol";
import {RelyingPartyRegistry} from "../../../contracts/parties/RelyingPartyRegistry.sol";
import {AccreditationRegistry} from "../../../contracts/schemas/AccreditationRegistry.sol";
import {SchemaRegistry} from "../../../contracts/schemas/SchemaRegistry.sol";
import {StatusRegistry} from "../../../contracts/status/StatusRegistry.sol";
import {MemberId, ProposalId, SchemaId} from "../../../contracts/types/Identifiers.sol";
import {
    ROLE_ISSUER,
    ROLE_RELYING_PARTY,
    ROLE_SUPERVISOR
} from "../../../contracts/types/Roles.sol";
import {Checks} from "./Checks.sol";
import {Vm, vm} from "./Vm.sol";

/// @dev A consortium of four: two banks that issue, an exchange that relies, a supervisor. Three of four decide.
abstract contract Fixture is Checks {
    uint64 internal constant TIMELOCK = 2 days;
    uint64 internal constant LIFETIME = 14 days;
    uint64 internal constant START = 1_800_000_000;
    uint32 internal constant CAP = 200;
    uint32 internal constant WINDOW = 1 hours;
    string internal constant VCT = "https://jeung.example/types/real-name/1";
    bytes internal constant METADATA = '{"vct":"https://jeung.example/types/real-name/1"}';

    uint256 internal constant BANK_KEY = 0xB1;
    uint256 internal constant BROKER_KEY = 0xB2;
    uint256 internal constant EXCHANGE_KEY = 0xB3;
    uint256 internal constant SUPERVISOR_KEY = 0xB4;
    uint256 internal constant BANK_ATTEST_KEY = 0xC1;
    uint256 internal constant BANK_STATUS_KEY = 0xC2;
    uint256 internal constant BROKER_ATTEST_KEY = 0xC3;
    uint256 internal constant BROKER_STATUS_KEY = 0xC4;

    address internal immutable bankGov = vm.addr(BANK_KEY);
    address internal immutable brokerGov = vm.addr(BROKER_KEY);
    address internal immutable exchangeGov = vm.addr(EXCHANGE_KEY);
    address internal immutable supervisorGov = vm.addr(SUPERVISOR_KEY);
    address internal immutable bankAttest = vm.addr(BANK_ATTEST_KEY);
    address internal immutable bankStatus = vm.addr(BANK_STATUS_KEY);
    address internal immutable brokerAttest = vm.addr(BROKER_ATTEST_KEY);
    address internal immutable brokerStatus = vm.addr(BROKER_STATUS_KEY);
    address internal immutable stranger = address(0xBAD);

    MemberId internal bank;
    MemberId internal broker;
    MemberId internal exchange;
    MemberId internal supervisor;

    Consortium internal consortium;
    SchemaRegistry internal schemas;
    AccreditationRegistry internal accreditations;
    KeyRegistry internal keyRegistry;
    AttestationRegistry internal attestations;
    StatusRegistry internal statuses;
    RelyingPartyRegistry internal parties;
    NetworkAllowlist internal allowlist;
    LogAnchor internal logAnchor;
    uint256 private _salt;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1000);
        consortium = new Consortium(_founders(), _rules(), TIMELOCK);
        schemas = new SchemaRegistry(consortium);
        accreditations = new AccreditationRegistry(consortium, schemas);
        keyRegistry = new KeyRegistry(consortium);
        attestations = new AttestationRegistry(consortium, accreditations);
        statuses = new StatusRegistry(consortium, IStatusRegistry(address(0)), CAP, WINDOW);
        parties = new RelyingPartyRegistry(consortium);
        allowlist = new NetworkAllowlist(consortium);
        logAnchor = new LogAnchor(consortium);
        bank = consortium.memberByGovernance(bankGov);
        broker = consortium.memberByGovernance(brokerGov);
        exchange = consortium.memberByGovernance(exchangeGov);
        supervisor = consortium.memberByGovernance(supervisorGov);
    }

    function _founders() internal view returns (IMembers.Founder[] memory founders) {
        founders = new IMembers.Founder[](4);
        founders[0] =
            IMembers.Founder("https://bank.example", bankGov, ROLE_ISSUER | ROLE_RELYING_PARTY);
        founders[1] = IMembers.Founder("https://broker.example", brokerGov, ROLE_ISSUER);
        founders[2] = IMembers.Founder("https://exchange.example", exchangeGov, ROLE_RELYING_PARTY);
        founders[3] = IMembers.Founder("https://supervisor.example", supervisorGov, ROLE_SUPERVISOR);
    }

    function _rules() internal pure returns (IProposals.Rules memory) {
        return IProposals.Rules(2, 3, TIMELOCK, LIFETIME);
    }

    /// @dev Lets bank and broker attest and set statuses.
    function _authorizeOperators() internal {
        vm.prank(bankGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.ATTEST, bankAttest);
        vm.prank(bankGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.STATUS, bankStatus);
        vm.prank(brokerGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.ATTEST, brokerAttest);
        vm.prank(brokerGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.STATUS, brokerStatus);
    }

    /// @dev Registers the schema and accredits the bank for a year.
    function _accreditBank() internal returns (SchemaId schema) {
        schema = SchemaId.wrap(sha256(METADATA));
        _decide(address(schemas), abi.encodeCall(ISchemaRegistry.registerSchema, (METADATA, VCT)));
        _accredit(bank, schema);
    }

    function _accredit(MemberId member, SchemaId schema) internal {
        _decide(
            address(accreditations),
            abi.encodeCall(
                IAccreditationRegistry.grant, (member, schema, 0, uint64(block.timestamp) + 365 days)
            )
        );
    }

    /// @dev Takes a call through the whole procedure.
    function _decide(address target, bytes memory data) internal returns (bytes memory) {
        (ProposalId proposal, bytes32 salt) = _carry(target, data);
        vm.prank(bankGov);
        return consortium.execute(proposal, target, data, salt);
    }

    /// @dev Takes a call through the procedure and expects the call itself to be refused.
    function _decideFails(address target, bytes memory data, bytes memory problem) internal {
        (ProposalId proposal, bytes32 salt) = _carry(target, data);
        vm.expectRevert(problem);
        vm.prank(bankGov);
        consortium.execute(proposal, target, data, salt);
    }

    /// @dev Proposes, has every active member approve, and lets the approvals ripen.
    function _carry(address target, bytes memory data) internal returns (ProposalId proposal, bytes32 salt) {
        salt = bytes32(++_salt);
        vm.prank(bankGov);
        proposal = consortium.propose(target, data, salt);
        address[3] memory others = [brokerGov, exchangeGov, supervisorGov];
        for (uint256 i = 0; i < others.length; ++i) {
            MemberId member = consortium.memberByGovernance(others[i]);
            (IMembers.MemberStatus status,) = consortium.standing(member);
            if (status != IMembers.MemberStatus.ACTIVE) continue;
            vm.prank(others[i]);
            consortium.approve(proposal);
        }
        vm.warp(block.timestamp + TIMELOCK);
    }

    function _only(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMembers.ConsortiumOnly.selector, caller);
    }

    function _signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The domain separator as EIP-712 says, computed here and not asked of the contract under test.
    function _domain(string memory name, uint256 chain, address verifying) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                chain,
                verifying
            )
        );
    }
}

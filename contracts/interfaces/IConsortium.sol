// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMembers} from "./IMembers.sol";
import {IOperators} from "./IOperators.sol";
import {IProposals} from "./IProposals.sol";

/// @title The consortium: who its members are, which accounts speak for them, and what they decide together
/// @notice Founders are set at deployment and the deployer keeps no power. Everything that concerns more than one
/// member happens by proposal: proposed, approved by a quorum, ripened by a delay, executed. Every function leaves at
/// least a quorum of active members behind it, so the consortium can never lock itself out.
interface IConsortium is IMembers, IOperators, IProposals {}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// A member's roles are a bit mask: one institution often issues and relies at once.

/// @dev May be accredited to issue credentials.
uint8 constant ROLE_ISSUER = 1;

/// @dev May register request profiles and verify presentations.
uint8 constant ROLE_RELYING_PARTY = 2;

/// @dev May suspend another member at once, for a while.
uint8 constant ROLE_SUPERVISOR = 4;

/// @dev Every role there is.
uint8 constant ROLE_ALL = 7;

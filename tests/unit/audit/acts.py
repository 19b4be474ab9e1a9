"""Name the acts of a history, so that a test reads as what happened."""

import dataclasses
import hashlib

from eth_abi.abi import encode

from jeung.crypto.hashing import keccak256
from tests.unit.audit.history import (
    ATTEST_ACCOUNT,
    BANK,
    CHAIN_ID,
    CONSORTIUM,
    EXCHANGE,
    REGULATOR,
    SCHEMA,
    History,
    founded,
    member_id,
)

BANK_ID, EXCHANGE_ID, REGULATOR_ID = member_id(BANK), member_id(EXCHANGE), member_id(REGULATOR)
KEY = "0x" + "11" * 32
SALT = "0x" + "22" * 32
NOBODY = "0x" + "00" * 32
STRANGER = "0x52908400098527886E0F7030069857D2E4169EE8"


def suspend(history: History, *, until: int = 0, by: str = REGULATOR_ID, member: str = BANK_ID) -> History:
    args = {"member": member, "suspendedBy": by, "reasonDigest": NOBODY, "until": until}
    return history.add("Consortium", "MemberSuspended", **args)


def proposal_id(proposer: str = BANK_ID) -> str:
    raw = [bytes.fromhex(text[2:]) for text in (proposer, SALT)]
    types = ["uint256", "address", "bytes32", "address", "bytes32", "bytes32"]
    return "0x" + keccak256(encode(types, [CHAIN_ID, CONSORTIUM, raw[0], STRANGER, keccak256(b"\0"), raw[1]])).hex()


PROPOSAL = proposal_id()


def propose(history: History, *, quorum: int = 2, lifetime: int = 1_000, **changed: object) -> History:
    args = {
        "proposal": PROPOSAL,
        "proposer": BANK_ID,
        "target": STRANGER,
        "data": "0x00",
        "salt": SALT,
        "expiresAt": history.now + lifetime,
        "quorum": quorum,
    }
    return history.add("Consortium", "ProposalCreated", **(args | changed))


def approve(history: History, *urls: str) -> History:
    for url in urls:
        args = {"proposal": PROPOSAL, "member": member_id(url), "ripeAt": history.now + 15}
        history.add("Consortium", "ProposalApproved", **args)
    return history


def wait(history: History) -> History:
    return history.add("Consortium", "SomethingNewer")


def execute(history: History) -> History:
    return history.add("Consortium", "ProposalExecuted", proposal=PROPOSAL, member=BANK_ID)


def agreed(history: History) -> History:
    return execute(wait(approve(propose(history), BANK, EXCHANGE)))


def grant(history: History, *, index: int, begin: int) -> History:
    args = {"member": BANK_ID, "schema": SCHEMA, "grantIndex": index, "validFrom": begin, "validUntil": begin + 5}
    return history.add("AccreditationRegistry", "AccreditationGranted", **args)


def key(history: History, *, begin: int, member: str = BANK_ID) -> History:
    args = {"member": member, "thumbprint": KEY, "purpose": 1, "notBefore": begin, "notAfter": begin + 100}
    return history.add("KeyRegistry", "KeyRegistered", **args)


def compromise(history: History, since: int) -> History:
    return history.add("KeyRegistry", "KeyCompromised", member=BANK_ID, thumbprint=KEY, since=since)


def revoke_key(history: History, at: int) -> History:
    return history.add("KeyRegistry", "KeyRevoked", member=BANK_ID, thumbprint=KEY, revokedAt=at)


def withdraw(history: History, *, since: int | None = None, index: int = 0) -> History:
    args = {"member": BANK_ID, "schema": SCHEMA, "grantIndex": index, "effectiveSince": since or history.now}
    return history.add("AccreditationRegistry", "AccreditationWithdrawn", **args)


def about_operator(history: History, name: str, **args: object) -> History:
    return history.add("Consortium", name, member=BANK_ID, purpose=1, account=ATTEST_ACCOUNT, **args)


def remove(history: History, *, member: str = BANK_ID) -> History:
    return history.add("Consortium", "MemberRemoved", member=member, effectiveSince=history.now, forCause=False)


def trust(history: History, thumbprint: str | None = None) -> History:
    jwk = b"{}"
    args = {"thumbprint": thumbprint or JWK_DIGEST, "name": "wallet", "jwk": "0x" + jwk.hex(), "validUntil": 1 << 40}
    return history.add("RelyingPartyRegistry", "WalletProviderTrusted", **args)


def distrust(history: History, thumbprint: str) -> History:
    args = {"thumbprint": thumbprint, "effectiveSince": history.now}
    return history.add("RelyingPartyRegistry", "WalletProviderDistrusted", **args)


JWK_DIGEST = "0x44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
DIRECTORY_NAME = "0x" + b"KeyRegistry".ljust(32, b"\0").hex()
# The founding ends at this time; suspensions that follow at once begin then.
NOW = founded().now


NODE_ENDPOINT = {
    "keyX": "0x" + "33" * 32,
    "keyY": "0x" + "44" * 32,
    "ip": "0x00000000000000000000ffff0a000001",
    "domain": "",
    "port": 30303,
    "discoveryPort": 0,
}
NODE = (
    "0x"
    + keccak256(
        encode(
            ["(bytes32,bytes32,bytes16,string,uint16,uint16)"],
            [(b"\x33" * 32, b"\x44" * 32, bytes(10) + b"\xff\xff\x0a\x00\x00\x01", "", 30303, 0)],
        )
    ).hex()
)


def add_node(history: History, *, node: str = NODE, member: str = BANK_ID) -> History:
    return history.add("NetworkAllowlist", "NodeAdded", node=node, member=member, **NODE_ENDPOINT)


def remove_node(history: History, *, by: str = NOBODY, member: str = BANK_ID) -> History:
    return history.add("NetworkAllowlist", "NodeRemoved", node=NODE, member=member, removedBy=by)


def add_account(history: History, *, member: str = BANK_ID) -> History:
    return history.add("NetworkAllowlist", "AccountAdded", account=STRANGER, member=member)


def isolate_account(history: History, *, by: str = REGULATOR_ID, for_s: int = 7 * 86_400) -> History:
    args = {"account": STRANGER, "member": BANK_ID, "supervisor": by, "until": history.now + for_s}
    return history.add("NetworkAllowlist", "AccountIsolated", **args)


def register_profile(history: History, profile: bytes = b"{}") -> History:
    args = {"member": EXCHANGE_ID, "service": KEY, "digest": "0x" + hashlib.sha256(profile).hexdigest()}
    return history.add("RelyingPartyRegistry", "ProfileRegistered", **args, profile="0x" + profile.hex())


def withdraw_profile(history: History) -> History:
    return history.add("RelyingPartyRegistry", "ProfileWithdrawn", member=EXCHANGE_ID, service=KEY)


def anchor_log(
    history: History,
    size: int,
    root: str = KEY,
    *,
    epoch: int = 1,
    member: str = BANK_ID,
    account: str = ATTEST_ACCOUNT,
) -> History:
    args = {"member": member, "epoch": epoch, "size": size, "root": root, "account": account}
    return history.add("LogAnchor", "LogAnchored", **args)


def open_epoch(history: History, epoch: int = 2, *, member: str = BANK_ID) -> History:
    return history.add("LogAnchor", "LogEpochOpened", member=member, epoch=epoch)


def at_successor(history: History) -> History:
    """Say that the newest event was written by a successor of its contract."""
    event, time = history.events[-1]
    history.events[-1] = (dataclasses.replace(event, address=STRANGER), time)
    return history

"""List the checks an audit makes, by part; docs/reference/audit.md explains each and a test compares the two."""

import enum
from dataclasses import dataclass
from typing import Final


class Part(enum.StrEnum):
    """Name a part of the audit that can be run by itself; every part rests on the replay, which always runs."""

    REPLAY = "replay"
    RECONCILE = "reconcile"
    LOG = "log"
    ACCREDITATION = "accreditation"
    KEYS = "keys"
    GOVERNANCE = "governance"
    CONTRACTS = "contracts"
    PRIVACY = "privacy"
    TIMING = "timing"


EVERYTHING: Final = frozenset(Part)


@dataclass(frozen=True, slots=True)
class Check:
    """Describe one check: what it proves, and what it cannot show."""

    name: str
    part: Part
    proves: str
    cannot: str


CHECKS: Final = (
    Check(
        "replay",
        Part.REPLAY,
        "each attestation, status change and governance act was rightful by what stood before it",
        "that the chain was not replaced as a whole: compare the deployment id with one you wrote down",
    ),
    Check(
        "storage",
        Part.REPLAY,
        "contracts answer what their events say, at the audited block",
        "state that no view shows, words and batches that no event ever touched",
    ),
    Check(
        "node index",
        Part.RECONCILE,
        "this node's verifications rest on what the chain says: events, batches, digests, status changes and words,"
        " headers, running totals",
        "what the node did before this moment",
    ),
    Check(
        "node records",
        Part.RECONCILE,
        "every issued credential is attested, nothing else is, statuses are what was decided, keys were fit",
        "that a person stood behind a credential",
    ),
    Check(
        "status lists",
        Part.RECONCILE,
        "those who read only the lists are told what the chain says",
        "lists that were served at other times",
    ),
    Check(
        "node log",
        Part.RECONCILE,
        "what the chain says this member did was logged by its node, and nothing of the kind that the chain does not"
        " say; credentials, completed proofings and erasures have their events",
        "that an event tells the truth about what left no other trace",
    ),
    Check(
        "node acts",
        Part.RECONCILE,
        "staff with roles, passwords, passkeys, sessions and links to the identity provider, back-end clients,"
        " policies, acts of two people, proposals and keys stand in the tables as the node logged that they came"
        " there, and nothing else does",
        "that the one who is logged as acting was that person; names, labels, counters and who somebody is at the"
        " provider, which events do not carry",
    ),
    Check(
        "proofings",
        Part.RECONCILE,
        "proofings, their checks, offers and wallets' grants are what was logged of them, in method, outcome, time,"
        " state and assurance level; no proofing and no data key of a person is gone past an erasure",
        "that a check was made well",
    ),
    Check(
        "logs",
        Part.LOG,
        "each member's log is whole, signed and cosigned, contains every checkpoint that witnesses, the chain, an"
        " earlier audit or its node hold of it, and tells of the attestations, changes of status and blocks that the"
        " chain has",
        "what a commitment hides; a history shown to somebody who kept none of it; a log whose witnesses all lie with"
        " it, between two anchors and two audits",
    ),
    Check(
        "log entries",
        Part.LOG,
        "every event that this node keeps has its entry, at its place, with the commitment that the event opens",
        "acts of which the node never made an event",
    ),
    Check(
        "as of attestations",
        Part.ACCREDITATION,
        "the contracts' `accreditedAt` and `keyStateAt` say of every attestation's time what the replay says, as"
        " known then and now",
        "who held the key",
    ),
    Check(
        "declared later",
        Part.ACCREDITATION,
        "which attestations fall under a compromise, a withdrawal or a removal for cause declared later",
        "when a key was really stolen",
    ),
    Check(
        "verifications",
        Part.ACCREDITATION,
        "each verification that this node kept was made under a profile that was registered at that time",
        "verifications whose evidence retention has taken, or that were never recorded",
    ),
    Check(
        "key inventory",
        Part.KEYS,
        "keys at work are registered, registered keys are held, nothing was signed after a key's end",
        "keys the node does not name; who held a key",
    ),
    Check(
        "key use",
        Part.KEYS,
        "each credential's signing key was fit at its attestation by what was known at that block; what was declared"
        " later is told apart",
        "signatures over what this node has no record of",
    ),
    Check(
        "governance",
        Part.GOVERNANCE,
        "who voted by transaction was the member's governance account then, and every executed proposal can be read",
        "signatures that were handed in by others, which only the contract checked; why somebody voted",
    ),
    Check(
        "bytecode",
        Part.CONTRACTS,
        "the code on chain is made by these sources, immutables included, and each contract was made for this"
        " consortium's others",
        "that the sources are right",
    ),
    Check(
        "sources",
        Part.CONTRACTS,
        "compiling the sources gives the artifacts, storage layouts included, byte for byte",
        "that the compiler is right; anything where no sources or no compiler are at hand",
    ),
    Check(
        "powers",
        Part.CONTRACTS,
        "every changing function of every contract is described, with who may call it",
        "that the description is right: the contracts' own tests hold that",
    ),
    Check(
        "privacy",
        Part.PRIVACY,
        "calldata is arguments and nothing more, digests look like digests, and none of the values it was given"
        " stands on the chain or in the files it was given",
        "values nobody gave it; what a salted digest hides; other files",
    ),
    Check(
        "timing",
        Part.TIMING,
        "how long each executed proposal took from its making, and how far apart blocks with attestations lie",
        "when an act was really decided",
    ),
    Check(
        "node timing",
        Part.TIMING,
        "how long this node's attestations and changes of status took from the act to the chain",
        "times before the chain are the node's own word",
    ),
)
NAMES: Final = {check.name: check for check in CHECKS}

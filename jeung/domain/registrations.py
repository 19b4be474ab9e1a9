"""Describe what the consortium registers: schemas, accreditations, member keys, request profiles, proposals."""

import enum
from dataclasses import dataclass

from jeung.domain.identifiers import Address, KeyThumbprint, MemberId, ProposalId, SchemaId, ServiceId
from jeung.domain.key_storage import KeyStorage


@dataclass(frozen=True, slots=True)
class Schema:
    """Describe a credential type; `metadata` holds the exact bytes whose SHA-256 is the id."""

    schema: SchemaId
    vct: str
    metadata: bytes
    registered_at: int
    deprecated_at: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Describe one accreditation: this issuer may issue this schema in [valid_from, valid_until)."""

    member: MemberId
    schema: SchemaId
    index: int
    granted_at: int
    valid_from: int
    valid_until: int
    withdrawn_at: int | None = None
    effective_since: int | None = None

    def covers(self, time: int) -> bool:
        """Tell whether the grant entitled its member at a time, by what is known now."""
        withdrawn = self.effective_since is not None and self.effective_since <= time
        return self.valid_from <= time < self.valid_until and not withdrawn

    def entitled_when_known_at(self, time: int) -> bool:
        """Tell whether the grant entitled its member at a time, by what was known at that time."""
        withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= time
        return self.granted_at <= time and self.valid_from <= time < self.valid_until and not withdrawn


class KeyPurpose(enum.IntEnum):
    """Say what a registered key signs; the numbers are those of the KeyRegistry contract."""

    CREDENTIAL_SIGNING = 1
    STATUS_SIGNING = 2
    REQUEST_SIGNING = 3
    TOKEN_SIGNING = 4
    RECEIPT_SIGNING = 5
    WEBHOOK_SIGNING = 6
    LOG_CHECKPOINT_SIGNING = 7
    WITNESS_COSIGNING = 8


class KeyState(enum.StrEnum):
    """Say how a registered key stood at a time."""

    UNKNOWN = "unknown"
    NOT_YET_VALID = "not_yet_valid"
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """Describe a member's public key as registered; times are seconds UTC."""

    member: MemberId
    thumbprint: KeyThumbprint
    purpose: KeyPurpose
    registered_at: int
    not_before: int
    not_after: int
    revoked_at: int | None = None
    compromised_since: int | None = None

    def state_at(self, time: int) -> KeyState:
        """Say how the key stood at a time, by what is known now; compromise outweighs everything else."""
        if self.compromised_since is not None and self.compromised_since <= time:
            return KeyState.COMPROMISED
        if time < self.not_before:
            return KeyState.NOT_YET_VALID
        if self.revoked_at is not None and self.revoked_at <= time:
            return KeyState.REVOKED
        return KeyState.ACTIVE if time < self.not_after else KeyState.EXPIRED


@dataclass(frozen=True, slots=True)
class AnchoredLog:
    """Describe the newest anchored checkpoint of a member's log: entries, RFC 6962 root, block time of the anchor."""

    size: int
    root: bytes
    anchored_at: int


@dataclass(frozen=True, slots=True)
class RequestProfile:
    """Describe what a relying party's service may ask for, parsed from the registered RFC 8785 JSON.

    `digest` is the SHA-256 of the registered bytes; `claims` are names of claims, or of one member of
    a claim such as `age_equal_or_over.19`; `required` ones are among those permitted.
    `assurance_level` is the least proofing level the service accepts, `key_storage` the least grade of the device
    key's keeping (`jeung.domain.key_storage`), which the profile then requires to be shown.
    """

    member: MemberId
    service: ServiceId
    name: str
    digest: bytes
    schemas: tuple[SchemaId, ...]
    claims: frozenset[str]
    required: frozenset[str]
    purpose: str
    assurance_level: str
    registered_at: int
    withdrawn_at: int | None = None
    key_storage: str = KeyStorage.SOFTWARE.value


@dataclass(frozen=True, slots=True)
class ProfileVersion:
    """Hold the registered bytes of a profile, and when they stood; judgements of the past were made by them."""

    document: bytes
    registered_at: int
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class WalletProvider:
    """Describe a wallet provider whose attestations the consortium trusts."""

    thumbprint: KeyThumbprint
    name: str
    jwk: bytes
    trusted_at: int
    valid_until: int
    distrusted_at: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """Describe a governance proposal as the events tell it; approvals map a member to when its approval is ripe.

    `timelock_s` is how long an approval had to ripen, in seconds, by the rules it was proposed under.
    """

    proposal: ProposalId
    proposer: MemberId
    target: Address
    call: bytes
    salt: bytes
    created_at: int
    expires_at: int
    quorum: int
    approvals: tuple[tuple[MemberId, int], ...] = ()
    executed_at: int | None = None
    cancelled_at: int | None = None
    timelock_s: int = 0

    @property
    def decided(self) -> bool:
        """Tell whether it was executed or cancelled."""
        return self.executed_at is not None or self.cancelled_at is not None


@dataclass(frozen=True, slots=True)
class Rules:
    """Say how the consortium decides: the share of members that must approve, and two lengths of time in seconds."""

    quorum_numerator: int
    quorum_denominator: int
    timelock_s: int
    proposal_lifetime_s: int

    def quorum_of(self, remaining: int) -> int:
        """Give how many of so many members must approve, by the rule of the Consortium contract.

        Never so many that one lost member of three or more could lock out the rest.
        """
        share = -(-remaining * self.quorum_numerator // self.quorum_denominator)
        return min(share, max(-(-2 * remaining // 3), remaining - 1))

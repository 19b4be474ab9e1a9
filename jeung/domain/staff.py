"""Describe the people who work at a member's desk: accounts, roles, sessions, and what a password must be."""

import enum
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.access import Scope
from jeung.errors import MalformedInput, PasswordRefused

MIN_PASSWORD: Final = 15
"""Characters of a password that is the only factor (NIST SP 800-63B-4 section 3.1.1.2)."""
MAX_PASSWORD: Final = 128
MAX_NAME: Final = 32
NO_PASSWORD: Final = "!"  # noqa: S105 - no password has this hash
"""Stands in the place of a password's hash where an account has none."""

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
_MIN_DISTINCT = 6
_EXPECTED = (
    "password",
    "passphrase",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "letmein",
    "iloveyou",
    "abcdefghij",
    "123456789",
    "987654321",
    "비밀번호",
)


class StaffRole(enum.StrEnum):
    """Name what somebody is at the desk for; each role opens the scopes a back end would need for the same work."""

    ISSUER_OFFICER = "issuer_officer"
    RELYING_PARTY_OFFICER = "relying_party_officer"
    AUDITOR = "auditor"
    APPROVER = "approver"
    GOVERNOR = "governor"
    KEY_CUSTODIAN = "key_custodian"
    RECORDS_KEEPER = "records_keeper"

    @property
    def scopes(self) -> frozenset[Scope]:
        """Give the scopes the role opens."""
        return _SCOPES[self]


_SCOPES = {
    StaffRole.ISSUER_OFFICER: frozenset({Scope.ISSUE, Scope.STATUS}),
    StaffRole.RELYING_PARTY_OFFICER: frozenset({Scope.VERIFY}),
    StaffRole.AUDITOR: frozenset({Scope.AUDIT}),
    StaffRole.GOVERNOR: frozenset({Scope.GOVERN}),
    # Approves what others ask for, and nothing else: who may also ask could be led to approve for a friend.
    StaffRole.APPROVER: frozenset({Scope.APPROVE}),
    StaffRole.KEY_CUSTODIAN: frozenset({Scope.KEYS}),
    # Reads what the law keeps of who was erased, and nobody who is a customer.
    StaffRole.RECORDS_KEEPER: frozenset({Scope.RETENTION}),
}


class LoginMethod(enum.StrEnum):
    """Say how somebody proved who he is: a password, a passkey (WebAuthn), the institution's identity provider."""

    PASSWORD = "password"  # noqa: S105 - the name of a method
    PASSKEY = "passkey"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """Describe an account; `password_hash` is in the PHC string form, times are seconds UTC.

    `staff_id` is what logs name: it says nothing of the person. A disabled account stays, so that old entries keep
    their meaning.
    """

    staff_id: str
    name: str
    roles: frozenset[StaffRole]
    password_hash: str = field(repr=False)
    created_at: int
    disabled_at: int | None = None

    @property
    def has_password(self) -> bool:
        """Tell whether there is a password to log in with."""
        return self.password_hash != NO_PASSWORD

    @property
    def password_digest(self) -> str:
        """Give what the event log keeps of `password_hash`: base64url of its SHA-256, salted as that is."""
        return base64url.encode(sha256(self.password_hash.encode()))

    @property
    def scopes(self) -> frozenset[Scope]:
        """Give everything the account's roles open."""
        return frozenset().union(*(role.scopes for role in self.roles))


@dataclass(frozen=True, slots=True)
class FederatedIdentity:
    """Say which account a subject of an identity provider is; the two name nobody anywhere else."""

    issuer: str
    subject: str = field(repr=False)
    staff_id: str
    linked_at: int


@dataclass(frozen=True, slots=True)
class StaffSession:
    """Describe a session: the SHA-256 of its token, whose it is, when it was used last, when it ends at most.

    `authenticated_at` is when its owner last proved who he is, and `method` how he logged in; `provider_session` is
    the SHA-256 of the identity provider's `sid`, where it said one.
    """

    token_hash: bytes = field(repr=False)
    staff_id: str
    opened_at: int
    seen_at: int
    expires_at: int
    authenticated_at: int
    method: LoginMethod
    provider_session: bytes | None = field(default=None, repr=False)

    @property
    def session_id(self) -> str:
        """Give the name pages and the log have for it: 64 bits of the token's digest, which open nothing."""
        return f"ses_{self.token_hash[:8].hex()}"


@dataclass(frozen=True, slots=True)
class Attempts:
    """Count log-ins in a row that failed under one key, a name or an address; `last_at` is the last's time."""

    key: str
    failures: int
    last_at: int


@dataclass(frozen=True, slots=True)
class AttemptRule:
    """Say how failures slow down what comes next, seconds.

    `free` failures cost nothing; after each further one the pause doubles, from `first_pause_s` to `max_pause_s`. The
    count begins anew after `forget_s` without a failure, where given. At `lock_at` failures nothing goes any more
    until somebody sees to it (NIST SP 800-63B-4 section 3.2.2: no more than 100 in a row).
    """

    free: int
    first_pause_s: int = 30
    max_pause_s: int = 900
    forget_s: int | None = None
    lock_at: int | None = None

    def wait_s(self, attempts: Attempts | None, now: int) -> int:
        """Give how long the next attempt must wait; 0 lets it through."""
        if attempts is None or attempts.failures < self.free or self._forgotten(attempts, now):
            return 0
        if self.lock_at is not None and attempts.failures >= self.lock_at:
            return self.max_pause_s
        # The exponent is bounded, or a long row of failures would be a number of a thousand digits.
        pause_s = min(self.first_pause_s << min(attempts.failures - self.free, 20), self.max_pause_s)
        return max(0, attempts.last_at + pause_s - now)

    def counted(self, key: str, attempts: Attempts | None, now: int) -> Attempts:
        """Give the count with one more failure."""
        failures = 0 if attempts is None or self._forgotten(attempts, now) else attempts.failures
        return Attempts(key, failures + 1, now)

    def _forgotten(self, attempts: Attempts, now: int) -> bool:
        return self.forget_s is not None and now >= attempts.last_at + self.forget_s


def checked_staff_name(text: str) -> str:
    """Give back a log-in name once it has its form: 2 to 32 small letters, digits and `._-`, a letter first.

    Raises:
        MalformedInput: another form.
    """
    if _NAME.fullmatch(text) is None:
        raise MalformedInput(f"a name is 2 to {MAX_NAME} small letters, digits and `._-`, and begins with a letter")
    return text


def normal_password(password: str) -> str:
    """Give a password as it is hashed, so that two keyboards spell it alike (UAX 15, NFKC)."""
    return unicodedata.normalize("NFKC", password)


def checked_password(password: str, *, context: Collection[str]) -> str:
    """Give a new password in its normal form once nobody would guess it first (NIST SP 800-63B-4 section 3.1.1.2).

    There is no rule about kinds of characters. What is refused besides the length: a few characters repeated, and
    texts around words that everybody expects, or that `context` names (the log-in name, the member).

    Raises:
        PasswordRefused: too short, too long, or easily guessed; the message says which.
    """
    normal = normal_password(password)
    if len(normal) < MIN_PASSWORD:
        raise PasswordRefused(f"a password has at least {MIN_PASSWORD} characters; several words make a good one")
    if len(normal) > MAX_PASSWORD:
        raise PasswordRefused(f"a password has at most {MAX_PASSWORD} characters")
    if any(unicodedata.category(character) == "Cc" for character in normal):
        raise PasswordRefused("a password has no control characters")
    rest = normal.casefold()
    for word in sorted((*_EXPECTED, *(word.casefold() for word in context if word)), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(set(rest)) < _MIN_DISTINCT:
        raise PasswordRefused("this password would be guessed early; use other words")
    return normal

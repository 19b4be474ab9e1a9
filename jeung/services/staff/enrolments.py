"""Let somebody add a first passkey, or one after a loss, with a code that the operator made and handed over.

A code is 100 random bits, good once, for a short while, for five tries; making another ends the one before. What a
browser asks for under a name without an account costs and says the same as a wrong code.
"""

import base64
import hmac
from dataclasses import dataclass, field, replace
from typing import Any, Final

from jeung.crypto.hashing import sha256
from jeung.domain.passkeys import ENROLMENT_TRIES, Ceremony, Enrolment, Passkey
from jeung.domain.staff import MAX_NAME, LoginMethod, StaffAccount
from jeung.errors import Conflict, NotFound
from jeung.errors.staff import EnrolmentRefused
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log
from jeung.services.staff.attempts import claim_address, forgive_address
from jeung.services.staff.opening import SessionRules
from jeung.services.staff.passkeys import StaffPasskeyService

CODE_CHARACTERS: Final = 20
_CODE_BYTES: Final = 13
_GROUP: Final = 5
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """Give a fresh code: the one time it can be read."""

    code: str = field(repr=False)
    expires_at: int


class StaffEnrolmentService:
    """Make codes at the node, for its operator; nothing over HTTP makes one."""

    def __init__(self, *, store: Store, clock: Clock, entropy: Entropy, ttl_s: int) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._ttl_s = ttl_s

    def make(self, name: str, *, forget: bool = False) -> EnrolmentCode:
        """Make a code for an account; `forget` takes its passkeys and sessions away first, as after a loss.

        Raises:
            NotFound: no account of this name.
            Conflict: it is disabled.
        """
        now = self._clock.now()
        text = base64.b32encode(self._entropy.token(_CODE_BYTES)).decode("ascii")[:CODE_CHARACTERS].lower()
        with self._store.write() as tx:
            account = tx.staff.named(name)
            if account is None:
                raise NotFound("there is no account of this name")
            if account.disabled_at is not None:
                raise Conflict("the account of this name is disabled")
            if forget:
                for passkey in tx.passkeys.of(account.staff_id):
                    tx.passkeys.remove(passkey.credential_id)
                    body = {"staff": account.staff_id, "passkey": passkey.passkey_id}
                    log(tx, "passkey_removed", body, now)
                tx.staff_sessions.remove_of(account.staff_id)
            tx.enrolments.put(Enrolment(account.staff_id, _hashed(text), 0, now + self._ttl_s))
            log(tx, "staff_enrolment_made", {"staff": account.staff_id, "forget": forget}, now)
        grouped = "-".join(text[begin : begin + _GROUP] for begin in range(0, CODE_CHARACTERS, _GROUP))
        return EnrolmentCode(grouped, now + self._ttl_s)

    def passkeys(self, name: str) -> list[Passkey]:
        """Give the passkeys of an account.

        Raises:
            NotFound: no account of this name.
        """
        with self._store.read() as tx:
            account = tx.staff.named(name)
            if account is None:
                raise NotFound("there is no account of this name")
            return list(tx.passkeys.of(account.staff_id))


class StaffEnroller:
    """Take codes at the console and have a browser make a passkey."""

    def __init__(self, *, store: Store, clock: Clock, rules: SessionRules, passkeys: StaffPasskeyService) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._passkeys = passkeys

    def options(self, name: str, code: str, *, browser: str, address: str) -> dict[str, Any]:
        """Give what a browser makes a passkey with, once name and code are right; the code stays good.

        Raises:
            LoginLimited: too many attempts failed from this address.
            EnrolmentRefused: name or code are wrong, or the code is no longer good.
        """
        account = self._admitted(name, code, address)
        return self._passkeys.creation_options(account, Ceremony.ENROL, browser)

    def enrol(self, name: str, code: str, response: str, label: str, *, browser: str, address: str) -> Passkey:
        """Keep the passkey that was made, and use the code up with it.

        Raises:
            LoginLimited, EnrolmentRefused: as `options`.
            PasskeyRefused, Conflict, MalformedInput: as `StaffPasskeyService.registered`.
        """
        account = self._admitted(name, code, address)
        return self._passkeys.registered(
            response, label, Ceremony.ENROL, browser, account.staff_id, code_hash=_typed(code)
        )

    def _admitted(self, name: str, code: str, address: str) -> StaffAccount:
        now = self._clock.now()
        claim_address(self._store, address, now)
        shown = _typed(code)
        with self._store.write() as tx:
            account = tx.staff.named(name[:MAX_NAME])
            kept = None if account is None else tx.enrolments.get(account.staff_id)
            if account is not None and kept is not None and kept.failures < ENROLMENT_TRIES and now < kept.expires_at:
                if hmac.compare_digest(shown, kept.code_hash):
                    forgive_address(tx, address)
                    if self._rules.let_in(account, LoginMethod.PASSKEY):
                        return account
                else:
                    tx.enrolments.put(replace(kept, failures=kept.failures + 1))
                    body = {"staff": account.staff_id, "failures": kept.failures + 1}
                    log(tx, "staff_enrolment_missed", body, now)
        raise EnrolmentRefused


def _typed(code: str) -> bytes:
    """Give the hash of a code as somebody typed it."""
    return _hashed(code[:_LONGEST].replace("-", "").replace(" ", "").lower())


def _hashed(code: str) -> bytes:
    return sha256(code.encode("utf-8", "replace"))

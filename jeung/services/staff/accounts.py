"""Manage the accounts of a member's staff; the operator does so at the node itself, never over HTTP."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from jeung.domain.staff import NO_PASSWORD, StaffAccount, StaffRole, checked_password, checked_staff_name
from jeung.errors import Conflict, MalformedInput, NotFound
from jeung.ports.staff import PasswordHasher
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log, new_id
from jeung.services.staff.attempts import name_key
from jeung.services.staff.federation import PREFIX, link_identity


class StaffAccountService:
    """Add, list, disable and enable accounts, and set their passwords.

    `words` are those that everybody would expect in a password here, such as the member's name.
    """

    def __init__(
        self, *, store: Store, hasher: PasswordHasher, clock: Clock, entropy: Entropy, words: Collection[str] = ()
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._entropy = entropy
        self._words = ("jeung", *words)

    def add(self, name: str, roles: Collection[StaffRole], password: str | None) -> StaffAccount:
        """Add an account; one without a password logs in some other way that the rules allow.

        Raises:
            MalformedInput: the name has another form, or there is no role.
            PasswordRefused: the password is too short, too long or easily guessed.
            Conflict: the name stands already, disabled or not: entries in the log must stay one person's.
        """
        checked_staff_name(name)
        if not roles:
            raise MalformedInput("an account has at least one role")
        account = StaffAccount(
            staff_id=new_id(self._entropy, PREFIX),
            name=name,
            roles=frozenset(roles),
            password_hash=NO_PASSWORD if password is None else self._hashed(name, password),
            created_at=self._clock.now(),
        )
        with self._store.write() as tx:
            if tx.staff.named(name) is not None:
                raise Conflict("an account of this name stands already")
            tx.staff.add(account)
            log(tx, "staff_added", {**_roles(account), "password": account.password_digest}, account.created_at)
        return account

    def all(self) -> Sequence[StaffAccount]:
        """Give every account, disabled ones included."""
        with self._store.read() as tx:
            return tx.staff.all()

    def disable(self, name: str) -> StaffAccount:
        """Disable an account and end its sessions; one that is disabled stays so since then.

        Raises:
            NotFound: no account of this name.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            account = _named(tx, name)
            if account.disabled_at is None:
                account = replace(account, disabled_at=now)
                tx.staff.replace(account)
                log(tx, "staff_disabled", {"staff": account.staff_id}, now)
            tx.staff_sessions.remove_of(account.staff_id)
            tx.enrolments.remove(account.staff_id)
        return account

    def enable(self, name: str, password: str) -> StaffAccount:
        """Let a disabled account in again, with its roles and under a new password; its failed log-ins are forgotten.

        The password it had is not taken back, nor are its passkeys: why it was disabled may be that somebody else
        knew the one or had added one of the others. Who it is at the identity provider stays.

        Raises:
            NotFound: no account of this name.
            Conflict: it is not disabled.
            PasswordRefused: the password is too short, too long or easily guessed.
        """
        with self._store.read() as tx:
            _disabled(tx, name)
        hashed = self._hashed(name, password)
        now = self._clock.now()
        with self._store.write() as tx:
            account = replace(_disabled(tx, name), password_hash=hashed, disabled_at=None)
            tx.staff.replace(account)
            tx.staff_sessions.remove_of(account.staff_id)
            for passkey in tx.passkeys.of(account.staff_id):
                tx.passkeys.remove(passkey.credential_id)
                log(tx, "passkey_removed", {"staff": account.staff_id, "passkey": passkey.passkey_id}, now)
            tx.login_attempts.remove(name_key(name))
            log(tx, "staff_enabled", {"staff": account.staff_id, "password": account.password_digest}, now)
        return account

    def set_roles(self, name: str, roles: Collection[StaffRole]) -> StaffAccount:
        """Give an account other roles and end its sessions: what they were opened for has changed.

        Raises:
            NotFound: no account of this name.
            MalformedInput: there is no role.
        """
        if not roles:
            raise MalformedInput("an account has at least one role")
        now = self._clock.now()
        with self._store.write() as tx:
            account = replace(_named(tx, name), roles=frozenset(roles))
            tx.staff.replace(account)
            tx.staff_sessions.remove_of(account.staff_id)
            log(tx, "staff_roles_set", _roles(account), now)
        return account

    def link(self, name: str, issuer: str, subject: str) -> StaffAccount:
        """Say that a subject of the identity provider is this account; its sessions end.

        Raises:
            NotFound, MalformedInput, Conflict: as `link_identity`.
        """
        with self._store.write() as tx:
            return link_identity(tx, name, issuer, subject, self._clock.now())

    def end_sessions(self, name: str) -> int:
        """End every session of an account; give how many there were.

        Raises:
            NotFound: no account of this name.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            account = _named(tx, name)
            ended = tx.staff_sessions.remove_of(account.staff_id)
            log(tx, "staff_sessions_ended", {"staff": account.staff_id, "count": ended}, now)
        return ended

    def set_password(self, name: str, password: str) -> StaffAccount:
        """Give an account another password, end its sessions and forget its failed log-ins.

        Raises:
            NotFound: no account of this name.
            PasswordRefused: the password is too short, too long or easily guessed.
        """
        with self._store.read() as tx:
            _named(tx, name)
        hashed = self._hashed(name, password)
        now = self._clock.now()
        with self._store.write() as tx:
            account = replace(_named(tx, name), password_hash=hashed)
            tx.staff.replace(account)
            tx.staff_sessions.remove_of(account.staff_id)
            tx.login_attempts.remove(name_key(name))
            body = {"staff": account.staff_id, "password": account.password_digest}
            log(tx, "staff_password_set", body, now)
        return account

    def _hashed(self, name: str, password: str) -> str:
        return self._hasher.hash(checked_password(password, context=(name, *self._words)))


def _named(tx: Transaction, name: str) -> StaffAccount:
    account = tx.staff.named(name)
    if account is None:
        raise NotFound("there is no account of this name")
    return account


def _disabled(tx: Transaction, name: str) -> StaffAccount:
    account = _named(tx, name)
    if account.disabled_at is None:
        raise Conflict("the account of this name is not disabled")
    return account


def _roles(account: StaffAccount) -> dict[str, object]:
    return {"staff": account.staff_id, "roles": sorted(role.value for role in account.roles)}

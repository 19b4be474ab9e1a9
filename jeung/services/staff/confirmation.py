"""Know a member of staff by name and password for one act at the node's command line, without a session."""

from jeung.domain.staff import MAX_NAME, MAX_PASSWORD, LoginMethod, StaffAccount, normal_password
from jeung.errors import LoginRefused
from jeung.ports.staff import PasswordHasher
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.acts import log
from jeung.services.staff.attempts import claim_attempt, forgive_attempt
from jeung.services.staff.opening import SessionRules

TERMINAL = "terminal"
"""What failed attempts at the command line are counted under beside the name: they come from no address."""


class StaffConfirmation:
    """Check passwords, by the rules of the console and with the same pauses after failures."""

    def __init__(self, *, store: Store, hasher: PasswordHasher, clock: Clock, rules: SessionRules) -> None:
        self._store = store
        self._rules = rules
        self._hasher = hasher
        self._clock = clock

    def confirm(self, name: str, password: str) -> StaffAccount:
        """Give the account of a name once the password is its own.

        Raises:
            LoginLimited: too many attempts failed under this name, or at this terminal.
            LoginRefused: name or password are wrong, the account is disabled, or a password does not let it in.
        """
        now = self._clock.now()
        normal = normal_password(password)
        if len(name) > MAX_NAME or len(normal) > MAX_PASSWORD:
            # Longer than any there can be; what is hashed stays bounded.
            name, normal = name[:MAX_NAME], ""
        account = claim_attempt(self._store, name, TERMINAL, now)
        encoded = account.password_hash if account is not None and account.has_password else None
        matches = self._hasher.matches(encoded, normal)
        # Who must show a passkey at the console is not let in with less at the terminal.
        if account is None or not matches or not self._rules.let_in(account, LoginMethod.PASSWORD):
            raise LoginRefused
        with self._store.write() as tx:
            forgive_attempt(tx, name, TERMINAL)
            log(tx, "staff_confirmed", {"staff": account.staff_id}, now)
        return account

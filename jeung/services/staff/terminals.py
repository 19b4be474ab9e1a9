"""Let somebody prove at the console who sits at the node's command line, where a passkey cannot be used.

The terminal shows a code; whoever is logged in at the console and has just proved who he is types it there, and the
terminal goes on under his name. The code opens nothing but that one command, for the account it was made for: who
types it must be that account. The ticket by which the terminal hears of it never leaves the terminal.
"""

import base64
from dataclasses import dataclass, field
from typing import Final

from jeung.crypto.hashing import sha256
from jeung.domain.passkeys import CHALLENGE_TTL_S, Ceremony, StaffChallenge
from jeung.domain.staff import LoginMethod, StaffAccount
from jeung.errors import LoginRefused
from jeung.errors.staff import TerminalCodeRefused
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log
from jeung.services.staff.opening import SessionRules, StaffMember

CODE_CHARACTERS: Final = 10
_CODE_BYTES: Final = 7
_TICKET_BYTES: Final = 32
_GROUP: Final = 5
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class TerminalCode:
    """Give what a terminal shows, and by which it hears that the code was typed."""

    code: str = field(repr=False)
    ticket: bytes = field(repr=False)
    expires_at: int


class StaffTerminals:
    """Tie a command at a terminal to a session at the console."""

    def __init__(self, *, store: Store, clock: Clock, entropy: Entropy, rules: SessionRules) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def needs_console(self, name: str) -> bool:
        """Tell whether somebody cannot prove who he is with a password; a name nobody has can be asked for one."""
        with self._store.read() as tx:
            account = tx.staff.named(name)
        if account is None or account.disabled_at is not None:
            return False
        return not (account.has_password and self._rules.let_in(account, LoginMethod.PASSWORD))

    def begin(self, name: str) -> TerminalCode:
        """Make a code for an account.

        Raises:
            LoginRefused: there is no such account, or it is disabled.
        """
        expires_at = self._clock.now() + CHALLENGE_TTL_S
        text = base64.b32encode(self._entropy.token(_CODE_BYTES)).decode("ascii")[:CODE_CHARACTERS].lower()
        ticket = self._entropy.token(_TICKET_BYTES)
        with self._store.write() as tx:
            account = tx.staff.named(name)
            if account is None or account.disabled_at is not None:
                raise LoginRefused
            tx.staff_challenges.put(
                StaffChallenge(_hashed(text), Ceremony.TERMINAL, account.staff_id, sha256(ticket), expires_at)
            )
        return TerminalCode(f"{text[:_GROUP]}-{text[_GROUP:]}", ticket, expires_at)

    def confirm(self, member: StaffMember, code: str) -> None:
        """Let the terminal that shows a code go on as whoever is logged in; the code is used up, right or wrong.

        Raises:
            TerminalCodeRefused: no terminal shows it for this account, or no longer.
        """
        now = self._clock.now()
        typed = _hashed(code[:_LONGEST].replace("-", "").replace(" ", "").lower())
        with self._store.write() as tx:
            kept = tx.staff_challenges.take(typed)
            good = (
                kept is not None
                and kept.ceremony is Ceremony.TERMINAL
                and kept.staff_id == member.staff_id
                and now < kept.expires_at
            )
            if kept is not None and good:
                told = StaffChallenge(
                    kept.bound_to, Ceremony.TERMINAL_CONFIRMED, kept.staff_id, kept.bound_to, kept.expires_at
                )
                tx.staff_challenges.put(told)
                log(tx, "staff_terminal_confirmed", {"staff": member.staff_id, "session": member.session_id}, now)
        if not good:
            raise TerminalCodeRefused

    def finish(self, code: TerminalCode) -> StaffAccount | None:
        """Give who typed the code, once; None as long as nobody has.

        Raises:
            LoginRefused: the code has expired, or the account was disabled meanwhile.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            kept = tx.staff_challenges.take(sha256(code.ticket))
            account = None if kept is None or kept.staff_id is None else tx.staff.get(kept.staff_id)
        if now >= code.expires_at or (account is not None and account.disabled_at is not None):
            raise LoginRefused
        return account


def _hashed(code: str) -> bytes:
    return sha256(b"jeung terminal/" + code.encode("utf-8", "replace"))

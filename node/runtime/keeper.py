"""Drive the life of keys in the worker, towards what the keystore, the chain and the policy say together.

Nothing is remembered between two steps: each looks at what is there and does what is missing, so that a worker that
dies anywhere goes on from there. For each key, in this order:

0. What the chain knows outweighs the keystore: a key or account that stands there as compromised is marked so here,
   one that has ended or expired there is retired. A keystore from before (a restored backup, a file put back) would
   else go on with keys that nobody believes.
1. Pre-active, and its time has come: it is registered on the chain; once the chain has it, it begins to work. What
   signs towards others is so known to all before its first signature.
2. Active, with a successor that has been working for the overlap: it is retired.
3. Retired: the chain hears when it ends. A key that signed credentials ends with the last of them, so that whoever
   asks the chain finds it good for as long; others end with the last thing they signed that is of use.
4. Compromised: the chain hears since when.
5. Due by age, uses or its end on the chain, or gone (compromised, retired) with nothing at work in its place, and no
   successor in sight: one is made where no person is needed for it, else people are told. What cannot be made (a
   remote signer makes no keys for us) is for people as well, and holds up nothing else.

Governance accounts change by a vote, and wallets know the certificate authority's anchor: these two are for people.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jeung.crypto import base64url
from jeung.domain.identifiers import Address, KeyThumbprint
from jeung.domain.members import OperatorAccount, OperatorPurpose
from jeung.domain.registrations import KeyPurpose, RegisteredKey
from jeung.ports.world import Clock
from jeung.services.own_keys import OwnKeysService, OwnStanding
from keys.errors import BackendMissing, BackendRefused
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from node.runtime.certification import CertificateChains, certify
from node.settings import MEMBER_FILE, Settings

_log = logging.getLogger(__name__)
_DAY_S = 86_400
_OPERATORS = {Purpose.ATTEST: OperatorPurpose.ATTEST, Purpose.STATUS: OperatorPurpose.STATUS}
FOR_PEOPLE = frozenset({Purpose.GOVERNANCE, Purpose.CERTIFICATE_AUTHORITY})


def registered_as(purpose: Purpose) -> KeyPurpose | None:
    """Give what the KeyRegistry calls a purpose, None where keys of it are not registered there."""
    return KeyPurpose.__members__.get(purpose.name)


@dataclass(frozen=True, slots=True)
class Due:
    """Say when a key is to be replaced, seconds UTC, and whether its uses demand it now."""

    at: int
    used_up: bool

    def is_due_at(self, time: int) -> bool:
        """Tell whether the key is to be replaced at a time."""
        return self.used_up or self.at <= time


def due_of(record: KeyRecord, settings: Settings) -> Due:
    """Apply the policy to a key."""
    days = int(getattr(settings.key_ages, record.purpose.value))
    most = settings.key_uses.data_wrapping if record.purpose is Purpose.DATA_WRAPPING else settings.key_uses.signing
    return Due((record.activated_at or record.not_before) + days * _DAY_S, record.uses >= most)


def is_known(record: KeyRecord, standing: OwnStanding) -> bool:
    """Tell whether the chain knows a key or account as good, or need not know it."""
    if not standing.is_member or record.purpose in FOR_PEOPLE:
        return True
    key, account = _on_chain(record, standing)
    if registered_as(record.purpose) is not None:
        return key is not None and key.revoked_at is None and key.compromised_since is None
    if record.purpose in _OPERATORS:
        return account is not None and account.retired_at is None and account.compromised_since is None
    return True


def make_successor(
    keystore: Keystore, purpose: Purpose, settings: Settings, clock: Clock, not_before: int | None = None
) -> KeyRecord:
    """Make and certify a key that follows the present one; it stays pre-active.

    It goes where the settings place its purpose; where they say nothing, it stays with the backend of the key before,
    so that a rotation never moves a key out of a token by itself.

    Raises:
        KeyCustodyError: it could not be made or certified.
    """
    fresh = keystore.create(purpose, not_before=not_before, backend=keystore.place_of_successor(purpose))
    _certify(keystore, fresh, settings, clock)
    return fresh


class KeyKeeper:
    """Keep the keys of one node."""

    def __init__(
        self,
        keystore: Keystore,
        own: OwnKeysService,
        settings: Settings,
        clock: Clock,
        *,
        write_inventory: Callable[[Sequence[KeyRecord]], None] = lambda _records: None,
    ) -> None:
        """Keep an open keystore; `write_inventory` gets every record after each step."""
        self._keystore = keystore
        self._own = own
        self._settings = settings
        self._clock = clock
        self._write_inventory = write_inventory
        self._reminded: dict[str, int] = {}

    def turn(self, _fence: int) -> bool:
        """Do a step as the worker's parts do; nothing more waits after it."""
        self.step()
        return False

    def step(self) -> None:
        """Do what is missing.

        Raises:
            KeyCustodyError, StoreBusy, StoreUnavailable: it is tried again.
        """
        standing = self._own.standing()
        if standing is None:
            return
        for record in self._keystore.list():
            self._heed_chain(record, standing)  # 0
        records = self._keystore.list()
        for record in records:
            if record.state is State.PRE_ACTIVE and record.not_before <= self._clock.now():
                self._introduce(record, standing)  # 1
            elif record.state is State.ACTIVE and self._is_superseded(record, records):
                self._keystore.retire(record.key_id)  # 2
            elif record.state in (State.RETIRED, State.DESTROYED):
                self._tell_end(record, standing)  # 3
            elif record.state is State.COMPROMISED:
                self._tell_compromise(record, standing)  # 4
        self._apply_policy(self._keystore.list(), standing)  # 5
        self._write_inventory(self._keystore.list())

    def _heed_chain(self, record: KeyRecord, standing: OwnStanding) -> None:
        if record.purpose in FOR_PEOPLE:
            return
        now = self._clock.now()
        known = next((one for one in _on_chain(record, standing) if one is not None), None)
        if known is None:
            return
        since = known.compromised_since
        if since is not None and (record.compromised_since is None or since < record.compromised_since):
            # The chain's clock may be a little ahead of ours.
            self._keystore.mark_compromised(record.key_id, min(since, now))
            _log.warning("key is compromised by what the chain knows: %s %s", record.purpose, record.key_id)
        elif record.state is State.ACTIVE and _has_ended(known, now):
            self._keystore.retire(record.key_id)
            _log.warning("key has ended by what the chain knows: %s %s", record.purpose, record.key_id)

    def _introduce(self, record: KeyRecord, standing: OwnStanding) -> None:
        purpose, operator = registered_as(record.purpose), _OPERATORS.get(record.purpose)
        if record.purpose in FOR_PEOPLE:
            return
        if purpose is not None and standing.is_member:
            known = standing.keys.get(_thumbprint(record))
            if known is None:
                self._own.register(_thumbprint(record), purpose)
                return
            if known.revoked_at is not None or known.compromised_since is not None:
                return
        if operator is not None and standing.is_member:
            account = Address(record.address or "")
            if account not in standing.operators:
                self._own.authorize(operator, account)
                return
        if record.key_id not in CertificateChains(self._settings.node_dir):
            # `jeung keys create` makes keys without asking for one.
            _certify(self._keystore, record, self._settings, self._clock)
        self._keystore.activate(record.key_id)

    def _is_superseded(self, record: KeyRecord, records: Sequence[KeyRecord]) -> bool:
        if record.purpose in FOR_PEOPLE:
            return False
        until = self._clock.now() - self._settings.rotation.overlap_s
        return any(
            other.purpose is record.purpose
            and other.state is State.ACTIVE
            and (other.activated_at or 0, other.key_id) > (record.activated_at or 0, record.key_id)
            and (other.activated_at or 0) <= until
            for other in records
        )

    def _tell_end(self, record: KeyRecord, standing: OwnStanding) -> None:
        operator = _OPERATORS.get(record.purpose)
        if operator is not None:
            account = standing.operators.get(Address(record.address or ""))
            if account is not None and account.retired_at is None and account.compromised_since is None:
                self._own.retire(operator, account.account)
            return
        if registered_as(record.purpose) is None:
            return
        known = standing.keys.get(_thumbprint(record))
        if known is None or known.revoked_at is not None or known.compromised_since is not None:
            return
        end = self._end_of(record)
        if end < known.not_after:
            # What is past when the block comes would be refused; 0 is the block's own time.
            self._own.end(known.thumbprint, end if end > self._clock.now() + _DAY_S else 0)

    def _end_of(self, record: KeyRecord) -> int:
        retired = record.retired_at or record.destroyed_at or self._clock.now()
        last = self._own.last_expiry(record.key_id) if record.purpose is Purpose.CREDENTIAL_SIGNING else None
        return max(retired, last or 0)

    def _tell_compromise(self, record: KeyRecord, standing: OwnStanding) -> None:
        operator, since = _OPERATORS.get(record.purpose), record.compromised_since or 0
        if operator is not None:
            account = standing.operators.get(Address(record.address or ""))
            if account is not None and (account.compromised_since is None or account.compromised_since > since):
                self._own.declare_operator_compromised(operator, account.account, since)
            return
        if registered_as(record.purpose) is None:
            return
        known = standing.keys.get(_thumbprint(record))
        if known is not None and (known.compromised_since is None or known.compromised_since > since):
            self._own.declare_compromised(known.thumbprint, since)

    def _apply_policy(self, records: Sequence[KeyRecord], standing: OwnStanding) -> None:
        now, settings = self._clock.now(), self._settings
        followed = {
            record.purpose
            for record in records
            if record.state is State.PRE_ACTIVE and not _is_over(record, standing, now)
        }
        for purpose in sorted({record.purpose for record in records} - followed):
            current = _latest([record for record in records if record.purpose is purpose])
            due = self._due(current, standing) if current.state is State.ACTIVE else Due(now, used_up=False)
            alone = settings.rotation.automatic and purpose not in FOR_PEOPLE
            if due.is_due_at(now) and alone:
                self._follow(current, due, now)
            elif due.is_due_at(now + (0 if alone else settings.rotation.reminder_days * _DAY_S)):
                self._remind(current, due, now)

    def _due(self, record: KeyRecord, standing: OwnStanding) -> Due:
        """Add the chain to the policy: what signs after its end there, nobody believes."""
        due, (known, _) = due_of(record, self._settings), _on_chain(record, standing)
        if known is None:
            return due
        ahead = min(self._settings.rotation.reminder_days * _DAY_S, (known.not_after - known.registered_at) // 4)
        return Due(min(due.at, known.not_after - ahead), due.used_up)

    def _follow(self, record: KeyRecord, due: Due, now: int) -> None:
        try:
            fresh = make_successor(self._keystore, record.purpose, self._settings, self._clock)
        except (BackendRefused, BackendMissing):
            self._remind(record, due, now)
            return
        _log.info("key due: %s %s is followed by %s", record.purpose, record.key_id, fresh.key_id)

    def _remind(self, record: KeyRecord, due: Due, now: int) -> None:
        """Tell people once a day."""
        if self._reminded.get(record.key_id, 0) + _DAY_S <= now:
            self._reminded[record.key_id] = now
            days = max(0, due.at - now) // _DAY_S
            _log.warning("key to be replaced by people: %s %s, in %d days", record.purpose, record.key_id, days)


def _certify(keystore: Keystore, record: KeyRecord, settings: Settings, clock: Clock) -> None:
    member = json.loads((settings.node_dir / MEMBER_FILE).read_text("utf-8"))
    organisation = str(member["organisation"])
    certify(keystore, record, settings.node_dir, organisation=organisation, url=settings.base_url, clock=clock)


def _thumbprint(record: KeyRecord) -> KeyThumbprint:
    return KeyThumbprint(base64url.decode(record.key_id))


def _on_chain(record: KeyRecord, standing: OwnStanding) -> tuple[RegisteredKey | None, OperatorAccount | None]:
    """Give what the chain knows of a key: its registration, or its account; None where it knows nothing."""
    if record.purpose in _OPERATORS:
        return None, standing.operators.get(Address(record.address or ""))
    if registered_as(record.purpose) is None:
        return None, None
    return standing.keys.get(_thumbprint(record)), None


def _has_ended(known: RegisteredKey | OperatorAccount, now: int) -> bool:
    if isinstance(known, OperatorAccount):
        return known.retired_at is not None
    return known.not_after <= now or (known.revoked_at is not None and known.revoked_at <= now)


def _is_over(record: KeyRecord, standing: OwnStanding, now: int) -> bool:
    known = next((one for one in _on_chain(record, standing) if one is not None), None)
    return known is not None and (known.compromised_since is not None or _has_ended(known, now))


def _latest(records: Sequence[KeyRecord]) -> KeyRecord:
    """Give the key at work, of several the one activated last; where none is, the one that was."""
    return max(
        records, key=lambda record: (record.state is State.ACTIVE, record.activated_at or 0, record.created_at)
    )

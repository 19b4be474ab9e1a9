"""Tell the chain of our own keys and accounts: that one begins, that one ends, that one is in other hands.

Every act is an intent that stands once, however often it is asked for: whoever drives the life of keys says each time
what ought to be so, and what the chain knows already costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jeung.domain.chain import ChainAccount, ChainCall, Intent, IntentState
from jeung.domain.identifiers import Address, KeyThumbprint, to_hex
from jeung.domain.members import OperatorAccount, OperatorPurpose
from jeung.domain.registrations import KeyPurpose, RegisteredKey
from jeung.errors import LedgerStale
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log_intended, new_id

_AGAIN_S = 3_600


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """Hold what the chain knows of a member's keys and accounts; `is_member` is False before its admission."""

    is_member: bool = False
    keys: Mapping[KeyThumbprint, RegisteredKey] = field(default_factory=dict)
    operators: Mapping[Address, OperatorAccount] = field(default_factory=dict)


class OwnKeysService:
    """Speak for one member's governance account about its own keys."""

    def __init__(
        self, *, store: Store, ledger: Ledger, clock: Clock, entropy: Entropy, url: str, key_validity_s: int
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._entropy = entropy
        self._url = url
        self._key_validity_s = key_validity_s

    def standing(self) -> OwnStanding | None:
        """Give what the chain knows of us, None where the follower has never run."""
        try:
            with self._ledger.view() as view:
                registry = view.registry
        except LedgerStale:
            return None
        member = registry.member_at(self._url)
        if member is None:
            return OwnStanding()
        keys = {thumbprint: key for (owner, thumbprint), key in registry.keys.items() if owner == member.member}
        ours = [account for account in registry.operators.values() if account.member == member.member]
        accounts = {account.account: account for account in ours}
        return OwnStanding(True, keys, accounts)

    def last_expiry(self, key_id: str) -> int | None:
        """Give when the last credential that a key signed expires, seconds UTC; None where it signed none."""
        with self._store.read() as tx:
            return tx.credentials.last_expiry(key_id)

    def register(self, thumbprint: KeyThumbprint, purpose: KeyPurpose) -> Intent:
        """Register a key; it is good from the block that takes it."""
        args = (to_hex(thumbprint), purpose.value, 0, self._clock.now() + self._key_validity_s)
        return self._want(f"enrol-key/{to_hex(thumbprint)}", "KeyRegistry", "registerKey", args)

    def end(self, thumbprint: KeyThumbprint, at: int) -> Intent:
        """End a key in good order at a time, seconds UTC; 0 is the block that takes it."""
        return self._want(f"end-key/{to_hex(thumbprint)}", "KeyRegistry", "revokeKey", (to_hex(thumbprint), at))

    def declare_compromised(self, thumbprint: KeyThumbprint, since: int) -> Intent:
        """Declare a key compromised since a time."""
        identity = f"compromise-key/{to_hex(thumbprint)}/{since}"
        return self._want(identity, "KeyRegistry", "declareCompromised", (to_hex(thumbprint), since))

    def authorize(self, purpose: OperatorPurpose, account: Address) -> Intent:
        """Authorise a hot account."""
        args = (purpose.value, account)
        return self._want(f"enrol-operator/{account}", "Consortium", "authorizeOperator", args)

    def retire(self, purpose: OperatorPurpose, account: Address) -> Intent:
        """Retire a hot account in good order."""
        return self._want(f"end-operator/{account}", "Consortium", "retireOperator", (purpose.value, account))

    def declare_operator_compromised(self, purpose: OperatorPurpose, account: Address, since: int) -> Intent:
        """Declare a hot account compromised since a time."""
        args = (purpose.value, account, since)
        return self._want(f"compromise-operator/{account}/{since}", "Consortium", "declareOperatorCompromised", args)

    def _want(self, identity: str, contract: str, function: str, args: tuple[Any, ...]) -> Intent:
        now = self._clock.now()
        # Most often it stands already: looking for that must not wait for the one writer.
        with self._store.read() as tx:
            standing = tx.intents.standing(identity)
            if standing is not None and standing.state is IntentState.FAILED:
                # The chain refused it for good, as it does while we are suspended; later it may think otherwise.
                identity = f"{identity}/{now // _AGAIN_S}"
                standing = tx.intents.standing(identity)
        if standing is not None:
            return standing
        intent_id = new_id(self._entropy, "int")
        call = ChainCall(contract, function, args)
        wanted = Intent(intent_id, identity, ChainAccount.GOVERNANCE, call, IntentState.PENDING, now)
        with self._store.write() as tx:
            intent = tx.intents.add(wanted)
            if intent.intent_id == intent_id:
                log_intended(tx, intent, now)
            return intent

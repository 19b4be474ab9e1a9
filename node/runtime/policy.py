"""Hold the node to the policy that two people approved, whatever its settings' file says since.

The policy are the settings that say how long records are kept, how acts of two people wait, for how long backups are
good, and when keys are replaced. The first start adopts what the settings say; from then on the settings are a
proposal. Where they differ, the node works by what was approved and says so, until an act of kind `policy_change`
is approved; processes started after that work by the new one.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from jeung.crypto import base64url
from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, Description, Fact, Words
from jeung.errors import Conflict, MalformedInput
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock
from jeung.services.acts import log
from jeung.services.dual_control import DatabaseAct
from node.settings import Settings
from node.store.policies import Policy, add_policy, policy_digest, present_policy
from node.store.transactions import connection_of

GROUPS: Final = ("retention", "dual_control", "backups", "rotation")
_log = logging.getLogger(__name__)


def policy_of(settings: Settings) -> dict[str, Any]:
    """Give what the settings say of the policy, by group."""
    return {name: getattr(settings, name).model_dump(mode="json") for name in GROUPS}


def with_policy(settings: Settings, document: Mapping[str, Any]) -> Settings:
    """Give settings that follow a policy; a setting that came after it was approved is taken from the settings.

    Raises:
        ValidationError: a value that no setting may have.
    """
    groups = {}
    for name in GROUPS:
        present = getattr(settings, name)
        merged = _merged(present.model_dump(mode="json"), document.get(name, {}))
        groups[name] = type(present).model_validate(merged)
    return settings.model_copy(update=groups)


def settings_in_force(settings: Settings, store: Store, clock: Clock) -> Settings:
    """Give the settings a process works by: the file's, but of the policy what was approved.

    Raises:
        StoreBusy, StoreUnavailable: the database cannot be used.
    """
    with store.read() as tx:
        present = present_policy(connection_of(tx))
    if present is None:
        present = _adopt(settings, store, clock)
    in_force = with_policy(settings, present.document)
    differing = sorted(changes(policy_of(in_force), policy_of(settings)))
    if differing:
        _log.warning(
            "the settings differ from the approved policy, which stays in force: %s (`jeung policy propose`)",
            ", ".join(differing),
        )
    return in_force


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Give every setting that differs between two policies, with both values as text."""
    old, new = _flat(before), _flat(after)
    names = sorted({*old, *new})
    return {name: (old.get(name, "-"), new.get(name, "-")) for name in names if old.get(name) != new.get(name)}


class PolicyChange(DatabaseAct):
    """Put another policy into force: `{policy: {retention, dual_control, backups, rotation}}`, each group whole."""

    kind = ActKind.POLICY_CHANGE
    scopes = frozenset({Scope.GOVERN})

    def __init__(self, settings: Settings, store: Store) -> None:
        """Take the settings, whose groups say which values there may be."""
        self._settings = settings
        self._store = store

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a whole policy that differs from the one in force.

        Raises:
            MalformedInput: another shape, or a value that no setting may have.
            Conflict: it is in force already.
        """
        policy = parameters.get("policy")
        if set(parameters) != {"policy"} or not isinstance(policy, dict) or set(policy) != set(GROUPS):
            raise MalformedInput(f"expected a policy of {', '.join(GROUPS)}")
        try:
            document = policy_of(with_policy(self._settings, policy))
        except ValidationError:
            raise MalformedInput("the policy holds a setting or a value that there is not") from None
        if document != policy:
            raise MalformedInput("each group of a policy is given whole, every value in its own type")
        if not changes(self._before(tx), document):
            raise Conflict("this policy is in force already")
        return {"policy": document}

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        """Say which settings would change, from what to what."""
        with self._store.read() as tx:
            before = self._before(tx)
        differing = changes(before, parameters["policy"])
        facts = (Fact(Words(name, name), f"{old} → {new}") for name, (old, new) in differing.items())
        return Description(
            Words("정책 변경", "Change the policy"),
            Words(
                "보존 기간, 두 사람 승인, 백업, 키 교체 정책을 바꿉니다. 다음에 시작하는 프로세스부터 적용됩니다.",
                "Changes how long records are kept, how acts of two people wait, how long backups are good, when keys"
                " are replaced. Processes started afterwards work by it.",
            ),
            tuple(facts),
        )

    def perform(self, tx: Transaction, act: Act, now: int) -> Mapping[str, Any]:
        """Put it into force and log what it changed, who asked and who approved."""
        document = (act.parameters or {})["policy"]
        before, after = self._before(tx), policy_digest(document)
        add_policy(connection_of(tx), Policy(document, after, act.act_id, now))
        body = {
            "act": act.act_id,
            "before": base64url.encode(policy_digest(before)),
            "after": base64url.encode(after),
            "changes": {name: list(values) for name, values in changes(before, document).items()},
            "requested_by": act.requested_by.shown,
        }
        log(tx, "policy_changed", body, now)
        return {"policy": base64url.encode(after)}

    def _before(self, tx: Transaction) -> dict[str, Any]:
        present = present_policy(connection_of(tx))
        return policy_of(self._settings if present is None else with_policy(self._settings, present.document))


def _adopt(settings: Settings, store: Store, clock: Clock) -> Policy:
    """Put what the settings say into force where nothing is yet."""
    now, document = clock.now(), policy_of(settings)
    with store.write() as tx:
        connection = connection_of(tx)
        # Another process may have come first.
        present = present_policy(connection)
        if present is None:
            present = Policy(document, policy_digest(document), None, now)
            add_policy(connection, present)
            log(tx, "policy_adopted", {"policy": base64url.encode(present.digest)}, now)
    return present


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        inner = merged.get(name)
        nested = isinstance(inner, dict) and isinstance(value, dict)
        merged[name] = _merged(inner, value) if nested and isinstance(inner, dict) else value
    return merged


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = str(value).lower() if isinstance(value, bool) else str(value)
    return found

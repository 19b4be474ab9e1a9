"""Replace a key of a node: a new one takes over, the old one is retired or marked as compromised.

Where the chain knows the member, a successor waits until the chain knows it as well; the worker drives that
(`node.runtime.keeper`). Before the member's admission there is nobody to tell, and the new key works at once.
"""

import json

from jeung.errors import Conflict
from jeung.ports.world import Clock
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from node.runtime.certification import write_whole
from node.runtime.keeper import FOR_PEOPLE, make_successor
from node.settings import MEMBER_FILE, Settings

ROTATED = frozenset(
    {
        *(Purpose.CREDENTIAL_SIGNING, Purpose.STATUS_SIGNING, Purpose.REQUEST_SIGNING),
        *(Purpose.RECEIPT_SIGNING, Purpose.WEBHOOK_SIGNING),
        # Notes name the key that signed them, and readers ask the chain about that key: nobody needs telling.
        *(Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING),
    }
)


def begin_rotation(
    keystore: Keystore, purpose: Purpose, settings: Settings, clock: Clock, *, compromised_since: int | None = None
) -> KeyRecord:
    """Make the successor of a purpose's key, pre-active; the worker registers it and lets it begin.

    The present key goes on until then, and for the overlap beside its successor. One that is declared compromised
    stops now, whatever becomes of the rest: until the chain has the successor, nothing is signed for the purpose. A
    successor that waits already then takes over.

    Raises:
        Conflict: people change this key, or a successor waits already.
        KeyCustodyError: the keystore cannot be changed.
    """
    if purpose in FOR_PEOPLE:
        raise Conflict(f"a {purpose} key is not replaced this way")
    _stop(keystore, purpose, compromised_since)
    if waiting := ready_successors(keystore, purpose, clock):
        if compromised_since is None:
            raise Conflict(f"a {purpose} key waits already to take over")
        return waiting[0]
    return make_successor(keystore, purpose, settings, clock)


def rotate(
    keystore: Keystore, purpose: Purpose, settings: Settings, clock: Clock, *, compromised_since: int | None = None
) -> KeyRecord:
    """Make a new key for a purpose and end the old one's work; give the new key's record.

    Args:
        keystore: the node's, open.
        purpose: one that signs towards others and can be replaced without a vote.
        settings: the node's.
        clock: tells from when the new certificate is good.
        compromised_since: marks the old key so, seconds UTC up to now; else it is retired in good order.

    Raises:
        Conflict: accounts of the chain and wrapping keys are not replaced this way.
        KeyCustodyError: the keystore cannot be changed.
    """
    if purpose not in ROTATED:
        raise Conflict(f"a {purpose} key is not replaced this way")
    _stop(keystore, purpose, compromised_since)
    before = keystore.list(purpose=purpose, state=State.ACTIVE)
    member_file = settings.node_dir / MEMBER_FILE
    member = json.loads(member_file.read_text("utf-8"))
    fresh = make_successor(keystore, purpose, settings, clock)
    # Only now may the node sign with it: from its first signature on the certificate is there.
    fresh = keystore.activate(fresh.key_id)
    for old in before:
        keystore.retire(old.key_id)
    member["keys"][purpose.value] = fresh.key_id
    write_whole(member_file, json.dumps(member, indent=2) + "\n")
    return fresh


def ready_successors(keystore: Keystore, purpose: Purpose, clock: Clock) -> list[KeyRecord]:
    """Give the keys of a purpose that wait for nothing but the chain; one for a later day follows nobody now."""
    now = clock.now()
    return [record for record in keystore.list(purpose=purpose, state=State.PRE_ACTIVE) if record.not_before <= now]


def _stop(keystore: Keystore, purpose: Purpose, compromised_since: int | None) -> None:
    """Mark what works for a purpose as compromised: before anything that can fail, or be killed, is tried."""
    for old in keystore.list(purpose=purpose, state=State.ACTIVE) if compromised_since is not None else ():
        keystore.mark_compromised(old.key_id, compromised_since or 0)

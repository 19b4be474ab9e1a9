"""Replace a signing key of a node: a new one takes over, the old one is retired or marked as compromised.

A running node notices at its next signature. The consortium must hear of it as well: enrolment registers the new key
on the chain, and until then what it signs is refused. A compromise is declared there by an act of its own.
"""

import json

from jeung.errors import Conflict
from jeung.ports.world import Clock
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from node.runtime.certification import certify, write_whole
from node.settings import MEMBER_FILE, Settings

ROTATED = frozenset(
    {
        *(Purpose.CREDENTIAL_SIGNING, Purpose.STATUS_SIGNING, Purpose.REQUEST_SIGNING),
        *(Purpose.RECEIPT_SIGNING, Purpose.WEBHOOK_SIGNING),
    }
)


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
    before = keystore.list(purpose=purpose, state=State.ACTIVE)
    # The member's name in the new certificate is the one in the old.
    member_file = settings.node_dir / MEMBER_FILE
    member = json.loads(member_file.read_text("utf-8"))
    fresh = keystore.create(purpose)
    organisation = str(member["organisation"])
    certify(keystore, fresh, settings.node_dir, organisation=organisation, url=settings.base_url, clock=clock)
    # Only now may the node sign with it: from its first signature on the certificate is there.
    fresh = keystore.activate(fresh.key_id)
    for old in before:
        if compromised_since is None:
            keystore.retire(old.key_id)
        else:
            keystore.mark_compromised(old.key_id, compromised_since)
    member["keys"][purpose.value] = fresh.key_id
    write_whole(member_file, json.dumps(member, indent=2) + "\n")
    return fresh

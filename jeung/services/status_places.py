"""Hand out places in the open status lists: unpredictable, never twice."""

from collections.abc import Sequence

from jeung.crypto.permutation import DOMAIN_SIZE, KEY_LENGTH, permute
from jeung.domain.credentials import StatusReference
from jeung.domain.ledger import LIST_SIZE
from jeung.errors import NotFound
from jeung.ports.custody import Vault
from jeung.ports.store import Transaction
from jeung.ports.world import Entropy
from jeung.services.acts import subject_key

LISTS_PER_GROUP = DOMAIN_SIZE // LIST_SIZE
_CONTEXT = "permutation"
_GROUP_S = 64


def reserve_places(
    tx: Transaction, vault: Vault, entropy: Entropy, count: int, now: int
) -> Sequence[StatusReference]:
    """Reserve places, opening the next group of four lists when there is none or the open one is full."""
    try:
        first_list, sealed_key = tx.status_indexes.group()
        counters = tx.status_indexes.reserve(count)
    except NotFound:
        return _reserve_in_new_group(tx, vault, entropy, 0, count, now)
    if counters.stop > DOMAIN_SIZE:
        return _reserve_in_new_group(tx, vault, entropy, first_list + LISTS_PER_GROUP, count, now)
    return _places(tx, vault, first_list, sealed_key, counters)


def open_fresh_group(tx: Transaction, vault: Vault, entropy: Entropy, now: int) -> int:
    """Close the open lists and open four that nobody can have opened before; give the first one's number.

    One must, after a restore: the backup does not know which lists were opened after it, nor does the chain, which
    sees an index only once its status changes. So the number follows the clock: lists opened in the ordinary way
    count up from there far more slowly than time does (four lists hold 2^22 places), and two restores of the same
    backup are further apart than `_GROUP_S`.
    """
    try:
        after = tx.status_indexes.group()[0] + LISTS_PER_GROUP
    except NotFound:
        after = 0
    first_list = max(after, now // _GROUP_S * LISTS_PER_GROUP)
    _open_group(tx, vault, entropy, first_list, now)
    return first_list


def _reserve_in_new_group(
    tx: Transaction, vault: Vault, entropy: Entropy, first_list: int, count: int, now: int
) -> Sequence[StatusReference]:
    _open_group(tx, vault, entropy, first_list, now)
    first, sealed_key = tx.status_indexes.group()
    return _places(tx, vault, first, sealed_key, tx.status_indexes.reserve(count))


def _open_group(tx: Transaction, vault: Vault, entropy: Entropy, first_list: int, now: int) -> None:
    owner = _owner(first_list)
    wrapped = vault.new_data_key(owner)
    tx.data_keys.add(owner, wrapped, now)
    sealed = vault.seal(wrapped, owner, _CONTEXT, entropy.token(KEY_LENGTH))
    tx.status_indexes.open_group(first_list, sealed)


def _places(
    tx: Transaction, vault: Vault, first_list: int, sealed_key: bytes, counters: range
) -> Sequence[StatusReference]:
    owner = _owner(first_list)
    key = vault.open(subject_key(tx, owner), owner, _CONTEXT, sealed_key)
    places = (divmod(permute(key, counter), LIST_SIZE) for counter in counters)
    return [StatusReference(first_list + list_number, index) for list_number, index in places]


def _owner(first_list: int) -> str:
    return f"status-lists/{first_list}"

"""Count failed log-ins by name and by address before anything is hashed, so that guessing is slow everywhere at once.

The count is a row, and it is raised in a transaction of its own before the password is looked at: of many requests
at the same time, in however many processes, only as many are tried as are allowed.
"""

from jeung.crypto.hashing import sha256
from jeung.domain.staff import AttemptRule, Attempts, StaffAccount
from jeung.errors import LoginLimited
from jeung.ports.store import Store, Transaction
from jeung.services.acts import log

BY_NAME = AttemptRule(free=5, lock_at=100)
BY_ADDRESS = AttemptRule(free=20, forget_s=3_600)
_KEY_BYTES = 4


def name_key(name: str) -> str:
    """Give the key a name's failures are counted under.

    Sometimes a password is typed where the name belongs: 32 bits of a digest count well enough and give no text back.
    """
    return f"name:{sha256(name.encode())[:_KEY_BYTES].hex()}"


def address_key(address: str) -> str:
    """Give the key an address's failures are counted under."""
    return f"address:{address}"


def claim_attempt(store: Store, name: str, address: str, now: int) -> StaffAccount | None:
    """Count an attempt as failed until it succeeds; give the account of that name, if there is one.

    Raises:
        LoginLimited: too many failed; this one is not counted and not tried.
    """
    with store.write() as tx:
        account = tx.staff.named(name)
        by_name, by_address = tx.login_attempts.get(name_key(name)), tx.login_attempts.get(address_key(address))
        wait_s = max(BY_NAME.wait_s(by_name, now), BY_ADDRESS.wait_s(by_address, now))
        if wait_s:
            raise LoginLimited(retry_after_s=wait_s)
        counted = BY_NAME.counted(name_key(name), by_name, now)
        tx.login_attempts.put(counted)
        tx.login_attempts.put(BY_ADDRESS.counted(address_key(address), by_address, now))
        if account is not None and counted.failures in (BY_NAME.free, BY_NAME.lock_at):
            log(tx, "staff_login_paused", {"staff": account.staff_id, "failures": counted.failures}, now)
        return account


def claim_address(store: Store, address: str, now: int) -> None:
    """Count an attempt of an address as failed until it succeeds, where no name is typed.

    Raises:
        LoginLimited: too many failed; this one is not counted and not tried.
    """
    with store.write() as tx:
        by_address = tx.login_attempts.get(address_key(address))
        wait_s = BY_ADDRESS.wait_s(by_address, now)
        if wait_s:
            raise LoginLimited(retry_after_s=wait_s)
        tx.login_attempts.put(BY_ADDRESS.counted(address_key(address), by_address, now))


def forgive_attempt(tx: Transaction, name: str, address: str) -> None:
    """Take back what a success had counted: all of the name's, one of the address's, which others may share."""
    tx.login_attempts.remove(name_key(name))
    forgive_address(tx, address)


def forgive_address(tx: Transaction, address: str) -> None:
    """Take back one failure of an address."""
    by_address = tx.login_attempts.get(address_key(address))
    if by_address is None or by_address.failures <= 1:
        tx.login_attempts.remove(address_key(address))
    else:
        tx.login_attempts.put(Attempts(by_address.key, by_address.failures - 1, by_address.last_at))

"""What processes of a node do with wallets' codes and proofs at once; acts of `tests.common.store_process`."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jeung.crypto import canonical_json
from jeung.domain.wallets import Offer
from jeung.errors import InvalidDpopProof
from jeung.services.wallets import secrets
from jeung.services.wallets.challenges import ChallengeRules, ChallengeService
from jeung.services.wallets.dpop import DpopProof, DpopRules, DpopVerifier
from jeung.services.wallets.offers import OfferGate, OfferRules
from node.store.open import NodeStore
from tests.common import rows, rows_wallets
from tests.common.memory.custody import MemoryVault
from tests.common.memory.world import SetClock, SystemEntropy

PROOFS, OFFERS, TX_CODE = 100, 40, "123456"


def shared_vault() -> MemoryVault:
    """Give a vault that every process can open."""
    vault = MemoryVault()
    vault._wrapping = AESGCM(bytes(32))
    return vault


def keep_offers(kept: NodeStore) -> list[Offer]:
    """Keep offers that all processes will redeem."""
    vault, offers = shared_vault(), []
    wrapped = vault.new_data_key("subject-1")
    hidden = canonical_json.canonical({"tx_code": TX_CODE})
    with kept.store.write() as tx:
        tx.data_keys.add("subject-1", wrapped, rows.NOW)
        tx.proofings.add(rows.proofing())
        for number in range(OFFERS):
            sealed = vault.seal(wrapped, "subject-1", f"offer/offer-{number}", hidden)
            offers.append(rows_wallets.offer(number, code_hash=secrets.digest(f"code-{number}"), sealed=sealed))
            tx.offers.add(offers[-1])
    return offers


def prove(kept: NodeStore, _argument: str) -> None:
    """Show every DPoP proof and print those that were taken."""
    challenges = ChallengeService(
        store=kept.store, vault=shared_vault(), clock=SetClock(), entropy=SystemEntropy(), rules=ChallengeRules()
    )
    dpop = DpopVerifier(challenges=challenges, clock=SetClock(), rules=DpopRules())
    for number in range(PROOFS):
        try:
            with kept.store.write() as tx:
                dpop.claim(tx, DpopProof("jkt", f"proof-{number}", rows.NOW + 600))
        except InvalidDpopProof:
            continue
        print(number, flush=True)


def redeem(kept: NodeStore, _argument: str) -> None:
    """Redeem every offer and print those that were open."""
    for number in range(OFFERS):
        if _tried(kept, number, TX_CODE):
            print(number, flush=True)


def try_codes(kept: NodeStore, _argument: str) -> None:
    """Try wrong transaction codes at the first offer, and then the right one; print if it opened."""
    for wrong in range(20):
        _tried(kept, 0, f"{wrong:06}")
    if _tried(kept, 0, TX_CODE):
        print("opened", flush=True)


def _tried(kept: NodeStore, number: int, tx_code: str) -> bool:
    gate = OfferGate(vault=shared_vault(), rules=OfferRules("https://bank.example"))
    with kept.store.write() as tx:
        offer = tx.offers.by_code(secrets.digest(f"code-{number}"))
        return offer is not None and gate.redeem(tx, offer, tx_code, rows.NOW) is not None

"""Be the customers' phones: standards wallets that receive from the bank and present to whoever may ask.

A phone belongs to the holder, so nothing of it is a member's: its keys are made here and die with the demo. Whatever
a phone does goes through `cli.wallet`, which knows OpenID4VCI and OpenID4VP and no interface of ours.
"""

import functools
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from cli.demo.board import StepFailed
from cli.demo.parties import CLOCK
from cli.p256 import P256Key
from cli.wallet.attestation import Instance
from cli.wallet.browsing import Browser
from cli.wallet.credentials import Held
from cli.wallet.http import WalletHttp
from cli.wallet.presenting import show
from cli.wallet.register import RelyingPartyRegister
from cli.wallet.wallet import HeadlessWallet, Pending, Wish, World
from jeung.crypto import base64url
from jeung.crypto.sd_jwt_vc import credential_digest, parse_presentation

# The order of P-256 (SEC 2, 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Phones:
    """Make phones, which share connections and what issuers publish; safe to share between threads."""

    def __init__(self, register_url: str) -> None:
        """Prepare; `register_url` is the member whose list of relying parties the phones believe."""
        self._http = WalletHttp(allow_loopback=True)
        self.world = World.build(self._http, CLOCK)
        self._register = RelyingPartyRegister(self._http, CLOCK, register_url)

    def new(self, instance: Instance | None = None) -> HeadlessWallet:
        """Give an empty phone; with an instance, one whose maker vouches for it."""
        return HeadlessWallet(self.world, instance=instance, registry=self._register)

    def close(self) -> None:
        """Close the connections of all phones."""
        self._http.close()

    def receive(self, link: str, tx_code: str, copies: int = 1) -> list["Copy"]:
        """Take what an offer's link promises into a new phone, by its pre-authorized code.

        Raises:
            WalletError: wallet or issuer refuses.
            StepFailed: the issuer puts it off.
        """
        return self._copies(self.new().receive(link, tx_code=tx_code, wish=Wish(copies)))

    def receive_by_consent(self, link: str, tx_code: str, instance: Instance) -> list["Copy"]:
        """Take what an offer's link promises by way of the bank's consent page, as an attested wallet.

        Raises:
            WalletError: wallet or issuer refuses.
            StepFailed: the issuer puts it off.
        """
        browser = Browser(self._http, {"tx_code": tx_code})
        return self._copies(self.new(instance).receive(link, browse=browser.browse))

    def _copies(self, received: list[Held] | Pending) -> list["Copy"]:
        if isinstance(received, Pending):
            raise StepFailed("the issuer put off what it could have issued")
        return [Copy(held, self) for held in received]


@dataclass(frozen=True, slots=True)
class Copy:
    """Hold one copy of a credential on a phone."""

    held: Held
    phones: Phones = field(repr=False)

    @property
    def digest(self) -> str:
        """Give the credential's digest as it stands on the ledger."""
        return _digest_of(self.held.sd_jwt)

    def present(self, claims: Collection[str], *, audience: str, nonce: str, now: int) -> str:
        """Make a bare presentation for one audience and one nonce, as an app posts it; `now` is seconds UTC.

        Args:
            claims: what is shown, for example "name_ko" or, within an object, "age_equal_or_over.19".
            audience: the verifier's URL.
            nonce: what the verifier gave out for this presentation.
            now: when it is made.

        """
        places = [tuple(claim.split(".")) for claim in claims]
        return show(self.held, places, audience=audience, nonce=nonce, now=now)

    def phone(self) -> HeadlessWallet:
        """Give a phone that holds this copy and nothing else."""
        wallet = self.phones.new()
        wallet.credentials.append(self.held)
        return wallet

    def forged(self, forger: P256Key) -> "Copy":
        """Give the same credential, signed by somebody who does not have the issuer's key."""
        issuer_signed, _, disclosures = self.held.sd_jwt.partition("~")
        signing_input, _, _ = issuer_signed.rpartition(".")
        signature = base64url.encode(forger.sign(signing_input.encode("ascii")))
        return self._with(f"{signing_input}.{signature}~{disclosures}")

    def twin(self) -> "Copy":
        """Give the same credential under the issuer's other signature, which verifies as well.

        For an ECDSA signature (r, s) the pair (r, n - s) verifies too, and anybody can compute it. The bytes differ,
        so the digest does: this is a credential the issuer's key vouches for and the issuer never attested.
        """
        issuer_signed, _, disclosures = self.held.sd_jwt.partition("~")
        signing_input, _, text = issuer_signed.rpartition(".")
        signature = base64url.decode(text)
        other = _ORDER - int.from_bytes(signature[32:])
        twin = base64url.encode(signature[:32] + other.to_bytes(32))
        return self._with(f"{signing_input}.{twin}~{disclosures}")

    def _with(self, sd_jwt: str) -> "Copy":
        return replace(self, held=replace(self.held, sd_jwt=sd_jwt))


@functools.lru_cache(maxsize=4096)
def _digest_of(sd_jwt: str) -> str:
    return "0x" + credential_digest(parse_presentation(sd_jwt)).hex()

"""An exchange that gives receipts, a holder who asks about them, and everything about the question open to change."""

from collections.abc import Callable, Mapping
from typing import Any

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, sign_jws, verify_jws
from jeung.domain.receipts import RECEIPT_TYPE, STATEMENT_TYPE
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Verification
from jeung.ports.custody import SigningKey
from jeung.ports.log import SignedCheckpoint
from jeung.services.log import LogReader
from jeung.services.receipts import ReceiptDesk, ReceiptSigner
from jeung.services.verification import VerificationRules
from tests.common import naive_log
from tests.common.jose import P256Signer
from tests.common.memory.log import MemoryTransparencyLog
from tests.common.parties import EXCHANGE, SHOWN, Parties
from tests.unit.jeung.services.presenting import bound, crafted

Claims = dict[str, Any]
Change = Callable[[Claims], object]
NOTE = b"exchange.example/log/1\n"
NAMES = sorted(".".join(path) for path in SHOWN)


class Desk:
    """Hold the exchange's desk and one holder."""

    def __init__(self, parties: Parties) -> None:
        self.parties = parties
        self.node = parties.exchange
        self.log = MemoryTransparencyLog(self.node.database)
        self.signer = ReceiptSigner(signer=self.node.signer)
        self.new_key()
        self.desk = ReceiptDesk(
            store=self.node.store,
            ledger=parties.ledger,
            vault=self.node.vault,
            signer=self.signer,
            log=LogReader(log=self.log, url=EXCHANGE),
            clock=parties.clock,
            rules=VerificationRules(url=EXCHANGE),
        )

    def new_key(self, *, register: bool = True) -> SigningKey:
        """Let another key sign receipts from now on."""
        key = self.node.signer.rotate(KeyPurpose.RECEIPT_SIGNING)
        if register:
            self.parties.chain.register_key(
                self.node.member, parse_jwk(key.jwk).thumbprint, KeyPurpose.RECEIPT_SIGNING
            )
        return key

    def publish_log(self) -> tuple[int, bytes]:
        """Publish a checkpoint of everything that happened; give its size and root."""
        fence = self.parties.bank.fence
        while self.log.sequence(limit=100, now=0, fence=fence):
            pass
        size, root = len(self.log.entries), naive_log.mth(self.log.entries)
        self.log.record_checkpoint(SignedCheckpoint(1, size, root, NOTE, "key", 0), fence=fence)
        self.log.publish(1, size, (), fence=fence)
        return size, root

    def present(self, **changes: Any) -> tuple[str, Verification]:  # noqa: ANN401 - what `bound` takes
        """Present; give what was presented and the judgement."""
        presentation = bound(self.parties, crafted(self.parties), **changes)
        return presentation, self.parties.verification.verify(presentation)

    def receipt(self, judged: Verification) -> str:
        """Give the signed receipt of a judgement."""
        receipt = self.signer.receipt(judged.receipt)
        assert receipt is not None
        return receipt

    def proof(
        self,
        receipt: str,
        presentation: str,
        *,
        change: Change = lambda claims: None,
        header: Mapping[str, object] | None = None,
        key: P256Signer | None = None,
    ) -> str:
        """Prove to be the holder, right but for what is changed."""
        holder = key or self.parties.wallet.key(-1)
        claims: Claims = {
            "aud": EXCHANGE,
            "iat": self.parties.clock.now(),
            "jti": base64url.encode(self.node.entropy.token(16)),
            "receipt": base64url.encode(sha256(receipt.encode())),
            "key_binding": presentation.rpartition("~")[2],
        }
        change(claims)
        head = {"alg": "ES256", "typ": "receipt-proof+jwt", "jwk": dict(holder.jwk), **(header or {})}
        return sign_jws(head, claims, holder.sign)

    def forged(self, receipt: str, change: Change, *, key: P256Signer | None = None) -> str:
        """Sign a receipt whose claims were changed: as who has a key for receipts, or another one, could."""
        jws = parse_jws(receipt, typ=RECEIPT_TYPE)
        claims = jws.claims()
        change(claims)
        signer = key or self.node.signer.keys[KeyPurpose.RECEIPT_SIGNING]
        return sign_jws({**jws.header, "jwk": dict(signer.jwk)}, claims, signer.sign)

    def ask(self, receipt: str, presentation: str, **proof: Any) -> Claims:  # noqa: ANN401 - what `proof` takes
        """Ask, and give what a statement says whose signature holds."""
        jws = parse_jws(self.desk.ask(receipt, self.proof(receipt, presentation, **proof)), typ=STATEMENT_TYPE)
        verify_jws(jws, parse_jwk(dict(jws.header["jwk"])))
        return jws.claims()

"""Answer a holder who asks what is recorded about one of his receipts.

The answer is a statement signed by us, so that it can be shown to a supervisor: the record's claim names, times and
end of retention, who opened it in kind and when, and where the log commits to it. Where the record is gone it says
that instead. That too is said only to the holder: he shows our own signature on the receipt, which needs no record to
be verified, and so learns in writing that nothing is kept any more, while a stranger learns nothing either way.

What is gone cannot be compared with the receipt, and a stolen key for receipts signs what it likes. So `erased` is
said only of a commitment that the log holds for the receipt's hour, with the proof, and of any other receipt that
nothing is known. The log is public, so the thief can still name the commitment of another record that was erased:
the statement says that a record with this commitment was there and is not, never whose it was.
"""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.claims import text
from jeung.crypto.hashing import sha256
from jeung.domain.receipts import STATEMENT_TYPE, Reading, Standing
from jeung.domain.transparency import log_origin, verified_entry
from jeung.errors import MalformedInput, ReceiptProofRefused, SealBroken
from jeung.ports.custody import Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock
from jeung.services.log.reading import LogReader
from jeung.services.receipts.proofs import ProvenQuestion, judge_question
from jeung.services.receipts.signing import ReceiptSigner
from jeung.services.verification.evidence import OWNER_PREFIX
from jeung.services.verification.receipts import deployment_named, kept_until, reference_context
from jeung.services.verification.rules import VerificationRules
from jeung.services.verification.shown import PRESENTATION, committed, is_dropped, open_judgement, read_kept

MAX_READINGS: Final = 100
_REPLAY_KIND: Final = "receipt-proof"
_TOLD: Final = ("service", "purpose", "profile_digest", "channel", "claims", "transactions", "result", "code")


class ReceiptDesk:
    """Serve holders who ask about their receipts."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        vault: Vault,
        signer: ReceiptSigner,
        log: LogReader,
        clock: Clock,
        rules: VerificationRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._vault = vault
        self._signer = signer
        self._log = log
        self._clock = clock
        self._rules = rules

    def ask(self, receipt: str, proof: str) -> str:
        """Give a signed statement of what is recorded about a receipt, to its holder alone.

        Args:
            receipt: the consent receipt, as it was handed out.
            proof: a `receipt-proof+jwt` under the device key of the presentation; good once.

        Raises:
            ReceiptProofRefused: the receipt is not ours, or whoever asks did not prove to be its holder.
            KeyUnavailable: no active key signs receipts.
            LedgerStale: the follower has never run.
            StoreBusy, StoreUnavailable: the database cannot be used.
        """
        now, rules = self._clock.now(), self._rules
        with self._ledger.view() as view:
            registry = view.registry
        question = judge_question(
            receipt, proof, url=rules.url, registry=registry, now=now, clock_skew_s=rules.clock_skew_s
        )
        with self._store.write() as tx:
            if not tx.replays.claim(_REPLAY_KIND, question.once, question.good_until):
                raise ReceiptProofRefused
            found = self._found(tx, question)
        claims: dict[str, Any] = {
            "iss": rules.url,
            "iat": now,
            "receipt": question.receipt["jti"],
            "receipt_digest": question.receipt_digest,
            "deployment": deployment_named(rules),
            **(self._gone(question.receipt) if found is None else self._told(*found)),
        }
        return self._signer.signed(STATEMENT_TYPE, claims)

    def _found(self, tx: Transaction, question: ProvenQuestion) -> tuple[bytes, Sequence[Reading]] | None:
        """Give the package and who opened it; None where the key of its day, or the record, is gone.

        Raises:
            ReceiptProofRefused: the record is not of this presentation, so the receipt was not written by us.
        """
        receipt = question.receipt
        try:
            day = datetime.datetime.fromtimestamp(receipt["iat"], datetime.UTC).date()
            owner, context = f"{OWNER_PREFIX}{day.isoformat()}", reference_context(receipt["jti"])
            wrapped = tx.data_keys.get(owner)
            if wrapped is None:
                return None
            reference = base64url.decode(text(receipt, "reference", ReceiptProofRefused) or "")
            evidence_id = self._vault.open(wrapped, owner, context, reference).decode()
            record = tx.evidence.get(evidence_id)
            kept = None if record is None else read_kept(tx, record)
            if kept is None:
                return None
            package, _ = open_judgement(self._vault, kept)
        except (KeyError, TypeError, ValueError, OverflowError, MalformedInput, SealBroken):
            raise ReceiptProofRefused from None
        _require_same(package, question)
        return package, tx.evidence.readings(evidence_id, limit=MAX_READINGS)

    def _told(self, package: bytes, readings: Sequence[Reading]) -> dict[str, Any]:
        recorded = canonical_json.parse_object(package)
        judged_at, receipt = recorded["judged_at"], recorded["receipt"]
        counts = Counter(reading.reader.value for reading in readings)
        return {
            "standing": Standing.KEPT.value,
            "record": {
                **{name: receipt[name] for name in _TOLD},
                "recorded_at": judged_at,
                # By the rules of today: a retention that was changed since holds for old records as well.
                "kept_until": kept_until(judged_at, self._rules.evidence_kept_s),
                # The whole presentation, sealed: the values of the claims shown are among it, until it is dropped.
                "holds": [*([] if is_dropped(recorded) else [PRESENTATION]), "steps", "result"],
            },
            "readings": {
                "by_kind": dict(counts),
                "latest": [{"by": reading.reader.value, "at": reading.read_at} for reading in readings],
                "at_most": MAX_READINGS,
            },
            "log": self._logged(sha256(committed(package, recorded)), judged_at),
        }

    def _gone(self, receipt: Mapping[str, Any]) -> dict[str, Any]:
        """Say of a receipt without a record what can be known.

        Raises:
            ReceiptProofRefused: it names no commitment, so it was not written by us.
        """
        try:
            commitment = base64url.decode(text(receipt, "commitment", ReceiptProofRefused) or "")
        except MalformedInput:
            raise ReceiptProofRefused from None
        logged = self._logged(commitment, receipt["iat"])
        if logged["inclusion"] is None:
            return {"standing": Standing.UNKNOWN.value}
        return {"standing": Standing.ERASED.value, "log": logged}

    def _logged(self, commitment: bytes, judged_at: int) -> dict[str, Any]:
        """Give the entry that commits to a package, and its proof by the newest checkpoint once there is one."""
        entry = verified_entry(commitment, judged_at)
        told: dict[str, Any] = {"entry": canonical_json.parse_object(entry.encoded), "inclusion": None}
        proven = self._log.prove(entry.encoded)
        if proven is not None:
            told["inclusion"] = {
                "origin": log_origin(self._rules.url, proven.epoch),
                "index": proven.index,
                "size": proven.size,
                "hashes": [base64url.encode(node) for node in proven.proof],
                "checkpoint": proven.note.decode(),
                "key": proven.key,
            }
        return told


def _require_same(package: bytes, question: ProvenQuestion) -> None:
    """Hold the record against the question: whoever got hold of a key for receipts learns nothing by it.

    Raises:
        ReceiptProofRefused: another presentation, or another receipt.
    """
    recorded: Mapping[str, Any] = canonical_json.parse_object(package)
    written: Mapping[str, Any] = recorded["receipt"] or {"jti": None}
    # The package cannot hold the commitment to itself; what the receipt says of the log is our word as well.
    expected = {**written, "commitment": base64url.encode(sha256(committed(package, recorded)))}
    same = all(question.receipt.get(name) == value for name, value in expected.items())
    # What was presented is in the receipt by its digest: the presentation itself may have been dropped.
    if not same or base64url.encode(sha256(question.binding.encode())) != written.get("presented"):
        raise ReceiptProofRefused

"""Keep the presentation of a judgement apart from the rest where it shall go sooner, and put both together again.

A judgement is one JSON object whose first member is the presentation as it was shown. What the event log and the
receipt commit to is the same text with the presentation's digest in its place: so the presentation can be dropped,
and what is left is still what was committed to. The digest tells nothing: what it is of holds salts and a signature.

What shall go sooner is sealed under a key named after the day on which it goes: it goes from a restored backup, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.verification import EvidenceRecord, SealedPresentation
from jeung.ports.custody import Vault
from jeung.ports.store import Store, Transaction
from jeung.services.day_keys import DayKeys

SHOWN_PREFIX: Final = "shown/"
PRESENTATION: Final = "presentation"
PRESENTATION_DIGEST: Final = "presentation_digest"
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class PresentationRetention:
    """Say for how many days presentations are kept, by the name of their profile; None: as long as the evidence."""

    days: int | None = None
    by_profile: Mapping[str, int] = field(default_factory=dict)

    def days_of(self, profile: str, evidence_kept_s: int) -> int | None:
        """Give for how many whole days a presentation is kept at least; None where it goes with its evidence."""
        days = self.by_profile.get(profile, self.days)
        return None if days is None or days * _DAY_S >= evidence_kept_s else days


@dataclass(frozen=True, slots=True)
class JudgementText:
    """Hold a judgement's text in its two forms; `whole` begins with the presentation, `core` with its digest."""

    whole: bytes = field(repr=False)
    core: bytes = field(repr=False)


def judgement_text(presentation: str, members: Mapping[str, Any]) -> JudgementText:
    """Write a judgement."""
    rest = orjson.dumps(members)[1:]
    return JudgementText(_head(PRESENTATION, presentation) + rest, _digest_head(presentation) + rest)


def committed(raw: bytes, judgement: Mapping[str, Any]) -> bytes:
    """Give the bytes that log and receipt commit to.

    Args:
        raw: a judgement as it is kept or exported, with its presentation or with the digest.
        judgement: the same, parsed. Formats before 3 do not begin with the presentation: they are committed to whole.
    """
    shown = judgement.get(PRESENTATION)
    head = _head(PRESENTATION, shown) if isinstance(shown, str) else b""
    if shown is None or not raw.startswith(head):
        return raw
    return _digest_head(str(shown)) + raw[len(head) :]


def is_dropped(judgement: Mapping[str, Any]) -> bool:
    """Tell whether the presentation is not there any more."""
    return PRESENTATION not in judgement


class PresentationSealer:
    """Seal presentations that shall go before their evidence."""

    def __init__(self, *, store: Store, vault: Vault, retention: PresentationRetention, evidence_kept_s: int) -> None:
        self._vault = vault
        self._retention = retention
        self._evidence_kept_s = evidence_kept_s
        spans = [*retention.by_profile.values(), *([] if retention.days is None else [retention.days])]
        self._days = {
            days: DayKeys(store=store, vault=vault, prefix=SHOWN_PREFIX, ahead_s=days * _DAY_S) for days in spans
        }

    def sealed(self, evidence_id: str, profile: str, presentation: str, at: int) -> SealedPresentation | None:
        """Seal a presentation; None where it is kept with its evidence.

        Raises:
            StoreBusy: the data key could not be made.
        """
        days = self._retention.days_of(profile, self._evidence_kept_s)
        if days is None:
            return None
        owner, wrapped = self._days[days].at(at)
        sealed = self._vault.seal(wrapped, owner, presentation_context(evidence_id), presentation.encode())
        return SealedPresentation(owner, sealed)


@dataclass(frozen=True, slots=True)
class KeptJudgement:
    """Hold a record with what opens it: the wrapped key of its day, and the presentation where it is kept apart."""

    record: EvidenceRecord
    wrapped: bytes = field(repr=False)
    shown: SealedPresentation | None = None
    shown_wrapped: bytes | None = field(default=None, repr=False)

    @property
    def proofs_key(self) -> tuple[str, bytes]:
        """Give owner and wrapped key that proofs are sealed under: without the presentation they prove nothing."""
        if self.shown is None or self.shown_wrapped is None:
            return self.record.data_key_id, self.wrapped
        return self.shown.data_key_id, self.shown_wrapped


def read_kept(tx: Transaction, record: EvidenceRecord) -> KeptJudgement | None:
    """Read what opens a record; None where the key of its day is gone."""
    wrapped = tx.data_keys.get(record.data_key_id)
    if wrapped is None:
        return None
    shown = tx.evidence.presentation(record.evidence_id)
    return KeptJudgement(record, wrapped, shown, None if shown is None else tx.data_keys.get(shown.data_key_id))


def open_judgement(vault: Vault, kept: KeptJudgement) -> tuple[bytes, dict[str, Any]]:
    """Open a judgement, whole where its presentation is still there; give its text, and the same parsed.

    Raises:
        SealBroken: sealed bytes were changed or moved.
        MalformedJson: what was sealed is no judgement.
    """
    record = kept.record
    raw = vault.open(kept.wrapped, record.data_key_id, evidence_context(record.evidence_id), record.sealed)
    judgement = canonical_json.parse_object(raw)
    if kept.shown is None or kept.shown_wrapped is None or not is_dropped(judgement):
        return raw, judgement
    shown, context = kept.shown, presentation_context(record.evidence_id)
    presentation = vault.open(kept.shown_wrapped, shown.data_key_id, context, shown.sealed).decode()
    whole = _head(PRESENTATION, presentation) + raw[len(_digest_head(presentation)) :]
    return whole, canonical_json.parse_object(whole)


def evidence_context(evidence_id: str) -> str:
    """Give the context that a judgement is sealed for."""
    return f"evidence/{evidence_id}"


def presentation_context(evidence_id: str) -> str:
    """Give the context that a presentation is sealed for."""
    return f"evidence-presentation/{evidence_id}"


def _digest_head(presentation: str) -> bytes:
    return _head(PRESENTATION_DIGEST, base64url.encode(sha256(presentation.encode())))


def _head(name: str, value: str) -> bytes:
    return b'{"' + name.encode() + b'":' + orjson.dumps(value) + b","

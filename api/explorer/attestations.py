"""Show a digest's attestation from its batch to what can be said of its status, and a batch with its digests.

What a relying party verified stands on no chain and in no log: no page leads there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from api.context import runtime
from api.explorer import figures
from api.explorer.cursors import begin_of
from api.explorer.pages import show, view
from api.explorer.words import name_of
from jeung.domain.history import PlacedDigest
from jeung.domain.identifiers import BatchId, CredentialDigest, id_from_hex, to_hex
from jeung.domain.members import MemberStatus, Role
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.registry import Registry
from jeung.services.explorer import DIGESTS_SHOWN

KEYS_SHOWN: Final = 100
"""A member registers as many keys as it likes, and a digest may stand in sixteen batches."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """Say how what an attestation rests on stood at its block's time, and stands by what is known now."""

    what: str
    then: bool
    now: bool
    about: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold one attestation of a digest for the page."""

    placed: PlacedDigest
    issuer: str
    schema: str
    checks: Sequence[AsOf]
    keys: Sequence[tuple[str, KeyState]]
    more_keys: int
    proof: Sequence[str] | None


@view("/attestations/<hex32:digest>")
def explore_attestation(digest: str) -> Response:
    """Show who attested a digest, where it stands, and how everything stood then."""
    found = runtime().explorer.attestations(CredentialDigest(id_from_hex(digest)))
    registry, now = runtime().registry.registry(), runtime().clock.now()
    items = [_shown(placed, registry, now, proven=place == 0) for place, placed in enumerate(found)]
    return show("attestation.html", digest=digest.lower(), items=items)


@view("/batches/<hex32:batch_id>", query=True)
def explore_batch(batch_id: str) -> Response:
    """Show a batch and its digests in the order of their leaves."""
    since = begin_of(request.args.get("after"))
    batch, digests = runtime().explorer.batch(BatchId(id_from_hex(batch_id)), since=since)
    registry = runtime().registry.registry()
    end = since + DIGESTS_SHOWN
    return show(
        "batch.html",
        batch=batch,
        issuer=name_of(batch.issuer, registry),
        schema=_vct(registry, batch.schema),
        digests=[(since + place, to_hex(digest)) for place, digest in enumerate(digests)],
        next_cursor=str(end) if end < batch.count else None,
    )


def _shown(placed: PlacedDigest, registry: Registry, now: int, *, proven: bool) -> Shown:
    proof = runtime().explorer.proof(placed) if proven else None
    batch = placed.batch
    keys = [key for (member, _), key in registry.keys.items() if member == batch.issuer]
    signing = [key for key in keys if key.purpose is KeyPurpose.CREDENTIAL_SIGNING]
    held = [key for key in signing if max(key.registered_at, key.not_before) <= batch.place.time]
    return Shown(
        placed=placed,
        issuer=name_of(batch.issuer, registry),
        schema=_vct(registry, batch.schema),
        checks=_checks(placed, registry, now),
        keys=[(to_hex(key.thumbprint), key.state_at(batch.place.time)) for key in held[-KEYS_SHOWN:]],
        more_keys=max(len(held) - KEYS_SHOWN, 0),
        proof=None if proof is None else [to_hex(sibling) for sibling in proof],
    )


def _checks(placed: PlacedDigest, registry: Registry, now: int) -> list[AsOf]:
    batch, time = placed.batch, placed.batch.place.time
    issuer, operator = registry.members[batch.issuer], registry.operators.get(batch.operator)
    granted = registry.was_accredited_at(batch.issuer, batch.schema, time)
    grants = registry.grants.get((batch.issuer, batch.schema), ())
    stands = operator is not None and operator.was_authorized_at(time)
    disowned = issuer.removal is not None and issuer.removal.for_cause and issuer.removal.effective_since <= time
    return [
        AsOf(
            "issuer",
            issuer.status_at(time) is MemberStatus.ACTIVE and issuer.has_role_at(Role.ISSUER, time),
            issuer.status_at(now) is not MemberStatus.SUSPENDED and not disowned,
            name_of(batch.issuer, registry),
        ),
        AsOf(
            "accreditation",
            granted,
            registry.grant_covering(batch.issuer, batch.schema, time) is not None,
            ", ".join(figures.type_of(grant, registry) for grant in grants[-1:]),
        ),
        AsOf(
            "operator",
            stands,
            operator is not None and stands and not operator.was_compromised_at(time),
            batch.operator,
        ),
    ]


def _vct(registry: Registry, schema: bytes) -> str:
    known = next((one for one in registry.schemas.values() if one.schema == schema), None)
    return to_hex(schema) if known is None else known.vct

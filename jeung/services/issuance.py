"""Issue credentials for a completed proofing: one family, a copy for each holder key.

The family's rows and its digests for the ledger are written in one transaction; the anchorer does the rest. Issuing
needs no chain: while it is down the digests wait, and verifiers hear `attestation_pending`, then `not_attested`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeung.crypto.jwk import ES256, parse_jwk
from jeung.crypto.sd_jwt_vc import StatusReference as StatusClaim
from jeung.crypto.sd_jwt_vc import credential_digest, issue_credential, parse_presentation
from jeung.domain.access import RequestKey
from jeung.domain.credentials import CredentialRecord, StatusReference
from jeung.domain.identifiers import CredentialDigest, SchemaId
from jeung.domain.key_storage import HolderKey
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import MemberStatus, Role
from jeung.domain.proofing import Proofing, ProofingState
from jeung.domain.registrations import KeyPurpose
from jeung.domain.registry import Registry
from jeung.errors import LimitExceeded, MalformedInput, MalformedKey, NotAccredited, NotFound, ProofingClosed
from jeung.ports.custody import Signer, SigningKey, Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import earlier_result, log, new_id, remember_result, subject_key
from jeung.services.proofing import opened_person
from jeung.services.status_places import open_fresh_group, reserve_places
from jeung.services.status_uri import status_list_uri
from jeung.services.subject_claims import device_claims, subject_claims


@dataclass(frozen=True, slots=True)
class IssuanceRules:
    """Say who issues (our URL, which is `iss`) and how; times in seconds.

    `time_rounding_s` coarsens `iat` and `exp`, so that they do not link the copies of one family.
    """

    url: str
    validity_s: int = 365 * 86_400
    time_rounding_s: int = 60
    max_copies: int = 32


@dataclass(frozen=True, slots=True)
class IssuedCopy:
    """Pair a copy's record with the SD-JWT VC as the holder gets it, all disclosures included."""

    record: CredentialRecord
    sd_jwt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IssuedFamily:
    """Give the copies of one family, in the order of the holder keys."""

    family_id: str
    copies: tuple[IssuedCopy, ...]


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Hold what stands behind issuing a type at a time, seconds UTC: its schema, and the key that signs."""

    vct: str
    schema: SchemaId
    signing_key: SigningKey
    now: int


class IssuanceService:
    """Issue credentials in this member's name."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        signer: Signer,
        vault: Vault,
        clock: Clock,
        entropy: Entropy,
        rules: IssuanceRules,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._signer = signer
        self._vault = vault
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def issue(
        self,
        proofing_id: str,
        vct: str,
        holder_keys: Sequence[Mapping[str, Any]],
        *,
        request: RequestKey | None = None,
    ) -> IssuedFamily:
        """Issue one copy for each holder key (public JWKs, P-256).

        Raises:
            NotFound: no such proofing, or no such credential type.
            ProofingClosed: the proofing is not completed.
            NotAccredited: we are not an active, accredited issuer of the type now.
            MalformedKey, MalformedInput, LimitExceeded: a key is no public P-256 key, stands there twice, or there
                are too many or none.
            SubjectErased: the subject's data was destroyed.
            KeyUnavailable: no credential-signing key is active.
            LedgerStale: the follower has never run.
            IdempotencyKeyReused: the key stands for another request.
        """
        if not 0 < len(holder_keys) <= self._rules.max_copies:
            raise LimitExceeded(f"expected 1 to {self._rules.max_copies} holder keys")
        keys = _holder_keys(holder_keys)
        entitlement = self.entitlement(vct)
        with self._store.write() as tx:
            earlier = earlier_result(tx, request)
            if earlier is not None:
                return self.family(tx, earlier)
            proofing = tx.proofings.get(proofing_id)
            if proofing is None:
                raise NotFound("no such proofing")
            family = self.add_copies(tx, proofing, entitlement, keys)
            remember_result(tx, request, family.family_id, entitlement.now)
            return family

    def entitlement(self, vct: str) -> Entitlement:
        """Say what stands behind issuing a type now, before a transaction is opened for it.

        Raises:
            NotFound, NotAccredited, KeyUnavailable: as `entitled`.
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            return self.entitled(view.registry, vct)

    def entitled(self, registry: Registry, vct: str) -> Entitlement:
        """Find the type's schema and make sure that the chain would take our attestation of it.

        Raises:
            NotFound: no such credential type.
            NotAccredited: we are not an active, accredited issuer of the type now.
            KeyUnavailable: no credential-signing key is active.
        """
        now = self._clock.now()
        schema = registry.schema_by_vct(vct)
        if schema is None:
            raise NotFound("no such credential type")
        member = registry.member_at(self._rules.url)
        if (
            member is None
            or member.status_at(now) is not MemberStatus.ACTIVE
            or Role.ISSUER not in member.roles_at(now)
            or registry.grant_covering(member.member, schema.schema, now) is None
        ):
            raise NotAccredited
        return Entitlement(vct, schema.schema, self._signer.active_key(KeyPurpose.CREDENTIAL_SIGNING), now)

    def add_copies(
        self,
        tx: Transaction,
        proofing: Proofing,
        entitlement: Entitlement,
        keys: Sequence[HolderKey],
        family_id: str | None = None,
    ) -> IssuedFamily:
        """Issue a copy for each key that has none in the family yet, and give the copies of all these keys.

        So who asks again with the same keys, because the answer was lost, gets the same credentials.

        Args:
            tx: a write transaction.
            proofing: whose person the copies are about.
            entitlement: from `entitlement`.
            keys: different keys, on P-256.
            family_id: the family to add to; None begins one.

        Raises:
            ProofingClosed: the proofing is not completed.
            LimitExceeded: the family would have more copies than it may.
            SubjectErased: the subject's data was destroyed.
            KeyUnavailable: the signing key signs no more.
        """
        if proofing.state is not ProofingState.COMPLETED:
            raise ProofingClosed("the proofing is not completed")
        earlier = () if family_id is None else self.family(tx, family_id).copies
        have = {_holder_thumbprint(copy.sd_jwt): copy for copy in earlier}
        fresh = [key for key in keys if key.key.thumbprint not in have]
        if len(fresh) + len(earlier) > self._rules.max_copies:
            raise LimitExceeded(f"a family has at most {self._rules.max_copies} copies")
        family_id = family_id or new_id(self._entropy, "fam")
        made = self._make_copies(tx, proofing, entitlement, fresh, family_id) if fresh else []
        tx.credentials.add_family([copy.record for copy in made])
        for copy in made:
            log(tx, "credential_issued", {"credential": copy.record.credential_id}, entitlement.now)
        have.update((key.key.thumbprint, copy) for key, copy in zip(fresh, made, strict=True))
        return IssuedFamily(family_id, tuple(have[key.key.thumbprint] for key in keys))

    def family(self, tx: Transaction, family_id: str) -> IssuedFamily:
        """Give a family again as it was given first.

        Raises:
            SubjectErased: the subject's data was destroyed.
        """
        copies = []
        for view in tx.credentials.family(family_id):
            record = view.record
            wrapped = subject_key(tx, record.subject_id)
            context = credential_context(record.credential_id)
            plaintext = self._vault.open(wrapped, record.subject_id, context, record.sealed)
            copies.append(IssuedCopy(record, plaintext.decode("ascii")))
        return IssuedFamily(family_id, tuple(copies))

    def open_fresh_lists(self) -> int:
        """Close the open status lists, as one must after a restore; give the first number of the next ones."""
        with self._store.write() as tx:
            return open_fresh_group(tx, self._vault, self._entropy, self._clock.now())

    def _make_copies(
        self, tx: Transaction, proofing: Proofing, entitlement: Entitlement, keys: Sequence[HolderKey], family_id: str
    ) -> list[IssuedCopy]:
        now, signing_key = entitlement.now, entitlement.signing_key
        issued_at = now - now % self._rules.time_rounding_s
        expires_at = issued_at + self._rules.validity_s
        claims = subject_claims(opened_person(tx, self._vault, proofing), proofing, now)
        wrapped = subject_key(tx, proofing.subject_id)
        copies = []
        for key, place in zip(keys, reserve_places(tx, self._vault, self._entropy, len(keys), now), strict=True):
            sd_jwt = issue_credential(
                {**claims, **device_claims(key)},
                issuer=self._rules.url,
                vct=entitlement.vct,
                schema_id=entitlement.schema,
                holder_jwk=key.key.jwk,
                status=StatusClaim(status_list_uri(self._rules.url, place.list_number), place.index),
                issued_at=issued_at,
                expires_at=expires_at,
                key_id=signing_key.key_id,
                certificates=signing_key.x5c,
                sign=lambda message: self._signer.sign(signing_key.key_id, KeyPurpose.CREDENTIAL_SIGNING, message),
                random_bytes=self._entropy.token,
                algorithm=signing_key.algorithm,
            )
            credential_id = new_id(self._entropy, "crd")
            sealed = self._vault.seal(
                wrapped, proofing.subject_id, credential_context(credential_id), sd_jwt.encode("ascii")
            )
            record = CredentialRecord(
                credential_id=credential_id,
                family_id=family_id,
                subject_id=proofing.subject_id,
                proofing_id=proofing.proofing_id,
                schema=entitlement.schema,
                digest=CredentialDigest(credential_digest(parse_presentation(sd_jwt))),
                status=StatusReference(place.list_number, place.index),
                wanted_status=CredentialStatus.VALID,
                signing_key_id=signing_key.key_id,
                issued_at=issued_at,
                expires_at=expires_at,
                sealed=sealed,
                key_storage=key.storage,
            )
            copies.append(IssuedCopy(record, sd_jwt))
        return copies


def credential_context(credential_id: str) -> str:
    """Name the place an issued credential is sealed for."""
    return f"credential/{credential_id}"


def _holder_keys(holder_keys: Sequence[Mapping[str, Any]]) -> list[HolderKey]:
    """Load the keys a back office names, of whose keeping nobody vouches."""
    keys = [parse_jwk(dict(key)) for key in holder_keys]
    if any(key.algorithm != ES256 for key in keys):
        raise MalformedKey("a holder key is not on P-256")
    # Two copies under one key could be linked by it.
    if len({key.thumbprint for key in keys}) != len(keys):
        raise MalformedInput("a holder key stands there twice")
    return [HolderKey(key) for key in keys]


def _holder_thumbprint(sd_jwt: str) -> bytes:
    """Give the thumbprint of the key that a credential of ours is bound to."""
    return parse_jwk(parse_presentation(sd_jwt).payload["cnf"]["jwk"]).thumbprint

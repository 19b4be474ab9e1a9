"""Offers, authorization requests and wallets' grants in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from jeung.domain.wallets import AuthorizationRequest, Offer, OfferState, WalletGrant
from jeung.errors import Conflict, NotFound
from tests.common.memory.database import Tables

T = TypeVar("T")


class MemoryOffers:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, offer: Offer) -> None:
        for kept in self._tables.offers.values():
            _apart(_offer_names(kept), _offer_names(offer))
        self._tables.offers[offer.offer_id] = offer

    def get(self, offer_id: str) -> Offer | None:
        return self._tables.offers.get(offer_id)

    def by_reference(self, digest: bytes) -> Offer | None:
        return _first(self._tables.offers.values(), lambda offer: offer.reference_hash == digest)

    def by_code(self, digest: bytes) -> Offer | None:
        return _first(self._tables.offers.values(), lambda offer: offer.code_hash == digest)

    def by_issuer_state(self, digest: bytes) -> Offer | None:
        return _first(self._tables.offers.values(), lambda offer: offer.issuer_state_hash == digest)

    def by_reception(self, number: str) -> Offer | None:
        return _first(self._tables.offers.values(), lambda offer: offer.reception_number == number)

    def of_proofing(self, proofing_id: str, limit: int) -> Sequence[Offer]:
        found = [offer for offer in self._tables.offers.values() if offer.proofing_id == proofing_id]
        return sorted(found, key=lambda offer: (-offer.created_at, offer.offer_id))[:limit]

    def made_by(self, created_by: str, *, after: str, limit: int) -> Sequence[Offer]:
        found = [offer for offer in self._tables.offers.values() if offer.created_by == created_by]
        return sorted((one for one in found if one.offer_id > after), key=lambda offer: offer.offer_id)[:limit]

    def tally(self, created_by: str) -> Mapping[OfferState, int]:
        return Counter(one.stored_state for one in self._tables.offers.values() if one.created_by == created_by)

    def replace(self, offer: Offer) -> None:
        _standing(self._tables.offers, offer.offer_id)
        self._tables.offers[offer.offer_id] = offer


class MemoryAuthorizations:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, request: AuthorizationRequest) -> None:
        for kept in self._tables.authorizations.values():
            _apart((kept.request_id, kept.uri_hash), (request.request_id, request.uri_hash))
        self._tables.authorizations[request.request_id] = request

    def by_uri(self, digest: bytes) -> AuthorizationRequest | None:
        return _first(self._tables.authorizations.values(), lambda request: request.uri_hash == digest)

    def by_code(self, digest: bytes) -> AuthorizationRequest | None:
        return _first(self._tables.authorizations.values(), lambda request: request.code_hash == digest)

    def replace(self, request: AuthorizationRequest) -> None:
        _standing(self._tables.authorizations, request.request_id)
        self._tables.authorizations[request.request_id] = request


class MemoryWalletGrants:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, grant: WalletGrant) -> None:
        for kept in self._tables.grants.values():
            _apart(_grant_names(kept), _grant_names(grant))
        self._tables.grants[grant.grant_id] = grant

    def get(self, grant_id: str) -> WalletGrant | None:
        return self._tables.grants.get(grant_id)

    def by_token(self, digest: bytes) -> WalletGrant | None:
        return _first(self._tables.grants.values(), lambda grant: grant.token_hash == digest)

    def of_offer(self, offer_id: str) -> WalletGrant | None:
        return _first(self._tables.grants.values(), lambda grant: grant.offer_id == offer_id)

    def replace(self, grant: WalletGrant) -> None:
        _standing(self._tables.grants, grant.grant_id)
        self._tables.grants[grant.grant_id] = grant


def _offer_names(offer: Offer) -> tuple[object, ...]:
    return (
        offer.offer_id,
        offer.reference_hash,
        offer.code_hash,
        offer.issuer_state_hash,
        offer.reception_number,
    )


def _grant_names(grant: WalletGrant) -> tuple[object, ...]:
    return grant.grant_id, grant.token_hash, grant.offer_id


def _apart(kept: tuple[object, ...], new: tuple[object, ...]) -> None:
    if any(one == other for one, other in zip(kept, new, strict=True)):
        raise Conflict


def _first(rows: Iterable[T], fits: Callable[[T], bool]) -> T | None:
    return next((row for row in rows if fits(row)), None)


def _standing(table: dict[str, T], key: str) -> None:
    if key not in table:
        raise NotFound

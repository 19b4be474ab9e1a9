"""Keep credential offers, authorization requests and what wallets' access tokens allow."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, bindparam, func, insert, select, update

from jeung.domain.wallets import AuthorizationRequest, AuthorizationStage, Offer, OfferState, WalletGrant
from jeung.errors import NotFound
from node.store.cursors import page_size
from node.store.schema_wallets import credential_offers, wallet_authorizations, wallet_grants


def _by(column: "Column[Any]") -> Select[Any]:
    # For a database with more than one writer: the row stays as read until the commit.
    return select(column.table).where(column == bindparam("wanted")).with_for_update()


def _replacing(table: Table) -> Any:  # noqa: ANN401 - an UPDATE with its columns yet to be named
    (key,) = table.primary_key.columns
    return update(table).where(key == bindparam("wanted"))


_ADD_OFFER, _REPLACE_OFFER = insert(credential_offers), _replacing(credential_offers)
_OFFER = _by(credential_offers.c.offer_id)
_OFFER_BY_REFERENCE = _by(credential_offers.c.reference_hash)
_OFFER_BY_CODE = _by(credential_offers.c.code_hash)
_OFFER_BY_STATE = _by(credential_offers.c.issuer_state_hash)
_OFFER_BY_RECEPTION = _by(credential_offers.c.reception_number)
_OFFERS_OF_PROOFING = (
    select(credential_offers)
    .where(credential_offers.c.proofing_id == bindparam("wanted"))
    .order_by(credential_offers.c.created_at.desc(), credential_offers.c.offer_id)
    .limit(bindparam("size"))
)
_OFFERS_MADE_BY = (
    select(credential_offers)
    .where(credential_offers.c.created_by == bindparam("maker"), credential_offers.c.offer_id > bindparam("after"))
    .order_by(credential_offers.c.offer_id)
    .limit(bindparam("size"))
)
_TALLY = (
    select(credential_offers.c.state, func.count())
    .where(credential_offers.c.created_by == bindparam("maker"))
    .group_by(credential_offers.c.state)
)
_ADD_REQUEST, _REPLACE_REQUEST = insert(wallet_authorizations), _replacing(wallet_authorizations)
_REQUEST_BY_URI = _by(wallet_authorizations.c.uri_hash)
_REQUEST_BY_CODE = _by(wallet_authorizations.c.code_hash)
_ADD_GRANT, _REPLACE_GRANT = insert(wallet_grants), _replacing(wallet_grants)
_GRANT = _by(wallet_grants.c.grant_id)
_GRANT_BY_TOKEN = _by(wallet_grants.c.token_hash)
_GRANT_OF_OFFER = _by(wallet_grants.c.offer_id)


class SqlOffers:
    """Keep credential offers (jeung.ports.wallets.Offers)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, offer: Offer) -> None:
        """Keep a new offer.

        Raises:
            Conflict: its id, one of its digests or its reception number stands already.
        """
        self._connection.execute(_ADD_OFFER, _offer_columns(offer))

    def get(self, offer_id: str) -> Offer | None:
        """Give an offer by the id the staff knows."""
        return self._found(_OFFER, offer_id)

    def by_reference(self, digest: bytes) -> Offer | None:
        """Give the offer whose `credential_offer_uri` has a last part with this SHA-256."""
        return self._found(_OFFER_BY_REFERENCE, digest)

    def by_code(self, digest: bytes) -> Offer | None:
        """Give the offer whose pre-authorized code has this SHA-256."""
        return self._found(_OFFER_BY_CODE, digest)

    def by_issuer_state(self, digest: bytes) -> Offer | None:
        """Give the offer whose `issuer_state` has this SHA-256."""
        return self._found(_OFFER_BY_STATE, digest)

    def by_reception(self, number: str) -> Offer | None:
        """Give the offer with this reception number."""
        return self._found(_OFFER_BY_RECEPTION, number)

    def of_proofing(self, proofing_id: str, limit: int) -> Sequence[Offer]:
        """Give the newest offers for a proofing, newest first."""
        rows = self._connection.execute(_OFFERS_OF_PROOFING, {"wanted": proofing_id, "size": page_size(limit)})
        return [_offer(row) for row in rows]

    def made_by(self, created_by: str, *, after: str, limit: int) -> Sequence[Offer]:
        """Give the offers that one client or act made, in the order of their ids, those that follow `after`."""
        values = {"maker": created_by, "after": after, "size": page_size(limit)}
        return [_offer(row) for row in self._connection.execute(_OFFERS_MADE_BY, values)]

    def tally(self, created_by: str) -> Mapping[OfferState, int]:
        """Count the offers that one client or act made, by what was decided of them."""
        rows = self._connection.execute(_TALLY, {"maker": created_by})
        return {OfferState(state): int(count) for state, count in rows}

    def replace(self, offer: Offer) -> None:
        """Keep a changed offer.

        Raises:
            NotFound: no such offer.
        """
        _replace(self._connection, _REPLACE_OFFER, offer.offer_id, _offer_columns(offer))

    def _found(self, statement: Select[Any], wanted: object) -> Offer | None:
        row = self._connection.execute(statement, {"wanted": wanted}).first()
        return None if row is None else _offer(row)


class SqlAuthorizations:
    """Keep pushed authorization requests (jeung.ports.wallets.Authorizations)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: AuthorizationRequest) -> None:
        """Keep a new request.

        Raises:
            Conflict: its id or its digest stands already.
        """
        self._connection.execute(_ADD_REQUEST, _request_columns(request))

    def by_uri(self, digest: bytes) -> AuthorizationRequest | None:
        """Give the request whose `request_uri` has a random part with this SHA-256."""
        return _request(self._connection.execute(_REQUEST_BY_URI, {"wanted": digest}).first())

    def by_code(self, digest: bytes) -> AuthorizationRequest | None:
        """Give the request whose authorization code has this SHA-256."""
        return _request(self._connection.execute(_REQUEST_BY_CODE, {"wanted": digest}).first())

    def replace(self, request: AuthorizationRequest) -> None:
        """Keep a changed request.

        Raises:
            NotFound: no such request.
        """
        _replace(self._connection, _REPLACE_REQUEST, request.request_id, _request_columns(request))


class SqlWalletGrants:
    """Keep what wallets' access tokens allow (jeung.ports.wallets.WalletGrants)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, grant: WalletGrant) -> None:
        """Keep a new grant.

        Raises:
            Conflict: its id, its token's digest or its offer stands already.
        """
        self._connection.execute(_ADD_GRANT, _grant_columns(grant))

    def get(self, grant_id: str) -> WalletGrant | None:
        """Give a grant."""
        return _grant(self._connection.execute(_GRANT, {"wanted": grant_id}).first())

    def by_token(self, digest: bytes) -> WalletGrant | None:
        """Give the grant whose access token has this SHA-256."""
        return _grant(self._connection.execute(_GRANT_BY_TOKEN, {"wanted": digest}).first())

    def of_offer(self, offer_id: str) -> WalletGrant | None:
        """Give what an offer was redeemed for."""
        return _grant(self._connection.execute(_GRANT_OF_OFFER, {"wanted": offer_id}).first())

    def replace(self, grant: WalletGrant) -> None:
        """Keep a changed grant.

        Raises:
            NotFound: no such grant.
        """
        _replace(self._connection, _REPLACE_GRANT, grant.grant_id, _grant_columns(grant))


def _replace(connection: Connection, statement: Any, wanted: str, columns: dict[str, Any]) -> None:  # noqa: ANN401
    if connection.execute(statement, {"wanted": wanted, **columns}).rowcount == 0:
        raise NotFound("There is no such row.")


def _plain(value: object) -> dict[str, Any]:
    return {part.name: getattr(value, part.name) for part in fields(value)}  # type: ignore[arg-type]  # a dataclass


def _offer(row: Row[Any]) -> Offer:
    values = dict(row._mapping)
    values["stored_state"] = OfferState(values.pop("state"))
    values["configuration_ids"] = tuple(json.loads(row.configuration_ids))
    return Offer(**values)


def _offer_columns(offer: Offer) -> dict[str, Any]:
    columns = _plain(offer)
    columns["state"] = columns.pop("stored_state").value
    return {**columns, "configuration_ids": json.dumps(offer.configuration_ids)}


def _request_columns(request: AuthorizationRequest) -> dict[str, Any]:
    ids = json.dumps(request.configuration_ids)
    return {**_plain(request), "stage": request.stage.value, "configuration_ids": ids}


def _request(row: Row[Any] | None) -> AuthorizationRequest | None:
    if row is None:
        return None
    values = dict(row._mapping)
    values["stage"] = AuthorizationStage(values["stage"])
    values["configuration_ids"] = tuple(json.loads(row.configuration_ids))
    return AuthorizationRequest(**values)


def _grant_columns(grant: WalletGrant) -> dict[str, Any]:
    return {
        **_plain(grant),
        "configuration_ids": json.dumps(grant.configuration_ids),
        "credential_identifiers": json.dumps(grant.credential_identifiers),
        "families": json.dumps(grant.families),
    }


def _grant(row: Row[Any] | None) -> WalletGrant | None:
    if row is None:
        return None
    values = dict(row._mapping)
    values["configuration_ids"] = tuple(json.loads(row.configuration_ids))
    values["credential_identifiers"] = _pairs(row.credential_identifiers)
    values["families"] = _pairs(row.families)
    return WalletGrant(**values)


def _pairs(text: str) -> Sequence[tuple[str, str]]:
    return tuple((first, second) for first, second in json.loads(text))

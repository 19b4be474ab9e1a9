"""Read credential offers (OpenID4VCI 1.0 section 4.1): a link or JSON, by value or by reference."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cli.wallet import documents
from cli.wallet.errors import NotTrusted
from cli.wallet.http import WalletHttp
from jeung.crypto.canonical_json import parse_object
from jeung.errors import MalformedJson

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
AUTHORIZATION_CODE = "authorization_code"

_MAX_CHARACTERS = 16_384


@dataclass(frozen=True, slots=True)
class Offer:
    """Hold what an issuer offers; codes stay out of the repr."""

    issuer: str
    configuration_ids: tuple[str, ...]
    pre_authorized_code: str | None = field(default=None, repr=False)
    tx_code: dict[str, Any] | None = None
    """How the transaction code looks (`input_mode`, `length`, `description`); None where none is asked for."""
    issuer_state: str | None = field(default=None, repr=False)
    takes_authorization_code: bool = False


def read_offer(http: WalletHttp, link: str) -> Offer:
    """Read an offer from its link, following a reference.

    Args:
        http: fetches what `credential_offer_uri` points to.
        link: any URL with `credential_offer` or `credential_offer_uri`, whatever its scheme.

    Raises:
        NotTrusted: no offer, or one of another shape.
        ServerRefused, Unanswered: the reference leads nowhere.
    """
    value, reference = _parameters(link)
    if value is not None:
        try:
            return parse_offer(parse_object(value.encode()))
        except MalformedJson:
            raise NotTrusted("malformed_offer", "the offer is not one JSON object") from None
    if reference is None:
        raise NotTrusted("malformed_offer", "the link carries no offer")
    return parse_offer(http.get(reference).json())


def parse_offer(document: dict[str, Any]) -> Offer:
    """Read the offer's JSON.

    Raises:
        NotTrusted: another shape, or a grant that no wallet of ours can use.
    """
    issuer = documents.text(document, "credential_issuer")
    identifiers = tuple(documents.texts(document, "credential_configuration_ids"))
    if not identifiers or len(set(identifiers)) != len(identifiers):
        raise NotTrusted("malformed_offer", "the offer names no credential, or one twice")
    grants = documents.optional_member(document, "grants") or {}
    code = documents.optional_member(grants, PRE_AUTHORIZED)
    redirected = documents.optional_member(grants, AUTHORIZATION_CODE)
    return Offer(
        issuer=issuer,
        configuration_ids=identifiers,
        pre_authorized_code=None if code is None else documents.text(code, "pre-authorized_code"),
        tx_code=None if code is None else documents.optional_member(code, "tx_code"),
        issuer_state=None if redirected is None else documents.optional_text(redirected, "issuer_state"),
        # Without `grants` the wallet finds out from the server's metadata what it takes (section 4.1.1).
        takes_authorization_code=redirected is not None or not grants,
    )


def _parameters(link: str) -> tuple[str | None, str | None]:
    """Take the one offer out of a link."""
    if len(link) > _MAX_CHARACTERS:
        raise NotTrusted("malformed_offer", "the link is longer than its bound")
    pairs = parse_qsl(urlsplit(link).query, max_num_fields=16)
    values = [value for name, value in pairs if name == "credential_offer"]
    references = [value for name, value in pairs if name == "credential_offer_uri"]
    if len(values) + len(references) != 1:
        raise NotTrusted("malformed_offer", "the link carries no offer, or more than one")
    return (values[0], None) if values else (None, references[0])

"""Describe credential offers on the wire, as the staff handles them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.wire.base import In, Out, Time, Token, loose
from jeung.domain.wallets import OfferState
from jeung.services.wallets.offers import MAX_CONFIGURATIONS, OfferPapers, OfferView

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$")]


class MakeOffer(In):
    """Offer credentials for a proofing; without configuration ids, everything this member may issue.

    A caller that shows no QR code says so by `qr_code`: drawing one takes longer than everything else.
    """

    proofing_id: Token
    credential_configuration_ids: Annotated[list[_Name], Field(default_factory=list, max_length=MAX_CONFIGURATIONS)]
    qr_code: bool = True


class CredentialOffer(Out):
    """Show what has become of an offer; nothing here opens it.

    `replayed` warns that its code came again, with the right transaction code, after it was redeemed: somebody
    else knows both, and the access token was revoked.
    """

    offer_id: str
    proofing_id: str
    credential_configuration_ids: list[str]
    state: Annotated[OfferState, loose]
    reception_number: str
    wrong_transaction_codes: int
    replayed: bool
    family_ids: list[str]
    created_at: Time
    expires_at: Time

    @classmethod
    def of(cls, view: OfferView) -> "CredentialOffer":
        """Write an offer."""
        offer = view.offer
        return cls(
            offer_id=offer.offer_id,
            proofing_id=offer.proofing_id,
            credential_configuration_ids=list(offer.configuration_ids),
            state=view.state,
            reception_number=offer.reception_number,
            wrong_transaction_codes=offer.attempts,
            replayed=offer.replayed_at is not None,
            family_ids=list(view.families),
            created_at=offer.created_at,
            expires_at=offer.expires_at,
        )


class OfferMade(Out):
    """Give a fresh offer with what is handed out of it.

    The customer gets `deep_link` (on this device) or `qr_svg` (a picture of it, for his phone), and, on another
    channel, `transaction_code`. `transaction_code_delivery` says whose business that is: `caller` where the caller
    must send it, `simulated` in the sandbox, where nobody sends anything and it is only shown here.
    """

    offer_id: str
    state: Annotated[OfferState, loose]
    expires_at: Time
    credential_offer: dict[str, Any]
    credential_offer_uri: str
    deep_link: str
    deep_link_by_value: str
    qr_svg: str | None
    reception_number: str
    transaction_code: str
    transaction_code_delivery: Literal["caller", "simulated"]

    @classmethod
    def of(cls, papers: OfferPapers, *, qr_svg: str | None, simulated: bool) -> "OfferMade":
        """Write an open offer."""
        return cls(
            offer_id=papers.offer.offer_id,
            state=OfferState.OPEN,
            expires_at=papers.offer.expires_at,
            credential_offer=dict(papers.document),
            credential_offer_uri=papers.address,
            deep_link=papers.by_reference,
            deep_link_by_value=papers.by_value,
            qr_svg=qr_svg,
            reception_number=papers.offer.reception_number,
            transaction_code=papers.transaction_code,
            transaction_code_delivery="simulated" if simulated else "caller",
        )

"""Describe presentation requests on the wire: to back ends as JSON, to wallets as the standard's forms."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from api.qr import qr_svg
from api.wire.base import In, Out, loose
from api.wire.verifications import Verification
from jeung.domain.presentations import (
    ClientIdPrefix,
    Flow,
    PresentationRequest,
    RequestState,
    RequestUriMethod,
    ResponseMode,
)
from jeung.domain.verification import Verification as Judged
from jeung.services.presentations import Asked, Form, Wish

ResponseCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="`response_code` of the redirect")]


class AskPresentation(In):
    """Ask wallets for a presentation under a registered profile of this member.

    Without `dcql_query` all that the profile permits is asked for, its optional claims as such; with one, what it
    asks for, which must lie within the profile. `redirect_uri` makes it a same-device request. A caller that shows no
    QR code says so by `qr_code`: drawing one takes longer than everything else.
    """

    profile: Annotated[
        str, Field(min_length=1, max_length=128, description="the name of a registered request profile")
    ]
    dcql_query: Annotated[dict[str, Any] | None, Field(description="DCQL, OpenID4VP 1.0 section 6")] = None
    transaction_data: Annotated[list[dict[str, Any]], Field(max_length=4, default_factory=list)]
    response_mode: Annotated[ResponseMode, loose] = ResponseMode.DIRECT_POST_JWT
    client_id_prefix: Annotated[ClientIdPrefix, loose] = ClientIdPrefix.X509_HASH
    request_uri_method: Annotated[RequestUriMethod, loose] = RequestUriMethod.POST
    redirect_uri: Annotated[str | None, Field(min_length=1, max_length=1024)] = None
    qr_code: bool = True

    def wish(self) -> Wish:
        """Say it in the core's words."""
        return Wish(
            profile=self.profile,
            dcql_query=self.dcql_query,
            transactions=tuple(self.transaction_data),
            response_mode=self.response_mode,
            prefix=self.client_id_prefix,
            request_uri_method=self.request_uri_method,
            redirect_uri=self.redirect_uri,
        )


class RedeemCode(In):
    """Show the response code that the browser brought back from the wallet."""

    response_code: ResponseCode


class Credential(Verification):
    """Give what was judged of one presentation, under the id of the credential query it answered."""

    query_id: str


class RequestStatus(Out):
    """Say what has become of a request.

    `state` is `answered` and `code` null while a same-device answer waits for its response code. `code` is the code
    of the refusal, or the error a wallet gave.
    """

    request_id: str
    profile: str
    flow: Flow
    state: RequestState
    code: str | None
    client_id: str
    created_at: int
    expires_at: int
    fetched_at: int | None
    ended_at: int | None

    @classmethod
    def of(cls, request: PresentationRequest, now: int) -> "RequestStatus":
        """Write a request's state at a time."""
        return cls(**_status(request, now))


class RequestResult(RequestStatus):
    """Say what has become of a request, with what was judged of each presentation once it has ended."""

    credentials: list[Credential]

    @classmethod
    def with_results(
        cls, request: PresentationRequest, results: tuple[tuple[str, Judged], ...], now: int
    ) -> "RequestResult":
        """Write a request's state at a time and what was judged."""
        credentials = [
            Credential(query_id=query_id, **Verification.of(judged).model_dump()) for query_id, judged in results
        ]
        return cls(**_status(request, now), credentials=credentials)


class RequestMade(RequestStatus):
    """Give a request with the ways to lead a wallet to it: links for the same device, a QR code for another."""

    dcql_query: dict[str, Any]
    request_uri: str
    openid4vp_link: str
    haip_link: str
    qr_svg: str | None

    @classmethod
    def asked(cls, asked: Asked, now: int, *, qr_code: bool) -> "RequestMade":
        """Write a request that was made, with its QR code where one is shown."""
        link = f"openid4vp://?{asked.parameters}"
        return cls(
            **_status(asked.request, now),
            dcql_query=dict(asked.query),
            request_uri=asked.request_uri,
            openid4vp_link=link,
            haip_link=f"haip-vp://?{asked.parameters}",
            qr_svg=qr_svg(link) if qr_code else None,
        )


class FetchRequest(In):
    """Fetch a request object as a wallet (OpenID4VP 1.0, section 5.10); what else it sends is ignored."""

    model_config = ConfigDict(extra="ignore")

    wallet_nonce: Annotated[str | None, Field(max_length=512)] = None
    wallet_metadata: Annotated[str | None, Field(max_length=16384)] = None


class WalletAnswer(In):
    """Answer as a wallet (OpenID4VP 1.0, section 8.2); what else it sends is ignored."""

    model_config = ConfigDict(extra="ignore")

    vp_token: Annotated[str | None, Field(description="JSON: by credential query, an array of presentations")] = None
    response: Annotated[str | None, Field(description="a compact JWE, for `direct_post.jwt`")] = None
    error: Annotated[str | None, Field(max_length=128)] = None
    state: Annotated[str | None, Field(max_length=512)] = None

    def form(self) -> Form:
        """Say it in the core's words."""
        return Form(vp_token=self.vp_token, response=self.response, error=self.error, state=self.state)


class AnswerTaken(Out):
    """Tell a wallet that its answer was taken, where it sends the browser, and what the holder keeps of it."""

    redirect_uri: str | None = None
    receipts: tuple[str, ...] = ()


def _status(request: PresentationRequest, now: int) -> dict[str, Any]:
    return {
        "request_id": request.request_id,
        "profile": request.profile,
        "flow": request.flow,
        "state": request.state(now),
        "code": None if request.is_withheld else request.code,
        "client_id": request.client_id,
        "created_at": request.created_at,
        "expires_at": request.expires_at,
        "fetched_at": request.fetched_at,
        "ended_at": request.ended_at,
    }

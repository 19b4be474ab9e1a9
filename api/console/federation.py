"""Log in through the institution's identity provider, and lead out of its session as well.

The cookie of a flow is SameSite=Lax: a browser comes back from another site, and a strict one would not be sent. It
stands for one flow, opens nothing by itself and goes with it.
"""

from typing import Final

from flask import Response, request

from api.console import session
from api.console.desk import draw, go, open_page
from api.console.entry import log_in_form
from api.context import runtime
from api.limits import Limit, count
from jeung.domain.passkeys import CHALLENGE_TTL_S
from jeung.domain.staff import LoginMethod
from jeung.errors import MalformedInput, NotFound
from jeung.errors.staff import ProviderRefused, ProviderUnavailable
from jeung.services.staff import StaffFederation

_PARAMETERS: Final = ("code", "state", "iss", "error")
_LONGEST: Final = 2_048
_LONGEST_TOKEN: Final = 16_384


@open_page("GET", "/login/oidc", query=True)
def begin_federated() -> Response:
    """Send the browser to the provider."""
    federation = _federation()
    count(Limit.TOKEN)
    anew = request.args.get("anew", "no")
    if anew not in {"yes", "no"}:
        raise MalformedInput("anew is yes or no")
    browser = session.fresh_token()
    try:
        address = federation.begin(browser, anew=anew == "yes")
    except ProviderUnavailable as error:
        return log_in_form(session.PATH, error)
    answer = go(address)
    session.set_cookie(answer, session.federation_cookie(), browser, max_age_s=CHALLENGE_TTL_S, lax=True)
    return answer


@open_page("GET", "/login/oidc/callback", query=True)
def finish_federated() -> Response:
    """Take the browser back and open a session, under a token that only now comes to be."""
    federation = _federation()
    count(Limit.TOKEN)
    browser = session.token_in(session.federation_cookie())
    given = {name: request.args[name][:_LONGEST] for name in _PARAMETERS if name in request.args}
    try:
        if browser is None:
            raise ProviderRefused
        opened = federation.finish(given, browser=browser)
    except (ProviderRefused, ProviderUnavailable) as error:
        answer = log_in_form(session.PATH, error)
        session.drop_cookie(answer, session.federation_cookie())
        return answer
    # The session's cookie is strict: what follows must come from a page of ours, not from the provider's redirect.
    answer = draw("onward.html", target=session.PATH, text_key="federation.in")
    session.set_cookie(answer, session.session_cookie(), opened.token)
    session.drop_cookie(answer, session.federation_cookie())
    return answer


@open_page("GET", "/logged-out")
def logged_out() -> Response:
    """Lead on to where the session at the provider ends; a form's own redirect may not leave this origin."""
    try:
        address = _federation().log_out_address()
    except ProviderUnavailable:
        address = None
    return draw("onward.html", target=address or f"{session.PATH}/login", text_key="federation.out")


@open_page("POST", "/login/oidc/logout", server=True)
def log_out_by_provider() -> Response:
    """Take a logout token from the provider itself, which proves who it is by its signature (Back-Channel Logout)."""
    try:
        _federation().log_out(request.form.get("logout_token", "")[:_LONGEST_TOKEN])
    except ProviderRefused:
        return Response('{"error":"invalid_request"}', 400, content_type="application/json")
    return Response(status=200)


def _federation() -> StaffFederation:
    """Give the service.

    Raises:
        NotFound: this node lets nobody in this way.
    """
    services = runtime()
    if services.federation is None or LoginMethod.OIDC not in services.staff.rules.methods:
        raise NotFound("this console knows no identity provider")
    return services.federation

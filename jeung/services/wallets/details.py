"""Read `authorization_details` (RFC 9396) of the type that OpenID4VCI 1.0 section 5.1.1 defines."""

from typing import Final

from jeung.crypto import canonical_json
from jeung.errors import InvalidAuthorizationDetails, MalformedJson

OPENID_CREDENTIAL: Final = "openid_credential"
MAX_DETAILS: Final = 16
MAX_CHARACTERS: Final = 8_192


def parse_details(text: str | None, url: str) -> tuple[str, ...]:
    """Give the credential configuration ids that are asked for, each once; empty where the parameter is missing.

    Members that nobody understands are left alone, as the specification wants; types that we do not know are refused.

    Raises:
        InvalidAuthorizationDetails: no list of such objects, or one for another issuer than `url`.
    """
    if text is None:
        return ()
    if len(text) > MAX_CHARACTERS:
        raise InvalidAuthorizationDetails
    try:
        details = canonical_json.parse(text.encode("utf-8", "replace"))
    except MalformedJson:
        raise InvalidAuthorizationDetails from None
    if not isinstance(details, list) or not 0 < len(details) <= MAX_DETAILS:
        raise InvalidAuthorizationDetails
    found: dict[str, None] = {}
    for detail in details:
        found[_configuration_id(detail, url)] = None
    return tuple(found)


def _configuration_id(detail: object, url: str) -> str:
    if not isinstance(detail, dict) or detail.get("type") != OPENID_CREDENTIAL:
        raise InvalidAuthorizationDetails
    name, locations = detail.get("credential_configuration_id"), detail.get("locations", [url])
    if not isinstance(name, str) or not isinstance(locations, list) or url not in locations:
        raise InvalidAuthorizationDetails
    return name

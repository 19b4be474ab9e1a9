"""Tell wallets how this authorization server speaks (RFC 8414, and what OpenID4VCI, HAIP and the drafts add)."""

from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto.jwk import ES256
from jeung.ports.ledger import Ledger
from jeung.ports.world import Clock
from jeung.services.status_lists import AGGREGATION_PATH
from jeung.services.wallets.catalogue import offered_types
from jeung.services.wallets.consent import AUTHORIZE_PATH
from jeung.services.wallets.details import OPENID_CREDENTIAL
from jeung.services.wallets.grants import TOKEN_PATH
from jeung.services.wallets.offers import AUTHORIZATION_CODE, PRE_AUTHORIZED
from jeung.services.wallets.pushing import PAR_PATH

CHALLENGE_PATH: Final = "/oid4vci/challenge"


@dataclass(frozen=True, slots=True)
class ServerRules:
    """Say who we are (our URL) and whether wallets must show an attestation."""

    url: str
    attestation_required: bool = True


class ServerMetadata:
    """Write the authorization server's metadata."""

    def __init__(self, *, ledger: Ledger, clock: Clock, rules: ServerRules) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rules = rules

    def document(self) -> dict[str, Any]:
        """Give the metadata as JSON values.

        Raises:
            LedgerStale: the follower has never run.
        """
        url = self._rules.url
        methods = ["attest_jwt_client_auth", "attest_jwt_client_auth_dpop"]
        return {
            "issuer": url,
            "authorization_endpoint": url + AUTHORIZE_PATH,
            "token_endpoint": url + TOKEN_PATH,
            "pushed_authorization_request_endpoint": url + PAR_PATH,
            "challenge_endpoint": url + CHALLENGE_PATH,
            "status_list_aggregation_endpoint": url + AGGREGATION_PATH,
            "require_pushed_authorization_requests": True,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [AUTHORIZATION_CODE, PRE_AUTHORIZED],
            "scopes_supported": sorted(offered_types(self._ledger, url, self._clock.now())),
            "authorization_details_types_supported": [OPENID_CREDENTIAL],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "pre-authorized_grant_anonymous_access_supported": True,
            "dpop_signing_alg_values_supported": [ES256],
            "token_endpoint_auth_methods_supported": methods
            if self._rules.attestation_required
            else [*methods, "none"],
            "client_attestation_signing_alg_values_supported": [ES256],
            "client_attestation_pop_signing_alg_values_supported": [ES256],
            "ui_locales_supported": ["ko", "en"],
        }

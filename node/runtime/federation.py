"""Wire the log-in through the institution's identity provider, where the settings name one."""

import stat
from collections.abc import Mapping

from jeung.crypto.jws import sign_jws
from jeung.domain.registrations import KeyPurpose
from jeung.ports.custody import Signer
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import new_id
from jeung.services.staff import FederationRules, SessionRules, StaffFederation
from node.oidc import ClientAuthentication, HttpIdentityProvider
from node.settings import Environment, Settings, SettingsInvalid
from node.staff_settings import OidcClientAuthentication

_ASSERTION_TTL_S = 60
_ASSERTION_TYPE = "client-authentication+jwt"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAX_SECRET_BYTES = 1_024


def build_federation(
    settings: Settings, store: Store, signer: Signer, clock: Clock, entropy: Entropy, sessions: SessionRules
) -> StaffFederation | None:
    """Wire it, or give None where no provider is named.

    Raises:
        SettingsInvalid: the client's secret is wanted from a file that is missing, or that others can read.
    """
    oidc = settings.oidc
    if not oidc.issuer:
        return None
    if oidc.client_authentication is OidcClientAuthentication.PRIVATE_KEY_JWT:
        authenticate = _by_key(oidc.client_id, signer, clock, entropy)
    else:
        authenticate = _by_secret(settings)
    provider = HttpIdentityProvider(
        oidc.issuer,
        oidc.client_id,
        authenticate,
        algorithms=oidc.algorithms,
        more_origins=oidc.origins,
        timeout_s=oidc.timeout_s,
        allow_http=settings.environment is Environment.SANDBOX,
    )
    return StaffFederation(
        store=store,
        provider=provider,
        clock=clock,
        entropy=entropy,
        sessions=sessions,
        rules=federation_rules(settings),
    )


def federation_rules(settings: Settings) -> FederationRules:
    """Give who we are to the provider and what its tokens must say, as the settings have it."""
    oidc = settings.oidc
    return FederationRules(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        redirect_uri=f"{settings.base_url}/console/login/oidc/callback",
        after_log_out=f"{settings.base_url}/console/login",
        scopes=oidc.scopes,
        acr_values=frozenset(oidc.acr_values),
        amr=frozenset(oidc.amr),
        groups_claim=oidc.groups_claim,
        role_groups=dict(oidc.roles),
        create_accounts=oidc.create_accounts,
        max_age_s=settings.console.session_life_s,
        clock_skew_s=oidc.clock_skew_s,
    )


def _by_key(client_id: str, signer: Signer, clock: Clock, entropy: Entropy) -> ClientAuthentication:
    """Authenticate with an assertion under the node's key for tokens (RFC 7523 section 2.2).

    Its type keeps it from being taken for an access token of ours, which the same key signs.
    """

    def authenticate(endpoint: str) -> tuple[Mapping[str, str], None]:
        key, now = signer.active_key(KeyPurpose.TOKEN_SIGNING), clock.now()
        header = {"alg": key.algorithm, "typ": _ASSERTION_TYPE, "kid": key.key_id}
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": endpoint,
            "iat": now,
            "exp": now + _ASSERTION_TTL_S,
            "jti": new_id(entropy, "jti"),
        }
        signed = sign_jws(header, claims, lambda data: signer.sign(key.key_id, key.purpose, data))
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return {"client_assertion_type": kind, "client_assertion": signed}, None

    return authenticate


def _by_secret(settings: Settings) -> ClientAuthentication:
    path = settings.node_dir / settings.oidc.client_secret_file
    try:
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise SettingsInvalid(f"{path}: others can read it; chmod 600")
        with path.open("rb") as file:
            secret = file.read(_MAX_SECRET_BYTES + 1).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsInvalid(f"{path}: the client's secret cannot be read") from None
    if not secret or len(secret) > _MAX_SECRET_BYTES:
        raise SettingsInvalid(f"{path}: expected a secret of at most {_MAX_SECRET_BYTES} bytes")

    def authenticate(_endpoint: str) -> tuple[Mapping[str, str], tuple[str, str]]:
        return {}, (settings.oidc.client_id, secret)

    return authenticate

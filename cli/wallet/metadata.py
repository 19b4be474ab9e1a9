"""Discover what an issuer and its authorization server offer (OpenID4VCI 1.0 section 12.2, RFC 8414)."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cli.wallet import documents
from cli.wallet.errors import NotTrusted
from cli.wallet.http import WalletHttp

_ISSUER = "openid-credential-issuer"
_SERVER = "oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Hold an issuer's metadata and that of the authorization server it names."""

    url: str
    metadata: dict[str, Any] = field(repr=False)
    server: dict[str, Any] = field(repr=False)

    def endpoint(self, name: str) -> str:
        """Give one of the issuer's endpoints, for example `credential_endpoint`.

        Raises:
            NotTrusted: there is none.
        """
        return documents.text(self.metadata, name)

    def server_endpoint(self, name: str) -> str:
        """Give one of the authorization server's endpoints, for example `token_endpoint`.

        Raises:
            NotTrusted: there is none.
        """
        return documents.text(self.server, name)

    @property
    def server_issuer(self) -> str:
        """Give the authorization server's identifier, the audience of client authentication."""
        return documents.text(self.server, "issuer")

    def configuration(self, identifier: str) -> dict[str, Any]:
        """Give a credential configuration.

        Raises:
            NotTrusted: the issuer has none of that name.
        """
        return documents.member(documents.member(self.metadata, "credential_configurations_supported"), identifier)

    @property
    def batch_size(self) -> int:
        """Give how many copies one request may ask for (section 12.2.4)."""
        batch = documents.optional_member(self.metadata, "batch_credential_issuance")
        return 1 if batch is None else max(1, documents.whole(batch, "batch_size", 1))


def well_known(identifier: str, name: str) -> str:
    """Give where a document about an identifier stands: between its host and its path (RFC 8414 section 3.1)."""
    parts = urlsplit(identifier)
    return f"{parts.scheme}://{parts.netloc}/.well-known/{name}{parts.path.rstrip('/')}"


def discover(http: WalletHttp, issuer: str) -> Issuer:
    """Fetch the metadata of an issuer and of its authorization server.

    Raises:
        NotTrusted: a document is not about whom it was asked about (mix-up), or of another shape.
        ServerRefused, Unanswered: there is none.
    """
    metadata = http.get(well_known(issuer, _ISSUER)).json()
    if metadata.get("credential_issuer") != issuer:
        raise NotTrusted("issuer_mismatch", "the metadata is another issuer's")
    servers = documents.texts(metadata, "authorization_servers") or [issuer]
    server = http.get(well_known(servers[0], _SERVER)).json()
    if server.get("issuer") != servers[0]:
        raise NotTrusted("issuer_mismatch", "the metadata is another authorization server's")
    return Issuer(issuer, metadata, server)

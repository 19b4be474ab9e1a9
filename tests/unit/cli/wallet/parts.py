"""Stand-ins for the servers a wallet meets, with genuine keys, certificates and signatures."""

import base64
import datetime
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cli.p256 import P256Key
from cli.wallet.credentials import Held
from cli.wallet.http import Answer, WalletHttp
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.integrity import integrity_of
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import sign_jws
from jeung.crypto.sd_jwt_issue import Disclosable, issue_sd_jwt
from jeung.crypto.sd_jwt_vc import StatusReference, parse_presentation, read_credential
from tests.common.custody import NOW

ISSUER = "https://bank.example"
VERIFIER = "https://exchange.example"
VCT = f"{ISSUER}/types/real-name-1"
CONFIGURATION = "real-name-1"

Respond = Callable[[str, bytes, Mapping[str, str]], Answer]


def answer(body: object, *, status: int = 200, kind: str = "application/json", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Answer(status, {"content-type": kind, **named}, content)


class Servers(WalletHttp):
    """Answer by address, within the wallet's own rules about addresses; keep what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Answer | Respond] = {}
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []

    def exchange(self, method: str, url: str, body: bytes | None = None, *, headers: Mapping[str, str]) -> Answer:
        self._judged(url)
        self.asked.append((method, url, body or b"", dict(headers)))
        page = self.pages.get(url.partition("?")[0])
        if page is None:
            return answer({"error": "not_found"}, status=404)
        return page if isinstance(page, Answer) else page(url, body or b"", headers)


class Authority:
    """A small certificate authority."""

    def __init__(self, name: str = "Hanbit Bank") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} authority")])
        self.anchor = self._sign(self.name, self.key.public_key(), [], days=3650)

    def leaf(self, url: str, *, days: int = 30, name: str = "leaf") -> tuple[P256Key, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        host = url.removeprefix("https://").partition("/")[0]
        names: list[x509.GeneralName] = [x509.DNSName(host), x509.UniformResourceIdentifier(url)]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return P256Key(key), self._sign(subject, key.public_key(), names, days=days)

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, names: list[x509.GeneralName], *, days: int
    ) -> x509.Certificate:
        begin = datetime.datetime.fromtimestamp(NOW, datetime.UTC) - datetime.timedelta(days=60)
        end = datetime.datetime.fromtimestamp(NOW, datetime.UTC) + datetime.timedelta(days=days)
        builder = x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number(), begin, end)
        known = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(known, critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        else:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return builder.sign(self.key, hashes.SHA256())


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def x5c_of(certificate: x509.Certificate) -> list[str]:
    return [base64.b64encode(der_of(certificate)).decode()]


TYPE = json.dumps(
    {
        "vct": VCT,
        "claims": [
            {"path": ["name_ko"], "sd": "always"},
            {"path": ["age_equal_or_over"], "sd": "never"},
            {"path": ["age_equal_or_over", "19"], "sd": "always", "mandatory": True},
            {"path": ["account"], "sd": "always"},
        ],
    }
).encode()

PERSON: dict[str, object] = {
    "name_ko": Disclosable("김민준"),
    "birthdate": Disclosable("2000-01-01"),
    "age_equal_or_over": {"14": Disclosable(value=True), "19": Disclosable(value=True)},
    "account": Disclosable({"bank": "한빛은행", "number": "123"}),
    "nationalities": Disclosable(["KR", "US"]),
}


class Bank:
    """An issuer with a published key, and everything about a credential open to change."""

    def __init__(self, servers: Servers, authority: Authority | None = None) -> None:
        self.authority = authority or Authority()
        self.key, self.certificate = self.authority.leaf(ISSUER)
        jwk = {**self.key.jwk, "kid": self.key_id, "use": "sig"}
        servers.pages[f"{ISSUER}/.well-known/jwt-vc-issuer"] = answer({"issuer": ISSUER, "jwks": {"keys": [jwk]}})
        servers.pages[VCT] = answer(TYPE)

    @property
    def key_id(self) -> str:
        return base64url.encode(parse_jwk(self.key.jwk).thumbprint)

    def credential(
        self,
        holder: P256Key,
        *,
        header: Mapping[str, object] | None = None,
        claims: Mapping[str, object] | None = None,
        signer: P256Key | None = None,
        bare: bool = False,
    ) -> str:
        whole_header: dict[str, object] = {"alg": "ES256", "typ": "dc+sd-jwt", "kid": self.key_id}
        if not bare:
            whole_header["x5c"] = x5c_of(self.certificate)
        whole_claims: dict[str, object] = {
            **PERSON,
            "iss": ISSUER,
            "vct": VCT,
            "vct#integrity": integrity_of(sha256(TYPE)),
            "iat": NOW - 10,
            "exp": NOW + 86_400,
            "cnf": {"jwk": holder.jwk},
            "status": {"status_list": {"idx": 7, "uri": f"{ISSUER}/status-lists/0"}},
        }
        merged = {name: value for name, value in (whole_claims | dict(claims or {})).items() if value is not None}
        return issue_sd_jwt(
            whole_header | dict(header or {}),
            merged,
            sign=(signer or self.key).sign,
            random_bytes=secrets.token_bytes,
        )


def held(claims: Mapping[str, object] = PERSON, *, vct: str = VCT, authority: bytes | None = None) -> Held:
    """A credential in a wallet, as if it had been received."""
    holder, signer = P256Key.generate(), P256Key.generate()
    whole = {
        **claims,
        "iss": ISSUER,
        "vct": vct,
        "vct#integrity": integrity_of(sha256(TYPE)),
        "cnf": {"jwk": holder.jwk},
    }
    text = issue_sd_jwt(
        {"alg": "ES256", "typ": "dc+sd-jwt"}, whole, sign=signer.sign, random_bytes=secrets.token_bytes
    )
    read = read_credential(parse_presentation(text))
    place = StatusReference(f"{ISSUER}/status-lists/0", 7)
    return Held(ISSUER, CONFIGURATION, vct, text, holder, read.claims, NOW + 86_400, place, authority)


def signed_request(
    authority: Authority, changes: Mapping[str, Any] | None = None, header: Mapping[str, Any] | None = None
) -> tuple[str, str]:
    """Give a client id and a signed request; a change to None takes a member away."""
    key, certificate = authority.leaf(VERIFIER)
    client_id = "x509_hash:" + base64url.encode(sha256(der_of(certificate)))
    claims: dict[str, Any] = {
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "client_id": client_id,
        "aud": "https://self-issued.me/v2",
        "nonce": "n" * 43,
        "state": "s" * 22,
        "iat": NOW,
        "exp": NOW + 300,
        "response_uri": f"{VERIFIER}/oid4vp/responses/1",
        "dcql_query": {"credentials": [query()]},
    }
    claims = {name: value for name, value in (claims | dict(changes or {})).items() if value is not None}
    head = {"alg": "ES256", "typ": "oauth-authz-req+jwt", "x5c": x5c_of(certificate)} | dict(header or {})
    return client_id, sign_jws(head, claims, key.sign)


def query(**changes: object) -> dict[str, Any]:
    """A credential query for the name, changed as asked."""
    whole: dict[str, Any] = {
        "id": "q",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": [VCT]},
        "claims": [{"path": ["name_ko"]}],
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}

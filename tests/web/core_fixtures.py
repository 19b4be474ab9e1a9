"""What the tests of the wallet page's core cannot make in JavaScript: certificates, and texts that our core wrote."""

import base64
import datetime
import secrets
import time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jeung.crypto import base64url
from jeung.crypto.sd_jwt_issue import Disclosable
from jeung.crypto.sd_jwt_vc import StatusReference, issue_credential
from jeung.crypto.status_list import StatusList
from jeung.crypto.status_token import issue_status_list_token
from tests.common.jose import P256Signer

ISSUER = "https://issuer.example"
VCT = "https://issuer.example/types/real-name-1"
LIST = "https://issuer.example/status-lists/3"
DAY = datetime.timedelta(days=1)

Json = dict[str, Any]


def name_of(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common),
        ]
    )


class Authority:
    """Certify keys as a member's own authority does."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name_of("Authority", "Test Bank")
        self.now = datetime.datetime.now(datetime.UTC)

    @property
    def key_id(self) -> str:
        return base64url.encode(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()).digest)

    def certify(
        self,
        key: Any,  # noqa: ANN401 - a private key of any kind
        *hosts: str,
        organisation: str = "Test Bank",
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = DAY,
        self_issued: bool = False,
        critical: bool = False,
    ) -> str:
        subject = name_of("Leaf", organisation)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if self_issued else self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + begins)
            .not_valid_after(self.now + ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if hosts:
            names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
            names += [x509.UniformResourceIdentifier(f"https://{host}") for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if critical:
            unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
            builder = builder.add_extension(unknown, critical=True)
        signed = builder.sign(self.key, hashes.SHA256())
        return base64.b64encode(signed.public_bytes(serialization.Encoding.DER)).decode("ascii")


def private_jwk(signer: P256Signer) -> Json:
    number = signer.private_key.private_numbers().private_value
    return {**signer.jwk, "d": base64url.encode(number.to_bytes(32, "big"))}


def signers(authority: Authority) -> Json:
    """Give keys with certificates, good ones and bad ones, by name."""
    wanted: dict[str, Json] = {
        "issuer": {"hosts": ["localhost", "issuer.example"]},
        "verifier": {"hosts": ["localhost"], "organisation": "미래거래소"},
        "elsewhere": {"hosts": ["other.example"]},
        "expired": {"hosts": ["localhost"], "begins": -2 * DAY, "ends": -DAY},
        "future": {"hosts": ["localhost"], "begins": DAY, "ends": 2 * DAY},
        "selfSigned": {"hosts": ["localhost"], "self_issued": True},
        "critical": {"hosts": ["localhost"], "critical": True},
        "nameless": {"hosts": []},
    }
    found: Json = {}
    for name, options in wanted.items():
        signer = P256Signer()
        x5c = [authority.certify(signer.private_key, *options.pop("hosts"), **options)]
        found[name] = {"privateJwk": private_jwk(signer), "publicJwk": signer.jwk, "x5c": x5c}
    return found


def credential(issuer: P256Signer, x5c: list[str], holder: P256Signer, now: int) -> str:
    claims = {
        "family_name": Disclosable("Kim"),
        "name_ko": Disclosable("김민지"),
        "address": Disclosable({"city": Disclosable("Seoul"), "zip": "04524"}),
        "nationalities": [Disclosable("KR"), Disclosable("GB"), "US"],
        "age_equal_or_over": {"14": Disclosable(True), "19": Disclosable(True)},
    }
    return issue_credential(
        claims,
        issuer=ISSUER,
        vct=VCT,
        schema_id=bytes(32),
        holder_jwk=holder.jwk,
        status=StatusReference(LIST, 5),
        issued_at=now - 60,
        expires_at=now + 86_400,
        key_id=base64url.encode(issuer.key.thumbprint),
        certificates=x5c,
        sign=issuer.sign,
        random_bytes=secrets.token_bytes,
        decoys=3,
    )


def status_token(signer: P256Signer, x5c: list[str], now: int) -> str:
    return issue_status_list_token(
        StatusList.from_statuses(2, [0, 1, 2, 3] * 64),
        uri=LIST,
        issued_at=now - 60,
        expires_at=now + 3_600,
        ttl_s=60,
        key_id="status",
        certificates=x5c,
        sign=signer.sign,
    )


def build() -> tuple[Json, P256Signer, P256Signer]:
    """Give everything the scripts read, with the keys of issuer and holder to judge what they write."""
    now = int(time.time())
    authority, issuer, holder = Authority(), P256Signer(), P256Signer()
    x5c = [authority.certify(issuer.private_key, "issuer.example")]
    other_curve = authority.certify(ec.generate_private_key(ec.SECP384R1()), "localhost")
    fixtures = {
        "now": now,
        "signers": signers(authority),
        "otherCurve": other_curve,
        "authorityKeyId": authority.key_id,
        "issuer": {"publicJwk": issuer.jwk, "x5c": x5c, "url": ISSUER, "vct": VCT},
        "holder": {"privateJwk": private_jwk(holder), "publicJwk": holder.jwk},
        "credential": credential(issuer, x5c, holder, now),
        "status": {"uri": LIST, "token": status_token(issuer, x5c, now)},
    }
    return fixtures, issuer, holder

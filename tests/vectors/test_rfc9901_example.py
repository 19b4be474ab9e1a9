"""The example of RFC 9901 section 5, rebuilt from its seed: the disclosures' bytes, hence the digests, are the RFC's.

The RFC's generator takes its salts from Python's Mersenne Twister with seed 0 and writes JSON with spaces. A verifier
must hash the text as it came, whatever spacing it has.
"""

import json
import random
from collections.abc import Iterator

from jeung.crypto import base64url
from jeung.crypto.sd_jwt import disclose, disclosure_digest

ADDRESS = {"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"}
CLAIMS: list[tuple[object, ...]] = [
    ("given_name", "John"),
    ("family_name", "Doe"),
    ("email", "johndoe@example.com"),
    ("phone_number", "+1-202-555-0101"),
    ("phone_number_verified", True),
    ("address", ADDRESS),
    ("birthdate", "1940-01-01"),
    ("updated_at", 1570000000),
    ("US",),
    ("DE",),
]
PAYLOAD = {
    "_sd": [
        "CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI",
        "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE",
        "PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI",
        "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo",
        "XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM",
        "XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE",
        "gbOsI4Edq2x2Kw-w5wPEzakob9hV1cRD0ATN3oQL9JM",
        "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4",
    ],
    "iss": "https://issuer.example.com",
    "iat": 1683000000,
    "exp": 1883000000,
    "sub": "user_42",
    "nationalities": [
        {"...": "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo"},
        {"...": "7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0"},
    ],
    "_sd_alg": "sha-256",
}


def disclosures() -> Iterator[str]:
    twister = random.Random(0)  # noqa: S311  # the RFC's own seed; nothing is kept secret with it
    for claim in CLAIMS:
        salt = base64url.encode(bytes(twister.getrandbits(8) for _ in range(16)))
        yield base64url.encode(json.dumps([salt, *claim]).encode())


def test_the_disclosures_have_the_digests_that_the_rfc_prints() -> None:
    texts = list(disclosures())
    assert texts[0] == "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd"
    assert sorted(map(disclosure_digest, texts[:8])) == PAYLOAD["_sd"]
    assert [{"...": disclosure_digest(text)} for text in texts[8:]] == PAYLOAD["nationalities"]


def test_all_disclosures_together_give_all_claims() -> None:
    shown = disclose(PAYLOAD, list(disclosures())).claims
    assert shown == {
        "iss": "https://issuer.example.com",
        "iat": 1683000000,
        "exp": 1883000000,
        "sub": "user_42",
        "nationalities": ["US", "DE"],
        **{str(claim[0]): claim[1] for claim in CLAIMS[:8]},
    }


def test_the_presentation_of_section_5_2_shows_four_claims() -> None:
    texts = list(disclosures())
    shown = disclose(PAYLOAD, [texts[1], texts[5], texts[0], texts[8]]).claims
    assert set(shown) - set(PAYLOAD) == {"family_name", "address", "given_name"}
    assert shown["nationalities"] == ["US"]

"""DPoP: one proof a request, over the server's newest nonce, and one more try when the server asks for it."""

from collections.abc import Mapping

from cli.p256 import P256Key
from cli.wallet.dpop import Dpop, dpop_proof
from cli.wallet.http import Answer
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from tests.common.custody import NOW, SetClock
from tests.unit.cli.wallet.parts import answer

URL = "https://bank.example/oid4vci/token"
KEY = P256Key.generate()


class Server:
    """Want a nonce, which changes with every answer."""

    def __init__(self, *, satisfied: bool = True, challenge: bool = False) -> None:
        self.proofs: list[dict[str, object]] = []
        self.headers: list[Mapping[str, str]] = []
        self._satisfied, self._challenge = satisfied, challenge

    def send(self, headers: Mapping[str, str]) -> Answer:
        claims = parse_jws(headers["DPoP"], typ="dpop+jwt").claims()
        self.headers.append(headers)
        expected = f"nonce-{len(self.proofs)}" if self.proofs else None
        self.proofs.append(claims)
        fresh = f"nonce-{len(self.proofs)}"
        if self._satisfied and expected and claims.get("nonce") == expected:
            return answer({"ok": True}, DPoP_Nonce=fresh)
        if self._challenge:
            return answer({}, status=401, DPoP_Nonce=fresh, WWW_Authenticate='DPoP error="use_dpop_nonce"')
        return answer({"error": "use_dpop_nonce"}, status=400, DPoP_Nonce=fresh)


def test_a_proof_says_what_it_is_for() -> None:
    proof = dpop_proof(KEY, "POST", URL + "?a=1#b", now=NOW, nonce="n", token="t")
    parsed = parse_jws(proof, typ="dpop+jwt")
    verify_jws(parsed, parse_jwk(parsed.header["jwk"]))
    claims = parsed.claims()
    assert (claims["htm"], claims["htu"], claims["iat"], claims["nonce"]) == ("POST", URL, NOW, "n")
    assert claims["ath"] == base64url.encode(sha256(b"t"))
    assert "d" not in parsed.header["jwk"]


def test_a_server_that_asks_for_its_nonce_gets_it_once() -> None:
    server = Server()
    dpop = Dpop(KEY, SetClock())
    assert dpop.send("POST", URL, server.send).status == 200
    assert [proof.get("nonce") for proof in server.proofs] == [None, "nonce-1"]
    assert len({proof["jti"] for proof in server.proofs}) == 2


def test_a_resource_asks_by_its_challenge() -> None:
    server = Server(challenge=True)
    assert Dpop(KEY, SetClock()).send("POST", URL, server.send, token="t").status == 200
    assert server.headers[-1]["Authorization"] == "DPoP t"


def test_the_newest_nonce_is_used_next_time_without_asking() -> None:
    server = Server()
    dpop = Dpop(KEY, SetClock())
    dpop.send("POST", URL, server.send)
    dpop.send("POST", "https://bank.example/oid4vci/credential", server.send)
    assert server.proofs[-1]["nonce"] == "nonce-2"
    assert len(server.proofs) == 3


def test_one_servers_nonce_is_not_anothers() -> None:
    server = Server()
    dpop = Dpop(KEY, SetClock())
    dpop.learn("https://other.example/", answer({}, DPoP_Nonce="other"))
    dpop.send("POST", URL, server.send)
    assert "nonce" not in server.proofs[0]


def test_a_server_that_is_never_satisfied_is_asked_twice_and_no_more() -> None:
    server = Server(satisfied=False)
    assert Dpop(KEY, SetClock()).send("POST", URL, server.send).status == 400
    assert len(server.proofs) == 2


def test_another_error_is_not_tried_again() -> None:
    sent: list[Mapping[str, str]] = []

    def send(headers: Mapping[str, str]) -> Answer:
        sent.append(headers)
        return answer({"error": "invalid_dpop_proof"}, status=400, DPoP_Nonce="n")

    assert Dpop(KEY, SetClock()).send("POST", URL, send).status == 400
    assert len(sent) == 1

"""A token is given for a fresh assertion of a registered client, and only what the client holds."""

from collections.abc import Callable
from typing import Any

import pytest

from jeung.crypto import base64url, canonical_json
from jeung.crypto.jws import sign_jws
from jeung.domain.access import Caller, Client, Scope
from jeung.domain.registrations import KeyPurpose
from jeung.domain.staff import StaffAccount, StaffRole
from jeung.errors import InvalidClient, InvalidScope, MalformedKey, Unauthenticated
from jeung.services.access import AccessRules, AccessToken, TokenService, register_client
from tests.common.jose import P256Signer
from tests.common.parties import EXCHANGE, Parties

CLIENT = "back-end"
AUDIENCE = f"{EXCHANGE}/oauth/token"
HELD = frozenset({Scope.VERIFY, Scope.AUDIT})


class World:
    """A token service with one client."""

    def __init__(self, parties: Parties) -> None:
        node = parties.exchange
        self.clock, self.node, self.key = parties.clock, node, P256Signer()
        self.service = TokenService(
            store=node.store,
            signer=node.signer,
            clock=parties.clock,
            entropy=node.entropy,
            rules=AccessRules(url=EXCHANGE, cached_tokens=2),
        )
        self.service.register(Client(CLIENT, self.key.jwk, HELD))
        self._used = 0

    def assertion(
        self, *, header: dict[str, Any] | None = None, key: P256Signer | None = None, **claims: object
    ) -> str:
        """Sign an assertion that is right but for the given claims; None leaves one out."""
        self._used += 1
        body: dict[str, object] = {
            "iss": CLIENT,
            "sub": CLIENT,
            "aud": AUDIENCE,
            "exp": self.clock.now() + 60,
            "iat": self.clock.now(),
            "jti": f"j{self._used}",
            **claims,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return sign_jws(header or {"alg": "ES256", "typ": "JWT"}, body, (key or self.key).sign)


@pytest.fixture
def world(parties: Parties) -> World:
    return World(parties)


def test_fresh_assertion_gives_a_token_that_is_recognised(world: World) -> None:
    token = world.service.grant(world.assertion())
    assert (token.scopes, token.expires_in_s) == (HELD, 300)
    assert world.service.authenticate(token.token) == Caller(CLIENT, HELD)
    assert world.service.authenticate(token.token) == Caller(CLIENT, HELD)
    assert token.token not in repr(token)


@pytest.mark.parametrize("audience", [AUDIENCE, EXCHANGE, [AUDIENCE]])
def test_either_audience_is_good(world: World, audience: object) -> None:
    assert world.service.grant(world.assertion(aud=audience)).scopes == HELD


def test_narrower_scope_is_given_as_asked(world: World) -> None:
    token = world.service.grant(world.assertion(), scope="verify")
    assert world.service.authenticate(token.token).scopes == {Scope.VERIFY}


@pytest.mark.parametrize("scope", ["issue", "verify issue", "everything", "", "verify  audit"])
def test_scope_beyond_what_is_held_is_refused_and_uses_nothing_up(world: World, scope: str) -> None:
    assertion = world.assertion()
    with pytest.raises(InvalidScope):
        world.service.grant(assertion, scope=scope)
    assert world.service.grant(assertion).scopes == HELD


BAD: dict[str, Callable[[World], str]] = {
    "no text": lambda world: "",
    "junk": lambda world: "a.b.c",
    "too long": lambda world: "a" * 4_097,
    "unknown client": lambda world: world.assertion(iss="other", sub="other"),
    "sub is not iss": lambda world: world.assertion(iss="other"),
    "no sub": lambda world: world.assertion(sub=None),
    "sub is a number": lambda world: world.assertion(sub=7),
    "another key": lambda world: world.assertion(key=P256Signer()),
    "alg none": lambda world: world.assertion(header={"alg": "none"}),
    "an access token": lambda world: world.assertion(header={"alg": "ES256", "typ": "at+jwt"}),
    "typ is a list": lambda world: world.assertion(header={"alg": "ES256", "typ": []}),
    "typ is an object": lambda world: world.assertion(header={"alg": "ES256", "typ": {}}),
    "a key binding": lambda world: world.assertion(header={"alg": "ES256", "typ": "kb+jwt"}),
    "another audience": lambda world: world.assertion(aud="http://localhost:8101/oauth/token"),
    "two audiences": lambda world: world.assertion(aud=[AUDIENCE, "http://localhost:8101"]),
    "no audience": lambda world: world.assertion(aud=None),
    "empty audience": lambda world: world.assertion(aud=[]),
    "odd audience": lambda world: world.assertion(aud=7),
    "odd audience in a list": lambda world: world.assertion(aud=[{}]),
    "expired": lambda world: world.assertion(exp=world.clock.now() - 30),
    "lives too long": lambda world: world.assertion(exp=world.clock.now() + 331),
    "no exp": lambda world: world.assertion(exp=None),
    "exp is text": lambda world: world.assertion(exp="1"),
    "made in the future": lambda world: world.assertion(iat=world.clock.now() + 31),
    "not yet good": lambda world: world.assertion(nbf=world.clock.now() + 31),
    "no jti": lambda world: world.assertion(jti=None),
    "long jti": lambda world: world.assertion(jti="j" * 129),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_bad_assertion_is_refused_with_one_answer(world: World, make: Callable[[World], str]) -> None:
    with pytest.raises(InvalidClient) as refused:
        world.service.grant(make(world))
    assert refused.value.detail == InvalidClient().detail


def test_assertion_is_good_once(world: World) -> None:
    assertion = world.assertion()
    world.service.grant(assertion)
    with pytest.raises(InvalidClient):
        world.service.grant(assertion)


def test_clients_do_not_use_up_each_others_jti(world: World) -> None:
    other = P256Signer()
    world.service.register(Client("other", other.jwk, HELD))
    world.service.grant(world.assertion(jti="same"))
    assert world.service.grant(world.assertion(key=other, iss="other", sub="other", jti="same"))


def test_client_with_a_private_key_is_not_registered(world: World) -> None:
    with pytest.raises(MalformedKey):
        world.service.register(Client("bad", {**world.key.jwk, "d": "AA"}, HELD))


def test_token_expires(world: World) -> None:
    token = world.service.grant(world.assertion()).token
    world.clock.advance(299)
    assert world.service.authenticate(token).client_id == CLIENT
    world.clock.advance(1)
    with pytest.raises(Unauthenticated):
        world.service.authenticate(token)


def _token(world: World, key: P256Signer | None = None, typ: str = "at+jwt", **claims: object) -> str:
    now = world.clock.now()
    body = {"iss": EXCHANGE, "aud": EXCHANGE, "sub": CLIENT, "exp": now + 60, "scope": "govern", **claims}
    signer = key or world.node.signer.keys[KeyPurpose.TOKEN_SIGNING]
    return sign_jws({"alg": "ES256", "typ": typ}, body, signer.sign)


@pytest.mark.parametrize(
    "make",
    [
        lambda world: "",
        lambda world: "a.b.c",
        lambda world: "a" * 4_097,
        lambda world: "\ud800",
        lambda world: _token(world, key=P256Signer()),
        lambda world: _token(world, typ="JWT"),
        lambda world: _token(world, iss="http://localhost:8101"),
        lambda world: _token(world, aud="http://localhost:8101"),
        lambda world: _token(world, exp=world.clock.now() + 331),
        lambda world: world.assertion(),
    ],
    ids=["empty", "junk", "long", "surrogate", "foreign key", "typ", "iss", "aud", "too long a life", "an assertion"],
)
def test_token_that_is_not_ours_is_refused(world: World, make: Callable[[World], str]) -> None:
    with pytest.raises(Unauthenticated):
        world.service.authenticate(make(world))


def test_rotated_token_key_ends_tokens_that_are_not_remembered(world: World) -> None:
    token = _token(world)
    world.node.signer.rotate(KeyPurpose.TOKEN_SIGNING)
    with pytest.raises(Unauthenticated):
        world.service.authenticate(token)


def test_remembered_tokens_are_bounded(world: World) -> None:
    tokens = [world.service.grant(world.assertion()) for _ in range(4)]
    assert {world.service.authenticate(token.token).client_id for token in tokens} == {CLIENT}
    assert len(world.service._known) == 2


def test_registration_is_logged_by_the_thumbprint_of_the_key(world: World) -> None:
    kind, body = world.node.events()[-1]
    key = base64url.encode(world.key.key.thumbprint)
    assert (kind, canonical_json.parse(body)) == (
        "client_registered",
        {"client": "back-end", "key": key, "keeper": None, "kept": False, "scopes": ["audit", "verify"]},
    )


def test_registration_is_logged_with_the_account_of_who_keeps_the_key(world: World) -> None:
    with world.node.store.write() as tx:
        tx.staff.add(StaffAccount("stf_1", "minji", frozenset({StaffRole.AUDITOR}), "$hash", 1))
        for number, keeper in enumerate(("minji", "nobody")):
            register_client(tx, Client(f"client-{number}", world.key.jwk, HELD, keeper), 1)
    kept = [canonical_json.parse_object(body) for _, body in world.node.events()[-2:]]
    assert [(one["kept"], one["keeper"]) for one in kept] == [(True, "stf_1"), (True, None)]


@pytest.mark.parametrize("name", ["sub_contractor", "prf_1", "ofr_" + "A" * 32], ids=["word", "short", "capitals"])
def test_what_only_begins_as_an_id_of_a_person_does_is_logged_as_it_is(world: World, name: str) -> None:
    world.service.register(Client(name, world.key.jwk, HELD))
    tables = world.node.database.read()
    assert canonical_json.parse_object(tables.events[-1].body)["client"] == name
    assert tables.log_names == {}


def test_repr_of_a_token_shows_only_its_scopes() -> None:
    shown = repr(AccessToken("secret", 300, HELD))
    assert shown.startswith("AccessToken(scopes=")
    assert "secret" not in shown

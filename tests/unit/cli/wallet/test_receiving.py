"""A wallet keeps nothing whose issuer, type, key or claims are not what they must be."""

from collections.abc import Callable

import pytest

from cli.p256 import P256Key
from cli.wallet.errors import NotTrusted
from cli.wallet.metadata import Issuer
from cli.wallet.receiving import Receiver
from jeung.crypto.hashing import sha256
from jeung.crypto.integrity import integrity_of
from jeung.crypto.sd_jwt_issue import Disclosable
from tests.common.custody import NOW, SetClock
from tests.unit.cli.wallet.parts import CONFIGURATION, ISSUER, VCT, Authority, Bank, Servers, answer, x5c_of

METADATA = {"credential_issuer": ISSUER, "credential_configurations_supported": {CONFIGURATION: {"vct": VCT}}}
THERE = Issuer(ISSUER, METADATA, {"issuer": ISSUER})


class Scene:
    def __init__(self) -> None:
        self.servers = Servers()
        self.bank = Bank(self.servers)
        self.key = P256Key.generate()
        self.receiver = Receiver(self.servers, SetClock())

    def refusal(self, *texts: str) -> str:
        with pytest.raises(NotTrusted) as refused:
            self.receiver.accept(texts, [self.key], THERE, CONFIGURATION)
        return refused.value.reason


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("bare", [False, True])
def test_a_good_credential_is_kept_with_or_without_a_certificate(scene: Scene, bare: bool) -> None:
    (kept,) = scene.receiver.accept([scene.bank.credential(scene.key, bare=bare)], [scene.key], THERE, CONFIGURATION)
    assert kept.claims["name_ko"] == "김민준"
    assert kept.key is scene.key
    assert "김민준" not in repr(kept)
    assert (kept.authority is None) == bare


def test_with_an_anchor_nobody_is_asked_for_keys(scene: Scene) -> None:
    receiver = Receiver(scene.servers, SetClock(), [scene.bank.authority.anchor])
    receiver.accept([scene.bank.credential(scene.key)], [scene.key], THERE, CONFIGURATION)
    assert [url for _, url, _, _ in scene.servers.asked] == [VCT]


def test_with_an_anchor_another_authoritys_credential_is_refused(scene: Scene) -> None:
    scene.receiver = Receiver(scene.servers, SetClock(), [Authority().anchor])
    assert scene.refusal(scene.bank.credential(scene.key)) == "certificate_refused"


FORGERIES: dict[str, Callable[[Scene], str]] = {
    "another key signed": lambda s: s.bank.credential(s.key, signer=P256Key.generate()),
    "another issuer": lambda s: s.bank.credential(s.key, claims={"iss": "https://other.example"}),
    "another type": lambda s: s.bank.credential(s.key, claims={"vct": VCT + "x"}),
    "another hash of the type": lambda s: s.bank.credential(
        s.key, claims={"vct#integrity": integrity_of(sha256(b""))}
    ),
    "somebody else's device key": lambda s: s.bank.credential(P256Key.generate()),
    "no device key": lambda s: s.bank.credential(s.key, claims={"cnf": None}),
    "expired": lambda s: s.bank.credential(s.key, claims={"exp": NOW}),
    "from the future": lambda s: s.bank.credential(s.key, claims={"iat": NOW + 3600}),
    "not yet": lambda s: s.bank.credential(s.key, claims={"nbf": NOW + 3600}),
    "the old media type": lambda s: s.bank.credential(s.key, header={"typ": "vc+sd-jwt"}),
    "a claim that cannot be kept back": lambda s: s.bank.credential(s.key, claims={"name_ko": "김민준"}),
    "a key nobody published": lambda s: s.bank.credential(s.key, header={"kid": "other"}, bare=True),
    "a foreign disclosure": lambda s: s.bank.credential(s.key) + "WyJzIiwiYSIsMV0~",
    "a presentation": lambda s: s.bank.credential(s.key)[:-1],
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_what_does_not_hold_is_refused(scene: Scene, forgery: Callable[[Scene], str]) -> None:
    assert scene.refusal(forgery(scene)) == "credential_refused"


def test_a_certificate_for_somebody_else_is_refused(scene: Scene) -> None:
    key, certificate = scene.bank.authority.leaf("https://other.example")
    forged = scene.bank.credential(scene.key, signer=key, header={"x5c": x5c_of(certificate)})
    assert scene.refusal(forged) == "certificate_refused"


def test_a_certificate_the_issuer_does_not_know_is_refused(scene: Scene) -> None:
    key, certificate = Authority("A thief").leaf(ISSUER)
    forged = scene.bank.credential(scene.key, signer=key, header={"x5c": x5c_of(certificate)})
    assert scene.refusal(forged) == "credential_refused"


def test_one_key_is_good_for_one_copy(scene: Scene) -> None:
    twice = [scene.bank.credential(scene.key) for _ in range(2)]
    assert scene.refusal(*twice) == "credential_refused"


def test_a_mandatory_claim_must_be_there(scene: Scene) -> None:
    metadata = b'{"vct": "%s", "claims": [{"path": ["passport"], "mandatory": true}]}' % VCT.encode()
    scene.servers.pages[VCT] = answer(metadata)
    claims = {"vct#integrity": integrity_of(sha256(metadata))}
    assert scene.refusal(scene.bank.credential(scene.key, claims=claims)) == "credential_refused"


def test_a_claim_that_may_not_be_kept_back_must_stand_in_the_open(scene: Scene) -> None:
    metadata = b'{"vct": "%s", "claims": [{"path": ["note"], "sd": "never"}]}' % VCT.encode()
    scene.servers.pages[VCT] = answer(metadata)
    claims = {"vct#integrity": integrity_of(sha256(metadata)), "note": Disclosable("x")}
    assert scene.refusal(scene.bank.credential(scene.key, claims=claims)) == "credential_refused"


def test_a_rotated_key_is_looked_up_again(scene: Scene) -> None:
    scene.receiver.accept([scene.bank.credential(scene.key)], [scene.key], THERE, CONFIGURATION)
    rotated = Bank(scene.servers, scene.bank.authority)
    (kept,) = scene.receiver.accept([rotated.credential(scene.key)], [scene.key], THERE, CONFIGURATION)
    assert kept.issuer == ISSUER

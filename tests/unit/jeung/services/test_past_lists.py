"""Lists of the past are signed as they stood, between the changes that made and ended them; strangers pay once."""

import json

import pytest

from jeung.crypto import canonical_json
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.status_list import StatusList
from jeung.domain.ledger import CredentialStatus
from jeung.domain.registrations import KeyPurpose
from jeung.errors import NotFound
from jeung.ports.store import StatusListToken
from jeung.services.status_lists import StatusListRules, StatusListService
from tests.common.parties import BANK, Parties

SUSPENDED, REVOKED, VALID = CredentialStatus.SUSPENDED, CredentialStatus.REVOKED, CredentialStatus.VALID


class History:
    """Suspend a credential, reinstate it, revoke it, ten seconds apart."""

    def __init__(self) -> None:
        self.parties = Parties()
        self.clock, self.member = self.parties.clock, self.parties.bank.member
        self.admitted = self.clock.now()
        self.place = self.parties.issue().copies[0].record.status
        self.lists = self.service(BANK)
        for status in (SUSPENDED, VALID, REVOKED):
            self.clock.advance(10)
            self.parties.chain.set_statuses(self.member, self.place.list_number, status, self.place.index)
        self.clock.advance(10)
        self.parties.chain.idle()

    def service(self, url: str) -> StatusListService:
        return StatusListService(
            store=self.parties.bank.store,
            ledger=self.parties.ledger,
            signer=self.parties.bank.signer,
            clock=self.clock,
            rules=StatusListRules(url=url, lifetime_s=100, ttl_s=10),
        )

    def at(self, seconds: int) -> StatusListToken:
        return self.lists.as_of(self.place.list_number, self.admitted + seconds)

    def read(self, token: StatusListToken) -> tuple[int, int, int]:
        """Give the credential's status, and from when to when it stood so."""
        jws = parse_jws(token.token, typ="statuslist+jwt", max_characters=1 << 20)
        key = self.parties.bank.signer.active_key(KeyPurpose.STATUS_SIGNING)
        claims = canonical_json.parse_object(verify_jws(jws, parse_jwk(key.jwk)))
        published = StatusList.from_compressed(2, claims["status_list"]["lst"])
        assert (claims["iat"], claims["exp"]) == (token.issued_at, token.expires_at)
        assert list(jws.header["x5c"]) == list(key.x5c)
        return published[self.place.index], token.issued_at - self.admitted, token.expires_at - self.admitted


@pytest.fixture
def history() -> History:
    return History()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, (0, 0, 10)), (9, (0, 0, 10)), (10, (2, 10, 20)), (19, (2, 10, 20)), (20, (0, 20, 30)), (35, (1, 30, 140))],
)
def test_list_stands_as_it_stood(history: History, seconds: int, expected: tuple[int, int, int]) -> None:
    assert history.read(history.at(seconds)) == expected


@pytest.mark.parametrize("seconds", [-1, 41, 10**9])
def test_time_before_our_admission_or_after_the_chains_head_has_no_list(history: History, seconds: int) -> None:
    with pytest.raises(NotFound):
        history.at(seconds)


def test_list_we_never_used_has_no_past(history: History) -> None:
    for number in {0, 1, 2, 3, 4} - {history.place.list_number}:
        with pytest.raises(NotFound):
            history.lists.as_of(number, history.admitted)


def test_stranger_has_no_past(history: History) -> None:
    with pytest.raises(NotFound):
        history.service("http://localhost:9999").as_of(history.place.list_number, history.admitted)


def test_same_span_is_signed_once(history: History) -> None:
    assert history.at(10) is history.at(19)
    assert history.at(30) is history.at(40)
    assert history.at(10) is not history.at(20)


def test_present_state_is_signed_anew_before_it_expires(history: History) -> None:
    first = history.at(30)
    history.clock.advance(49)
    assert history.at(30) is first
    history.clock.advance(1)
    assert history.read(history.at(30)) == (1, 30, 190)


def test_only_so_many_are_remembered(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jeung.services.status_lists._MAX_PAST", 2)
    first = history.at(0)
    history.at(10)
    history.at(20)
    assert history.at(0) is not first


def test_lists_name_where_all_of_them_are_found(history: History) -> None:
    token = history.lists.publish(history.place.list_number).token
    claims = json.loads(parse_jws(token, typ="statuslist+jwt", max_characters=1 << 20).payload)
    assert claims["status_list"]["aggregation_uri"] == f"{BANK}/status-lists"
    assert history.lists.addresses() == [f"{BANK}/status-lists/{history.place.list_number}"]

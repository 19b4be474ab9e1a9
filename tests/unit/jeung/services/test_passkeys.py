"""Whom a passkey lets in, and every answer of an authenticator that lets nobody in."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from jeung.domain.passkeys import CHALLENGE_TTL_S, MAX_PASSKEYS, Ceremony, Passkey
from jeung.domain.staff import LoginMethod, StaffRole
from jeung.errors import Conflict, LoginLimited, MalformedInput, NotFound
from jeung.errors.staff import LastWayIn, PasskeyRefused, RecentAuthenticationRequired
from jeung.services.staff import LogIn, SessionRules, StaffPasskeyService
from jeung.services.staff.attempts import BY_ADDRESS
from node.runtime.passkeys import WebauthnVerifier
from tests.common.authenticator import BE, BS, ORIGIN, UP, UV, Authenticator
from tests.unit.jeung.services.test_staff import HERE, OTHER, PASSWORD, ROLES, Desk

BROWSER, ANOTHER = "B" * 43, "C" * 43


class KeyDesk(Desk):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.passkeys = self.ruled(SessionRules(idle_s=900, life_s=3600))
        self.device = Authenticator()

    def ruled(self, rules: SessionRules) -> StaffPasskeyService:
        return StaffPasskeyService(
            store=self.store,
            verifier=WebauthnVerifier(ORIGIN),
            clock=self.clock,
            entropy=self.sessions._entropy,
            rules=rules,
        )

    def add(self, device: Authenticator | None = None, label: str = "Key") -> Passkey:
        device = device or self.device
        opened = self.sessions.log_in("minji", PASSWORD, address=HERE)
        options = self.passkeys.add_options(opened.member, opened.token)
        return self.passkeys.add(opened.member, device.create(options), label, token=opened.token)

    def log_in(self, device: Authenticator | None = None) -> LogIn:
        options = self.passkeys.log_in_options(BROWSER)
        return self.passkeys.log_in((device or self.device).get(options), browser=BROWSER, address=HERE)

    def kept(self) -> Passkey:
        (passkey,) = self.passkeys.of(self.minji.staff_id)
        return passkey


@pytest.fixture
def desk() -> KeyDesk:
    return KeyDesk()


@pytest.fixture
def keyed(desk: KeyDesk) -> KeyDesk:
    desk.add()
    desk.device.counter = 2
    return desk


def test_passkey_lets_its_owner_in_without_a_name(keyed: KeyDesk) -> None:
    opened = keyed.log_in()
    assert (opened.member.name, opened.member.method) == ("minji", LoginMethod.PASSKEY)
    assert keyed.sessions.authenticate(opened.token) == opened.member
    used = keyed.kept()
    assert (used.sign_count, used.last_used_at, used.label) == (2, keyed.clock.now(), "Key")
    assert keyed.events("staff_logged_in")[-1]["method"] == "passkey"


def test_browser_is_asked_for_a_discoverable_key_that_verifies_its_user(desk: KeyDesk) -> None:
    opened = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    made = desk.passkeys.add_options(opened.member, opened.token)
    assert made["rp"]["id"] == "localhost"
    wanted = {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
    assert made["authenticatorSelection"] == wanted
    assert [entry["alg"] for entry in made["pubKeyCredParams"]] == [-7, -8, -257]
    asked = desk.passkeys.log_in_options(BROWSER)
    assert (asked["userVerification"], asked["rpId"], asked["allowCredentials"]) == ("required", "localhost", [])
    assert asked["challenge"] != made["challenge"]


def lies() -> dict[str, Callable[[Authenticator], None]]:
    def setter(**values: object) -> Callable[[Authenticator], None]:
        def change(device: Authenticator) -> None:
            for name, value in values.items():
                setattr(device, name, value)

        return change

    return {
        "another origin": setter(origin="https://bank.example.evil"),
        "origin with another port": setter(origin="http://localhost:8102"),
        "origin over https": setter(origin="https://localhost:8101"),
        "another RP ID": setter(rp_id="evil.example"),
        "user not verified": setter(flags=UP),
        "user not present": setter(flags=UV),
        "backed up but not eligible": setter(flags=UP | UV | BS),
        "from a frame of another origin": setter(client_data={"crossOrigin": True}),
        "crossOrigin is no truth value": setter(client_data={"crossOrigin": "no"}),
        "a top origin": setter(client_data={"topOrigin": "https://evil.example"}),
        "another type": setter(client_data={"type": "payment.get"}),
        "a challenge nobody gave": setter(client_data={"challenge": "A" * 43}),
    }


@pytest.mark.parametrize("lie", lies(), ids=str)
def test_assertion_that_is_not_what_was_asked_lets_nobody_in(keyed: KeyDesk, lie: str) -> None:
    lies()[lie](keyed.device)
    with pytest.raises(PasskeyRefused):
        keyed.log_in()
    assert keyed.kept().last_used_at is None


@pytest.mark.parametrize("lie", lies(), ids=str)
def test_registration_that_is_not_what_was_asked_adds_nothing(desk: KeyDesk, lie: str) -> None:
    lies()[lie](desk.device)
    with pytest.raises(PasskeyRefused):
        desk.add()
    assert desk.passkeys.of(desk.minji.staff_id) == []


def test_algorithm_that_is_not_allowed_is_refused_at_registration_and_at_log_in(keyed: KeyDesk) -> None:
    with pytest.raises(PasskeyRefused):
        keyed.add(Authenticator(algorithm=-36))
    with keyed.store.write() as tx:
        tx.passkeys.replace(replace(keyed.kept(), algorithm=-36))
    with pytest.raises(PasskeyRefused):
        keyed.log_in()


def test_answer_is_good_once(keyed: KeyDesk) -> None:
    answer = keyed.device.get(keyed.passkeys.log_in_options(BROWSER))
    assert keyed.passkeys.log_in(answer, browser=BROWSER, address=HERE)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(answer, browser=BROWSER, address=HERE)


def test_challenge_is_used_up_by_an_answer_that_was_refused(keyed: KeyDesk) -> None:
    options = keyed.passkeys.log_in_options(BROWSER)
    keyed.device.origin = "https://evil.example"
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(keyed.device.get(options), browser=BROWSER, address=HERE)
    keyed.device.origin = ORIGIN
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(keyed.device.get(options), browser=BROWSER, address=HERE)


def test_challenge_of_another_browser_ceremony_or_time_is_refused(keyed: KeyDesk) -> None:
    options = keyed.passkeys.log_in_options(BROWSER)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(keyed.device.get(options), browser=ANOTHER, address=HERE)
    opened = keyed.sessions.log_in("minji", PASSWORD, address=HERE)
    asked = keyed.passkeys.confirm_options(opened.member, opened.token)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(keyed.device.get(asked), browser=opened.token, address=HERE)
    late = keyed.passkeys.log_in_options(BROWSER)
    keyed.clock.advance(CHALLENGE_TTL_S)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(keyed.device.get(late), browser=BROWSER, address=HERE)


def test_browser_has_one_challenge_at_a_time(keyed: KeyDesk) -> None:
    given = [keyed.passkeys.log_in_options(BROWSER) for _ in range(5)]
    assert len(keyed.database.read().staff_challenges) == 1
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(keyed.device.get(given[0]), browser=BROWSER, address=HERE)
    assert keyed.passkeys.log_in(keyed.device.get(given[-1]), browser=BROWSER, address=HERE)


def test_passkey_of_another_console_or_with_another_signature_is_refused(keyed: KeyDesk) -> None:
    foreign = Authenticator(user_handle=keyed.minji.staff_id.encode())
    with pytest.raises(PasskeyRefused):
        keyed.log_in(foreign)
    foreign.credential_id = keyed.device.credential_id
    foreign.counter = 9
    with pytest.raises(PasskeyRefused):
        keyed.log_in(foreign)
    assert keyed.kept().sign_count == 1


@pytest.mark.parametrize("handle", [None, b"", b"stf_other"], ids=["none", "empty", "another's"])
def test_user_handle_that_is_not_the_owners_is_refused(keyed: KeyDesk, handle: bytes | None) -> None:
    keyed.device.user_handle = handle
    with pytest.raises(PasskeyRefused):
        keyed.log_in()


@pytest.mark.parametrize("counter", [1, 0], ids=["the same", "lower"])
def test_counter_that_does_not_go_up_shuts_the_passkey_out_for_good(keyed: KeyDesk, counter: int) -> None:
    keyed.device.counter = counter
    with pytest.raises(PasskeyRefused):
        keyed.log_in()
    assert keyed.kept().suspected_at == keyed.clock.now()
    suspected = {"staff": keyed.minji.staff_id, "passkey": keyed.kept().passkey_id}
    assert keyed.events("passkey_suspected") == [suspected]
    keyed.device.counter = 99
    with pytest.raises(PasskeyRefused):
        keyed.log_in()
    assert len(keyed.events("passkey_suspected")) == 1


def test_authenticator_without_a_counter_is_let_in(desk: KeyDesk) -> None:
    desk.device.counter = 0
    desk.add()
    assert desk.log_in()
    assert desk.log_in()


def test_key_that_becomes_synchronisable_is_refused_and_one_that_is_may_be_backed_up(desk: KeyDesk) -> None:
    desk.add()
    desk.device.counter, desk.device.flags = 2, UP | UV | BE
    with pytest.raises(PasskeyRefused):
        desk.log_in()
    phone = Authenticator(flags=UP | UV | BE)
    assert desk.add(phone, "Phone").backup_eligible
    phone.counter, phone.flags = 2, UP | UV | BE | BS
    assert desk.log_in(phone)
    assert {one.label: one.backed_up for one in desk.passkeys.of(desk.minji.staff_id)} == {
        "Key": False,
        "Phone": True,
    }


def test_disabled_account_is_not_let_in_and_a_rule_may_let_in_nobody(keyed: KeyDesk) -> None:
    strict = keyed.ruled(SessionRules(methods=frozenset({LoginMethod.PASSWORD})))
    answer = keyed.device.get(strict.log_in_options(BROWSER))
    with pytest.raises(PasskeyRefused):
        strict.log_in(answer, browser=BROWSER, address=HERE)
    keyed.accounts.disable("minji")
    with pytest.raises(PasskeyRefused):
        keyed.log_in()


def test_role_that_demands_a_passkey_is_let_in_with_one(keyed: KeyDesk) -> None:
    strict = keyed.ruled(SessionRules(passkey_roles=ROLES))
    answer = keyed.device.get(strict.log_in_options(BROWSER))
    assert strict.log_in(answer, browser=BROWSER, address=HERE).member.name == "minji"


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "{}", '{"id": 1}', "x" * 20_000, '{"response": {"clientDataJSON": "bnVsbA"}}']
)
def test_text_that_is_no_answer_is_refused(keyed: KeyDesk, text: str) -> None:
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(text, browser=BROWSER, address="192.0.2.9")
    opened = keyed.sessions.log_in("minji", PASSWORD, address=HERE)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.add(opened.member, text, "Key", token=opened.token)


def test_address_that_failed_too_often_must_wait(keyed: KeyDesk) -> None:
    for _ in range(BY_ADDRESS.free):
        with pytest.raises(PasskeyRefused):
            keyed.passkeys.log_in("{}", browser=BROWSER, address=HERE)
    with pytest.raises(LoginLimited):
        keyed.log_in()


def test_many_log_ins_from_one_address_do_not_use_it_up(keyed: KeyDesk) -> None:
    for count in range(2, 2 * BY_ADDRESS.free):
        keyed.device.counter = count
        assert keyed.log_in()


def test_own_passkey_proves_that_it_is_still_the_same_person(keyed: KeyDesk) -> None:
    opened = keyed.sessions.log_in("minji", PASSWORD, address=HERE)
    keyed.clock.advance(301)
    with pytest.raises(RecentAuthenticationRequired):
        keyed.sessions.requires_recent_authentication(keyed.sessions.authenticate(opened.token))
    options = keyed.passkeys.confirm_options(opened.member, opened.token)
    assert len(options["allowCredentials"]) == 1
    renewed = keyed.passkeys.confirm(keyed.device.get(options), token=opened.token)
    assert renewed.token != opened.token
    keyed.sessions.requires_recent_authentication(keyed.sessions.authenticate(renewed.token))
    keyed.device.counter = 2
    options = keyed.passkeys.confirm_options(renewed.member, renewed.token)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.confirm(keyed.device.get(options), token=renewed.token)


def test_passkey_of_a_colleague_confirms_nothing(keyed: KeyDesk) -> None:
    keyed.accounts.add("junho", ROLES, OTHER)
    opened = keyed.sessions.log_in("junho", OTHER, address=HERE)
    options = keyed.passkeys.confirm_options(opened.member, opened.token)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.confirm(keyed.device.get(options), token=opened.token)


def test_challenge_for_one_account_adds_nothing_to_another(keyed: KeyDesk) -> None:
    other = keyed.accounts.add("junho", ROLES, OTHER)
    device = Authenticator()
    answer = device.create(keyed.passkeys.creation_options(keyed.minji, Ceremony.ADD, BROWSER))
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.registered(answer, "Key", Ceremony.ADD, BROWSER, other.staff_id)


def test_account_has_ten_passkeys_at_most_and_each_once(keyed: KeyDesk) -> None:
    with pytest.raises(Conflict):
        keyed.add()
    for number in range(1, MAX_PASSKEYS):
        keyed.add(Authenticator(), f"Key {number}")
    with pytest.raises(Conflict):
        keyed.add(Authenticator())
    assert len(keyed.passkeys.of(keyed.minji.staff_id)) == MAX_PASSKEYS


def test_passkey_is_renamed_by_its_owner_alone(keyed: KeyDesk) -> None:
    passkey = keyed.kept()
    keyed.passkeys.rename(keyed.minji.staff_id, passkey.passkey_id, "  Desk  ")
    assert keyed.kept().label == "Desk"
    with pytest.raises(NotFound):
        keyed.passkeys.rename("stf_other", passkey.passkey_id, "Mine")
    for label in ("", " ", "x" * 65, "two\nlines"):
        with pytest.raises(MalformedInput):
            keyed.passkeys.rename(keyed.minji.staff_id, passkey.passkey_id, label)


def test_removed_passkey_lets_nobody_in(keyed: KeyDesk) -> None:
    options = keyed.passkeys.log_in_options(BROWSER)
    keyed.passkeys.remove(keyed.minji.staff_id, keyed.kept().passkey_id)
    with pytest.raises(PasskeyRefused):
        keyed.passkeys.log_in(keyed.device.get(options), browser=BROWSER, address=HERE)
    with pytest.raises(NotFound):
        keyed.passkeys.remove(keyed.minji.staff_id, "pky_0")


def test_last_way_in_is_never_removed(keyed: KeyDesk) -> None:
    strict = keyed.ruled(SessionRules(passkey_roles=ROLES))
    first = keyed.kept().passkey_id
    with pytest.raises(LastWayIn):
        strict.remove(keyed.minji.staff_id, first)
    keyed.add(Authenticator())
    strict.remove(keyed.minji.staff_id, first)
    assert len(keyed.passkeys.of(keyed.minji.staff_id)) == 1


def test_passkey_that_is_shut_out_counts_as_no_way_in(keyed: KeyDesk) -> None:
    first = keyed.kept()
    keyed.add(Authenticator(), "Second")
    (second,) = (one for one in keyed.passkeys.of(keyed.minji.staff_id) if one != first)
    with keyed.store.write() as tx:
        tx.passkeys.replace(replace(second, suspected_at=1))
    with pytest.raises(LastWayIn):
        keyed.ruled(SessionRules(passkey_roles=ROLES)).remove(keyed.minji.staff_id, first.passkey_id)


def test_account_that_is_gone_is_asked_for_nothing(keyed: KeyDesk) -> None:
    opened = keyed.sessions.log_in("minji", PASSWORD, address=HERE)
    with keyed.database.write() as tables:
        tables.staff.clear()
    with pytest.raises(NotFound):
        keyed.passkeys.add_options(opened.member, opened.token)
    with pytest.raises(NotFound):
        keyed.passkeys.remove(keyed.minji.staff_id, keyed.kept().passkey_id)
    with pytest.raises(PasskeyRefused):
        keyed.log_in()


def test_passkey_removed_while_its_answer_is_judged_lets_nobody_in(keyed: KeyDesk) -> None:
    verifier = keyed.passkeys._verifier
    verify = verifier.verify_assertion

    def slowly(response: str, challenge: bytes, public_key: bytes) -> object:
        keyed.passkeys.remove(keyed.minji.staff_id, keyed.kept().passkey_id)
        return verify(response, challenge, public_key)

    verifier.verify_assertion = slowly  # type: ignore[assignment, method-assign]
    with pytest.raises(PasskeyRefused):
        keyed.log_in()


def test_what_is_logged_names_neither_key_nor_person(keyed: KeyDesk) -> None:
    keyed.log_in()
    logged = b"".join(entry.body for entry in keyed.database.read().events)
    assert keyed.device.credential_id.hex().encode() not in logged
    assert b"minji" not in logged
    assert "public_key" not in repr(keyed.kept())
    assert json.dumps(keyed.passkeys.log_in_options(BROWSER))


def test_roles_are_those_of_the_account_whatever_it_logs_in_with(keyed: KeyDesk) -> None:
    keyed.accounts.set_roles("minji", {StaffRole.AUDITOR})
    assert keyed.log_in().member.roles == {StaffRole.AUDITOR}

"""A code lets its holder add one passkey, for a short while, for five tries."""

import pytest

from jeung.domain.passkeys import ENROLMENT_TRIES
from jeung.domain.staff import LoginMethod
from jeung.errors import Conflict, LoginLimited, NotFound, SessionEnded
from jeung.errors.staff import EnrolmentRefused, PasskeyRefused
from jeung.services.staff import SessionRules, StaffEnroller, StaffEnrolmentService
from jeung.services.staff.attempts import BY_ADDRESS
from tests.common.authenticator import Authenticator
from tests.unit.jeung.services.test_passkeys import BROWSER, KeyDesk
from tests.unit.jeung.services.test_staff import HERE, OTHER, PASSWORD, ROLES

WRONG = "aaaaa-bbbbb-ccccc-ddddd"


class EnrolDesk(KeyDesk):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.codes = StaffEnrolmentService(
            store=self.store, clock=self.clock, entropy=self.sessions._entropy, ttl_s=900
        )
        self.enroller = self.enrolling(SessionRules())

    def enrolling(self, rules: SessionRules) -> StaffEnroller:
        return StaffEnroller(store=self.store, clock=self.clock, rules=rules, passkeys=self.passkeys)

    def options(self, code: str, name: str = "minji", address: str = HERE) -> dict[str, object]:
        return self.enroller.options(name, code, browser=BROWSER, address=address)

    def enrol(self, code: str, device: Authenticator | None = None) -> None:
        answer = (device or self.device).create(self.options(code))
        self.enroller.enrol("minji", code, answer, "Key", browser=BROWSER, address=HERE)


@pytest.fixture
def desk() -> EnrolDesk:
    return EnrolDesk()


def test_code_adds_a_passkey_to_an_account_without_a_password(desk: EnrolDesk) -> None:
    junho = desk.accounts.add("junho", ROLES, None)
    code = desk.codes.make("junho").code
    answer = desk.device.create(desk.options(code, "junho"))
    desk.enroller.enrol("junho", code, answer, "Key", browser=BROWSER, address=HERE)
    desk.device.counter = 2
    assert desk.log_in().member.staff_id == junho.staff_id


def test_code_is_good_once(desk: EnrolDesk) -> None:
    code = desk.codes.make("minji").code
    desk.enrol(code)
    with pytest.raises(EnrolmentRefused):
        desk.enrol(code, Authenticator())
    assert len(desk.codes.passkeys("minji")) == 1


def test_of_two_browsers_with_one_code_one_adds_a_passkey(desk: EnrolDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    code = desk.codes.make("minji").code
    admitted = desk.enroller._admitted("minji", code, HERE)
    # Both have shown the code before either answers.
    monkeypatch.setattr(desk.enroller, "_admitted", lambda *_given: admitted)
    desk.enrol(code)
    with pytest.raises(PasskeyRefused):
        desk.enrol(code, Authenticator())
    desk.codes.make("minji")
    with pytest.raises(PasskeyRefused):
        desk.enrol(code, Authenticator())
    assert len(desk.codes.passkeys("minji")) == 1


def test_what_let_an_account_in_before_it_was_disabled_lets_it_in_no_more(desk: EnrolDesk) -> None:
    desk.enrol(desk.codes.make("minji").code)
    desk.device.counter = 2
    pending = desk.codes.make("minji").code
    desk.accounts.disable("minji")
    desk.accounts.enable("minji", OTHER)
    with pytest.raises(PasskeyRefused):
        desk.log_in()
    with pytest.raises(EnrolmentRefused):
        desk.options(pending)
    assert desk.codes.passkeys("minji") == []
    assert desk.events("passkey_removed")


def test_code_is_typed_as_people_type(desk: EnrolDesk) -> None:
    code = desk.codes.make("minji").code
    assert len(code.replace("-", "")) == 20
    assert desk.options(f" {code.upper().replace('-', ' ')} ")


def test_answer_that_is_refused_leaves_the_code_good(desk: EnrolDesk) -> None:
    code = desk.codes.make("minji").code
    with pytest.raises(PasskeyRefused):
        desk.enrol(code, Authenticator(origin="https://evil.example"))
    desk.enrol(code)


def test_code_ends_with_its_time(desk: EnrolDesk) -> None:
    made = desk.codes.make("minji")
    assert made.expires_at == desk.clock.now() + 900
    assert made.code not in repr(made)
    desk.clock.advance(900)
    with pytest.raises(EnrolmentRefused):
        desk.options(made.code)


def test_fifth_miss_ends_the_code_whoever_has_it(desk: EnrolDesk) -> None:
    code = desk.codes.make("minji").code
    for _ in range(ENROLMENT_TRIES):
        with pytest.raises(EnrolmentRefused):
            desk.options(WRONG)
    with pytest.raises(EnrolmentRefused):
        desk.options(code)
    assert [event["failures"] for event in desk.events("staff_enrolment_missed")] == [1, 2, 3, 4, 5]
    assert desk.options(desk.codes.make("minji").code)


def test_second_code_ends_the_first(desk: EnrolDesk) -> None:
    first, second = desk.codes.make("minji").code, desk.codes.make("minji").code
    with pytest.raises(EnrolmentRefused):
        desk.options(first)
    assert desk.options(second)


@pytest.mark.parametrize("name", ["nobody", "", "m" * 1000, "junho"])
def test_code_of_one_name_opens_no_other(desk: EnrolDesk, name: str) -> None:
    desk.accounts.add("junho", ROLES, None)
    code = desk.codes.make("minji").code
    with pytest.raises(EnrolmentRefused):
        desk.options(code, name)


def test_address_that_failed_too_often_must_wait(desk: EnrolDesk) -> None:
    code = desk.codes.make("minji").code
    for _ in range(BY_ADDRESS.free):
        with pytest.raises(EnrolmentRefused):
            desk.options(WRONG, "nobody")
    with pytest.raises(LoginLimited):
        desk.options(code)
    assert desk.options(code, address="198.51.100.7")


def test_account_that_a_passkey_would_not_let_in_adds_none(desk: EnrolDesk) -> None:
    code = desk.codes.make("minji").code
    desk.enroller = desk.enrolling(SessionRules(methods=frozenset({LoginMethod.PASSWORD})))
    with pytest.raises(EnrolmentRefused):
        desk.options(code)
    desk.accounts.disable("minji")
    with pytest.raises(Conflict):
        desk.codes.make("minji")


def test_lost_device_is_forgotten_with_its_sessions_and_a_new_one_takes_its_place(desk: EnrolDesk) -> None:
    desk.add()
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    code = desk.codes.make("minji", forget=True).code
    desk.device.counter = 2
    with pytest.raises(PasskeyRefused):
        desk.log_in()
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)
    fresh = Authenticator()
    desk.enrol(code, fresh)
    fresh.counter = 2
    assert desk.log_in(fresh)
    assert len(desk.events("passkey_removed")) == 1


def test_name_without_an_account_has_neither_code_nor_passkeys(desk: EnrolDesk) -> None:
    with pytest.raises(NotFound):
        desk.codes.make("nobody")
    with pytest.raises(NotFound):
        desk.codes.passkeys("nobody")


def test_store_holds_no_code(desk: EnrolDesk) -> None:
    code = desk.codes.make("minji").code
    assert code.replace("-", "") not in repr(desk.database.read())

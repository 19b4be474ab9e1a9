import pytest

from jeung.crypto.claims import MAX_TIMESTAMP, numeric_date, text, timestamp, whole_number
from jeung.errors import MalformedCredential, MalformedKeyBinding


@pytest.mark.parametrize("value", [True, False, 1.0, "1", None, -1, MAX_TIMESTAMP, [1], {}])
def test_what_is_no_whole_number_of_seconds_is_refused(value: object) -> None:
    with pytest.raises(MalformedCredential):
        timestamp({"exp": value}, "exp", MalformedCredential)


@pytest.mark.parametrize("value", [True, "1", None, -1, -0.5, MAX_TIMESTAMP, float(MAX_TIMESTAMP), 1e308, [1], {}])
def test_what_is_no_number_of_seconds_is_refused(value: object) -> None:
    with pytest.raises(MalformedCredential):
        numeric_date({"exp": value}, "exp", MalformedCredential)


@pytest.mark.parametrize(("value", "seconds"), [(5, 5), (5.0, 5), (5.999, 5), (0.25, 0)])
def test_fraction_of_a_second_is_left_off(value: float, seconds: int) -> None:
    assert numeric_date({"exp": value}, "exp", MalformedCredential) == seconds
    assert numeric_date({}, "exp", MalformedCredential) is None


def test_bounds_of_a_number_are_kept() -> None:
    assert whole_number({"idx": 4}, "idx", MalformedCredential, below=5) == 4
    with pytest.raises(MalformedCredential):
        whole_number({"idx": 5}, "idx", MalformedCredential, below=5)


@pytest.mark.parametrize("value", ["", None, 1, True, ["a"], {}])
def test_what_is_no_text_is_refused_with_the_error_of_the_place(value: object) -> None:
    with pytest.raises(MalformedKeyBinding):
        text({"aud": value}, "aud", MalformedKeyBinding)


def test_an_absent_claim_is_none() -> None:
    assert text({}, "aud", MalformedKeyBinding) is None
    assert timestamp({}, "iat", MalformedKeyBinding) is None


def test_a_present_claim_is_returned() -> None:
    assert text({"aud": "x"}, "aud", MalformedKeyBinding) == "x"
    assert timestamp({"iat": 0}, "iat", MalformedKeyBinding) == 0

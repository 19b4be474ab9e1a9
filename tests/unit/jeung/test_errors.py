import re

import pytest

from jeung import errors
from jeung.errors import JeungError

# A module whose errors the package does not export describes its own branch of the tree (jeung.errors.staff).
ROOMS = {getattr(errors, name).__module__ for name in errors.__all__}


def tree(root: type[JeungError] = JeungError) -> list[type[JeungError]]:
    """Every class of the tree that the package exports the modules of, whatever else a test has imported."""
    below = [cls for child in root.__subclasses__() for cls in tree(child)]
    return [cls for cls in [root, *below] if cls.__module__ in ROOMS]


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in tree()]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", code) for code in codes)


def test_the_code_is_the_name_of_the_class() -> None:
    for cls in tree()[1:]:
        assert cls.code.replace("_", "") == cls.__name__.lower()


def drawing() -> str:
    """The tree in the docstring, without the explanations at its right."""
    assert errors.__doc__ is not None
    lines = errors.__doc__.split("\n\n")[1].splitlines()
    return "\n".join(re.sub(r"(?<=[a-z])  +[a-z].*", "", line) for line in lines)


def test_the_docstring_draws_every_class_once_and_no_other() -> None:
    drawn = re.findall(r"\b[A-Z]\w+", drawing())
    assert sorted(drawn) == sorted(cls.__name__ for cls in tree())


def test_the_package_exports_the_whole_tree() -> None:
    assert sorted(errors.__all__) == sorted(cls.__name__ for cls in tree())


def test_the_drawing_puts_refusals_under_their_steps() -> None:
    for line in re.split(r"[├└]── step ", drawing())[1:]:
        number, names = line.split(maxsplit=1)
        for name in re.findall(r"\b[A-Z]\w+", names):
            assert getattr(errors, name).step == int(number)


def test_every_step_of_the_verification_can_refuse() -> None:
    assert {cls.step for cls in tree() if cls.step} == set(range(1, 11))


def test_every_refusal_names_its_step_and_nothing_else_does_silently() -> None:
    assert all(cls.step for cls in tree(errors.Refused)[1:])
    others = {cls for cls in tree() if cls.step} - set(tree(errors.Refused))
    assert {cls.code for cls in others} == {
        "malformed_presentation",
        "presentation_too_large",
        "attestation_pending",
        "ledger_stale",
        "evidence_not_recorded",
    }


def test_a_subclass_does_not_inherit_code_or_step() -> None:
    with pytest.raises(TypeError, match="code"):
        type("Nameless", (errors.Refused,), {})


def test_without_detail_the_sentence_of_the_class_stands() -> None:
    assert errors.UnknownIssuer().detail == "No member of the consortium owns the URL in `iss`."
    assert str(errors.UnknownIssuer("other")) == errors.UnknownIssuer("other").detail == "other"


def test_without_docstrings_the_code_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors.UnknownIssuer, "__doc__", None)
    assert errors.UnknownIssuer().detail == "unknown_issuer"


def test_unavailable_says_when_to_ask_again() -> None:
    error = errors.LedgerStale(retry_after_s=3)
    assert (error.retry_after_s, error.code, error.step) == (3, "ledger_stale", 7)
    with pytest.raises(TypeError):
        errors.Unavailable("no hint")  # type: ignore[call-arg]

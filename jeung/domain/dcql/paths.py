"""Follow claims path pointers into JSON credentials (OpenID4VP 1.0, section 7.1)."""

from collections.abc import Callable, Sequence
from typing import Final

Component = str | int | None
"""A member's name, a position in an array, or None for every position."""
ClaimsPath = tuple[Component, ...]
Value = str | int | bool

_Step = Callable[[object, Component], list[object]]
_ABORT: Final[list[object]] = []


def selected(document: object, path: Sequence[Component], *, presented: bool = False) -> list[object]:
    """Give the elements that a pointer selects; none where the standard has the processing abort with an error.

    Args:
        document: the claims.
        path: the pointer.
        presented: the claims are those of a presentation. Elements kept back leave no gap there, so a position in
            an array says nothing any more and stands for any of them. The element that was meant may stand beside
            elements of other types then; they are passed over instead of ending the whole.
    """
    found = [document]
    any_stands_for_one = False
    for component in path:
        step: _Step = _member if isinstance(component, str) else _element
        if component is None or (presented and isinstance(component, int)):
            step = _every
        expected = dict if isinstance(component, str) else list
        fitting = [node for node in found if isinstance(node, expected)]
        if len(fitting) != len(found) and not any_stands_for_one:
            return _ABORT
        found = [child for node in fitting for child in step(node, component)]
        any_stands_for_one = any_stands_for_one or (presented and isinstance(component, int))
    return found


def has_one_of(found: Sequence[object], values: Sequence[Value]) -> bool:
    """Tell whether an element equals a wanted value in value and type; JSON's `true` is not the number 1."""
    return any(type(element) is type(value) and element == value for element in found for value in values)


def leads_into(path: Sequence[Component], place: Sequence[str | int]) -> bool:
    """Tell whether a pointer and a place in a document lie on one way: one of them is the beginning of the other."""
    return all(
        component == step if isinstance(component, str) else isinstance(step, int)
        for component, step in zip(path, place, strict=False)
    )


def _member(node: object, name: Component) -> list[object]:
    assert isinstance(node, dict)  # noqa: S101 - `selected` has looked
    return [node[name]] if name in node else []


def _element(node: object, position: Component) -> list[object]:
    assert isinstance(node, list)  # noqa: S101
    assert isinstance(position, int)  # noqa: S101
    return node[position : position + 1]


def _every(node: object, _: Component) -> list[object]:
    assert isinstance(node, list)  # noqa: S101
    return list(node)

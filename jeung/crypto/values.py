"""Make values that are cheap to make, for what is made anew for every presentation."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def light_value(cls: type[T]) -> type[T]:
    """Make a class of fields whose instances nobody changes: the type checker refuses it, the program does not.

    What is frozen at run time is written field by field through `object.__setattr__` and takes four times as long to
    make; a named tuple takes longer to make and to read. One verification makes some thirty values and reads them
    hundreds of times. Whatever is not made for each presentation is `@dataclass(frozen=True, slots=True)`.
    """
    return dataclass(slots=True)(cls)

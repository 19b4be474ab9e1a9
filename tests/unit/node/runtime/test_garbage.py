"""A serving process's collector leaves alone what start-up made."""

import gc

from node.runtime.garbage import settle


def test_what_was_made_before_is_never_collected_again() -> None:
    made: list[list[int]] = [[] for _ in range(100)]
    try:
        settle()
        walked = {id(found) for found in gc.get_objects()}
        assert gc.get_freeze_count() > len(made)
        assert walked.isdisjoint(map(id, made))
    finally:
        gc.unfreeze()

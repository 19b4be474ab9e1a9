"""Define what is refused about acts that two people must want."""

from __future__ import annotations

from jeung.errors.base import Conflict, Forbidden


class ActNotPermitted(Forbidden, code="act_not_permitted"):
    """The caller may not ask for, decide or carry out this act."""


class SecondPersonRequired(Forbidden, code="second_person_required"):
    """Whoever asked for an act does not decide it, under whatever account."""


class ActClosed(Conflict, code="act_closed"):
    """The act was decided, withdrawn, carried out, or has expired."""


class ActChanged(Conflict, code="act_changed"):
    """The digest is not that of the act: what was read is not what would be approved."""


class ActAbandoned(Conflict, code="act_abandoned"):
    """Whoever began the act never reported how it ended; its approval is used up."""


class ActPending(Conflict, code="act_pending"):
    """The same act waits for a decision already."""


class TooManyActs(Conflict, code="too_many_acts"):
    """As many acts wait for a decision as may."""

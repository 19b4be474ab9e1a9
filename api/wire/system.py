"""Describe a node's state of health on the wire."""

from typing import Literal

from api.wire.base import Out


class Alive(Out):
    """Say that the process answers."""

    status: Literal["ok"]


class Ready(Out):
    """Say which parts of the node are fit for work."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, bool]

"""Say why a wallet stopped.

WalletError
├── Unanswered      nobody answered, or not within the wallet's bounds
├── ServerRefused   the server answered with an error; `error` is its OAuth or OpenID name
└── NotTrusted      the wallet itself refuses what it was shown; `reason` is one of its stable words
"""

from collections.abc import Mapping
from typing import Any

from cli.console import CommandFailed, Exit


class WalletError(CommandFailed):
    """The wallet could not do what it was asked to."""


class Unanswered(WalletError):
    """Nobody answered, or the answer was larger, slower or elsewhere than a wallet follows."""

    def __init__(self, message: str) -> None:
        """Say what was missing; never a part of what was sent."""
        super().__init__(message, Exit.COULD_NOT_RUN)


class ServerRefused(WalletError):
    """The server answered with an error."""

    def __init__(
        self,
        status: int,
        error: str,
        description: str = "",
        retry_after_s: int | None = None,
        said: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep what the server said."""
        super().__init__(f"the server answered {status} {error}: {description}".rstrip(": "), Exit.NO)
        self.status = status
        self.error = error
        self.description = description
        self.retry_after_s = retry_after_s
        self.said: Mapping[str, Any] = said or {}
        self.receipts: tuple[str, ...] = ()
        self.concerns: tuple[str, ...] = ()


class NotTrusted(WalletError):
    """The wallet refuses what it was shown."""

    def __init__(self, reason: str, detail: str) -> None:
        """Name the reason by a stable word and say it as a sentence."""
        super().__init__(f"{reason}: {detail}", Exit.NO)
        self.reason = reason

"""Put the consortium's decisions into words: what a call means, what it changes, why the chain would refuse it."""

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["en", "ko"]
LANGUAGES: Final[tuple[Language, Language]] = ("en", "ko")


@dataclass(frozen=True, slots=True)
class Words:
    """Hold one statement in each language a member's staff reads."""

    en: str
    ko: str

    def read(self, language: Language) -> str:
        """Give the statement in a language."""
        return self.en if language == "en" else self.ko


__all__ = ["LANGUAGES", "Language", "Words"]

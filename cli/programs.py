"""Name our own programs as processes to start: the interpreter at hand, and the folder our packages lie in.

A module is found from any folder where the packages are installed, and only from theirs in a plain checkout; so every
process starts there, and is told of other folders by absolute paths.
"""

import sys
from pathlib import Path

CODE_DIR = Path(__file__).resolve().parents[1]


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """Give the command line that runs one of our modules."""
    return (sys.executable, "-m", name, *arguments)


def jeung(*arguments: str) -> tuple[str, ...]:
    """Give the command line of a `jeung` command."""
    return module("cli", *arguments)

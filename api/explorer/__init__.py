"""Serve the explorer: the consortium as its own index and logs tell it, to read only.

The same pages stand twice: below /console/audit for staff who audit, and below /explorer for everybody, where the
member's settings open it. What is about more than the chain and public logs is for staff alone.
"""

from api.explorer import attestations, events, evidence, findings, logs, members, overview, proposals, search, types
from api.explorer.pages import blueprint

MODULES = (overview, members, attestations, events, proposals, logs, types, search, findings, evidence)
"""The modules whose pages stand on the blueprint and on the console's; importing one is what puts them there."""

__all__ = ["MODULES", "blueprint"]

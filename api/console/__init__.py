"""Serve the console: pages for a member's staff, made on the server, behind a log-in.

A page is a function under `desk.page`, which lets in whom its scopes allow. It calls the services that the REST
operations call. Nothing here is open but the log-in itself.
"""

from api.console import (
    account,
    acts,
    credentials,
    dashboard,
    entry,
    federation,
    governing,
    judgements,
    offers,
    oversight,
    passkeys,
    proofings,
    proposing,
    records,
    requests,
    terminal,
)
from api.console.desk import blueprint

_DESKS = (proofings, offers, credentials, requests, judgements, acts, records, oversight, governing, proposing)
MODULES = (entry, account, terminal, passkeys, federation, dashboard, *_DESKS)
"""The modules whose pages stand on the blueprint; importing one is what puts them there."""

__all__ = ["MODULES", "blueprint"]

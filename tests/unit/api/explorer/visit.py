"""Visit the explorer: the public one as a stranger, the console's as an auditor."""

import re
from typing import Any, Final

from werkzeug.test import TestResponse

from jeung.domain.identifiers import to_hex
from tests.unit.api.console.desk import AUDITOR, Desk
from tests.unit.api.parts import MEMBER, PROPOSAL, SCHEMA

TRANSACTION: Final = "0x" + "03" * 32
UNKNOWN: Final = "0x" + "ef" * 32
LINK: Final = re.compile(r'(?:href|action)="([^"]+)"')


class Explored(Desk):
    """Run a node whose explorer is open to everybody."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - as Desk
        super().__init__(**{"explorer": {"public": True}, **settings})
        self.holder = self.issued()
        self.issued()
        self.suspended()
        self.publish_log()
        self.auditor = self.at_desk(AUDITOR)
        self.member = to_hex(MEMBER)
        self.schema = to_hex(SCHEMA)
        self.digest = to_hex(next(iter(self.database.read().attested))[2])
        self.batch = to_hex(self.database.read().batches[0].batch)

    def suspended(self) -> None:
        """Suspend the first credential, as an officer would."""
        path = f"/v1/credentials/{self.holder.credential_id}/suspension"
        self.post(path, status=200)
        self.chain.mine()

    def pages(self) -> list[str]:
        """Give an address of every page that both explorers have."""
        return [
            "",
            "/events",
            f"/events?member={self.member}",
            "/proposals",
            f"/proposals/{PROPOSAL}",
            "/logs",
            f"/members/{self.member}",
            f"/attestations/{self.digest}",
            f"/batches/{self.batch}",
            f"/transactions/{TRANSACTION}",
            f"/types/{self.schema}",
        ]

    def look(self, path: str, **headers: str) -> TestResponse:
        """Open a page of the public explorer as somebody who is nobody here."""
        return self.app.test_client().get(f"/explorer{path}", headers=headers)

    def audit(self, path: str) -> TestResponse:
        """Open a page of the console's explorer as an auditor."""
        return self.auditor.get(f"/audit{path}")


def links(page: str) -> set[str]:
    """Give every address a page leads to."""
    return {found.replace("&amp;", "&") for found in LINK.findall(page)}

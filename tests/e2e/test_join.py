"""A new member is taken from nothing to its first credential by docs/guide/join-the-consortium.md, word for word."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demo.catalogue import Catalogue
from cli.demo.parties import Party, settled
from cli.demo.provider import provider_of, trust
from cli.demo.votes import decide
from cli.demo.wallet import Phones
from cli.programs import CODE_DIR
from cli.sandbox.layout import MEMBERS, open_sandbox
from tests.common.chain import free_port
from tests.common.guides import Guide, Place, Value
from tests.e2e.driver import SandboxDriver

pytestmark = [pytest.mark.sandbox]

GUIDE = CODE_DIR / "docs" / "guide" / "join-the-consortium.md"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxDriver]:
    driver = SandboxDriver(tmp_path / "sandbox")
    driver.start()
    yield driver
    driver.close()


@pytest.mark.timeout(600)
def test_a_new_member_joins_and_issues_by_the_guide(sandbox: SandboxDriver, tmp_path: Path) -> None:
    layout = open_sandbox(sandbox.data)
    bank, exchange = (Party(layout, member) for member in MEMBERS[:2])
    catalogue, provider = Catalogue(bank.base_url), provider_of(layout)
    for party in (bank, exchange):
        settled(party, party.post("/v1/enrolment")["items"])
    decide(bank, [exchange], [catalogue.register_type(), trust(provider)])

    port = free_port()
    url = f"http://localhost:{port}"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
    }
    places = {}
    for name in ("newcomer", "bank", "exchange"):
        (tmp_path / name).mkdir()
        places[name] = Place(tmp_path / name, environment)

    def proposed(function: str) -> str:
        found = [one for one in bank.all("/v1/proposals") if one["function"] == function]
        return str(found[-1]["proposal_id"])

    def account() -> str:
        member = json.loads((tmp_path / "newcomer" / "node" / "member.json").read_text("utf-8"))
        return str(member["accounts"]["governance"])

    placeholders: dict[str, Value] = {
        "NEW_URL": url,
        "PORT": str(port),
        "RPC": layout.rpc_url,
        "ENVIRONMENT": "sandbox",
        "DEPLOYMENT": str(layout.deployment_file),
        "BANK_URL": bank.base_url,
        "BANK_KEY": str(layout.client_key(MEMBERS[0])),
        "EXCHANGE_URL": exchange.base_url,
        "EXCHANGE_KEY": str(layout.client_key(MEMBERS[1])),
        "TYPE": catalogue.vct,
        "NEW_ACCOUNT": account,
        "ADMISSION": lambda: proposed("admitMember"),
        "ACCREDITATION": lambda: proposed("grant"),
        "PROFILE": lambda: proposed("registerProfile"),
    }
    with Guide(GUIDE, places, placeholders) as guide:
        guide.play(timeout_s=150.0)
        offer = json.loads((tmp_path / "newcomer" / "offer.json").read_text("utf-8"))
        phones = Phones(url)
        (copy,) = phones.receive(offer["deep_link"], offer["transaction_code"])
        phones.close()
        assert copy
        assert any(one["url"] == url and one["status"] == "active" for one in bank.all("/v1/members"))
    for party in (bank, exchange):
        party.client.close()

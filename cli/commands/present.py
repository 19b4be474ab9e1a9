"""Play a customer's phone, so that a person can post a genuine presentation with curl."""

import json
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import CommandFailed, Exit
from cli.sandbox.layout import MEMBERS, open_sandbox
from cli.target import DEFAULT_DATA, DataOption

if TYPE_CHECKING:
    from cli.demo.parties import Party
    from cli.demo.wallet import Copy


def present(
    claim: Annotated[
        list[str] | None,
        typer.Option(
            "--claim",
            help="A claim to show, for example age_equal_or_over.19; the profile's required ones unless given.",
        ),
    ] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Print the body of a POST /v1/verifications: a fresh customer's presentation to the exchange.

    An invented customer is proofed by the bank and his wallet takes its offer, all over HTTP and as in the demo,
    which must have been played before. The presentation answers a fresh nonce of the exchange, good once.
    """
    # The demo's parts load here only: Faker takes its time.
    from cli.demo.catalogue import SHOWN
    from cli.demo.parties import CLOCK, Party
    from cli.demo.presenting import fresh_nonce

    sandbox = open_sandbox(data)
    bank, exchange, *_ = (Party(sandbox, member) for member in MEMBERS)
    copy = customers_copy(bank)
    nonce = fresh_nonce(exchange)
    shown = copy.present(claim or SHOWN, audience=exchange.base_url, nonce=nonce, now=CLOCK.now())
    copy.phones.close()
    typer.echo(json.dumps({"presentation": shown, "nonce": nonce}))


def customers_copy(bank: "Party") -> "Copy":
    """Give an attested credential on the phone of a fresh invented customer of the sandbox's bank.

    Raises:
        CommandFailed: the demo has not been played there.
    """
    from cli.demo.board import StepFailed
    from cli.demo.issuing import issue, proof, wait_until_anchored
    from cli.demo.parties import CLOCK
    from cli.demo.people import invent_customers
    from cli.demo.wallet import Phones

    (customer,) = invent_customers(1, run=secrets.token_hex(4), now=CLOCK.now())
    try:
        copies = issue(Phones(bank.base_url), bank, proof(bank, customer))
        wait_until_anchored(bank, copies)
    except StepFailed as failed:
        raise CommandFailed(str(failed), Exit.COULD_NOT_RUN) from None
    return copies[0]

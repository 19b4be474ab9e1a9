"""Play a holder's wallet at the terminal: present, keep the receipt, ask what was recorded about it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.present import customers_copy
from cli.console import CommandFailed, Exit, as_json
from cli.sandbox.layout import MEMBERS, open_sandbox
from cli.target import DEFAULT_DATA, DataOption

if TYPE_CHECKING:
    from cli.wallet.presenting import Sent
    from cli.wallet.wallet import HeadlessWallet

app = typer.Typer(
    help="Play a holder's wallet: present, keep the receipt, ask what was recorded.", no_args_is_help=True
)


@app.command("present")
def present(
    keep: Annotated[Path, typer.Option(help="The new file that keeps the receipt with its device key.")],
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Have an invented customer answer the sandbox's exchange, and keep the signed receipt.

    The customer is proofed by the bank and his wallet takes its offer, as in the demo, which must have been played
    before. The exchange asks by OpenID4VP; its receipt is held against what was shown and against the register, and
    kept before anything is said against it, or of a refusal.
    """
    # The demo's parts load here only: Faker takes its time.
    from cli.demo.catalogue import OPENING
    from cli.demo.parties import Party

    sandbox = open_sandbox(data)
    bank, exchange, *_ = (Party(sandbox, member) for member in MEMBERS)
    copy = customers_copy(bank)
    phone = copy.phone()
    asked = exchange.post("/v1/presentation-requests", {"profile": OPENING, "qr_code": False})
    with closing(copy.phones):
        keep_receipt(phone, lambda: phone.present(asked["openid4vp_link"]), keep)


def keep_receipt(phone: "HeadlessWallet", present: Callable[[], "Sent"], keep: Path) -> None:
    """Present, keep the receipt whatever came of it, and only then say what is wrong.

    A refusal has a receipt as well, and one of another purpose is the proof of that.

    Raises:
        ServerRefused: the presentation was refused; the receipt is kept.
        CommandFailed: naming what is wrong with the receipt, or it cannot be written.
        NotTrusted, Unanswered: nothing was shown, or nobody answered.
    """
    from cli.wallet.errors import ServerRefused
    from cli.wallet.receipt_file import write_receipt

    refusal: ServerRefused | None = None
    try:
        concerns = present().concerns
    except ServerRefused as refused:
        refusal, concerns = refused, refused.concerns
    for receipt in phone.receipts[-1:]:
        write_receipt(keep, receipt)
        typer.echo(as_json(dict(receipt.claims)))
    require_no_concern(concerns)
    if refusal is not None:
        raise refusal


def require_no_concern(concerns: Sequence[str]) -> None:
    """Do nothing where nothing is wrong with the receipts that came.

    Raises:
        CommandFailed: naming what is.
    """
    if concerns:
        raise CommandFailed(f"the receipt is not as it should be: {', '.join(concerns)}", Exit.NO)


@app.command("ask")
def ask(
    receipt: Annotated[Path, typer.Argument(help="The file that `jeung wallet present` wrote.")],
    register: Annotated[
        str | None, typer.Option(help="The member whose list of relying parties is believed; the sandbox's bank.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Ask who gave a receipt what is recorded about it, and print the signed statement that holds.

    Exit code 1 where the relying party refuses, or its statement does not hold: that a record was erased must be
    proved by the log.
    """
    from cli.demo.parties import CLOCK
    from cli.wallet import asking
    from cli.wallet.http import WalletHttp
    from cli.wallet.receipt_file import read_receipt
    from cli.wallet.register import RelyingPartyRegister

    kept = read_receipt(receipt)
    url = register or open_sandbox(data).base_url(MEMBERS[0])
    with closing(WalletHttp(allow_loopback=True)) as http:
        promise = RelyingPartyRegister(http, CLOCK, url).promise_of(str(kept.claims["iss"]))
        said = asking.ask(http, kept, promise, now=CLOCK.now())
    asking.logged_commitment(said, kept, promise)
    typer.echo(as_json(dict(said)))

"""Be the `jeung` command: gather the groups, and turn whatever goes wrong into one line and an exit code."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from cli.commands import (
    acts,
    audit,
    audit_report,
    chain,
    credentials,
    evidence,
    governance,
    insider,
    keys,
    members,
    network,
    node,
    policy,
    present,
    sandbox,
    staff,
    subjects,
    token,
    wallet,
)
from cli.console import CommandFailed, Exit, complain, err, out
from cli.key_ids import marked
from jeung.errors import JeungError
from keys.process import harden

app = typer.Typer(
    name="jeung",
    help="Identity verification for a consortium of banks: run a sandbox, a node, an audit.",
    epilog="Exit codes: 0 done · 1 the answer is no · 2 could not run · 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(sandbox.up)
app.command("demo")(sandbox.demo)
app.command("reset")(sandbox.reset)
app.command("insider")(insider.insider)
app.command("token")(token.token)
app.command("present")(present.present)
audit.app.command("report")(audit_report.report)
app.add_typer(audit.app, name="audit")
app.add_typer(wallet.app, name="wallet")
app.add_typer(members.app, name="members")
app.add_typer(keys.app, name="keys")
app.add_typer(credentials.app, name="credentials")
app.add_typer(evidence.app, name="evidence")
app.add_typer(governance.app, name="governance")
app.add_typer(chain.app, name="chain")
app.add_typer(node.app, name="node")
app.add_typer(network.app, name="network")
app.add_typer(staff.app, name="staff")
app.add_typer(acts.app, name="acts")
app.add_typer(subjects.app, name="subjects")
app.add_typer(policy.app, name="policy")

_debug = False


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(version("jeung"))
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the full traceback of an unexpected error.", envvar=None)
    ] = False,
) -> None:
    """Identity verification for a consortium of banks: run a sandbox, a node, an audit."""
    global _debug
    _debug = debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code. No traceback reaches the person unless --debug asks for it."""
    try:
        app(args=marked(sys.argv[1:] if arguments is None else arguments), prog_name="jeung")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.COULD_NOT_RUN
    except CommandFailed as failure:
        complain(failure.message)
        return failure.exit_code
    except JeungError as error:
        complain(error.detail)
        return Exit.COULD_NOT_RUN
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away, for example `jeung credentials list | head`.
        sys.stderr.close()
        return Exit.DONE
    except OSError as error:
        if error.filename is None or _debug:
            return _unexpected(error)
        complain(f"cannot use {error.filename}: {error.strerror}")
        return Exit.COULD_NOT_RUN
    except Exception as error:
        return _unexpected(error)
    return Exit.DONE


def _unexpected(error: Exception) -> int:
    if _debug:
        err.print_exception()
    else:
        complain(f"unexpected {type(error).__name__}; run `jeung --debug …` for the details")
    return Exit.COULD_NOT_RUN


def run() -> None:
    """Be the entry point of the installed command."""
    # Any command may come to open keys.
    harden(quiet=True)
    sys.exit(main())

"""Give every command of `jeung governance` the same options: which node, which form, which language, how long."""

import inspect
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from cli.console import CommandFailed, Exit, out
from cli.http import NodeClient
from cli.sandbox.layout import CLIENT_ID
from cli.target import (
    DEFAULT_DATA,
    ClientKeyOption,
    ClientOption,
    DataOption,
    NodeOption,
    UrlOption,
    any_client,
)
from jeung.domain.access import Scope
from jeung.domain.governance import Language
from jeung.domain.governance.refusals import refusal_in_words
from jeung.domain.governance.values import moment
from jeung.domain.registry import Registry

_POLL_S = 0.3
_LANGUAGES: Mapping[str, Language] = {"en": "en", "ko": "ko"}
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, as the API gives it, and nothing else.")]
LanguageOption = Annotated[str, typer.Option("--language", help="Words in `en` or `ko`.")]
WaitOption = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait until the chain has taken or refused what was sent.")
]
TimeoutOption = Annotated[int, typer.Option("--timeout", min=1, max=86_400, help="Seconds to wait at the most.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Try it on the chain's present state, quorum assumed; send nothing.")
]


@dataclass(frozen=True, slots=True)
class Desk:
    """Speak to one node for a member's governance, and to the person at the terminal."""

    client: NodeClient
    as_json: bool
    language: Language
    wait: bool = True
    timeout_s: int = 60
    dry_run: bool = False

    def said(self, words: Mapping[str, str]) -> str:
        """Give a statement in the person's language."""
        return words[self.language]

    def show(self, document: Any, text: Callable[[], None]) -> None:  # noqa: ANN401 - the API's JSON
        """Print a document as JSON, or let it be written for a person."""
        if self.as_json:
            typer.echo(json.dumps(document, ensure_ascii=False))
        else:
            text()

    def all(self, path: str) -> list[dict[str, Any]]:
        """Read every page of a list."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.client.get(path, {"limit": "200", **({"cursor": cursor} if cursor else {})})
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def until(self, what: str, ask: Callable[[], Any | None]) -> Any:  # noqa: ANN401 - what the caller asks for
        """Ask again and again until there is an answer.

        Raises:
            CommandFailed: there was none in time; it may still come.
        """
        end = time.monotonic() + self.timeout_s
        while True:
            found = ask()
            if found is not None:
                return found
            if time.monotonic() >= end:
                raise CommandFailed(f"{what}: nothing within {self.timeout_s} s; it may still come (--timeout)")
            time.sleep(_POLL_S)

    def settled(self, intent: Mapping[str, Any]) -> Mapping[str, Any]:
        """Wait until a wanted write stands on the chain, unless nobody wants to wait.

        Raises:
            CommandFailed: the chain refused it (exit code 1), or it takes longer than the time given.
        """
        if not self.wait:
            return intent

        def ended() -> Any | None:  # noqa: ANN401 - the API's JSON
            now = self.client.get(f"/v1/intents/{intent['intent_id']}")
            return now if now["state"] in ("done", "failed") else None

        found: Mapping[str, Any] = self.until(f"{intent['call']['function']} is on its way", ended)
        if found["state"] == "failed":
            why = refusal_in_words(found["failure"] or "", {}, Registry()).read(self.language)
            raise CommandFailed(f"the chain refused it: {found['failure']}. {why}", Exit.NO)
        return found

    def sent(self, intent: Mapping[str, Any], more: Mapping[str, str] | None = None) -> None:
        """Say what became of an act that was sent; `more` stands beside it in JSON."""
        found = {**self.settled(intent), **(more or {})}

        def text() -> None:
            function, state = found["call"]["function"], found["state"]
            out.print(f"{function}: {'done' if state == 'done' else 'on its way'} ({found['intent_id']})")

        self.show(found, text)

    def tried(self, body: Mapping[str, Any]) -> None:
        """Try an act and say how it would end; exits 1 where the chain would refuse it."""
        from cli.governing.render import write_trial

        pending = self.client.post("/v1/governance/simulations", body)
        path = f"/v1/governance/simulations/{pending['simulation_id']}"

        def ended() -> Any | None:  # noqa: ANN401 - the API's JSON
            now = self.client.get(path)
            return now if now["state"] == "done" else None

        found = self.until("the trial", ended)
        self.show(found, lambda: write_trial(found, self.language))
        if not found["accepted"]:
            raise typer.Exit(Exit.NO)

    def act(self, name: str, proposal: str, resource: str) -> None:
        """Vote on a proposal, or try to."""
        found = self.proposal(proposal)
        identifier = found["proposal_id"]
        if self.dry_run:
            self.tried({"act": name, "proposal_id": identifier})
            return
        if not self.as_json:
            # A few digits named it: whoever votes sees on what.
            out.print(self.said(found["words"]), markup=False, soft_wrap=True)
        self.sent(self.client.post(f"/v1/proposals/{identifier}/{resource}"))

    def proposal(self, identifier: str) -> dict[str, Any]:
        """Find a proposal by its identifier, or by the beginning of it.

        Raises:
            CommandFailed: none or several begin so.
        """
        found = [one for one in self.all("/v1/proposals") if one["proposal_id"].startswith(identifier.lower())]
        if len(identifier) < 6 or len(found) != 1:
            raise CommandFailed("no proposal, or more than one, has this identifier; give more of it", Exit.NO)
        return found[0]

    def member(self, name: str) -> str:
        """Find a member by its URL or identifier; give the identifier.

        Raises:
            CommandFailed: there is none.
        """
        for one in self.all("/v1/members"):
            if name == one["member_id"] or name.rstrip("/") in one["urls"]:
                return str(one["member_id"])
        raise CommandFailed("the consortium has no such member; `jeung members list` names them", Exit.NO)

    def schema(self, name: str) -> str:
        """Find a credential type by its `vct` or identifier; give the identifier.

        Raises:
            CommandFailed: there is none.
        """
        for one in self.all("/v1/schemas"):
            if name in (one["schema_id"], one["vct"]):
                return str(one["schema_id"])
        raise CommandFailed("the consortium has registered no such type", Exit.NO)


def command(app: typer.Typer, name: str, *, acts: bool = False, tries: bool = False) -> Callable[..., Any]:
    """Register a command whose first parameter is the desk; the options that make the desk stand after its own.

    Args:
        app: the group.
        name: the command's name.
        acts: it sends something: --wait and --timeout.
        tries: it can be tried first: --dry-run.

    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        options = inspect.signature(_options).parameters
        left_out = (() if acts else ("wait", "timeout")) + (() if tries else ("dry_run",))
        shared = [parameter for key, parameter in options.items() if key not in left_out]
        own = list(inspect.signature(function).parameters.values())[1:]

        @wraps(function)
        def run(**given: Any) -> None:  # noqa: ANN401 - what typer parsed
            desk = _options(**{parameter.name: given.pop(parameter.name) for parameter in shared})
            try:
                function(desk, **given)
            finally:
                desk.client.close()

        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *shared)]
        # Typer reads the command from these two.
        run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
        hints = {**get_type_hints(function, include_extras=True), **get_type_hints(_options, include_extras=True)}
        run.__annotations__ = {parameter.name: hints[parameter.name] for parameter in keyword}
        del run.__wrapped__
        app.command(name)(run)
        return function

    return register


def _options(
    *,
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = 60,
    as_json: JsonOption = False,
    language: LanguageOption = "en",
    node: NodeOption = "bank",
    data: DataOption = DEFAULT_DATA,
    url: UrlOption = None,
    client: ClientOption = CLIENT_ID,
    client_key: ClientKeyOption = None,
) -> Desk:
    chosen = _LANGUAGES.get(language)
    if chosen is None:
        raise CommandFailed("--language is `en` or `ko`")
    speaker = any_client(url, client, client_key, data, node, Scope.GOVERN)
    return Desk(speaker, as_json, chosen, wait=wait, timeout_s=timeout, dry_run=dry_run)


def when(seconds: int | None) -> str:
    """Write a time, or a dash where there is none."""
    return "—" if seconds is None else moment(seconds)

"""The reference lists exactly what is served."""

import re
from pathlib import Path

from api.operation import declared_by
from jeung.domain.access import Scope
from tests.unit.api.world import World

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(GET|POST|DELETE) (\S+)` \| (.+?) \| (\w*) ?\| (.+) \|$", flags=re.M)


def test_the_tables_are_the_program(world: World) -> None:
    declared = {}
    for rule in world.app.url_map.iter_rules():
        view = world.app.view_functions[rule.endpoint]
        operation = declared_by(view)
        if operation is None:
            continue
        scopes = "open" if operation.scopes is None else " or ".join(f"`{name}`" for name in sorted(operation.scopes))
        authority = (scopes or "any token") + (", or a nonce" if operation.optional_token else "")
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule)
        key = operation.key.value.replace("none", "")
        declared[operation.method, path] = (authority, key, (view.__doc__ or "").split("\n")[0])
    written = {(method, path): (scope, key, text) for method, path, scope, key, text in ROW.findall(REFERENCE)}
    assert written == declared


def test_every_scope_is_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| [a-z]", REFERENCE, flags=re.M)) == set(Scope)

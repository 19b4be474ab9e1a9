"""The 17 SD-JWT cases of sd-jwt-python: issue what each specifies, and see what its verifier must see."""

import itertools
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from jeung.crypto import base64url
from jeung.crypto.jws import verify_jws
from jeung.crypto.key_binding import bind_key, verify_key_binding, verify_sd_hash
from jeung.crypto.sd_jwt import disclose, parse_sd_jwt
from jeung.crypto.sd_jwt_issue import Disclosable, issue_sd_jwt, present
from tests.common.jose import P256Signer
from tests.common.vectors import vectors

FOLDER = vectors("sd-jwt", "tests", "testcases")
SETTINGS = yaml.safe_load((FOLDER / "settings.yml").read_text(encoding="utf-8"))
CASES = sorted(FOLDER.glob("*/specification.yml"))


def signer(jwk: dict[str, str]) -> P256Signer:
    made = P256Signer(int.from_bytes(base64url.decode(jwk["d"]), "big"))
    assert made.jwk["x"] == jwk["x"]
    return made


ISSUER = signer(SETTINGS["key_settings"]["issuer_keys"][0])
HOLDER = signer(SETTINGS["key_settings"]["holder_key"])


def value(node: yaml.Node) -> object:
    """Turn a YAML node into JSON, with `!sd` on an element or on a member's name as `Disclosable`."""
    if isinstance(node, yaml.MappingNode):
        members = ((name.value, marked(content, name.tag)) for name, content in node.value)
        return dict(members)
    if isinstance(node, yaml.SequenceNode):
        return [marked(element, element.tag) for element in node.value]
    assert isinstance(node, yaml.ScalarNode)
    loader = yaml.SafeLoader("")
    tag = loader.resolve(  # type: ignore[no-untyped-call]  # the stubs leave it out
        yaml.ScalarNode, node.value, (node.style is None, False)
    )
    scalar: object = loader.construct_object(yaml.ScalarNode(tag, node.value))
    return scalar


def marked(node: yaml.Node, tag: str) -> object:
    return Disclosable(value(node)) if tag == "!sd" else value(node)


def specification(path: Path) -> dict[str, Any]:
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert node is not None
    found = value(node)
    assert isinstance(found, dict)
    return found


def shown_paths(choice: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths that the holder's choice marks with True."""
    if choice is True:
        return [path]
    steps = choice.items() if isinstance(choice, dict) else enumerate(choice) if isinstance(choice, list) else ()
    return list(itertools.chain.from_iterable(shown_paths(below, (*path, step)) for step, below in steps))


def test_there_are_seventeen_cases() -> None:
    assert len(CASES) == 17


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("decoys", [0, 2])
def test_the_verifier_sees_what_the_case_expects(path: Path, decoys: int) -> None:
    case = specification(path)
    about = {"iss": SETTINGS["identifiers"]["issuer"], "iat": SETTINGS["iat"], "exp": SETTINGS["exp"]}
    bound = {"cnf": {"jwk": HOLDER.jwk}} if case.get("key_binding") else {}
    header = {"alg": "ES256", "typ": "example+sd-jwt", **case.get("extra_header_parameters", {})}

    issued = issue_sd_jwt(
        header, case["user_claims"] | about | bound, sign=ISSUER.sign, random_bytes=secrets.token_bytes, decoys=decoys
    )
    presentation = present(issued, shown_paths(case["holder_disclosed_claims"]))
    if bound:
        presentation = bind_key(
            presentation,
            audience=SETTINGS["identifiers"]["verifier"],
            nonce=SETTINGS["key_binding_nonce"],
            issued_at=SETTINGS["iat"],
            sign=HOLDER.sign,
        )

    parsed = parse_sd_jwt(presentation, typ="example+sd-jwt")
    verify_jws(parsed.jws, ISSUER.key)
    assert disclose(parsed.payload, parsed.disclosures).claims == case["expect_verified_user_claims"] | about | bound
    if bound:
        binding = verify_key_binding(parsed, HOLDER.key)
        verify_sd_hash(parsed, binding)
        assert binding.nonce == SETTINGS["key_binding_nonce"]

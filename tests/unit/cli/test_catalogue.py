"""The demo's type describes the credentials that are issued, and its card can neither act nor fetch."""

import base64
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from cli.demo.card import ENGLISH, KOREAN, Wording, template
from cli.demo.catalogue import Catalogue
from jeung.crypto.hashing import sha256
from jeung.crypto.integrity import integrity_of
from jeung.crypto.sd_jwt import disclose
from jeung.crypto.sd_jwt_vc import parse_presentation
from jeung.services.wallets.issuer_metadata import credential_metadata
from tests.common.parties import Parties

METADATA = Catalogue("http://localhost:8101").metadata
DOCUMENT: dict[str, Any] = json.loads(METADATA)
ELEMENTS = {"svg", "rect", "circle", "text"}
ATTRIBUTES = {
    *("viewBox", "width", "height", "x", "y", "cx", "cy", "r", "rx", "fill", "stroke", "stroke-width"),
    *("font-family", "font-size", "font-weight", "text-anchor"),
}
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
# What the contract SchemaRegistry takes at most.
MAX_BYTES = 16 * 1024


def test_type_fits_on_the_chain() -> None:
    assert len(METADATA) <= MAX_BYTES


@pytest.mark.parametrize("wording", [KOREAN, ENGLISH], ids=lambda wording: wording.locale)
def test_card_has_only_shapes_and_text(wording: Wording) -> None:
    drawn = template(wording)
    assert b"<!" not in drawn
    assert b"<?" not in drawn
    for element in ElementTree.fromstring(drawn).iter():  # noqa: S314 - our own bytes, without a doctype
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
        assert not any(mark in value for value in element.attrib.values() for mark in ("url", ":", "{", "("))


@pytest.mark.parametrize("wording", [KOREAN, ENGLISH], ids=lambda wording: wording.locale)
def test_placeholders_stand_in_text_and_are_claims_of_the_type(wording: Wording) -> None:
    known = {claim["svg_id"]: claim["path"] for claim in DOCUMENT["claims"] if "svg_id" in claim}
    drawn = template(wording).decode()
    texts = "".join(ElementTree.fromstring(drawn).itertext())  # noqa: S314 - as above
    assert PLACEHOLDER.findall(drawn) == PLACEHOLDER.findall(texts)
    assert set(PLACEHOLDER.findall(drawn)) == set(known)
    assert all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in known)


def test_templates_are_embedded_with_their_integrity() -> None:
    for shown, wording in zip(DOCUMENT["display"], (KOREAN, ENGLISH), strict=True):
        [entry] = shown["rendering"]["svg_templates"]
        kind, _, data = entry["uri"].partition(",")
        assert (shown["locale"], kind) == (wording.locale, "data:image/svg+xml;base64")
        assert base64.b64decode(data, validate=True) == template(wording)
        assert entry["uri#integrity"] == integrity_of(sha256(template(wording)))


def test_every_text_is_there_in_both_languages() -> None:
    assert [entry["locale"] for entry in DOCUMENT["display"]] == ["ko", "en"]
    for claim in DOCUMENT["claims"]:
        assert [entry["locale"] for entry in claim["display"]] == ["ko", "en"]


def test_claims_of_an_issued_credential_are_those_the_type_describes_and_disclosable_as_it_says() -> None:
    """As a holder must check it: SD-JWT VC, section 4.6.3 and 4.6.4."""
    parsed = parse_presentation(Parties().issue().copies[0].sd_jwt)
    disclosable = {path for path, _ in disclose(parsed.payload, parsed.disclosures).disclosed}
    described = {tuple(claim["path"]): claim for claim in DOCUMENT["claims"]}
    assert {path for path, claim in described.items() if claim["sd"] == "always"} == disclosable
    shown = disclose(parsed.payload, parsed.disclosures).claims
    for path, claim in described.items():
        value: Any = shown
        for part in path:
            value = value[part]
        assert claim.get("mandatory") in (None, True)


def test_metadata_of_the_issuer_say_the_same() -> None:
    found = credential_metadata(METADATA, "http://localhost:8101/logo.png")
    assert [(entry["locale"], entry["name"]) for entry in found["display"]] == [
        ("ko", "실명확인증"),
        ("en", "Real-name credential"),
    ]
    assert len(found["claims"]) == len(DOCUMENT["claims"])
    assert found["claims"][0]["display"] == [
        {"name": "성(로마자)", "locale": "ko"},
        {"name": "Family name", "locale": "en"},
    ]

"""The pages keep to what their content security policy promises, and their colours can be read by everyone.

A browser would refuse much of this as well, but only on the page and the path somebody happens to visit.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "api" / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SCRIPTS = sorted((WEB / "static").rglob("*.js"))
STYLES = sorted((WEB / "static").rglob("*.css"))
DRAWINGS = sorted((WEB / "static").rglob("*.svg"))

# What stands in a template as an example of an address, to be read and not to be fetched, is text between tags.
_ELSEWHERE = re.compile(r"""(?:src|href|action|srcset|poster|data)\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)
_HANDLER = re.compile(r"""<[^>]*\son[a-z]+\s*=""", re.IGNORECASE)
_INLINE_STYLE = re.compile(r"""<style\b|<[^>]*\sstyle\s*=""", re.IGNORECASE)
_INLINE_SCRIPT = re.compile(r"""<script\b(?![^>]*\ssrc\s*=)|javascript:""", re.IGNORECASE)
# Ways of making text into markup or into code, whatever object they are called on.
_INTO_MARKUP = re.compile(
    r"""\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\s*\.\s*write|createContextualFragment|parseFromString"""
    r"""|setHTMLUnsafe\b|\.srcdoc\b|setAttribute\(\s*["'](?:on|style|srcdoc)"""
)
_INTO_CODE = re.compile(r"""\beval\s*\(|new\s+Function\b|set(?:Timeout|Interval)\(\s*["'`]""")
_FOREIGN_MODULE = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](?![./])""")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)


def _named(path: Path) -> str:
    return str(path.relative_to(WEB))


@pytest.mark.parametrize("template", TEMPLATES, ids=_named)
@pytest.mark.parametrize(
    "rule", [_INLINE_SCRIPT, _INLINE_STYLE, _HANDLER, _ELSEWHERE], ids=["script", "style", "on", "url"]
)
def test_a_template_has_nothing_inline_and_nothing_from_elsewhere(template: Path, rule: re.Pattern[str]) -> None:
    assert rule.findall(template.read_text()) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=_named)
def test_a_template_marks_nothing_as_safe_that_somebody_else_wrote(template: Path) -> None:
    assert re.findall(r"\|\s*safe\b|autoescape\s+false", template.read_text()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=_named)
@pytest.mark.parametrize("rule", [_INTO_MARKUP, _INTO_CODE, _FOREIGN_MODULE], ids=["markup", "code", "module"])
def test_a_script_never_makes_text_into_markup_or_code(script: Path, rule: re.Pattern[str]) -> None:
    assert rule.findall(_COMMENT.sub("", script.read_text())) == []


@pytest.mark.parametrize("style", STYLES, ids=_named)
def test_a_style_sheet_loads_nothing(style: Path) -> None:
    assert re.findall(r"@import|url\(\s*[\"']?(?!data:)[^)]*//", _COMMENT.sub("", style.read_text())) == []


@pytest.mark.parametrize("drawing", DRAWINGS, ids=_named)
def test_a_drawing_is_only_a_drawing(drawing: Path) -> None:
    assert re.findall(r"<script|<foreignObject|\son[a-z]+\s*=|href\s*=", drawing.read_text()) == []


@pytest.mark.parametrize(
    ("rule", "guilty"),
    [
        (_INLINE_SCRIPT, "<script>alert(1)</script>"),
        (_INLINE_SCRIPT, '<a href="javascript:alert(1)">'),
        (_INLINE_STYLE, '<p class="x" style="color: red">'),
        (_HANDLER, '<img src="x" onerror="alert(1)">'),
        (_ELSEWHERE, '<link href="//cdn.example/x.css">'),
        (_INTO_MARKUP, "node.innerHTML = name"),
        (_INTO_MARKUP, "node.setAttribute('onclick', name)"),
        (_INTO_CODE, "new Function(name)"),
        (_INTO_CODE, 'setTimeout("act()", 1)'),
        (_FOREIGN_MODULE, 'import { x } from "https://cdn.example/x.js"'),
        (_FOREIGN_MODULE, 'import("left-pad")'),
    ],
)
def test_the_rules_above_see_what_they_forbid(rule: re.Pattern[str], guilty: str) -> None:
    assert rule.search(guilty)


# ---- colours: WCAG 2.2, 1.4.3 (text, 4.5 to 1) and 1.4.11 (borders of controls, 3 to 1) ---------------------------
_GROUNDS = ("ground", "surface", "surface-2")
_TEXT_ON = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "brand") for ground in _GROUNDS),
    *(("ink", soft) for soft in ("surface-3", "good-soft", "warn-soft", "bad-soft")),
    *((mood, f"{mood}-soft") for mood in ("good", "warn", "bad")),
    *((mood, "surface") for mood in ("good", "warn", "bad")),
    ("ink-2", "surface-3"),
    ("brand-ink", "brand"),
    ("brand-ink", "brand-press"),
    ("brand-soft-ink", "brand-soft"),
    ("surface", "bad"),
    ("surface", "bad-press"),
]
_BORDER_ON = [("line-strong", "surface"), ("line-strong", "ground"), ("brand", "ground"), ("bad", "surface")]


def _schemes() -> Iterator[tuple[str, dict[str, str]]]:
    """Give the values of the light scheme, and those the dark scheme changes over them."""
    light, dark = (WEB / "static" / "common" / "tokens.css").read_text().split("@media", 1)
    values = dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", light))
    yield "light", values
    yield "dark", values | dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", dark))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("scheme", "values"), list(_schemes()), ids=["light", "dark"])
def test_text_stands_out_from_what_it_stands_on(scheme: str, values: dict[str, str]) -> None:
    weak = {pair: _contrast(values[pair[0]], values[pair[1]]) for pair in _TEXT_ON}
    assert {pair: round(found, 2) for pair, found in weak.items() if found < 4.5} == {}, scheme


@pytest.mark.parametrize(("scheme", "values"), list(_schemes()), ids=["light", "dark"])
def test_borders_of_controls_stand_out_from_what_they_stand_on(scheme: str, values: dict[str, str]) -> None:
    weak = {pair: _contrast(values[pair[0]], values[pair[1]]) for pair in _BORDER_ON}
    assert {pair: round(found, 2) for pair, found in weak.items() if found < 3} == {}, scheme


def test_black_on_white_has_the_contrast_the_guideline_names() -> None:
    assert round(_contrast("#000000", "#ffffff"), 2) == 21

"""Draw the real-name credential: the SVG templates that wallets fill in, one for each language.

A template is data of a stranger to every wallet, so it has nothing that could act or fetch: no script, no style, no
link, no reference, not even to a part of itself. Placeholders stand in text only (SD-JWT VC, section 4.5.1.2.2).
"""

import base64
from dataclasses import dataclass
from typing import Any

from jeung.crypto.hashing import sha256
from jeung.crypto.integrity import integrity_of

BACKGROUND = "#10304a"
TEXT = "#ffffff"


@dataclass(frozen=True, slots=True)
class Wording:
    """Hold what stands on the card in one language."""

    locale: str
    title: str
    description: str
    born: str
    nationality: str
    footer: str


KOREAN = Wording(
    locale="ko",
    title="실명확인증",
    description="인가받은 금융기관이 확인한 고객의 신원",
    born="생년월일",
    nationality="국적",
    footer="컨소시엄 원장에 등록된 증명",
)
ENGLISH = Wording(
    locale="en",
    title="Real-name credential",
    description="A customer's identity as an accredited financial institution verified it",
    born="Date of birth",
    nationality="Nationality",
    footer="Attested on the consortium's ledger",
)

_TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 380 240" width="380" height="240" font-family="sans-serif">
<rect width="380" height="240" rx="16" fill="{background}"/>
<circle cx="322" cy="52" r="36" fill="#1d4f73"/>
<circle cx="322" cy="52" r="30" fill="none" stroke="#8fd0ff" stroke-width="1.5"/>
<text x="322" y="63" fill="#8fd0ff" font-size="30" font-weight="700" text-anchor="middle">증</text>
<text x="24" y="46" fill="{text}" font-size="20" font-weight="700">{title}</text>
<rect x="24" y="58" width="44" height="3" fill="#8fd0ff"/>
<text x="24" y="112" fill="{text}" font-size="26" font-weight="700">{{{{name_ko}}}}</text>
<text x="24" y="136" fill="#c6dcec" font-size="14">{{{{family_name}}}} {{{{given_name}}}}</text>
<text x="24" y="172" fill="#8fb4cd" font-size="11">{born}</text>
<text x="24" y="190" fill="{text}" font-size="14">{{{{birthdate}}}}</text>
<text x="180" y="172" fill="#8fb4cd" font-size="11">{nationality}</text>
<text x="180" y="190" fill="{text}" font-size="14">{{{{nationality}}}}</text>
<text x="24" y="222" fill="#8fb4cd" font-size="10">{footer}</text>
</svg>
"""


def template(wording: Wording) -> bytes:
    """Give the SVG template in a language, UTF-8."""
    return _TEMPLATE.format(
        background=BACKGROUND,
        text=TEXT,
        title=wording.title,
        born=wording.born,
        nationality=wording.nationality,
        footer=wording.footer,
    ).encode()


def display(wording: Wording) -> dict[str, Any]:
    """Give one entry of a type's `display`.

    The template travels in it as a `data:` URI: nobody learns who looks at which credential, and it is there off
    line. Its integrity is stated all the same, for wallets that demand one.
    """
    drawn = template(wording)
    return {
        "locale": wording.locale,
        "name": wording.title,
        "description": wording.description,
        "rendering": {
            "simple": {"background_color": BACKGROUND, "text_color": TEXT},
            "svg_templates": [
                {
                    "uri": "data:image/svg+xml;base64," + base64.b64encode(drawn).decode("ascii"),
                    "uri#integrity": integrity_of(sha256(drawn)),
                    "properties": {"orientation": "landscape", "color_scheme": "dark", "contrast": "normal"},
                }
            ],
        },
    }

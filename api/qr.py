"""Draw QR codes."""

import segno


def qr_svg(text: str) -> str:
    """Draw a text as the markup of one SVG element, without a size of its own, script or style.

    Medium error correction keeps it readable from a screen with glare; the quiet zone is the standard's four modules.
    """
    code = segno.make_qr(text, error="m")
    return code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)

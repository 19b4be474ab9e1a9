"""Draw QR codes."""

import segno


def qr_svg(text: str) -> str:
    """Draw a text as the markup of one SVG element, without a size of its own, script or style.

    Medium error correction keeps it readable from a screen with glare; the quiet zone is the standard's four modules.
    """
    code = segno.make_qr(text, error="m")
    return code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)


def qr_document(text: str) -> str:
    """Draw a text as an SVG document, for a page that shows it as an image."""
    return qr_svg(text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)

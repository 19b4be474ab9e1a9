"""Print a report to PDF with Chromium: without a window, without network, in bounded time.

What a browser prints names the moment of printing. Its dates are set to that of the report's last block, so that two
prints by one browser with the same fonts are the same; another version may print other bytes.
"""

import datetime
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from audit.findings import AuditImpossible

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_TIMEOUT_S: Final = 120
_MAX_BYTES: Final = 256 << 20
_DATE: Final = re.compile(rb"\(D:\d{14}[+-]\d\d'\d\d'\)")
_ARGUMENTS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def find_browser() -> str:
    """Find a browser that can print.

    Raises:
        AuditImpossible: there is none.
    """
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise AuditImpossible(
        "printing a PDF needs Chromium (Debian: chromium), and there is none; the HTML file is whole"
    )


def print_pdf(browser: str, html: Path, pdf: Path, time: int) -> None:
    """Print a file to another, dated with a time in seconds UTC.

    Raises:
        AuditImpossible: the browser fails, takes longer than two minutes, or prints nothing, too much or no PDF.
    """
    with tempfile.TemporaryDirectory(prefix="jeung-print-") as folder:
        printed = Path(folder) / "printed.pdf"
        profile = f"--user-data-dir={folder}/profile"
        command = [browser, *_ARGUMENTS, *_as_root(), profile, f"--print-to-pdf={printed}", html.resolve().as_uri()]
        try:
            subprocess.run(  # noqa: S603 - a browser of the machine and arguments of ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_TIMEOUT_S,
                check=True,
            )
            if printed.stat().st_size > _MAX_BYTES:
                raise ValueError("larger than the bound")
            made = printed.read_bytes()
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise AuditImpossible("the browser did not print the report; the HTML file is whole") from error
    if not made.startswith(b"%PDF-"):
        raise AuditImpossible("the browser did not print a PDF; the HTML file is whole")
    pdf.write_bytes(dated(made, time))


def _as_root() -> tuple[str, ...]:
    """Chromium refuses to start as root with its sandbox; what it prints has no script and loads nothing."""
    return ("--no-sandbox",) if os.geteuid() == 0 else ()


def dated(pdf: bytes, time: int) -> bytes:
    """Set every date of a PDF to a time, seconds UTC; the length of each stays, and with it every offset."""
    written = datetime.datetime.fromtimestamp(time, datetime.UTC).strftime("%Y%m%d%H%M%S").encode()
    return _DATE.sub(b"(D:" + written + b"+00'00')", pdf)

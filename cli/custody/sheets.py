"""Write share sheets: one page for one custodian, with the words and the same words as a QR code.

A sheet is an HTML file that needs nothing else, made to be printed and then destroyed. It is written with mode 0600
into a folder of mode 0700, and nothing on it reaches a log.
"""

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

import segno

from keys.ceremony import RootPublic, Share, parse_words
from keys.errors import ShareRefused
from keys.files import create_private_file, read_private_file

MAX_SHEET_BYTES = 256 * 1024
_WORD = re.compile(r"<li>([a-z]+)</li>")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="robots" content="noindex">
<title>Share {number} of {shares}</title>
<style>
@page {{ size: A4; margin: 18mm; }}
body {{ font: 11pt/1.4 system-ui, "Noto Sans KR", sans-serif; max-width: 174mm; margin: auto; color: #000; }}
h1 {{ font-size: 16pt; margin: 0 0 2mm; }}
dl {{ display: grid; grid-template-columns: 38mm 1fr; margin: 4mm 0; }} dd {{ margin: 0; overflow-wrap: anywhere; }}
ol {{ columns: 3; font: 13pt/1.7 ui-monospace, monospace; border: .4mm solid; padding: 4mm 4mm 4mm 14mm; }}
svg {{ width: 62mm; height: 62mm; float: right; }}
p {{ margin: 2mm 0; }}
.sign {{ margin-top: 12mm; border-top: .3mm solid; width: 80mm; }}
</style>
</head>
<body>
<h1>Share {number} of {shares} · 지분 {number}/{shares}</h1>
{qr}
<dl>
<dt>Member</dt><dd>{member}</dd>
<dt>Custodian · 보관자</dt><dd>{custodian}</dd>
<dt>Held at (UTC)</dt><dd>{held_at}</dd>
<dt>Root</dt><dd>{root_id}</dd>
<dt>Needed · 필요 수</dt><dd>{threshold} of {shares}</dd>
<dt>Share's digest</dt><dd>{digest}</dd>
</dl>
<p>Alone this share opens nothing; with {others} more it opens every backup. Keep it where nobody else comes, never
photograph or type it except to restore. 이 지분 하나로는 아무것도 열 수 없지만, {others}개가 더 모이면 모든 백업이
열립니다. 사진을 찍거나 컴퓨터에 입력하지 말고, 다른 사람이 접근할 수 없는 곳에 보관하십시오.</p>
<ol>{words}</ol>
<p>SLIP-0039, no passphrase. 33 words.</p>
<p class="sign">Received · 수령 확인</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """Say what a sheet tells beside the words; `held_at` is written for people."""

    member: str
    custodian: str
    held_at: str
    digest: str


def write_sheet(folder: Path, share: Share, root: RootPublic, facts: SheetFacts) -> Path:
    """Write a custodian's sheet and give its file.

    Raises:
        FileExistsError: there is something of that name.
        KeystoreNotWritten: the disk refused.
    """
    path = folder / f"share-{share.number}-of-{root.shares}.html"
    create_private_file(path, _sheet(share, root, facts).encode())
    return path


def read_sheet(path: Path) -> tuple[str, ...]:
    """Read the words back from a sheet, or from a file that holds nothing but words.

    Raises:
        InsecureFile: others can read the file, or it is too large.
        FileNotFoundError: it is not there.
        ShareRefused: it holds no share.
    """
    data, _ = read_private_file(path, max_bytes=MAX_SHEET_BYTES)
    text = data.decode("utf-8", "replace")
    found = _WORD.findall(text)
    if "<" in text and not found:
        raise ShareRefused("the file holds no share")
    return parse_words(" ".join(found) or text)


def _sheet(share: Share, root: RootPublic, facts: SheetFacts) -> str:
    code = segno.make_qr(" ".join(share.words), error="m")
    return _PAGE.format(
        number=share.number,
        shares=root.shares,
        threshold=root.threshold,
        others=root.threshold - 1,
        qr=code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff"),
        member=escape(facts.member),
        custodian=escape(facts.custodian),
        held_at=escape(facts.held_at),
        root_id=escape(root.root_id),
        digest=escape(facts.digest),
        words="".join(f"<li>{word}</li>" for word in share.words),
    )

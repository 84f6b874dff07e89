"""Page → plain text, CSV and mail. Text and CSV carry no labels; a mail carries them in `X-` headers."""

from __future__ import annotations

import csv
import hashlib
import io
import textwrap
from email.message import EmailMessage
from email.policy import SMTP

from formats.page import Block, Heading, ListItem, Page, Paragraph, Table, blocks, only_table, plain

#: Columns of a wrapped line. Japanese has no spaces to wrap at, so it isn't wrapped.
WIDTH = 80
_HEADERS = {
    "X-Audience": "audience",
    "X-Topic": "topic",
    "X-Region": "region",
    "X-Effective-Date": "effective_date",
    "X-Owner": "owner",
    "X-Confidentiality": "confidentiality",
    "Content-Language": "language",
}


def render_text(page: Page) -> bytes:
    """UTF-8; underlined headings, wrapped paragraphs, tables in columns."""
    return _as_text(page, width=0 if page.labels["language"] == "ja" else WIDTH).encode()


def render_csv(page: Page) -> bytes:
    """RFC 4180, UTF-8 without byte order mark."""
    target = io.StringIO()
    csv.writer(target).writerows([plain(cell) for cell in row] for row in only_table(page).rows)
    return target.getvalue().encode()


def render_mail(page: Page, path: str) -> bytes:
    """A mail (RFC 5322) with one text part; the message id is made from `path`, its place in the corpus."""
    message = EmailMessage(policy=SMTP)
    for name in ("From", "To", "Date"):
        message[name] = page.mail[name.lower()]
    message["Subject"] = page.title
    message["Message-ID"] = f"<{hashlib.sha256(path.encode()).hexdigest()[:24]}@northbeam.example>"
    message.set_content(_as_text(page, width=0), cte="quoted-printable")
    for header, label in _HEADERS.items():
        message[header] = page.labels[label]
    return message.as_bytes()


def _as_text(page: Page, *, width: int) -> str:
    """Paragraphs between empty lines. Without a width the source's own line breaks stay."""
    parts: list[str] = []
    before: Block | None = None
    for block in blocks(page):
        parts.append("" if before is None else "\n" if _joined(before, block) else "\n\n")
        parts.append(_block(block, width))
        before = block
    return "".join(parts) + "\n"


def _joined(before: Block, block: Block) -> bool:
    return isinstance(before, ListItem) and isinstance(block, ListItem) and (not block.first or block.depth > 0)


def _block(block: Block, width: int) -> str:
    match block:
        case Heading(level, spans):
            text = plain(spans)
            return f"{text}\n{('=' if level == 1 else '-') * max(3, len(text))}"
        case Paragraph(spans):
            return _wrapped(plain(spans, line_break=" " if width else "\n"), width)
        case ListItem(depth, number, _, spans):
            mark = "  " * depth + ("- " if number is None else f"{number}. ")
            return mark + _wrapped(plain(spans), width, indent=len(mark))
        case Table(rows):
            cells = [[plain(cell) or "-" for cell in row] for row in rows]
            widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
            lines = ["   ".join(cell.ljust(widths[column]) for column, cell in enumerate(row)).rstrip() for row in cells]
            return "\n".join([lines[0], "   ".join("-" * size for size in widths), *lines[1:]])


def _wrapped(text: str, width: int, *, indent: int = 0) -> str:
    if not width:
        return text
    return textwrap.fill(text, width - indent, break_long_words=False, break_on_hyphens=False).replace("\n", "\n" + " " * indent)

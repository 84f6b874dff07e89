"""Page → PDF, by reportlab: headings by size, lists, ruled tables, a footer with the page number. Latin script only."""

from __future__ import annotations

import io
from html import escape
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, SimpleDocTemplate
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from formats.page import Heading, ListItem, Page, Paragraph, SourceError, Span, Table, blocks, plain

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14, spaceAfter=7)
_CELL = ParagraphStyle("cell", _BODY, fontSize=9, leading=11.5, spaceAfter=0)
_HEADINGS = {
    1: ParagraphStyle("h1", _BODY, fontName="Helvetica-Bold", fontSize=20, leading=25, spaceAfter=12, keepWithNext=1),
    2: ParagraphStyle(
        "h2", _BODY, fontName="Helvetica-Bold", fontSize=14, leading=18, spaceBefore=8, spaceAfter=6, keepWithNext=1
    ),
    3: ParagraphStyle(
        "h3", _BODY, fontName="Helvetica-Bold", fontSize=11.5, leading=15, spaceBefore=6, spaceAfter=4, keepWithNext=1
    ),
}
#: Points between the margins, without the 6 points that reportlab keeps free on either side of a frame.
_WIDTH = A4[0] - 44 * mm - 12
_GRID = [
    ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
]


def render_pdf(page: Page, *, password: str = "") -> bytes:
    """The page as a PDF; with a password, encrypted with RC4 of 128 bits, which needs no random numbers.

    Streams aren't compressed: compressed bytes differ between zlib builds.
    """
    flow = [flowable for block in blocks(page) for flowable in _flowables(block, page)]
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=20 * mm,
        bottomMargin=22 * mm,
        title=page.title,
        author=page.labels["owner"],
        subject=page.labels["topic"],
        keywords=f"{page.keywords}; language={page.labels['language']}",
        lang=page.labels["language"],
        creator="Northbeam Internet",
        invariant=1,
        pageCompression=0,
        encrypt=StandardEncryption(password, strength=128) if password else None,
    )
    document.build(flow, onFirstPage=_footer, onLaterPages=_footer)
    return target.getvalue()


def _footer(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.drawString(22 * mm, 12 * mm, "Northbeam Internet")
    canvas.drawRightString(A4[0] - 22 * mm, 12 * mm, f"Page {document.page}")
    canvas.restoreState()


def _flowables(block: Heading | Paragraph | ListItem | Table, page: Page) -> list[Flowable]:
    match block:
        case Heading(level, spans):
            return [Text(_markup(spans, page), _HEADINGS[min(level, 3)])]
        case Paragraph(spans):
            return [Text(_markup(spans, page), _BODY)]
        case ListItem(depth, number, _, spans):
            left = 14 + 14 * depth
            style = ParagraphStyle("item", _BODY, leftIndent=left, bulletIndent=left - 14, spaceAfter=3)
            return [Text(_markup(spans, page), style, bulletText="–" if number is None else f"{number}.")]
        case Table(rows):
            cells = [[Text(_markup(spans, page, bold=row is rows[0]), _CELL) for spans in row] for row in rows]
            grid = Grid(cells, colWidths=_widths(rows), repeatRows=1, spaceBefore=4, spaceAfter=10)
            grid.setStyle(_GRID)
            return [grid]


def _widths(rows: Any) -> list[float]:
    """Column widths in points: by the longest text, but never less than the longest word needs."""
    columns = list(zip(*([plain(cell) for cell in row] for row in rows), strict=True))
    least = [max(len(word) for text in column for word in (text.split() or [""])) * 5.4 + 14 for column in columns]
    wish = [min(60, max(len(text) for text in column)) for column in columns]
    spare = _WIDTH - sum(least)
    return [low + spare * share / sum(wish) for low, share in zip(least, wish, strict=True)]


def _markup(spans: tuple[Span, ...], page: Page, *, bold: bool = False) -> str:
    parts = []
    for span in spans:
        try:
            span.text.encode("cp1252")
        except UnicodeEncodeError as error:
            raise SourceError(f"{page.where}: {span.text[error.start]!r} has no place in the PDF's standard fonts") from error
        text = escape(span.text.replace("\n", " "), quote=False)
        text = f"<b>{text}</b>" if bold or span.bold else text
        text = f"<i>{text}</i>" if span.italic else text
        text = f'<font name="Courier">{text}</font>' if span.code else text
        parts.append(f'<link href="{escape(span.href)}">{text}</link>' if span.href else text)
    return "".join(parts)

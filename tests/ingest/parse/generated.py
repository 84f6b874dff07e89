"""Documents of one model, written in every format: what a reader would call the same text.

    Document ──FORMATS["docx"].write──► (bytes, the lines that were written)

A format is added by one entry of `FORMATS`.
"""

from __future__ import annotations

import csv
import html
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Literal
from xml.sax.saxutils import escape

from hypothesis import strategies as st

#: A line as `words.unaccounted` takes it: a text, or cells.
SourceLine = str | list[str]


@dataclass(frozen=True)
class Part:
    """`rows`: cells of a table, the first row its header; else one text a row."""

    kind: Literal["heading", "paragraph", "items", "table", "code", "quote"]
    rows: list[list[str]]


@dataclass(frozen=True)
class Document:
    title: str
    parts: list[Part]
    unseen: str  # what no reader sees, where the format has such a place


@dataclass(frozen=True)
class Format:
    """`added`: words that the format's parser puts in."""

    media_type: str
    write: Callable[[Document], tuple[bytes, list[SourceLine]]]
    added: list[str] = field(default_factory=list)


# --- the model ------------------------------------------------------------------------------------------------------------

_STEMS = "water Ventil Größe naïve señal façade łódź погода ισχύς well-kept O'Neil e-mail Plan Übergabe cable pump".split()


class _Words:
    """No two words are alike, so that each can be followed; numbers are of the forms that people write."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._count = 0

    def word(self) -> str:
        self._count += 1
        mark = "".join(chr(ord("a") + int(digit)) for digit in str(self._count))
        return f"{self._chance.choice(_STEMS)}{mark}"

    def number(self) -> str:
        self._count += 1
        return self._chance.choice(["{}", "{}.5", "1,{:03}", "{}.50", "3-{}", "{:04}"]).format(self._count)

    def text(self, least: int, most: int, *, numbers: bool = True) -> str:
        count = self._chance.randint(least, most)
        return " ".join(
            self.number() if numbers and place and self._chance.random() < 0.15 else self.word() for place in range(count)
        )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Headings, paragraphs of several lines, lists and tables in any order."""
    kinds = draw(
        st.lists(
            st.sampled_from(["heading", "paragraph", "paragraph", "items", "table", "code", "quote"]), min_size=1, max_size=6
        )
    )
    words = _Words(draw(st.randoms(use_true_random=False)))
    chance = words._chance
    parts: list[Part] = []
    for kind in kinds:
        if kind == "table":
            width, height = chance.randint(2, 4), chance.randint(2, 5)
            header = [words.word().capitalize() for _ in range(width)]
            body = [
                [words.text(1, 3, numbers=False), *(f"{words.number()} EUR" for _ in range(width - 1))] for _ in range(height)
            ]
            parts.append(Part("table", [header, *body]))
        elif kind == "items":
            parts.append(Part("items", [[words.text(2, 8)] for _ in range(chance.randint(2, 5))]))
        elif kind == "heading":
            parts.append(Part("heading", [[words.text(1, 5, numbers=False).capitalize()]]))
        elif kind == "code":
            parts.append(
                Part("code", [[f"{words.word()} = {words.word()}({words.number()})"] for _ in range(chance.randint(1, 4))])
            )
        else:
            lines = [words.text(6, 12) for _ in range(chance.randint(1, 4))]
            if kind == "paragraph" and len(lines) > 2 and chance.random() < 0.5:
                lines[1] = f"{words.number()}. {lines[1]}"  # a sentence that ends on a number, broken before it
            parts.append(Part(kind, [[line] for line in [*lines[:-1], f"{lines[-1]}."]]))  # type: ignore[arg-type]
    # A text of its own at the end, so that no format is without one.
    parts.append(Part("paragraph", [[f"{words.text(8, 14)}."]]))
    return Document(words.text(2, 5, numbers=False).capitalize(), parts, words.text(3, 6))


def _lines(document: Document, *, title: bool = True, unseen: bool = False) -> list[SourceLine]:
    found: list[SourceLine] = [document.title] if title else []
    found += [row if len(row) > 1 else row[0] for part in document.parts for row in part.rows]
    return [*found, document.unseen] if unseen else found


def _joined(part: Part) -> str:
    return " ".join(row[0] for row in part.rows)


# --- text -----------------------------------------------------------------------------------------------------------------


def _text(document: Document) -> tuple[bytes, list[SourceLine]]:
    blocks = [f"{document.title}\n{'=' * len(document.title)}"]
    for part in document.parts:
        match part.kind:
            case "heading":
                blocks.append(f"{part.rows[0][0]}\n{'-' * len(part.rows[0][0])}")
            case "items":
                blocks.append("\n".join(f"- {row[0]}" for row in part.rows))
            case "table":
                blocks.append("\n".join("| " + " | ".join(row) + " |" for row in part.rows))
            case "code":
                blocks.append("\n".join(f"    {row[0]}" for row in part.rows))
            case _:
                blocks.append("\n".join(row[0] for row in part.rows))
    return "\n\n".join(blocks).encode(), _lines(document)


def _markdown(document: Document) -> tuple[bytes, list[SourceLine]]:
    blocks = [f"# {document.title}", f"<!-- {document.unseen} -->"]
    for part in document.parts:
        match part.kind:
            case "heading":
                blocks.append(f"## {part.rows[0][0]}")
            case "items":
                blocks.append("\n".join(f"* {row[0]}" for row in part.rows))
            case "table":
                rows = ["| " + " | ".join(row) + " |" for row in part.rows]
                blocks.append("\n".join([rows[0], "|---" * len(part.rows[0]) + "|", *rows[1:]]))
            case "code":
                blocks.append("```\n" + "\n".join(row[0] for row in part.rows) + "\n```")
            case "quote":
                blocks.append("\n".join(f"> {row[0]}" for row in part.rows))
            case _:
                blocks.append(
                    "\n".join(_half_bold(row[0], "**{}**") if place == 1 else row[0] for place, row in enumerate(part.rows))
                )
    return "\n\n".join(blocks).encode(), _lines(document, unseen=True)


def _half_bold(text: str, mark: str) -> str:
    """With the first half of the first word marked."""
    end = max(len(text.split(" ", 1)[0]) // 2, 1)
    return mark.format(text[:end]) + text[end:] if text[:end].isalpha() and text[end : end + 1].isalpha() else text


def _html_body(document: Document) -> str:
    pieces = [f"<h1>{html.escape(document.title)}</h1><div style='display:none'>{html.escape(document.unseen)}</div>"]
    for part in document.parts:
        match part.kind:
            case "heading":
                pieces.append(f"<h2>{html.escape(part.rows[0][0])}</h2>")
            case "items":
                pieces.append("<ul>" + "".join(f"<li>{html.escape(row[0])}</li>" for row in part.rows) + "</ul>")
            case "table":
                head, *body = [
                    "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
                    for tag, row in zip(["th", *["td"] * len(part.rows)], part.rows, strict=False)
                ]
                pieces.append(f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in body) + "</table>")
            case "code":
                pieces.append("<pre><code>" + "\n".join(html.escape(row[0]) for row in part.rows) + "</code></pre>")
            case "quote":
                pieces.append(
                    "<blockquote>" + "".join(f"<div>{html.escape(row[0])}</div>" for row in part.rows) + "</blockquote>"
                )
            case _:
                first, *rest = (html.escape(row[0]) for row in part.rows)
                pieces.append("<p>" + "<br>".join([_half_bold(first, "<b>{}</b>"), *rest]) + "</p>")
    return "\n".join(pieces)


def _html(document: Document) -> tuple[bytes, list[SourceLine]]:
    page = f"<!doctype html><html><head><meta charset='utf-8'></head><body>{_html_body(document)}</body></html>"
    return page.encode(), _lines(document, unseen=True)


def _csv(document: Document) -> tuple[bytes, list[SourceLine]]:
    rows = next(
        (part.rows for part in document.parts if part.kind == "table"),
        [["Name", "Text"], *([f"A{place}", _joined(part)] for place, part in enumerate(document.parts))],
    )
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue().encode(), list(rows)


def _json(document: Document) -> tuple[bytes, list[SourceLine]]:
    content: list[Any] = []
    lines: list[SourceLine] = [document.title]
    for part in document.parts:
        if part.kind == "table":
            content.append([dict(zip(part.rows[0], row, strict=True)) for row in part.rows[1:]])
            lines += part.rows[1:]
        elif part.kind == "items":
            content.append([row[0] for row in part.rows])
            lines += [row[0] for row in part.rows]
        else:
            content.append({"text": _joined(part)})
            lines.append(_joined(part))
    names = [cell for part in document.parts if part.kind == "table" for cell in part.rows[0]]
    return json.dumps({"title": document.title, "parts": content}, ensure_ascii=False).encode(), [*lines, *names]


def _xml(document: Document) -> tuple[bytes, list[SourceLine]]:
    pieces = []
    lines: list[SourceLine] = [document.title]
    for part in document.parts:
        if part.kind == "table":
            body = [
                "".join(f"<column{place}>{escape(cell)}</column{place}>" for place, cell in enumerate(row)) for row in part.rows
            ]
            pieces.append("<rows>" + "".join(f"<row>{row}</row>" for row in body) + "</rows>")
        else:
            pieces.append("".join(f"<para>{_half_bold(escape(row[0]), '<b>{}</b>')}</para>" for row in part.rows))
        lines += [row if len(row) > 1 else row[0] for row in part.rows]
    return (
        f"<?xml version='1.0'?><page><!-- {document.unseen} --><title>{escape(document.title)}</title>{''.join(pieces)}</page>".encode(),
        [*lines, document.unseen],
    )


def _mail(document: Document) -> tuple[bytes, list[SourceLine]]:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = document.title, "a@example.org", "b@example.org"
    plain, _ = _text(document)
    message.set_content(plain.decode())
    return message.as_bytes(), _lines(document)


def _html_mail(document: Document) -> tuple[bytes, list[SourceLine]]:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = document.title, "a@example.org", "b@example.org"
    plain, _ = _text(document)
    message.set_content(plain.decode())
    message.add_alternative(f"<html><body>{_html_body(document)}</body></html>", subtype="html")
    return message.as_bytes(), _lines(document, unseen=True)


# --- office ---------------------------------------------------------------------------------------------------------------


def _docx(document: Document) -> tuple[bytes, list[SourceLine]]:
    import docx as python_docx

    made = python_docx.Document()
    made.add_heading(document.title, 1)
    for part in document.parts:
        match part.kind:
            case "heading":
                made.add_heading(part.rows[0][0], 2)
            case "items":
                for row in part.rows:
                    made.add_paragraph(row[0], style="List Bullet")
            case "table":
                table = made.add_table(rows=len(part.rows), cols=len(part.rows[0]))
                for place, row in enumerate(part.rows):
                    for column, cell in enumerate(row):
                        table.cell(place, column).text = cell
            case _:
                paragraph = made.add_paragraph()
                for place, row in enumerate(part.rows):
                    text = f" {row[0]}" if place else row[0]
                    middle = len(text) // 2  # inside of a word, more often than not
                    paragraph.add_run(text[:middle]).bold = True
                    paragraph.add_run(text[middle:])
    unseen = made.add_paragraph().add_run(document.unseen)
    unseen.font.hidden = True
    return _saved(made), _lines(document, unseen=True)


def _pptx(document: Document) -> tuple[bytes, list[SourceLine]]:
    import pptx as python_pptx
    from pptx.util import Inches

    deck = python_pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = document.title
    slide.notes_slide.notes_text_frame.text = document.unseen
    for place, part in enumerate(document.parts):
        top = Inches(1.5 + place)
        if part.kind == "table":
            table = slide.shapes.add_table(len(part.rows), len(part.rows[0]), Inches(1), top, Inches(6), Inches(1)).table
            for number, row in enumerate(part.rows):
                for column, cell in enumerate(row):
                    table.cell(number, column).text = cell
        else:
            frame = slide.shapes.add_textbox(Inches(1), top, Inches(6), Inches(1)).text_frame
            frame.text = part.rows[0][0]
            for row in part.rows[1:]:
                frame.add_paragraph().text = row[0]
    return _saved(deck), _lines(document, unseen=True)


def _xlsx(document: Document) -> tuple[bytes, list[SourceLine]]:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet"
    for part in document.parts:
        for row in part.rows:
            sheet.append(row)
        sheet.append([])
    secret = book.create_sheet("Secret")
    secret.append([document.unseen])
    secret.sheet_state = "hidden"
    return _saved(book), _lines(document, title=False, unseen=True)


def _saved(made: Any) -> bytes:
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


# --- pdf ------------------------------------------------------------------------------------------------------------------


def _pdf(document: Document) -> tuple[bytes, list[SourceLine]]:
    """Set by reportlab; lines are broken by the page, so that only cells, headings and items are lines."""
    from pathlib import Path

    import matplotlib as mpl
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

    folder = Path(mpl.get_data_path(), "fonts", "ttf")
    pdfmetrics.registerFont(TTFont("DejaVuSans", str(folder / "DejaVuSans.ttf")))
    body = ParagraphStyle("body", parent=getSampleStyleSheet()["BodyText"], fontName="DejaVuSans")
    head = ParagraphStyle("head", parent=body, fontSize=15, leading=18)
    flow: list[Any] = [Paragraph(escape(document.title), head)]
    for part in document.parts:
        match part.kind:
            case "heading":
                flow.append(Paragraph(escape(part.rows[0][0]), head))
            case "items":
                flow += [Paragraph(escape(row[0]), body, bulletText="•") for row in part.rows]
            case "table":
                flow += [
                    Spacer(1, 8),
                    Table(
                        part.rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("FONT", (0, 0), (-1, -1), "DejaVuSans")]
                    ),
                    Spacer(1, 8),
                ]
            case _:
                flow.append(Paragraph(escape(_joined(part)), body))
    target = io.BytesIO()
    SimpleDocTemplate(target, invariant=1).build(flow)
    lines: list[SourceLine] = [document.title]
    for part in document.parts:
        lines += (
            [row if len(row) > 1 else row[0] for row in part.rows]
            if part.kind not in ("paragraph", "code", "quote")
            else [_joined(part)]
        )
    return target.getvalue(), lines


_OFFICE = "application/vnd.openxmlformats-officedocument."
FORMATS: dict[str, Format] = {
    "txt": Format("text/plain", _text),
    "md": Format("text/markdown", _markdown),
    "html": Format("text/html", _html),
    "csv": Format("text/csv", _csv),
    "json": Format("application/json", _json, ["parts"]),
    "xml": Format("application/xml", _xml, ["rows row para column0 column1 column2 column3"]),
    "eml": Format("message/rfc822", _mail),
    "html mail": Format("message/rfc822", _html_mail),
    "docx": Format(f"{_OFFICE}wordprocessingml.document", _docx),
    "pptx": Format(f"{_OFFICE}presentationml.presentation", _pptx),
    "xlsx": Format(f"{_OFFICE}spreadsheetml.sheet", _xlsx, ["Sheet"]),
    "pdf": Format("application/pdf", _pdf),
}


def cells_of(lines: Sequence[SourceLine]) -> list[str]:
    """All texts of lines."""
    return [cell for line in lines for cell in ([line] if isinstance(line, str) else line)]

"""Documents of the model as docx, pptx, xlsx and PDF."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from tests.ingest.parse.generated.model import Document, SourceLine, joined, lines_of


def write_docx(document: Document) -> tuple[bytes, list[SourceLine]]:
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
    return _saved(made), lines_of(document, unseen=True)


def write_pptx(document: Document) -> tuple[bytes, list[SourceLine]]:
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
    return _saved(deck), lines_of(document, unseen=True)


def write_xlsx(document: Document) -> tuple[bytes, list[SourceLine]]:
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
    return _saved(book), lines_of(document, title=False, unseen=True)


def _saved(made: Any) -> bytes:
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def write_pdf(document: Document) -> tuple[bytes, list[SourceLine]]:
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
                flow.append(Paragraph(escape(joined(part)), body))
    target = io.BytesIO()
    SimpleDocTemplate(target, invariant=1).build(flow)
    lines: list[SourceLine] = [document.title]
    for part in document.parts:
        lines += (
            [row if len(row) > 1 else row[0] for row in part.rows]
            if part.kind not in ("paragraph", "code", "quote")
            else [joined(part)]
        )
    return target.getvalue(), lines

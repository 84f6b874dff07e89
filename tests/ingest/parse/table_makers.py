"""Files with one or more tables, made the way the usual programs make them.

A row is a list of cells; a cell is its text, or `cell(text, across=…, down=…, bold=…)`. What a merged cell covers is left out of the row.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import docx
import openpyxl
import pptx
from docx.oxml import OxmlElement
from docx.shared import Pt
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table
from pptx.util import Inches


@dataclass(frozen=True)
class MadeCell:
    text: Any
    across: int = 1
    down: int = 1
    bold: bool = False
    form: str = ""  # number format of a sheet


def cell(text: Any, *, across: int = 1, down: int = 1, bold: bool = False, form: str = "") -> MadeCell:
    return MadeCell(text, across, down, bold, form)


Rows = Sequence[Sequence[Any]]


def _placed(rows: Rows) -> list[tuple[int, int, MadeCell]]:
    """(row, column, cell), with the columns that merged cells of rows above leave free."""
    taken: set[tuple[int, int]] = set()
    placed = []
    for number, row in enumerate(rows):
        column = 0
        for entry in row:
            made = entry if isinstance(entry, MadeCell) else MadeCell(entry)
            while (number, column) in taken:
                column += 1
            placed.append((number, column, made))
            taken |= {(number + down, column + across) for down in range(made.down) for across in range(made.across)}
            column += made.across
    return placed


def _size(placed: list[tuple[int, int, MadeCell]]) -> tuple[int, int]:
    return max(row + made.down for row, _, made in placed), max(column + made.across for _, column, made in placed)


def word_file(*tables: Rows, header_rows: int = 0, style: str = "", boxed: bool = False) -> bytes:
    """Each table after the other. `header_rows` are marked to be repeated on each page."""
    document = docx.Document()
    for rows in tables:
        placed = _placed(rows)
        table = document.add_table(*_size(placed))
        if style:
            table.style = document.styles[style]
        for row, column, made in placed:
            target = table.cell(row, column)
            if made.across > 1 or made.down > 1:
                target = target.merge(table.cell(row + made.down - 1, column + made.across - 1))
            target.text = ""
            run = target.paragraphs[0].add_run(str(made.text))
            run.bold = made.bold or None
            run.font.size = Pt(10)
        for row in table.rows[:header_rows]:
            row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        document.add_paragraph()
    return _saved(document)


def sheet_file(rows: Rows, *, table: str = "", frozen: str = "", filtered: str = "", title: str = "Sheet") -> bytes:
    """One sheet. `table` and `filtered` are ranges, `frozen` the cell below and right of what stays in view."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = title
    for row, column, made in _placed(rows):
        target = sheet.cell(row + 1, column + 1, made.text if made.text != "" else None)
        if made.bold:
            target.font = Font(bold=True)
        if made.form:
            target.number_format = made.form
        if made.across > 1 or made.down > 1:
            sheet.merge_cells(
                start_row=row + 1, start_column=column + 1, end_row=row + made.down, end_column=column + made.across
            )
    if table:
        sheet.add_table(Table(displayName="Made", ref=table))
    if frozen:
        sheet.freeze_panes = frozen
    if filtered:
        sheet.auto_filter.ref = filtered
    return _saved(book)


def slide_file(rows: Rows, *, first_row: bool = True, first_column: bool = False) -> bytes:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    placed = _placed(rows)
    table = slide.shapes.add_table(*_size(placed), Inches(1), Inches(1), Inches(6), Inches(2)).table
    table.first_row, table.first_col = first_row, first_column
    for row, column, made in placed:
        target = table.cell(row, column)
        if made.across > 1 or made.down > 1:
            target.merge(table.cell(row + made.down - 1, column + made.across - 1))
        target.text = str(made.text)
    return _saved(show)


def page_file(body: str) -> bytes:
    return f"<!doctype html><html><head><title>Page</title></head><body><h1>Page</h1>{body}</body></html>".encode()


def html_table(rows: Rows, *, heads: int = 0, left: int = 0) -> str:
    """A table whose first `heads` rows and first `left` columns are `th`."""
    made = ""
    placed = _placed(rows)
    for number in range(len(rows)):
        made += "<tr>"
        for row, column, entry in placed:
            if row == number:
                tag = "th" if row < heads or column < left else "td"
                spans = (f' colspan="{entry.across}"' if entry.across > 1 else "") + (
                    f' rowspan="{entry.down}"' if entry.down > 1 else ""
                )
                text = f"<b>{entry.text}</b>" if entry.bold else entry.text
                made += f"<{tag}{spans}>{text}</{tag}>"
        made += "</tr>"
    return f"<table>{made}</table>"


def _saved(made: Any) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()

"""Page → xlsx, by openpyxl: a sheet for every `##` heading, whole numbers as numbers, everything else as written."""

from __future__ import annotations

import io
import re
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from formats.package import pack
from formats.page import ListItem, Page, Paragraph, SourceError, Table, plain, sections

#: Only what a spreadsheet shows again exactly as written. "£24.00", "01632 960200" and "2026-02-02" stay text, so quotes match.
_NUMBER = re.compile(r"(0|[1-9]\d{0,14})")


def render_xlsx(page: Page) -> bytes:
    """The page as a workbook."""
    book = Workbook()
    book.remove(book.active)
    for heading, content in sections(page):
        if len(heading) > 31 or re.search(r"[\[\]:*?/\\]", heading):
            raise SourceError(f"{page.where}: {heading!r} can't name a sheet (31 characters at most, none of []:*?/\\)")
        sheet = book.create_sheet(heading)
        for block in content:
            match block:
                case Table(rows):
                    _table(sheet, rows)
                case Paragraph(spans) | ListItem(spans=spans):
                    sheet.append([plain(spans)])
                case _:
                    raise SourceError(f"{page.where}: sheet {heading!r} may hold a table and paragraphs")
    target = io.BytesIO()
    book.save(target)
    return pack(target.getvalue(), page)


def _table(sheet: Any, rows: Any) -> None:
    for number, row in enumerate(rows):
        cells = [plain(spans) for spans in row]
        sheet.append([int(cell) if _NUMBER.fullmatch(cell) else cell or None for cell in cells])
        for column, text in enumerate(cells, 1):
            cell = sheet.cell(sheet.max_row, column)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 0:
                cell.font = Font(bold=True)
            width = sheet.column_dimensions[cell.column_letter].width if number else 0
            sheet.column_dimensions[cell.column_letter].width = min(60, max(width, len(text) + 2))
        if number == 0:
            sheet.freeze_panes = f"A{sheet.max_row + 1}"

"""xls, of Excel 97 to 2003 or before → sheets of texts as they are shown (sheets.py), by xlrd."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from headgate.errors import FailureReason, ParseFailure
from headgate.ingest.parse.number_format import shown_text
from headgate.ingest.parse.sheet_values import CellFormat, format_code, number_text
from headgate.ingest.parse.sheets import MAX_COLUMNS, MAX_ROWS, Sheet, SheetCell


def old_sheets(content: bytes, *, path: str) -> Iterator[Sheet]:
    """Raises ParseFailure: `encrypted` or `malformed`."""
    try:
        book = _open(content)
        for position in range(book.nsheets):
            yield _read(book, book.sheet_by_index(position))
    except (MemoryError, RecursionError, ParseFailure):
        raise
    except Exception as error:
        reason: FailureReason = "encrypted" if "encrypted" in str(error).lower() else "malformed"
        raise ParseFailure(path, reason, f"not a readable xls file: {type(error).__name__}: {str(error)[:200]}") from error


def _open(content: bytes) -> Any:
    """With the looks of cells; without them where they are damaged."""
    import xlrd

    try:
        return xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=io.StringIO())
    except (LookupError, AssertionError, struct.error, AttributeError, TypeError, ValueError):
        return xlrd.open_workbook(file_contents=content, formatting_info=False, on_demand=True, logfile=io.StringIO())


def _read(book: Any, source: Any) -> Sheet:
    sheet = Sheet(source.name, bool(source.visibility))
    merged = {(top, left): (bottom - 1, right - 1) for top, bottom, left, right in source.merged_cells}
    hidden_columns = {column for column, look in source.colinfo_map.items() if look.hidden or look.width == 0}
    above: dict[int, tuple[int, SheetCell]] = {}
    for number in range(source.nrows):
        if len(sheet.rows) >= MAX_ROWS:
            sheet.cells_over_limit += sum(1 for cell in source.row(number) if cell.value not in ("", None))
            continue
        cells: dict[int, SheetCell] = {}
        for column, cell in enumerate(source.row(number)[:MAX_COLUMNS]):
            look = _look(book, cell)
            text = _text(cell, look, book.datemode, sheet)
            if not text.strip():
                continue
            if look.struck:
                sheet.struck.append(text)
                continue
            last_row, last_column = merged.get((number, column), (number, column))
            cells[column] = SheetCell(text, look.bold, last_column - column + 1)
            if last_row > number:
                above[column] = last_row, cells[column]._replace(above=True)
        for column, (last, made) in list(above.items()):
            if number > last:
                del above[column]
            elif cells and column not in cells:
                cells[column] = made
        row = source.rowinfo_map.get(number)
        if row is not None and row.hidden:
            sheet.hidden_texts.append("; ".join(cell.text for _, cell in sorted(cells.items()) if not cell.above))
            continue
        sheet.hidden_texts += [cells.pop(column).text for column in list(cells) if column in hidden_columns]
        if any(not cell.above for cell in cells.values()):
            sheet.rows.append((number + 1, cells))
    return sheet


def _look(book: Any, cell: Any) -> CellFormat:
    if cell.xf_index is None or not 0 <= cell.xf_index < len(book.xf_list):
        return CellFormat()
    style = book.xf_list[cell.xf_index]
    found = book.format_map.get(style.format_key)
    font = book.font_list[style.font_index] if 0 <= style.font_index < len(book.font_list) else None
    built_in = style.format_key < 164  # the first number of a workbook's own formats
    regional = format_code(style.format_key) if built_in else ""
    code = regional if regional and regional != "General" else found.format_str if found is not None else "General"
    return CellFormat(code, bool(font is not None and font.bold), bool(font is not None and font.struck_out))


def _text(cell: Any, look: CellFormat, datemode: int, sheet: Sheet) -> str:
    import xlrd

    match cell.ctype:
        case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
            # Without the looks of cells, xlrd's own judgement of what is a date is all there is.
            code = "yyyy-mm-dd" if cell.ctype == xlrd.XL_CELL_DATE and look.code == "General" else look.code
            stored, shown = repr(cell.value), number_text(repr(cell.value), code, from_1904=datemode == 1)
        case xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if cell.value else "FALSE"
        case xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
        case xlrd.XL_CELL_TEXT:
            stored = str(cell.value)
            shown = shown_text(stored, look.code) if look.code != "General" else stored
        case _:
            return ""
    if stored.strip() and not shown:
        sheet.hidden_texts.append(stored)
    return shown

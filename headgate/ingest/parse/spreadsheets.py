"""xlsx, xls and csv → one table per run of rows. Read directly: through pandas a date, `007` or `£24.00` would change its face.

hidden sheets, rows, columns    kept aside as hidden text, with a finding
merged cells                    a cell merged downwards gives its text to each row; one merged to the right stands once
formulas                        the values stored with them; those without are left out, with a finding
comments                        kept aside as hidden text, with a finding
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from headgate.errors import FailureReason, ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.tables import render_rows
from headgate.ingest.parse.xlsx import MAX_COLUMNS, MAX_ROWS, Workbook, date_text, number_text


def parse_workbook(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure: `malformed`, `zip_bomb`, `xml_entities`, `too_much_text`."""
    book = Workbook(content, path=path, max_unzipped=max_unzipped)
    blocks: list[Block] = []
    hidden: list[str] = []
    findings: list[str] = []
    for sheet in book.sheets():
        found = _sheet_blocks(sheet.rows, sheet.name)
        if sheet.hidden:
            hidden += [block.text for block in found]
            findings.append(f"hidden_sheet: {sheet.name!r} left out")
            continue
        blocks += found
        hidden += [*sheet.hidden_texts, *sheet.comments]
        for remark, count in (
            ("hidden_cells: {} hidden row(s) and cell(s) of sheet {!r} left out", len(sheet.hidden_texts)),
            ("comments: {} of sheet {!r} left out", len(sheet.comments)),
            (
                "formulas: {} of sheet {!r} have no stored value and are left out; open and save the file",
                sheet.formulas_without_value,
            ),
        ):
            if count:
                findings.append(remark.format(count, sheet.name))
        if sheet.cut:
            findings.append(f"cut: sheet {sheet.name!r} read up to row {MAX_ROWS}")
        if sheet.cut_columns:
            findings.append(f"cut: sheet {sheet.name!r} read up to column {MAX_COLUMNS}")
    return assemble(blocks, labels=book.package.labels(), hidden=hidden, findings=findings)


def parse_old_workbook(content: bytes, *, path: str) -> ParsedFile:
    """An xls file, of Excel 97 to 2003 or before.

    Raises:
        ParseFailure: `encrypted` or `malformed`.
    """
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=content, formatting_info=False, on_demand=True, logfile=io.StringIO())
        blocks: list[Block] = []
        hidden: list[str] = []
        findings: list[str] = []
        for position in range(book.nsheets):
            sheet = book.sheet_by_index(position)
            rows = [
                (number + 1, [_old_cell_text(cell, book.datemode) for cell in sheet.row(number)[:MAX_COLUMNS]])
                for number in range(min(sheet.nrows, MAX_ROWS))
            ]
            if sheet.nrows > MAX_ROWS:
                findings.append(f"cut: sheet {sheet.name!r} read up to row {MAX_ROWS}")
            lost = (cell.value for number in range(len(rows)) for cell in sheet.row(number)[MAX_COLUMNS:])
            if any(value not in ("", None) for value in lost):
                findings.append(f"cut: sheet {sheet.name!r} read up to column {MAX_COLUMNS}")
            found = _sheet_blocks([row for row in rows if any(row[1])], sheet.name)
            if sheet.visibility:
                hidden += [block.text for block in found]
                findings.append(f"hidden_sheet: {sheet.name!r} left out")
            else:
                blocks += found
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        reason: FailureReason = "encrypted" if "encrypted" in str(error).lower() else "malformed"
        raise ParseFailure(path, reason, f"not a readable xls file: {type(error).__name__}: {str(error)[:200]}") from error
    return assemble(blocks, hidden=hidden, findings=findings)


def _old_cell_text(cell: Any, datemode: int) -> str:
    import xlrd

    match cell.ctype:
        case xlrd.XL_CELL_NUMBER:
            return number_text(cell.value, "General")
        case xlrd.XL_CELL_DATE:
            return date_text(xlrd.xldate_as_datetime(cell.value, datemode))
        case xlrd.XL_CELL_BOOLEAN:
            return "yes" if cell.value else "no"
        case xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
        case _:
            return str(cell.value)


def _sheet_blocks(rows: Iterable[tuple[int, list[str]]], sheet: str) -> list[Block]:
    """A sheet: its name as title, lines of a single cell as text, runs of wider rows as tables."""
    blocks: list[Block] = []
    run: list[list[str]] = []
    start = previous = 0

    def close() -> None:
        if run:
            blocks.append(Block("table", "\n".join(render_rows(run)), line=start, sheet=sheet))
            run.clear()

    for number, row in rows:
        if number > previous + 1:
            close()
        previous = number
        filled = [cell for cell in row if cell]
        if len(filled) == 1 and not run and len(filled[0]) > 20:
            blocks.append(Block("text", filled[0], line=number, sheet=sheet))
        elif filled:
            if not run:
                start = number
            run.append(row)
    close()
    return [Block("title", sheet, level=2, line=1, sheet=sheet), *blocks] if blocks else []


def parse_csv(text: str) -> tuple[list[Block], list[str]]:
    """(blocks, findings). Rows may be of different length; one column means lines, none of them a header."""
    sample = text[:20_000]
    try:
        dialect: Any = csv.Sniffer().sniff(sample, delimiters=",;\t|")
        dialect.doublequote = True
    except csv.Error:
        dialect = csv.excel
    if sample.partition("\n")[0].count(",") >= 1 and dialect.delimiter not in sample.partition("\n")[0]:
        dialect = csv.excel
    findings: list[str] = []
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), dialect)
    csv.field_size_limit(10_000_000)
    wide = False
    for row in reader:
        if len(rows) >= MAX_ROWS:
            findings.append(f"cut: read up to row {MAX_ROWS}")
            break
        wide = wide or any(cell.strip() for cell in row[MAX_COLUMNS:])
        rows.append(row[:MAX_COLUMNS])
    if wide:
        findings.append(f"cut: read up to column {MAX_COLUMNS}")
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if len({len(row) for row in filled}) > 1:
        findings.append("ragged: rows of different length")
    lines = render_rows(filled)
    return ([Block("table", "\n".join(lines), line=1)] if lines else []), findings

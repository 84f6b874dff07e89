"""xlsx and csv → one table per sheet. Read directly: through pandas a date, `007` or `£24.00` would change its face."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, time
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.blocks import Block
from headgate.ingest.tables import render_rows

#: Past this many rows or columns a sheet is data, not a document. Reading stops, with a finding.
MAX_ROWS, MAX_COLUMNS = 20_000, 200
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]|([£$€¥])|\"([^\"]*)\"")
_DECIMALS = re.compile(r"0\.(0+)")


def parse_workbook(content: bytes, *, path: str) -> tuple[list[Block], Any, list[str], list[str]]:
    """(blocks, openpyxl's document properties, texts of hidden sheets, findings).

    Raises:
        ParseFailure: `encrypted` or `malformed`.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, OSError) as error:
        raise ParseFailure(path, "malformed", f"not a readable workbook: {type(error).__name__}: {error}") from error
    blocks: list[Block] = []
    hidden: list[str] = []
    findings: list[str] = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        rows: list[list[str]] = []
        for row in sheet.iter_rows(max_col=MAX_COLUMNS):
            if len(rows) >= MAX_ROWS:
                findings.append(f"cut: sheet {sheet.title!r} read up to row {MAX_ROWS}")
                break
            rows.append([_cell_text(cell) for cell in row])
        found = _sheet_blocks(rows, sheet.title)
        if sheet.sheet_state != "visible":
            hidden += [block.text for block in found]
            findings.append(f"hidden_sheet: {sheet.title!r} left out")
        else:
            blocks += found
    return blocks, book.properties, hidden, findings


def _sheet_blocks(rows: list[list[str]], sheet: str) -> list[Block]:
    """A sheet: its name as title, lines of a single cell as text, runs of wider rows as tables."""
    blocks: list[Block] = []
    run: list[list[str]] = []
    start = 1

    def close() -> None:
        if run:
            blocks.append(Block("table", "\n".join(render_rows(run)), line=start, sheet=sheet))
            run.clear()

    for number, row in enumerate([*rows, []], 1):
        filled = [cell for cell in row if cell]
        if not filled:
            close()
        elif len(filled) == 1 and not run and len(filled[0]) > 20:
            blocks.append(Block("text", filled[0], line=number, sheet=sheet))
        else:
            if not run:
                start = number
            run.append(row)
    return [Block("title", sheet, level=2, line=1, sheet=sheet), *blocks] if blocks else []


def _cell_text(cell: Any) -> str:
    """A cell as the sheet shows it, for the usual number formats."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="minutes")
        case date() | time():
            return value.isoformat()
        case int() | float():
            return _number_text(value, str(getattr(cell, "number_format", "") or "General"))
        case _:
            return str(value)


def _number_text(value: float, number_format: str) -> str:
    pattern = number_format.partition(";")[0]
    decimals = _DECIMALS.search(pattern)
    if "%" in pattern:
        return f"{value * 100:.{len(decimals[1]) if decimals else 0}f} %"
    if pattern in ("General", "@"):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    digits = f"{value:{',' if ',' in pattern else ''}.{len(decimals[1]) if decimals else 0}f}"
    found = _CURRENCY.search(pattern)
    if not found:
        return digits
    unit = next((group for group in found.groups() if group), "")
    return f"{unit}{digits}" if found.start() < max(pattern.find("0"), pattern.find("#")) else f"{digits}{unit}"


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
    for row in reader:
        if len(rows) >= MAX_ROWS:
            findings.append(f"cut: read up to row {MAX_ROWS}")
            break
        rows.append(row[:MAX_COLUMNS])
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if len({len(row) for row in filled}) > 1:
        findings.append("ragged: rows of different length")
    lines = render_rows(filled)
    return ([Block("table", "\n".join(lines), line=1)] if lines else []), findings

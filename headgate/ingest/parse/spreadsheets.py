"""xlsx, xls and csv → one table per block of filled cells, with texts as they are shown.

hidden sheets, rows, columns    kept aside as hidden text, with a finding
merged cells                    as in every table (tables.py)
headers                         tables of Excel's own, filters, frozen rows and bold rows are marks; else told by the cells
formulas                        the values stored with them; those without are left out, with a finding
comments                        kept aside, with a finding
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.cell_kinds import cell_kind
from headgate.ingest.parse.csv_rows import read_csv
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.sheets import MAX_ROWS, Sheet, SheetCell
from headgate.ingest.parse.table_grid import Cell, HeaderMark, Row, plain_rows
from headgate.ingest.parse.tables import table_blocks
from headgate.ingest.parse.xls import old_sheets
from headgate.ingest.parse.xlsx import Workbook
from headgate.records import FindingCode, Remark
from headgate.records.remarks import note

_MAX_FROZEN = 8  # rows that stay in view; more are no header
_MAX_MERGED = 50  # columns that a merged cell keeps together
_TITLE = 20  # characters; a longer lone cell above a table is text
_REMARK = re.compile(r"^\s*#+(?!\S*#)\s*")
SheetRow = tuple[int, dict[int, SheetCell]]


def parse_workbook(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure: `malformed`, `zip_bomb`, `xml_entities`, `too_much_text`."""
    book = Workbook(content, path=path, max_unzipped=max_unzipped)
    blocks, left_out, findings = _read_sheets(book.sheets())
    return assemble(blocks, labels=book.package.labels(), findings=findings, left_out=left_out)


def parse_old_workbook(content: bytes, *, path: str) -> ParsedFile:
    """An xls file, of Excel 97 to 2003 or before.

    Raises:
        ParseFailure: `encrypted` or `malformed`.
    """
    blocks, left_out, findings = _read_sheets(old_sheets(content, path=path))
    return assemble(blocks, findings=findings, left_out=left_out)


def _read_sheets(sheets: Iterable[Sheet]) -> tuple[list[Block], list[LeftOut], list[Remark]]:
    blocks: list[Block] = []
    left_out: list[LeftOut] = []
    findings: list[Remark] = []
    for sheet in sheets:
        found = _sheet_blocks(sheet)
        if sheet.hidden:
            left_out += [leave_out("hidden", block.text) for block in found]
            findings.append(note("hidden_sheet", f"{sheet.name!r} left out"))
            continue
        blocks += found
        left_out += [leave_out("hidden", text) for text in sheet.hidden_texts]
        left_out += [leave_out("comment", text) for text in sheet.comments]
        left_out += [leave_out("struck_out", text) for text in sheet.struck]
        if sheet.cells_over_limit:
            left_out.append(leave_out("over_limit", f"cells of sheet {sheet.name!r}", words=sheet.cells_over_limit))
        counted: tuple[tuple[FindingCode, str, int], ...] = (
            ("hidden_cells", "hidden row(s) and cell(s) of sheet {!r} left out", len(sheet.hidden_texts)),
            ("comments", "of sheet {!r} left out", len(sheet.comments)),
            (
                "formulas",
                "of sheet {!r} have no stored value and are left out; open and save the file",
                sheet.formulas_without_value,
            ),
        )
        findings += [note(code, f"{count} {text.format(sheet.name)}") for code, text, count in counted if count]
        if sheet.cells_over_limit:
            findings.append(note("cut", f"sheet {sheet.name!r} read up to row {MAX_ROWS}"))
    return blocks, left_out, findings


def _sheet_blocks(sheet: Sheet) -> list[Block]:
    """A sheet: its name as title, then what its blocks of filled rows hold."""
    blocks: list[Block] = []
    for run in _runs(sheet):
        if len(run) == len(run[0][1]) == 1:
            blocks += [Block("text", cell.text, line=run[0][0], sheet=sheet.name) for cell in run[0][1].values()]
            continue
        for part in _side_by_side(run):
            rows = [Row(_cells(row, part), _mark(number, row, sheet, run)) for number, row in run if _touches(row, part)]
            if all(row.header == "shown" for row in rows):
                rows = [Row(row.cells) for row in rows]
            line = next(number for number, row in run if _touches(row, part))
            blocks += table_blocks(rows, line=line, sheet=sheet.name)
    blocks += [Block("text", text, sheet=sheet.name) for text in sheet.boxes]
    return [Block("title", sheet.name, level=2, line=1, sheet=sheet.name), *blocks] if blocks else []


def _runs(sheet: Sheet) -> Iterator[list[SheetRow]]:
    """Filled rows without an empty one between them, cut where a table of Excel's own begins or ends; a long lone cell on top stands alone."""
    edges = {one.top for one in sheet.ranges if one.kind == "table"} | {
        one.bottom + 1 for one in sheet.ranges if one.kind == "table"
    }
    run: list[SheetRow] = []
    for number, row in sheet.rows:
        if run and (number > run[-1][0] + 1 or number in edges):
            yield run
            run = []
        if not run and len(row) == 1 and len(next(iter(row.values())).text) > _TITLE:
            yield [(number, row)]
            continue
        run.append((number, row))
    if run:
        yield run


def _side_by_side(run: list[SheetRow]) -> list[range]:
    """Columns of the tables that stand beside each other: cut at an empty column where words, or a lone remark, follow it."""
    used = sorted(
        {
            column
            for _, row in run
            for first, cell in row.items()
            for column in range(first, first + min(cell.across, _MAX_MERGED))
        }
    )
    parts: list[range] = []
    start = used[0]
    for column, following in zip(used, [*used[1:], None], strict=True):
        if following is None:
            parts.append(range(start, column + 1))
        elif following > column + 1 and _begins_anew(run, following, range(start, column + 1)):
            parts.append(range(start, column + 1))
            start = following
    return parts


def _begins_anew(run: list[SheetRow], column: int, before: range) -> bool:
    """Whether a column after an empty one begins another table than the one in the columns `before`.

    It does where it starts some rows further down with words, or where it names rows of its own; figures behind an empty column belong to
    the rows that they stand in.
    """
    texts = [row[column].text for _, row in run if column in row]
    first = next(position for position, (_, row) in enumerate(run) if column in row)
    if cell_kind(texts[0]) == "words" and sum(1 for _, row in run[:first] if _touches(row, before)) > 1:
        return True
    if len(run) < 2 or any(cell_kind(text) not in ("words", "code", "period", "date") for text in texts[1:]):
        return False
    wide = any(column + 1 in row for _, row in run)
    return (len(texts) > 1 and cell_kind(texts[0]) == "words") if wide else len(texts) * 2 < len(run)


def _touches(row: dict[int, SheetCell], part: range) -> bool:
    return any(column in part for column in row)


def _cells(row: dict[int, SheetCell], part: range) -> tuple[Cell, ...]:
    cells = [Cell()] * len(part)
    for column, cell in row.items():
        if column not in part:
            continue
        for offset in range(min(cell.across, part.stop - column)):
            if offset and column + offset in row:
                break
            cells[column + offset - part.start] = Cell(cell.text, left=offset > 0, above=cell.above)
    return tuple(cells)


def _mark(number: int, row: dict[int, SheetCell], sheet: Sheet, run: list[SheetRow]) -> HeaderMark:
    for one in sheet.ranges:
        if one.top <= number < one.top + one.header_rows and any(one.left <= column <= one.right for column in row):
            return "told"
    if 0 < sheet.frozen <= _MAX_FROZEN and number <= sheet.frozen < run[-1][0] and len(row) > 1:
        below = next((cells for following, cells in run if following == number + 1), {})
        if number == sheet.frozen or (len(row) < len(below) and number + 1 <= sheet.frozen):
            return "told"
    return "shown" if len(row) > 1 and all(cell.bold for cell in row.values()) else ""


def parse_csv(text: str) -> tuple[list[Block], list[Remark], list[LeftOut]]:
    """(blocks, findings, what is left out). Rows may be of different length; one column means lines, none of them a header."""
    found = read_csv(text, max_rows=MAX_ROWS)
    rows = found.rows
    findings: list[Remark] = []
    left_out: list[LeftOut] = []
    if len(rows) > MAX_ROWS:
        findings.append(note("cut", f"read up to row {MAX_ROWS}"))
        rest = text.splitlines()[rows[MAX_ROWS][0] - 1 :]
        left_out.append(leave_out("over_limit", "\n".join(rest)))
        rows = rows[:MAX_ROWS]
    if found.stray_quotes:
        findings.append(note("quotes", f"{found.stray_quotes} line(s) with a quote that is not closed, read as it stands"))
    blocks: list[Block] = []
    rows = _without_remarks(rows, found.separator, blocks)
    if len({len(row) for _, row in rows}) > 1:
        findings.append(note("ragged", "rows of different length"))
    for part in _parts(rows):
        blocks += table_blocks(plain_rows(row for _, row in part), records=True, line=part[0][0])
    return blocks, findings, left_out


def _without_remarks(rows: list[tuple[int, list[str]]], separator: str, blocks: list[Block]) -> list[tuple[int, list[str]]]:
    """Rows without the lines on top that begin with `#`, which become text; a header that begins with it stays one."""
    position = 0
    widths = [len(row) for _, row in rows]
    usual = max(set(widths), key=widths.count) if widths else 0
    while position < len(rows) and _REMARK.match(rows[position][1][0]):
        number, row = rows[position]
        following = rows[position + 1][1][0] if position + 1 < len(rows) else ""
        if len(row) == usual and not _REMARK.match(following) and (len(row) > 1 or len(rows) == 1):
            break
        blocks.append(Block("text", _REMARK.sub("", separator.join(row)), line=number))
        position += 1
    return rows[position:]


def _parts(rows: list[tuple[int, list[str]]]) -> list[list[tuple[int, list[str]]]]:
    """Rows as parts: an empty line ends a table where the next row has another number of cells."""
    parts: list[list[tuple[int, list[str]]]] = []
    for number, row in rows:
        # A cell of several lines makes the next row start later too; what counts is the width.
        last = parts[-1][-1] if parts else None
        if last is None or (number > last[0] + 1 + sum(cell.count("\n") for cell in last[1]) and len(row) != len(last[1])):
            parts.append([])
        parts[-1].append((number, row))
    return parts

"""xlsx → sheets of texts as they are shown, read straight from its parts (ECMA-376 part 1, SpreadsheetML).

Only cells that hold something cost anything: a sheet that declares a million rows, or has a hundred thousand merged ranges without
text, is read as fast as its text is long. Formulas are read as the values stored with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from headgate.errors import ParseFailure
from headgate.ingest.parse.number_format import shown_text
from headgate.ingest.parse.office_package import Link, Package
from headgate.ingest.parse.raised_text import Level, Run, join_runs
from headgate.ingest.parse.sheet_values import CellFormat, format_code, number_text
from headgate.ingest.parse.sheets import MAX_COLUMNS, MAX_ROWS, Range, Sheet, SheetCell
from headgate.text.numbers import whole_number

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SHAPE = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}sp"
_LINK_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: Characters that all cells together may show; a text used by many cells counts each time.
MAX_TEXT = 20_000_000
_PLACE = re.compile(r"^([A-Z]{1,3})(\d+)$")
_COMMENT_KINDS = ("comments", "threadedComment")


class _Text(NamedTuple):
    """A string of the workbook: what is shown of it, and what is crossed out."""

    shown: str
    struck: str = ""


class Workbook:
    """Raises ParseFailure: `malformed`, `zip_bomb`, `xml_entities`."""

    def __init__(self, content: bytes, *, path: str, max_unzipped: int) -> None:
        self.package = Package(content, path=path, max_unzipped=max_unzipped)
        self._path = path
        self._main = self.package.main_part("xl/workbook.xml")
        self._links = self.package.links(self._main)
        root = self.package.xml(self._main)
        properties = root.find(S + "workbookPr")
        self._from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._sheets = [
            (entry.get("name", ""), entry.get("state", "visible"), self._links[key].target)
            for entry in root.iter(S + "sheet")
            if (key := entry.get(_LINK_ID, "")) in self._links and self._links[key].kind == "worksheet"
        ]
        self._strings = self._read_strings()
        self._formats = self._read_formats()
        self._shown = 0

    def sheets(self) -> Iterator[Sheet]:
        for name, state, part in self._sheets:
            sheet = Sheet(name, state != "visible")
            root = self.package.xml(part)
            links = self.package.links(part)
            self._read(root, sheet)
            sheet.ranges = self._ranges(root, links)
            sheet.frozen = _frozen_rows(root)
            for link in links.values():
                if link.kind == "drawing" and self.package.has(link.target):
                    sheet.boxes += _boxes(self.package.xml(link.target))
                if link.kind in _COMMENT_KINDS and self.package.has(link.target):
                    sheet.comments += [_joined(entry).shown for entry in self.package.xml(link.target).iter(S + "comment")]
            yield sheet

    def _part(self, kind: str) -> Any:
        name = next((link.target for link in self._links.values() if link.kind == kind), "")
        return self.package.xml(name) if name and self.package.has(name) else None

    def _ranges(self, root: Any, links: dict[str, Link]) -> list[Range]:
        """Tables of Excel's own and filtered ranges."""
        filters = [("filter", found.get("ref", ""), 1) for found in root.iter(S + "autoFilter")]
        tables: list[tuple[str, str, int]] = []
        for link in links.values():
            if link.kind == "table" and self.package.has(link.target):
                table = self.package.xml(link.target)
                heads = whole_number(table.get("headerRowCount", "1"))
                tables.append(("table", table.get("ref", ""), 1 if heads is None else heads))
        return [found for kind, place, heads in (*tables, *filters) if (found := _range(kind, place, heads))]

    def _read_strings(self) -> list[_Text]:
        root = self._part("sharedStrings")
        return [_joined(item) for item in root.iter(S + "si")] if root is not None else []

    def _read_formats(self) -> list[CellFormat]:
        """Look of every cell style."""
        root = self._part("styles")
        if root is None:
            return []
        own = {entry.get("numFmtId"): entry.get("formatCode", "General") for entry in root.iter(S + "numFmt")}
        listed = root.find(S + "fonts")
        fonts = [(_is_on(font, "b"), _is_on(font, "strike")) for font in (listed if listed is not None else ())]
        styles = root.find(S + "cellXfs")
        looks = []
        for entry in styles if styles is not None else ():
            identity, font = entry.get("numFmtId", "0"), whole_number(entry.get("fontId", "")) or 0
            bold, struck = fonts[font] if font < len(fonts) else (False, False)
            looks.append(CellFormat(own.get(identity) or format_code(whole_number(identity) or 0), bold, struck))
        return looks

    def _read(self, root: Any, sheet: Sheet) -> None:
        columns = _hidden_columns(root)
        merged = _merged(root)
        above: dict[int, tuple[int, SheetCell]] = {}
        number = 0
        for row in root.iter(S + "row"):
            given = whole_number(row.get("r", ""))
            number = number + 1 if given is None else given
            if len(sheet.rows) >= MAX_ROWS:
                sheet.cells_over_limit += sum(
                    1 for cell in row if cell.find(S + "v") is not None or cell.find(S + "is") is not None
                )
                continue
            cells = self._row_cells(row, number, sheet, merged, above)
            if not cells:
                continue
            if row.get("hidden") in ("1", "true") or row.get("ht") == "0":
                sheet.hidden_texts.append("; ".join(cell.text for _, cell in sorted(cells.items()) if not cell.above))
                continue
            concealed = [cells.pop(column) for column in list(cells) if column in columns]
            sheet.hidden_texts += [cell.text for cell in concealed if not cell.above]
            if any(not cell.above for cell in cells.values()):
                sheet.rows.append((number, cells))

    def _row_cells(
        self,
        row: Any,
        number: int,
        sheet: Sheet,
        merged: dict[tuple[int, int], tuple[int, int]],
        above: dict[int, tuple[int, SheetCell]],
    ) -> dict[int, SheetCell]:
        """A cell merged downwards gives its text to each row that it spans."""
        cells: dict[int, SheetCell] = {}
        column = -1
        for cell in row:
            if cell.tag != S + "c":
                continue
            place = _PLACE.match(cell.get("r", ""))
            column = _column_number(place[1]) if place else column + 1
            if column >= MAX_COLUMNS:
                continue
            style = whole_number(cell.get("s", "")) or 0
            look = self._formats[style] if style < len(self._formats) else CellFormat()
            text = self._text(cell, look, sheet)
            if not text:
                continue
            if look.struck:
                sheet.struck.append(text)
                continue
            last_row, last_column = merged.get((number, column), (number, column))
            made = SheetCell(text, look.bold, last_column - column + 1)
            cells[column] = made
            if last_row > number:
                above[column] = last_row, made._replace(above=True)
        for column, (last, made) in list(above.items()):
            if number > last:
                del above[column]
            elif cells and column not in cells:
                cells[column] = made
        return cells

    def _text(self, cell: Any, look: CellFormat, sheet: Sheet) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return self._shown_string(_joined(cell), look, sheet)
        found = cell.find(S + "v")
        value = found.text if found is not None else None
        if value is None or value == "":
            sheet.formulas_without_value += kind == "n" and cell.find(S + "f") is not None
            return ""
        match kind:
            case "s":
                position = whole_number(value)
                known = position is not None and position < len(self._strings)
                return self._shown_string(self._strings[position], look, sheet) if known and position is not None else ""
            case "b":
                return "TRUE" if value in ("1", "true") else "FALSE"
            case "n":
                return self._hiding(value, number_text(value, look.code, from_1904=self._from_1904), sheet)
            case "str":
                return self._shown_string(_Text(value), look, sheet)
            case _:
                return self._counted(value)

    def _shown_string(self, text: _Text, look: CellFormat, sheet: Sheet) -> str:
        if text.struck:
            sheet.struck.append(text.struck)
        shown = self._counted(text.shown)
        return self._hiding(shown, shown_text(shown, look.code) if look.code != "General" else shown, sheet)

    def _hiding(self, stored: str, shown: str, sheet: Sheet) -> str:
        """What is shown; a value whose format shows nothing of it is hidden text."""
        if stored.strip() and not shown:
            sheet.hidden_texts.append(stored)
        return shown

    def _counted(self, text: str) -> str:
        self._shown += len(text)
        if self._shown > MAX_TEXT:
            raise ParseFailure(
                self._path, "too_much_text", f"its cells show more than {MAX_TEXT / 1e6:.0f} million characters; split the file"
            )
        return text


def _boxes(drawing: Any) -> list[str]:
    """Texts of the shapes that lie on a sheet."""
    texts = (
        "\n".join("".join(run.text or "" for run in line.iter(_TEXT + "t")) for line in shape.iter(_TEXT + "p"))
        for shape in drawing.iter(_SHAPE)
    )
    return [text.strip() for text in texts if text.strip()]


def _joined(item: Any) -> _Text:
    """A string with its runs, without the reading aids (furigana) that may stand beside it."""
    runs: list[Run] = []
    struck: list[str] = []
    for child in item.iter(S + "t"):
        parent = child.getparent()
        if parent.tag == S + "rPh" or not child.text:
            continue
        look = parent.find(S + "rPr") if parent.tag == S + "r" else None
        if look is not None and _is_on(look, "strike"):
            struck.append(child.text)
            runs.append(Run(" "))
            continue
        runs.append(Run(child.text, _level(look)))
    return _Text(join_runs(runs), " ".join(struck))


def _level(look: Any) -> Level:
    found = look.find(S + "vertAlign") if look is not None else None
    return {"superscript": "raised", "subscript": "lowered"}.get(found.get("val", ""), "") if found is not None else ""  # type: ignore[return-value]


def _is_on(look: Any, name: str) -> bool:
    found = look.find(S + name)
    return found is not None and found.get("val", "1") not in ("0", "false")


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _hidden_columns(root: Any) -> set[int]:
    hidden: set[int] = set()
    for entry in root.iter(S + "col"):
        first, last = whole_number(entry.get("min", "")), whole_number(entry.get("max", ""))
        concealed = entry.get("hidden") in ("1", "true") or entry.get("width") == "0"
        if concealed and first is not None and last is not None:
            hidden.update(range(first - 1, min(last, MAX_COLUMNS)))
    return hidden


def _corners(place: str) -> tuple[int, int, int, int] | None:
    """(top, left, bottom, right) of a range such as `A1:C3`; rows 1-based, columns 0-based."""
    first, _, last = place.replace("$", "").partition(":")
    upper, lower = _PLACE.match(first), _PLACE.match(last or first)
    if not (upper and lower):
        return None
    return int(upper[2]), _column_number(upper[1]), int(lower[2]), _column_number(lower[1])


def _merged(root: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """(row, column) of the upper left cell of a merged range → its last row and column."""
    found = (_corners(entry.get("ref", "")) for entry in root.iter(S + "mergeCell"))
    return {
        (top, left): (bottom, min(right, MAX_COLUMNS - 1))
        for top, left, bottom, right in filter(None, found)
        if bottom >= top and right >= left
    }


def _range(kind: str, place: str, header_rows: int) -> Range | None:
    corners = _corners(place)
    if corners is None:
        return None
    top, left, bottom, right = corners
    return Range("table" if kind == "table" else "filter", top, bottom, left, right, header_rows)


def _frozen_rows(root: Any) -> int:
    for pane in root.iter(S + "pane"):
        if pane.get("state") in ("frozen", "frozenSplit"):
            return whole_number(pane.get("ySplit", "").partition(".")[0]) or 0
    return 0

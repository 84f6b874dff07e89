"""xlsx → rows of texts as the sheet shows them, read straight from its parts (ECMA-376 part 1, SpreadsheetML).

Only cells that hold something cost anything: a sheet that declares a million rows, or has a hundred thousand merged ranges without
text, is read as fast as its text is long. Formulas are read as the values stored with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.office_package import Package
from headgate.text.numbers import whole_number

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: Past this many filled rows or columns a sheet is data, not a document. Reading stops, with a finding.
MAX_ROWS, MAX_COLUMNS = 20_000, 200
#: Characters that all cells together may show; a text used by many cells counts each time.
MAX_TEXT = 20_000_000
_CURRENCY = re.compile(r"\[\$([^\[\]-]*+)(?:-[^\[\]]*+)?\]|([£$€¥])|\"([^\"]*)\"")
_DECIMALS = re.compile(r"0\.(0+)")
_PLACE = re.compile(r"^([A-Z]{1,3})(\d+)$")
_COMMENT_KINDS = ("comments", "threadedComment")


@dataclass(slots=True)
class Sheet:
    """`rows`: (1-based number, cells) of every row that is shown and holds something."""

    name: str
    hidden: bool
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    hidden_texts: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    formulas_without_value: int = 0
    cut: bool = False
    cut_columns: bool = False


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
            self._read(self.package.xml(part), sheet)
            for link in self.package.links(part).values():
                if link.kind in _COMMENT_KINDS and self.package.has(link.target):
                    sheet.comments += [_joined(entry) for entry in self.package.xml(link.target).iter(S + "comment")]
            yield sheet

    def _part(self, kind: str) -> Any:
        name = next((link.target for link in self._links.values() if link.kind == kind), "")
        return self.package.xml(name) if name and self.package.has(name) else None

    def _read_strings(self) -> list[str]:
        root = self._part("sharedStrings")
        return [_joined(item) for item in root.iter(S + "si")] if root is not None else []

    def _read_formats(self) -> list[str]:
        """Number format of every cell style."""
        from openpyxl.styles.numbers import BUILTIN_FORMATS

        root = self._part("styles")
        if root is None:
            return []
        own = {entry.get("numFmtId"): entry.get("formatCode", "General") for entry in root.iter(S + "numFmt")}
        styles = root.find(S + "cellXfs")
        identities = [entry.get("numFmtId", "0") for entry in (styles if styles is not None else ())]
        return [own.get(one) or BUILTIN_FORMATS.get(whole_number(one) or 0, "General") for one in identities]

    def _read(self, root: Any, sheet: Sheet) -> None:
        columns = _hidden_columns(root)
        merged = _merged_downwards(root)
        above: dict[int, tuple[int, str]] = {}
        number = 0
        for row in root.iter(S + "row"):
            given = whole_number(row.get("r", ""))
            number = number + 1 if given is None else given
            cells = self._row_cells(row, number, sheet, merged, above)
            if not any(cells.values()):
                continue
            if row.get("hidden") in ("1", "true"):
                sheet.hidden_texts.append("; ".join(text for _, text in sorted(cells.items()) if text))
                continue
            concealed = [cells.pop(column) for column in list(cells) if column in columns]
            sheet.hidden_texts += [text for text in concealed if text]
            if not any(cells.values()):
                continue
            if len(sheet.rows) >= MAX_ROWS:
                sheet.cut = True
                return
            sheet.rows.append((number, [cells.get(column, "") for column in range(max(cells) + 1)]))

    def _row_cells(
        self, row: Any, number: int, sheet: Sheet, merged: dict[tuple[int, int], int], above: dict[int, tuple[int, str]]
    ) -> dict[int, str]:
        """0-based column → text. A cell merged downwards gives its text to each row that it spans."""
        cells: dict[int, str] = {}
        column = -1
        for cell in row:
            if cell.tag != S + "c":
                continue
            place = _PLACE.match(cell.get("r", ""))
            column = _column_number(place[1]) if place else column + 1
            if column >= MAX_COLUMNS:
                # A cell may carry a format only: what is lost is told of cells that hold something.
                if any(cell.find(S + tag) is not None for tag in ("v", "is")):
                    sheet.cut_columns = True
                    break
                continue
            text = self._text(cell, sheet)
            if text:
                cells[column] = text
                if last := merged.get((number, column)):
                    above[column] = (last, text)
        for column, (last, text) in list(above.items()):
            if number > last:
                del above[column]
            elif cells and not cells.get(column):
                cells[column] = text
        return cells

    def _text(self, cell: Any, sheet: Sheet) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return self._counted(_joined(cell))
        found = cell.find(S + "v")
        value = found.text if found is not None else None
        if value is None or value == "":
            sheet.formulas_without_value += kind == "n" and cell.find(S + "f") is not None
            return ""
        match kind:
            case "s":
                position = whole_number(value)
                return "" if position is None or position >= len(self._strings) else self._counted(self._strings[position])
            case "b":
                return "yes" if value in ("1", "true") else "no"
            case "n":
                style = whole_number(cell.get("s", "")) or 0
                return self._number(value, self._formats[style] if style < len(self._formats) else "General")
            case _:
                return self._counted(value)

    def _counted(self, text: str) -> str:
        self._shown += len(text)
        if self._shown > MAX_TEXT:
            raise ParseFailure(
                self._path, "too_much_text", f"its cells show more than {MAX_TEXT / 1e6:.0f} million characters; split the file"
            )
        return text

    def _number(self, value: str, number_format: str) -> str:
        from openpyxl.styles.numbers import is_date_format

        try:
            number = float(value)
        except ValueError:
            return value
        if number_format != "General" and is_date_format(number_format):
            shown = self._date(number)
            if shown:
                return shown
        return number_text(int(number) if number.is_integer() and abs(number) < 1e15 else number, number_format)

    def _date(self, number: float) -> str:
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

        try:
            moment = from_excel(number, MAC_EPOCH if self._from_1904 else WINDOWS_EPOCH)
        except (OverflowError, ValueError):
            return ""
        return date_text(moment)


def date_text(moment: Any) -> str:
    match moment:
        case datetime():
            return moment.date().isoformat() if moment.time() == time() else moment.isoformat(sep=" ", timespec="minutes")
        case time():
            return moment.isoformat()
        case _:
            return str(moment)


def number_text(value: float, number_format: str) -> str:
    """A number as the sheet shows it, for the usual number formats."""
    pattern = number_format.partition(";")[0]
    decimals = _DECIMALS.search(pattern)
    if "%" in pattern:
        return f"{value * 100:.{len(decimals[1]) if decimals else 0}f} %"
    if pattern in ("General", "@") or ("0" not in pattern and "#" not in pattern):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    digits = f"{value:{',' if ',' in pattern else ''}.{len(decimals[1]) if decimals else 0}f}"
    found = _CURRENCY.search(pattern)
    if not found:
        return digits
    unit = next((group for group in found.groups() if group), "")
    return f"{unit}{digits}" if found.start() < max(pattern.find("0"), pattern.find("#")) else f"{digits}{unit}"


def _joined(item: Any) -> str:
    """The text of a string with its runs, without the reading aids (furigana) that may stand beside it."""
    aids = {text for aid in item.iter(S + "rPh") for text in aid.iter(S + "t")}
    return "".join(text.text or "" for text in item.iter(S + "t") if text not in aids)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _hidden_columns(root: Any) -> set[int]:
    hidden: set[int] = set()
    for entry in root.iter(S + "col"):
        first, last = whole_number(entry.get("min", "")), whole_number(entry.get("max", ""))
        if entry.get("hidden") in ("1", "true") and first is not None and last is not None:
            hidden.update(range(first - 1, min(last, MAX_COLUMNS)))
    return hidden


def _merged_downwards(root: Any) -> dict[tuple[int, int], int]:
    """(row, column) of the upper left cell of a merged range → its last row."""
    merged: dict[tuple[int, int], int] = {}
    for entry in root.iter(S + "mergeCell"):
        first, _, last = entry.get("ref", "").partition(":")
        upper, lower = _PLACE.match(first), _PLACE.match(last)
        if upper and lower and int(lower[2]) > int(upper[2]):
            merged[int(upper[2]), _column_number(upper[1])] = int(lower[2])
    return merged

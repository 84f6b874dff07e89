"""csv and its relatives → rows of cells: the separator that fits the whole file, quotes that go astray, line breaks in cells.

The separator is what a first line `sep=;` names, else the one with which most lines have equally many cells. A quote counts only where it
opens a cell and is closed again at the end of one; any other stands for itself.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

#: In the order that decides between equals: a comma may be a decimal point.
_SEPARATORS = ("\t", ";", "|", ",")
_SAMPLE_LINES = 300
_MAX_CELL_LINES = 200  # a quoted cell that goes on for longer was never closed
_QUOTE = re.compile(r'(?<!\d)"')
_DECLARED = re.compile(r"^\ufeff?\"?sep=(.)\"?\r?$", re.IGNORECASE)


class CsvRows(NamedTuple):
    """`rows`: (1-based line that it starts on, cells); `stray_quotes`: lines with a quote that closes nothing."""

    rows: list[tuple[int, list[str]]]
    separator: str
    stray_quotes: int


def read_csv(text: str, *, max_rows: int) -> CsvRows:
    """All rows that hold something, up to one more than `max_rows`."""
    lines = text.replace("\0", "").removeprefix("\ufeff").splitlines()
    first = 0
    separator = ""
    if lines and (declared := _DECLARED.match(lines[0])):
        separator, first = declared[1], 1
    reader = _Reader(lines, separator or _separator(lines[first:]))
    rows: list[tuple[int, list[str]]] = []
    position = first
    while position < len(lines) and len(rows) <= max_rows:
        cells, following = reader.read(position)
        if any(cell.strip() for cell in cells):
            rows.append((position + 1, cells))
        position = following
    return CsvRows(rows, reader.separator, reader.stray)


def _separator(lines: list[str]) -> str:
    """The one with which the most lines agree on a number of cells above one; "" where none does."""
    sample = [line for line in lines if line.strip()][:_SAMPLE_LINES]
    best, best_score = "", 0.0
    for separator in _SEPARATORS:
        reader = _Reader(sample, separator)
        widths: list[int] = []
        position = 0
        while position < len(sample):
            cells, position = reader.read(position)
            widths.append(1 if any(map(_is_half_quoted, cells)) else len(cells))
        if (score := _agreement(widths, sample, separator)) and score > best_score:
            best, best_score = separator, score
    return best


def _is_half_quoted(cell: str) -> bool:
    """Whether a cell has half a pair of quotes, and so was cut inside of them; a quote behind a digit means inches."""
    return len(_QUOTE.findall(cell)) % 2 == 1


def _agreement(widths: list[int], sample: list[str], separator: str) -> float:
    """0 to 1: share of rows of the commonest width, lines above the first of them left aside; 0 where that is a single cell."""
    common, _count = Counter(widths).most_common(1)[0]
    if common == 1:
        return 0.0
    start = widths.index(common)
    rest = widths[start:]
    if start > max(5, len(widths) // 2):
        return 0.0
    if (
        start
        and separator == ","
        and all(", " in line or "," not in line for line in sample)
        and all("," not in line.replace(", ", "") for line in sample)
    ):
        return 0.0  # sentences with commas below a name
    return sum(1 for width in rest if width == common) / len(rest)


class _Reader:
    """Reads one row after the other. `stray` counts lines with a quote that stands for itself."""

    def __init__(self, lines: list[str], separator: str) -> None:
        self.separator = separator
        self.stray = 0
        self._lines = lines

    def read(self, position: int) -> tuple[list[str], int]:
        """(cells of the row that begins at a line, position of the next row)."""
        line = self._lines[position]
        if '"' not in line:
            return line.split(self.separator) if self.separator else [line], position + 1
        row = line
        for end in range(position, min(len(self._lines), position + _MAX_CELL_LINES)):
            row = line if end == position else f"{row}\n{self._lines[end]}"
            if row.count('"') % 2 == 0 and (cells := self._split(row)) is not None:
                return cells, end + 1
            if end == position and not self._may_go_on(line):
                break
        self.stray += 1
        return line.split(self.separator) if self.separator else [line], position + 1

    def _may_go_on(self, line: str) -> bool:
        """Whether a cell of the line is opened by a quote, and so may reach into the next line."""
        return any(cell.lstrip().startswith('"') for cell in (line.split(self.separator) if self.separator else [line]))

    def _split(self, row: str) -> list[str] | None:
        """Cells of a row; None where a quoted cell does not end at a separator."""
        cells: list[str] = []
        position = 0
        while True:
            start = position
            while start < len(row) and row[start] == " ":
                start += 1
            if start < len(row) and row[start] == '"':
                end = start + 1
                while (end := row.find('"', end)) >= 0 and row[end + 1 : end + 2] == '"':
                    end += 2
                if end < 0:
                    return None
                after = end + 1
                while after < len(row) and row[after] == " ":
                    after += 1
                if after < len(row) and not (self.separator and row.startswith(self.separator, after)):
                    return None
                cells.append(row[start + 1 : end].replace('""', '"'))
                if after >= len(row):
                    return cells
                position = after + 1
                continue
            end = row.find(self.separator, position) if self.separator else -1
            cell = row[position:] if end < 0 else row[position:end]
            if "\n" in cell:
                return None
            cells.append(cell)
            if end < 0:
                return cells
            position = end + 1

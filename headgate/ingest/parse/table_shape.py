"""The shape of a table from its text, in which every row repeats its column headers and long rows go on in further lines (tables.py)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_MAX_HEADER = 24  # columns whose names are kept
_MAX_NAME = 40  # characters of a name
_DIGITS = re.compile(r"\d")
_MAX_DIGITS = 8  # a name with more may be the number of a person; its digits are masked


@dataclass(frozen=True, slots=True)
class TableShape:
    """`header` holds the column names that at least half of the rows carry, in order, each cut to 40 characters."""

    rows: int  # below the header
    columns: int
    empty_share: float  # of rows × columns, 0 to 1
    header: tuple[str, ...]

    @property
    def is_box(self) -> bool:
        """Whether it frames a text and compares nothing: one column, or one row without names."""
        return self.columns < 2 or (self.rows < 2 and not self.header)


def measure_table(text: str) -> TableShape:
    """Shape of one table element."""
    rows: list[list[tuple[str, str]]] = []
    for line in text.split("\n"):
        cells = _cells(line)
        if rows and _goes_on(rows[-1], cells):
            rows[-1] += cells[1:]
        elif line.strip():
            rows.append(cells)
    names = Counter(name for row in rows for name in dict.fromkeys(name for name, _ in row if name))
    header = [name for name, count in names.items() if count * 2 >= len(rows) and (len(rows) > 1 or len(names) > 1)]
    columns = max((len(row) for row in rows), default=0)
    if header:
        columns = max(columns, len(header))
    filled = sum(len(row) for row in rows)
    return TableShape(
        rows=len(rows),
        columns=columns,
        empty_share=round(1 - filled / (len(rows) * columns), 4) if rows and columns else 0.0,
        header=tuple(_shown(name) for name in header[:_MAX_HEADER]),
    )


def _shown(name: str) -> str:
    name = _DIGITS.sub("#", name) if len(_DIGITS.findall(name)) > _MAX_DIGITS else name
    return name[:_MAX_NAME]


def _goes_on(row: list[tuple[str, str]], cells: list[tuple[str, str]]) -> bool:
    """Whether a line is the rest of the row above: it has the same first cell, and other columns."""
    names = {name for name, _ in row[1:]}
    return len(cells) > 1 and len(row) > 1 and cells[0] == row[0] and all(name and name not in names for name, _ in cells[1:])


def _cells(row: str) -> list[tuple[str, str]]:
    """(column name or "", value) of each cell of a rendered row; the row's own name, where it has one, is a cell without a name."""
    first, dash, rest = row.partition(" – ")
    named = bool(dash) and ":" not in first and ":" in rest
    pairs = [part.partition(": ") for part in (rest if named else row).split("; ")]
    cells = [(name.strip(), value) if colon else ("", name) for name, colon, value in pairs]
    return [("", first), *cells] if named else cells

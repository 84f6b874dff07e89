"""A table as its format gives it: cells with the marks that say which of them are headers and which are merged.

Every format fills the same grid; tables.py reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

#: How a row is known to be a header: `told` by the format (th, tblHeader, a table of Excel's own), `shown` by looks alone (bold, a style).
HeaderMark = Literal["", "told", "shown"]


@dataclass(frozen=True, slots=True)
class Cell:
    """`left`, `above`: goes on from the cell to its left or above, whose text it repeats. `header`: marked as label of its row or column."""

    text: str = ""
    header: bool = False
    left: bool = False
    above: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[Cell, ...]
    header: HeaderMark = ""


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell as it stands in a row of the source, which leaves out what merged cells cover."""

    text: str
    across: int = 1
    down: int = 1
    header: bool = False


def plain_rows(rows: Iterable[Sequence[str]], *, header_rows: int = 0) -> list[Row]:
    """Rows of texts without marks; the first `header_rows` are told to be headers."""
    return [Row(tuple(Cell(text) for text in row), "told" if number < header_rows else "") for number, row in enumerate(rows)]


class GridBuilder:
    """Puts the cells of one row after the other where merged cells of rows above leave room.

    Args:
        max_columns: cells further to the right are left out; `is_cut` says so.
    """

    def __init__(self, *, max_columns: int) -> None:
        self.rows: list[Row] = []
        self.is_cut = False
        self._max_columns = max_columns
        self._hanging: dict[int, tuple[int, Cell]] = {}  # column → (rows that a cell above still reaches into, that cell)

    def add(self, cells: Iterable[PlacedCell], *, header: HeaderMark = "") -> None:
        placed: list[Cell] = []
        begun: dict[int, tuple[int, Cell]] = {}
        for cell in cells:
            self._fill(placed)
            for offset in range(cell.across):
                if len(placed) >= self._max_columns:
                    self.is_cut = True
                    break
                made = Cell(cell.text, cell.header, left=offset > 0)
                if cell.down > 1:
                    begun[len(placed)] = cell.down - 1, replace(made, above=True)
                placed.append(made)
        self._fill(placed)
        self._hanging = {
            column: (left - 1, cell) for column, (left, cell) in self._hanging.items() if left > 1 and column not in begun
        } | begun
        self.rows.append(Row(tuple(placed), header))

    def _fill(self, placed: list[Cell]) -> None:
        while len(placed) in self._hanging and len(placed) < self._max_columns:
            placed.append(self._hanging[len(placed)][1])


def tidy(rows: Iterable[Row]) -> list[Row]:
    """Rows of one length with single spaces, without rows and columns that hold nothing of their own."""
    cleaned = [replace(row, cells=tuple(replace(cell, text=" ".join(cell.text.split())) for cell in row.cells)) for row in rows]
    cleaned = [row for row in cleaned if any(cell.text and not cell.above for cell in row.cells)]
    width = max((len(row.cells) for row in cleaned), default=0)
    used = [
        column
        for column in range(width)
        if any(
            column < len(row.cells) and row.cells[column].text and not row.cells[column].left
            # A merged cell alone does not make a column, but one that is merged over a whole row keeps the table's width.
            for row in cleaned
        )
    ]
    return [
        replace(row, cells=tuple(row.cells[column] if column < len(row.cells) else Cell() for column in used)) for row in cleaned
    ]

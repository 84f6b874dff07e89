"""A sheet of a workbook, as both Excel formats are read into: filled cells as texts that the sheet shows, with the marks of tables.

What nobody sees (hidden rows and columns, a format that hides its value) and what is crossed out is kept apart from the cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

#: Past this many filled rows a sheet is data, not a document. Reading stops, with a finding.
MAX_ROWS = 20_000
#: The most columns that a sheet of Excel has.
MAX_COLUMNS = 16_384


class SheetCell(NamedTuple):
    """`across`: columns that it is merged over; `above`: repeats the cell it is merged with above."""

    text: str
    bold: bool = False
    across: int = 1
    above: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """1-based rows and 0-based columns, ends included. `header_rows` name its columns."""

    kind: Literal["table", "filter"]
    top: int
    bottom: int
    left: int
    right: int
    header_rows: int


@dataclass(slots=True)
class Sheet:
    """`rows`: (1-based number, 0-based column → cell) of every row that is shown and holds something; `frozen`: rows that stay in view."""

    name: str
    hidden: bool
    rows: list[tuple[int, dict[int, SheetCell]]] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    frozen: int = 0
    hidden_texts: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)  # texts of shapes that lie on the sheet
    formulas_without_value: int = 0
    cells_over_limit: int = 0  # filled cells of rows that are not read

"""The shape of a table from its text, in which every row repeats its column headers (tables.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

_MAX_HEADER = 24  # columns whose names are kept


@dataclass(frozen=True, slots=True)
class TableShape:
    """`header` holds 8 hex digits of a digest per column name that at least half of the rows carry, in order."""

    rows: int  # below the header
    columns: int
    empty_share: float  # of rows × columns, 0 to 1
    header: tuple[str, ...]


def measure_table(text: str) -> TableShape:
    """Shape of one table element."""
    rows = [line for line in text.split("\n") if line.strip()]
    cells = [_cells(row) for row in rows]
    names = Counter(name for row in cells for name in {name for name, _ in row if name})
    header = [name for name, count in names.items() if count * 2 >= len(rows) and len(rows) > 1]
    columns = max((len(row) for row in cells), default=0)
    if header:
        columns = max(columns, len(header))
    filled = sum(len(row) for row in cells)
    return TableShape(
        rows=len(rows),
        columns=columns,
        empty_share=round(1 - filled / (len(rows) * columns), 4) if rows and columns else 0.0,
        header=tuple(blake2b(name.casefold().encode(), digest_size=4).hexdigest() for name in header[:_MAX_HEADER]),
    )


def _cells(row: str) -> list[tuple[str, str]]:
    """(column name or "", value) of each cell of a rendered row; the row's own name, where it has one, is a cell without a name."""
    first, dash, rest = row.partition(" – ")
    named = bool(dash) and ":" not in first and ":" in rest
    pairs = [part.partition(": ") for part in (rest if named else row).split("; ")]
    cells = [(name.strip(), value) if colon else ("", name) for name, colon, value in pairs]
    return [("", first), *cells] if named else cells

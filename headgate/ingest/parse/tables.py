"""Tables as text in which every row can be quoted alone.

A row becomes one line that repeats its column headers: `plan: Home Lite; price a month: £24.00; contract: 12 months`. The cost is
repetition; the gain is that a row retrieved or quoted without its table still says what it means. The rules:

- Header: the first row where the format marks one, else the first row if it looks like one (no empty cell but the first, no
  cell that is a number, all different, and at least one row below).
- The upper left header is empty: the first cell names the row: `Price a month – Business Start: £48.00; Business Pro: £79.00`.
- No header, two columns: `label: value`. No header otherwise: the cells, joined by `; `. One column: the cell; no row is
  taken for a header, so none is lost.
- Empty cells are left out; a line break inside a cell becomes a space.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Row = Sequence[str]

_NUMBER = re.compile(r"^[\s£$€¥]*+[-+]?(?=[.,:/% ]*\d)[\d.,:/% ]*+$")


def looks_like_header(rows: Sequence[Row]) -> bool:
    """Whether the first of `rows` names the columns below it."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return False
    cells = [cell.strip() for cell in rows[0]]
    filled = [cell for cell in cells if cell]
    return (
        all(cells[1:])
        and len(set(filled)) == len(filled)
        and not any(_NUMBER.match(cell) for cell in filled)
        and all(len(cell) <= 60 for cell in filled)
    )


def render_rows(rows: Sequence[Row], *, header: bool | None = None) -> list[str]:
    """One line per row below the header; see the module's rules.

    Args:
        rows: cells as text; rows may be of different length.
        header: whether the first row is one; None = decide by `looks_like_header`.
    """
    rows = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return []
    width = max(len(row) for row in rows)
    # Columns that are empty everywhere come from merged cells and layout.
    used = [column for column in range(width) if any(column < len(row) and row[column] for row in rows)]
    rows = [tuple(row[column] if column < len(row) else "" for column in used) for row in rows]
    if len(used) == 1:
        return [row[0] for row in rows]
    if header is None:
        header = looks_like_header(rows)
    if header and len(rows) > 1:
        return [line for line in (_labelled(rows[0], row) for row in rows[1:]) if line]
    if len(used) == 2:
        return [f"{row[0]}: {row[1]}" if all(row) else row[0] or row[1] for row in rows]
    return ["; ".join(cell for cell in row if cell) for row in rows]


def _labelled(header: Row, row: Row) -> str:
    if not header[0]:
        values = "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(header[1:], row[1:], strict=True) if cell)
        return f"{row[0]} – {values}" if row[0] and values else row[0] or values
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(header, row, strict=True) if cell)

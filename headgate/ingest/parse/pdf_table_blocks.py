"""Tables of a PDF → blocks whose rows carry their headers, also where a table goes on over pages.

A table at the top of a page goes on with the one at the foot of the page before when its columns stand in the same places. Where its
header is printed again, that is left out; where it is not, rows get the header of the first page. No row of data becomes a header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.cell_kinds import cell_kind
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.pdf_columns import Part
from headgate.ingest.parse.pdf_grids import GridTable
from headgate.ingest.parse.pdf_tables import TextTable
from headgate.ingest.parse.table_grid import Row, tidy
from headgate.ingest.parse.table_header import header_depth, lone_text
from headgate.ingest.parse.tables import table_blocks

_CONTINUED = re.compile(
    r"continued|cont\.|cont'd|fortsetzung|fortgesetzt|suite|continuaci[oó]n|continuação|vervolg", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Open:
    """A table that may go on. `header`: its rows of column names, none where it has none; `rows`: those below."""

    table: GridTable | TextTable
    header: tuple[Row, ...]
    rows: tuple[Row, ...]


def blocks_of_tables(pages: dict[int, list[Part]], left_out: list[LeftOut]) -> dict[tuple[int, int], list[Block]]:
    """(page, which of its parts) → blocks, of the parts that are tables. A caption that only says that a table goes on is emptied."""
    blocks: dict[tuple[int, int], list[Block]] = {}
    last: _Open | None = None
    for number, parts in sorted(pages.items()):
        first = True
        for place, part in enumerate(parts):
            if isinstance(part, list):
                continue
            fresh = _opened(part)
            caption = [line for before in parts[:place] if isinstance(before, list) for line in before]
            if first and last and _goes_on(last, fresh, [line.text for line in caption]):
                repeated = _repeated(last, part.rows)
                left_out += [leave_out("running_header", _text(row)) for row in part.rows[:repeated]]
                left_out += [leave_out("running_header", line.text) for line in caption]
                for before in parts[:place]:
                    if isinstance(before, list):
                        before.clear()
                fresh = _Open(part, last.header, tuple(part.rows[repeated:]))
                blocks[number, place] = table_blocks((*fresh.header, *fresh.rows), decide=False, page=number)
            else:
                blocks[number, place] = table_blocks(part.rows, page=number)
            first, last = False, fresh
        if parts and isinstance(parts[-1], list) and parts[-1]:
            last = None
    return blocks


def _opened(table: GridTable | TextTable) -> _Open:
    """A table with its header told from its rows; title rows above the header belong to neither."""
    rows = tidy(table.rows)
    titles = 0
    while titles < len(rows) - 2 and lone_text(rows[titles]) is not None:
        titles += 1
    rows = rows[titles:]
    depth = header_depth(rows, records=False) if len(rows) > 1 and len(rows[0].cells) > 1 else 0
    return _Open(table, tuple(replace(row, header="told") for row in rows[:depth]), tuple(rows[depth:]))


def _goes_on(last: _Open, fresh: _Open, caption: Sequence[str]) -> bool:
    """Whether a table at the top of a page is the rest of one at the foot of the page before."""
    if not _same_columns(last.table.xs, fresh.table.xs):
        return False
    if caption and (len(caption) > 2 or not any(_CONTINUED.search(text) for text in caption)):
        return False
    return _repeated(last, fresh.table.rows) > 0 or not _has_header_of_its_own(last, fresh)


def _same_columns(xs: Sequence[float], others: Sequence[float]) -> bool:
    """Whether columns begin and end in the same places, up to a fiftieth of the table's width; the outer ends of text may differ."""
    if len(xs) != len(others):
        return False
    near = max(0.02 * (xs[-1] - xs[0]), 4.0)
    inner = all(abs(x - other) <= near for x, other in zip(xs[1:-1], others[1:-1], strict=True))
    return inner and abs(xs[0] - others[0]) <= 4 * near


def _repeated(last: _Open, rows: Sequence[Row]) -> int:
    """How many rows at the top say the header again."""
    count = len(last.header)
    return count if count and list(map(_text, rows[:count])) == list(map(_text, last.header)) else 0


def _has_header_of_its_own(last: _Open, fresh: _Open) -> bool:
    """Whether the first row names columns: it is bold and the rows of the table before are not, or it has words over other kinds."""
    first = fresh.table.rows[0]
    if first.header == "shown" and not any(row.header for row in last.rows):
        return True
    if not fresh.header:
        return False
    rows = [*last.rows, *fresh.rows]
    for column, name in enumerate(fresh.header[-1].cells):
        kinds = [cell_kind(row.cells[column].text) for row in rows if column < len(row.cells) and row.cells[column].text]
        if cell_kind(name.text) == "words" and len(kinds) >= 2 and sum(kind != "words" for kind in kinds) >= 0.8 * len(kinds):
            return True
    return False


def _text(row: Row) -> str:
    return " ".join(cell.text for cell in row.cells if cell.text and not cell.left and not cell.above)

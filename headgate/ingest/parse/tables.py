"""Tables as text in which every row can be quoted alone, by one rule for all formats.

    marks and cells ──table_header──► header rows ──► title lines, then one line a row: `Zone: North; Parcel, 2 kg: 4.10`

A row repeats the names of its columns. The cost is repetition; the gain is that a row that is retrieved or quoted without its table still
says what it means. The rules:

title           a lone cell, or one merged over all columns, above the rest: text before the table
several levels  names joined by commas: `2025, Q1: 3`; a row of units belongs to the names: `Weight (kg): 12`
row headers     an empty corner, or cells marked as labels: `Price – Basic: 10; Team: 49`, without column names `Monday: 9–12; 14–18`
no header       two columns are label and value, `Customer: Acme Ltd`; more stand beside each other, `Ana; Lima; Red`; so do two in a data file
merged cells    text merged downwards stands in each row, text merged across belongs to each column's name; across all columns it is a
                line of its own, and where it is marked as header it names the rows below: `Europe – Country: France`
empty columns   their names stand in a last line of their own, so that no word is lost
repeated header once; another header below begins a table of its own
one column      a line a cell; one cell alone is no table but text
long rows       several lines, each with the row's first cell
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.cell_kinds import cell_kind
from headgate.ingest.parse.table_grid import Cell, Row, plain_rows, tidy
from headgate.ingest.parse.table_header import header_depth, is_units, lone_text, spreads

#: Size of a line; a row that is longer goes on in further lines, each with its first cell. Digits count threefold, as they cost tokens.
_MAX_LINE = 700
_MAX_ROW_NAME = 120
_MAX_REPEATED = 60  # characters of a text that spans columns
_LABEL_END = " :："
#: Ends of a label that need no colon.
_ENDS = ("?", "!", "？", "！")


@dataclass(frozen=True, slots=True)
class TableText:
    """`above`: title lines; `lines`: at least one a row."""

    above: tuple[str, ...]
    lines: tuple[str, ...]
    is_table: bool


def table_blocks(rows: Iterable[Row], *, records: bool = False, decide: bool = True, **place: Any) -> list[Block]:
    """Blocks of a table: text for its title lines and for a lone cell, a table for the rest.

    Args:
        records: rows of a data file, where two columns are no pairs of label and value.
        decide: whether unmarked rows may be a header by what they hold.
        place: page, line and sheet of the blocks.
    """
    blocks: list[Block] = []
    for read in read_tables(rows, records=records, decide=decide):
        blocks += [Block("text", text, **place) for text in read.above]
        if read.lines:
            blocks.append(Block("table" if read.is_table else "text", "\n".join(read.lines), **place))
    return blocks


def render_rows(rows: Sequence[Sequence[str]], *, header: bool | None = None) -> list[str]:
    """All lines of a table without marks.

    Args:
        rows: cells as text; rows may be of different length.
        header: whether the first row names the columns; None = told by the cells.
    """
    made = plain_rows(rows, header_rows=1 if header and len(rows) > 1 else 0)
    tables = read_tables(made, decide=header is None)
    return [line for table in tables for line in (*table.above, *table.lines)]


def read_tables(rows: Iterable[Row], *, records: bool = False, decide: bool = True) -> list[TableText]:
    """The tables in a grid: a marked header in its middle begins another one.

    Args:
        decide: whether unmarked rows may be a header by what they hold.
    """
    tidied = tidy(rows)
    if not tidied:
        return []
    width = len(tidied[0].cells)
    if width == 1:
        return [TableText((), tuple(row.cells[0].text for row in tidied if not row.cells[0].above), len(tidied) > 1)]
    parts = _split_at_headers(tidied)
    if len(parts) == 1 and decide and not any(row.header for row in tidied):
        parts = _split_at_repeats(tidied)
    return [read for part in parts if (read := _read_one(part, records=records, decide=decide))]


def _split_at_headers(rows: list[Row]) -> list[list[Row]]:
    """Cut before marked header rows that differ from those in force; equal ones are left out, as are rows that repeat an unmarked one."""
    parts: list[list[Row]] = [[]]
    header: list[tuple[str, ...]] = []
    gathering = True
    for row in rows:
        if row.header == "told" and lone_text(row) is None:
            texts = _texts(row)
            if gathering:
                header.append(texts)
            elif texts in header:
                continue
            else:
                parts.append([])
                header, gathering = [texts], True
        elif not (gathering and lone_text(row) is not None):
            gathering = False
        parts[-1].append(row)
    return parts


def _split_at_repeats(rows: list[Row]) -> list[list[Row]]:
    """Cut unmarked rows before those that say mostly what the first one says and name no number: headers of further parts of the table."""
    first = [cell.text for cell in rows[0].cells]
    named = sum(map(bool, first))
    parts: list[list[Row]] = [[]]
    for number, row in enumerate(rows):
        texts = [cell.text for cell in row.cells]
        same = sum(1 for one, other in zip(first, texts, strict=True) if one and one == other)
        differs = texts != first and not any(cell_kind(text) == "number" for text in texts)
        if number > 1 and named > 2 and same >= 2 and same * 2 >= named and differs:
            parts.append([])
        parts[-1].append(row)
    return parts


def _read_one(rows: list[Row], *, records: bool, decide: bool) -> TableText | None:
    rows = tidy(rows)
    if not rows:
        return None
    above, rows = _take_titles(rows)
    rows = tidy(rows)
    width = len(rows[0].cells)
    if width == 1:
        return TableText(above, tuple(row.cells[0].text for row in rows), len(rows) > 1)
    once = _without_repeats(rows)
    depth = header_depth(once, records=records) if decide or rows[0].header else 0
    if depth:
        # Rows that repeat one which is no header are rows.
        rows = once
    if depth >= len(rows):
        return TableText(above, tuple(_beside(row.cells) for row in rows), len(rows) > 1 or width > 1)
    labels, untold = _labels(rows[:depth], width)
    above = (*above, *untold)
    lines: list[str] = []
    used: set[int] = set()  # columns whose name stands in a line
    section = ""
    body = rows[depth:]
    for number, row in enumerate(body):
        lone = lone_text(row)
        if lone is None and width > 2 and not records:
            lone = _lone_words(row)
        if lone is not None and not (labels[0] and (records or width == 2) and not row.cells[1].left):
            lines.append(lone)
            if row.header or row.cells[0].header:
                section = lone.rstrip(_LABEL_END) if number + 1 < len(body) else ""
            continue
        lines += _row_lines(row, labels, used, section=section, pairs=width == 2 and not records and not depth)
    if unused := [label for column, label in enumerate(labels) if label and column not in used]:
        lines.append("; ".join(_once(unused)))
    return TableText(above, tuple(lines), True)


def _take_titles(rows: list[Row]) -> tuple[tuple[str, ...], list[Row]]:
    """(lines above the table, the rest): lone cells of the first column, as long as a table of two rows is left."""
    above: list[str] = []
    position = 0
    least = 1 if any(row.header == "told" for row in rows) else 2
    while position < len(rows) - least and (text := lone_text(rows[position])) is not None:
        above.append(text)
        position += 1
    return tuple(above), rows[position:]


def _lone_words(row: Row) -> str | None:
    """The words of a row that holds nothing else, wherever they stand: a heading of the rows below."""
    own = [cell for cell in row.cells if cell.text and not cell.left]
    return own[0].text if len(own) == 1 and not own[0].above and cell_kind(own[0].text) == "words" else None


def _texts(row: Row) -> tuple[str, ...]:
    return tuple("" if cell.left else cell.text for cell in row.cells)


def _without_repeats(rows: list[Row]) -> list[Row]:
    """Without later rows that say exactly what the first one says, as headers of long tables do on every page."""
    first = _texts(rows[0])
    if sum(map(bool, first)) < 2 or any(text.replace(",", "").replace(".", "").isdigit() for text in first if text):
        return rows
    return [row for number, row in enumerate(rows) if number == 0 or _texts(row) != first]


def _labels(rows: list[Row], width: int) -> tuple[list[str], list[str]]:
    """(name of each column over all levels, names of which nobody can tell what columns they stand over).

    A level without merge marks reaches over empty cells to its right that a lower one fills.
    """
    levels: list[list[str]] = []
    untold: list[str] = []
    for number, row in enumerate(rows):
        below = [[cell.text for cell in lower.cells] for lower in rows[number + 1 :]]
        texts = [cell.text for cell in row.cells]
        own = [column for column, text in enumerate(texts) if text]
        if any(cell.left for cell in row.cells) or not (below or is_units(row)):
            levels.append(texts)
        elif len(own) == 1 and own[0] > 0:
            lone = texts[own[0]]
            named = [_nearest([level[column] for level in (below or levels[::-1])]) for column in range(1, width)]
            if spreads(lone, named):
                levels.append(["", *("" if is_units(row) and "%" in name else lone for name in named)])
            else:
                untold.append(lone)
        else:
            levels.append(_spread(texts, [any(lower[column] for lower in below) for column in range(width)]))
    return [_joined_label([texts[column] for texts in levels]) for column in range(width)], untold


def _nearest(texts: list[str]) -> str:
    return next((text for text in texts if text), "")


def _spread(texts: list[str], filled_below: list[bool]) -> list[str]:
    spread = list(texts)
    group = ""
    for column, text in enumerate(texts):
        if text:
            group = text if filled_below[column] else ""
        elif filled_below[column]:
            spread[column] = group
    return spread


def _joined_label(levels: list[str]) -> str:
    label = ""
    previous = ""
    for text in levels:
        cleaned = text.rstrip(_LABEL_END)
        if not cleaned or cleaned == previous:
            continue
        label = f"{label} {cleaned}" if label and cleaned[0] in "([" else f"{label.rstrip(' ,')}, {cleaned}" if label else cleaned
        previous = cleaned
    return label


def _row_lines(row: Row, labels: list[str], used: set[int], *, section: str, pairs: bool) -> list[str]:
    cells = row.cells
    marked = 0
    while marked < len(cells) - 1 and cells[marked].header:
        marked += 1
    if not any(labels):
        return [_pair(cells)] if pairs else [_unnamed(cells, marked)]
    names = marked if not any(labels[:marked]) else 0
    names = names or (1 if not labels[0] else 0)
    name = ", ".join(_once([cell.text for cell in cells[:names] if cell.text and not cell.left]))
    parts = _named_cells(cells, labels, used, names)
    name = ", ".join(filter(None, (section, name)))
    if not parts:
        return [name] if name else []
    first = f"{name} – " if name else ""
    return _wrapped(first, parts)


def _named_cells(cells: Sequence[Cell], labels: list[str], used: set[int], first: int) -> list[str]:
    """`name: text` of each filled cell from column `first` on. A short text that spans columns stands under the name of each, a long one once."""
    parts: list[str] = []
    for column in range(first, len(cells)):
        cell = cells[column]
        if not cell.text or (cell.left and column > first):
            continue
        end = column + 1
        while end < len(cells) and cells[end].left:
            end += 1
        names = _once([label for label in labels[column:end] if label])
        used.update(range(column, end))
        if len(cell.text) > _MAX_REPEATED:
            names = [", ".join(names)] if names else []
        parts += [f"{name}: {cell.text}" for name in names] or [cell.text]
    return parts


def _pair(cells: Sequence[Cell]) -> str:
    label, value = cells[0].text, cells[1].text if not cells[1].left else ""
    if ": " in label or len(label) > _MAX_ROW_NAME:
        return _beside(cells)  # a pair already, or a sentence
    return f"{_with_colon(label)} {value}" if label and value else label or value


def _with_colon(label: str) -> str:
    if label.endswith(_ENDS):
        return label
    return f"{label.rstrip(_LABEL_END)}:"


def _unnamed(cells: Sequence[Cell], marked: int) -> str:
    if not marked:
        return _beside(cells)
    name = ", ".join(_once([cell.text for cell in cells[:marked] if cell.text and not cell.left]))
    rest = _beside(cells[marked:])
    return f"{_with_colon(name)} {rest}" if name and rest else name or rest


def _beside(cells: Sequence[Cell]) -> str:
    """Cells one after the other; one that ends with a colon names the next."""
    line = ""
    for cell in cells:
        if not cell.text or cell.left:
            continue
        line += ("" if not line else " " if line.endswith((":", "：")) else "; ") + cell.text
    return line


def _wrapped(first: str, parts: list[str]) -> list[str]:
    """One line, or several that each begin with the row's name or first cell."""
    lead = first or (f"{parts[0]}; " if len(parts[0]) <= _MAX_ROW_NAME else "")
    lines: list[str] = []
    line: list[str] = []
    size = 0
    for part in parts:
        own = len(part) + 2 * sum(map(str.isdigit, part))
        if len(line) > (not first) and size + own > _MAX_LINE:
            lines.append("; ".join(line))
            line, size = [], len(lead)
        line.append(part)
        size += own
    lines.append("; ".join(line))
    return [(first if first or not number else lead) + line for number, line in enumerate(lines)]


def _once(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))

"""HTML tables → grids (table_grid.py): marked headers, merged cells, tables in cells of tables; and which tables only lay out a page.

header rows     those of `thead`, and rows of `th` alone, unless such a `th` is said to name a row
labels          `th` beside `td`, and `th` with scope=row
layout          role=presentation; a lone cell; without `th` of its own, a table that holds tables, headings or rules
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headgate.ingest.parse.raised_text import Level, Run, join_runs
from headgate.ingest.parse.table_grid import GridBuilder, HeaderMark, PlacedCell, Row
from headgate.text.numbers import whole_number

_MAX_SPAN = 1000  # the standard's own limit
_MAX_COLUMNS = 1000
#: Read elsewhere, or no text.
_OUTSIDE = frozenset({"caption", "colgroup", "col", "script", "style", "template", "noscript"})
_ROW_SCOPES = frozenset({"row", "rowgroup"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: A line of their own inside a cell; other tags are part of the line.
_LINES = frozenset(
    "address article aside blockquote br center dd details div dl dt fieldset figcaption figure footer form header hr li main nav ol p pre "
    "section summary ul".split()
)
_RAISED: dict[str, Level] = {"sup": "raised", "sub": "lowered"}
_SILENT = frozenset("script style template noscript svg iframe object select textarea button audio video canvas input".split())


@dataclass(slots=True)
class HtmlTable:
    """`inner`: tables that stand in its cells, or by mistake between its rows; `strays`: text outside of its cells."""

    rows: list[Row]
    inner: list[Any]
    strays: list[str]


def read_html_table(table: Any) -> HtmlTable:
    """Text of tables in its cells is left to them."""
    builder = GridBuilder(max_columns=_MAX_COLUMNS)
    read = HtmlTable(builder.rows, [], [])
    for row in _rows(table, read):
        cells = list(_cells(row, read))
        if cells:
            builder.add((_placed(cell, read.inner) for cell in cells), header=_mark(row, cells))
    return read


def is_layout(table: Any) -> bool:
    """Whether a table only lays out a page, so that its cells are read one after the other."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return True
    rest = HtmlTable([], [], [])
    cells = [cell for row in _rows(table, rest) for cell in _cells(row, rest)]
    if len(cells) == 1:
        return True
    if any(cell.tag == "th" for cell in cells) or any(child.tag in ("caption", "thead") for child in table):
        return False
    return any(item.tag == "table" or item.tag in _HEADINGS for cell in cells for item in cell.iterdescendants())


def _rows(container: Any, read: HtmlTable) -> Iterator[Any]:
    """In the order they are shown: the foot last, wherever it is written. Tags that have no place in a table are looked into."""
    feet: list[Any] = []
    _keep(container.text, read)
    for child in container:
        if child.tag == "tr":
            yield child
        elif child.tag == "tfoot":
            feet.append(child)
        elif child.tag == "table":
            read.inner.append(child)
        elif child.tag not in _OUTSIDE and isinstance(child.tag, str):
            yield from _rows(child, read)
        _keep(child.tail, read)
    for foot in feet:
        yield from _rows(foot, read)


def _cells(container: Any, read: HtmlTable) -> Iterator[Any]:
    _keep(container.text, read)
    for child in container:
        if child.tag in ("td", "th"):
            yield child
        elif child.tag == "table":
            read.inner.append(child)
        elif child.tag not in _OUTSIDE and isinstance(child.tag, str):
            yield from _cells(child, read)
        _keep(child.tail, read)


def _keep(text: str | None, read: HtmlTable) -> None:
    if text and text.strip():
        read.strays.append(" ".join(text.split()))


def _mark(row: Any, cells: list[Any]) -> HeaderMark:
    if next(row.iterancestors("thead", "table")).tag == "thead":
        return "told"
    filled = [cell for cell in cells if _has_text(cell)]
    if filled and all(cell.tag == "th" for cell in filled):
        return "" if any((cell.get("scope") or "").lower() in _ROW_SCOPES for cell in filled) else "told"
    return "shown" if filled and all(_is_bold(cell) for cell in filled) and len(filled) > 1 else ""


def _has_text(cell: Any) -> bool:
    return bool("".join(cell.itertext()).strip())


def _is_bold(cell: Any) -> bool:
    """Whether all of a cell's text is in one `b` or `strong`."""
    text = "".join("".join(cell.itertext()).split())
    return any("".join("".join(strong.itertext()).split()) == text for strong in cell.iter("b", "strong"))


def _placed(cell: Any, inner: list[Any]) -> PlacedCell:
    return PlacedCell(cell_text(cell, inner), _span(cell, "colspan"), _span(cell, "rowspan"), cell.tag == "th")


def _span(cell: Any, name: str) -> int:
    return max(1, min(whole_number(cell.get(name, "1")) or 1, _MAX_SPAN))


def cell_text(cell: Any, inner: list[Any], *, line_break: str = " ") -> str:
    """The text of a cell; lines and items of lists are set off, words are never joined or torn apart. A cell that holds pictures alone
    says what they show.

    Args:
        inner: takes the tables that stand in the cell.
        line_break: what lines are set off by.
    """
    from lxml import etree

    runs: list[Run] = []
    pictures: list[str] = []
    levels: list[Level] = [""]
    walker = etree.iterwalk(cell, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        if event == "end":
            if tag in _LINES or tag == "table":
                runs.append(Run(line_break))
            if tag in _RAISED:
                levels.pop()
            if element is not cell and element.tail:
                runs.append(Run(element.tail, levels[-1]))
            continue
        if tag in _RAISED:
            levels.append(_RAISED[tag])
        if tag == "table":
            inner.append(element)
            walker.skip_subtree()
            continue
        if tag in _SILENT:
            walker.skip_subtree()
            continue
        if tag in _LINES:
            runs.append(Run(line_break))
        if tag == "img" and (alternative := element.get("alt") or ""):
            pictures.append(alternative)
        if element.text:
            runs.append(Run(element.text, levels[-1]))
    text = join_runs(runs)
    if line_break == " ":
        text = " ".join(text.split())
    else:
        text = line_break.join(filter(None, (" ".join(line.split()) for line in text.split(line_break))))
    return text or " ".join(" ".join(pictures).split())

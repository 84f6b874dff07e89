"""Ruled tables of a PDF page: cells between rules that cross, and the words in them.

Boxes lie over each other on a page: its background, a frame, a coloured panel, the border of a form. A cell is therefore the smallest
rectangle whose corners are crossings and whose sides are drawn; cells that share a corner are one grid. A grid is a table when it
holds whole words, in two columns and two rows or more, most of its rows filled; any other is just decoration around text.

    rules ──grids──► [Grid, …] ──table_in(words)──► rows of cells, or None
"""

from __future__ import annotations

import itertools
import statistics
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headgate.ingest.parse.pdf_page import Box
from headgate.ingest.parse.pdf_words import Word, joined, lines_of
from headgate.ingest.parse.table_grid import Cell, HeaderMark, Row

_NEAR = 2.5  # points; rules that lie nearer than this are one, and meet
_SHORTEST = 5.0  # points; shorter rules are parts of letters and pictures
_MAX_EDGES = 1500  # of one direction; more make a drawing
#: Cells with more words than this, in the mean, are boxes that lay out prose.
_PROSE = 60
_MOST = 0.5


@dataclass(frozen=True, slots=True)
class Edge:
    """A rule, level (`at` is its height) or upright (`at` is its x)."""

    at: float
    start: float
    end: float

    def covers(self, start: float, end: float) -> bool:
        return self.start - _NEAR <= start and end <= self.end + _NEAR


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells that touch. `xs` and `ys`: where columns and rows begin and end, rising."""

    cells: tuple[Box, ...]
    xs: tuple[float, ...]
    ys: tuple[float, ...]

    @property
    def box(self) -> Box:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]


@dataclass(frozen=True, slots=True)
class GridTable:
    """A ruled table. `xs`: where its columns begin and end."""

    box: Box
    xs: tuple[float, ...]
    rows: list[Row]


def grids(rules: Iterable[Box]) -> list[Grid]:
    """The cells among a page's rules, in groups that touch; a box that stands alone is a grid of one cell."""
    level, upright = _edges(rules)
    if not level or not upright or len(level) > _MAX_EDGES or len(upright) > _MAX_EDGES:
        return []
    level, upright = _with_open_sides(level, upright)
    found: list[Grid] = []
    for cells in _touching(_cells(level, upright)):
        xs = _distinct([x for cell in cells for x in (cell[0], cell[2])])
        ys = _distinct([y for cell in cells for y in (cell[1], cell[3])])
        found.append(Grid(tuple(cells), tuple(xs), tuple(ys)))
    return found


def _edges(rules: Iterable[Box]) -> tuple[list[Edge], list[Edge]]:
    """(level, upright) edges, those in one line joined."""
    level: list[Edge] = []
    upright: list[Edge] = []
    for x0, y0, x1, y1 in rules:
        if x1 - x0 >= y1 - y0:
            level.append(Edge((y0 + y1) / 2, x0, x1))
        else:
            upright.append(Edge((x0 + x1) / 2, y0, y1))
    return _joined(level), _joined(upright)


def _joined(edges: list[Edge]) -> list[Edge]:
    groups: list[list[Edge]] = []
    for edge in sorted(edges, key=lambda edge: edge.at):
        if groups and edge.at - groups[-1][0].at <= _NEAR:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    result: list[Edge] = []
    for group in groups:
        at = statistics.median(edge.at for edge in group)
        start, end = 0.0, -1.0
        for edge in sorted(group, key=lambda edge: edge.start):
            if end >= start and edge.start <= end + _NEAR:
                end = max(end, edge.end)
                continue
            if end - start >= _SHORTEST:
                result.append(Edge(at, start, end))
            start, end = edge.start, edge.end
        if end - start >= _SHORTEST:
            result.append(Edge(at, start, end))
    return result


def _with_open_sides(level: list[Edge], upright: list[Edge]) -> tuple[list[Edge], list[Edge]]:
    """With the outer sides of tables that are drawn open: rules of one length above each other, with an upright one between them."""
    return _joined([*level, *_ends(upright, level)]), _joined([*upright, *_ends(level, upright)])


def _ends(along: list[Edge], across: list[Edge]) -> list[Edge]:
    """The edges that close, at both ends, pairs of neighbouring `along` edges that one of `across` connects."""
    groups: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    for edge in along:
        groups[round(edge.start / 4), round(edge.end / 4)].append(edge)
    closing: list[Edge] = []
    for group in groups.values():
        group.sort(key=lambda edge: edge.at)
        for lower, upper in itertools.pairwise(group):
            start, end = min(lower.start, upper.start), max(lower.end, upper.end)
            between = [one for one in across if start + _NEAR < one.at < end - _NEAR and one.covers(lower.at, upper.at)]
            if between and upper.at - lower.at < 200:
                closing += [Edge(start, lower.at, upper.at), Edge(end, lower.at, upper.at)]
    return closing


def _cells(level: list[Edge], upright: list[Edge]) -> list[Box]:
    """The smallest rectangles with crossings at their corners and edges along their sides."""
    columns: dict[int, list[int]] = defaultdict(list)  # upright edge → level edges that it crosses, rising
    crossed: set[tuple[int, int]] = set()
    rows: dict[int, list[int]] = defaultdict(list)
    for line, edge in enumerate(level):
        for post, other in enumerate(upright):
            if edge.covers(other.at, other.at) and other.covers(edge.at, edge.at):
                columns[post].append(line)
                rows[line].append(post)
                crossed.add((line, post))
    cells: list[Box] = []
    for line, posts in rows.items():
        for place, post in enumerate(posts):
            above = columns[post][bisect_right(columns[post], line) :]
            cell = _smallest(above, posts[place + 1 :], crossed)
            if cell:
                top, right = cell
                cells.append((upright[post].at, level[line].at, upright[right].at, level[top].at))
    return cells


def _smallest(above: Sequence[int], beside: Sequence[int], crossed: set[tuple[int, int]]) -> tuple[int, int] | None:
    """The nearest (level edge above, upright edge beside) that cross each other too."""
    for top in above:
        for right in beside:
            if (top, right) in crossed:
                return top, right
    return None


def _touching(cells: list[Box]) -> list[list[Box]]:
    """Cells in groups that share corners."""
    owner = list(range(len(cells)))

    def root(place: int) -> int:
        while owner[place] != place:
            owner[place] = owner[owner[place]]
            place = owner[place]
        return place

    corners: dict[tuple[float, float], int] = {}
    for place, (x0, y0, x1, y1) in enumerate(cells):
        for corner in ((x0, y0), (x0, y1), (x1, y0), (x1, y1)):
            first = corners.setdefault(corner, place)
            owner[root(place)] = root(first)
    groups: dict[int, list[Box]] = defaultdict(list)
    for place, cell in enumerate(cells):
        groups[root(place)].append(cell)
    return list(groups.values())


def _distinct(values: list[float]) -> list[float]:
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > _NEAR:
            result.append(value)
    return result


def table_in(grid: Grid, words: Sequence[Word], page: int) -> GridTable | None:
    """The table in a grid; None where what it holds is no table.

    Args:
        words: those inside of its box.
    """
    if len(grid.xs) < 3 or len(grid.ys) < 3:
        return None
    held: dict[Box, list[Word]] = defaultdict(list)
    astray = 0
    for word in words:
        cell = next((cell for cell in grid.cells if _holds(cell, word)), None)
        if cell is None:
            astray += 1
        else:
            held[cell].append(word)
            astray += _sticks_out(cell, word)
    if astray > max(0.03 * len(words), 0) or not held:
        return None
    texts = {cell: joined([line.text for line in lines_of(found, page)]) for cell, found in held.items()}
    rows = _rows(grid, texts)
    filled = [sum(bool(cell.text) and not cell.left for cell in row) for row in rows]
    several = sum(count >= 2 for count in filled)
    columns = sum(sum(bool(row[column].text) for row in rows) >= 2 for column in range(len(grid.xs) - 1))
    if several < 2 or several < _MOST * sum(count > 0 for count in filled) or columns < 2:
        return None
    if sum(len(text.split()) for text in texts.values()) > _PROSE * len(texts):
        return None
    bold = [_is_bold(grid, held, row) for row in range(len(rows))]
    kept = [place for place, count in enumerate(filled) if count]
    marks = header_marks([bold[place] for place in kept])
    return GridTable(grid.box, grid.xs, [Row(tuple(rows[place]), mark) for place, mark in zip(kept, marks, strict=True)])


def _holds(cell: Box, word: Word) -> bool:
    return cell[0] - 1 <= (word.x0 + word.x1) / 2 <= cell[2] + 1 and cell[1] - 1 <= word.middle <= cell[3] + 1


def _sticks_out(cell: Box, word: Word) -> bool:
    """Whether a word reaches over its cell's sides by more than a letter."""
    return max(cell[0] - word.x0, word.x1 - cell[2]) > max(0.5 * word.size, _NEAR)


def header_marks(bold: Sequence[bool]) -> list[HeaderMark]:
    """Rows at the top that are set in bold, above others that are not, look like a header."""
    top = next((place for place, one in enumerate(bold) if not one), 0)
    return ["shown" if place < top else "" for place in range(len(bold))]


def _rows(grid: Grid, texts: dict[Box, str]) -> list[list[Cell]]:
    """Rows from the top, with marks where a cell spans rows or columns."""
    rows = [[Cell()] * (len(grid.xs) - 1) for _ in range(len(grid.ys) - 1)]
    for box, text in texts.items():
        left, top = _place(grid.xs, box[0]), _place(grid.ys, box[3])
        for level in range(_place(grid.ys, box[1]), top):
            for column in range(left, _place(grid.xs, box[2])):
                rows[len(rows) - 1 - level][column] = Cell(text, left=column > left, above=level < top - 1)
    return rows


def _is_bold(grid: Grid, held: dict[Box, list[Word]], row: int) -> bool:
    level = len(grid.ys) - 2 - row
    words = [
        word for cell, found in held.items() if _place(grid.ys, cell[1]) <= level < _place(grid.ys, cell[3]) for word in found
    ]
    return bool(words) and all(word.bold for word in words)


def _place(values: Sequence[float], value: float) -> int:
    """Which of rising values `value` is, up to what counts as one line."""
    return bisect_left(values, value - _NEAR)

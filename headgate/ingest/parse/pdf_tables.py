"""Tables on a PDF page: from ruling lines where there are any, else from cells that stand side by side in the same columns."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

#: x0, y0, x1, y1 of a drawn line or box, points from the page's lower left corner.
Rule = tuple[float, float, float, float]

_BULLET_ONLY = re.compile(r"^(?:[•●◦▪‣·–*-]|\(?\d{1,2}[.)])$")


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    x0: float
    x1: float
    y0: float  # from the page's bottom, points
    y1: float
    size: float  # font size, points
    bold: bool
    page: int
    margin: bool  # in the outer 8 % of the page's height
    glyphs: tuple[tuple[float, str], ...] = ()  # middle x and text of every character


@dataclass(frozen=True, slots=True)
class Table:
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class _Region:
    """A ruled grid: sorted x and y of its rules."""

    xs: list[float]
    ys: list[float]

    def holds(self, line: Line) -> bool:
        middle = (line.y0 + line.y1) / 2
        return self.xs[0] - 2 <= (line.x0 + line.x1) / 2 <= self.xs[-1] + 2 and self.ys[0] - 1 <= middle <= self.ys[-1] + 1


def ruled_regions(rules: list[Rule]) -> list[_Region]:
    """Grids of at least two columns and two rows among a page's rules."""
    groups: list[list[Rule]] = []
    for rule in rules:
        touching = [group for group in groups if any(_touch(rule, other) for other in group)]
        merged = [rule, *(other for group in touching for other in group)]
        groups = [group for group in groups if group not in touching] + [merged]
        if len(rules) > 3000:
            return []
    regions = []
    for group in groups:
        xs = _distinct(
            [x for x0, y0, x1, y1 in group for x in (x0, x1) if y1 - y0 > 3 or x1 - x0 < 3]
            or [x for r in group for x in (r[0], r[2])]
        )
        ys = _distinct([y for x0, y0, x1, y1 in group for y in (y0, y1)])
        if len(xs) >= 3 and len(ys) >= 3:
            regions.append(_Region(xs, ys))
    return regions


def _touch(a: Rule, b: Rule) -> bool:
    slack = 2.0  # points
    return a[0] - slack <= b[2] and b[0] - slack <= a[2] and a[1] - slack <= b[3] and b[1] - slack <= a[3]


def _distinct(values: list[float]) -> list[float]:
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > 3:
            result.append(value)
    return result


def in_reading_order(lines: list[Line], regions: list[_Region]) -> Iterable[list[Line] | Table]:
    """Runs of text lines and tables, top to bottom."""
    inside: dict[int, list[Line]] = defaultdict(list)
    outside: list[Line] = []
    for line in lines:
        region = next((number for number, region in enumerate(regions) if region.holds(line)), None)
        if region is None:
            outside.append(line)
        else:
            inside[region] += _split_at_rules(line, regions[region])
    parts: list[tuple[float, list[Line] | Table]] = []
    for number, members in inside.items():
        parts.append((regions[number].ys[-1], Table(_grid(members, regions[number]))))
    tops = sorted((top for top, _ in parts), reverse=True)
    runs: dict[int, list[Line]] = defaultdict(list)
    for line in outside:
        runs[sum(1 for top in tops if line.y0 < top)].append(line)
    result: list[list[Line] | Table] = []
    tables = [table for _, table in sorted(parts, key=lambda part: -part[0])]
    for number in range(len(tables) + 1):
        result += _split_columns(runs.get(number, []))
        if number < len(tables):
            result.append(tables[number])
    return result


def _split_at_rules(line: Line, region: _Region) -> list[Line]:
    """A line that runs through cells standing close together, as one line for each cell."""
    parts: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for x, text in line.glyphs:
        parts[sum(1 for rule in region.xs if rule <= x)].append((x, text))
    if len(parts) < 2:
        return [line]
    joined = [(glyphs, "".join(text for _, text in glyphs).strip()) for _, glyphs in sorted(parts.items())]
    return [replace(line, text=text, x0=glyphs[0][0], x1=glyphs[-1][0], glyphs=tuple(glyphs)) for glyphs, text in joined if text]


def _grid(lines: list[Line], region: _Region) -> list[list[str]]:
    cells: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in lines:
        row = sum(1 for y in region.ys if y > (line.y0 + line.y1) / 2)
        column = sum(1 for x in region.xs if x <= line.x0 + 2)
        cells[row, column].append(line)
    rows = sorted({row for row, _ in cells})
    columns = range(1, len(region.xs))
    return [
        [" ".join(line.text for line in sorted(cells.get((row, column), []), key=lambda line: -line.y0)) for column in columns]
        for row in rows
    ]


def _split_columns(lines: list[Line]) -> list[list[Line] | Table]:
    """Unruled tables among text lines: rows of cells whose left edges agree with the row above."""
    rows: list[list[Line]] = []
    for line in lines:
        row = next(
            (row for row in rows[-40:] if abs((row[0].y0 + row[0].y1) / 2 - (line.y0 + line.y1) / 2) < line.size * 0.45), None
        )
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    if all(len(row) == 1 for row in rows):
        return [lines] if lines else []
    wide = [row for row in rows if len(row) >= 2 and not _BULLET_ONLY.match(min(row, key=lambda line: line.x0).text)]
    if _is_two_column_page(wide, rows):
        return [lines]
    rows.sort(key=lambda row: -row[0].y1)
    result: list[list[Line] | Table] = []
    text: list[Line] = []
    table: list[list[Line]] = []

    def close() -> None:
        nonlocal table
        if len(table) >= 2:
            result.append(Table(_aligned(table)))
        else:
            for row in table:
                text.extend(row)
        table = []

    for row in rows:
        row.sort(key=lambda line: line.x0)
        bullet = _BULLET_ONLY.match(row[0].text)
        if len(row) >= 2 and not bullet:
            if text and len(table) == 0:
                result.append(text)
                text = []
            table.append(row)
            continue
        close()
        text.append(replace(row[0], text=" ".join(line.text for line in row), x1=row[-1].x1))
    close()
    if text:
        result.append(text)
    return result


def _is_two_column_page(wide: list[list[Line]], rows: list[list[Line]]) -> bool:
    """Prose set in two columns: nearly every row has two long lines with one gap at the same place."""
    if len(wide) < 8 or len(wide) * 2 < len(rows):
        return False
    return all(len(row) == 2 for row in wide) and statistics.median(len(line.text) for row in wide for line in row) > 30


def _aligned(rows: list[list[Line]]) -> list[list[str]]:
    """Cells by the columns of the widest row."""
    widest = max(rows, key=len)
    starts = [line.x0 for line in sorted(widest, key=lambda line: line.x0)]
    grid = []
    for row in rows:
        cells = [""] * len(starts)
        for line in row:
            column = min(range(len(starts)), key=lambda position: abs(starts[position] - line.x0))
            cells[column] = f"{cells[column]} {line.text}".strip()
        grid.append(cells)
    return grid

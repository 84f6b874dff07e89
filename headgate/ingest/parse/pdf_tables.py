"""What stands side by side on a page without rules: columns of running text, a table, or a list with hanging numbers.

Running text is told by how it breaks: a line ends because its next word did not fit, and the sentence goes on in the next line. Cells
of a table begin anew. Where cells hold several lines, they begin on the lines on which the other columns' cells begin.
"""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from headgate.ingest.parse.pdf_grids import header_marks
from headgate.ingest.parse.pdf_page import Box
from headgate.ingest.parse.pdf_words import Line, Word, joined, lines_of
from headgate.ingest.parse.table_grid import Cell, Row

Arrangement = Literal["columns", "table", "list", "numbered", "lines"]
_HANGING = re.compile(
    r"[•●◦▪‣·○■□◆►➢✓*–—-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,3}(?:\.\d{1,3})+\.?|§+\s?\d+[a-z]?|\[\d{1,3}\]"
)
_NUMBER = re.compile(r"\d{1,4}")
_ENDS = re.compile(r"[.!?:;。！？…][\"'”’»)\]]?$")
_NO_CASE = re.compile(r"[\u0590-\u08ff\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0900-\u0dff]")
#: Words in a line, in the mean, from which it may be one of running text.
_LONG = 2.8
_SMALLER = 0.93  # times the size of the text: notes in its margin
_SAME_LINE = 0.35  # of the font's size
_LOOSE = 1.75  # leading, in parts of the font's size; lines further apart are not of one paragraph


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table without rules. `xs`: where its columns begin and end."""

    box: Box
    xs: tuple[float, ...]
    rows: list[Row]


def arrangement(columns: Sequence[Sequence[Word]], page: int) -> Arrangement:
    """How words in columns are read. `list`: the first column holds the numbers or bullets of the second; `numbered`: those of its lines."""
    lines = [lines_of(words, page) for words in columns]
    if any(not column for column in lines):
        return "lines"
    marks = [line.text for line in lines[0]]
    if any(map(_HANGING.fullmatch, marks)) and all(_HANGING.fullmatch(mark) or _NUMBER.fullmatch(mark) for mark in marks):
        return "list"
    prose = [_is_prose(column) for column in lines]
    if all(prose):
        return "table" if _cells_begin_together(lines) else "columns"
    if len(lines) == 2 and prose[1] and all(map(_NUMBER.fullmatch, marks)):
        return "numbered" if _counts_lines(lines[0], lines[1]) else "list"
    if any(prose):
        if _are_notes([column for column, running in zip(lines, prose, strict=True) if not running], lines[prose.index(True)]):
            return "columns"
        starts = [line for column, running in zip(lines, prose, strict=True) if running for line in _starts(column)]
        others = [line for column, running in zip(lines, prose, strict=True) if not running for line in column]
        if len({len(column) for column in lines}) == 1 and _share_beside(others, lines[prose.index(True)]) == 1:
            return "table"  # a line beside every line: names that happen to look like sentences
        if _share_beside(others, starts) >= 0.7:
            return "table"
        # Scraps that stand beside lines, as the numbers at the right of a form, say nothing without them.
        scraps = statistics.mean(_length(line) for line in others) <= 2
        running = [line for column, run in zip(lines, prose, strict=True) if run for line in column]
        return "table" if scraps and _share_beside(others, running) >= 0.8 else "columns"
    beside = [_share_beside(column, [line for other in lines if other is not column for line in other]) for column in lines]
    return "table" if statistics.median(beside) >= 0.6 else "columns"


def _are_notes(columns: Sequence[Sequence[Line]], running: Sequence[Line]) -> bool:
    """Whether columns beside running text are notes in its margin: words in smaller type, on no more lines."""
    size = statistics.median(line.size for line in running)
    return all(
        statistics.median(line.size for line in column) < _SMALLER * size
        and len(column) <= len(running)
        and statistics.mean(_length(line) for line in column) > 1.5
        for column in columns
    )


def holds_marks(words: Sequence[Word], beside: Sequence[Word], page: int) -> bool:
    """Whether a column holds nothing but the numbers or bullets of the lines beside it."""
    marks, lines = lines_of(words, page), lines_of(beside, page)
    return (
        bool(marks)
        and len(marks) <= len(lines)
        and all(_HANGING.fullmatch(mark.text) or _NUMBER.fullmatch(mark.text) for mark in marks)
        and _share_beside(marks, lines) >= 0.8
    )


def _counts_lines(numbers: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether numbers grow by one step, and most stand beside lines that do not begin anything."""
    steps = {int(below.text) - int(above.text) for above, below in pairwise(numbers)}
    return len(steps) == 1 and steps <= {1, 2, 5, 10} and _share_beside(numbers, _starts(lines)) < 0.6


def _is_prose(lines: Sequence[Line]) -> bool:
    """Whether lines of one column are running text, broken where the next word did not fit."""
    if len(lines) < 2 or statistics.mean(_length(line) for line in lines) < _LONG:
        return False
    right = max(line.x1 for line in lines)
    pairs = [(above, below) for above, below in pairwise(lines) if _is_close(above, below)]
    going_on = sum(_goes_on(above, below, right) for above, below in pairs)
    return bool(pairs) and going_on >= 0.4 * len(pairs) and 2 * len(pairs) >= len(lines) - 1


def _length(line: Line) -> float:
    """Words; for scripts without spaces, three characters count as one."""
    return max(len(line.text.split()), len(_NO_CASE.findall(line.text)) / 3)


def _is_close(above: Line, below: Line) -> bool:
    return abs(above.size - below.size) <= 0.1 * above.size and above.middle - below.middle <= _LOOSE * above.size


def _goes_on(above: Line, below: Line, right: float) -> bool:
    """Whether the first word of a line would not have fitted on the line above, whose sentence it goes on with."""
    if above.x1 + 0.2 * above.size + below.first < right - 1:
        return False
    if _NO_CASE.search(below.text[:1]) or below.text[:1].isdigit():
        return not _ENDS.search(above.text)
    return below.text[:1].islower() or above.text[-1:] in "-\u2010\u00ad,("


def _starts(lines: Sequence[Line]) -> list[Line]:
    """Lines that do not go on with the one above."""
    right = max(line.x1 for line in lines)
    return [
        line
        for place, line in enumerate(lines)
        if place == 0 or not _is_close(lines[place - 1], line) or not _goes_on(lines[place - 1], line, right)
    ]


def _share_beside(lines: Sequence[Line], others: Sequence[Line]) -> float:
    """Share of `lines` that stand on one line with any of `others`."""
    heights = [line.middle for line in others]
    return sum(any(abs(line.middle - height) <= _SAME_LINE * line.size for height in heights) for line in lines) / len(lines)


def _cells_begin_together(columns: Sequence[Sequence[Line]]) -> bool:
    """Whether columns of running text are cells: two or more of their paragraphs begin side by side after a gap, and hardly any alone."""
    after_gaps = []
    for lines in columns:
        steps = [above.middle - below.middle for above, below in pairwise(lines)]
        usual = min(steps)
        after_gaps.append([below for step, below in zip(steps, lines[1:], strict=True) if step > 1.2 * usual])
    if min(len(found) for found in after_gaps) < 2:
        return False
    return all(
        _share_beside(found, [line for other in after_gaps if other is not found for line in other]) >= 0.8
        for found in after_gaps
    )


def table_of(
    columns: Sequence[Sequence[Word]], gutters: Sequence[tuple[float, float]], page: int, *, right_to_left: bool = False
) -> TextTable | None:
    """The table whose columns are given; None where fewer than two of its rows, or not half of them, have two cells."""
    lines = [lines_of(words, page) for words in columns]
    bands = _bands(lines)
    rows: list[list[list[Line]]] = []
    for place, band in enumerate(bands):
        if rows and _belongs_above(bands, place, rows[-1], lines):
            for cell, found in zip(rows[-1], band, strict=True):
                cell += found
        else:
            rows.append([list(found) for found in band])
    if len(rows) >= 3 and _is_top_of_header(rows[0], rows[1]):
        rows[:2] = [[upper + lower for upper, lower in zip(rows[0], rows[1], strict=True)]]
    filled = [sum(bool(cell) for cell in row) for row in rows]
    if sum(count >= 2 for count in filled) < max(2, 0.5 * len(rows)):
        return None
    texts = [[joined([line.text for line in cell]) for cell in row] for row in rows]
    marks = header_marks([all(line.bold for cell in row for line in cell) for row in rows])
    every = [line for column in lines for line in column]
    box = (
        min(line.x0 for line in every),
        min(line.y0 for line in every),
        max(line.x1 for line in every),
        max(line.y1 for line in every),
    )
    xs = (box[0], *((start + end) / 2 for start, end in gutters), box[2])
    made = [Row(tuple(map(Cell, row[::-1] if right_to_left else row)), mark) for row, mark in zip(texts, marks, strict=True)]
    return TextTable(box, xs, made)


def _bands(columns: Sequence[Sequence[Line]]) -> list[list[list[Line]]]:
    """Lines that stand side by side, from the top: for each band, for each column, its lines."""
    placed = sorted(((line, place) for place, lines in enumerate(columns) for line in lines), key=lambda found: -found[0].middle)
    bands: list[tuple[float, dict[int, list[Line]]]] = []
    for line, place in placed:
        if not bands or bands[-1][0] - line.middle > _SAME_LINE * line.size:
            bands.append((line.middle, defaultdict(list)))
        bands[-1][1][place].append(line)
    return [[cells.get(place, []) for place in range(len(columns))] for _, cells in bands]


def _height(band: Sequence[Sequence[Line]]) -> float:
    return max(line.middle for cell in band for line in cell)


def _belongs_above(
    bands: Sequence[Sequence[Sequence[Line]]], place: int, row: Sequence[Sequence[Line]], columns: Sequence[Sequence[Line]]
) -> bool:
    """Whether a band goes on with the cells of the row above it."""
    band = bands[place]
    size = max(line.size for cell in band for line in cell)
    step = _height(bands[place - 1]) - _height(band)
    if step > _LOOSE * size:
        return False
    steps = [_height(upper) - _height(lower) for upper, lower in pairwise(bands)]
    wide = [one for one in steps if one > 1.25 * step]
    full = sum(bool(cell) for cell in band) == len(band)
    if (
        wide
        and len(wide) * 4 >= len(steps)
        and step <= 1.4 * size
        and not (full and len(band) > 2 and not _all_go_on(band, row, columns))
    ):
        return True
    if band[0]:
        return False
    return _all_go_on(band, row, columns)


def _all_go_on(band: Sequence[Sequence[Line]], row: Sequence[Sequence[Line]], columns: Sequence[Sequence[Line]]) -> bool:
    """Whether every cell of a band goes on with a line above it in its column."""
    for cell, above, lines in zip(band, row, columns, strict=True):
        if not cell:
            continue
        if not above or abs(above[-1].size - cell[0].size) > 0.1 * cell[0].size or above[-1].bold != cell[0].bold:
            return False
        right = max(line.x1 for line in lines)
        small = cell[0].text[:1].islower()
        full = above[-1].x1 + 0.2 * cell[0].size + cell[0].first >= right - 1
        if not (small or (full and not _ENDS.search(above[-1].text) and _length(above[-1]) > 1.5)):
            return False
    return True


def _is_top_of_header(upper: Sequence[Sequence[Line]], lower: Sequence[Sequence[Line]]) -> bool:
    """Whether the first row holds the upper lines of names that stand on the second: fewer of them, close above, in the same type."""
    above, below = [line for cell in upper for line in cell], [line for cell in lower for line in cell]
    if sum(bool(cell) for cell in upper) * 2 > len(upper) or not all(cell for cell in lower):
        return False
    close = above[0].middle - below[0].middle <= 1.35 * above[0].size
    return close and not upper[0] and all(line.bold == below[0].bold for line in above)

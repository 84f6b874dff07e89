"""Headers, footers and page numbers of a PDF's pages, told from its text.

    three pages and more    what stands at the same height of most pages, from the edge inwards; at the very edge also what changes
                            from chapter to chapter, or only in its digits
    two pages               at the very edge of both
    one page                at the very edge, set smaller than the text, and speaking as footers do
    any                     a page's number, and what stands on one line with it at the very edge

A row of a table is none, whether it has rules or not, wherever it stands and however often it is repeated.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from headgate.ingest.parse.pdf_page import Box
from headgate.ingest.parse.pdf_words import Word, rows_of

_EDGE = 0.08  # outer share of a page's height where headers and footers stand
_REACH = 0.2  # as far inwards as they go
_APART = 1.6  # times a row's size: what stands nearer to the text is a line of it
#: A page's number that says what it is, and one that does not.
_NAMED_NUMBER = re.compile(
    r"(?:page|pages|seite|página|pagina|strona|sida|side|p\.|s\.)\s*(\d{1,4}|[ivxl]{1,6})(?:\s*(?:/|of|von|de|di|sur|av|z)\s*\d{1,4})?"
    r"|(\d{1,4})\s*(?:/|of|von|de|di|sur|av|z)\s*\d{1,4}|[-–—]\s*(\d{1,4})\s*[-–—]",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"\d{1,4}|[ivxl]{1,6}")
_FOOTER = re.compile(
    r"©|\(c\)|confidential|all rights reserved|vertraulich|www\.|https?://|(?:page|seite|página)\s*\d", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Row:
    """Words that stand at one height of a page. `from_top`, `from_foot`: how far from the page's edges, as a share of its height."""

    page: int
    words: tuple[Word, ...]
    from_top: float
    from_foot: float
    in_table: bool
    gap: float  # to the row that is nearer to the middle of the page, in parts of its size

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def at_edge(self) -> bool:
        return min(self.from_top, self.from_foot) < _EDGE

    @property
    def size(self) -> float:
        return statistics.median(word.size for word in self.words)


def page_rows(page: int, box: Box, words: Sequence[Word]) -> list[Row]:
    """The rows of a page outside of its ruled tables, from the top."""
    height = max(box[3] - box[1], 1.0)
    rows = rows_of(words)
    aligned = [_aligned(upper, lower) for upper, lower in pairwise(rows)]
    found: list[Row] = []
    for place, row in enumerate(rows):
        middle = statistics.median(word.middle for word in row)
        in_table = (place > 0 and aligned[place - 1]) or (place < len(aligned) and aligned[place])
        inwards = rows[place + 1 : place + 2] if 2 * middle > box[1] + box[3] else rows[place - 1 : place] if place else []
        gap = abs(middle - statistics.median(word.middle for word in inwards[0])) / row[0].size if inwards else 99.0
        found.append(Row(page, tuple(row), (box[3] - middle) / height, (middle - box[1]) / height, in_table, gap))
    return found


def _aligned(upper: Sequence[Word], lower: Sequence[Word]) -> bool:
    """Whether two rows that follow closely have cells in the same columns: two starts or ends, or more, agree."""
    size = max(word.size for word in (*upper, *lower))
    if max(word.middle for word in upper) - min(word.middle for word in lower) > 2.6 * size:
        return False
    above, below = _cells(upper), _cells(lower)
    if len(above) < 2 or len(below) < 2:
        return False
    agreeing = sum(any(min(abs(a[0] - b[0]), abs(a[1] - b[1])) <= 3 for b in below) for a in above)
    return agreeing >= 2


def _cells(row: Sequence[Word]) -> list[tuple[float, float]]:
    cells: list[tuple[float, float]] = []
    for word in row:
        if cells and word.x0 - cells[-1][1] < 0.6 * word.size:
            cells[-1] = (cells[-1][0], max(word.x1, cells[-1][1]))
        else:
            cells.append((word.x0, word.x1))
    return cells


def furniture(rows: Sequence[Row], pages: int, body: float) -> list[Row]:
    """The rows that are none of the text.

    Args:
        rows: of all pages.
        pages: how many pages the file has.
        body: font size of its running text.
    """
    by_page: dict[int, list[Row]] = defaultdict(list)
    seen: dict[tuple[str, int], set[int]] = defaultdict(set)
    for row in rows:
        by_page[row.page].append(row)
        for key in _keys(row):
            seen[key].add(row.page)
    offset = _page_offset(rows, pages)

    def is_furniture(row: Row) -> bool:
        if row.in_table:
            return False
        if row.at_edge and row.gap >= _APART and _has_page_number(row, offset):
            return True
        shared = max(len(seen[key]) for key in _keys(row))
        if pages == 1:
            return row.at_edge and row.size < 0.95 * body and bool(_FOOTER.search(row.text))
        if pages == 2:
            return row.at_edge and shared == 2
        # What is set large and stands on some pages only may be a heading.
        return 2 * shared > pages or (row.at_edge and row.size <= 1.3 * body and shared >= max(3, pages // 8))

    found: list[Row] = []
    for on_page in by_page.values():
        from_top = takewhile(lambda row: row.from_top < _REACH and is_furniture(row), on_page)
        from_foot = takewhile(lambda row: row.from_foot < _REACH and is_furniture(row), reversed(on_page))
        found += {id(row): row for row in (*from_top, *from_foot)}.values()
    return found


def _page_offset(rows: Sequence[Row], pages: int) -> int | None:
    """What is added to the place of a page in the file to get the number printed on it, where numbers that stand alone agree on it."""
    offsets = Counter(
        int(number) - row.page
        for row in rows
        if row.at_edge and not row.in_table
        for number in {*_numbers_apart(row)}
        if number.isdecimal()
    )
    if not offsets:
        return None
    offset, count = offsets.most_common(1)[0]
    return offset if count >= 2 or (pages == 1 and offset == 0) else None


def _has_page_number(row: Row, offset: int | None) -> bool:
    """Whether a row is a page's number, or begins or ends with one that stands apart."""
    numbers = _numbers_apart(row)
    whole = row.text.strip("-–—|·• ")
    if _NAMED_NUMBER.fullmatch(row.text) or any(_NAMED_NUMBER.fullmatch(text) for text in _ends(row)):
        return True
    if offset is not None and str(row.page + offset) in numbers:
        return True
    return bool(_BARE_NUMBER.fullmatch(whole)) and len(whole) <= 3


def _numbers_apart(row: Row) -> list[str]:
    return [text for text in _ends(row) if _BARE_NUMBER.fullmatch(text)]


def _ends(row: Row) -> list[str]:
    """The first and the last group of words of a row."""
    cells: list[list[Word]] = []
    for word in row.words:
        if cells and word.x0 - cells[-1][-1].x1 < word.size:
            cells[-1].append(word)
        else:
            cells.append([word])
    return [" ".join(word.text for word in cell).strip("|·• ") for cell in (cells[0], cells[-1])]


def _keys(row: Row) -> list[tuple[str, int]]:
    """What a row is known again by: its text, at the very edge without digits, and its height up to four points."""
    text = re.sub(r"\d+", "#", row.text) if row.at_edge and re.search(r"[^\W\d]", row.text) else row.text
    height = round(row.words[0].y0 / 4)
    return [(text, height), (text, height + 1)]

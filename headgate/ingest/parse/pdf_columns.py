"""Words, ruled tables and framed boxes of a page → parts in reading order: runs of lines, and tables.

A page is cut where a strip stays empty over several lines with text on both sides of it (a gutter). What stands on both sides is read
column by column, or row by row where it is a table (pdf_tables.py). A heading or a paragraph that crosses the strip ends it. Each
column is cut again in the same way, so that a table inside a column is found. What stands in a box of its own is read together.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.pdf_bidi import is_right_to_left
from headgate.ingest.parse.pdf_grids import GridTable
from headgate.ingest.parse.pdf_page import Box
from headgate.ingest.parse.pdf_tables import TextTable, arrangement, holds_marks, table_of
from headgate.ingest.parse.pdf_words import Line, Word, lines_of

#: (start, end) of an empty strip, points.
Span = tuple[float, float]
_ENDLESS = 1e6
_SPACE = 0.45  # of the font's size: wider than a space between words
_MAX_DEPTH = 6
#: Least width of a gutter by the lines beside it, in parts of the font's size; the gaps of justified type seldom stay on two lines.
_WIDTHS = ((6, 0.5), (3, 0.7), (2, 1.0))
_TALL = 40.0  # points; smaller pictures stand in a line
_ALL = 0.9  # of a page's words; what holds more is the page's own frame
_LARGER = 1.15  # a heading, against the text around it


@dataclass(frozen=True, slots=True)
class Framed:
    """What stands in a box of its own, in reading order."""

    box: Box
    parts: tuple[Part, ...]


Part: TypeAlias = "list[Line] | GridTable | TextTable"
Placed: TypeAlias = GridTable | Framed


@dataclass(slots=True)
class _Band:
    """Words and tables that share a height."""

    y0: float
    y1: float
    words: list[Word] = field(default_factory=list)
    blocks: list[Placed] = field(default_factory=list)

    def boxes(self) -> list[Box]:
        return [(word.x0, word.y0, word.x1, word.y1) for word in self.words] + [block.box for block in self.blocks]

    def empty(self) -> list[Span]:
        """Strips without content, the endless ones on both sides included. The space between two words of one size is none."""
        spans: list[Span] = []
        at, before = -_ENDLESS, 0.0
        sized = [(word.x0, word.x1, word.size) for word in self.words] + [
            (block.box[0], block.box[2], 0.0) for block in self.blocks
        ]
        for x0, x1, size in sorted(sized):
            if x0 - at > _SPACE * min(size, before):
                spans.append((at, x0))
            if x1 > at:
                at, before = x1, size
        return [*spans, (at, _ENDLESS)]

    @property
    def x0(self) -> float:
        return min(box[0] for box in self.boxes())

    @property
    def x1(self) -> float:
        return max(box[2] for box in self.boxes())


def in_reading_order(
    words: Sequence[Word],
    tables: Sequence[GridTable],
    frames: Sequence[Box],
    page: int,
    left_out: list[LeftOut],
    *,
    pictures: Sequence[Box] = (),
) -> list[Part]:
    """Runs of lines and tables, from the first to the last that is read.

    Args:
        frames: boxes that are drawn around something.
        left_out: the numbers of numbered lines are added to it.
        pictures: boxes of pictures, which keep columns apart as text does.
    """
    outside = list(words)
    placed: list[Placed] = [Framed(box, ()) for box in pictures if _is_tall(box)]
    loose = list(tables)
    outer = _outer(frames, words)
    # A drawing without text fills a place as a picture does.
    placed += [Framed(box, ()) for box in outer if _is_tall(box) and not any(lies_in(box, word) for word in words)]
    unframed = [word for word in words if not any(lies_in(frame, word) for frame in outer)]
    for frame in outer:
        inside = [word for word in outside if lies_in(frame, word)]
        if not _holds_lines_of_its_own(frame, inside, unframed):
            continue
        held = [table for table in loose if _contains(frame, table.box)]
        inner = [other for other in frames if other != frame and _contains(frame, other)]
        placed.append(Framed(frame, tuple(in_reading_order(inside, held, inner, page, left_out))))
        taken = set(map(id, inside))
        outside = [word for word in outside if id(word) not in taken]
        loose = [table for table in loose if table not in held]
    return list(_arranged(outside, [*placed, *loose], page, 0, left_out))


def lies_in(box: Box, word: Word) -> bool:
    """Whether the middle of a word is inside of a box."""
    return box[0] - 1 <= (word.x0 + word.x1) / 2 <= box[2] + 1 and box[1] - 1 <= word.middle <= box[3] + 1


def _is_tall(box: Box) -> bool:
    return box[3] - box[1] > _TALL and box[2] - box[0] > _TALL


def _outer(frames: Sequence[Box], words: Sequence[Word]) -> list[Box]:
    """Frames that lie in no other one, apart from those around nearly everything."""
    kept = [frame for frame in frames if sum(lies_in(frame, word) for word in words) <= _ALL * len(words)]
    return [frame for frame in kept if not any(other != frame and _contains(other, frame) for other in kept)]


def _contains(outer: Box, inner: Box) -> bool:
    return outer[0] - 1 <= inner[0] and outer[1] - 1 <= inner[1] and inner[2] <= outer[2] + 1 and inner[3] <= outer[3] + 1


def _holds_lines_of_its_own(frame: Box, inside: Sequence[Word], unframed: Sequence[Word]) -> bool:
    """Whether a frame holds two lines or more, whole: nothing sticks out, and no line goes on close beside it."""
    if len(inside) < 2 or max(word.middle for word in inside) - min(word.middle for word in inside) < inside[0].size:
        return False
    if any(word.x0 < frame[0] - 2 or word.x1 > frame[2] + 2 for word in inside):
        return False
    beside = [word for word in unframed if frame[1] < word.middle < frame[3]]
    return not any(-1 <= max(word.x0 - frame[2], frame[0] - word.x1) < word.size for word in beside)


def _arranged(words: list[Word], placed: list[Placed], page: int, depth: int, left_out: list[LeftOut]) -> Iterator[Part]:
    bands = _bands(words, placed)
    size = statistics.median(word.size for word in words) if words else 10.0
    flow: list[_Band] = []
    place = 0
    while place < len(bands):
        end, gutters = _columnar(bands, place, size) if depth < _MAX_DEPTH else (place, [])
        if gutters:
            run = [*_begun_above(flow, gutters, size), *bands[place:end]]
            flow = flow[: len(flow) - len(run) + end - place]
            parts = _side_by_side(run, gutters, page, depth, left_out)
            if parts is None:
                flow += run
            else:
                yield from _flowing(flow, page)
                flow = []
                yield from parts
            place = end
        else:
            flow.append(bands[place])
            place += 1
    yield from _flowing(flow, page)


def _bands(words: list[Word], placed: list[Placed]) -> list[_Band]:
    """From the top. A word's height is taken without the room above and below its letters, so that close lines stay apart."""
    spans: list[tuple[float, float, Word | Placed]] = []
    spans += [(word.y0 + 0.25 * word.size, word.y1 - 0.25 * word.size, word) for word in words]
    spans += [(block.box[1], block.box[3], block) for block in placed]
    bands: list[_Band] = []
    for y0, y1, content in sorted(spans, key=lambda span: (-span[1], -span[0])):
        if not bands or y1 <= bands[-1].y0:
            bands.append(_Band(y0, y1))
        band = bands[-1]
        band.y0 = min(band.y0, y0)
        if isinstance(content, Word):
            band.words.append(content)
        else:
            band.blocks.append(content)
    return bands


def _flowing(bands: list[_Band], page: int) -> Iterator[Part]:
    """Bands without columns: their lines, with the tables between them."""
    words: list[Word] = []
    for band in bands:
        words += band.words
        if band.blocks:
            if words:
                yield lines_of(words, page)
            words = []
            for block in sorted(band.blocks, key=lambda block: (-block.box[3], block.box[0])):
                yield from block.parts if isinstance(block, Framed) else (block,)
    if words:
        yield lines_of(words, page)


def _columnar(bands: Sequence[_Band], start: int, size: float) -> tuple[int, list[Span]]:
    """(end, gutters) of the run of bands from `start` on that share a gutter; no gutters where they share none."""
    spans: list[Span] = [(-_ENDLESS, _ENDLESS)]
    left, right = _ENDLESS, -_ENDLESS
    lines: dict[Span, int] = {}  # gutter → lines with text on both sides
    end = start
    for band in bands[start:]:
        met = _common(spans, band.empty())
        x0, x1 = min(left, band.x0), max(right, band.x1)
        inner = {span: 0 for span in met if span[0] >= x0 - 0.1 and span[1] <= x1 + 0.1 and span[1] - span[0] >= 0.5 * size}
        if end == start and (not inner or not any(_both_sides(band, span) for span in inner)):
            return start, []
        lost = [span for span, count in lines.items() if count >= 2 and not any(_within(one, span) for one in inner)]
        if not inner or lost or (end > start and _is_heading(bands, end, inner, size)):
            break
        count = max(round((band.y1 - band.y0) / (1.2 * size)), 1)
        for span in inner:
            before = max((known for one, known in lines.items() if _within(span, one)), default=0)
            inner[span] = before + (count if _both_sides(band, span) else 0)
        spans, left, right, lines = met, x0, x1, inner
        end += 1
    gutters = [
        span
        for span, count in lines.items()
        if any(count >= least and span[1] - span[0] >= part * size for least, part in _WIDTHS)
    ]
    gutters.sort()
    return (_without_tail(bands, start, end, gutters, size), gutters) if gutters else (start, [])


def _begun_above(flow: Sequence[_Band], gutters: list[Span], size: float) -> Sequence[_Band]:
    """The last of the bands above columns, from one that stands to the right of the gutters on: a column that begins between two lines."""
    start = len(flow)
    for place in range(len(flow) - 1, -1, -1):
        band, below = flow[place], flow[place + 1] if place + 1 < len(flow) else None
        if below is not None and band.y0 - below.y1 > 2 * size:
            break
        if band.x0 > gutters[-1][1] - 0.1:
            start = place
        elif band.x1 > gutters[0][0] + 0.1:
            break
    # The first column's lines right above are of one paragraph with it.
    while start < len(flow) and start > 0:
        if flow[start - 1].x1 > gutters[0][0] + 0.1 or flow[start - 1].y0 - flow[start].y1 > size:
            break
        start -= 1
    return flow[start:]


def _common(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    place = 0
    for start, end in spans:
        while place < len(others) and others[place][1] <= start:
            place += 1
        at = place
        while at < len(others) and others[at][0] < end:
            found.append((max(start, others[at][0]), min(end, others[at][1])))
            at += 1
    return found


def _within(inner: Span, outer: Span) -> bool:
    return outer[0] - 0.1 <= inner[0] and inner[1] <= outer[1] + 0.1


def _both_sides(band: _Band, span: Span) -> bool:
    return band.x0 < span[0] + 0.1 and band.x1 > span[1] - 0.1


def _is_heading(bands: Sequence[_Band], place: int, gutters: dict[Span, int], size: float) -> bool:
    """Whether a band stands in one column only, clear of what is above and below it in the others, and is set larger than the text: it
    heads what is below, over all columns."""
    band = bands[place]
    alone = not any(_both_sides(band, span) for span in gutters)
    if not alone or not band.words or band.blocks or any(word.size < _LARGER * size for word in band.words):
        return False
    return place + 1 == len(bands) or bands[place - 1].y0 - bands[place + 1].y1 >= 2 * max(word.size for word in band.words)


def _without_tail(bands: Sequence[_Band], start: int, end: int, gutters: list[Span], size: float) -> int:
    """Without the last bands that stand in the first column only, unless they follow its text closely, are broken at its width or stand in boxes as wide as it."""
    last = end
    while last - start > 1:
        band = bands[last - 1]
        if band.x1 > gutters[0][0] + 0.1:
            break
        last -= 1
    column = [word for band in bands[start:last] for word in band.words if word.x1 <= gutters[0][0] + 0.1]
    if column:
        left, right = min(word.x0 for word in column), max(word.x1 for word in column)
        for place in range(end - 1, last - 1, -1):
            if _is_as_wide(bands[place], left, right):
                last = place + 1
                break
            if place + 1 < end and _runs_on(bands[place], bands[place + 1], left, right, size):
                last = place + 2
                break
    while last < end and bands[last - 1].y0 - bands[last].y1 < 1.0 * size and not bands[last].blocks:
        above = [word for word in bands[last - 1].words if word.x1 <= gutters[0][0] + 0.1]
        lowest = min(above, key=lambda word: word.y0, default=None)
        if lowest is None or any(abs(word.size - lowest.size) > 0.1 * size for word in bands[last].words):
            break
        last += 1
    return last


def _is_as_wide(band: _Band, left: float, right: float) -> bool:
    """Whether a band is a box or table drawn from the left side of a column to its right one."""
    near = 0.05 * (right - left)
    return bool(band.blocks) and all(
        abs(box[0] - left) <= near and abs(box[2] - right) <= near for box in (one.box for one in band.blocks)
    )


def _runs_on(band: _Band, below: _Band, left: float, right: float, size: float) -> bool:
    """Whether two bands are lines of one paragraph in a column: the first word of the lower one did not fit on the upper one."""
    for one in (band, below):
        if (
            not one.words
            or one.blocks
            or abs(one.x0 - left) > size
            or any(abs(word.size - size) > 0.1 * size for word in one.words)
        ):
            return False
    first = min(below.words, key=lambda word: word.x0)
    return band.y0 - below.y1 < size and band.x1 + 0.2 * size + first.x1 - first.x0 >= right - 1


def _side_by_side(
    bands: Sequence[_Band], gutters: list[Span], page: int, depth: int, left_out: list[LeftOut]
) -> list[Part] | None:
    """Columns one after the other, or one table; None where the gaps mean nothing and the lines are read through."""
    words = [word for band in bands for word in band.words]
    placed = [block for band in bands for block in band.blocks]
    turned = sum(is_right_to_left(word.text) for word in words) * 2 > len(words)
    while True:
        columns = _parted(words, gutters)
        kind = "columns" if any(not isinstance(block, Framed) or block.parts for block in placed) else arrangement(columns, page)
        if kind == "list":
            gutters = gutters[1:]
            if not gutters:
                return None
            continue
        if kind == "numbered":
            left_out.append(leave_out("markup", " ".join(word.text for word in columns[0])))
            return list(_arranged(columns[1], [], page, depth + 1, left_out))
        if kind == "lines":
            return None
        if kind == "table":
            table = table_of(columns, gutters, page, right_to_left=turned)
            return None if table is None else [table]
        break
    gutters = [
        span
        for place, span in enumerate(gutters)
        if not holds_marks(columns[place], columns[place + 1], page)
        and not (place == len(gutters) - 1 and holds_marks(columns[-1], columns[-2], page))
    ]
    if not gutters:
        return None
    columns = _parted(words, gutters)
    parts: list[Part] = []
    edges = [-_ENDLESS, *((start + end) / 2 for start, end in gutters), _ENDLESS]
    places = range(len(columns) - 1, -1, -1) if turned else range(len(columns))
    for place in places:
        inside = [block for block in placed if edges[place] <= (block.box[0] + block.box[2]) / 2 < edges[place + 1]]
        parts += _arranged(columns[place], inside, page, depth + 1, left_out)
    return parts


def _parted(words: Sequence[Word], gutters: Sequence[Span]) -> list[list[Word]]:
    """The words of each column."""
    columns: list[list[Word]] = [[] for _ in range(len(gutters) + 1)]
    for word in words:
        columns[sum(word.x0 >= end - 0.1 for _, end in gutters)].append(word)
    return columns

"""The pages of a PDF → their parts in reading order, and what is no part of the text.

    Page ──► words ──► ruled tables taken out ──► headers and footers taken out ──► columns, tables, runs of lines

Text that stands otherwise than most of its page (turned, aslant, letter below letter) is read after it, or in the cell of a table in which it lies.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.pdf_columns import Part, in_reading_order, lies_in
from headgate.ingest.parse.pdf_furniture import furniture, page_rows
from headgate.ingest.parse.pdf_grids import GridTable, grids, table_in
from headgate.ingest.parse.pdf_page import Box, Glyph, Page, turned, upright
from headgate.ingest.parse.pdf_stacked import take_stacked
from headgate.ingest.parse.pdf_words import Line, Word, lines_of, words_of_glyphs

#: Characters without meaning: unknown ones, those of private areas, control characters.
UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff\x00-\x08\x0e-\x1f]")
#: Dots that lead the eye, and lines to write on.
_LEADER = re.compile(r"[.·…_]{4,}|…{2,}|(?:\. ?){5,}")
_MANY_PICTURES = 100
_MANY_DOTS = 5  # that stand alone on one line
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Layout:
    """`body`: font size of most of the text, points. `pages`: number → parts in reading order."""

    pages: dict[int, list[Part]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    body: float = 0.0


@dataclass(slots=True)
class _Sheet:
    """A page while it is taken apart."""

    page: Page
    words: list[Word]
    tables: list[GridTable]
    frames: list[Box]
    aslant: list[Line]


def lay_out(pages: Sequence[Page]) -> Layout:
    """Parts of all pages; what repeats on them is told by looking at all."""
    left_out: list[LeftOut] = []
    sheets = [_sheet(upright(page), left_out) for page in pages]
    weights: Counter[float] = Counter()
    for sheet in sheets:
        for word in sheet.words:
            weights[word.size] += len(word.text)
    body = max(weights, key=lambda size: (weights[size], size), default=0.0)
    rows = [row for sheet in sheets for row in page_rows(sheet.page.number, sheet.page.box, sheet.words)]
    dropped: dict[int, set[int]] = defaultdict(set)
    found = furniture(rows, len(pages), body)
    if len(found) == len(rows) and not any(sheet.tables for sheet in sheets):
        found = []  # a file of headers alone is a text
    for row in found:
        dropped[row.page] |= {id(word) for word in row.words}
        left_out.append(leave_out("running_header", row.text))
    aslant = _without_repeated([sheet.aslant for sheet in sheets], left_out)
    result: dict[int, list[Part]] = {}
    for sheet, lines in zip(sheets, aslant, strict=True):
        number = sheet.page.number
        words = [word for word in sheet.words if id(word) not in dropped[number]]
        result[number] = in_reading_order(
            words, sheet.tables, sheet.frames, number, left_out, pictures=_free(sheet.page.pictures, words)
        )
        # Its size says nothing: a watermark is no heading.
        result[number] += [[replace(line, size=body, bold=False, aslant=True)] for line in lines]
    return Layout(result, left_out, body)


def _sheet(page: Page, left_out: list[LeftOut]) -> _Sheet:
    by_turn: dict[float, list[Glyph]] = defaultdict(list)
    for glyph in page.glyphs:
        by_turn[glyph.turn].append(glyph)
    words = _readable(words_of_glyphs(by_turn.pop(0.0, [])), left_out)
    words = _without_struck(words, page, left_out)
    stacked, words = take_stacked(words, page.number)
    other = {turn: _readable(words_of_glyphs(glyphs), left_out) for turn, glyphs in by_turn.items()}
    tables: list[GridTable] = []
    frames: list[Box] = []
    for grid in grids(page.rules):
        inside = [word for word in words if lies_in(grid.box, word)]
        upright_words = {id(word) for word in inside}
        turned_words = [word for turn, found in other.items() for word in found if lies_in(grid.box, _on_page(word, turn))]
        table = table_in(
            grid,
            [*inside, *(_on_page(word, turn) for turn, found in other.items() for word in found if word in turned_words)],
            page.number,
        )
        if table is None:
            frames += [grid.box] if len(grid.xs) == 2 else grid.cells
        else:
            tables.append(table)
            words = [word for word in words if id(word) not in upright_words]
            other = {turn: [word for word in found if word not in turned_words] for turn, found in other.items()}
    aslant = [*stacked, *(line for turn in sorted(other) for line in lines_of(other[turn], page.number))]
    return _Sheet(page, words, tables, frames, aslant)


def _free(pictures: Sequence[Box], words: Sequence[Word]) -> list[Box]:
    """Pictures that no text lies on: they fill a place of their own. Hundreds of them make a drawing."""
    if len(pictures) > _MANY_PICTURES:
        return []
    return [box for box in pictures if not any(lies_in(box, word) for word in words)]


def _on_page(word: Word, turn: float) -> Word:
    """A turned word with its box on the page."""
    x0, y0, x1, y1 = turned(word.x0, word.y0, word.x1, word.y1, -turn)
    return replace(word, x0=x0, y0=y0, x1=x1, y1=y1)


def _readable(words: Sequence[Word], left_out: list[LeftOut]) -> list[Word]:
    """Words without glyphs that say nothing. Inside of a word, one that is unknown stays as U+FFFD, for what is around it is no word alone."""
    kept: list[Word] = []
    dots = Counter(round(word.y0) for word in words if word.text == ".")
    for word in words:
        if word.text == "." and dots[round(word.y0)] >= _MANY_DOTS:
            continue
        if _LEADER.search(word.text):
            if text := _LEADER.sub(" ", word.text).strip():
                kept.append(replace(word, text=text))
            continue
        if not UNREADABLE.search(word.text):
            kept.append(word)
            continue
        letters = any(character.isalnum() for character in word.text)
        text = _PRIVATE.sub("", word.text) if letters else "•" if _is_bullet(word, words) else ""
        if not letters:
            left_out.append(leave_out("unreadable", word.text, words=int(not text)))
        if text:
            kept.append(replace(word, text=text))
    return kept


def _is_bullet(word: Word, words: Sequence[Word]) -> bool:
    """Whether a glyph without a character begins a line: nothing stands close to its left, something does to its right."""
    beside = [other for other in words if other is not word and abs(other.middle - word.middle) < 0.4 * word.size]
    before = any(0 <= word.x0 - other.x1 < 2 * word.size for other in beside)
    return len(word.text) == 1 and not before and any(0 <= other.x0 - word.x1 < 4 * word.size for other in beside)


def _without_struck(words: list[Word], page: Page, left_out: list[LeftOut]) -> list[Word]:
    """Without words that a rule runs through, at the height at which text is crossed out."""
    level = [rule for rule in page.rules if rule[3] - rule[1] < 2 and rule[2] - rule[0] > 3]
    struck = [word for word in words if _is_struck(word, words, level, page.struck)]
    if not struck:
        return words
    gone = {id(word) for word in struck}
    left_out.append(leave_out("struck_out", " ".join(word.text for word in struck)))
    return [word for word in words if id(word) not in gone]


def _is_struck(word: Word, words: Sequence[Word], rules: Sequence[Box], marked: Sequence[Box]) -> bool:
    wide = 0.8 * (word.x1 - word.x0)
    across = any(
        _at_strike((rule[1] + rule[3]) / 2, word)
        and min(rule[2], word.x1) - max(rule[0], word.x0) >= wide
        and _ends_with_words(rule, words)
        for rule in rules
    )
    return across or any(y0 <= word.middle <= y1 and min(x1, word.x1) - max(x0, word.x0) >= wide for x0, y0, x1, y1 in marked)


def _at_strike(height: float, word: Word) -> bool:
    return word.y0 + 0.34 * word.size <= height <= word.y0 + 0.62 * word.size


def _ends_with_words(rule: Box, words: Sequence[Word]) -> bool:
    """Whether a rule ends about where words do: one that goes on beside them is the side of a box, or a line to write on."""
    height = (rule[1] + rule[3]) / 2
    crossed = [word for word in words if _at_strike(height, word) and word.x1 > rule[0] and word.x0 < rule[2]]
    size = max(word.size for word in crossed)
    return min(word.x0 for word in crossed) - rule[0] <= size and rule[2] - max(word.x1 for word in crossed) <= size


def _without_repeated(aslant: Sequence[list[Line]], left_out: list[LeftOut]) -> list[list[Line]]:
    """Without what stands turned or aslant in the same place of most pages: watermarks and notes in the margin."""
    if len(aslant) < 2:
        return list(aslant)
    seen = Counter((line.text, round(line.x0 / 8)) for lines in aslant for line in lines)
    often = {key for key, count in seen.items() if 2 * count > len(aslant)}
    left_out += [
        leave_out("running_header", line.text) for lines in aslant for line in lines if (line.text, round(line.x0 / 8)) in often
    ]
    return [[line for line in lines if (line.text, round(line.x0 / 8)) not in often] for lines in aslant]

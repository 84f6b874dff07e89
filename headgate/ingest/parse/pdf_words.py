"""Glyphs → words → lines of text.

A word ends at a space that was written, or where the next glyph stands further away than letters do: measured against the line's own
spacing, so that `H E A D I N G S` set wide stay words. Lines are made of words later, inside one column or cell (`lines_of`), never
across.

    raised digits       10^6, 30^1: by the rule of raised_text.py
    drawn twice         a glyph on top of its like, as for bold type or shadows, counts once
    right to left       in logical order (pdf_bidi.py)
    accents             that are drawn over a letter are one character with it
"""

from __future__ import annotations

import itertools
import re
import statistics
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from headgate.ingest.parse.pdf_bidi import is_right_to_left, logical_order
from headgate.ingest.parse.pdf_page import Box, Glyph
from headgate.ingest.parse.raised_text import Level, Run, join_runs

#: Gaps in parts of the font's size. Between letters there is hardly any; a space is about a quarter.
_GAP = 0.14
#: Where spaces are written, a gap is one only if it is this large: kerning and justified type come close to a small one.
_GAP_BESIDE_SPACES = 0.3
#: Further away than this, the next glyph begins a new word whatever the spacing.
_FAR = 0.9
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})  # fmt: skip
#: Accents that are drawn as characters of their own, as by TeX, and what they are above a letter.
_ACCENTS = {
    "`": "\u0300", "\u00b4": "\u0301", "^": "\u0302", "\u02c6": "\u0302", "~": "\u0303", "\u02dc": "\u0303", "\u00af": "\u0304", "\u02d8": "\u0306",
    "\u02d9": "\u0307", "\u00a8": "\u0308", "\u02da": "\u030a", "\u02dd": "\u030b", "\u02c7": "\u030c", "\u00b8": "\u0327", "\u02db": "\u0328",
}  # fmt: skip
_POINT = re.compile(r"[.,;:!?]")
_LONGEST_MARK = 5  # characters
_DOTLESS = {"\u0131": "i", "\u0237": "j"}
#: Scripts that are written without spaces.
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60\u3001-\u303f]")


@dataclass(frozen=True, slots=True)
class Word:
    """Glyphs without a space between them, in the frame in which they stand upright."""

    text: str
    x0: float
    x1: float
    y0: float
    y1: float
    size: float
    bold: bool
    apart: bool  # a space was written before it
    glyphs: tuple[Glyph, ...] = ()

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text inside a column or cell."""

    text: str
    x0: float
    x1: float
    y0: float
    y1: float
    size: float  # of most of its letters
    bold: bool
    page: int
    first: float = 0.0  # width of its first word
    aslant: bool = False  # it stands otherwise than the text of its page, and is no part of its sentences

    @property
    def box(self) -> Box:
        return self.x0, self.y0, self.x1, self.y1

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


def words_of_glyphs(glyphs: Iterable[Glyph]) -> list[Word]:
    """The words of glyphs that share a frame, in the order they were drawn."""
    words: list[Word] = []
    run: list[Glyph] = []
    space: Glyph | None = None  # the last one, before the run
    apart = False
    seen: dict[tuple[str, int, int], list[Glyph]] = {}
    for glyph in _with_accents(list(glyphs)):
        blank = not glyph.text.strip()
        if not blank and _is_drawn_again(glyph, seen):
            continue
        if run and not _goes_on(run[-1], glyph):
            words += _split(run, apart=apart)
            space, run = (None if run[-1].text.strip() else run[-1]), []
        if run:
            run.append(glyph)
        elif blank:
            space = glyph
        else:
            apart, run = space is not None and _touches(space, glyph), [glyph]
    words += _split(run, apart=apart)
    return words


def _touches(space: Glyph, glyph: Glyph) -> bool:
    """Whether a space stands right before a glyph or, in text that is drawn leftwards, right behind it: what was drawn last may stand elsewhere."""
    near = min(abs(glyph.x0 - space.x1), abs(space.x0 - glyph.x1)) < 0.5 * glyph.size
    return near and abs(glyph.y0 - space.y0) < 0.5 * glyph.size


def _with_accents(glyphs: list[Glyph]) -> list[Glyph]:
    """With accents and the letters that they are drawn over, before or after them, as one glyph."""
    if not any(glyph.text in _ACCENTS for glyph in glyphs):
        return glyphs
    result: list[Glyph] = []
    accent: Glyph | None = None  # that waits for its letter
    for place, glyph in enumerate(glyphs):
        if glyph.text in _ACCENTS:
            following = glyphs[place + 1] if place + 1 < len(glyphs) else None
            if following is not None and _composed(glyph, following):
                accent = glyph
            elif result and (whole := _composed(glyph, result[-1])):
                result[-1] = whole
            else:
                result.append(glyph)
        else:
            result.append((accent and _composed(accent, glyph)) or glyph)
            accent = None
    return result


def _composed(accent: Glyph, letter: Glyph) -> Glyph | None:
    """A letter with the accent drawn over it; None where they stand apart, or where there is no such character."""
    middle = (accent.x0 + accent.x1) / 2
    if not (letter.x0 <= middle <= letter.x1) or abs(accent.y0 - letter.y0) > 0.5 * letter.size:
        return None
    text = unicodedata.normalize("NFC", _DOTLESS.get(letter.text, letter.text) + _ACCENTS[accent.text])
    return replace(letter, text=text) if len(text) == 1 and letter.text.isalpha() else None


def _is_drawn_again(glyph: Glyph, seen: dict[tuple[str, int, int], list[Glyph]]) -> bool:
    """Whether its like stands in nearly the same place already."""
    near = min(0.12 * glyph.size, 0.4 * (glyph.x1 - glyph.x0))
    column, row = int(glyph.x0 // 4), int(glyph.y0 // 4)
    for place in ((glyph.text, column + right, row + up) for right in (-1, 0, 1) for up in (-1, 0, 1)):
        for other in seen.get(place, ()):
            if abs(other.x0 - glyph.x0) <= near and abs(other.y0 - glyph.y0) <= 0.12 * glyph.size:
                return True
    seen.setdefault((glyph.text, column, row), []).append(glyph)
    return False


def _goes_on(last: Glyph, glyph: Glyph) -> bool:
    """Whether a glyph is set on the line of the one before it, near enough to be of one word or the next."""
    size = max(last.size, glyph.size)
    if abs(last.size - glyph.size) > 0.15 * size or abs(last.y0 - glyph.y0) > 0.12 * size:
        return False
    return -0.5 * size < glyph.x0 - last.x1 < _FAR * size


def _split(run: list[Glyph], *, apart: bool) -> list[Word]:
    """The words of glyphs that follow each other on one line."""
    if not run:
        return []
    spaced = any(not glyph.text.strip() for glyph in run)
    gaps = [right.x0 - left.x1 for left, right in itertools.pairwise(run) if left.text.strip() and right.text.strip()]
    size = statistics.median(glyph.size for glyph in run)
    usual = max(statistics.median(gaps), 0.0) if len(gaps) >= 3 else 0.0
    limit = (_GAP_BESIDE_SPACES if spaced else _GAP) * size + (usual if usual > 0.06 * size else 0.0)
    words: list[Word] = []
    part: list[Glyph] = []
    for glyph in run:
        blank = not glyph.text.strip()
        if part and (blank or glyph.x0 - part[-1].x1 > limit):
            words.append(_word(part, apart=apart))
            part, apart = [], True
        if blank:
            apart = True
        else:
            part.append(glyph)
    if part:
        words.append(_word(part, apart=apart))
    return words


def _word(glyphs: Sequence[Glyph], *, apart: bool) -> Word:
    return Word(
        "".join(glyph.text for glyph in glyphs).translate(_LIGATURES),
        min(glyph.x0 for glyph in glyphs),
        max(glyph.x1 for glyph in glyphs),
        min(glyph.y0 for glyph in glyphs),
        max(glyph.y1 for glyph in glyphs),
        max(glyph.size for glyph in glyphs),
        sum(glyph.bold for glyph in glyphs) * 2 > len(glyphs),
        apart,
        tuple(glyphs),
    )


def lines_of(words: Iterable[Word], page: int) -> list[Line]:
    """Words of one column or cell as lines, top to bottom."""
    return [line for line in (_line(row, page) for row in rows_of(words)) if line.text]


def rows_of(words: Iterable[Word]) -> list[list[Word]]:
    """Words that stand on one line together, from left to right; lines from top to bottom. Raised and lowered ones are of their line."""
    rows: list[tuple[Word, list[Word]]] = []  # (its largest word, its words)
    shelf: dict[int, list[int]] = defaultdict(list)  # height of 20 points → rows there
    for word in sorted(words, key=lambda word: (-round(word.size, 1), -word.middle, word.x0)):
        places = {place for step in (-1, 0, 1) for place in shelf[int(word.middle // 20) + step]}
        fitting = [place for place in places if _shared_height(rows[place][0], word) > 0.5 and _has_room(*rows[place], word)]
        if fitting:
            rows[max(fitting, key=lambda place: _shared_height(rows[place][0], word))][1].append(word)
        else:
            shelf[int(word.middle // 20)].append(len(rows))
            rows.append((word, [word]))
    rows = _with_marks(sorted(rows, key=lambda row: -row[0].middle))
    return [sorted(row, key=lambda word: (round(word.x0, 1), -word.middle)) for _, row in rows]


def _with_marks(rows: list[tuple[Word, list[Word]]]) -> list[tuple[Word, list[Word]]]:
    """Rows with the marks of their words: what is small and stands close beside a word of the row above or below it, at the height of its
    edge, as an index of an index or the sign of a note."""
    result: list[tuple[Word, list[Word]]] = []
    for place, (largest, row) in enumerate(rows):
        near = [other for other in (*result[-1:], *rows[place + 1 : place + 2]) if largest.size < 0.85 * other[0].size]
        host = next((words for _, words in near if all(any(_marks(word, other) for other in words) for word in row)), None)
        if host is None:
            result.append((largest, row))
        else:
            host += row
    return result


def _marks(mark: Word, word: Word) -> bool:
    """Whether a word is set close beside another one, a little above or below it."""
    gap = max(mark.x0 - word.x1, word.x0 - mark.x1)
    return -0.15 * word.size <= gap <= 0.3 * word.size and _shared_height(word, mark) > 0.1


def _shared_height(large: Word, small: Word) -> float:
    """How much of the smaller word's height lies inside the larger one's, 0 to 1."""
    shared = min(large.y1, small.y1) - max(large.y0, small.y0)
    return shared / max(min(small.y1 - small.y0, large.y1 - large.y0), 0.1)


def _has_room(largest: Word, row: Sequence[Word], word: Word) -> bool:
    """Whether no word of a row stands where this one does: lines set close to each other, as in drawings, are two. A lowered mark may
    stand below a raised one."""
    there = [
        other
        for other in row
        if min(other.x1, word.x1) - max(other.x0, word.x0) > 0.5 * min(other.x1 - other.x0, word.x1 - word.x0)
    ]
    if not there:
        return True
    if 0.45 * largest.size < word.size < 0.85 * largest.size and all(_POINT.fullmatch(other.text) for other in there):
        return _foot(word) - _foot(there[0]) > 0.12 * largest.size  # the sign of a note above a comma
    small = [0.45 * largest.size < one.size < 0.85 * largest.size and len(one.text) <= _LONGEST_MARK for one in (word, *there)]
    apart = all(_shared_height(other, word) < 0.4 for other in there)
    return all(small) and apart and any(other.size >= 0.85 * largest.size and _marks(word, other) for other in row)


def _line(row: Sequence[Word], page: int) -> Line:
    weights: dict[float, int] = defaultdict(int)
    for word in row:
        weights[word.size] += len(word.text)
    size = max(weights, key=lambda size: (weights[size], size))
    bold = sum(len(word.text) for word in row if word.bold) * 2 > sum(len(word.text) for word in row)
    text = _right_to_left(row) if any(is_right_to_left(word.text) for word in row) else _left_to_right(row, size)
    plain = [word for word in row if word.size >= 0.85 * size] or row
    return Line(
        text.strip(),
        row[0].x0,
        max(word.x1 for word in row),
        min(word.y0 for word in plain),
        max(word.y1 for word in plain),
        size,
        bold,
        page,
        row[0].x1 - row[0].x0,
    )


def _left_to_right(row: Sequence[Word], size: float) -> str:
    base = statistics.median(_foot(word) for word in row if word.size >= 0.85 * size)
    runs: list[Run] = []
    before: Word | None = None
    for word in row:
        rise = _foot(word) - base
        small = word.size < 0.85 * size
        level: Level = "raised" if small and rise > 0.12 * size else "lowered" if small and rise < -0.08 * size else ""
        gap = word.x0 - before.x1 if before else 0.0
        space = before is not None and (word.apart or gap > _GAP * max(word.size, before.size))
        if space and level and runs and not runs[-1].level and gap < 0.3 * size:
            space = False  # a mark is set off a little from what it marks
        if space:
            runs.append(Run(" "))
        runs.append(Run(word.text, level))
        before = word
    return join_runs(runs)


def _foot(word: Word) -> float:
    """About the base line: fonts reach a fifth of their size below it."""
    return word.y0 + 0.21 * word.size


def _right_to_left(row: Sequence[Word]) -> str:
    """By glyph, in the order they were drawn where that is how they are read."""
    placed: list[tuple[float, str]] = []
    words = sorted(row, key=lambda word: -word.x0) if _is_drawn_leftwards(row) else row
    for position, word in enumerate(words):
        if position:
            before = words[position - 1]
            gap = max(before.x0 - word.x1, word.x0 - before.x1)
            if word.apart or gap > _GAP * word.size:
                placed.append((word.x1 if words is not row else word.x0, " "))
        placed += [((glyph.x0 + glyph.x1) / 2, glyph.text.translate(_LIGATURES)) for glyph in word.glyphs]
    return "".join(text for _, text in logical_order(placed))


def _is_drawn_leftwards(row: Sequence[Word]) -> bool:
    """Whether letters inside words, or words of one letter, come in the order in which right-to-left text is read."""
    glyphs = [glyph for word in row for glyph in word.glyphs if is_right_to_left(glyph.text)]
    falling = sum(
        right.x0 < left.x0
        for word in row
        for left, right in zip(word.glyphs, word.glyphs[1:], strict=False)
        if is_right_to_left(left.text + right.text)
    )
    rising = sum(
        right.x0 > left.x0
        for word in row
        for left, right in zip(word.glyphs, word.glyphs[1:], strict=False)
        if is_right_to_left(left.text + right.text)
    )
    return falling > rising or (not rising and len(glyphs) > 1 and all(len(word.glyphs) == 1 for word in row))


def joined(parts: Sequence[str], known: frozenset[str] = frozenset()) -> str:
    """Lines of one paragraph as one text; words that were parted at the end of a line are whole again.

    Args:
        known: words of the file, in lower case, by which a hyphen at the end of a line is kept (`well-known`) or dropped (`in-formation`).
    """
    text = parts[0] if parts else ""
    for part in parts[1:]:
        text = _joined(text, part, known)
    return text


def _joined(text: str, part: str, known: frozenset[str]) -> str:
    if text.endswith("\u00ad"):
        return text.rstrip("\u00ad") + part
    hyphenated = re.search(r"(\w+)[-\u2010]$", text)
    if hyphenated and (following := re.match(r"\w+", part)):
        if following[0].lower() in ("and", "or", "und", "oder", "bzw", "et", "ou", "y", "o", "e", "en", "of"):
            return f"{text} {part}"
        return (text[:-1] if _was_parted(hyphenated[1], following[0], known) else text) + part
    if text and part and _NO_SPACES.match(text[-1]) and _NO_SPACES.match(part[0]):
        return text + part
    return f"{text} {part}"


def _was_parted(left: str, right: str, known: frozenset[str]) -> bool:
    """Whether a hyphen at the end of a line only parts a word. No language parts a word after its first letter: `d-dimensional`."""
    if len(left) < 2 or not left[-1].isalpha() or not right[0].islower():
        return False
    whole, pair = f"{left}{right}".lower(), f"{left}-{right}".lower()
    if whole in known:
        return True
    if pair in known:
        return False
    return not (len(left) > 2 and left.lower() in known and right.lower() in known)

"""Whether every word of a source is accounted for: in the parsed text, or among what was left out; whole, and in the order of its line.

parsed = parse_file(content, media_type, left_out_sample=None)   # None: what was left out is there whole, to compare with
assert unaccounted([["Total", "30 EUR"], ["Valid from May"]], parsed) == []
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from headgate.ingest.parse.blocks import ParsedFile

#: Letters and digits with what joins them inside a word: `10^6`, `1,234.50`, `don't`, `well-known`. A joint that was lost or added shows.
_WORD = re.compile(r"\w+(?:[.,:'’/^@+-]\w+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in NFC, in order."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def unaccounted(
    lines: Iterable[str | Sequence[str]], parsed: ParsedFile, *, added: Iterable[str] = (), elsewhere: Iterable[str] = ()
) -> list[str]:
    """What is wrong, in words; nothing when every word is accounted for.

    Args:
        lines: of the source, each a text, or the texts of its cells. What stands on one line stays in order within one element, row
            of a table or piece left out; column names may stand between.
        added: words that the parser puts in, as `yes` for a ticked box. Any other word of the result that no line has was joined or split.
        elsewhere: texts that lines go into as well, as the title in the labels.
    """
    wanted = [[word for cell in ([line] if isinstance(line, str) else line) for word in words_of(cell)] for line in lines]
    units = [words_of(part) for element in parsed.elements for part in _units(element.kind, element.text)]
    left_out = [words_of(part) for one in parsed.left_out for part in (one.sample, *one.sample.split("\n"))]
    other = [words_of(text) for text in (*elsewhere, *parsed.labels.values())]
    there = Counter(word for unit in units for word in unit) + Counter(
        word for one in parsed.left_out for word in words_of(one.sample)
    )
    there += Counter(word for unit in other for word in unit)
    source = Counter(word for line in wanted for word in line)
    problems = [f"lost: {word!r} {count} time(s)" for word, count in (source - there).items()]
    known = set(source) | {word for text in added for word in words_of(text)}
    problems += [
        f"joined, split or added: {word!r}" for word in dict.fromkeys(w for unit in units for w in unit) if word not in known
    ]
    places = [*units, *left_out, *other]
    problems += [
        f"out of order or torn apart: {' '.join(line)!r}"
        for line in wanted
        if line and not any(_within(line, place) for place in places)
    ]
    return problems


def _units(kind: str, text: str) -> list[str]:
    """What a line of the source must not leave: a row of a table, else the element."""
    return text.split("\n") if kind == "table" else [text]


def _within(line: Sequence[str], place: Sequence[str]) -> bool:
    """Whether the words of `line` are in `place` in this order, with others between them at most."""
    rest = iter(place)
    return all(word in rest for word in line)

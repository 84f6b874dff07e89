"""Passage text → quotable units: sentences, list items, table rows, each with its offsets.

A passage's blocks are separated by blank lines; a block of several lines is a list (one item a line) or a table (one row a line,
`Header: value; Header: value`).

    units("Refunds take 10 days. See No. 5.\\n\\nCard: 5 days\\nBank: 3 days")
      →  Unit("Refunds take 10 days.", block 0), Unit("See No. 5.", block 0), Unit("Card: 5 days", block 1, item), Unit(…)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headgate.text.sentences import split_sentences

#: Raised when the same passage gives other units: vectors stored of other units are not taken for theirs.
UNITS_VERSION = 1
_ROW = re.compile(r"[^:;]{1,80}: [^;]*(?:; [^:;]{1,80}: |$)")


@dataclass(frozen=True, slots=True)
class Unit:
    """`text == passage[start:end]`. `block` and `line` count from 0; `item` marks lines of a list, `row` rows of a table."""

    text: str
    start: int
    end: int
    block: int
    line: int
    item: bool
    row: bool
    alone: bool  # the only one of its block


def units(passage: str) -> list[Unit]:
    """The units of a passage in order; white space between them is dropped, nothing else. A table row is never split."""
    found: list[Unit] = []
    offset = number = 0
    for block, paragraph in enumerate(passage.split("\n\n")):
        lines = paragraph.split("\n")
        several = sum(bool(line.strip()) for line in lines) > 1
        for line in lines:
            row = line.count("; ") > 0 and _ROW.match(line) is not None
            spans = [_trimmed(line)] if row else split_sentences(line)
            alone = not several and len(spans) == 1
            for start, end in spans:
                if start < end:
                    item = several and not row
                    found.append(Unit(line[start:end], offset + start, offset + end, block, number, item, row, alone))
            offset += len(line) + 1
            number += 1
        offset += 1
    return found


def only_asks(text: str) -> bool:
    """Whether a sentence is a question: it says nothing that could answer one."""
    return text.rstrip("\"'”’»)]*_ ").endswith(("?", "？", "؟"))


def _trimmed(line: str) -> tuple[int, int]:
    return len(line) - len(line.lstrip()), len(line.rstrip())

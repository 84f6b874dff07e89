"""Passage text → quotable units: sentences, list items, table rows, each with its offsets.

    units("Refunds take 10 working days. See No. 5.\\n- Card: 5 days")
      →  [Unit("Refunds take 10 working days.", 0, 29), Unit("See No. 5.", 30, 40), Unit("- Card: 5 days", 41, 55)]
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[¿¡]*[A-ZÀ-ÝĀ-Ž0-9£€$])|(?<=[。！？])(?=\S)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|no|nr|mr|mrs|ms|dr|prof|st|tel|fig|sec|vol|p|pp|z\.\s?b|bzw|ca|usw|d\.\s?h|p\.\s?ej|sr|sra|ud|uds|c\.-à-d|env))\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """`text == passage[start:end]`; `line` counts the passage's lines from 0."""

    text: str
    start: int
    end: int
    line: int


def units(passage: str) -> list[Unit]:
    """The units of a passage in order; white space between them is dropped, nothing else."""
    found: list[Unit] = []
    offset = 0
    for number, line in enumerate(passage.split("\n")):
        begin = 0
        for match in _BOUNDARY.finditer(line):
            head = line[begin : match.start()]
            if _ABBREVIATION.search(head):
                continue
            _append(found, line, begin, match.start(), offset, number)
            begin = match.end()
        _append(found, line, begin, len(line), offset, number)
        offset += len(line) + 1
    return found


def _append(found: list[Unit], line: str, begin: int, end: int, offset: int, number: int) -> None:
    text = line[begin:end]
    stripped = text.strip()
    if stripped:
        start = offset + begin + len(text) - len(text.lstrip())
        found.append(Unit(stripped, start, start + len(stripped), number))

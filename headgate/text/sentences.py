"""Where sentences end, by rules: no model, same result everywhere.

A full stop ends no sentence after an abbreviation (`e.g.`, `No. 5`), an initial, inside a number (`£24.00`), an address
(`help.example`) or before a lower-case letter. `。！？` end one without a space after them. A line break always does.
"""

from __future__ import annotations

import re

#: Looks back, so that of a long run of marks only the whole is tried.
_END = re.compile(r"(?:(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s)|[。！？]+[」』）]*|\n+)")
_BLANKS = re.compile(r"[ \t]*")
_ABBREVIATIONS = frozenset(
    "e.g i.e etc. cf vs approx incl excl no nos nr art para sec fig ed vol pp p st mr mrs ms dr prof sr jr ltd inc co corp dept tel ext min max "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun "
    "z.b d.h u.a bzw ca evtl ggf inkl zzgl usw vgl str abs nr bsp "
    "p.ej sra sr ud uds núm pág aprox av avda "
    "p.ex env cf m mme mlle n° tél art av".split()
)
#: Abbreviations that a number follows; before anything else "no." is the end of "the answer is no."
_BEFORE_NUMBERS = frozenset(
    {
        "no",
        "nos",
        "nr",
        "art",
        "para",
        "sec",
        "fig",
        "p",
        "pp",
        "vol",
        "abs",
        "núm",
        "pág",
        "n°",
        "max",
        "min",
        "ext",
        "tel",
        "av",
    }
)
_WEEKDAYS_AND_MONTHS = frozenset("jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun".split())


def split_sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of every sentence in `text`, without the white space around it; together they cover all else."""
    spans: list[tuple[int, int]] = []
    start = 0
    for found in _END.finditer(text):
        if not _ends_sentence(text, start, found):
            continue
        _append(spans, text, start, found.end())
        start = found.end()
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


def _ends_sentence(text: str, start: int, found: re.Match[str]) -> bool:
    mark = found[0]
    if mark[0] != ".":
        return True
    blanks = _BLANKS.match(text, found.end())
    follows = text[blanks.end() : blanks.end() + 1] if blanks else ""
    if follows in ("", "\n"):
        return True
    if follows.islower():
        return False
    if len(mark.rstrip("\"'”’»)]")) > 1:  # an ellipsis
        return True
    begin = found.start()
    while begin > start and not text[begin - 1].isspace():
        begin -= 1
    word = text[begin : found.start()]
    if not word:
        return True
    last = word.lstrip("(\"'“‘«[").lower()
    if last in _BEFORE_NUMBERS:
        return not (follows.isdigit() or last in ("fig", "vol", "art"))
    if last in _WEEKDAYS_AND_MONTHS:
        return not follows.isdigit()
    if last in _ABBREVIATIONS:
        return False
    # An initial ("J. Smith", "z. B."), or the number of a list item at the start of a line ("3. Press…").
    if len(last) == 1 and last.isalpha():
        return False
    return not (last.isdigit() and text.startswith(word, start))

"""Lines of a text that name a label of access outside of where labels are read: the net below the readers of labels.

    confidentiality: internal        at the top without fences, in a comment, in a code block, at the end, inside another value
    Classification = SECRET

`find_named` is for front matter, where naming one is enough; `find_stated` for text, where what is said is judged by its value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from headgate.ingest.parse.label_keys import access_label, begins_with_confidentiality
from headgate.ingest.parse.labels import LabelReading, LabelSlip, Place, Stated, read_labels, split_keywords

#: What may stand before a name at the beginning of a line: list marks, quotes, comment signs, brackets.
_MARKS = r"[\s\-*+>#;%/!|?,'\"“”„‘’«»`\[\](){}<:.&]*"
_FIRST = re.compile(rf"^({_MARKS})([^\W\d][\w\-]*(?:[ \t\-]+(?:[^\W\d][\w\-]*))?)")
_WORD = re.compile(r"([^\W\d][\w\-]{4,30})\s{0,5}[\"'”’`*_\])]{0,5}\s{0,5}(?:[:=：]|$)")
_PAIR = re.compile(
    rf"^{_MARKS}_*(?P<key>[^\W\d_][\w\- ]{{4,40}}?)[\s\"'”’`*_\])]{{0,8}}[:=：|–—-]{{1,5}}[\s\"'“„‘`*_\[(|]{{0,8}}(?P<value>[^\W_][\w\- ]{{0,59}}?)[\s\"'”’`*_\])|.!>;,/-]{{0,12}}$"
)
_KEYWORD, _KEYWORD_PAIR = re.compile(r"[^\W\d_][\w-]{5,}"), re.compile(r"([^\W\d_][\w-]{5,60})[\s,]{1,10}(\S{1,100})")
_KEYWORD_NAME = re.compile(r"([^\W\d_][\w-]{0,60})\s{0,5}[:=]")
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
_TOP, _BOTTOM = 60, 20  # lines of a text that are looked at
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_LONGEST_LINE = 80  # characters of a line that is meant as a label
_HEAD = 15  # lines at the top where labels are meant to stand
_MOST_WORDS = 4  # of a value; more are a sentence


def find_named(lines: Sequence[str], first_line: int, *, everywhere: bool = True) -> list[LabelSlip]:
    """A slip for each line that names a label of access.

    Args:
        first_line: 1-based line of the first one.
        everywhere: also where confidentiality is named inside of a line.
    """
    slips: list[LabelSlip] = []
    for line, text in enumerate(lines, first_line):
        found = _FIRST.match(text)
        label = _leading_label(found[2], text[found.end() :]) if found else ""
        if not label and begins_with_confidentiality(text):
            label = "confidentiality"
        if label:
            if found and "#" in found[1]:
                slips.append(
                    LabelSlip("commented_out", line, f"{text.strip()[:60]!r} is a comment; take the # away, or the line", label)
                )
            else:
                slips.append(LabelSlip("swallowed", line, f"{text.strip()[:60]!r} is not read as a label of its own", label))
        elif everywhere and any(access_label(word) == "confidentiality" for word in _WORD.findall(text)):
            slips.append(
                LabelSlip("swallowed", line, f"{text.strip()[:60]!r} names a label in the middle of a line", "confidentiality")
            )
    return slips


def find_stated(text: str, first_line: int = 1, *, place: Place = "text") -> list[Stated]:
    """Lines near the top and the end of a text that say a label of access by name and a short value, code blocks aside."""
    lines = text.split("\n")
    shown = (
        range(len(lines))
        if place == "comment"
        else [*range(min(_TOP, len(lines))), *range(max(_TOP, len(lines) - _BOTTOM), len(lines))]
    )
    code = _code_lines(lines) if place == "text" else set()
    found: list[Stated] = []
    for number in shown:
        pair = None if number in code or len(lines[number]) > 200 else _PAIR.match(lines[number])
        if pair is None or len(pair["value"].split()) > _MOST_WORDS:
            continue
        if access_label(pair["key"].strip()):
            found.append(
                Stated(pair["key"].strip(), pair["value"].strip().lower(), first_line + number if first_line else 0, place)
            )
    return found


def find_stated_beside(reading: LabelReading, text: str, first_line: int) -> LabelReading:
    """A reading with what the text of the page below it states of labels.

    A line near the top that names confidentiality and a short value is meant as a label, whatever the value: it is misplaced there.
    """
    stated = find_stated(text, first_line)
    lines = text.split("\n")
    code = _code_lines(lines)
    slips = [
        LabelSlip(
            "misplaced",
            first_line + number,
            f"{line.strip()[:60]!r} stands in the text; write it between two lines of ---",
            "confidentiality",
        )
        for number, line in enumerate(lines[:_HEAD])
        if number not in code and _is_meant(line)
    ]
    return replace(reading, stated=(*reading.stated, *stated), slips=(*reading.slips, *slips))


def _is_meant(line: str) -> bool:
    """Whether a line of text is the name and value of a label, whatever happened to its signs; no heading and no sentence."""
    _, sign, value = re.sub(r"[=>|：]", ":", line).partition(":")
    short = len(line) <= _LONGEST_LINE and len(value.split()) <= _MOST_WORDS
    return bool(sign and value.strip()) and short and not _HEADING.match(line) and begins_with_confidentiality(line)


def read_keywords(keywords: str) -> LabelReading:
    """Labels of `audience=customer; region=all` in one property; any other way to set them off is a slip."""
    pairs = split_keywords(keywords)
    reading = read_labels(pairs)
    named = [label for name in _KEYWORD_NAME.findall(keywords) if (label := access_label(name.strip()))]
    for name, _ in pairs:
        if (label := access_label(name)) in named:
            named.remove(label)
    # Beside pairs a word that begins like a label is one that lost its sign; alone it may be what the file is about.
    lost = [word for word in _KEYWORD.findall(keywords) if access_label(word) == "confidentiality"] if pairs or named else []
    if len(lost) > sum(access_label(name) == "confidentiality" for name, _ in pairs):
        named.append("confidentiality")
    slips = [
        LabelSlip(
            "swallowed",
            0,
            f"the keywords {keywords[:60]!r} name a label, and are not of the form 'name=value; name=value'",
            label,
        )
        for label in dict.fromkeys(named)
    ]
    alone = _KEYWORD_PAIR.fullmatch(keywords.strip())
    stated = (Stated(alone[1], alone[2].lower(), 0, "property"),) if alone and access_label(alone[1]) else ()
    return replace(reading, slips=(*reading.slips, *slips), stated=(*reading.stated, *stated))


def _leading_label(words: str, rest: str) -> str:
    """The label that the first word or two words of a line name."""
    first = words.split()[0]
    if label := access_label(words):
        return label
    # One word: `confidentiality internal` and `confidentiality:internal`, but no sentence that begins with a word like it.
    after = words[len(first) :] + rest
    if label := access_label(first):
        return label if label == "confidentiality" or re.match(r"""\s*["'”’`*]*\s*[:=：]|\s+\S+\s*$|\s*$""", after) else ""
    return ""


def _code_lines(lines: Sequence[str]) -> set[int]:
    """Numbers of the lines inside fenced code; a block that the text begins with is looked into, it may be meant as front matter."""
    inside: set[int] = set()
    fence = ""
    begun = False
    skip = False
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if not fence and found:
            fence, skip = found[1][0] * 3, not begun
        elif fence and found and found[1].startswith(fence):
            fence = ""
        elif fence and not skip:
            inside.add(number)
        begun = begun or bool(line.strip())
    return inside

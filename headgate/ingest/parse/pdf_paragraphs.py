"""Lines of a PDF, in reading order → titles, list items and paragraphs. Headings are told by their type: larger than the text's, or bold
and short."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.pdf_words import Line, joined

#: Bullets say nothing; a number or a letter is kept, for people refer to it.
_BULLET = re.compile(r"^[•●◦▪‣·○■□◆►➢–—*-]\s+(?=\S)")
_ITEM = re.compile(r"^(?:[•●◦▪‣·○■□◆►➢–—*-]|\(?(?:\d{1,2}|[a-z])[.)])\s+(?=\S)")
_NUMBER = re.compile(r"^\(?(\d{1,2})[.)]\s")
_SENTENCE_END = re.compile(r"[.!?:;。！？]['\")”]?$")
_HEADING = 1.08  # times the text's size
_SMALL = 0.92


class Paragraph(NamedTuple):
    """`beside`: 0 for the text itself, 1 for what is set smaller (notes, captions), 2 for what stands aslant or in the margin, turned."""

    block: Block
    beside: int = 0


def paragraphs(lines: Sequence[Line], body: float, sizes: Sequence[float], known: frozenset[str]) -> list[Paragraph]:
    """Blocks of lines that follow each other.

    Args:
        body: font size of the file's text.
        sizes: of its headings, the largest first.
        known: see `pdf_words.joined`.
    """
    blocks: list[Paragraph] = []
    group: list[Line] = []
    count = 0  # of the item above
    for line in lines:
        number = _NUMBER.match(line.text)
        begins = bool(_ITEM.match(line.text))
        if number and group and not _SENTENCE_END.search(group[-1].text):
            begins = int(number[1]) == count + 1 or (count == 0 and bool(_ITEM.match(group[0].text)))
        count = int(number[1]) if number and begins else count
        if group and (begins or not _continues(group, line)):
            blocks.append(_paragraph(group, body, sizes, known))
            group = []
        group.append(line)
    if group:
        blocks.append(_paragraph(group, body, sizes, known))
    return blocks


def _paragraph(group: Sequence[Line], body: float, sizes: Sequence[float], known: frozenset[str]) -> Paragraph:
    beside = 2 if group[0].aslant else int(group[0].size < _SMALL * body)
    return Paragraph(_block(group, body, sizes, known), beside)


def _continues(group: Sequence[Line], line: Line) -> bool:
    last = group[-1]
    if abs(line.size - last.size) > 0.6:
        return False
    if last.bold and not line.bold and len(group) == 1 and not _ITEM.match(last.text) and not line.text[:1].islower():
        return False  # a heading set in bold, not the bold start of a paragraph
    indented = line.x0 - min(one.x0 for one in group) > 0.8 * line.size
    if indented and len(group) > 1 and _SENTENCE_END.search(last.text) and last.x0 - min(one.x0 for one in group) < 1:
        return False  # a paragraph that is told by its first line's indent alone
    gap = last.y0 - line.y1
    return -last.size * 2 < gap < last.size * 0.55


def _block(group: Sequence[Line], body: float, sizes: Sequence[float], known: frozenset[str]) -> Block:
    text = joined([line.text for line in group], known)
    size, page = group[0].size, group[0].page
    if _ITEM.match(text) and size <= body * _HEADING:
        return Block("list_item", _BULLET.sub("", text), page=page)
    short = len(text) <= 150 and len(group) <= 3
    if short and size in sizes:
        return Block("title", text, level=sizes.index(size) + 1, page=page)
    if short and len(group) <= 2 and all(line.bold for line in group) and not _SENTENCE_END.search(text):
        return Block("title", text, level=len(sizes) + 1, page=page)
    return Block("text", text, page=page)


def heading_sizes(sizes: Sequence[float], body: float) -> list[float]:
    """Which of the sizes are those of headings, the largest first."""
    return sorted({size for size in sizes if size > body * _HEADING}, reverse=True)


def run_on(paragraphs: Sequence[Paragraph], known: frozenset[str]) -> list[Block]:
    """With paragraphs made one that run on over the end of a column or page, also over notes and captions that stand there."""
    result: list[Paragraph] = []
    for paragraph in paragraphs:
        place = _interrupted(result, paragraph)
        if place is None:
            result.append(paragraph)
            continue
        begun = result[place]
        whole = joined([begun.block.text, paragraph.block.text], known)
        result[place] = begun._replace(block=replace(begun.block, text=whole))
    return [paragraph.block for paragraph in result]


def _interrupted(before: Sequence[Paragraph], paragraph: Paragraph) -> int | None:
    """Which of the paragraphs before this one goes on in it; None where it begins anew."""
    if paragraph.beside > 1 or paragraph.block.kind != "text" or not paragraph.block.text[:1].islower():
        return None
    for place in range(len(before) - 1, -1, -1):
        block, beside = before[place]
        if beside > paragraph.beside:
            continue
        ended = block.kind not in ("text", "list_item") or bool(_SENTENCE_END.search(block.text)) or beside < paragraph.beside
        return None if ended else place
    return None

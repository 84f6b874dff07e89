"""PDF → blocks with page, heading level and tables.

    bytes ──pdf_miner, else pdf_pdfium──► pages of glyphs ──pdf_layout──► parts in reading order ──► blocks

    pdf_words.py        glyphs → words → lines
    pdf_grids.py        ruled tables
    pdf_columns.py      reading order; pdf_tables.py tells columns of text from tables without rules
    pdf_furniture.py    headers, footers, page numbers
    pdf_paragraphs.py   lines → titles, items, paragraphs; pdf_table_blocks.py: tables over pages
    pdf_forms.py        what was filled in, and annotations

Where fonts do not say which characters they draw, pdfium, which knows more of them, reads the file; where that makes too little sense
too, the file is no text. Scripts are never run; files inside the file are left out, with a finding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.left_out import LeftOut, count_words, leave_out
from headgate.ingest.parse.pdf_layout import UNREADABLE, Layout, lay_out
from headgate.ingest.parse.pdf_miner import read_with_pdfminer
from headgate.ingest.parse.pdf_page import Pages
from headgate.ingest.parse.pdf_paragraphs import Paragraph, heading_sizes, paragraphs, run_on
from headgate.ingest.parse.pdf_pdfium import read_with_pdfium
from headgate.ingest.parse.pdf_table_blocks import blocks_of_tables
from headgate.records import Remark
from headgate.records.remarks import note

#: Share of a file's characters without meaning from which another reader is tried, and from which the file is no text.
_DOUBTFUL_SHARE = 0.02
_UNREADABLE_SHARE = 0.3
_ENOUGH = 200  # characters from which their mixture says something


@dataclass(frozen=True, slots=True)
class PdfContent:
    """`has_pictures` tells a scan from a blank file when there are no blocks. `password`: the one that opened it.

    `unreadable`: the share of characters without meaning where they are too many to believe the rest; there are no blocks then.
    """

    blocks: list[Block]
    properties: dict[str, Any] = field(default_factory=dict)
    findings: list[Remark] = field(default_factory=list)
    pages: int = 0
    has_pictures: bool = False
    password: str = ""
    left_out: list[LeftOut] = field(default_factory=list)
    unreadable: float = 0.0


def parse_pdf(content: bytes, *, path: str, passwords: Sequence[str] = ()) -> PdfContent:
    """Raises ParseFailure: `encrypted`, `truncated`, `malformed`."""
    found = _best_reading(content, path, passwords)
    if found.problem and not found.glyphs:
        if found.encrypted:
            raise ParseFailure(path, "encrypted", f"{found.problem}; store it decrypted")
        raise ParseFailure(path, "truncated" if _is_truncated(content) else "malformed", found.problem)
    if not found.count:
        raise ParseFailure(path, "malformed", "no page was found in the PDF; save it anew with another program")
    findings: list[Remark] = []
    if _is_truncated(content):
        if not found.glyphs:
            raise ParseFailure(path, "truncated", "the PDF ends before its pages do")
        findings.append(note("truncated", "the PDF's end is missing; text may be missing too"))
    pictures = any(page.pictures for page in found.pages)
    share = unreadable_share(found)
    if share > _UNREADABLE_SHARE:
        return PdfContent([], found.properties, findings, found.count, True, found.password, [], share)
    if found.cut:
        findings.append(note("cut", f"read up to page {found.count}"))
    if b"/EmbeddedFile" in content:
        findings.append(note("embedded", "file(s) attached to the PDF left out"))
    layout = lay_out(found.pages)
    left_out = [*layout.left_out, *_left_out_of_pages(found, findings)]
    blocks = _blocks(layout, left_out)
    if lost := sum(one.words for one in left_out if one.reason == "unreadable"):
        findings.append(
            note("unreadable", f"{lost} word(s) of glyphs without characters left out; text recognition would read them")
        )
    blocks += [Block("text", text, page=page.number) for page in found.pages for text in page.written]
    if found.form:
        blocks += [Block("title", "Form fields", level=2), *(Block("text", f"{label}: {value}") for label, value in found.form)]
    return PdfContent(blocks, found.properties, findings, found.count, pictures, found.password, left_out)


def _left_out_of_pages(found: Pages, findings: list[Remark]) -> list[LeftOut]:
    left_out = [leave_out("hidden", page.hidden) for page in found.pages if page.hidden.strip()]
    notes = [text for page in found.pages for text in page.notes]
    if notes:
        findings.append(note("comments", f"{len(notes)} annotation(s) with {sum(map(count_words, notes))} word(s) left out"))
    return [*left_out, *(leave_out("comment", text) for text in notes)]


def _best_reading(content: bytes, path: str, passwords: Sequence[str]) -> Pages:
    """pdfminer's, unless it fails or makes little sense and pdfium's makes more.

    Raises:
        ParseFailure: `encrypted`.
    """
    try:
        found = read_with_pdfminer(content, path=path, passwords=passwords)
    except ParseFailure:
        # Where only attachments are encrypted, pdfium knows the difference.
        found = read_with_pdfium(content, passwords=passwords)
        if not found.count:
            raise
        return found
    doubt = unreadable_share(found)
    if not (found.problem or not found.count or not found.glyphs or doubt > _DOUBTFUL_SHARE):
        return found
    other = read_with_pdfium(content, passwords=passwords)
    better = not found.glyphs or doubt > max(2 * unreadable_share(other), _DOUBTFUL_SHARE)
    # pdfium opens what it can't decrypt, and then sees nothing.
    if other.count and (better or found.problem) and (other.glyphs or not (found.glyphs or found.encrypted)):
        notes = {page.number: page for page in found.pages}
        pages = [
            replace(page, notes=notes[page.number].notes, written=notes[page.number].written) if page.number in notes else page
            for page in other.pages
        ]
        return replace(other, pages=pages, properties=found.properties, form=found.form or other.form)
    return found


def unreadable_share(found: Pages) -> float:
    """Share of characters without meaning, 0 to 1: unknown ones, or neighbours of scripts that no word mixes, as wrong tables give them."""
    texts = [glyph.text for page in found.pages for glyph in page.glyphs if glyph.text.strip()]
    unknown = sum(bool(UNREADABLE.search(text)) for text in texts) / len(texts) if texts else 0.0
    return max(unknown, _mixed_share(texts) if len(texts) >= _ENOUGH else 0.0)


def _mixed_share(texts: Sequence[str]) -> float:
    """Share of neighbouring letters that are of different scripts; a text in ten languages changes script between words."""
    scripts = [_script(text[0]) for text in texts if text[0].isalpha()]
    return sum(before != after for before, after in pairwise(scripts)) / (len(scripts) - 1) if len(scripts) > 1 else 0.0


@lru_cache(maxsize=10_000)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "unknown").partition(" ")[0]
    return (
        "EAST ASIAN"
        if name in ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH")
        else name
    )


def _is_truncated(content: bytes) -> bool:
    return b"%%EOF" not in content[-2048:]


def _blocks(layout: Layout, left_out: list[LeftOut]) -> list[Block]:
    lines = [line for parts in layout.pages.values() for part in parts if isinstance(part, list) for line in part]
    known = frozenset(word for line in lines for word in re.findall(r"\w+(?:-\w+)*", line.text.lower().rpartition(" ")[0]))
    sizes = heading_sizes([line.size for line in lines], layout.body)
    tables = blocks_of_tables(layout.pages, left_out)
    found: list[Paragraph] = []
    for number, parts in sorted(layout.pages.items()):
        for place, part in enumerate(parts):
            if isinstance(part, list):
                found += paragraphs(part, layout.body, sizes, known)
            elif (number, place) in tables:
                found += map(Paragraph, tables[number, place])
    return run_on(found, known)

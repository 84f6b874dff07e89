"""PDF → blocks with page, heading level and tables, from pdfminer's layout.

Headings are told by their font: larger than the body's, or bold and short. Tables are told by ruling lines where the page has
them, else by cells that stand side by side in the same columns. What repeats at the edge of pages is left out.

    right-to-left text      in logical order, with its marks
    glyphs without a character  a bullet where they start a line, else left out; where they are many, pdfium reads the page instead
    form fields             what was filled in, as `label: value`, after the pages
    broken files            pdfium, which repairs more, reads what pdfminer can't
    attachments             left out, with a finding
    scripts                 never run
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.pdf_lines import PageLines, is_right_to_left, read_with_pdfium, read_with_pdfminer
from headgate.ingest.parse.pdf_tables import Line, Rule, Table, in_reading_order, ruled_regions
from headgate.ingest.parse.tables import render_rows
from headgate.records import Remark
from headgate.records.remarks import note

_ITEM = re.compile(r"^(?:[•●◦▪‣·–*-]|\(?\d{1,2}[.)])\s+(?=\S)")
_PAGE_NUMBER = re.compile(r"^(?:(?:page|seite|página|p\.)\s*)?\d{1,4}(?:\s*(?:/|of|von|de|sur)\s*\d{1,4})?$", re.IGNORECASE)
_FOOTER = re.compile(
    r"©|\(c\)|confidential|all rights reserved|vertraulich|www\.|https?://|(?:page|seite|página)\s*\d", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?:;。！？]['\")”]?$")
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
#: Share of a file's characters without meaning from which another reader is tried.
_DOUBTFUL_SHARE = 0.02
_MANY_SCRIPTS = 6


@dataclass(frozen=True, slots=True)
class PdfContent:
    """`has_pictures` tells a scan from a blank file when there are no blocks. `password`: the one that opened it."""

    blocks: list[Block]
    properties: dict[str, Any] = field(default_factory=dict)
    findings: list[Remark] = field(default_factory=list)
    pages: int = 0
    has_pictures: bool = False
    password: str = ""


def parse_pdf(content: bytes, *, path: str, passwords: Sequence[str] = ()) -> PdfContent:
    """Raises ParseFailure: `encrypted`, `truncated`, `malformed`."""
    found = _best_reading(content, path, passwords)
    if found.problem and not found.lines:
        raise ParseFailure(path, "truncated" if _is_truncated(content) else "malformed", found.problem)
    if not found.pages:
        raise ParseFailure(path, "malformed", "no page was found in the PDF; save it anew with another program")
    findings = []
    if _is_truncated(content):
        if not found.lines:
            raise ParseFailure(path, "truncated", "the PDF ends before its pages do")
        findings.append(note("truncated", "the PDF's end is missing; text may be missing too"))
    lines = [line for line in found.lines if _unreadable_share([line]) <= 0.5]
    if lost := len(found.lines) - len(lines):
        findings.append(
            note("unreadable", f"{lost} line(s) of glyphs without characters left out; text recognition would read them")
        )
        if not lines:
            raise ParseFailure(
                path, "no_text", "its fonts say nothing of which characters they draw; it needs text recognition (OCR)"
            )
    if (scripts := _scripts(lines)) >= _MANY_SCRIPTS:
        findings.append(
            note("unreadable", f"letters of {scripts} scripts are mixed; the fonts' tables of characters are likely wrong")
        )
    if found.cut:
        findings.append(note("cut", f"read up to page {found.pages}"))
    if b"/EmbeddedFile" in content:
        findings.append(note("embedded", "file(s) attached to the PDF left out"))
    lines = [replace(line, text=_UNREADABLE.sub("", line.text)) for line in lines]
    blocks = _blocks(_without_furniture(lines, found.pages), found.rules) if lines else []
    if found.form:
        blocks += [Block("title", "Form fields", level=2), *(Block("text", f"{label}: {value}") for label, value in found.form)]
    return PdfContent(blocks, found.properties, findings, found.pages, found.has_pictures, found.password)


def _best_reading(content: bytes, path: str, passwords: Sequence[str]) -> PageLines:
    """pdfminer's, unless it fails or makes little sense and pdfium's makes more.

    Raises:
        ParseFailure: `encrypted`.
    """
    try:
        found = read_with_pdfminer(content, path=path, passwords=passwords)
    except ParseFailure:
        # Where only attachments are encrypted, pdfium knows the difference.
        found = read_with_pdfium(content, passwords=passwords)
        if not found.pages:
            raise
        return found
    doubt = _doubt(found.lines)
    if not (found.problem or not found.pages or not found.lines or doubt > _DOUBTFUL_SHARE):
        return found
    other = read_with_pdfium(content, passwords=passwords)
    better = not found.lines or doubt > max(2 * _doubt(other.lines), _DOUBTFUL_SHARE)
    if other.pages and (better or found.problem) and (other.lines or not found.lines):
        return replace(other, properties=found.properties, form=found.form or other.form)
    return found


def _doubt(lines: Sequence[Line]) -> float:
    """0 = the lines read well. Characters without meaning, and lines of one letter, which turned or vertical text falls apart into."""
    letters = sum(len(line.text) == 1 and line.text.isalpha() for line in lines)
    if any(is_right_to_left(line.text) for line in lines):
        letters = 0  # pdfium gives such text as it is drawn
    apart = letters / len(lines) if lines and letters >= 3 else 0.0
    return _unreadable_share(lines) + (apart if apart > 0.2 else 0.0)


def _scripts(lines: Sequence[Line]) -> int:
    """How many scripts make up at least a hundredth of the letters each."""
    letters = [character for line in lines for character in line.text if character.isalpha()]
    counts = Counter(unicodedata.name(letter, "? ").partition(" ")[0] for letter in letters)
    return sum(count * 100 >= len(letters) for count in counts.values())


def _unreadable_share(lines: Sequence[Line]) -> float:
    total = sum(len(line.text) for line in lines)
    return sum(len(_UNREADABLE.findall(line.text)) for line in lines) / total if total else 0.0


def _is_truncated(content: bytes) -> bool:
    return b"%%EOF" not in content[-2048:]


def _without_furniture(lines: list[Line], page_count: int) -> list[Line]:
    """Without headers, footers and page numbers.

    From three pages on: the same text (in the outer 8 % of the page: digits aside) at the same height of most pages; on two pages: in
    the outer 8 % of both. Also what stands there on one line with the page's number. On a single page: what stands there, set smaller
    than the body, and speaks as footers do.
    """

    def key(line: Line) -> tuple[str, int]:
        return (re.sub(r"\d+", "#", line.text), round(line.y0 / 4)) if line.margin else (line.text, -round(line.y0))

    pages: dict[tuple[str, int], set[int]] = defaultdict(set)
    for line in lines:
        pages[key(line)].add(line.page)
    margins = {(line.page, round(line.y0)) for line in lines if line.margin and _PAGE_NUMBER.match(line.text)}
    body = _body_size(lines)
    kept = [
        line
        for line in lines
        if not (page_count >= 3 and len(pages[key(line)]) * 2 > page_count)
        and not (
            line.margin
            and (
                (line.page, round(line.y0)) in margins
                or (page_count > 1 and len(pages[key(line)]) == page_count)
                or (page_count == 1 and line.size < body * 0.95 and _FOOTER.search(line.text))
            )
        )
    ]
    return kept or lines


def _body_size(lines: list[Line]) -> float:
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    return weights.most_common(1)[0][0]


def _blocks(lines: list[Line], rules: dict[int, list[Rule]]) -> list[Block]:
    body = _body_size(lines)
    heading_sizes = sorted({line.size for line in lines if line.size > body * 1.08}, reverse=True)
    blocks: list[Block] = []
    by_page: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_page[line.page].append(line)
    for page, page_lines in sorted(by_page.items()):
        regions = ruled_regions(rules.get(page, []))
        for part in in_reading_order(page_lines, regions):
            if isinstance(part, Table):
                rendered = render_rows(part.rows)
                if rendered:
                    blocks.append(Block("table", "\n".join(rendered), page=page))
            else:
                blocks += _paragraphs(part, body, heading_sizes, page)
    return _joined(blocks)


# --- paragraphs -----------------------------------------------------------------------------------------------------


def _paragraphs(lines: list[Line], body: float, heading_sizes: list[float], page: int) -> list[Block]:
    blocks: list[Block] = []
    group: list[Line] = []

    def close() -> None:
        if group:
            blocks.append(_block(group, body, heading_sizes, page))
            group.clear()

    for line in lines:
        if group and not _continues(group, line):
            close()
        group.append(line)
    close()
    return blocks


def _continues(group: list[Line], line: Line) -> bool:
    last = group[-1]
    if _ITEM.match(line.text) or abs(line.size - last.size) > 0.6:
        return False
    if last.bold and not line.bold and len(group) == 1 and not _ITEM.match(last.text) and not line.text[:1].islower():
        return False  # a heading set in bold, not the bold start of a paragraph
    gap = last.y0 - line.y1
    return -last.size * 2 < gap < last.size * 0.55


def _block(group: list[Line], body: float, heading_sizes: list[float], page: int) -> Block:
    text = _unhyphenated([line.text for line in group])
    size = group[0].size
    if (item := _ITEM.match(text)) and size <= body * 1.08:
        return Block("list_item", text[item.end() :], page=page)
    short = len(text) <= 150 and len(group) <= 3
    if short and size in heading_sizes:
        return Block("title", text, level=heading_sizes.index(size) + 1, page=page)
    if short and len(group) <= 2 and all(line.bold for line in group) and not _SENTENCE_END.search(text):
        return Block("title", text, level=len(heading_sizes) + 1, page=page)
    return Block("text", text, page=page)


def _unhyphenated(parts: list[str]) -> str:
    text = parts[0]
    for part in parts[1:]:
        text = text[:-1] + part if re.search(r"[a-zà-ÿ]-$", text) and re.match(r"[a-zà-ÿ]", part) else f"{text} {part}"
    return text.replace("\n", " ")


def _joined(blocks: list[Block]) -> list[Block]:
    """A paragraph that runs on over a page break is one; so is a table that goes on below a repeated header."""
    result: list[Block] = []
    for block in blocks:
        last = result[-1] if result else None
        if (
            last
            and last.kind == block.kind == "text"
            and last.page != block.page
            and not _SENTENCE_END.search(last.text)
            and block.text[:1].islower()
        ):
            result[-1] = replace(last, text=f"{last.text} {block.text}")
        else:
            result.append(block)
    return result

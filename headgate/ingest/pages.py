"""PDF → blocks with page, heading level and tables, from pdfminer's layout.

Headings are told by their font: larger than the body's, or bold and short. Tables are told by ruling lines where the page has
them, else by cells that stand side by side in the same columns. Lines that repeat at the same place of most pages are left out.
"""

from __future__ import annotations

import io
import re
import statistics
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.blocks import Block
from headgate.ingest.page_tables import Line, Rule, Table, in_reading_order, ruled_regions
from headgate.ingest.tables import render_rows

MAX_PAGES = 2000
_ITEM = re.compile(r"^(?:[•●◦▪‣·–*-]|\(?\d{1,2}[.)])\s+(?=\S)")
_PAGE_NUMBER = re.compile(r"^(?:(?:page|seite|página|p\.)\s*)?\d{1,4}(?:\s*(?:/|of|von|de|sur)\s*\d{1,4})?$", re.IGNORECASE)
_CID = re.compile(r"\(cid:\d+\)")
_SENTENCE_END = re.compile(r"[.!?:;。！？]['\")”]?$")


def parse_pdf(content: bytes, *, path: str) -> tuple[list[Block], dict[str, Any], list[str]]:
    """(blocks, information dictionary, findings).

    Raises:
        ParseFailure: `encrypted`, `truncated`, `malformed`.
    """
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect, PDFTextExtractionNotAllowed
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.pdfparser import PDFParser
    from pdfminer.psexceptions import PSException

    broken = (
        PDFException,
        PSException,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        AssertionError,
        struct_error(),
    )
    try:
        document = PDFDocument(PDFParser(io.BytesIO(content)))
        properties: dict[str, Any] = {}
        for info in document.info:
            properties.update(info)
        lines: list[Line] = []
        rules: dict[int, list[Rule]] = defaultdict(list)
        page_count = 0
        for number, page in enumerate(
            extract_pages(io.BytesIO(content), maxpages=MAX_PAGES, laparams=LAParams(boxes_flow=None)), 1
        ):
            page_count = number
            _collect(page, number, page.height, lines, rules[number])
    except (PDFEncryptionError, PDFPasswordIncorrect, PDFTextExtractionNotAllowed) as error:
        raise ParseFailure(path, "encrypted", "the PDF asks for a password; store a copy without one") from error
    except RecursionError as error:
        raise ParseFailure(path, "malformed", "the PDF's objects are nested without end") from error
    except broken as error:
        reason = "truncated" if _is_truncated(content) else "malformed"
        raise ParseFailure(path, reason, f"the PDF can't be read: {type(error).__name__}: {error}") from error
    if not lines:
        if _is_truncated(content):
            raise ParseFailure(path, "truncated", "the PDF ends before its pages do")
        if not page_count:
            raise ParseFailure(path, "malformed", "no page was found in the PDF; save it anew with another program")
        raise ParseFailure(path, "no_text", f"no text on {page_count} page(s); a scan needs text recognition first")
    findings = ["truncated: the PDF's end is missing; text may be missing too"] if _is_truncated(content) else []
    kept = _without_furniture(lines, page_count)
    return _blocks(kept, rules), properties, findings


def struct_error() -> type[Exception]:
    import struct

    return struct.error


def _is_truncated(content: bytes) -> bool:
    return b"%%EOF" not in content[-2048:]


def _collect(item: Any, page: int, height: float, lines: list[Line], rules: list[Rule]) -> None:
    from pdfminer.layout import LTChar, LTContainer, LTCurve, LTTextLine

    if isinstance(item, LTTextLine):
        # A glyph without a character: a bullet where it stands first, else unreadable.
        text = _CID.sub("\ufffd", re.sub(r"^\(cid:\d+\)", "•", item.get_text().strip()))
        chars = [char for char in item if isinstance(char, LTChar)]
        if text and chars:
            size = statistics.median(round(char.size, 1) for char in chars)
            bold = sum("bold" in char.fontname.lower() or "black" in char.fontname.lower() for char in chars) * 2 > len(chars)
            margin = not height * 0.08 < item.y0 < height * 0.92
            lines.append(Line(text, item.x0, item.x1, item.y0, item.y1, size, bold, page, margin, _glyphs(item)))
    elif isinstance(item, LTCurve):
        rules.append((item.x0, item.y0, item.x1, item.y1))
    elif isinstance(item, LTContainer):
        for child in item:
            _collect(child, page, height, lines, rules)


def _glyphs(line: Any) -> tuple[tuple[float, str], ...]:
    """(middle x, text) of every character; the spaces that pdfminer puts in stand where the character before them ends."""
    from pdfminer.layout import LTChar

    glyphs: list[tuple[float, str]] = []
    right = line.x0
    for item in line:
        if isinstance(item, LTChar):
            glyphs.append(((item.x0 + item.x1) / 2, item.get_text()))
            right = item.x1
        else:
            glyphs.append((right, item.get_text()))
    return tuple(glyphs)


def _without_furniture(lines: list[Line], page_count: int) -> list[Line]:
    """Without headers, footers and page numbers.

    From three pages on: the same text (in the outer 8 % of the page: digits aside) at the same height of most pages. Also what stands
    there on one line with the page's number.
    """

    def key(line: Line) -> tuple[str, int]:
        return re.sub(r"\d+", "#", line.text) if line.margin else line.text, round(line.y0)

    pages: dict[tuple[str, int], set[int]] = defaultdict(set)
    for line in lines:
        pages[key(line)].add(line.page)
    margins = {(line.page, round(line.y0)) for line in lines if line.margin and _PAGE_NUMBER.match(line.text)}
    return [
        line
        for line in lines
        if not (page_count >= 3 and len(pages[key(line)]) * 2 > page_count)
        and not (
            line.margin and ((line.page, round(line.y0)) in margins or (page_count > 1 and len(pages[key(line)]) == page_count))
        )
    ]


def _blocks(lines: list[Line], rules: dict[int, list[Rule]]) -> list[Block]:
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    body = weights.most_common(1)[0][0]
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

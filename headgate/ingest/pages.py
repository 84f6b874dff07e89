"""PDF → blocks with page, heading level and tables, from pdfminer's layout.

Headings are told by their font: larger than the body's, or bold and short. Tables are told by ruling lines where the page has
them, else by cells that stand side by side in the same columns. Lines that repeat at the same place of most pages are left out.
"""

from __future__ import annotations

import io
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.blocks import Block
from headgate.ingest.tables import render_rows

MAX_PAGES = 2000
_ITEM = re.compile(r"^(?:[•●◦▪‣·–*-]|\(?\d{1,2}[.)])\s+(?=\S)")
_BULLET_ONLY = re.compile(r"^(?:[•●◦▪‣·–*-]|\(?\d{1,2}[.)])$")
_SENTENCE_END = re.compile(r"[.!?:;。！？]['\")”]?$")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    x0: float
    x1: float
    y0: float  # from the page's bottom, points
    y1: float
    size: float  # font size, points
    bold: bool
    page: int


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

    broken = (PDFException, PSException, KeyError, ValueError, TypeError, IndexError, AttributeError, AssertionError, struct_error())
    try:
        document = PDFDocument(PDFParser(io.BytesIO(content)))
        properties: dict[str, Any] = {}
        for info in document.info:
            properties.update(info)
        lines: list[_Line] = []
        rules: dict[int, list[tuple[float, float, float, float]]] = defaultdict(list)
        page_count = 0
        for number, page in enumerate(extract_pages(io.BytesIO(content), maxpages=MAX_PAGES, laparams=LAParams(boxes_flow=None)), 1):
            page_count = number
            _collect(page, number, lines, rules[number])
    except (PDFEncryptionError, PDFPasswordIncorrect, PDFTextExtractionNotAllowed) as error:
        raise ParseFailure(path, "encrypted", "the PDF asks for a password; store a copy without one") from error
    except RecursionError as error:
        raise ParseFailure(path, "malformed", "the PDF's objects are nested without end") from error
    except broken as error:
        reason = "truncated" if _is_truncated(content) else "malformed"
        raise ParseFailure(path, reason, f"the PDF can't be read: {type(error).__name__}: {error}") from error
    if not lines:
        if _is_truncated(content) or not page_count:
            raise ParseFailure(path, "truncated", "the PDF ends before its pages do")
        raise ParseFailure(path, "no_text", f"no text on {page_count} page(s); a scan needs text recognition first")
    findings = ["truncated: the PDF's end is missing; text may be missing too"] if _is_truncated(content) else []
    kept = _without_furniture(lines, page_count)
    return _blocks(kept, rules), properties, findings


def struct_error() -> type[Exception]:
    import struct

    return struct.error


def _is_truncated(content: bytes) -> bool:
    return b"%%EOF" not in content[-2048:]


def _collect(item: Any, page: int, lines: list[_Line], rules: list[tuple[float, float, float, float]]) -> None:
    from pdfminer.layout import LTChar, LTContainer, LTCurve, LTTextLine

    if isinstance(item, LTTextLine):
        text = item.get_text().strip()
        chars = [char for char in item if isinstance(char, LTChar)]
        if text and chars:
            size = statistics.median(round(char.size, 1) for char in chars)
            bold = sum("bold" in char.fontname.lower() or "black" in char.fontname.lower() for char in chars) * 2 > len(chars)
            lines.append(_Line(text, item.x0, item.x1, item.y0, item.y1, size, bold, page))
    elif isinstance(item, LTCurve):
        rules.append((item.x0, item.y0, item.x1, item.y1))
    elif isinstance(item, LTContainer):
        for child in item:
            _collect(child, page, lines, rules)


def _without_furniture(lines: list[_Line], page_count: int) -> list[_Line]:
    """Without headers, footers and page numbers: the same text (digits aside) at the same height of most pages."""
    if page_count < 3:
        return lines

    def key(line: _Line) -> tuple[str, int]:
        return re.sub(r"\d+", "#", line.text), round(line.y0)

    pages: dict[tuple[str, int], set[int]] = defaultdict(set)
    for line in lines:
        pages[key(line)].add(line.page)
    return [line for line in lines if len(pages[key(line)]) * 2 <= page_count]


def _blocks(lines: list[_Line], rules: dict[int, list[tuple[float, float, float, float]]]) -> list[Block]:
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    body = weights.most_common(1)[0][0]
    heading_sizes = sorted({line.size for line in lines if line.size > body * 1.08}, reverse=True)
    blocks: list[Block] = []
    by_page: dict[int, list[_Line]] = defaultdict(list)
    for line in lines:
        by_page[line.page].append(line)
    for page, page_lines in sorted(by_page.items()):
        regions = _ruled_regions(rules.get(page, []))
        for part in _in_reading_order(page_lines, regions):
            if isinstance(part, _Table):
                rendered = render_rows(part.rows)
                if rendered:
                    blocks.append(Block("table", "\n".join(rendered), page=page))
            else:
                blocks += _paragraphs(part, body, heading_sizes, page)
    return _joined(blocks)


# --- tables ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Table:
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class _Region:
    """A ruled grid: sorted x and y of its rules."""

    xs: list[float]
    ys: list[float]

    def holds(self, line: _Line) -> bool:
        middle = (line.y0 + line.y1) / 2
        return self.xs[0] - 2 <= (line.x0 + line.x1) / 2 <= self.xs[-1] + 2 and self.ys[0] - 1 <= middle <= self.ys[-1] + 1


def _ruled_regions(rules: list[tuple[float, float, float, float]]) -> list[_Region]:
    """Grids of at least two columns and two rows among a page's rules."""
    groups: list[list[tuple[float, float, float, float]]] = []
    for rule in rules:
        touching = [group for group in groups if any(_touch(rule, other) for other in group)]
        merged = [rule, *(other for group in touching for other in group)]
        groups = [group for group in groups if group not in touching] + [merged]
        if len(rules) > 3000:
            return []
    regions = []
    for group in groups:
        xs = _distinct([x for x0, y0, x1, y1 in group for x in (x0, x1) if y1 - y0 > 3 or x1 - x0 < 3] or [x for r in group for x in (r[0], r[2])])
        ys = _distinct([y for x0, y0, x1, y1 in group for y in (y0, y1)])
        if len(xs) >= 3 and len(ys) >= 3:
            regions.append(_Region(xs, ys))
    return regions


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    slack = 2.0  # points
    return a[0] - slack <= b[2] and b[0] - slack <= a[2] and a[1] - slack <= b[3] and b[1] - slack <= a[3]


def _distinct(values: list[float]) -> list[float]:
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > 3:
            result.append(value)
    return result


def _in_reading_order(lines: list[_Line], regions: list[_Region]) -> Iterable[list[_Line] | _Table]:
    """Runs of text lines and tables, top to bottom."""
    inside: dict[int, list[_Line]] = defaultdict(list)
    outside: list[_Line] = []
    for line in lines:
        region = next((number for number, region in enumerate(regions) if region.holds(line)), None)
        if region is None:
            outside.append(line)
        else:
            inside[region].append(line)
    parts: list[tuple[float, list[_Line] | _Table]] = []
    for number, members in inside.items():
        parts.append((regions[number].ys[-1], _Table(_grid(members, regions[number]))))
    tops = sorted((top for top, _ in parts), reverse=True)
    runs: dict[int, list[_Line]] = defaultdict(list)
    for line in outside:
        runs[sum(1 for top in tops if line.y0 < top)].append(line)
    result: list[list[_Line] | _Table] = []
    tables = [table for _, table in sorted(parts, key=lambda part: -part[0])]
    for number in range(len(tables) + 1):
        result += _split_columns(runs.get(number, []))
        if number < len(tables):
            result.append(tables[number])
    return result


def _grid(lines: list[_Line], region: _Region) -> list[list[str]]:
    cells: dict[tuple[int, int], list[_Line]] = defaultdict(list)
    for line in lines:
        row = sum(1 for y in region.ys if y > (line.y0 + line.y1) / 2)
        column = sum(1 for x in region.xs if x <= line.x0 + 2)
        cells[row, column].append(line)
    rows = sorted({row for row, _ in cells})
    columns = range(1, len(region.xs))
    return [[" ".join(line.text for line in sorted(cells.get((row, column), []), key=lambda line: -line.y0)) for column in columns] for row in rows]


def _split_columns(lines: list[_Line]) -> list[list[_Line] | _Table]:
    """Unruled tables among text lines: rows of cells whose left edges agree with the row above."""
    rows: list[list[_Line]] = []
    for line in lines:
        row = next((row for row in rows[-40:] if abs((row[0].y0 + row[0].y1) / 2 - (line.y0 + line.y1) / 2) < line.size * 0.45), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    if all(len(row) == 1 for row in rows):
        return [lines] if lines else []
    wide = [row for row in rows if len(row) >= 2 and not _BULLET_ONLY.match(min(row, key=lambda line: line.x0).text)]
    if _is_two_column_page(wide, rows):
        return [lines]
    rows.sort(key=lambda row: -row[0].y1)
    result: list[list[_Line] | _Table] = []
    text: list[_Line] = []
    table: list[list[_Line]] = []

    def close() -> None:
        nonlocal table
        if len(table) >= 2:
            result.append(_Table(_aligned(table)))
        else:
            for row in table:
                text.extend(row)
        table = []

    for row in rows:
        row.sort(key=lambda line: line.x0)
        bullet = _BULLET_ONLY.match(row[0].text)
        if len(row) >= 2 and not bullet:
            if text and len(table) == 0:
                result.append(text)
                text = []
            table.append(row)
            continue
        close()
        text.append(replace(row[0], text=" ".join(line.text for line in row), x1=row[-1].x1))
    close()
    if text:
        result.append(text)
    return result


def _is_two_column_page(wide: list[list[_Line]], rows: list[list[_Line]]) -> bool:
    """Prose set in two columns: nearly every row has two long lines with one gap at the same place."""
    if len(wide) < 8 or len(wide) * 2 < len(rows):
        return False
    return all(len(row) == 2 for row in wide) and statistics.median(len(line.text) for row in wide for line in row) > 30


def _aligned(rows: list[list[_Line]]) -> list[list[str]]:
    """Cells by the columns of the widest row."""
    widest = max(rows, key=len)
    starts = [line.x0 for line in sorted(widest, key=lambda line: line.x0)]
    grid = []
    for row in rows:
        cells = [""] * len(starts)
        for line in row:
            column = min(range(len(starts)), key=lambda position: abs(starts[position] - line.x0))
            cells[column] = f"{cells[column]} {line.text}".strip()
        grid.append(cells)
    return grid


# --- paragraphs -----------------------------------------------------------------------------------------------------


def _paragraphs(lines: list[_Line], body: float, heading_sizes: list[float], page: int) -> list[Block]:
    blocks: list[Block] = []
    group: list[_Line] = []

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


def _continues(group: list[_Line], line: _Line) -> bool:
    last = group[-1]
    if _ITEM.match(line.text) or abs(line.size - last.size) > 0.6:
        return False
    if line.bold != last.bold and (last.bold and len(group) == 1):
        return False
    gap = last.y0 - line.y1
    return -last.size * 2 < gap < last.size * 0.55


def _block(group: list[_Line], body: float, heading_sizes: list[float], page: int) -> Block:
    text = _unhyphenated([line.text for line in group])
    size = group[0].size
    if item := _ITEM.match(text):
        if size <= body * 1.08:
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
        if re.search(r"[a-zà-ÿ]-$", text) and re.match(r"[a-zà-ÿ]", part):
            text = text[:-1] + part
        else:
            text = f"{text} {part}"
    return text.replace("\n", " ")


def _joined(blocks: list[Block]) -> list[Block]:
    """A paragraph that runs on over a page break is one; so is a table that goes on below a repeated header."""
    result: list[Block] = []
    for block in blocks:
        last = result[-1] if result else None
        if last and last.kind == block.kind == "text" and last.page != block.page and not _SENTENCE_END.search(last.text) and block.text[:1].islower():
            result[-1] = replace(last, text=f"{last.text} {block.text}")
        else:
            result.append(block)
    return result

"""docx → blocks. Kinds by paragraph style, numbering and bullets.

numbers             of numbered paragraphs as Word shows them: `1.1 The buyer pays …` (docx_numbering.py)
runs                symbols, equations, form fields, content controls, crossed-out text: docx_runs.py
tracked changes     as accepted: insertions kept, deletions dropped, with a finding
comments            kept aside, with a finding
foot- and endnotes  a paragraph of their own after the one that refers to them
text boxes          after the paragraph they are anchored to
headers, footers    left out
hidden, white text  kept aside as hidden text
pictures            their alternative text; nothing is fetched
charts, diagrams    as tables and lists (office_drawings.py)
embedded files      left out, with a finding
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.docx_numbering import W
from headgate.ingest.parse.docx_runs import ALTERNATIVES, Paragraph, RunWalker, choice, is_prompt, plain_text
from headgate.ingest.parse.docx_styles import ParagraphStyle, WordStyles, is_on
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.office_drawings import drawing_blocks
from headgate.ingest.parse.office_package import Package
from headgate.ingest.parse.table_grid import Cell, HeaderMark, Row
from headgate.ingest.parse.tables import table_blocks
from headgate.records import Remark
from headgate.records.remarks import note
from headgate.text.numbers import whole_number

_BULLET = re.compile(
    "^\\s*(?:[\u2022\u2023\u2043\u204c\u204d\u2219\u25cb\u25cf\u25d8\u25e6\u2619\u2765\u2767\u29be\u29bf\u00b7\uf0b7*\x95]|[-\u2013](?=\\s|$))\\s*"
)
_WRAPPERS = (W + "sdtContent", W + "ins", W + "moveTo", W + "customXml", W + "smartTag")
_MAX_COLUMNS = 200


def parse_word(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure: `malformed`, `zip_bomb`, `xml_entities`."""
    package = Package(content, path=path, max_unzipped=max_unzipped)
    main = package.main_part("word/document.xml")
    root = package.xml(main)
    reader = _Reader(package, main)
    reader.has_pages = next(root.iter(W + "lastRenderedPageBreak"), None) is not None
    for body in root.iter(W + "body"):
        reader.read_blocks(body)
    findings = reader.findings()
    return assemble(reader.blocks, labels=package.labels(), findings=findings, left_out=reader.left_out)


class _Reader:
    def __init__(self, package: Package, main: str) -> None:
        self.blocks: list[Block] = []
        self.left_out: list[LeftOut] = []
        self.has_pages = False  # whether the document says where its pages began when it was last shown
        self._links = package.links(main)
        self._package = package
        self._styles = WordStyles(self._part("styles"), self._part("numbering"))
        self._walker = RunWalker(self._styles)
        self._notes = {"footnote": self._read_notes("footnotes"), "endnote": self._read_notes("endnotes")}
        self._is_cut = False  # whether a table has more columns than are read

    def findings(self) -> list[Remark]:
        """Remarks on the whole document; asked once, after it was read."""
        findings = []
        walker = self._walker
        if walker.inserted or walker.deleted:
            findings.append(
                note(
                    "tracked_changes",
                    f"read as accepted, {walker.inserted} insertion(s) kept, {walker.deleted} deletion(s) dropped",
                )
            )
        if comments := self._read_comments():
            self.left_out += [leave_out("comment", text) for text in comments]
            findings.append(note("comments", f"{len(comments)} left out"))
        for link in self._links.values():
            if link.kind in ("header", "footer") and (part := self._xml(link.target)) is not None:
                self.left_out.append(leave_out("running_header", plain_text(part)))
        embedded = sum("/embeddings/" in name.lower() for name in self._package.names)
        embedded += sum(link.kind == "aFChunk" for link in self._links.values())
        if embedded:
            findings.append(note("embedded", f"{embedded} file(s) inside the document left out"))
        if walker.unknown_symbols:
            text = f"{walker.unknown_symbols} sign(s) of a symbol font have no known character and are left out"
            findings.append(note("unreadable", text))
        if self._is_cut:
            findings.append(note("cut", f"a table read up to column {_MAX_COLUMNS}"))
        return findings

    def read_blocks(self, container: Any) -> None:
        for item in container:
            if item.tag == W + "p":
                self._read_paragraph(item)
            elif item.tag == W + "tbl":
                self._read_table(item)
            elif item.tag == W + "sdt" and is_prompt(item.find(W + "sdtPr")):
                self.left_out.append(leave_out("placeholder", plain_text(item)))
            elif item.tag == W + "sdt" or item.tag in _WRAPPERS:
                self.read_blocks(item)
            elif item.tag == ALTERNATIVES:
                self.read_blocks(choice(item))

    def _read_paragraph(self, item: Any) -> None:
        style = self._styles.of(item)
        found = self._walker.walk(item)
        text = found.text
        label = self._label(item, found)
        self.left_out += found.left_out
        if text.strip():
            self.blocks.append(_block(text, label, style, found.page if self.has_pages else None))
        self._after(found)

    def _label(self, item: Any, found: Paragraph) -> str:
        """The number of a paragraph; one that is hidden or deleted has none and is not counted."""
        return "" if found.left_out and not found.text.strip() else self._styles.next_label(self._styles.of(item))

    def _after(self, found: Paragraph) -> None:
        page = self._walker.page if self.has_pages else None
        self.blocks += [Block("text", f"Image: {alternative}", page=page) for alternative in found.pictures]
        for kind, number in found.notes:
            if text := self._notes[kind].pop(number, ""):
                self.blocks.append(Block("text", f"Note: {text}", page=page))
        for mark in found.drawings:
            self.blocks += drawing_blocks(mark, self._links, self._package, page=page)
        for box in found.boxes:
            self.read_blocks(box)

    def _read_table(self, table: Any) -> None:
        rows = _rows(table)
        if self._is_layout(rows):
            for row in rows:
                for cell in _cells(row):
                    self.read_blocks(cell)
            return
        grid: list[Row] = []
        above: dict[int, Cell] = {}
        extras = Paragraph()
        page = self._walker.page
        look = self._styles.table_look(table)
        for row in rows:
            properties = row.find(W + "trPr")
            if properties is not None and properties.find(W + "del") is not None:
                self._walker.deleted += 1
                self.left_out.append(leave_out("struck_out", plain_text(row)))
                continue
            cells, bold = self._read_row(row, above, extras)
            told = properties is not None and is_on(properties.find(W + "tblHeader"))
            mark: HeaderMark = "told" if told else "shown" if bold or (look.first_row and not grid) else ""
            if look.first_column and cells:
                cells[0] = replace(cells[0], header=True)
            grid.append(Row(tuple(cells), mark))
        self.blocks += table_blocks(grid, page=page if self.has_pages else None)
        for inner in extras.tables:
            self._read_table(inner)
        self._after(extras)

    def _is_layout(self, rows: list[Any]) -> bool:
        """Whether a table only lays out a page: a single cell, a single row that holds tables, or cells with headings."""
        cells = [cell for row in rows for cell in _cells(row)]
        if len(cells) == 1:
            return True
        if len(rows) == 1 and any(cell.find(W + "tbl") is not None for cell in cells):
            return True
        return any(self._styles.of(item).kind == "title" for cell in cells for item in cell.findall(W + "p"))

    def _read_row(self, row: Any, above: dict[int, Cell], extras: Paragraph) -> tuple[list[Cell], bool]:
        """(cells, whether all that is filled is bold)."""
        cells: list[Cell] = []
        looks: list[bool] = []
        properties = row.find(W + "trPr")
        skipped = properties.find(W + "gridBefore") if properties is not None else None
        cells += [Cell()] * min(whole_number(skipped.get(W + "val", "")) or 0 if skipped is not None else 0, _MAX_COLUMNS)
        for item in _cells(row):
            if len(cells) >= _MAX_COLUMNS:
                self._is_cut = True
                break
            properties = item.find(W + "tcPr")
            span, merge = 1, None
            if properties is not None:
                grid, merge = properties.find(W + "gridSpan"), properties.find(W + "vMerge")
                span = min(whole_number(grid.get(W + "val", "1")) or 1, _MAX_COLUMNS) if grid is not None else 1
            column = len(cells)
            text = " ".join(self._cell_text(item, extras).split())
            made = Cell(text)
            if merge is None:
                above.pop(column, None)
            elif merge.get(W + "val") == "restart":
                above[column] = replace(made, above=True)
            elif not text and column in above:
                made = above[column]
            if text:
                looks.append(_is_bold(item))
                made = replace(made, header=looks[-1])
            cells += [made, *[replace(made, left=True)] * (span - 1)]
        bold = len(looks) > 1 and all(looks)
        if bold or not (cells and cells[0].header):
            # Bold words here and there are emphasis; bold first cells are labels.
            cells = [replace(cell, header=False) for cell in cells]
        return cells, bold

    def _cell_text(self, cell: Any, extras: Paragraph) -> str:
        """The text of a cell on one line, without the tables in it."""
        parts: list[str] = []
        if is_prompt(_control_of(cell)):
            self.left_out.append(leave_out("placeholder", plain_text(cell)))
            return ""
        for paragraph in _paragraphs(cell, extras.tables):
            found = self._walker.walk(paragraph)
            label = self._label(paragraph, found)
            parts.append(f"{label} {found.text}" if label and found.text.strip() else found.text)
            self.left_out += found.left_out
            extras.boxes += found.boxes
            extras.notes += found.notes
            extras.pictures += found.pictures
            extras.drawings += found.drawings
        return " ".join(part for part in parts if part.strip())

    def _part(self, kind: str) -> Any:
        """A part that the document can do without; None where it is missing or broken."""
        return self._xml(next((link.target for link in self._links.values() if link.kind == kind), ""))

    def _xml(self, name: str) -> Any:
        if not name or not self._package.has(name):
            return None
        try:
            return self._package.xml(name)
        except ParseFailure as failure:
            if failure.reason != "malformed":
                raise
            return None

    def _read_notes(self, kind: str) -> dict[str, str]:
        root = self._part(kind)
        notes: dict[str, str] = {}
        for entry in root if root is not None else ():
            if entry.get(W + "type", "normal") != "normal":
                continue
            read = [self._walker.walk(paragraph) for paragraph in entry.iter(W + "p")]
            self.left_out += [one for found in read for one in found.left_out]
            notes[entry.get(W + "id", "")] = " ".join(filter(None, (found.text.strip() for found in read)))
        return notes

    def _read_comments(self) -> list[str]:
        root = self._part("comments")
        return [text for text in (plain_text(comment) for comment in (root if root is not None else ())) if text]


def _block(text: str, label: str, style: ParagraphStyle, page: int | None) -> Block:
    if bullet := _BULLET.match(text):
        return Block("list_item", text[bullet.end() :], page=page)
    numbered = f"{label} {text}" if label else text
    match style.kind:
        case "title":
            return Block("title", numbered, level=style.level, page=page)
        case "list_item":
            return Block("list_item", numbered, page=page)
        case _:
            return Block("text", numbered, page=page)


def _control_of(cell: Any) -> Any:
    """Properties of the content control that a whole cell stands in; None where it does not."""
    content = cell.getparent()
    control = content.getparent() if content is not None and content.tag == W + "sdtContent" else None
    return control.find(W + "sdtPr") if control is not None else None


def _rows(table: Any) -> list[Any]:
    """Rows of a table, those wrapped in content controls and tracked insertions too, those of inner tables not."""
    rows: list[Any] = []
    for child in table:
        if child.tag == W + "tr":
            rows.append(child)
        elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "customXml"):
            rows += _rows(child)
    return rows


def _cells(row: Any) -> list[Any]:
    cells: list[Any] = []
    for child in row:
        if child.tag == W + "tc":
            cells.append(child)
        elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "customXml"):
            cells += _cells(child)
    return cells


def _paragraphs(cell: Any, tables: list[Any]) -> Iterator[Any]:
    """Paragraphs of a cell, those in content controls too; tables in it are collected."""
    for child in cell:
        if child.tag == W + "p":
            yield child
        elif child.tag == W + "tbl":
            tables.append(child)
        elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "moveTo", W + "customXml"):
            yield from _paragraphs(child, tables)
        elif child.tag == ALTERNATIVES:
            yield from _paragraphs(choice(child), tables)


def _is_bold(cell: Any) -> bool:
    """Whether all text of a cell is bold by its own runs."""
    runs = [run for run in cell.iter(W + "r") if any((text.text or "").strip() for text in run.iter(W + "t"))]
    return bool(runs) and all((look := run.find(W + "rPr")) is not None and is_on(look.find(W + "b")) for run in runs)

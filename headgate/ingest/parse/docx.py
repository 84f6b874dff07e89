"""docx → blocks. Kinds as unstructured gives them: by paragraph style, numbering and bullets.

tracked changes     as accepted: insertions kept, deletions dropped, with a finding
comments            kept aside as hidden text, with a finding
foot- and endnotes  a paragraph of their own after the one that refers to them
text boxes          after the paragraph they are anchored to
headers, footers    left out
hidden, white text  kept aside as hidden text
pictures            their alternative text; nothing is fetched
equations           their characters, in reading order
embedded files      left out, with a finding
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.docx_styles import ParagraphStyle, WordStyles, is_on
from headgate.ingest.parse.office_package import Package
from headgate.ingest.parse.table_grid import Cell, HeaderMark, Row
from headgate.ingest.parse.tables import table_blocks
from headgate.records import Remark
from headgate.records.remarks import note
from headgate.text.numbers import whole_number

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_DRAWING_NAME = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_BULLET = re.compile(
    "^\\s*(?:[\u2022\u2023\u2043\u204c\u204d\u2219\u25cb\u25cf\u25d8\u25e6\u2619\u2765\u2767\u29be\u29bf\u00b7\uf0b7*\x95]|[-\u2013](?=\\s|$))\\s*"
)
_WHITE = frozenset({"FFFFFF"})
#: Passed over with all that is in them.
_SKIPPED = frozenset(
    W + name
    for name in (
        "pPr",
        "rPr",
        "instrText",
        "delText",
        "del",
        "moveFrom",
        "object",
        "sdtPr",
        "rt",
        "fldData",
        "delInstrText",
        "bookmarkStart",
        "bookmarkEnd",
        "proofErr",
    )
)
_CHANGES = {W + "ins": "ins", W + "moveTo": "ins", W + "del": "del", W + "moveFrom": "del"}
_MAX_COLUMNS = 200


@dataclass
class _Paragraph:
    """What is collected while a paragraph is walked."""

    text: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    tables: list[Any] = field(default_factory=list)
    page: int = 0  # where its text begins; 0 = it has none


def parse_word(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure: `malformed`, `zip_bomb`, `xml_entities`."""
    package = Package(content, path=path, max_unzipped=max_unzipped)
    main = package.main_part("word/document.xml")
    root = package.xml(main)
    reader = _Reader(package, main)
    reader.has_pages = next(root.iter(W + "lastRenderedPageBreak"), None) is not None
    for body in root.iter(W + "body"):
        reader.read_blocks(body)
    return assemble(reader.blocks, labels=package.labels(), hidden=reader.hidden, findings=reader.findings())


class _Reader:
    def __init__(self, package: Package, main: str) -> None:
        self.blocks: list[Block] = []
        self.hidden: list[str] = []
        self._links = package.links(main)
        self._package = package
        self._styles = WordStyles(self._part("styles"), self._part("numbering"))
        self._notes = {"footnote": self._read_notes("footnotes"), "endnote": self._read_notes("endnotes")}
        self._changes = {"ins": 0, "del": 0}
        self._is_cut = False  # whether a table has more columns than are read
        self.has_pages = False  # whether the document says where its pages began when it was last shown
        self._page = 1

    def findings(self) -> list[Remark]:
        findings = []
        if any(self._changes.values()):
            findings.append(
                note(
                    "tracked_changes",
                    f"read as accepted, {self._changes['ins']} insertion(s) kept, {self._changes['del']} deletion(s) dropped",
                )
            )
        comments = self._read_comments()
        if comments:
            self.hidden += comments
            findings.append(note("comments", f"{len(comments)} left out"))
        embedded = sum("/embeddings/" in name.lower() for name in self._package.names)
        if embedded:
            findings.append(note("embedded", f"{embedded} file(s) inside the document left out"))
        if self._is_cut:
            findings.append(note("cut", f"a table read up to column {_MAX_COLUMNS}"))
        return findings

    def read_blocks(self, container: Any) -> None:
        for item in container:
            if item.tag == W + "p":
                self._read_paragraph(item)
            elif item.tag == W + "tbl":
                self._read_table(item)
            elif item.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "moveTo", W + "customXml", W + "smartTag"):
                self.read_blocks(item)
            elif item.tag == _ALTERNATIVES:
                self.read_blocks(_choice(item))

    def _read_paragraph(self, item: Any) -> None:
        style = self._styles.of(item)
        found = self._walk(item)
        text = "".join(found.text)
        self.hidden += ["".join(found.hidden)] if found.hidden else []
        if text.strip():
            self.blocks.append(self._block(text, style, found.page if self.has_pages else None))
        self._after(found)

    def _after(self, found: _Paragraph) -> None:
        for alternative in found.pictures:
            self.blocks.append(Block("text", f"Image: {alternative}", page=self._page if self.has_pages else None))
        for kind, number in found.notes:
            if note := self._notes[kind].pop(number, ""):
                self.blocks.append(Block("text", f"Note: {note}", page=self._page if self.has_pages else None))
        for box in found.boxes:
            self.read_blocks(box)

    def _block(self, text: str, style: ParagraphStyle, page: int | None) -> Block:
        label = self._styles.next_label(style)
        if bullet := _BULLET.match(text):
            return Block("list_item", text[bullet.end() :], page=page)
        if style.kind == "title":
            return Block("title", f"{label} {text}" if label else text, level=style.level, page=page)
        if style.kind == "list_item":
            return Block("list_item", text, page=page)
        return Block("text", f"{label} {text}" if label else text, page=page)

    def _walk(self, item: Any) -> _Paragraph:
        found = _Paragraph()
        self._walk_into(item, found, hidden=False)
        return found

    def _walk_into(self, item: Any, found: _Paragraph, *, hidden: bool) -> None:
        target = found.hidden if hidden else found.text
        for child in item:
            tag = child.tag
            if tag == W + "r":
                self._walk_into(child, found, hidden=hidden or _is_hidden(child.find(W + "rPr")))
            elif tag == W + "t" or tag == _MATH_TEXT:
                target.append(child.text or "")
                found.page = found.page or self._page
            elif tag in _CHANGES:
                self._changes[_CHANGES[tag]] += 1
                if _CHANGES[tag] == "ins":
                    self._walk_into(child, found, hidden=hidden)
            elif tag in _SKIPPED:
                continue
            elif tag == W + "tab":
                target.append(" ")
            elif tag in (W + "br", W + "cr"):
                target.append("\n")
            elif tag == W + "lastRenderedPageBreak":
                self._page += 1
            elif tag == W + "noBreakHyphen":
                target.append("-")
            elif tag in (W + "footnoteReference", W + "endnoteReference"):
                found.notes.append((tag[len(W) : -len("Reference")], child.get(W + "id", "")))
            elif tag == W + "txbxContent":
                found.boxes.append(child)
            elif tag == _ALTERNATIVES:
                self._walk_into(_choice(child), found, hidden=hidden)
            elif tag == _DRAWING_NAME:
                if _is_description(alternative := child.get("descr") or ""):
                    found.pictures.append(alternative)
            else:
                self._walk_into(child, found, hidden=hidden)

    def _read_table(self, table: Any) -> None:
        rows = _rows(table)
        if self._is_layout(rows):
            for row in rows:
                for cell in _cells(row):
                    self.read_blocks(cell)
            return
        grid: list[Row] = []
        above: dict[int, Cell] = {}
        extras = _Paragraph()
        page = self._page
        look = self._styles.table_look(table)
        for row in rows:
            properties = row.find(W + "trPr")
            if properties is not None and properties.find(W + "del") is not None:
                self._changes["del"] += 1
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

    def _read_row(self, row: Any, above: dict[int, Cell], extras: _Paragraph) -> tuple[list[Cell], bool]:
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

    def _cell_text(self, cell: Any, extras: _Paragraph) -> str:
        """The text of a cell on one line, without the tables in it."""
        parts: list[str] = []
        for paragraph in _paragraphs(cell, extras.tables):
            found = self._walk(paragraph)
            parts.append("".join(found.text))
            extras.boxes += found.boxes
            extras.notes += found.notes
            extras.pictures += found.pictures
            self.hidden += ["".join(found.hidden)] if found.hidden else []
        return " ".join(part for part in parts if part.strip())

    def _part(self, kind: str) -> Any:
        """A part that the document can do without; None where it is missing or broken."""
        name = next((link.target for link in self._links.values() if link.kind == kind), "")
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
            if entry.get(W + "type", "normal") == "normal":
                notes[entry.get(W + "id", "")] = _plain_text(entry)
        return notes

    def _read_comments(self) -> list[str]:
        root = self._part("comments")
        return [text for text in (_plain_text(comment) for comment in (root if root is not None else ())) if text]


def _plain_text(item: Any) -> str:
    return " ".join("".join(text.text or "" for text in paragraph.iter(W + "t")) for paragraph in item.iter(W + "p")).strip()


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
        elif child.tag == _ALTERNATIVES:
            yield from _paragraphs(_choice(child), tables)


def _is_bold(cell: Any) -> bool:
    """Whether all text of a cell is bold by its own runs."""
    runs = [run for run in cell.iter(W + "r") if any((text.text or "").strip() for text in run.iter(W + "t"))]
    return bool(runs) and all((look := run.find(W + "rPr")) is not None and is_on(look.find(W + "b")) for run in runs)


def _choice(alternatives: Any) -> Any:
    """The first form of what a drawing offers in several; reading all would repeat its text."""
    return alternatives[0] if len(alternatives) else alternatives


def _is_description(alternative: str) -> bool:
    """Whether an alternative text says anything: not a file name, a link or a machine's guess of one word."""
    return len(alternative.split()) >= 2 and "://" not in alternative


def _is_hidden(properties: Any) -> bool:
    if properties is None:
        return False
    vanish = properties.find(W + "vanish")
    if vanish is not None and vanish.get(W + "val", "1") not in ("0", "false", "off"):
        return True
    colour = properties.find(W + "color")
    shade = properties.find(W + "shd")
    highlighted = properties.find(W + "highlight") is not None or (
        shade is not None and shade.get(W + "fill", "auto") not in ("auto", "FFFFFF")
    )
    return colour is not None and colour.get(W + "val", "").upper() in _WHITE and not highlighted

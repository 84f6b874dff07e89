"""pptx → blocks, slide by slide; a slide is a page.

title               level 2, before what is beside it, whatever the order of shapes
other paragraphs    the slide's points, in the order of their shapes from top to bottom, with automatic numbers; tables as tables
crossed-out text    left out, with a finding
speaker notes       kept aside, with a finding
comments            likewise
hidden slides       likewise
pictures            their alternative text; nothing is fetched
charts, diagrams    as tables and lists (office_drawings.py)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.docx_numbering import number_text
from headgate.ingest.parse.equations import EQUATIONS, equation_text
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.office_drawings import CHART, DIAGRAM, drawing_blocks
from headgate.ingest.parse.office_package import Link, Package
from headgate.ingest.parse.raised_text import Run, join_runs
from headgate.ingest.parse.symbol_fonts import readable
from headgate.ingest.parse.table_grid import Cell, Row
from headgate.ingest.parse.tables import table_blocks
from headgate.records import FindingCode
from headgate.records.remarks import note
from headgate.text.numbers import whole_number

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_LINK_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_ON = ("1", "true")
#: Beginning of a form's name → how Word names it.
_NUMBER_FORMS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_TITLES = frozenset({"title", "ctrTitle"})
#: Placeholders that repeat on every slide.
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr"})


def parse_slides(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure: `malformed`, `zip_bomb`, `xml_entities`."""
    package = Package(content, path=path, max_unzipped=max_unzipped)
    main = package.main_part("ppt/presentation.xml")
    links = package.links(main)
    blocks: list[Block] = []
    left_out: list[LeftOut] = []
    notes: list[str] = []
    comments: list[str] = []
    broken: list[int] = []
    skipped = 0
    slides = [links[key].target for entry in package.xml(main).iter(P + "sldId") if (key := entry.get(_LINK_ID, "")) in links]
    for number, name in enumerate(slides, 1):
        try:
            root = package.xml(name)
        except ParseFailure as failure:
            if failure.reason != "malformed":
                raise
            broken.append(number)
            continue
        reader = SlideReader(number, package.links(name), package)
        found = list(reader.blocks(root))
        left_out += reader.left_out
        if root.get("show", "1") in ("0", "false"):
            skipped += 1
            left_out += [leave_out("hidden", block.text) for block in found]
        else:
            blocks += found
        for link in package.links(name).values():
            if link.kind == "notesSlide":
                notes += _texts(package, link.target, placeholder="body")
            elif link.kind == "comments" or ("comment" in link.kind.lower() and "author" not in link.kind.lower()):
                comments += _texts(package, link.target)
    if broken and len(broken) == len(slides):
        raise ParseFailure(path, "malformed", "none of its slides can be read; save the file anew")
    counted: tuple[tuple[FindingCode, str, int], ...] = (
        ("notes", "speaker notes of {} slide(s) left out", len(notes)),
        ("comments", "{} left out", len(comments)),
        ("hidden_slides", "{} left out", skipped),
    )
    findings = [note(code, text.format(count)) for code, text, count in counted if count]
    if broken:
        findings.append(note("damaged", f"slide(s) {', '.join(map(str, broken))} can't be read"))
    left_out += [leave_out("comment", text) for text in (*notes, *comments)]
    return assemble(blocks, labels=package.labels(), findings=findings, left_out=left_out)


class SlideReader:
    """Reads one slide; `left_out` says what of it was not kept."""

    def __init__(self, number: int, links: Mapping[str, Link], package: Package) -> None:
        self.left_out: list[LeftOut] = []
        self._number = number
        self._links = links
        self._package = package

    def blocks(self, root: Any) -> Iterator[Block]:
        tree = root.find(f"{P}cSld/{P}spTree")
        if tree is None:
            return
        shapes = sorted(_shapes(tree), key=lambda shape: _position(shape))
        title = next((shape for shape in shapes if _placeholder(shape) in _TITLES), None)
        if title is not None and (text := " ".join(" ".join(point for point, _ in self.points(title)).split())):
            yield Block("title", text, level=2, page=self._number)
        for shape in shapes:
            if _placeholder(shape) in _FURNITURE:
                self.left_out.append(leave_out("running_header", " ".join(text for text, _ in self.points(shape))))
            elif shape is not title:
                yield from self._shape(shape)

    def _shape(self, shape: Any) -> Iterator[Block]:
        table = next(shape.iter(A + "tbl"), None) if shape.tag == P + "graphicFrame" else None
        if table is not None:
            yield from table_blocks(self._table_rows(table), page=self._number)
        elif shape.tag == P + "graphicFrame":
            for mark in shape.iter(CHART, DIAGRAM):
                yield from drawing_blocks(mark, self._links, self._package, page=self._number)
        elif shape.tag == P + "pic":
            properties = next(shape.iter(P + "cNvPr"), None)
            alternative = (properties.get("descr") or "") if properties is not None else ""
            if len(alternative.split()) >= 2 and "://" not in alternative:
                yield Block("text", f"Image: {alternative}", page=self._number)
        else:
            outline = bool(_placeholder(shape))
            for text, bullet in self.points(shape):
                if text.strip():
                    yield Block("list_item" if outline or bullet else "text", text, page=self._number)

    def points(self, shape: Any) -> list[tuple[str, bool]]:
        """(text, whether it has a bullet or number of its own) of every paragraph."""
        body = shape.find(P + "txBody")
        if body is None:
            return []
        points: list[tuple[str, bool]] = []
        counts: dict[int, tuple[str, int]] = {}  # level → (form, last number)
        for item in body.iter(A + "p"):
            properties = item.find(A + "pPr")
            text = self._text(item)
            level = whole_number(properties.get("lvl", "0")) or 0 if properties is not None else 0
            counts = {known: count for known, count in counts.items() if known <= level}
            numbered = properties.find(A + "buAutoNum") if properties is not None else None
            if numbered is None or not text.strip():
                counts.pop(level, None)
                bullet = properties is not None and properties.find(A + "buChar") is not None
                points.append((text, bullet))
                continue
            form = numbered.get("type", "")
            before = counts.get(level, ("", 0))
            first = whole_number(numbered.get("startAt", "1")) or 1
            count = before[1] + 1 if before[0] == form else first
            counts[level] = form, count
            label = _auto_number(form, count)
            points.append((f"{label} {text}" if label else text, True))
        return points

    def _text(self, paragraph: Any) -> str:
        runs: list[Run] = []
        for item in paragraph.iter(A + "r", A + "fld", A + "br", *EQUATIONS):
            if item.tag == A + "br":
                runs.append(Run("\n"))
            elif item.tag in EQUATIONS:
                if next(item.iterancestors(*EQUATIONS), None) is None:
                    runs.append(Run(equation_text(item)))
            else:
                look = item.find(A + "rPr")
                font = look.find(A + "latin") if look is not None else None
                shown, _ = readable(item.findtext(A + "t") or "", font.get("typeface", "") if font is not None else "")
                if look is not None and look.get("strike", "noStrike") != "noStrike":
                    self.left_out.append(leave_out("struck_out", shown))
                    runs.append(Run(" "))
                    continue
                baseline = look.get("baseline", "0") if look is not None else "0"
                raised = whole_number(baseline.removeprefix("-").removesuffix("%").partition(".")[0]) or 0
                runs.append(Run(shown, "" if not raised else "lowered" if baseline.startswith("-") else "raised"))
        return join_runs(runs)

    def _table_rows(self, table: Any) -> list[Row]:
        """Every new table has a first row of its own look, so that alone does not make it a header (`shown`)."""
        look = table.find(A + "tblPr")
        first_row = look is not None and look.get("firstRow") in _ON
        first_column = look is not None and look.get("firstCol") in _ON
        rows: list[Row] = []
        for item in table.iter(A + "tr"):
            cells: list[Cell] = []
            for cell in item.iter(A + "tc"):
                column = len(cells)
                made = Cell(
                    " ".join(self._text(paragraph) for paragraph in cell.iter(A + "p")), header=first_column and not column
                )
                if cell.get("vMerge") in _ON and rows and column < len(rows[-1].cells):
                    made = replace(rows[-1].cells[column], above=True)
                elif cell.get("hMerge") in _ON and cells:
                    made = replace(cells[-1], left=True)
                cells.append(made)
            rows.append(Row(tuple(cells), "shown" if first_row and not rows else ""))
        return rows


def _auto_number(form: str, count: int) -> str:
    """`2.`, `(b)`, `iv)`; "" in forms that are not known here."""
    for name, written in _NUMBER_FORMS.items():
        if form.startswith(name):
            number = number_text(count, written)
            match form[len(name) :]:
                case "Period":
                    return f"{number}."
                case "ParenR":
                    return f"{number})"
                case "ParenBoth":
                    return f"({number})"
                case "Plain":
                    return number
    return ""


def _shapes(tree: Any) -> Iterator[Any]:
    for child in tree:
        if child.tag == P + "grpSp":
            yield from _shapes(child)
        elif child.tag == _ALTERNATIVES:
            yield from _shapes(child[0] if len(child) else child)
        elif child.tag in (P + "sp", P + "graphicFrame", P + "pic", P + "cxnSp"):
            yield child


def _position(shape: Any) -> tuple[int, int]:
    """(top, left) on the slide, in English Metric Units; a placeholder without its own stands first."""
    offset = next(shape.iter(A + "off"), None)
    if offset is None:
        return 0, 0
    return _length(offset.get("y", "0")), _length(offset.get("x", "0"))


def _length(text: str) -> int:
    number = whole_number(text.removeprefix("-")) or 0
    return -number if text.startswith("-") else number


def _placeholder(shape: Any) -> str:
    found = next(shape.iter(P + "ph"), None)
    return str(found.get("type", "body")) if found is not None else ""


def _texts(package: Package, name: str, *, placeholder: str = "") -> list[str]:
    """What a part of notes or comments says, as one text a part or comment; none where it can't be read."""
    if not package.has(name):
        return []
    try:
        root = package.xml(name)
    except ParseFailure as failure:
        if failure.reason != "malformed":
            raise
        return []
    if placeholder:
        shapes = [shape for shape in root.iter(P + "sp") if _placeholder(shape) == placeholder]
        reader = SlideReader(0, {}, package)
        texts = ("\n".join(text for text, _ in reader.points(shape)).strip() for shape in shapes)
        return [text for text in texts if text]
    found = [" ".join(text.text or "" for text in comment.iter(P + "text", A + "t")).strip() for comment in root]
    return [text for text in found if text]

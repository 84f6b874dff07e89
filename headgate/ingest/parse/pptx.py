"""pptx → blocks, slide by slide; a slide is a page.

title               level 2, before what is beside it, whatever the order of shapes
other paragraphs    the slide's points, in the order of their shapes from top to bottom; tables as tables
speaker notes       kept aside as hidden text, with a finding
comments            likewise
hidden slides       likewise
pictures            their alternative text; nothing is fetched
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.office_package import Package
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
_TITLES = frozenset({"title", "ctrTitle"})
#: Placeholders that repeat on every slide.
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr"})


def parse_slides(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure: `malformed`, `zip_bomb`, `xml_entities`."""
    package = Package(content, path=path, max_unzipped=max_unzipped)
    main = package.main_part("ppt/presentation.xml")
    links = package.links(main)
    blocks: list[Block] = []
    hidden: list[str] = []
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
        found = list(_slide_blocks(root, number))
        if root.get("show", "1") in ("0", "false"):
            skipped += 1
            hidden += [block.text for block in found]
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
    return assemble(blocks, labels=package.labels(), hidden=[*hidden, *notes, *comments], findings=findings)


def _slide_blocks(root: Any, number: int) -> Iterator[Block]:
    tree = root.find(f"{P}cSld/{P}spTree")
    if tree is None:
        return
    shapes = sorted(_shapes(tree), key=lambda shape: _position(shape))
    title = next((shape for shape in shapes if _placeholder(shape) in _TITLES), None)
    if title is not None and (text := " ".join(" ".join(_paragraphs(title)).split())):
        yield Block("title", text, level=2, page=number)
    for shape in shapes:
        if shape is title or _placeholder(shape) in _FURNITURE:
            continue
        table = next(shape.iter(A + "tbl"), None) if shape.tag == P + "graphicFrame" else None
        if table is not None:
            yield from table_blocks(_table_rows(table), page=number)
        elif shape.tag == P + "pic":
            properties = next(shape.iter(P + "cNvPr"), None)
            alternative = (properties.get("descr") or "") if properties is not None else ""
            if len(alternative.split()) >= 2 and "://" not in alternative:
                yield Block("text", f"Image: {alternative}", page=number)
        else:
            outline = bool(_placeholder(shape))
            for text, bullet in _points(shape):
                if text.strip():
                    yield Block("list_item" if outline or bullet else "text", text, page=number)


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


def _paragraphs(shape: Any) -> list[str]:
    return [text for text, _ in _points(shape)]


def _points(shape: Any) -> list[tuple[str, bool]]:
    """(text, whether it has a bullet or number of its own) of every paragraph."""
    body = shape.find(P + "txBody")
    if body is None:
        return []
    marks = (f"{A}pPr/{A}buChar", f"{A}pPr/{A}buAutoNum")
    return [(_text(item), any(item.find(mark) is not None for mark in marks)) for item in body.iter(A + "p")]


def _text(paragraph: Any) -> str:
    return "".join((item.text or "") if item.tag == A + "t" else "\n" for item in paragraph.iter(A + "t", A + "br"))


def _table_rows(table: Any) -> list[Row]:
    """Every new table has a first row of its own look, so that alone does not make it a header (`shown`)."""
    look = table.find(A + "tblPr")
    first_row = look is not None and look.get("firstRow") in _ON
    first_column = look is not None and look.get("firstCol") in _ON
    rows: list[Row] = []
    for item in table.iter(A + "tr"):
        cells: list[Cell] = []
        for cell in item.iter(A + "tc"):
            column = len(cells)
            made = Cell(" ".join(_text(paragraph) for paragraph in cell.iter(A + "p")), header=first_column and not column)
            if cell.get("vMerge") in _ON and rows and column < len(rows[-1].cells):
                made = replace(rows[-1].cells[column], above=True)
            elif cell.get("hMerge") in _ON and cells:
                made = replace(cells[-1], left=True)
            cells.append(made)
        rows.append(Row(tuple(cells), "shown" if first_row and not rows else ""))
    return rows


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
        return [text for text in ("\n".join(_paragraphs(shape)).strip() for shape in shapes) if text]
    found = [" ".join(text.text or "" for text in comment.iter(P + "text", A + "t")).strip() for comment in root]
    return [text for text in found if text]

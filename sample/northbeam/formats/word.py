"""Page → docx with real heading styles, lists and tables, by python-docx."""

from __future__ import annotations

import io
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from formats.package import pack
from formats.page import Heading, ListItem, Page, Paragraph, Span, Table, blocks

#: Parts of python-docx's template that only make the file bigger, by the end of their relationship type.
_UNUSED = ("/stylesWithEffects", "/customXml", "/thumbnail")
_TABLE_STYLE = "Table Grid"


def render_docx(page: Page) -> bytes:
    """The page as a Word document."""
    document = docx.Document()
    _slim(document)
    numbering: Any = None
    for block in blocks(page):
        match block:
            case Heading(level, spans):
                _write(document.add_heading(level=level), spans)
            case Paragraph(spans):
                _write(document.add_paragraph(), spans)
            case ListItem(depth, number, first, spans):
                base = "List Bullet" if number is None else "List Number"
                paragraph = document.add_paragraph(style=base if depth == 0 else f"{base} {min(depth, 2) + 1}")
                if number is not None:
                    numbering = _restart(document, paragraph, number) if first else numbering
                    paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = numbering
                _write(paragraph, spans)
            case Table(rows):
                _table(document, rows)
    target = io.BytesIO()
    document.save(target)
    return pack(target.getvalue(), page)


def _slim(document: Any) -> None:
    for rels in (document.part.rels, document.part.package.rels):
        for key in [key for key, rel in rels.items() if rel.reltype.endswith(_UNUSED)]:
            del rels[key]
    for style in list(document.styles.element.iterchildren(qn("w:style"))):
        if style.get(qn("w:type")) == "table" and style.find(qn("w:name")).get(qn("w:val")) not in (_TABLE_STYLE, "Normal Table"):
            document.styles.element.remove(style)


def _restart(document: Any, paragraph: Any, start: int) -> int:
    """A numbering of its own for a new list, of the same look as its style's; else Word counts on from the list before."""
    numbering = document.part.numbering_part.element
    own = paragraph.style.element.pPr.numPr.numId.val
    abstract = next(num for num in numbering.num_lst if num.numId == own).abstractNumId.val
    num = numbering.add_num(abstract)
    num.add_lvlOverride(ilvl=0).add_startOverride(start)
    return int(num.numId)


def _table(document: Any, rows: Any) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style=_TABLE_STYLE)
    for line, row in zip(table.rows, rows, strict=True):
        for cell, spans in zip(line.cells, row, strict=True):
            _write(cell.paragraphs[0], spans, bold=row is rows[0])
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _write(paragraph: Any, spans: tuple[Span, ...], *, bold: bool = False) -> None:
    for span in spans:
        run = paragraph.add_run(span.text.replace("\n", " "))
        run.bold, run.italic = (span.bold or bold) or None, span.italic or None
        if span.code:
            run.font.name = "Courier New"
        if span.href:
            link = OxmlElement("w:hyperlink")
            link.set(qn("r:id"), paragraph.part.relate_to(span.href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
            run._r.addprevious(link)
            link.append(run._r)
            run.font.underline = True

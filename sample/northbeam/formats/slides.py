"""Page → pptx, by python-pptx: a slide for every `##` heading, with bullets and tables."""

from __future__ import annotations

import io
from typing import Any

from pptx import Presentation
from pptx.oxml import parse_xml
from pptx.util import Inches, Pt

from formats.package import pack
from formats.page import Block, ListItem, Page, Paragraph, SourceError, Table, plain, sections

_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_UNUSED = ("/thumbnail", "/printerSettings")
_LAYOUT = "Title and Content"


def render_pptx(page: Page) -> bytes:
    """The page as a presentation, 4:3."""
    presentation = Presentation()
    layout = presentation.slide_layouts.get_by_name(_LAYOUT)
    for other in [other for other in presentation.slide_layouts if other.name != _LAYOUT]:
        presentation.slide_layouts.remove(other)
    for rels in (presentation.part.rels, presentation.part.package._rels):
        for key in [key for key, rel in rels.items() if rel.reltype.endswith(_UNUSED)]:
            rels.pop(key)
    for heading, content in sections(page):
        _slide(presentation.slides.add_slide(layout), heading, content, page)
    target = io.BytesIO()
    presentation.save(target)
    return pack(target.getvalue(), page)


def _slide(slide: Any, heading: str, content: list[Block], page: Page) -> None:
    slide.shapes.title.text = heading
    slide.shapes.title.text_frame.paragraphs[0].runs[0].font.size = Pt(30)
    lines = [block for block in content if isinstance(block, ListItem | Paragraph)]
    tables = [block for block in content if isinstance(block, Table)]
    if len(lines) + len(tables) < len(content) or len(tables) > 1:
        raise SourceError(f"{page.where}: slide {heading!r} may hold paragraphs, lists and one table")
    body = slide.placeholders[1]
    if tables:
        body.left, body.top, body.width, body.height = Inches(0.5), Inches(1.3), Inches(9), Inches(0.45 * max(1, len(lines)))
        top = body.top + body.height + Inches(0.2) if lines else Inches(1.5)
        _table(slide, tables[0], top)
    if not lines:
        body._element.getparent().remove(body._element)
        return
    frame = body.text_frame
    for position, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if position == 0 else frame.add_paragraph()
        paragraph.font.size = Pt(16 if tables else 20)
        for span in line.spans:
            run = paragraph.add_run()
            run.text, run.font.bold = span.text.replace("\n", " "), span.bold or None
        if isinstance(line, ListItem):
            paragraph.level = line.depth
        if isinstance(line, Paragraph):
            paragraph._p.get_or_add_pPr().insert(0, parse_xml(f"<a:buNone {_A}/>"))
        elif line.number is not None:
            paragraph._p.get_or_add_pPr().insert(0, parse_xml(f'<a:buAutoNum {_A} type="arabicPeriod" startAt="{line.number}"/>'))


def _table(slide: Any, table: Table, top: int) -> None:
    rows, columns = len(table.rows), len(table.rows[0])
    shape = slide.shapes.add_table(rows, columns, Inches(0.5), top, Inches(9), Inches(0.4 * rows))
    for line, row in zip(shape.table.rows, table.rows, strict=True):
        for cell, spans in zip(line.cells, row, strict=True):
            cell.text = plain(spans)
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(14)

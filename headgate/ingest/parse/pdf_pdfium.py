"""The pages of a PDF by pdfium, which repairs more than pdfminer and knows more fonts. Of what is drawn besides text
lines and rectangles are read, not colours: text that nobody sees is not told."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import pypdfium2
from pypdfium2 import raw

from headgate.ingest.parse.pdf_forms import MAX_FIELDS, just_ticked
from headgate.ingest.parse.pdf_miner import MAX_PAGES, MAX_RULES
from headgate.ingest.parse.pdf_page import Box, Glyph, Page, Pages, in_own_frame

_BOLD_WEIGHT = 600
_RECTANGLE = 5  # segments of a path


def read_with_pdfium(content: bytes, *, passwords: Sequence[str]) -> Pages:
    """Nothing but a problem where pdfium can't read it either."""
    for password in ("", *passwords):
        try:
            document = pypdfium2.PdfDocument(content, password=password or None)
            break
        except pypdfium2.PdfiumError:
            continue
    else:
        return Pages(problem="the PDF can't be read")
    pages: list[Page] = []
    form: list[tuple[str, str]] = []
    document.init_forms()
    fields = document.formenv
    for number in range(1, min(len(document), MAX_PAGES) + 1):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            continue
        pictures = [picture.get_bounds() for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)]
        box = (0.0, 0.0, page.get_width(), page.get_height())
        pages.append(Page(number, box, _glyphs(page), _rules(page), pictures=pictures))
        if fields is not None:
            form += _fields(page, fields)
        page.close()
    problem = "" if pages else "the PDF can't be read: none of its pages can be loaded"
    return Pages(pages, len(pages), {}, form, len(document) > MAX_PAGES, problem, False, password)


def _glyphs(page: Any) -> list[Glyph]:
    text_page = page.get_textpage()
    edges = [ctypes.c_double() for _ in range(4)]
    glyphs: list[Glyph] = []
    for place in range(text_page.count_chars()):
        code = raw.FPDFText_GetUnicode(text_page.raw, place)
        if code in (0, 0xFFFE, 0xFFFF) or raw.FPDFText_IsGenerated(text_page.raw, place) == 1:
            continue
        # The loose box is as high as the font, as pdfminer's.
        rectangle = raw.FS_RECTF()
        if not raw.FPDFText_GetLooseCharBox(text_page.raw, place, rectangle):
            continue
        raw.FPDFText_GetCharBox(text_page.raw, place, *(ctypes.byref(edge) for edge in edges))
        box = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        turn = round(-math.degrees(raw.FPDFText_GetCharAngle(text_page.raw, place)), 1) % 360
        turn = 0.0 if turn > 359.5 or turn < 0.5 else turn
        if turn:
            wide = (
                max(box[2] - box[0], box[3] - box[1])
                if turn % 90
                else (box[3] - box[1] if turn in (90.0, 270.0) else box[2] - box[0])
            )
            box = in_own_frame(box, wide if turn % 90 == 0 else edges[1].value - edges[0].value, turn)
        size = round(box[3] - box[1], 1)
        bold = raw.FPDFText_GetFontWeight(text_page.raw, place) >= _BOLD_WEIGHT
        glyphs.append(Glyph(chr(code) if code < 0x110000 else "\ufffd", box[0], box[2], box[1], box[3], size, bold, turn))
    text_page.close()
    return glyphs


def _rules(page: Any) -> list[Box]:
    """The sides of drawn lines and rectangles; other paths are left alone."""
    rules: list[Box] = []
    for path in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        if raw.FPDFPath_CountSegments(path.raw) > _RECTANGLE or len(rules) >= MAX_RULES:
            continue
        x0, y0, x1, y1 = path.get_bounds()
        thin = min(x1 - x0, y1 - y0) < 3
        rules += [(x0, y0, x1, y1)] if thin else [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]
    return rules


def _fields(page: Any, fields: Any) -> list[tuple[str, str]]:
    """(label, value) of the page's fields that hold something."""
    found: list[tuple[str, str]] = []
    for position in range(min(raw.FPDFPage_GetAnnotCount(page), MAX_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page, position)
        if not annotation:
            continue
        if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET:
            value = _text(raw.FPDFAnnot_GetFormFieldValue, fields, annotation)
            label = _text(raw.FPDFAnnot_GetFormFieldAlternateName, fields, annotation)
            label = label or _text(raw.FPDFAnnot_GetFormFieldName, fields, annotation)
            button = raw.FPDFAnnot_GetFormFieldType(fields, annotation) in (
                raw.FPDF_FORMFIELD_CHECKBOX,
                raw.FPDF_FORMFIELD_RADIOBUTTON,
            )
            if button:
                ticked = bool(raw.FPDFAnnot_IsChecked(fields, annotation))
                value = ("yes" if just_ticked(value) else value) if ticked else ""
            if value.strip() and label.strip():
                found.append((label.strip(), value.strip()))
        raw.FPDFPage_CloseAnnot(annotation)
    return found


def _text(call: Any, fields: Any, annotation: Any) -> str:
    """Of a call that fills a buffer of UTF-16, its length in bytes asked for first."""
    length = call(fields, annotation, None, 0)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2))()
    call(fields, annotation, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")

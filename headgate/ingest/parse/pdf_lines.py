"""The lines of text on a PDF's pages, with their places: from pdfminer, which tells fonts, or from pdfium, which repairs more."""

from __future__ import annotations

import io
import re
import statistics
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from headgate.ingest.parse.passwords import encrypted
from headgate.ingest.parse.pdf_tables import Line, Rule

MAX_PAGES = 2000
_CID = re.compile(r"\(cid:\d+\)")
_MAX_FIELDS = 2000
_MARGIN = 0.08  # outer share of a page's height where headers and footers stand


@dataclass(frozen=True, slots=True)
class PageLines:
    """`problem` says why reading stopped, "" = it did not. `form`: (label, value) of fields that were filled in."""

    lines: list[Line] = field(default_factory=list)
    rules: dict[int, list[Rule]] = field(default_factory=dict)
    pages: int = 0
    properties: dict[str, Any] = field(default_factory=dict)
    form: list[tuple[str, str]] = field(default_factory=list)
    has_pictures: bool = False
    cut: bool = False
    problem: str = ""
    password: str = ""


def read_with_pdfminer(content: bytes, *, path: str, passwords: Sequence[str]) -> PageLines:
    """Raises ParseFailure: `encrypted`."""
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.pdfparser import PDFParser
    from pdfminer.psexceptions import PSException

    broken = (PDFException, PSException, KeyError, ValueError, TypeError, IndexError, AttributeError, AssertionError, struct.error, OverflowError, RecursionError)  # fmt: skip
    lines: list[Line] = []
    rules: dict[int, list[Rule]] = defaultdict(list)
    properties: dict[str, Any] = {}
    form: list[tuple[str, str]] = []
    pages = 0
    problem = ""
    password = ""
    pictures = False
    try:
        password, document = next(_opened(PDFDocument, PDFParser, PDFPasswordIncorrect, content, passwords), ("", None))
        if document is None:
            raise encrypted("PDF", len(passwords), path)
        for info in document.info:
            properties.update(info)
        form = _form_fields(document)
        for number, page in enumerate(
            extract_pages(
                io.BytesIO(content), password=password, maxpages=MAX_PAGES, laparams=LAParams(boxes_flow=None, all_texts=True)
            ),
            1,
        ):
            pages = number
            pictures |= _collect(page, number, page.height, lines, rules[number])
    except PDFEncryptionError as error:
        problem = f"its encryption is of an unknown kind: {error}"
    except broken as error:
        problem = f"the PDF can't be read: {type(error).__name__}: {str(error)[:200]}"
    return PageLines(lines, rules, pages, properties, form, pictures, pages >= MAX_PAGES, problem, password)


def _opened(
    document: Any, parser: Any, wrong: type[Exception], content: bytes, passwords: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    """(password, document) of the passwords that open it; a PDF without one opens with the empty password."""
    for password in ("", *passwords):
        try:
            yield password, document(parser(io.BytesIO(content)), password=password)
        except wrong:
            continue


def _collect(item: Any, page: int, height: float, lines: list[Line], rules: list[Rule]) -> bool:
    """Whether there are pictures among what was collected."""
    from pdfminer.layout import LTChar, LTContainer, LTCurve, LTImage, LTTextLine

    if isinstance(item, LTTextLine):
        chars = [char for char in item if isinstance(char, LTChar)]
        glyphs = _glyphs(item)
        text = "".join(text for _, text in glyphs).strip()
        if text and chars:
            size = statistics.median(round(char.size, 1) for char in chars)
            bold = sum("bold" in char.fontname.lower() or "black" in char.fontname.lower() for char in chars) * 2 > len(chars)
            margin = not height * _MARGIN < item.y0 < height * (1 - _MARGIN)
            lines.append(Line(text, item.x0, item.x1, item.y0, item.y1, size, bold, page, margin, glyphs))
    elif isinstance(item, LTCurve):
        rules.append((item.x0, item.y0, item.x1, item.y1))
    elif isinstance(item, LTImage):
        return True
    elif isinstance(item, LTContainer):
        # Not any(): every child must be collected.
        return sum([_collect(child, page, height, lines, rules) for child in item]) > 0
    return False


def _glyphs(line: Any) -> tuple[tuple[float, str], ...]:
    """(middle x, text) of every character in reading order; the spaces that pdfminer puts in stand where the one before them ends.

    A glyph without a character is a bullet where it stands first, else U+FFFD.
    """
    from pdfminer.layout import LTChar

    glyphs: list[tuple[float, str]] = []
    right = line.x0
    for item in line:
        text = item.get_text()
        if isinstance(item, LTChar):
            if _CID.fullmatch(text):
                text = "\ufffd" if any(other.strip() for _, other in glyphs) else "•"
            glyphs.append(((item.x0 + item.x1) / 2, text))
            right = item.x1
        elif text != "\n":
            glyphs.append((right, text))
    return tuple(_logical(glyphs))


def is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def _logical(glyphs: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Characters in the order they are read. Most programs write right-to-left text into a PDF from left to right, as it is drawn."""
    strong = [(x, text) for x, text in glyphs if is_right_to_left(text)]
    if len(strong) < 2:
        return glyphs
    rising = sum(second[0] > first[0] for first, second in pairwise(strong))
    if rising * 2 <= len(strong) - 1:
        return glyphs
    latin = sum(text.isalnum() and not is_right_to_left(text) and not text.isdigit() for _, text in glyphs)
    if latin > len(strong):  # the line itself runs from left to right: only its right-to-left words are turned
        return _with_turned_runs(
            glyphs, lambda text: is_right_to_left(text) or not text.strip() or unicodedata.category(text[0])[0] == "M"
        )
    turned = glyphs[::-1]
    return _with_turned_runs(turned, lambda text: (text.isalnum() and not is_right_to_left(text)) or text in ".,:/-+%€$£@")


def _with_turned_runs(glyphs: list[tuple[float, str]], belongs: Any) -> list[tuple[float, str]]:
    """With every run of characters that `belongs` chooses in reverse; white space at the ends of a run stays outside of it."""
    result: list[tuple[float, str]] = []
    run: list[tuple[float, str]] = []

    def close() -> None:
        tail: list[tuple[float, str]] = []
        while run and not run[-1][1].strip():
            tail.insert(0, run.pop())
        result.extend([*run[::-1], *tail])
        run.clear()

    for glyph in glyphs:
        if belongs(glyph[1]) and (run or glyph[1].strip()):
            run.append(glyph)
        else:
            close()
            result.append(glyph)
    close()
    return result


def _form_fields(document: Any) -> list[tuple[str, str]]:
    """(label, value) of the fields that hold something, in the order of the form."""
    from pdfminer.pdftypes import dict_value, list_value, resolve1
    from pdfminer.utils import decode_text

    form = resolve1(document.catalog.get("AcroForm"))
    if not isinstance(form, dict):
        return []
    found: list[tuple[str, str]] = []
    pending = list(list_value(form.get("Fields", [])))[::-1]
    seen = 0
    while pending and seen < _MAX_FIELDS:
        seen += 1
        entry = dict_value(pending.pop())
        pending += list(list_value(entry.get("Kids", [])))[::-1]
        value, label = resolve1(entry.get("V")), resolve1(entry.get("TU")) or resolve1(entry.get("T"))
        if isinstance(value, bytes) and isinstance(label, bytes) and value.strip():
            found.append((str(decode_text(label)), str(decode_text(value))))
    return found


def read_with_pdfium(content: bytes, *, passwords: Sequence[str]) -> PageLines:
    """Lines with places and heights, without fonts. Nothing where pdfium can't read it either."""
    import pypdfium2
    from pypdfium2 import raw

    for password in ("", *passwords):
        try:
            document = pypdfium2.PdfDocument(content, password=password or None)
            break
        except pypdfium2.PdfiumError:
            continue
    else:
        return PageLines(problem="the PDF can't be read")
    lines: list[Line] = []
    form: list[tuple[str, str]] = []
    pictures = False
    pages = 0
    document.init_forms()
    fields = document.formenv
    for number in range(1, min(len(document), MAX_PAGES) + 1):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            continue
        pages += 1
        lines += _pdfium_lines(page, number)
        if fields is not None:
            form += _pdfium_fields(page, fields)
        pictures = pictures or any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
        page.close()
    problem = "" if pages else "the PDF can't be read: none of its pages can be loaded"
    return PageLines(lines, {}, pages, {}, form, pictures, len(document) > MAX_PAGES, problem, password)


def _pdfium_lines(page: Any, number: int) -> list[Line]:
    text_page = page.get_textpage()
    height = page.get_height()
    parts: list[tuple[float, float, float, float, str]] = []
    for position in range(text_page.count_rects()):
        left, bottom, right, top = text_page.get_rect(position)
        text = text_page.get_text_bounded(left, bottom, right, top).replace("\r", " ").replace("\n", " ").strip()
        if text:
            parts.append((left, bottom, right, top, text))
    lines: list[Line] = []
    for left, bottom, right, top, text in parts:
        last = lines[-1] if lines else None
        middle = (bottom + top) / 2
        if last and last.y0 < middle < last.y1 and -1 <= left - last.x1 < (top - bottom) * 1.2:
            gap = " " if left - last.x1 > (top - bottom) * 0.1 else ""
            joined = f"{last.text}{gap}{text}"
            lines[-1] = Line(
                joined, last.x0, right, min(last.y0, bottom), max(last.y1, top), last.size, False, number, last.margin
            )
        else:
            margin = not height * _MARGIN < bottom < height * (1 - _MARGIN)
            lines.append(Line(text, left, right, bottom, top, round(top - bottom, 0), False, number, margin))
    text_page.close()
    return lines


def _pdfium_fields(page: Any, fields: Any) -> list[tuple[str, str]]:
    """(label, value) of the page's fields that hold something."""
    from pypdfium2 import raw

    found: list[tuple[str, str]] = []
    for position in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page, position)
        if not annotation:
            continue
        if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET:
            value = _pdfium_text(raw.FPDFAnnot_GetFormFieldValue, fields, annotation)
            label = _pdfium_text(raw.FPDFAnnot_GetFormFieldAlternateName, fields, annotation)
            label = label or _pdfium_text(raw.FPDFAnnot_GetFormFieldName, fields, annotation)
            if value.strip() and label.strip() and value not in ("Off", "On", "Yes"):
                found.append((label, value))
        raw.FPDFPage_CloseAnnot(annotation)
    return found


def _pdfium_text(call: Any, fields: Any, annotation: Any) -> str:
    """Of a call that fills a buffer of UTF-16, its length in bytes asked for first."""
    import ctypes

    length = call(fields, annotation, None, 0)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2))()
    call(fields, annotation, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")

"""The pages of a PDF by pdfminer, which tells fonts, colours and what is drawn besides text.

Text that nobody sees is kept apart: outside of the page's visible part, white or without ink where nothing lies under it. Text without
ink over a picture is the text layer of a scan, and is read.
"""

from __future__ import annotations

import io
import itertools
import math
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from pdfminer.converter import PDFLayoutAnalyzer
from pdfminer.layout import LTChar
from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdfexceptions import PDFException
from pdfminer.pdffont import PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.psexceptions import PSException
from pdfminer.utils import apply_matrix_pt, apply_matrix_rect

from headgate.ingest.parse.passwords import encrypted
from headgate.ingest.parse.pdf_forms import form_fields, page_notes
from headgate.ingest.parse.pdf_page import UNKNOWN, Box, Glyph, Page, Pages, in_own_frame, turned
from headgate.ingest.parse.pdf_words import words_of_glyphs

MAX_PAGES = 2000
MAX_RULES = 20_000  # of a page; drawings and maps have more, and hold no tables
_BROKEN = (PDFException, PSException, KeyError, ValueError, TypeError, IndexError, AttributeError, AssertionError, struct.error, OverflowError, RecursionError)  # fmt: skip
_BOLD = re.compile(r"bold|black|heavy|semib|demi(?!r)", re.IGNORECASE)
_PLAIN_COLOURS = frozenset({"DeviceGray", "CalGray", "DeviceRGB", "CalRGB", "DeviceCMYK", "ICCBased"})
#: A hyphen by the standard's table of Windows characters, which pdfminer reads as a space.
_SOFT_HYPHEN = 0xAD
#: Text rendering modes of PDF 32000-1, 9.3.6, that leave no ink.
_NO_INK = frozenset({3, 7})


def read_with_pdfminer(content: bytes, *, path: str, passwords: Sequence[str]) -> Pages:
    """Raises ParseFailure: `encrypted`, where no password opens it."""
    pages: list[Page] = []
    properties: dict[str, Any] = {}
    form: list[tuple[str, str]] = []
    problem, locked, password, count = "", False, "", 0
    try:
        password, document = next(_opened(content, passwords), ("", None))
        if document is None:
            raise encrypted("PDF", len(passwords), path)
        for info in document.info:
            properties.update(info)
        form = form_fields(document)
        device = _Device(PDFResourceManager())
        interpreter = _Interpreter(device.rsrcmgr, device)
        for count, page in enumerate(PDFPage.create_pages(document), 1):
            if count > MAX_PAGES:
                break
            interpreter.process_page(page)
            pages.append(device.page(count, *page_notes(page.annots)))
    except PDFEncryptionError as error:
        problem, locked = f"its encryption is of an unknown kind: {str(error).partition(':')[0]}", True
    except _BROKEN as error:
        problem = f"the PDF can't be read: {type(error).__name__}: {str(error)[:200]}"
    return Pages(pages, min(count, MAX_PAGES), properties, form, count > MAX_PAGES, problem, locked, password)


def _opened(content: bytes, passwords: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """(password, document) of the passwords that open it; a PDF without one opens with the empty password."""
    for password in ("", *passwords):
        try:
            yield password, PDFDocument(PDFParser(io.BytesIO(content)), password=password)
        except PDFPasswordIncorrect:
            continue


class _Interpreter(PDFPageInterpreter):  # type: ignore[misc]
    def do_sh(self, name: object) -> None:  # noqa: ARG002
        """A gradient covers an area that is not told; text may lie on it."""
        self.device.shaded = True


class _Device(PDFLayoutAnalyzer):  # type: ignore[misc]
    """Collects what is drawn on one page after the other."""

    def __init__(self, resources: PDFResourceManager) -> None:
        super().__init__(resources)
        self._begin((0.0, 0.0, 0.0, 0.0))

    def _begin(self, box: Box) -> None:
        self.shaded = False
        self._box = box
        self._glyphs: list[Glyph] = []
        self._doubtful: list[tuple[int, bool]] = []  # (which glyph, whether it has ink) of those that may not be seen
        self._rules: list[Box] = []
        self._panels: list[Box] = []  # filled with a colour, or a picture
        self._pictures: list[Box] = []
        self._ink = True
        self._faint = self._bold = False
        self._descents: dict[int, float] = {}

    def begin_page(self, page: Any, ctm: Any) -> None:
        super().begin_page(page, ctm)
        x0, y0, x1, y1 = apply_matrix_rect(ctm, page.cropbox)
        a, b, c, d = apply_matrix_rect(ctm, page.mediabox)
        self._begin((max(x0, a), max(y0, b), min(x1, c), min(y1, d)))
        self._placed = ctm

    def render_string(self, textstate: Any, seq: Any, ncs: Any, graphicstate: Any) -> None:
        self._ink = textstate.render not in _NO_INK
        self._faint = not self._ink or _is_white(graphicstate)
        self._bold = bool(_BOLD.search(textstate.font.fontname or ""))
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(
        self, matrix: Any, font: Any, fontsize: float, scaling: float, rise: float, cid: int, ncs: Any, graphicstate: Any
    ) -> float:
        try:
            text = font.to_unichr(cid)
        except PDFUnicodeNotDefined:
            text = UNKNOWN
        if cid == _SOFT_HYPHEN and text == " " and not font.is_multibyte():
            text = "\u00ad"
        char = LTChar(matrix, font, fontsize, scaling, rise, text, font.char_width(cid), font.char_disp(cid), ncs, graphicstate)
        a, b, *_ = matrix
        turn = 0.0 if b == 0 and a > 0 else round(math.degrees(math.atan2(b, a)), 1) % 360
        box = char.bbox
        if turn and not font.is_vertical():
            box = in_own_frame(char.bbox, abs(char.adv) * math.hypot(a, b), turn)
        elif font.is_vertical():
            turn = 0.0
        size = abs(char.size) if not turn else box[3] - box[1]
        if self._faint:
            self._doubtful.append((len(self._glyphs), self._ink))
        self._glyphs.append(Glyph(text, box[0], box[2], box[1], box[3], round(size, 1), self._bold, turn))
        return float(char.adv)

    def paint_path(self, gstate: Any, stroke: bool, fill: bool, evenodd: bool, path: Any) -> None:  # noqa: ARG002
        points: list[tuple[float, float]] = []
        parts: list[list[tuple[float, float]]] = []
        for step in path:
            if step[0] == "m":
                points = []
                parts.append(points)
            if step[0] != "h" and len(step) >= 3:
                points.append(apply_matrix_pt(self.ctm, step[-2:]))
            elif step[0] == "h" and points:
                points.append(points[0])
        seen = stroke or (fill and not _is_white(gstate))
        straight = all(step[0] in "mlh" for step in path)
        wide = float(gstate.linewidth or 0) * math.hypot(self.ctm[0], self.ctm[1])
        for points in parts:
            if not points:
                continue
            xs, ys = [x for x, _ in points], [y for _, y in points]
            box = (min(xs), min(ys), max(xs), max(ys))
            if fill and not _is_white(gstate):
                self._panels.append(box)
            if stroke and wide > 4:  # a line as thick as text is a panel too
                self._panels.append((box[0] - wide / 2, box[1] - wide / 2, box[2] + wide / 2, box[3] + wide / 2))
            if seen and len(self._rules) < MAX_RULES:
                self._rules += _rules_of(points, box) if straight else _rules_of_rounded(points, box)

    def render_image(self, name: str, stream: Any) -> None:  # noqa: ARG002
        box = apply_matrix_rect(self.ctm, (0, 0, 1, 1))
        self._panels.append(box)
        self._pictures.append(box)

    def page(self, number: int, notes: list[str], written: list[str], struck: list[Box]) -> Page:
        """What was collected of the page that was processed last."""
        unseen = {place for place, inked in self._doubtful if not self._lies_on_something(self._glyphs[place], inked)}
        unseen |= {place for place, glyph in enumerate(self._glyphs) if not _inside(glyph, self._box)}
        glyphs = [glyph for place, glyph in enumerate(self._glyphs) if place not in unseen]
        hidden = " ".join(word.text for word in words_of_glyphs(self._glyphs[place] for place in sorted(unseen)))
        struck = [apply_matrix_rect(self._placed, box) for box in struck]
        return Page(number, self._box, glyphs, self._rules, hidden, struck, written, notes, self._pictures)

    def _lies_on_something(self, glyph: Glyph, inked: bool) -> bool:
        if self.shaded or glyph.turn:
            return True
        x, y = (glyph.x0 + glyph.x1) / 2, (glyph.y0 + glyph.y1) / 2
        under = self._panels if inked else self._pictures
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in under)


def _rules_of(points: list[tuple[float, float]], box: Box) -> list[Box]:
    """The upright and level lines of a path; a box that is as thin as a line is one."""
    if min(box[2] - box[0], box[3] - box[1]) < 3:
        return [box]
    return [
        (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        for (x0, y0), (x1, y1) in itertools.pairwise(points)
        if abs(x0 - x1) < 1 or abs(y0 - y1) < 1
    ]


def _rules_of_rounded(points: list[tuple[float, float]], box: Box) -> list[Box]:
    """The four sides of a box with rounded corners; of any other curve nothing."""
    x0, y0, x1, y1 = box
    most = 0.25 * min(x1 - x0, y1 - y0)  # a corner's radius
    if most < 1 or not all(min(abs(x - x0), abs(x - x1), abs(y - y0), abs(y - y1)) < 0.5 for x, y in points):
        return []
    corners = [(x, y) for x, y in points if min(x - x0, x1 - x) <= most and min(y - y0, y1 - y) <= most]
    if len(corners) < len(points) or len({(x - x0 <= most, y - y0 <= most) for x, y in corners}) < 4:
        return []
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def _inside(glyph: Glyph, box: Box) -> bool:
    middle, height = (glyph.x0 + glyph.x1) / 2, (glyph.y0 + glyph.y1) / 2
    x, y, *_ = turned(middle, height, middle, height, -glyph.turn)
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def _is_white(state: Any) -> bool:
    """Whether what is filled is white; in colour spaces of inks and of patterns that is not told."""
    if getattr(state.ncs, "name", "") not in _PLAIN_COLOURS:
        return False
    values = state.ncolor if isinstance(state.ncolor, (tuple, list)) else (state.ncolor,)
    if not all(isinstance(value, (int, float)) for value in values):
        return False
    return (
        all(value <= 0.01 for value in values) if len(values) == 4 else len(values) in (1, 3) and all(v >= 0.99 for v in values)
    )

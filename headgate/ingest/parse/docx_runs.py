"""The runs of a Word paragraph → its text, and what stands in it but is no text of the line.

text            raised and lowered digits set off, equations on one line, symbols of Word's own fonts as Unicode, tabs as spaces
fields          their result; of form fields what is chosen or ticked
controls        what was entered; a prompt that nobody replaced is left out
tracked changes insertions kept, deletions left out; crossed-out text left out likewise
aside           hidden runs, notes, text boxes, pictures
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headgate.ingest.parse.docx_numbering import W
from headgate.ingest.parse.docx_styles import RunLook, WordStyles, is_on
from headgate.ingest.parse.equations import EQUATIONS, equation_text
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.office_drawings import CHART, DIAGRAM
from headgate.ingest.parse.raised_text import Run, join_runs
from headgate.ingest.parse.symbol_fonts import readable, symbol
from headgate.text.numbers import whole_number

ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_WORD_14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_DRAWING_NAME = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
#: Passed over with all that is in them.
_SKIPPED = frozenset(
    W + name
    for name in (
        "pPr",
        "rPr",
        "instrText",
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
_BREAKS = {W + "tab": " ", W + "ptab": " ", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-"}
_TICKED, _EMPTY = "☒", "☐"


@dataclass
class Paragraph:
    """What is collected while a paragraph is walked."""

    runs: list[Run] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)  # (footnote or endnote, id)
    pictures: list[str] = field(default_factory=list)
    tables: list[Any] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)  # marks of charts and diagrams
    page: int = 0  # where its text begins; 0 = it has none

    @property
    def text(self) -> str:
        return join_runs(self.runs)


class RunWalker:
    """Walks paragraphs in document order; counts tracked changes, pages and characters that have no known meaning."""

    def __init__(self, styles: WordStyles) -> None:
        self.inserted = 0
        self.deleted = 0
        self.unknown_symbols = 0
        self.page = 1
        self._styles = styles
        self._style = ""
        self._forms: list[str | None] = []  # what open form fields show; None = the field's own result

    def walk(self, paragraph: Any) -> Paragraph:
        found = Paragraph()
        properties = paragraph.find(W + "pPr")
        style = properties.find(W + "pStyle") if properties is not None else None
        self._style = style.get(W + "val", "") if style is not None else ""
        self._into(paragraph, found, RunLook())
        return found

    def _into(self, item: Any, found: Paragraph, look: RunLook) -> None:
        for child in item:
            self._read(child, found, look)

    def _read(self, child: Any, found: Paragraph, look: RunLook) -> None:
        tag = child.tag
        if tag == W + "r":
            self._into(child, found, self._styles.run_look(child.find(W + "rPr"), self._style))
        elif tag == W + "t":
            text, unknown = readable(child.text or "", look.font)
            self.unknown_symbols += unknown
            self._add(text, child, found, look)
        elif tag == W + "sym":
            code = child.get(W + "char", "")
            text = symbol(child.get(W + "font", ""), int(code, 16) if _is_hex(code) else 0)
            self.unknown_symbols += not text
            self._add(text, child, found, look)
        elif tag in _BREAKS:
            found.runs.append(Run(_BREAKS[tag]))
        elif tag in EQUATIONS:
            text = equation_text(child)
            self._add(f" {text}" if found.text[-1:].isalnum() and text[:1].isalnum() else text, child, found, look)
        elif tag in (W + "ins", W + "moveTo"):
            self.inserted += 1
            self._into(child, found, look)
        elif tag in (W + "del", W + "moveFrom"):
            self.deleted += 1
            text = "".join(part.text or "" for part in child.iter(W + "delText", W + "t"))
            found.left_out.append(leave_out("struck_out" if tag == W + "del" else "duplicate_form", text))
        elif tag == W + "sdt":
            self._read_control(child, found, look)
        elif tag == W + "fldChar":
            self._read_field(child, found, look)
        elif tag == W + "lastRenderedPageBreak":
            self.page += 1
        elif tag in (W + "footnoteReference", W + "endnoteReference"):
            found.notes.append((tag[len(W) : -len("Reference")], child.get(W + "id", "")))
        elif tag == W + "txbxContent":
            found.boxes.append(child)
        elif tag == ALTERNATIVES:
            self._into(choice(child), found, look)
            found.left_out += [leave_out("duplicate_form", plain_text(other)) for other in child[1:]]
        elif tag in (CHART, DIAGRAM):
            found.drawings.append(child)
        elif tag == _DRAWING_NAME:
            if _is_description(alternative := child.get("descr") or ""):
                found.pictures.append(alternative)
        elif tag not in _SKIPPED:
            self._into(child, found, look)

    def _add(self, text: str, child: Any, found: Paragraph, look: RunLook) -> None:
        if not text:
            return
        if look.hidden or (look.white and not self._styles.is_shaded(child)):
            found.left_out.append(leave_out("hidden", text))
        elif look.struck:
            found.left_out.append(leave_out("struck_out", text))
            # What stood before and after must not grow together.
            found.runs.append(Run(" "))
        else:
            found.runs.append(Run(text, look.level))
            found.page = found.page or self.page

    def _read_control(self, control: Any, found: Paragraph, look: RunLook) -> None:
        properties = control.find(W + "sdtPr")
        content = control.find(W + "sdtContent")
        ticked = control_tick(properties)
        if ticked:
            self._add(ticked, control, found, look)
        elif is_prompt(properties):
            found.left_out.append(leave_out("placeholder", plain_text(control)))
        elif content is not None:
            self._into(content, found, look)

    def _read_field(self, mark: Any, found: Paragraph, look: RunLook) -> None:
        kind = mark.get(W + "fldCharType")
        if kind == "begin":
            self._forms.append(_form_value(mark.find(W + "ffData")))
        elif kind == "end" and self._forms:
            shown = self._forms.pop()
            if shown:
                self._add(shown, mark, found, look)
        elif kind == "separate" and self._forms and _has_result(mark):
            # A result that Word wrote stands for itself.
            self._forms[-1] = None


def control_tick(properties: Any) -> str:
    """The box of a check box control; "" where it is none."""
    box = properties.find(_WORD_14 + "checkbox") if properties is not None else None
    if box is None:
        return ""
    checked = box.find(_WORD_14 + "checked")
    return _TICKED if checked is not None and checked.get(_WORD_14 + "val", "1") not in ("0", "false", "off") else _EMPTY


def is_prompt(properties: Any) -> bool:
    """Whether a content control shows what it asks for, since nobody entered anything."""
    return properties is not None and is_on(properties.find(W + "showingPlcHdr"))


def plain_text(item: Any) -> str:
    """All text of an item, paragraph by paragraph, without regard to how it looks; tabs and breaks part words."""

    def text_of(part: Any) -> str:
        return "".join(
            (one.text or "") if one.tag == W + "t" else " " for one in part.iter(W + "t", W + "tab", W + "br", W + "cr")
        )

    return " ".join(map(text_of, list(item.iter(W + "p")) or [item])).strip()


def choice(alternatives: Any) -> Any:
    """The first form of what a drawing offers in several; reading all would repeat its text."""
    return alternatives[0] if len(alternatives) else alternatives


def _form_value(form: Any) -> str | None:
    """What a form field of Word 97 shows; None where its result says so, or it is none."""
    if form is None:
        return None
    drop_down, box = form.find(W + "ddList"), form.find(W + "checkBox")
    if drop_down is not None:
        entries = [entry.get(W + "val", "") for entry in drop_down.findall(W + "listEntry")]
        result = drop_down.find(W + "result")
        result = result if result is not None else drop_down.find(W + "default")
        position = whole_number(result.get(W + "val", "0")) if result is not None else 0
        return entries[position] if position is not None and position < len(entries) else ""
    if box is not None:
        state = box.find(W + "checked")
        return _TICKED if is_on(state if state is not None else box.find(W + "default")) else _EMPTY
    return None


def _has_result(mark: Any) -> bool:
    """Whether text stands between the mark that begins a field's result and the one that ends it."""
    for following in mark.getparent().itersiblings():
        if any(text.text for text in following.iter(W + "t")):
            return True
        if any(char.get(W + "fldCharType") == "end" for char in following.iter(W + "fldChar")):
            return False
    return False


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 6 and all(character in "0123456789abcdefABCDEF" for character in text)


def _is_description(alternative: str) -> bool:
    """Whether an alternative text says anything: not a file name, a link or a machine's guess of one word."""
    return len(alternative.split()) >= 2 and "://" not in alternative

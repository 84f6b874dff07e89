"""Office files of today by unstructured, without what nobody sees: it does not tell hidden text, slides and sheets apart.

Our own reader looks at the file first: it refuses bombs and entities, reads the labels, and says what is hidden, commented or struck out. That is taken
out of a copy, which unstructured reads. Text that it shows nevertheless is left out, and words that it does not hand on are counted.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.labels import LabelReading
from headgate.ingest.parse.left_out import LeftOut, leave_out, split_words
from headgate.ingest.parse.partition.elements import element_blocks, missing_words
from headgate.ingest.parse.partition.setup import load_unstructured

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: Hidden texts of fewer words may stand elsewhere in plain sight.
_TELLING = 3


def partition_word(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure as `docx.parse_word`."""
    from headgate.ingest.parse.docx import parse_word

    own = parse_word(content, path=path, max_unzipped=max_unzipped)
    load_unstructured()
    with _told_of(path):
        return _read(own, *_visible_word(content))


def _visible_word(content: bytes) -> tuple[io.BytesIO, Callable[..., Any]]:
    from docx import Document
    from unstructured.partition.docx import partition_docx

    document = Document(io.BytesIO(content))
    for run in list(document.element.iter(f"{_W}r")):
        if any(run.find(f"{_W}rPr/{_W}{mark}") is not None for mark in ("vanish", "webHidden")):
            run.getparent().remove(run)
    for removed in list(document.element.iter(f"{_W}del", f"{_W}moveFrom")):
        if removed.getparent() is not None and removed.getparent().tag != f"{_W}rPr":
            removed.getparent().remove(removed)
    for inserted in list(document.element.iter(f"{_W}ins", f"{_W}moveTo")):
        _unwrap(inserted)
    return _saved(document.save), partition_docx


def partition_slides(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure as `pptx.parse_slides`."""
    from headgate.ingest.parse.pptx import parse_slides

    own = parse_slides(content, path=path, max_unzipped=max_unzipped)
    load_unstructured()
    with _told_of(path):
        return _read(own, *_visible_slides(content), titles_above=1, include_slide_notes=False)


def _visible_slides(content: bytes) -> tuple[io.BytesIO, Callable[..., Any]]:
    from pptx import Presentation
    from unstructured.partition.pptx import partition_pptx

    presentation = Presentation(io.BytesIO(content))
    listed = presentation.slides._sldIdLst
    for entry, slide in zip(list(listed), list(presentation.slides), strict=True):
        if slide.element.get("show") in ("0", "false"):
            listed.remove(entry)
            continue
        for shape in list(slide.shapes):
            if shape.element.xpath(".//p:cNvPr[@hidden='1' or @hidden='true']"):
                shape.element.getparent().remove(shape.element)
    return _saved(presentation.save), partition_pptx


def partition_sheets(content: bytes, *, path: str, max_unzipped: int) -> ParsedFile:
    """Raises ParseFailure as `spreadsheets.parse_workbook`."""
    from headgate.ingest.parse.spreadsheets import parse_workbook

    own = parse_workbook(content, path=path, max_unzipped=max_unzipped)
    load_unstructured()
    with _told_of(path):
        return _read(own, *_visible_sheets(content), titles_above=0)


def _visible_sheets(content: bytes) -> tuple[io.BytesIO, Callable[..., Any]]:
    import openpyxl
    from unstructured.partition.xlsx import partition_xlsx

    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    for sheet in list(book.worksheets):
        if sheet.sheet_state != "visible":
            book.remove(sheet)
            continue
        rows = {number for number, row in sheet.row_dimensions.items() if row.hidden}
        columns = {
            number for column in sheet.column_dimensions.values() if column.hidden for number in range(column.min, column.max + 1)
        }
        for cells in sheet.iter_rows():
            for cell in cells:
                if cell.value is not None and (cell.row in rows or cell.column in columns):
                    cell.value = None
    return _saved(book.save), partition_xlsx


@contextmanager
def _told_of(path: str) -> Iterator[None]:
    """What unstructured stumbles over is told with the way out: our own reader has read the file already."""
    try:
        yield
    except (ParseFailure, MemoryError, OSError):
        raise
    except Exception as error:  # any error of a third-party parser is the file's outcome
        raise ParseFailure(
            path,
            "parser_error",
            f"unstructured can't read it ({type(error).__name__}: {str(error)[:200]}); take its kind out of parse.readers",
        ) from error


def _read(
    own: ParsedFile, content: io.BytesIO, partition: Callable[..., Any], *, titles_above: int = 100, **options: Any
) -> ParsedFile:
    blocks, running = element_blocks(partition(file=content, languages=[""], **options), titles_above=titles_above)
    shown, hidden = _without_hidden(blocks, own.hidden)
    told = {one.reason for one in own.left_out}
    left_out = [*own.left_out, *hidden, *(one for one in running if one.reason not in told)]
    reading = LabelReading(own.labels, own.label_lines, own.slips, own.stated, written=own.written)
    parsed = assemble(shown, labels=reading, findings=own.findings, left_out=[*left_out, *missing_words(own.text, shown)])
    # What our reader set aside for validation stays set aside, and what it remarked on is said once.
    return replace(parsed, hidden=own.hidden, findings=tuple(dict.fromkeys(parsed.findings)))


def _without_hidden(blocks: list[Block], hidden: tuple[str, ...]) -> tuple[list[Block], list[LeftOut]]:
    """Without blocks that say what our own reader found hidden."""
    concealed = [f" {' '.join(words)} " for text in hidden if len(words := split_words(text)) >= _TELLING]
    shown: list[Block] = []
    left_out: list[LeftOut] = []
    for block in blocks:
        own = split_words(block.text)
        said = f" {' '.join(own)} "
        if any(text in said or (said in text and len(own) >= _TELLING) for text in concealed):
            left_out.append(leave_out("hidden", block.text))
        else:
            shown.append(block)
    return shown, left_out


def _saved(save: Callable[[io.BytesIO], Any]) -> io.BytesIO:
    target = io.BytesIO()
    save(target)
    target.seek(0)
    return target


def _unwrap(element: Any) -> None:
    parent = element.getparent()
    if parent is None or parent.tag == f"{_W}rPr":
        return
    for child in list(element):
        element.addprevious(child)
    parent.remove(element)

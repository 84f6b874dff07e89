"""Bytes of one file → ParsedFile. The only module that imports unstructured; runs inside the sandbox's workers.

    md                      markdown.py         (unstructured loses lines)
    html                    unstructured, after hidden text was taken out
    docx, pptx              unstructured, after a look at the zip
    xlsx, csv, tsv          spreadsheets.py     (through unstructured and pandas, values change their face)
    pdf                     pages.py            (pdfminer; unstructured's PDF part needs torchvision), lists by unstructured's rules
    txt                     plain_text.py, paragraphs classified by unstructured's rules
    eml                     email of the standard library, its body as html or txt

Alone: `python -m headgate.ingest.parse FILE` prints the elements.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.blocks import Block, ParsedFile, assemble
from headgate.ingest.labels import pick_labels, split_keywords
from headgate.ingest.language import detect_language, load_identifier
from headgate.ingest.media import EXTENSIONS, OFFICE
from headgate.ingest.office import check_zip, hidden_runs, office_errors, property_labels
from headgate.ingest.tables import render_rows


def parse_file(content: bytes, media_type: str, *, path: str = "", max_unzipped: int = 200 * 2**20) -> ParsedFile:
    """Parse one file. `path` serves messages only.

    Raises:
        ParseFailure: the file can't be parsed, or nothing was found in it though it is not empty.
    """
    parser = _PARSERS.get(media_type)
    if parser is None:
        raise ParseFailure(
            path, "unsupported", f"no parser for {media_type!r}; convert it to one of {', '.join(sorted(EXTENSIONS))}"
        )
    if zipfile.is_zipfile(io.BytesIO(content)):
        check_zip(content, path=path, max_unzipped=max_unzipped)
    try:
        parsed = parser(content, path)
    except RecursionError as error:
        raise ParseFailure(path, "malformed", "nested too deeply") from error
    if not parsed.elements and content.strip() and not _is_blank(content, media_type):
        raise ParseFailure(path, "no_text", "no text was found though the file is not empty")
    if not parsed.labels.get("language") and (detected := detect_language(parsed.text)):
        parsed = replace(parsed, labels={**parsed.labels, "detected_language": detected})
    return parsed


def preload(media_type: str) -> None:
    """Import what parsing `media_type` needs, so that its memory and time are not counted as the file's."""
    match media_type:
        case "text/markdown":
            import markdown_it  # noqa: F401
        case "application/pdf":
            import pdfminer.high_level  # noqa: F401
        case "text/csv" | "text/tab-separated-values":
            pass
        case _ if media_type == OFFICE + "spreadsheetml.sheet":
            import openpyxl  # noqa: F401
        case _ if media_type.startswith(OFFICE):
            import unstructured.partition.docx
            import unstructured.partition.pptx
        case "text/html" | "message/rfc822":
            import unstructured.partition.html  # noqa: F401
    if media_type not in ("text/markdown", "text/csv", "text/tab-separated-values", OFFICE + "spreadsheetml.sheet"):
        _classifier()("Preload the language model.")
    load_identifier()


# --- formats --------------------------------------------------------------------------------------------------------


def _markdown(content: bytes, path: str) -> ParsedFile:
    from headgate.ingest.markdown import parse_markdown
    from headgate.ingest.plain_text import decode

    text, findings = decode(content, path=path)
    parsed = parse_markdown(text)
    return replace(parsed, findings=(*findings, *parsed.findings))


def _html(content: bytes, path: str) -> ParsedFile:
    from headgate.ingest.plain_text import decode

    text, findings = decode(content, path=path)
    blocks, labels, hidden = _html_blocks(text)
    return assemble(blocks, labels=labels, hidden=hidden, findings=findings)


def _html_blocks(text: str) -> tuple[list[Block], dict[str, str], list[str]]:
    from lxml import etree, html
    from unstructured.partition.html import partition_html

    from headgate.ingest.hypertext import read_head, read_tree, remove_hidden

    _classifier()
    try:
        tree = read_tree(text)
    except (etree.LxmlError, ValueError) as error:
        raise ParseFailure("", "malformed", f"not readable as HTML: {error}") from error
    labels, head_title = read_head(tree)
    hidden = remove_hidden(tree)
    for furniture in tree.xpath("//body/footer | //body/header[not(.//h1)] | //nav"):
        furniture.getparent().remove(furniture)
    cleaned = html.tostring(tree, encoding="unicode")
    blocks = _from_unstructured(partition_html(text=cleaned)) if cleaned.strip() else []
    if head_title.strip() and not any(block.kind == "title" and block.level == 1 for block in blocks):
        labels.setdefault("title", head_title)
    return _with_source_lines(blocks, text), labels, hidden


def _docx(content: bytes, path: str) -> ParsedFile:
    import docx
    from unstructured.partition.docx import partition_docx

    _classifier()
    with office_errors(path):
        document = docx.Document(io.BytesIO(content))
        elements = partition_docx(file=io.BytesIO(content))
    hidden = hidden_runs(document)
    blocks = [block for block in _from_unstructured(elements) if block.text.strip() not in hidden]
    return assemble(blocks, labels=property_labels(document.core_properties, content), hidden=hidden)


def _pptx(content: bytes, path: str) -> ParsedFile:
    import pptx
    from unstructured.partition.pptx import partition_pptx

    _classifier()
    with office_errors(path):
        presentation = pptx.Presentation(io.BytesIO(content))
        elements = partition_pptx(file=io.BytesIO(content), include_slide_notes=False)
    titles = {
        number: " ".join(slide.shapes.title.text_frame.text.split())
        for number, slide in enumerate(presentation.slides, 1)
        if slide.shapes.title is not None
    }
    blocks: list[Block] = []
    for block in _from_unstructured(elements):
        is_title = " ".join(block.text.split()) == titles.get(block.page or 0)
        if is_title:
            titles.pop(block.page or 0)
            # A slide's title stands above what is beside it, whatever the order of its shapes.
            first = next((position for position, other in enumerate(blocks) if other.page == block.page), len(blocks))
            blocks.insert(first, replace(block, kind="title", level=2))
        else:
            # Paragraphs of a slide are its points, whatever their style.
            blocks.append(block if block.kind == "table" else replace(block, kind="list_item", level=0))
    notes = [
        slide.notes_slide.notes_text_frame.text
        for slide in presentation.slides
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame
    ]
    notes = [note for note in notes if note.strip()]
    findings = [f"notes: speaker notes of {len(notes)} slide(s) left out"] if notes else []
    return assemble(blocks, labels=property_labels(presentation.core_properties, content), hidden=notes, findings=findings)


def _xlsx(content: bytes, path: str) -> ParsedFile:
    from headgate.ingest.spreadsheets import parse_workbook

    blocks, properties, hidden, findings = parse_workbook(content, path=path)
    return assemble(blocks, labels=property_labels(properties, content), hidden=hidden, findings=findings)


def _csv(content: bytes, path: str) -> ParsedFile:
    from headgate.ingest.plain_text import decode
    from headgate.ingest.spreadsheets import parse_csv

    text, findings = decode(content, path=path)
    blocks, remarks = parse_csv(text)
    return assemble(blocks, findings=[*findings, *remarks])


def _pdf(content: bytes, path: str) -> ParsedFile:
    from headgate.ingest.pages import parse_pdf

    blocks, properties, findings = parse_pdf(content, path=path)
    classify = _classifier()
    if not any(block.kind == "title" for block in blocks):
        # One font for everything: then unstructured's rules must tell headings.
        blocks = [
            replace(block, kind="title", level=2)
            if block.kind == "text" and len(block.text) <= 80 and classify(block.text) == "title"
            else block
            for block in blocks
        ]
    pairs = [(name, _pdf_string(value)) for name, value in properties.items()]
    keywords = next((value for name, value in pairs if name == "Keywords"), "")
    return assemble(blocks, labels=pick_labels([*split_keywords(keywords), *_without_dates(pairs)]), findings=findings)


def _text(content: bytes, path: str) -> ParsedFile:
    from headgate.ingest.markdown import split_front_matter
    from headgate.ingest.plain_text import decode, parse_lines

    text, findings = decode(content, path=path)
    labels, body, skipped, remarks = split_front_matter(text)
    blocks = [replace(block, line=(block.line or 1) + skipped) for block in parse_lines(body, _classifier())]
    return assemble(blocks, labels=labels, findings=[*findings, *remarks])


def _mail(content: bytes, path: str) -> ParsedFile:
    from headgate.ingest.mail import parse_mail

    return parse_mail(content, path=path, html_blocks=_html_blocks, classify=_classifier())


_PARSERS: dict[str, Callable[[bytes, str], ParsedFile]] = {
    "text/markdown": _markdown,
    "text/html": _html,
    "text/plain": _text,
    "text/csv": _csv,
    "text/tab-separated-values": _csv,
    "message/rfc822": _mail,
    "application/pdf": _pdf,
    OFFICE + "wordprocessingml.document": _docx,
    OFFICE + "presentationml.presentation": _pptx,
    OFFICE + "spreadsheetml.sheet": _xlsx,
}


# --- shared ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _classifier() -> Callable[[str], str]:
    """unstructured's rules for short texts, on the offline language model.

    Raises:
        ImportError: this unstructured has no `nlp.tokenize._load_spacy_model`; see findings on its private name.
    """
    import unstructured.nlp.tokenize as tokenize
    from unstructured.documents.elements import ListItem, Title
    from unstructured.partition.text import element_from_text

    from headgate.ingest.language_model import load_language_model

    if not hasattr(tokenize, "_load_spacy_model"):
        raise ImportError(
            "unstructured has changed: nlp.tokenize._load_spacy_model is gone; install the version that pyproject.toml pins"
        )
    tokenize._load_spacy_model = load_language_model

    def classify(text: str) -> str:
        element = element_from_text(text)
        return "title" if isinstance(element, Title) else "list_item" if isinstance(element, ListItem) else "text"

    return classify


def _from_unstructured(elements: Iterable[Any]) -> list[Block]:
    blocks: list[Block] = []
    for element in elements:
        page = element.metadata.page_number
        match type(element).__name__:
            case "Title":
                blocks.append(Block("title", element.text, level=(element.metadata.category_depth or 0) + 1, page=page))
            case "ListItem":
                blocks.append(Block("list_item", re.sub(r"^\(?\d{1,3}[.)]\s+", "", element.text), page=page))
            case "Table":
                lines = _table_lines(element.metadata.text_as_html or "")
                blocks.append(Block("table", "\n".join(lines) or element.text, page=page))
            case "CodeSnippet":
                blocks.append(Block("code", element.text, page=page))
            case "Header" | "Footer" | "PageBreak" | "PageNumber" | "Image":
                continue
            case _:
                blocks.append(Block("text", element.text, page=page))
    return blocks


def _table_lines(source: str) -> list[str]:
    from lxml import html

    if not source:
        return []
    table = html.fragment_fromstring(source)
    rows: list[list[str]] = []
    header: bool | None = None
    for row in table.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if not rows and len(cells) > 1 and all(cell.tag == "th" for cell in cells):
            header = True
        texts: list[str] = []
        for cell in cells:
            span = cell.get("colspan", "1")
            texts += [" ".join(cell.itertext())] + [""] * (min(int(span), 50) - 1 if span.isdigit() else 0)
        rows.append(texts)
    return render_rows(rows, header=header)


def _with_source_lines(blocks: list[Block], source: str) -> list[Block]:
    """Lines by finding each block's first words in the source, in order; blocks whose words are not found there get none."""
    position = 0
    result: list[Block] = []
    for block in blocks:
        first = re.split(r"[:;\n]", block.text.strip(), maxsplit=1)[0] if block.kind == "table" else block.text.strip()
        words = first.split()[:4]
        found = (
            re.compile(r"(?:\s|<[^>]*>|&\w+;)+".join(re.escape(word) for word in words)).search(source, position)
            if words
            else None
        )
        if found:
            position = found.start()
            block = replace(block, line=source.count("\n", 0, position) + 1)
        result.append(block)
    return result


def _pdf_string(value: Any) -> str:
    if isinstance(value, bytes):
        from pdfminer.utils import decode_text

        return str(decode_text(value))
    return str(value) if isinstance(value, (str, int)) else ""


def _without_dates(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in pairs
        if name in ("Title", "Author", "Subject") and value not in ("untitled", "anonymous", "unspecified")
    ]


def _is_blank(content: bytes, media_type: str) -> bool:
    """Whether a text file holds nothing but white space, or front matter only."""
    if not media_type.startswith("text/"):
        return False
    from headgate.ingest.markdown import split_front_matter

    text = content.decode("utf-8", "replace")
    return not split_front_matter(text)[1].strip("\ufeff \t\r\n")


def main(arguments: list[str]) -> int:
    for name in arguments:
        content = Path(name).read_bytes()
        media_type = EXTENSIONS.get(Path(name).suffix.lower().lstrip("."), "")
        parsed = parse_file(content, media_type, path=name)
        sys.stdout.write(f"# {name}: {dict(parsed.labels)} hidden={parsed.hidden} findings={parsed.findings}\n")
        for element in parsed.elements:
            place = " ".join(
                f"{key}{value}" for key, value in (("h", element.level), ("p", element.page), ("l", element.line)) if value
            )
            sys.stdout.write(f"{element.kind:9} {place:10} {element.text!r}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What unstructured makes of each kind of file.

html, md, eml, msg       HTML without what nobody sees ──► partition_html
rst, org, rtf, odt       pandoc in its sandbox ──► HTML ──► partition_html
epub                     each page of its spine ──► partition_html
docx, pptx, xlsx         a copy without what nobody sees ──► partition_docx, _pptx, _xlsx
doc, ppt                 LibreOffice ──► docx, pptx ──► as above
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.html_page import read_page
from headgate.ingest.parse.label_keys import find_label
from headgate.ingest.parse.label_statements import read_keywords
from headgate.ingest.parse.labels import LabelReading, merge_readings, read_labels
from headgate.ingest.parse.left_out import LeftOut, leave_out, split_words
from headgate.ingest.parse.office_files import read_converted, read_office
from headgate.ingest.parse.partition.elements import missing_words
from headgate.ingest.parse.partition.markup import Markup, read_org, read_rst
from headgate.ingest.parse.partition.pages import partition_page
from headgate.ingest.parse.source import Source
from headgate.records import Remark
from headgate.records.remarks import note

#: As our own reader of pages, with blocks by unstructured.
read_partitioned_page = partial(read_page, blocks_of=partition_page)
_MARKUP: Mapping[str, Callable[[str], Markup]] = {"text/x-rst": read_rst, "text/org": read_org}
_MOST_PROPERTIES = 200


def read_markdown(source: Source) -> ParsedFile:
    """Markdown, by way of the HTML that unstructured itself makes of it."""
    from markdown import markdown

    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.front_matter import split_front_matter
    from headgate.ingest.parse.label_statements import find_stated_beside

    text, findings = decode(source.content, path=source.path)
    front = split_front_matter(text)
    page = markdown(front.body, extensions=["tables", "fenced_code"])
    blocks, labels, left_out = read_partitioned_page(page, path=source.path)
    reading = find_stated_beside(merge_readings(front.reading, labels), front.body, front.skipped + 1)
    return assemble([*front.blocks, *blocks], labels=reading, findings=findings, left_out=[*front.left_out, *left_out])


def read_with_pandoc(source: Source) -> ParsedFile:
    """rst, org, rtf and odt."""
    from headgate.ingest.parse.partition.pandoc import convert_with_pandoc
    from headgate.ingest.parse.partition.pandoc_page import settle_page

    content, prepared = _prepare(source)
    made = convert_with_pandoc(content, source.media_type, source.programs, path=source.path, seconds=source.seconds)
    settled: list[LeftOut] = []

    def blocks_of(tree: Any) -> tuple[list[Block], list[LeftOut]]:
        settled.extend(settle_page(tree))
        return partition_page(tree)

    blocks, labels, left_out = read_page(made.page, path=source.path, blocks_of=blocks_of)
    properties = _flat(made.properties)
    title = next((value for name, value in properties if name == "title"), "")
    if title:
        blocks = [
            Block("title", title, level=1),
            *(replace(block, level=block.level + 1) if block.level else block for block in blocks),
        ]
    if source.media_type == "application/rtf":
        # Words in a code page are left to pandoc: it knows the fonts.
        left_out += missing_words(" ".join(word for word in split_words(prepared.text) if word.isascii()), blocks)
    told, metadata = _others(properties, shown=source.media_type == "text/x-rst")
    own = [*properties, *((name, value) for name, value, _ in prepared.properties)]
    keywords = next((value for name, value in own if name == "keywords"), "")
    reading = merge_readings(read_labels([*properties, *prepared.properties]), read_keywords(keywords), labels)
    return assemble(
        [*blocks[: bool(title)], *told, *blocks[bool(title) :]],
        labels=reading,
        findings=_not_included([*prepared.not_included, *made.not_included]),
        left_out=[*prepared.left_out, *settled, *metadata, *left_out],
    )


def _prepare(source: Source) -> tuple[bytes, Markup]:
    """(what pandoc is given, what was found in the source)."""
    if source.media_type in _MARKUP:
        from headgate.ingest.parse.encoding import decode

        text, _ = decode(source.content, path=source.path)
        markup = _MARKUP[source.media_type](text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
        return markup.text.encode("utf-8", "replace"), markup
    if source.media_type == "application/rtf":
        from headgate.ingest.parse.partition.rich_text import read_rich_text

        if not source.content.lstrip().startswith(b"{\\rtf"):
            raise ParseFailure(
                source.path, "malformed", "the rtf file does not begin as one; open it in its own program and save it anew"
            )
        seen, left_out = read_rich_text(source.content)
        # pandoc passes over notes that are marked as optional, as some programs write them.
        return source.content.replace(rb"{\*\footnote", rb"{\footnote "), Markup(seen, tuple(left_out))
    from headgate.ingest.parse.partition.open_document import clean_open_document

    cleaned = clean_open_document(source.content, path=source.path, max_unzipped=source.max_unzipped)
    return cleaned.content, Markup("", cleaned.left_out, tuple((name, value, 0) for name, value in cleaned.properties))


def _flat(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Plain values as text; lists joined."""
    found: list[tuple[str, str]] = []
    for name, value in list(properties.items())[:_MOST_PROPERTIES]:
        values = value if isinstance(value, list) else [value]
        if text := ", ".join(_plain(str(one)) for one in values if isinstance(one, (str, int, float)) and str(one).strip()):
            found.append((str(name), text))
    return found


def _plain(value: str) -> str:
    """A property as pandoc writes it, without its tags."""
    if "<" not in value and "&" not in value:
        return " ".join(value.split())
    from lxml import html

    return " ".join(html.document_fromstring(f"<p>{value}</p>").text_content().split())


def _others(properties: Iterable[tuple[str, str]], *, shown: bool) -> tuple[list[Block], list[LeftOut]]:
    """Properties that are no labels: text where the format shows them (fields at the head of an rst file), else left out."""
    others = [f"{name}: {value}" for name, value in properties if name != "title" and find_label(name) is None]
    if not others:
        return [], []
    text = "\n".join(others)
    return ([Block("text", text)], []) if shown else ([], [leave_out("metadata", text)])


def _not_included(names: Iterable[str]) -> list[Remark]:
    listed = list(dict.fromkeys(name for name in names if name))
    if not listed:
        return []
    return [
        note("not_included", f"it asks for {len(listed)} other file(s), which are not read: {', '.join(map(repr, listed[:5]))}")
    ]


def read_epub(source: Source) -> ParsedFile:
    """A book; a page without a heading of its own goes on under the one before."""
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.partition.epub import read_book

    book = read_book(source.content, path=source.path, max_unzipped=source.max_unzipped)
    blocks: list[Block] = []
    left_out: list[LeftOut] = []
    findings: list[Remark] = []
    readings: list[LabelReading] = [read_labels(book.properties)]
    for page in book.pages:
        text, remarks = decode(page, path=source.path)
        made, labels, missing = read_page(text, path=source.path, blocks_of=_page_of_book)
        blocks += made
        left_out += missing
        findings += [remark for remark in remarks if remark not in findings]
        # A book's title is that of its package, not of each page.
        readings.append(replace(labels, labels={name: value for name, value in labels.labels.items() if name != "title"}))
    if book.missing:
        findings.append(
            note("damaged", f"{len(book.missing)} page(s) that it lists are not in it: {', '.join(map(repr, book.missing[:5]))}")
        )
    _, metadata = _others(book.properties, shown=False)
    return assemble(blocks, labels=merge_readings(*readings), findings=findings, left_out=[*left_out, *metadata])


def _page_of_book(tree: Any) -> tuple[list[Block], list[LeftOut]]:
    from headgate.ingest.parse.partition.pandoc_page import place_notes

    place_notes(tree)
    return partition_page(tree)


def _word(source: Source) -> ParsedFile:
    from headgate.ingest.parse.partition.office import partition_word

    return read_office(source, partition_word)


def _slides(source: Source) -> ParsedFile:
    from headgate.ingest.parse.partition.office import partition_slides

    return read_office(source, partition_slides)


def _sheets(source: Source) -> ParsedFile:
    from headgate.ingest.parse.partition.office import partition_sheets

    return read_office(source, partition_sheets)


_OFFICE = "application/vnd.openxmlformats-officedocument."
#: Media type → its reader; pages and mails are read by file.py with `read_partitioned_page`.
PARTITIONED: Mapping[str, Callable[[Source], ParsedFile]] = {
    "text/markdown": read_markdown,
    "text/x-rst": read_with_pandoc,
    "text/org": read_with_pandoc,
    "application/rtf": read_with_pandoc,
    "application/vnd.oasis.opendocument.text": read_with_pandoc,
    "application/epub+zip": read_epub,
    "application/msword": read_converted,
    "application/vnd.ms-powerpoint": read_converted,
    _OFFICE + "wordprocessingml.document": _word,
    _OFFICE + "presentationml.presentation": _slides,
    _OFFICE + "spreadsheetml.sheet": _sheets,
}

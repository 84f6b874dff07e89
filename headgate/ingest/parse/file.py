"""Bytes of one file → ParsedFile; runs inside the sandbox's workers.

    md                      markdown.py
    html                    html.py takes hidden text out, html_blocks.py makes blocks
    docx, pptx              docx.py, pptx.py
    xlsx, xls, csv, tsv     spreadsheets.py, xlsx.py
    pdf                     pdf.py; a scan through conversion.py (tesseract)
    txt                     plain_text.py; titles.py tells which lines are titles
    json, jsonl, xml        structured_text.py
    eml                     mail.py; attachments each by its own kind
    ics                     calendar.py
    doc, ppt, odp, ods      conversion.py (LibreOffice), then as the format of today
    msg, epub, rst, org, rtf, odt, and what parse.readers names: unstructured, partition/kinds.py
    png, jpg, tif, …        conversion.py (tesseract)

Kinds of elements are those that unstructured gives: benchmarks/parsing.py compares. docs/parsing.md states what becomes of what.
Alone: `python -m headgate.ingest.parse.file FILE` prints the elements.
"""

from __future__ import annotations

import mimetypes
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.conversion import OLD_OFFICE
from headgate.ingest.parse.html_labels import find_stated_tags
from headgate.ingest.parse.html_page import read_page
from headgate.ingest.parse.label_statements import find_stated
from headgate.ingest.parse.labels import LabelReading, Stated, merge_readings
from headgate.ingest.parse.left_out import LeftOut, summarise
from headgate.ingest.parse.link_targets import write_targets
from headgate.ingest.parse.office_files import read_converted, read_office, read_old_workbook
from headgate.ingest.parse.source import Source
from headgate.records.remarks import note
from headgate.settings.readers import Reader, reader_of
from headgate.sources.media import CONVERTED, EXTENSIONS, OFFICE, detect_media

#: Attachments of attachments of a mail.
MAX_DEPTH = 3
_WORD, _SLIDES, _SHEET = (
    OFFICE + "wordprocessingml.document",
    OFFICE + "presentationml.presentation",
    OFFICE + "spreadsheetml.sheet",
)
#: Formats whose own parsers look for labels in the text, line by line.
_READ_BY_LINES = frozenset({"text/markdown", "text/plain"})
#: As `html_page.read_page`.
ReadPage = Callable[..., tuple[list[Block], LabelReading, list[LeftOut]]]
_LONGEST_HIDDEN = 4000  # characters of a hidden text that are looked at for labels
#: A page of HTML with front matter before it, as site generators take it.
_FENCED = re.compile("\\A[\ufeff\\s]{0,500}(?:-{3}|\\+{3})[ \t]*\r?\n")


def parse_file(
    content: bytes,
    media_type: str,
    *,
    path: str = "",
    max_unzipped: int = 200 * 2**20,
    passwords: tuple[str, ...] = (),
    programs: Mapping[str, str] | None = None,
    readers: Mapping[str, Reader] | None = None,
    seconds: float = 60.0,
    depth: int = 0,
    left_out_sample: int | None = 80,
) -> ParsedFile:
    """Parse one file. A file without any text gives no elements and the finding `blank`.

    Args:
        path: serves messages only.
        max_unzipped: bytes that a zip's parts together may have.
        passwords: tried on encrypted files.
        programs: see `conversion.find_programs`.
        readers: `parse.readers`: media type → who parses it, where that is not the default.
        seconds: limit for one run of such a program.
        depth: how many mails the file is attached in; what is left out of an attachment is handed whole to its mail.
        left_out_sample: as `sample` of `left_out.summarise`.

    Raises:
        ParseFailure: the file can't be parsed, or nothing was found in it though it is not empty.
    """
    source = Source(
        content, media_type, path, max_unzipped, passwords, programs or {}, readers or {}, seconds, depth, parse=_parse
    )
    parsed = _parse(source)
    return parsed if depth else replace(parsed, left_out=summarise(parsed.left_out, sample=left_out_sample))


def _parse(source: Source) -> ParsedFile:
    """One file, or a form that it was converted into; what is left out is handed on whole."""
    content, media_type, path = source.content, source.media_type, source.path
    try:
        parsed = _parser_of(media_type, source.readers, path)(source)
    except RecursionError as error:
        raise ParseFailure(path, "malformed", "nested too deeply") from error
    blank = any(finding.code == "blank" for finding in parsed.findings) or _is_blank(content, media_type)
    if not parsed.elements and content.strip() and not blank:
        raise ParseFailure(path, "no_text", "no text was found though the file is not empty")
    return replace(parsed, stated=tuple(dict.fromkeys((*parsed.stated, *_statements(parsed, media_type)))))


def _parser_of(media_type: str, readers: Mapping[str, Reader], path: str) -> Callable[[Source], ParsedFile]:
    if reader_of(media_type, readers) == "unstructured":
        from headgate.ingest.parse.partition.kinds import PARTITIONED, read_partitioned_page

        pages: dict[str, Callable[[Source], ParsedFile]] = {
            "text/html": partial(_html, read=read_partitioned_page),
            "message/rfc822": partial(_mail, read=read_partitioned_page),
            "application/vnd.ms-outlook": _outlook,
        }
        return pages.get(media_type) or PARTITIONED[media_type]
    if media_type not in _PARSERS:
        raise ParseFailure(
            path, "unsupported", f"no parser for {media_type!r}; convert it to one of {', '.join(sorted(EXTENSIONS))}"
        )
    return _PARSERS[media_type]


def _statements(parsed: ParsedFile, media_type: str) -> list[Stated]:
    """What text that is read without its lines, and what nobody sees, say of labels."""
    stated = [] if media_type in _READ_BY_LINES else find_stated(parsed.text, 0)
    for text in parsed.hidden:
        stated += [*find_stated(text[:_LONGEST_HIDDEN], 0, place="comment"), *find_stated_tags(text[:_LONGEST_HIDDEN])]
    return stated


def preload(media_type: str, readers: Mapping[str, Reader] | None = None) -> None:
    """Import what parsing `media_type` needs, so that its memory and time are not counted as the file's."""
    if reader_of(media_type, readers or {}) == "unstructured":
        from headgate.ingest.parse.partition.setup import load_partitioner

        load_partitioner(media_type)
    match media_type:
        case "text/markdown":
            import markdown_it  # noqa: F401
        case "application/pdf":
            import headgate.ingest.parse.pdf  # noqa: F401
        case "text/calendar":
            import icalendar  # noqa: F401
        case "text/html" | "application/xml" | "message/rfc822":
            from lxml import html  # noqa: F401
        case _ if media_type.startswith((OFFICE, "application/vnd.")):
            from lxml import etree  # noqa: F401


# --- formats --------------------------------------------------------------------------------------------------------


def _markdown(source: Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.markdown import parse_markdown

    text, findings = decode(source.content, path=source.path)
    parsed = parse_markdown(text)
    return replace(parsed, findings=(*findings, *parsed.findings))


def _html(source: Source, read: ReadPage = read_page) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.front_matter import FrontMatter, split_front_matter

    text, findings = decode(source.content, path=source.path)
    front = split_front_matter(text) if _FENCED.match(text) else FrontMatter(LabelReading(), (), text, 0)
    blocks, labels, left_out = read(front.body, path=source.path)
    return assemble(
        write_targets([*front.blocks, *blocks]),
        labels=merge_readings(front.reading, labels),
        findings=findings,
        left_out=[*front.left_out, *left_out],
    )


def _docx(source: Source) -> ParsedFile:
    from headgate.ingest.parse.docx import parse_word

    return read_office(source, parse_word)


def _pptx(source: Source) -> ParsedFile:
    from headgate.ingest.parse.pptx import parse_slides

    return read_office(source, parse_slides)


def _xlsx(source: Source) -> ParsedFile:
    from headgate.ingest.parse.spreadsheets import parse_workbook

    return read_office(source, parse_workbook)


def _csv(source: Source) -> ParsedFile:
    from headgate.ingest.parse.data_labels import csv_labels
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.spreadsheets import parse_csv

    text, findings = decode(source.content, path=source.path)
    blocks, remarks, left_out = parse_csv(text)
    return assemble(blocks, labels=csv_labels(text), findings=[*findings, *remarks], left_out=left_out)


def _json(source: Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.structured_text import parse_json

    text, findings = decode(source.content, path=source.path)
    blocks, reading = parse_json(text.lstrip("\ufeff"), path=source.path)
    return assemble(blocks, labels=reading, findings=findings)


def _xml(source: Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.structured_text import parse_xml

    text, findings = decode(source.content, path=source.path)
    blocks, reading, left_out = parse_xml(text.lstrip("\ufeff"), path=source.path)
    return assemble(blocks, labels=reading, findings=findings, left_out=left_out)


def _pdf(source: Source) -> ParsedFile:
    from headgate.ingest.parse.conversion import read_scan
    from headgate.ingest.parse.pdf import parse_pdf
    from headgate.ingest.parse.pdf_labels import pdf_labels
    from headgate.ingest.parse.plain_text import GUESSED, parse_lines, settle_titles
    from headgate.ingest.parse.titles import looks_like_title

    found = parse_pdf(source.content, path=source.path, passwords=source.passwords)
    blocks, findings = found.blocks, found.findings
    if found.unreadable and "tesseract" not in source.programs:
        raise ParseFailure(
            source.path,
            "unmapped_glyphs",
            f"{found.unreadable:.0%} of its characters have no meaning: its fonts do not say what they draw; store the text, or install "
            "tesseract (OCR), which reads it from the page",
        )
    if not blocks and found.has_pictures:
        texts = read_scan(source.content, source.programs, path=source.path, seconds=source.seconds, password=found.password)
        blocks = [replace(block, page=page, line=None) for page, text in enumerate(texts, 1) for block in parse_lines(text)]
        findings = [*findings, note("scan", "read by text recognition (OCR), which makes mistakes")]
    elif not blocks:
        findings = [*findings, note("blank", f"{found.pages} page(s) without text and pictures")]
    elif not any(block.kind == "title" for block in blocks):
        # Without a change of font, their form tells which lines are titles.
        blocks = settle_titles(
            [
                replace(block, kind="title", level=GUESSED) if block.kind == "text" and looks_like_title(block.text) else block
                for block in blocks
            ]
        )
    labels = pdf_labels(found.properties, source.content, password=found.password)
    return assemble(blocks, labels=labels, findings=findings, left_out=found.left_out)


def _text(source: Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.front_matter import split_front_matter
    from headgate.ingest.parse.label_statements import find_stated_beside
    from headgate.ingest.parse.plain_text import parse_lines

    text, findings = decode(source.content, path=source.path)
    front = split_front_matter(text)
    blocks = [replace(block, line=(block.line or 1) + front.skipped) for block in parse_lines(front.body)]
    reading = find_stated_beside(front.reading, front.body, front.skipped + 1)
    return assemble([*front.blocks, *blocks], labels=reading, findings=findings, left_out=front.left_out)


def _mail(source: Source, read: ReadPage = read_page) -> ParsedFile:
    from headgate.ingest.parse.mail import parse_mail

    attachment = partial(_attachment, source) if source.depth < MAX_DEPTH else None
    return parse_mail(source.content, path=source.path, html_blocks=read, parse_attachment=attachment)


def _calendar(source: Source) -> ParsedFile:
    from headgate.ingest.parse.calendar import parse_calendar

    return parse_calendar(source.content, path=source.path)


def _attachment(source: Source, content: bytes, name: str, declared: str) -> ParsedFile:
    """By its name and content; by the media type that the mail declares where the name says nothing."""
    named = name
    if PurePosixPath(name).suffix.lower().lstrip(".") not in EXTENSIONS | CONVERTED:
        guessed = {"message/rfc822": ".eml", "text/plain": ".txt"}.get(declared) or mimetypes.guess_extension(declared) or ""
        named = f"{name}{guessed}"
    media = detect_media(named, content[:4096], content)
    if media.problem:
        raise ParseFailure(f"{source.path}/{name}", *media.problem)
    return source.parse_as(content, media.media_type, path=f"{source.path}/{name}", deeper=1)


def _outlook(source: Source) -> ParsedFile:
    from headgate.ingest.parse.partition.kinds import read_partitioned_page
    from headgate.ingest.parse.partition.outlook import as_mail
    from headgate.ingest.parse.passwords import ole_kind

    if (kind := ole_kind(source.content)) != "msg":
        raise ParseFailure(
            source.path, "malformed", f"the .msg file holds {f'a .{kind}' if kind else 'no message'}; rename or replace it"
        )
    mail, findings = as_mail(source.content, path=source.path)
    parsed = _mail(replace(source, content=mail), read_partitioned_page)
    return replace(parsed, findings=(*parsed.findings, *findings))


def _picture(source: Source) -> ParsedFile:
    from headgate.ingest.parse.conversion import read_picture
    from headgate.ingest.parse.plain_text import parse_lines

    text = read_picture(source.content, source.programs, path=source.path, seconds=source.seconds)
    blocks = [replace(block, line=None) for block in parse_lines(text)]
    return assemble(blocks, findings=[note("scan", "read by text recognition (OCR), which makes mistakes")])


_PARSERS: dict[str, Callable[[Source], ParsedFile]] = {
    "text/markdown": _markdown,
    "text/html": _html,
    "text/plain": _text,
    "text/csv": _csv,
    "text/tab-separated-values": _csv,
    "message/rfc822": _mail,
    "text/calendar": _calendar,
    "application/json": _json,
    "application/jsonl": _json,
    "application/xml": _xml,
    "text/x-rst": _text,
    "text/org": _text,
    "application/pdf": _pdf,
    "application/vnd.ms-excel": read_old_workbook,
    _WORD: _docx,
    _SLIDES: _pptx,
    _SHEET: _xlsx,
}
_PARSERS |= {
    media_type: _picture if media_type.startswith("image/") else read_converted
    for media_type in (*CONVERTED.values(), *OLD_OFFICE)
    if media_type not in _PARSERS
}


# --- shared ---------------------------------------------------------------------------------------------------------


def _is_blank(content: bytes, media_type: str) -> bool:
    """Whether a text file holds nothing but white space, or front matter only."""
    if not media_type.startswith("text/"):
        return False
    from headgate.ingest.parse.front_matter import split_front_matter

    text = content.decode("utf-8", "replace")
    return not split_front_matter(text).body.strip("\ufeff \t\r\n")


def main(arguments: list[str]) -> int:
    for name in arguments:
        content = Path(name).read_bytes()
        media = detect_media(name, content[:4096], content)
        parsed = parse_file(content, media.media_type, path=name)
        sys.stdout.write(
            f"# {name}: {dict(parsed.labels)} hidden={parsed.hidden} findings={[str(one) for one in parsed.findings]}\n"
        )
        for one in parsed.left_out:
            sys.stdout.write(f"left out: {one.reason}: {one.words} word(s): {one.sample!r}\n")
        for element in parsed.elements:
            place = " ".join(
                f"{key}{value}" for key, value in (("h", element.level), ("p", element.page), ("l", element.line)) if value
            )
            sys.stdout.write(f"{element.kind:9} {place:10} {element.text!r}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

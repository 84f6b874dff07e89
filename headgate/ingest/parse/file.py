"""Bytes of one file → ParsedFile; runs inside the sandbox's workers.

    md                      markdown.py
    html                    html.py takes hidden text out, html_blocks.py makes blocks
    docx, pptx              docx.py, pptx.py
    xlsx, xls, csv, tsv     spreadsheets.py, xlsx.py
    pdf                     pdf.py; a scan through conversion.py (tesseract)
    txt                     plain_text.py; titles.py tells which lines are titles
    json, jsonl, xml        structured_text.py
    eml                     mail.py; attachments each by its own kind
    doc, ppt, rtf, odt, …   conversion.py (LibreOffice), then as the format of today
    png, jpg, tif, …        conversion.py (tesseract)

Kinds of elements are those that unstructured gives: benchmarks/parsing.py compares. docs/parsing.md states what becomes of what.
Alone: `python -m headgate.ingest.parse.file FILE` prints the elements.
"""

from __future__ import annotations

import mimetypes
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.html_labels import find_stated_tags
from headgate.ingest.parse.label_statements import find_stated
from headgate.ingest.parse.labels import LabelReading, Stated, merge_readings
from headgate.ingest.parse.left_out import LeftOut, leave_out, summarise
from headgate.records.remarks import note
from headgate.sources.media import CONVERTED, EXTENSIONS, OFFICE, detect_media

#: Attachments of attachments of a mail.
MAX_DEPTH = 3
_WORD, _SLIDES, _SHEET = (
    OFFICE + "wordprocessingml.document",
    OFFICE + "presentationml.presentation",
    OFFICE + "spreadsheetml.sheet",
)
_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"
#: Formats whose own parsers look for labels in the text, line by line.
_READ_BY_LINES = frozenset({"text/markdown", "text/plain"})
_LONGEST_HIDDEN = 4000  # characters of a hidden text that are looked at for labels
#: A page of HTML with front matter before it, as site generators take it.
_FENCED = re.compile("[\ufeff\\s]*(?:-{3}|\\+{3})[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class _Source:
    """One file to parse, with what its parser may use; fields as in `parse_file`."""

    content: bytes
    media_type: str
    path: str
    max_unzipped: int
    passwords: tuple[str, ...]
    programs: Mapping[str, str] = field(repr=False)
    seconds: float
    depth: int


def parse_file(
    content: bytes,
    media_type: str,
    *,
    path: str = "",
    max_unzipped: int = 200 * 2**20,
    passwords: tuple[str, ...] = (),
    programs: Mapping[str, str] | None = None,
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
        seconds: limit for one run of such a program.
        depth: how many mails the file is attached in; what is left out of an attachment is handed whole to its mail.
        left_out_sample: as `sample` of `left_out.summarise`.

    Raises:
        ParseFailure: the file can't be parsed, or nothing was found in it though it is not empty.
    """
    parser = _PARSERS.get(media_type)
    if parser is None:
        raise ParseFailure(
            path, "unsupported", f"no parser for {media_type!r}; convert it to one of {', '.join(sorted(EXTENSIONS))}"
        )
    source = _Source(content, media_type, path, max_unzipped, passwords, programs or {}, seconds, depth)
    try:
        parsed = parser(source)
    except RecursionError as error:
        raise ParseFailure(path, "malformed", "nested too deeply") from error
    blank = any(finding.code == "blank" for finding in parsed.findings) or _is_blank(content, media_type)
    if not parsed.elements and content.strip() and not blank:
        raise ParseFailure(path, "no_text", "no text was found though the file is not empty")
    parsed = replace(parsed, stated=(*parsed.stated, *_statements(parsed, media_type)))
    return parsed if depth else replace(parsed, left_out=summarise(parsed.left_out, sample=left_out_sample))


def _statements(parsed: ParsedFile, media_type: str) -> list[Stated]:
    """What text that is read without its lines, and what nobody sees, say of labels."""
    stated = [] if media_type in _READ_BY_LINES else find_stated(parsed.text, 0)
    for text in parsed.hidden:
        stated += [*find_stated(text[:_LONGEST_HIDDEN], 0, place="comment"), *find_stated_tags(text[:_LONGEST_HIDDEN])]
    return stated


def preload(media_type: str) -> None:
    """Import what parsing `media_type` needs, so that its memory and time are not counted as the file's."""
    match media_type:
        case "text/markdown":
            import markdown_it  # noqa: F401
        case "application/pdf":
            import headgate.ingest.parse.pdf  # noqa: F401
        case "text/html" | "application/xml" | "message/rfc822":
            from lxml import html  # noqa: F401
        case _ if media_type.startswith((OFFICE, "application/vnd.")):
            from lxml import etree  # noqa: F401


# --- formats --------------------------------------------------------------------------------------------------------


def _markdown(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.markdown import parse_markdown

    text, findings = decode(source.content, path=source.path)
    parsed = parse_markdown(text)
    return replace(parsed, findings=(*findings, *parsed.findings))


def _html(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.front_matter import FrontMatter, split_front_matter

    text, findings = decode(source.content, path=source.path)
    front = split_front_matter(text) if _FENCED.match(text) else FrontMatter(LabelReading(), (), text, 0)
    blocks, labels, left_out = _html_blocks(front.body, path=source.path)
    return assemble(
        [*front.blocks, *blocks],
        labels=merge_readings(front.reading, labels),
        findings=findings,
        left_out=[*front.left_out, *left_out],
    )


def _html_blocks(text: str, *, path: str = "") -> tuple[list[Block], LabelReading, list[LeftOut]]:
    from lxml import etree

    from headgate.ingest.parse.html import read_tree, remove_furniture, remove_hidden, remove_struck
    from headgate.ingest.parse.html_blocks import flow_blocks
    from headgate.ingest.parse.html_labels import read_head

    try:
        tree = read_tree(text)
    except (etree.LxmlError, ValueError) as error:
        raise ParseFailure(path, "malformed", f"not readable as HTML: {error}") from error
    labels, head_title = read_head(tree, text)
    left_out = [leave_out("hidden", text) for text in remove_hidden(tree)]
    left_out += [leave_out("struck_out", text) for text in remove_struck(tree)]
    remove_furniture(tree)
    blocks = flow_blocks(tree)
    if head_title.strip() and not any(block.kind == "title" and block.level == 1 for block in blocks):
        labels = labels.with_defaults(title=head_title)
    return blocks, labels, left_out


def _office(source: _Source, parse: Callable[..., ParsedFile]) -> ParsedFile:
    """An office file of today; one behind a password is opened first, one of before 2007 under a wrong name is converted."""
    from headgate.ingest.parse.passwords import decrypt_office, ole_kind

    content = source.content
    if content.startswith(_OLE_SIGNATURE):
        kind = ole_kind(content)
        if kind != "encrypted":
            return _renamed_old_office(source, kind)
        content = decrypt_office(content, source.passwords, path=source.path)
    parsed = parse(content, path=source.path, max_unzipped=source.max_unzipped)
    if parsed.elements or parsed.hidden:
        return parsed
    if _has_pictures(content):
        raise ParseFailure(
            source.path, "no_text", "it holds pictures and no text; store the text, or the pictures for text recognition (OCR)"
        )
    return replace(parsed, findings=(*parsed.findings, note("blank", "the file holds no text")))


def _has_pictures(content: bytes) -> bool:
    import io
    import zipfile

    return any("/media/" in f"/{name}" for name in zipfile.ZipFile(io.BytesIO(content)).namelist())


def _renamed_old_office(source: _Source, kind: str) -> ParsedFile:
    extension = PurePosixPath(source.path).suffix.lower().lstrip(".")
    if not kind:
        raise ParseFailure(
            source.path, "malformed", f"the .{extension} file is an OLE container without an office document; replace it"
        )
    parsed = parse_file(
        source.content,
        (EXTENSIONS | CONVERTED)[kind],
        path=source.path,
        max_unzipped=source.max_unzipped,
        passwords=source.passwords,
        programs=source.programs,
        seconds=source.seconds,
        depth=source.depth,
    )
    return replace(parsed, findings=(note("extension", f"named .{extension}, content is {kind}; read as such"), *parsed.findings))


def _docx(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.docx import parse_word

    return _office(source, parse_word)


def _pptx(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.pptx import parse_slides

    return _office(source, parse_slides)


def _xlsx(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.spreadsheets import parse_workbook

    return _office(source, parse_workbook)


def _xls(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.data_labels import old_office_labels
    from headgate.ingest.parse.passwords import decrypt_office
    from headgate.ingest.parse.spreadsheets import parse_old_workbook

    try:
        parsed = parse_old_workbook(source.content, path=source.path)
    except ParseFailure as failure:
        if failure.reason != "encrypted":
            raise
        parsed = parse_old_workbook(decrypt_office(source.content, source.passwords, path=source.path), path=source.path)
    reading = old_office_labels(source.content)
    return replace(parsed, labels=reading.labels, slips=reading.slips)


def _csv(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.data_labels import csv_labels
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.spreadsheets import parse_csv

    text, findings = decode(source.content, path=source.path)
    blocks, remarks, left_out = parse_csv(text)
    return assemble(blocks, labels=csv_labels(text), findings=[*findings, *remarks], left_out=left_out)


def _json(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.structured_text import parse_json

    text, findings = decode(source.content, path=source.path)
    blocks, reading = parse_json(text.lstrip("\ufeff"), path=source.path)
    return assemble(blocks, labels=reading, findings=findings)


def _xml(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.structured_text import parse_xml, xml_source

    text, findings = decode(source.content, path=source.path)
    blocks, reading = parse_xml(xml_source(text.lstrip("\ufeff")), path=source.path)
    return assemble(blocks, labels=reading, findings=findings)


def _pdf(source: _Source) -> ParsedFile:
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


def _text(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.encoding import decode
    from headgate.ingest.parse.front_matter import split_front_matter
    from headgate.ingest.parse.label_statements import find_stated_beside
    from headgate.ingest.parse.plain_text import parse_lines

    text, findings = decode(source.content, path=source.path)
    front = split_front_matter(text)
    blocks = [replace(block, line=(block.line or 1) + front.skipped) for block in parse_lines(front.body)]
    reading = find_stated_beside(front.reading, front.body, front.skipped + 1)
    return assemble([*front.blocks, *blocks], labels=reading, findings=findings, left_out=front.left_out)


def _mail(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.mail import parse_mail

    attachment = partial(_attachment, source) if source.depth < MAX_DEPTH else None
    return parse_mail(source.content, path=source.path, html_blocks=_html_blocks, parse_attachment=attachment)


def _attachment(source: _Source, content: bytes, name: str, declared: str) -> ParsedFile:
    """By its name and content; by the media type that the mail declares where the name says nothing."""
    named = name
    if PurePosixPath(name).suffix.lower().lstrip(".") not in EXTENSIONS | CONVERTED:
        guessed = {"message/rfc822": ".eml", "text/plain": ".txt"}.get(declared) or mimetypes.guess_extension(declared) or ""
        named = f"{name}{guessed}"
    media = detect_media(named, content[:4096], content)
    if media.problem:
        raise ParseFailure(f"{source.path}/{name}", *media.problem)
    return parse_file(
        content,
        media.media_type,
        path=f"{source.path}/{name}",
        max_unzipped=source.max_unzipped,
        passwords=source.passwords,
        programs=source.programs,
        seconds=source.seconds,
        depth=source.depth + 1,
    )


def _old_office(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.conversion import convert_office
    from headgate.ingest.parse.passwords import decrypt_old_office

    opened = decrypt_old_office(source.content, source.passwords, path=source.path)
    content, extension = convert_office(opened, source.media_type, source.programs, path=source.path, seconds=source.seconds)
    return _PARSERS[EXTENSIONS[extension]](replace(source, content=content, media_type=EXTENSIONS[extension]))


def _picture(source: _Source) -> ParsedFile:
    from headgate.ingest.parse.conversion import read_picture
    from headgate.ingest.parse.plain_text import parse_lines

    text = read_picture(source.content, source.programs, path=source.path, seconds=source.seconds)
    blocks = [replace(block, line=None) for block in parse_lines(text)]
    return assemble(blocks, findings=[note("scan", "read by text recognition (OCR), which makes mistakes")])


_PARSERS: dict[str, Callable[[_Source], ParsedFile]] = {
    "text/markdown": _markdown,
    "text/html": _html,
    "text/plain": _text,
    "text/csv": _csv,
    "text/tab-separated-values": _csv,
    "message/rfc822": _mail,
    "application/json": _json,
    "application/jsonl": _json,
    "application/xml": _xml,
    "application/pdf": _pdf,
    "application/vnd.ms-excel": _xls,
    _WORD: _docx,
    _SLIDES: _pptx,
    _SHEET: _xlsx,
}
_PARSERS |= {
    media_type: _picture if media_type.startswith("image/") else _old_office
    for media_type in CONVERTED.values()
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

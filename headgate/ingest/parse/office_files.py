"""Office files: of today, behind a password, of before 2007, and under a wrong name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.source import Source
from headgate.records.remarks import note
from headgate.settings.readers import reader_of
from headgate.sources.media import CONVERTED, EXTENSIONS

#: (content, path=, max_unzipped=) → parsed form.
ParseOffice = Callable[..., ParsedFile]
_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"


def read_office(source: Source, parse: ParseOffice) -> ParsedFile:
    """An office file of today; one behind a password is opened first, one of before 2007 under a wrong name is read as what it is."""
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


def read_old_workbook(source: Source) -> ParsedFile:
    """An xls file."""
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


def read_converted(source: Source) -> ParsedFile:
    """A file that LibreOffice turns into one of today first."""
    from headgate.ingest.parse.conversion import convert_office
    from headgate.ingest.parse.passwords import decrypt_old_office

    opened = decrypt_old_office(source.content, source.passwords, path=source.path)
    content, extension = convert_office(opened, source.media_type, source.programs, path=source.path, seconds=source.seconds)
    media_type = EXTENSIONS[extension]
    # Who was chosen for the old format reads the new one too.
    source = replace(source, readers={**source.readers, media_type: reader_of(source.media_type, source.readers)})
    return source.parse_as(content, media_type)


def _has_pictures(content: bytes) -> bool:
    return any("/media/" in f"/{name}" for name in zipfile.ZipFile(io.BytesIO(content)).namelist())


def _renamed_old_office(source: Source, kind: str) -> ParsedFile:
    extension = PurePosixPath(source.path).suffix.lower().lstrip(".")
    if not kind:
        raise ParseFailure(
            source.path, "malformed", f"the .{extension} file is an OLE container without an office document; replace it"
        )
    parsed = source.parse_as(source.content, (EXTENSIONS | CONVERTED)[kind])
    return replace(parsed, findings=(note("extension", f"named .{extension}, content is {kind}; read as such"), *parsed.findings))

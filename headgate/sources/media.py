"""What a file is, from its content and its extension together."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from headgate.errors import FailureReason
from headgate.records import Remark
from headgate.records.remarks import note

OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
#: Extension → media type of every format that is parsed without another program.
EXTENSIONS = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "text/html",
    "txt": "text/plain",
    "text": "text/plain",
    "rst": "text/x-rst",
    "org": "text/org",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "eml": "message/rfc822",
    "ics": "text/calendar",
    "ical": "text/calendar",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "ndjson": "application/jsonl",
    "xml": "application/xml",
    "pdf": "application/pdf",
    "docx": OFFICE + "wordprocessingml.document",
    "docm": OFFICE + "wordprocessingml.document",
    "pptx": OFFICE + "presentationml.presentation",
    "pptm": OFFICE + "presentationml.presentation",
    "xlsx": OFFICE + "spreadsheetml.sheet",
    "xlsm": OFFICE + "spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "msg": "application/vnd.ms-outlook",
    "epub": "application/epub+zip",
    "odt": _OPEN_DOCUMENT + "text",
    "rtf": "application/rtf",
}
#: Extension → media type of formats that need LibreOffice or tesseract.
CONVERTED = {
    "doc": "application/msword",
    "dot": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
    "odp": _OPEN_DOCUMENT + "presentation",
    "ods": _OPEN_DOCUMENT + "spreadsheet",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "webp": "image/webp",
}
OLE = "application/x-ole-storage"
_ALL = EXTENSIONS | CONVERTED
_TEXTS = frozenset(
    {
        "text/markdown", "text/html", "text/plain", "text/csv", "text/tab-separated-values", "message/rfc822", "application/json",
        "application/jsonl", "application/xml", "text/x-rst", "text/org", "text/calendar",
    }
)  # fmt: skip
_OUTLOOK = EXTENSIONS["msg"]
_EPUB = EXTENSIONS["epub"]
#: Files that lie in an OLE container.
_IN_OLE = frozenset({"application/msword", "application/vnd.ms-powerpoint", "application/vnd.ms-excel", _OUTLOOK})
_OLD_OFFICE = _IN_OLE - {_OUTLOOK}
_OFFICE_FOLDERS = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),  # doc, xls, ppt, and encrypted office files
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)
#: Possessive, so that what was passed over is never read again: a list of comments would be read in exponentially many ways.
_HTML = re.compile(
    rb"^\s*+(?:<\?xml[^>]*+>\s*+)?+(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Media:
    """`problem` names what keeps the file from being parsed: (reason, detail). `finding` is a remark that does not."""

    media_type: str
    problem: tuple[FailureReason, str] | None = None
    finding: Remark | None = None


def detect_media(path: str, head: bytes, content: bytes | None = None) -> Media:
    """Decide by `head`, the first 4 KiB, and for zips by `content`.

    Text is parsed as its extension says, except HTML, which is told by its first tag. An office file is parsed as what it is. Other
    formats must be what they are named.
    """
    extension = PurePosixPath(path).suffix.lower().lstrip(".")
    named = _ALL.get(extension)
    found = _sniff(head, content)
    if named is None:
        if found in _TEXTS:
            return Media(found or "", finding=note("extension", f"{extension!r} is unknown, read as {found}"))
        return Media(
            found or "application/octet-stream",
            (
                "unsupported",
                f"no parser for .{extension} ({found or 'unknown content'}); convert it to one of {', '.join(sorted(EXTENSIONS))}, or exclude it",
            ),
        )
    if not head:
        return Media(named)
    if found is None:
        return (
            Media(named)
            if named in _TEXTS or named.startswith("image/") or not head.strip()
            else Media(named, _misnamed(extension, "something else"))
        )
    if found == named:
        return Media(named)
    if found == OLE:
        # What is in it, and whether it asks for a password, is told by its parser.
        return (
            Media(named)
            if named.startswith(OFFICE) or named in _IN_OLE
            else Media(found, _misnamed(extension, "an old office file"))
        )
    if found == "application/zip" and named.startswith((OFFICE, _OPEN_DOCUMENT, _EPUB)):
        if named.startswith(_OPEN_DOCUMENT) and content is not None and _is_open_document(content):
            return Media(named)
        return Media(
            named,
            (
                "malformed",
                f"the .{extension} file is cut off or damaged: its zip directory can't be read or names no {extension} content",
            ),
        )
    if found.startswith(OFFICE) and (named.startswith(OFFICE) or named in _OLD_OFFICE):
        return Media(found, finding=note("extension", f"named .{extension}, content is {found}; read as such"))
    if found == "application/rtf" and named == "application/msword":
        return Media(found, finding=note("extension", f"named .{extension}, content is {found}; read as such"))
    if found.startswith("image/") and named.startswith("image/"):
        return Media(found)
    if found in _TEXTS and named in _TEXTS:
        if named in ("text/markdown", "text/x-rst", "text/org", "message/rfc822", "application/json", "application/jsonl"):
            return Media(named)
        return Media(found, finding=note("extension", f"named .{extension}, content is {found}; read as such"))
    return Media(found, _misnamed(extension, found))


def _misnamed(extension: str, found: str) -> tuple[FailureReason, str]:
    right = next((f"rename it to .{name}, or replace it" for name, media in _ALL.items() if media == found), "replace it")
    return "wrong_extension", f"named .{extension}, but the content is {found}; {right}"


def _sniff(head: bytes, content: bytes | None) -> str | None:
    """Media type by content, None where it can't tell (most text)."""
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(content)
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    return "text/html" if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")) else None


def _sniff_zip(content: bytes | None) -> str:
    names = _zip_names(content)
    if "META-INF/container.xml" in names:
        return _EPUB
    for folder, extension in _OFFICE_FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            return EXTENSIONS[extension]
    return "application/zip"


def _is_open_document(content: bytes) -> bool:
    return "content.xml" in _zip_names(content)


def _zip_names(content: bytes | None) -> list[str]:
    if content is None:
        return []
    try:
        return zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return []

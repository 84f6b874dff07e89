"""What a file is, from its content and its extension together."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

OFFICE = "application/vnd.openxmlformats-officedocument."
#: Extension → media type of every format that is parsed.
EXTENSIONS = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "html": "text/html",
    "htm": "text/html",
    "txt": "text/plain",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "eml": "message/rfc822",
    "pdf": "application/pdf",
    "docx": OFFICE + "wordprocessingml.document",
    "pptx": OFFICE + "presentationml.presentation",
    "xlsx": OFFICE + "spreadsheetml.sheet",
}
_TEXTS = frozenset({"text/markdown", "text/html", "text/plain", "text/csv", "text/tab-separated-values", "message/rfc822"})
_OFFICE_FOLDERS = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # doc, xls, ppt, and encrypted office files
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)
_HTML = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Media:
    """`problem` names what keeps the file from being parsed: (reason, detail). `finding` is a remark that does not."""

    media_type: str
    problem: tuple[str, str] | None = None
    finding: str = ""


def detect_media(path: str, head: bytes, content: bytes | None = None) -> Media:
    """Decide by `head`, the first 4 KiB, and for zips by `content`.

    Text is parsed as its extension says, except HTML, which is told by its first tag. Other formats must be what they are named.
    """
    extension = PurePosixPath(path).suffix.lower().lstrip(".")
    named = EXTENSIONS.get(extension)
    found = _sniff(head, content)
    if found == "application/x-ole-storage":
        if extension in ("docx", "xlsx", "pptx"):
            return Media(
                found,
                (
                    "encrypted",
                    f"the .{extension} file asks for a password, or is in the format of before 2007; store it anew without either",
                ),
            )
        return Media(
            found, ("unsupported", f"{extension or 'this'} is an office format of before 2007; convert it to docx, xlsx or pptx")
        )
    if named is None:
        if found is not None and found in _TEXTS:
            return Media(found, finding=f"extension: {extension!r} is unknown, read as {found}")
        return Media(
            found or "application/octet-stream",
            (
                "unsupported",
                f"no parser for .{extension} ({found or 'unknown content'}); convert it to one of {', '.join(sorted(EXTENSIONS))}, or exclude it",
            ),
        )
    if found is None or found == named:
        if found is None and named not in _TEXTS and head.strip():
            return Media(named, _misnamed(extension, "something else"))
        return Media(named)
    if found == "application/zip" and named.startswith(OFFICE):
        return Media(
            named,
            (
                "malformed",
                f"the .{extension} file is cut off or damaged: its zip directory can't be read or names no {extension} content",
            ),
        )
    if found in _TEXTS and named in _TEXTS:
        if named in ("text/markdown", "message/rfc822"):
            return Media(named)
        return Media(found, finding=f"extension: named .{extension}, content is {found}; read as such")
    return Media(found, _misnamed(extension, found))


def _misnamed(extension: str, found: str) -> tuple[str, str]:
    right = next((f"rename it to .{name}, or replace it" for name, media in EXTENSIONS.items() if media == found), "replace it")
    return "wrong_extension", f"named .{extension}, but the content is {found}; {right}"


def _sniff(head: bytes, content: bytes | None) -> str | None:
    """Media type by content, None where it can't tell (most text)."""
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return _sniff_zip(content)
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    return "text/html" if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")) else None


def _sniff_zip(content: bytes | None) -> str:
    if content is None:
        return "application/zip"
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "application/zip"
    for folder, extension in _OFFICE_FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            return EXTENSIONS[extension]
    return "application/zip"

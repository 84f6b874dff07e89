"""Documents that pandoc reads → a page of HTML and the document's own properties. pandoc runs in its sandbox and opens no other file.

What pandoc would drop in silence, or show though no reader sees it, is looked for before in the source: markup_comments.py, rich_text.py,
open_document.py.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.conversion import run_program

#: Media type → (pandoc's name of the format, extension).
PANDOC_FORMATS = {
    "text/x-rst": ("rst", "rst"),
    "text/org": ("org", "org"),
    "application/rtf": ("rtf", "rtf"),
    "application/vnd.oasis.opendocument.text": ("odt", "odt"),
}
_TEMPLATE = '$meta-json$\n<html lang="$lang$"><body>$body$</body></html>'
_VERSION_SECONDS = 20.0
#: What pandoc may use for one file; it says so by this exit code where that does not do.
_HEAP_MIB = 1024
_HEAP_EXHAUSTED = 251
_NOTICE_INCLUDE = "CouldNotLoadIncludeFile"


@dataclass(frozen=True, slots=True)
class Converted:
    """`properties` are the document's own (title, date, and any other field of its head); `not_included` names files that it asks for."""

    page: str
    properties: Mapping[str, Any]
    not_included: tuple[str, ...]


@lru_cache(maxsize=1)
def pandoc_version(pandoc: str) -> str:
    """As `pandoc --version` says, "" where it can't be asked; asked once a process."""
    if not pandoc:
        return ""
    with tempfile.TemporaryDirectory() as folder, Path(folder, "version").open("w+b") as said:
        try:
            run_program([pandoc, "--version"], folder, path="", seconds=_VERSION_SECONDS, output=said)
        except (ParseFailure, OSError):
            return ""
        said.seek(0)
        return said.readline().decode("utf-8", "replace").strip()


def convert_with_pandoc(content: bytes, media_type: str, programs: Mapping[str, str], *, path: str, seconds: float) -> Converted:
    """The document as a page, without raw text of other formats, and with footnotes at its end.

    Raises:
        ParseFailure: `needs_pandoc`, `timeout`, `malformed`.
    """
    name, extension = PANDOC_FORMATS[media_type]
    if "pandoc" not in programs:
        raise ParseFailure(
            path,
            "needs_pandoc",
            f"a .{extension} file is read with pandoc, which is not installed; install the package pypandoc-binary, or store it as docx or md",
        )
    with tempfile.TemporaryDirectory() as folder:
        source, template, made, log = (Path(folder, part) for part in (f"document.{extension}", "page.html", "made", "log"))
        source.write_bytes(content)
        template.write_text(_TEMPLATE, encoding="ascii")
        command = [
            programs["pandoc"], "+RTS", f"-M{_HEAP_MIB}m", "-RTS", "--sandbox", "--from", name, "--to", "html5", f"--template={template}",
            "--wrap=none", "--syntax-highlighting=none", f"--log={log}", f"--output={made}", str(source),
        ]  # fmt: skip
        code = run_program(command, folder, path=path, seconds=seconds)
        if code == _HEAP_EXHAUSTED:
            raise ParseFailure(path, "memory", f"pandoc needs more than {_HEAP_MIB} MiB for it; split the file")
        if code or not made.is_file():
            raise ParseFailure(
                path,
                "malformed",
                f"pandoc could not read the .{extension} file (exit code {code}); open it in its own program and save it anew",
            )
        properties, _, page = made.read_text(encoding="utf-8").partition("\n")
        return Converted(page, _read_properties(properties), _not_included(log))


def _read_properties(source: str) -> dict[str, Any]:
    try:
        found = json.loads(source)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _not_included(log: Path) -> tuple[str, ...]:
    try:
        notices = json.loads(log.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(str(notice.get("path", "")) for notice in notices if notice.get("type") == _NOTICE_INCLUDE)

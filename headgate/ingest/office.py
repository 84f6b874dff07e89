"""What docx, pptx and xlsx share: the zip, the properties that carry labels, hidden text, and errors of broken files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.labels import merge_labels, pick_labels, split_keywords

_UNZIP_RATIO = 400  # unpacked : packed; office files stay below 60
#: What programs write as author when nobody is.
_NOBODY = frozenset({"python-docx", "openpyxl", "Steve Canny"})


def check_zip(content: bytes, *, path: str, max_unzipped: int) -> None:
    """Refuse zip bombs before anything is unpacked.

    Raises:
        ParseFailure: `zip_bomb`, or `malformed` where the directory can't be read.
    """
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ParseFailure(path, "malformed", f"not a readable zip: {error}") from error
    unpacked = sum(member.file_size for member in members)
    if unpacked > max_unzipped:
        raise ParseFailure(
            path, "zip_bomb", f"{unpacked / 2**20:.0f} MiB unpacked, parse.max_unzipped_mib allows {max_unzipped / 2**20:.0f}"
        )
    worst = max((member.file_size / max(member.compress_size, 1) for member in members if member.file_size > 2**20), default=0)
    if worst > _UNZIP_RATIO:
        raise ParseFailure(path, "zip_bomb", f"a member unpacks to {worst:.0f} times its size, {_UNZIP_RATIO} is the limit")


@contextmanager
def office_errors(path: str) -> Iterator[None]:
    """Translate what python-docx, python-pptx and lxml raise for broken files, of which there is no common class.

    Raises:
        ParseFailure: `malformed`.
    """
    try:
        yield
    except (ParseFailure, MemoryError, RecursionError):
        raise
    except Exception as error:
        raise ParseFailure(
            path, "malformed", f"not a readable office file: {type(error).__name__}: {str(error)[:200]}"
        ) from error


def property_labels(properties: Any, content: bytes) -> dict[str, str]:
    """Labels from an office file's core and custom properties."""
    core = {name: getattr(properties, name, None) for name in ("title", "language", "category", "subject")}
    core["owner"] = getattr(properties, "author", None) or getattr(properties, "creator", None)
    if core["owner"] in _NOBODY:
        core["owner"] = None
    return merge_labels(
        pick_labels(_custom_properties(content)),
        pick_labels(split_keywords(str(getattr(properties, "keywords", None) or ""))),
        pick_labels(core.items()),
    )


def _custom_properties(content: bytes) -> list[tuple[str, str]]:
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "docProps/custom.xml" not in archive.namelist():
            return []
        source = archive.read("docProps/custom.xml")
    try:
        root = etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return []
    return [(entry.get("name") or "", "".join(entry.itertext())) for entry in root]


def hidden_runs(document: Any) -> list[str]:
    """Paragraphs of a docx whose every run is marked hidden or white."""
    hidden: list[str] = []
    for paragraph in document.paragraphs:
        runs = [run for run in paragraph.runs if run.text.strip()]
        if runs and all(run.font.hidden or str(getattr(run.font.color, "rgb", "") or "") == "FFFFFF" for run in runs):
            hidden.append(paragraph.text.strip())
    return hidden

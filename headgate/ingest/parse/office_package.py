"""Office files of today: a zip of XML parts that refer to each other (ECMA-376, Open Packaging Conventions).

Read without python-docx and python-pptx, which refuse what Office itself opens (Strict files, parts with wrong names) and take ten
times as long. Nothing outside of the zip is ever read: no link is followed, no entity is resolved.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.label_statements import read_keywords
from headgate.ingest.parse.labels import LabelReading, LabelSlip, merge_readings, read_labels

_UNZIP_RATIO = 400  # unpacked : packed; office files stay below 60
_MAX_MEMBERS = 20_000
#: What programs write as author when nobody is.
_NOBODY = frozenset({"python-docx", "openpyxl", "Steve Canny"})
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
#: ISO 29500 Strict → Transitional.
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_TRANSITIONAL = {
    b"wordprocessingml": b"http://schemas.openxmlformats.org/wordprocessingml/2006/",
    b"presentationml": b"http://schemas.openxmlformats.org/presentationml/2006/",
    b"spreadsheetml": b"http://schemas.openxmlformats.org/spreadsheetml/2006/",
    b"drawingml": b"http://schemas.openxmlformats.org/drawingml/2006/",
    b"officeDocument": b"http://schemas.openxmlformats.org/officeDocument/2006/",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship of a part. `kind` is the last word of its type, such as `slide`; `target` is a part's name."""

    kind: str
    target: str


class Package:
    """Opened from bytes.

    Args:
        max_unzipped: bytes that all parts together may have.

    Raises:
        ParseFailure: `zip_bomb`, or `malformed` where the directory can't be read.
    """

    def __init__(self, content: bytes, *, path: str, max_unzipped: int) -> None:
        check_zip(content, path=path, max_unzipped=max_unzipped)
        self._path = path
        self._left = max_unzipped
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        self._names = {name.lower().lstrip("/"): name for name in self._archive.namelist()}

    @property
    def names(self) -> list[str]:
        return list(self._names.values())

    def has(self, name: str) -> bool:
        return name.lower().lstrip("/") in self._names

    def read(self, name: str) -> bytes:
        """A part's bytes; what is unpacked counts against the limit, whatever the directory declares.

        Raises:
            ParseFailure: `malformed`, `zip_bomb`.
        """
        try:
            with self._archive.open(self._names[name.lower().lstrip("/")]) as member:
                content = member.read(self._left + 1)
        except (
            KeyError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            ValueError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise ParseFailure(
                self._path, "malformed", f"part {name!r} can't be read: {error or type(error).__name__}"
            ) from error
        self._left -= len(content)
        if self._left < 0:
            raise ParseFailure(self._path, "zip_bomb", "its parts unpack to more than parse.max_unzipped_mib allows")
        return content

    def xml(self, name: str) -> Any:
        """The root element of a part, with Strict names turned into the usual ones.

        Raises:
            ParseFailure: `malformed`; `xml_entities` for a part that declares entities, which no office program does.
        """
        return read_xml(_STRICT.sub(_usual_name, self.read(name)), name=name, path=self._path)

    def links(self, name: str) -> dict[str, Link]:
        """Relationship id → link, of the part `name`; "" is the package itself. Links to the outside are left out."""
        folder, base = posixpath.split(name)
        part = posixpath.join(folder, "_rels", f"{base}.rels")
        if not self.has(part):
            return {}
        return {
            entry.get("Id", ""): Link(
                posixpath.basename(entry.get("Type", "")),
                posixpath.normpath(posixpath.join("/", folder, entry.get("Target", ""))).lstrip("/"),
            )
            for entry in self.xml(part).iter(_RELATIONSHIP)
            if entry.get("TargetMode") != "External"
        }

    def main_part(self, usual: str) -> str:
        """Name of the part that holds the document; `usual` where the package does not say."""
        target = next((link.target for link in self.links("").values() if link.kind == "officeDocument"), usual)
        name = target if self.has(target) else usual
        if not self.has(name):
            raise ParseFailure(
                self._path, "malformed", f"the part that holds the document, {name!r}, is missing; save the file anew"
            )
        return name

    def labels(self) -> LabelReading:
        """Labels from the core and custom properties; properties that can't be read may have held one."""
        try:
            core = self._properties("docProps/core.xml")
            custom = self._properties("docProps/custom.xml")
        except ParseFailure as failure:
            slip = LabelSlip("unreadable", 0, f"the file's properties, which hold its labels, can't be read: {failure.detail}")
            return LabelReading(slips=(slip,))
        found = dict(core)
        owner = found.get("creator", "")
        named: list[tuple[str, Any]] = [(name, found.get(name)) for name in ("title", "language", "category", "subject")]
        named.append(("owner", None if owner in _NOBODY else owner))
        named += [(name, found.get(name)) for name in ("contentStatus", "description")]
        return merge_readings(read_labels(custom), read_keywords(found.get("keywords", "")), read_labels(named))

    def _properties(self, name: str) -> list[tuple[str, str]]:
        if not self.has(name):
            return []
        return [
            (entry.get("name") or entry.tag.rpartition("}")[2], "".join(entry.itertext()))
            for entry in self.xml(name)
            if isinstance(entry.tag, str)
        ]


def _usual_name(strict: re.Match[bytes]) -> bytes:
    return _TRANSITIONAL.get(strict[1], strict[0])


def read_xml(source: bytes, *, name: str, path: str) -> Any:
    """Root element of an XML text. No entity is resolved, nothing is fetched, depth is limited by libxml2 (256).

    Raises:
        ParseFailure: `malformed`, `xml_entities`.
    """
    from lxml import etree

    head = source[:4096]
    if b"<!ENTITY" in head or (b"<!DOCTYPE" in head and b"<!ENTITY" in source) or b"<\0!\0E\0N\0T\0I\0T\0Y\0" in head:
        raise ParseFailure(
            path, "xml_entities", f"{name!r} declares XML entities, which can blow up or read other files; save it without a DTD"
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseFailure(path, "malformed", f"{name!r} is not well-formed XML: {str(error)[:200]}") from error


def check_zip(content: bytes, *, path: str, max_unzipped: int) -> None:
    """Refuse zip bombs before anything is unpacked.

    Raises:
        ParseFailure: `zip_bomb`, or `malformed` where the directory can't be read.
    """
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ParseFailure(path, "malformed", f"not a readable zip: {error}") from error
    if len(members) > _MAX_MEMBERS:
        raise ParseFailure(path, "zip_bomb", f"{len(members)} files in one zip, {_MAX_MEMBERS} is the limit")
    unpacked = sum(member.file_size for member in members)
    if unpacked > max_unzipped:
        raise ParseFailure(
            path, "zip_bomb", f"{unpacked / 2**20:.0f} MiB unpacked, parse.max_unzipped_mib allows {max_unzipped / 2**20:.0f}"
        )
    worst = max((member.file_size / max(member.compress_size, 1) for member in members if member.file_size > 2**20), default=0)
    if worst > _UNZIP_RATIO:
        raise ParseFailure(path, "zip_bomb", f"a member unpacks to {worst:.0f} times its size, {_UNZIP_RATIO} is the limit")

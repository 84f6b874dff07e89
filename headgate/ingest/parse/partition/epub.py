"""A book (EPUB 2 and 3): its pages in the order of its spine, each read as HTML, and the properties of its package."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from headgate.errors import ParseFailure
from headgate.ingest.parse.office_package import Package, read_xml

_NS = {
    "box": "urn:oasis:names:tc:opendocument:xmlns:container",
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
    "enc": "http://www.w3.org/2001/04/xmlenc#",
}
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
#: Fonts may be obfuscated in a book that anybody can read.
_OBFUSCATED_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


@dataclass(frozen=True, slots=True)
class Book:
    """`pages` are sources of HTML in reading order, without the list of contents; `missing` names pages that are not there."""

    properties: tuple[tuple[str, str], ...]
    pages: tuple[bytes, ...]
    missing: tuple[str, ...]


def read_book(content: bytes, *, path: str, max_unzipped: int) -> Book:
    """Raises ParseFailure: `encrypted`, `malformed`, `zip_bomb`."""
    package = Package(content, path=path, max_unzipped=max_unzipped)
    _refuse_encrypted(package, path)
    if not package.has("META-INF/container.xml"):
        raise ParseFailure(path, "malformed", "the epub file has no META-INF/container.xml; make it anew")
    container = read_xml(package.read("META-INF/container.xml"), name="its container.xml", path=path)
    found = [element.get("full-path") for element in container.iter("{*}rootfile") if element.get("full-path")]
    if not found or not package.has(found[0]):
        raise ParseFailure(path, "malformed", "the epub file names no package document; make it anew")
    root = read_xml(package.read(found[0]), name=found[0], path=path)
    folder = posixpath.dirname(found[0])
    items = {item.get("id"): item for item in root.iter("{*}item")}
    pages: list[bytes] = []
    missing: list[str] = []
    for reference in root.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES or "nav" in (item.get("properties") or "").split():
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if package.has(name):
            pages.append(package.read(name))
        else:
            missing.append(name)
    return Book(tuple(_properties(root)), tuple(pages), tuple(missing))


def _properties(root: object) -> Iterator[tuple[str, str]]:
    for element in root.iter(f"{{{_NS['dc']}}}*"):  # type: ignore[attr-defined]
        if text := " ".join("".join(element.itertext()).split()):
            yield element.tag.rpartition("}")[2], text
    for element in root.iter("{*}meta"):  # type: ignore[attr-defined]
        name = element.get("name") or (element.get("property") or "").rpartition(":")[2]
        if name and (value := element.get("content") or " ".join("".join(element.itertext()).split())):
            yield name, value


def _refuse_encrypted(package: Package, path: str) -> None:
    if not package.has("META-INF/encryption.xml"):
        return
    root = read_xml(package.read("META-INF/encryption.xml"), name="its encryption.xml", path=path)
    methods = [method.get("Algorithm") or "" for method in root.iter(f"{{{_NS['enc']}}}EncryptionMethod")]
    if any(not method.startswith(_OBFUSCATED_FONTS) for method in methods):
        raise ParseFailure(path, "encrypted", "the pages of the epub file are encrypted (DRM); store a copy without it")

"""An odt file without what its reader does not see, before pandoc, which does not tell it apart (OASIS OpenDocument 1.3)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.left_out import LeftOut, LeftOutReason, leave_out
from headgate.ingest.parse.office_package import Package, read_xml

_NS = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
_LEFT_OUT: tuple[tuple[LeftOutReason, str], ...] = (
    ("comment", "//office:annotation"),
    ("struck_out", "//text:tracked-changes"),
    ("hidden", "//text:hidden-text | //text:hidden-paragraph"),
    ("hidden", "//text:section[@text:display='none' or @text:display='condition']"),
    ("hidden", "//table:table-row[@table:visibility='collapse' or @table:visibility='filter']"),
)


@dataclass(frozen=True, slots=True)
class CleanedDocument:
    """`content` is the file as pandoc shall read it; `properties` are those that its authors set."""

    content: bytes
    left_out: tuple[LeftOut, ...]
    properties: tuple[tuple[str, str], ...]


def clean_open_document(content: bytes, *, path: str, max_unzipped: int) -> CleanedDocument:
    """An odt file without what its reader does not see. Its title, set by style, becomes a heading above all others.

    Raises:
        ParseFailure: `encrypted`, `malformed`, `zip_bomb`.
    """
    package = Package(content, path=path, max_unzipped=max_unzipped)
    if package.has("META-INF/manifest.xml"):
        manifest = read_xml(package.read("META-INF/manifest.xml"), name="its manifest", path=path)
        if manifest.xpath("//manifest:encryption-data", namespaces=_NS):
            raise ParseFailure(
                path, "encrypted", "the odt file asks for a password, which is not supported; store a copy without one"
            )
    if not package.has("content.xml"):
        raise ParseFailure(path, "malformed", "the odt file holds no content.xml; save it anew")
    body = read_xml(package.read("content.xml"), name="content.xml", path=path)
    styles = [body]
    if package.has("styles.xml"):
        styles.append(read_xml(package.read("styles.xml"), name="styles.xml", path=path))
    hidden = {name for root in styles for name in _hidden_styles(root)}
    left_out = [one for reason, place in _LEFT_OUT for one in _take_out(body.xpath(place, namespaces=_NS), reason)]
    name = f"{{{_NS['text']}}}style-name"
    left_out += _take_out([element for element in body.iter() if element.get(name) in hidden], "hidden")
    _raise_titles(body, styles)
    meta = read_xml(package.read("meta.xml"), name="meta.xml", path=path) if package.has("meta.xml") else None
    return CleanedDocument(_written(package, body), tuple(left_out), tuple(_properties(meta)))


def _raise_titles(body: Any, styles: list[Any]) -> None:
    """Paragraphs in the style Title, or one based on it, as headings of the first level; the others go one level down."""
    name, parent = f"{{{_NS['style']}}}name", f"{{{_NS['style']}}}parent-style-name"
    titles = {"Title"} | {
        style.get(name) for root in styles for style in root.iter(f"{{{_NS['style']}}}style") if style.get(parent) == "Title"
    }
    heading, level = f"{{{_NS['text']}}}h", f"{{{_NS['text']}}}outline-level"
    found = [element for element in body.iter(f"{{{_NS['text']}}}p") if element.get(f"{{{_NS['text']}}}style-name") in titles]
    for lower in body.iter(heading) if found else ():
        lower.set(level, str(min(int(lower.get(level) or 1), 5) + 1))
    for element in found:
        element.tag = heading
        element.set(level, "1")


def _properties(meta: Any) -> Iterator[tuple[str, str]]:
    if meta is None:
        return
    for name, place in (
        ("title", "dc:title"),
        ("author", "meta:initial-creator"),
        ("language", "dc:language"),
        ("keywords", "meta:keyword"),
    ):
        if text := ", ".join(
            filter(None, (" ".join((element.text or "").split()) for element in meta.xpath(f"//{place}", namespaces=_NS)))
        ):
            yield name, text
    for element in meta.xpath("//meta:user-defined", namespaces=_NS):
        if name := element.get(f"{{{_NS['meta']}}}name"):
            yield name, " ".join((element.text or "").split())


def _hidden_styles(root: Any) -> set[str]:
    found = root.xpath("//style:style[style:text-properties[@text:display='none']]", namespaces=_NS)
    return {style.get(f"{{{_NS['style']}}}name") for style in found}


def _take_out(elements: list[Any], reason: LeftOutReason) -> list[LeftOut]:
    taken: list[LeftOut] = []
    for element in elements:
        parent = element.getparent()
        if parent is None:
            continue
        taken.append(leave_out(reason, " ".join(" ".join(element.itertext()).split())))
        if element.tail:
            before = element.getprevious()
            if before is None:
                parent.text = (parent.text or "") + element.tail
            else:
                before.tail = (before.tail or "") + element.tail
        parent.remove(element)
    return taken


def _written(package: Package, body: Any) -> bytes:
    """The parts that hold text, in a package of its own: pictures and objects are not read."""
    from lxml import etree

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        archive.writestr("content.xml", etree.tostring(body.getroottree(), xml_declaration=True, encoding="UTF-8"))
        for part in ("styles.xml", "meta.xml", "META-INF/manifest.xml"):
            if package.has(part):
                archive.writestr(part, package.read(part))
    return target.getvalue()

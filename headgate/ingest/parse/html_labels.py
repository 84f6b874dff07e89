"""Labels of a web page: `<meta name=… content=…>`, `<html lang>`, front matter before the page.

What looks like such a tag in the source and was not read as one (`<met name=…`, a quotation mark too few, `nmae=`) is a slip.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from headgate.ingest.parse.label_keys import access_label
from headgate.ingest.parse.labels import LabelReading, LabelSlip, Place, Stated, read_labels

#: Attributes that name what a <meta> says, and those that hold it.
_NAMES, _VALUES = ("name", "property", "itemprop", "http-equiv"), ("content", "value")
_NOT_TAGS = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<\s*(/?[a-zA-Z][\w:-]*)\b([^<>]{3,500})")
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)|["']([^"'>]*))""")
_META_LIKE = re.compile(r"\bcontent\s*=", re.IGNORECASE)
_BODY = re.compile(r"<\s*body\b|</\s*head\s*>", re.IGNORECASE)


def read_head(tree: Any, source: str) -> tuple[LabelReading, str]:
    """(labels from <meta …> and <html lang>, text of <title>) of a page whose source is `source`."""
    entries: list[tuple[str, Any, int]] = []
    for meta in tree.iter("meta"):
        name = next((meta.get(attribute) for attribute in _NAMES if meta.get(attribute)), "")
        value = next((meta.get(attribute) for attribute in _VALUES if meta.get(attribute)), None)
        if name:
            entries.append((name, value, meta.sourceline or 0))
    reading = read_labels(
        [*entries, ("language", tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "")]
    )
    slips = find_unread_tags(source, [(str(name), str(value)) for name, value, _ in entries])
    title = tree.find(".//head/title")
    return replace(reading, slips=(*reading.slips, *slips)), (title.text_content() if title is not None else "")


def find_unread_tags(source: str, read: list[tuple[str, str]]) -> list[LabelSlip]:
    """Tags that name a label of access, and are not among the (name, value) pairs that were read."""
    text = _NOT_TAGS.sub(lambda found: "\n" * found[0].count("\n"), source)
    head = found.start() if (found := _BODY.search(text)) else len(text)
    known = [" ".join(f"{name} {value}".split()).lower() for name, value in read if access_label(name)]
    slips: list[LabelSlip] = []
    for tag in _TAG.finditer(text):
        name, inside = tag[1].lower(), tag[2]
        if name != "meta" and not _META_LIKE.search(inside):
            continue
        label = _tag_label(inside, everything=name == "meta" or tag.start() < head)
        if not label:
            continue
        said = " ".join(value for parts in _ATTRIBUTE.findall(inside) for value in parts[1:] if value).lower()
        match = next((one for one in known if name == "meta" and set(one.split()) <= set(said.split())), None)
        if match is not None:
            known.remove(match)
            continue
        shown = " ".join(tag[0].split())[:60]
        line = text.count("\n", 0, tag.start()) + 1
        slips.append(LabelSlip("unreadable", line, f"{shown!r} names a label, and is no <meta name=… content=…>", label))
    return slips


def find_stated_tags(text: str, *, place: Place = "comment") -> list[Stated]:
    """What tags inside a comment say of labels."""
    found: list[Stated] = []
    for tag in _TAG.finditer(text):
        attributes = {parts[0].lower(): next(filter(None, parts[1:]), "") for parts in _ATTRIBUTE.findall(tag[2])}
        name = next((attributes[one] for one in _NAMES if attributes.get(one)), "")
        value = next((attributes[one] for one in _VALUES if attributes.get(one)), "")
        if access_label(name) and value:
            found.append(Stated(name, value.strip().lower()[:60], 0, place))
    return found


def _tag_label(inside: str, *, everything: bool) -> str:
    """The label of access that a tag's attributes name, by an attribute's name or by a value that is a name."""
    for parts in _ATTRIBUTE.findall(inside):
        attribute, value = parts[0].lower(), next(filter(None, parts[1:]), "")
        if attribute in _VALUES:
            continue
        words = [attribute, *(value.split() if everything or attribute in _NAMES else ())]
        if label := next(filter(None, map(access_label, words)), ""):
            return label
    return ""

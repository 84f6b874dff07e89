"""Labels of a web page: `<meta name=… content=…>`, `<html lang>`, front matter before the page.

What looks like such a tag in the source and was not read as one (`<met name=…`, a quotation mark too few, `nmae=`) is a slip.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from headgate.ingest.parse.label_keys import AccessLabel, access_label
from headgate.ingest.parse.labels import LabelReading, LabelSlip, Place, Stated, read_labels

#: Attributes that name what a <meta> says, and those that hold it.
_NAMES, _VALUES = ("name", "property", "itemprop", "http-equiv"), ("content", "value")
_NOT_TAGS = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<\s*(/?[a-zA-Z][\w:-]*)\b([^<>]{3,500})")
_ATTRIBUTE = re.compile(r"""([\w:-]{1,80})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)|["']([^"'>]*))""")
_HARMLESS = frozenset({"link", "base", "script", "style", "/script", "/style"})
_WORD = re.compile(r"[^\W\d_][\w-]{5,30}")
_NAMED = re.compile(r"[=\"']")
_BODY = re.compile(r"<\s*(?:body|h[1-6]|p|div|main|article|section|table|[uo]l)\b|</\s*head\s*>", re.IGNORECASE)


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
    """Places that name a label of access, and are not among the (name, value) pairs that were read from <meta> tags.

    In the head of a page every such name counts; further down those in tags that look like <meta>.
    """
    text = _NOT_TAGS.sub(lambda found: "\n" * found[0].count("\n"), source)
    head = found.start() if (found := _BODY.search(text)) else len(text)
    known = [" ".join(f"{name} {value}".split()).lower() for name, value in read if access_label(name)]
    slips: list[LabelSlip] = []
    rest = list(text)
    for tag in _TAG.finditer(text):
        name, attributes = tag[1].lower(), _ATTRIBUTE.findall(tag[2])
        said = " ".join(value for parts in attributes for value in parts[1:] if value).lower()
        match = next((one for one in known if name == "meta" and set(one.split()) <= set(said.split())), None)
        if match is not None:
            known.remove(match)
        label = None if match is not None else _tag_label(name, attributes)
        if label:
            slips.append(_slip(text, tag.start(), tag[0], label))
        if label or match is not None or name in _HARMLESS or _is_meta(name, attributes):
            rest[tag.start() : tag.end()] = " " * (tag.end() - tag.start())
    left = "".join(rest)[:head]
    for word in _WORD.finditer(left):
        label = access_label(word[0])
        if label == "confidentiality" or (label and _NAMED.search(left, word.start() - 12, word.end() + 3)):
            slips.append(_slip(text, word.start(), text[max(word.start() - 20, 0) : word.end() + 30], label))
    return slips


def _slip(text: str, position: int, shown: str, label: str) -> LabelSlip:
    quoted = repr(" ".join(shown.split())[:60])
    return LabelSlip(
        "unreadable", text.count("\n", 0, position) + 1, f"{quoted} names a label, and is no <meta name=… content=…>", label
    )


def _is_meta(name: str, attributes: list[tuple[str, ...]]) -> bool:
    """Whether a tag is a <meta> that says something else; what it says may hold any word."""
    names = [next(filter(None, parts[1:]), "") for parts in attributes if parts[0].lower() in (*_NAMES, "charset")]
    return name == "meta" and bool(names)


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


def _tag_label(name: str, attributes: list[tuple[str, ...]]) -> AccessLabel | None:
    """The label of access that a tag like <meta> names, by an attribute's name or by a value that is a name."""
    if name != "meta" and not any(parts[0].lower() == "content" for parts in attributes):
        return None
    for parts in attributes:
        attribute, value = parts[0].lower(), next(filter(None, parts[1:]), "")
        if attribute in _VALUES:
            continue
        for word in (attribute, *value.split()):
            if label := access_label(word):
                return label
    return None

"""HTML: what a reader sees apart from what is hidden; html_labels.py reads its labels.

Hidden is: comments, `hidden`, `aria-hidden` on text, `display:none`, `visibility:hidden`, zero size or opacity, text in the colour
of its background, text moved off the page, `<template>` and `<noscript>`. Scripts and styles are dropped: they are no text at all.
"""

from __future__ import annotations

import re
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.left_out import LeftOut, leave_out

_DROPPED = "script style svg math iframe object embed canvas link"
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0(\.0+)?\s*(;|!|$)|font-size\s*:\s*0(\.0+)?(px|pt|em|rem|%)?\s*(;|!|$)"
    r"|(left|top|text-indent|margin-left)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0|(?<![-\w])(max-)?(width|height)\s*:\s*0(px)?\s*(;|!|$)",
    re.IGNORECASE,
)
_NOT_XML = re.compile("[^\\t\\n\\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HIDDEN_TAGS = frozenset({"template", "noscript"})
_COLOUR = re.compile(r"(?<![-\w])color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = {"white", "#fff", "#ffffff", "rgb(255,255,255)", "rgba(255,255,255,1)", "transparent", "rgba(0,0,0,0)"}
_CROSSED = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)


def read_tree(source: str) -> Any:
    """The lxml tree of a page. No network, no entities.

    Raises:
        ParseFailure: `malformed`: it is nested deeper than libxml2 reads, 2,048 tags.
    """
    from lxml import html

    parser = html.HTMLParser(no_network=True, recover=True, huge_tree=True)
    # lxml refuses an encoding declaration in decoded text; its line breaks stay, for the lines of what follows.
    declared = re.match(r"\s*<\?xml[^>]*\?>", source)
    if declared:
        source = "\n" * declared[0].count("\n") + source[declared.end() :]
    source = source.replace("\0", "")
    tree = html.document_fromstring(source if source.strip() else "<html></html>", parser=parser, ensure_head_body=True)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ParseFailure("", "malformed", "the HTML is nested too deeply")
    return tree


def remove_hidden(tree: Any) -> list[str]:
    """Take what a reader would not see out of `tree`; returns its text."""
    from lxml import etree

    hidden: list[str] = []
    for element in list(tree.iter(*_DROPPED.split())):
        _drop(element)
    for comment in list(tree.iter(etree.Comment, etree.ProcessingInstruction)):
        if comment.text and not comment.text.startswith("[if"):
            hidden.append(comment.text)
        _drop(comment)
    for element in [element for element in tree.iter(etree.Element) if element.attrib or element.tag in _HIDDEN_TAGS]:
        if element.tag not in ("html", "body", "head") and _is_hidden(element):
            hidden.append(" ".join(element.itertext()))
            _drop(element)
    return hidden


def remove_furniture(tree: Any) -> None:
    """Take a page's navigation, footer and, unless it holds the page's heading, header away."""
    for furniture in tree.xpath("//body/footer | //body/header[not(.//h1)] | //nav"):
        _drop(furniture)


def remove_struck(tree: Any) -> list[str]:
    """Take what is crossed out, by tag or by style, out of `tree`; returns its text."""
    from lxml import etree

    struck: list[str] = []
    for element in [
        *tree.iter("s", "strike", "del"),
        *(element for element in tree.iter(etree.Element) if _CROSSED.search(element.get("style") or "")),
    ]:
        if element.getparent() is not None:
            struck.append(" ".join(element.itertext()))
            _drop(element)
    return struck


def read_fragment(source: str) -> tuple[Any, list[LeftOut]]:
    """(the body of a piece of HTML such as Markdown may contain, what it does not show)."""
    tree = read_tree(f"<html><body>{source}</body></html>")
    left_out = [leave_out("hidden", text) for text in remove_hidden(tree)]
    left_out += [leave_out("struck_out", text) for text in remove_struck(tree)]
    return tree.find("body"), left_out


def _is_hidden(element: Any) -> bool:
    if element.tag in _HIDDEN_TAGS or element.get("hidden") is not None or element.get("type") == "hidden":
        return True
    # A caption is hidden only from those who hear the alternative text, which says the same.
    if (element.get("aria-hidden") or "").lower() == "true" and element.tag != "figcaption":
        return True
    style = element.get("style") or ""
    if not style:
        return (element.tag == "font") and _plain(element.get("color") or "") in _WHITE
    if _HIDING_STYLE.search(style):
        return True
    colour, background = _COLOUR.search(style), _BACKGROUND.search(style)
    if not colour:
        return False
    return _plain(colour[1]) in _WHITE if background is None else _plain(colour[1]) == _plain(background[1])


def _plain(colour: str) -> str:
    return colour.strip().lower().replace(" ", "")


def _drop(element: Any) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = _writable(parent.text) + _writable(element.tail)
        else:
            before.tail = _writable(before.tail) + _writable(element.tail)
    parent.remove(element)


def _writable(text: str | None) -> str:
    """Without the characters that lxml reads, as `&#1;`, and does not take back."""
    return _NOT_XML.sub("", text or "")

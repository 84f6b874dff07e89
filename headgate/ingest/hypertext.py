"""HTML: what a reader sees apart from what is hidden, and the labels of its head.

Hidden is: comments, `hidden`, `aria-hidden` on text, `display:none`, `visibility:hidden`, zero size or opacity, text in the colour
of its background, text moved off the page, `<template>` and `<noscript>`. Scripts and styles are dropped: they are no text at all.
"""

from __future__ import annotations

import re
from typing import Any

from headgate.ingest.labels import pick_labels

_DROPPED = "script style svg math iframe object embed canvas link"
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0(\.0+)?\s*(;|!|$)|font-size\s*:\s*0(\.0+)?(px|pt|em|rem|%)?\s*(;|!|$)"
    r"|(left|top|text-indent|margin-left)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0|(?<![-\w])(max-)?(width|height)\s*:\s*0(px)?\s*(;|!|$)",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?<![-\w])color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = {"white", "#fff", "#ffffff", "rgb(255,255,255)", "rgba(255,255,255,1)", "transparent", "rgba(0,0,0,0)"}
_BLOCKS = "p div br li tr h1 h2 h3 h4 h5 h6 table section article blockquote dd dt summary".split()


def read_tree(source: str) -> Any:
    """The lxml tree of a page. No network, no entities; deep nesting is cut by libxml2's own limit."""
    from lxml import html

    parser = html.HTMLParser(no_network=True, recover=True, huge_tree=False)
    # lxml refuses an encoding declaration in decoded text.
    return html.document_fromstring(
        re.sub(r"^\s*<\?xml[^>]*\?>", "", source) or "<html></html>", parser=parser, ensure_head_body=True
    )


def read_head(tree: Any) -> tuple[dict[str, str], str]:
    """(labels from <meta name=…> and <html lang>, text of <title>)."""
    pairs = [(meta.get("name"), meta.get("content")) for meta in tree.iter("meta") if meta.get("name") and meta.get("content")]
    labels = pick_labels([*pairs, ("language", tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "")])
    title = tree.find(".//head/title")
    return labels, (title.text_content() if title is not None else "")


def remove_hidden(tree: Any) -> list[str]:
    """Take what a reader would not see out of `tree`; returns its text."""
    from lxml import etree

    hidden: list[str] = []
    for tag in _DROPPED.split():
        for element in list(tree.iter(tag)):
            _drop(element)
    for comment in list(tree.iter(etree.Comment, etree.ProcessingInstruction)):
        if comment.text and not comment.text.startswith("[if"):
            hidden.append(comment.text)
        _drop(comment)
    for element in list(tree.iter()):
        if isinstance(element.tag, str) and element.tag not in ("html", "body", "head") and _is_hidden(element):
            hidden.append(" ".join(element.itertext()))
            _drop(element)
    return hidden


def split_fragment(source: str) -> tuple[str, list[str]]:
    """(visible text with line breaks at blocks, hidden texts) of a piece of HTML, such as Markdown may contain."""
    if not re.search(r"<[a-zA-Z!/?]", source):
        return source, []
    tree = read_tree(f"<html><body>{source}</body></html>")
    hidden = remove_hidden(tree)
    for element in tree.iter(*_BLOCKS):
        element.tail = "\n" + (element.tail or "")
    return tree.find("body").text_content(), hidden


def _is_hidden(element: Any) -> bool:
    if element.tag in ("template", "noscript") or element.get("hidden") is not None or element.get("type") == "hidden":
        return True
    if (element.get("aria-hidden") or "").lower() == "true":
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
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)

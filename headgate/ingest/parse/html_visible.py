"""What a reader of a page sees, or reaches with one click, apart from what nothing on the page can show.

hidden            comments, `<template>`, `<noscript>`, `hidden`, display:none, visibility:hidden, no size, no opacity, moved off the page,
                  text in the colour of what is behind it, which may be set on an element around it; where the page does not say either
                  colour, as in a piece of a page whose style sheets are elsewhere, text is visible
one click away    panels of tabs and accordions, `<details>`, what a button or link of the page opens, `hidden="until-found"`,
                  what fades or slides in
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any, NamedTuple

from headgate.ingest.parse.html_colours import BLACK, WHITE, YELLOW, Colour, can_be_told_apart, parse_background, parse_colour

_HIDDEN_TAGS = frozenset({"template", "noscript"})
_NOT_SHOWN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)|clip\s*:\s*rect\(\s*0",
    re.IGNORECASE,
)
#: Without `overflow`, text stands out of a box that has no size.
_NO_SIZE = re.compile(r"(?<![-\w])(?:max-)?(?:width|height)\s*:\s*0(?:px)?\s*(?:;|!|$)", re.IGNORECASE)
_CUT_OFF = re.compile(r"overflow(?:-[xy])?\s*:\s*(?:hidden|clip|auto|scroll)", re.IGNORECASE)
_MOVED = re.compile(
    r"(?<![-\w])(?:left|right|top|bottom|text-indent|margin-left|margin-top)\s*:\s*-(\d{1,7})(?:\.\d{1,9})?(px|pt|em|rem|%|vw|vh)?",
    re.IGNORECASE,
)
#: From this far a shift is out of the page: fewer points centre a box or make room below a fixed header.
_FAR = {"px": 500, "": 500, "pt": 500, "em": 50, "rem": 50, "%": 100, "vw": 100, "vh": 100}
_NO_OPACITY = re.compile(r"opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)", re.IGNORECASE)
_MOVES = re.compile(r"transform\s*:|transition\s*:|animation\s*:", re.IGNORECASE)
#: Words in the classes of panels that a click opens; those of Bootstrap, Foundation, Material and most hand-made ones.
_PANEL = re.compile(
    r"(?:^|[\s_-])(?:tab-?(?:pane|panel|content)|accordion|collaps\w*|panel|expand\w*|toggle\w*|dropdown|faq|spoiler|modal)(?:$|[\s_-])",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"(?:^|;)\s*([\w-]+)\s*:\s*([^;]+)")
_POINTERS = (
    "aria-controls",
    "data-target",
    "data-bs-target",
    "data-toggle-target",
    "popovertarget",
    "commandfor",
    "aria-owns",
    "href",
)


class _Shown(NamedTuple):
    """How text of an element looks."""

    colour: Colour
    behind: Colour


def take_hidden(tree: Any, *, styled: bool = False) -> list[str]:
    """Take what nothing on the page can show out of `tree`; returns its text.

    Args:
        styled: style sheets apply that are not in the tree, as to a piece of HTML in a page of Markdown.
    """
    from lxml import etree

    hidden: list[str] = []
    for comment in list(tree.iter(etree.Comment, etree.ProcessingInstruction)):
        if comment.text and not comment.text.startswith("[if"):
            hidden.append(comment.text)
        drop(comment)
    opened = _opened(tree)
    for element in [one for one in tree.iter(etree.Element) if one.attrib or one.tag in _HIDDEN_TAGS]:
        if element.tag not in ("html", "body", "head") and _is_hidden(element) and not _is_one_click_away(element, opened):
            hidden.append(" ".join(element.itertext()))
            drop(element)
    return hidden + _take_unreadable(tree, styled=styled or any(True for _ in _style_sheets(tree)))


def _is_hidden(element: Any) -> bool:
    if element.tag in _HIDDEN_TAGS or element.get("hidden") is not None or element.get("type") == "hidden":
        return True
    style = element.get("style") or ""
    if _NOT_SHOWN.search(style) or (_NO_SIZE.search(style) and _CUT_OFF.search(style)):
        return True
    if any(int(far) >= _FAR[(unit or "").lower()] for far, unit in _MOVED.findall(style)):
        return True
    return _NO_OPACITY.search(style) is not None and not (_MOVES.search(style) or element.get("class"))


def _opened(tree: Any) -> frozenset[str]:
    """Ids of what a tab, button or link of the page opens."""
    named: set[str] = set()
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        for pointer in _POINTERS:
            value = element.get(pointer) or ""
            if pointer in ("href", "data-target", "data-bs-target"):
                value = value[1:] if value.startswith("#") else ""
            named.update(value.split())
        if element.get("role") == "tabpanel" and element.get("aria-labelledby"):
            named.add(element.get("id") or "")
    return frozenset(named - {""})


def _is_one_click_away(element: Any, opened: frozenset[str]) -> bool:
    if element.tag in _HIDDEN_TAGS or element.get("type") == "hidden":
        return False
    if element.get("hidden") == "until-found" or element.get("role") == "tabpanel" or element.get("popover") is not None:
        return True
    if element.get("id") in opened or _PANEL.search(element.get("class") or "") is not None:
        return True
    before = element.getprevious()
    return before is not None and isinstance(before.tag, str) and any(_opens(one) for one in before.iter())


def _opens(element: Any) -> bool:
    """Whether a click on it opens what follows."""
    return isinstance(element.tag, str) and (element.tag == "summary" or element.get("aria-expanded") is not None)


def _take_unreadable(tree: Any, *, styled: bool) -> list[str]:
    """Take text in the colour of its background out; what stands inside of it on another background stays."""
    from lxml import etree

    painted = _painted_tags(tree)
    looks: dict[Any, _Shown] = {}
    found: list[str] = []
    for element in tree.iter(etree.Element):
        parent = element.getparent()
        above = looks[parent] if parent is not None and parent in looks else _Shown(BLACK, WHITE)
        looks[element] = shown = _look(element, above, styled=styled, painted=painted)
        if can_be_told_apart(shown.colour, shown.behind):
            continue
        if (element.text or "").strip():
            found.append(element.text)
            element.text = None
        for child in element:
            if (child.tail or "").strip():
                found.append(child.tail)
                child.tail = " "
    return found


def _style_sheets(tree: Any) -> Iterator[Any]:
    yield from tree.iter("style")
    yield from (link for link in tree.iter("link") if "stylesheet" in (link.get("rel") or "").lower())


_TAG = re.compile(r"(?:^|[\s>+~,(])([a-z][a-z0-9]{0,19}|\*)", re.IGNORECASE)


def _painted_tags(tree: Any) -> frozenset[str]:
    """Tags that selectors of the page's own style sheets name, of rules that set a background; `*` is any."""
    named: set[str] = set()
    for sheet in tree.iter("style"):
        for rule in (sheet.text or "").split("}"):
            selectors, _, declarations = rule.rpartition("{")
            if "background" in declarations.lower():
                named.update(tag.lower() for tag in _TAG.findall(selectors.rpartition("{")[2]))
    return frozenset(named)


def _look(element: Any, above: _Shown, *, styled: bool, painted: Container[str]) -> _Shown:
    colour, behind = above
    style = element.get("style") or ""
    # Browsers have colours of their own for these, and style sheets use values that an element hands them (`--name`).
    if element.tag == "a" and element.get("href") is not None:
        colour = "unknown"
    if element.tag == "mark":
        colour, behind = BLACK, YELLOW
    by_sheet = styled and (element.get("class") or element.get("id") or "--" in style)
    if by_sheet or element.tag in painted or "*" in painted or element.get("background"):
        behind = "unknown"
    if (named := element.get("bgcolor")) and (value := parse_colour(named)) is not None:
        behind = value
    if element.tag == "font" and (named := element.get("color")) and (value := parse_colour(named)) is not None:
        colour = value
    for name, text in _DECLARATION.findall(style):
        match name.lower():
            case "color":
                colour = parse_colour(text) or colour
            case "background" | "background-color" | "background-image":
                behind = parse_background(text) or behind
    return _Shown(colour, behind)


_NOT_XML = re.compile("[^\\t\\n\\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def drop(element: Any) -> None:
    """Take an element out of its tree, without the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = writable(parent.text) + writable(element.tail)
        else:
            before.tail = writable(before.tail) + writable(element.tail)
    parent.remove(element)


def writable(text: str | None) -> str:
    """Without the characters that lxml reads, as `&#1;`, and does not take back."""
    return _NOT_XML.sub("", text or "")

"""A page of HTML → blocks, by unstructured's partition_html.

What readers don't see is taken out before (parse/html.py), as for our own reader. What partition_html would lose is put in a form that it
hands on: text inside `details`, figures and labels, alternative texts, the digits of raised text, cells that are merged.
"""

from __future__ import annotations

from typing import Any

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.html_tables import is_layout
from headgate.ingest.parse.left_out import LeftOut
from headgate.ingest.parse.partition.elements import element_blocks, missing_words
from headgate.ingest.parse.partition.setup import load_unstructured
from headgate.ingest.parse.raised_text import Level, Run, join_runs

_AS_DIVISION = ("details", "figure", "fieldset", "form", "hgroup")
_AS_PARAGRAPH = ("figcaption", "summary", "legend")
_AS_SPAN = ("label", "button", "output")
_RAISED: dict[str, Level] = {"sup": "raised", "sub": "lowered"}
_BLOCKS = frozenset(
    "address article aside blockquote div dd dl dt h1 h2 h3 h4 h5 h6 li main ol p pre section table td th tr ul".split()
)
_MAX_SPAN = 1000


def partition_page(tree: Any) -> tuple[list[Block], list[LeftOut]]:
    """(blocks, what was not handed on) of a page that was cleaned of what nobody sees."""
    from lxml import html

    load_unstructured()
    from unstructured.partition.html import partition_html

    body = tree.find(".//body")
    body = tree if body is None else body
    make_readable(body)
    source = html.tostring(body, encoding="unicode")
    for element in body.iter(*_BLOCKS, "br", "pre", "caption"):
        element.text, element.tail = f"\n{element.text or ''}", f"\n{element.tail or ''}"
    text = body.text_content()
    if not text.strip():
        return [], []
    # An empty language stands for "do not detect": ours is told from the whole document.
    blocks, left_out = element_blocks(partition_html(text=source, languages=[""]))
    return blocks, [*left_out, *missing_words(text, blocks)]


def make_readable(body: Any) -> None:
    """Change `body` so that partition_html hands all of its text on."""
    for tags, tag in ((_AS_DIVISION, "div"), (_AS_PARAGRAPH, "p"), (_AS_SPAN, "span")):
        for element in list(body.iter(*tags)):
            element.tag = tag
    for element in list(body.iter("sup", "sub")):
        _set_off(element)
    for image in list(body.iter("img")):
        _describe(image)
    for definitions in list(body.iter("dl")):
        _pair_definitions(definitions)
    for item in body.iter("li"):
        first = next(iter(item), None)
        if first is not None and first.tag == "p" and not (item.text or "").strip():
            first.drop_tag()
    for table in list(body.iter("table")):
        if is_layout(table):
            parts = [part for part in table.iter("tbody", "tr", "td") if next(part.iterancestors("table")) is table]
            for element in (table, *parts):
                element.tag = "div"
        else:
            _spell_out_spans(table)


def _set_off(element: Any) -> None:
    """Raised and lowered text in line, as `10^6`."""
    if any(child.tag in _BLOCKS for child in element.iterdescendants()):
        return
    parent, before = element.getparent(), element.getprevious()
    lead = (parent.text or "") if before is None else before.text_content() + (before.tail or "")
    joined = join_runs([Run(lead), Run(element.text_content(), _RAISED[element.tag]), Run(element.tail or "")])
    if before is None:
        parent.text = joined
    else:
        before.tail = (before.tail or "") + joined[len(lead) :]
    parent.remove(element)


def _describe(image: Any) -> None:
    """A picture's alternative text as a paragraph of its own, where it says something and no caption says it again."""
    alternative = " ".join((image.get("alt") or "").split())
    around = next((above for above in image.iterancestors() if above.tag in _BLOCKS), None)
    said = around is not None and alternative in " ".join(around.text_content().split())
    if len(alternative.split()) >= 2 and "://" not in alternative and not said:
        paragraph = image.makeelement("p")
        paragraph.text = f"Image: {alternative}"
        place = next((above for above in image.iterancestors() if above.tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6")), image)
        paragraph.tail, place.tail = place.tail, None
        place.addnext(paragraph)
    image.drop_tree()


def _pair_definitions(definitions: Any) -> None:
    """`term: definition` in one paragraph; a longer definition below its term."""
    term = None
    for child in list(definitions):
        if child.tag == "dt":
            term = child
            child.tag = "p"
        elif child.tag == "dd":
            if len(child) == 1 and child[0].tag == "p" and not (child.text or "").strip():
                child[0].drop_tag()
            if term is not None and not any(inner.tag in _BLOCKS for inner in child.iterdescendants()):
                name = " ".join(term.text_content().split())
                child.text = f"{name.rstrip(':')}: {(child.text or '').lstrip()}"
                term.drop_tree()
            child.tag = "p" if not any(inner.tag in _BLOCKS for inner in child.iterdescendants()) else "div"
            term = None
    definitions.tag = "div"


def _spell_out_spans(table: Any) -> None:
    """Cells merged downwards stand in each row; those merged to the right leave the cells beside them empty."""
    above: dict[int, tuple[int, Any]] = {}
    for row in table.iter("tr"):
        if next(row.iterancestors("table"), None) is not table:
            continue
        column = 0
        for cell in [child for child in row if child.tag in ("td", "th")]:
            while column in above and above[column][0]:
                left, copy = above[column]
                above[column] = (left - 1, copy)
                cell.addprevious(_copied(copy))
                column += 1
            right, down = (_span(cell, name) for name in ("colspan", "rowspan"))
            for step in range(right):
                source = cell if step == 0 else None
                if step:
                    cell.addnext(cell.makeelement(cell.tag))
                if down > 1:
                    above[column + step] = (down - 1, source)
            column += right
        while column in above and above[column][0]:
            left, copy = above[column]
            above[column] = (left - 1, copy)
            row.append(_copied(copy) if copy is not None else row.makeelement("td"))
            column += 1


def _copied(cell: Any) -> Any:
    from copy import deepcopy

    from lxml import etree

    if cell is None:
        return etree.Element("td")
    copy = deepcopy(cell)
    copy.tail = None
    return copy


def _span(cell: Any, name: str) -> int:
    value = str(cell.attrib.pop(name, "1")).strip()
    return max(1, min(int(value), _MAX_SPAN)) if value.isdecimal() else 1

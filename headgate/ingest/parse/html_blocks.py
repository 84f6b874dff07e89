"""An HTML tree, cleaned by `html`, → blocks. Kinds as unstructured gives them: by tag, and by the bullet that a text starts with.

h1 to h6        titles of that level
li, dd          list items, as is a lone paragraph in one
pre             code, with its line breaks
table           a table, those in its cells after it; one that only lays out a page is read through (html_tables.py)
sup, sub        set off from digits before them (raised_text.py)
img             its alternative text, where that says something; nothing is fetched
other text      paragraphs, cut at block tags
"""

from __future__ import annotations

import re
from typing import Any

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.html_tables import is_layout, read_html_table
from headgate.ingest.parse.link_targets import distinct
from headgate.ingest.parse.raised_text import Level, Run, join_runs
from headgate.ingest.parse.tables import table_blocks
from headgate.records import ElementKind

_BLOCK_TAGS = frozenset(
    "address article aside blockquote body center div footer header hgroup main section h1 h2 h3 h4 h5 h6 p pre dl ol ul dd dt li img "
    "table tr td th thead tbody tfoot caption details summary figure figcaption form fieldset hr template nav html".split()
)
#: Of a page's head, and what has no text of its own.
_LEFT_OUT = frozenset("head title input hr ix:header colgroup".split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BULLET = re.compile(
    "^\\s*(?:[\u2022\u2023\u2043\u204c\u204d\u2219\u25cb\u25cf\u25d8\u25e6\u2619\u2765\u2767\u29be\u29bf\u00b7*\x95]|[-\u2013](?=\\s|$))\\s*"
)
_RAISED: dict[str, Level] = {"sup": "raised", "sub": "lowered"}


def flow_blocks(root: Any) -> list[Block]:
    """Blocks of `root`, with the source line each starts on."""
    start = root.find(".//body")
    reader = _Reader()
    reader.read(start if start is not None else root)
    return reader.blocks


class _Reader:
    """Collects text until a block ends. `_kind` is what the collected text becomes; None = told by the text."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._parts: list[Run] = []
        self._levels: list[Level] = [""]
        self._line: int | None = None
        self._kind: tuple[ElementKind, int] | None = None
        self._adopted: Any = None  # the lone paragraph of a list item
        self._targets: list[str] = []  # where links of the collected text lead

    def read(self, root: Any) -> None:
        """Walks without recursion, for pages nest deeply."""
        from lxml import etree

        walker = etree.iterwalk(root, events=("start", "end"))
        for event, element in walker:
            tag = element.tag
            if event == "start":
                if tag in _LEFT_OUT:
                    walker.skip_subtree()
                elif tag == "br":
                    self._parts.append(Run("\n"))
                elif tag not in _BLOCK_TAGS:
                    # Text of inline and of unknown tags belongs to the paragraph around it.
                    if tag in _RAISED:
                        self._levels.append(_RAISED[tag])
                    elif tag == "a":
                        self._targets.append(element.get("href") or "")
                    self._add(element.text, element)
                else:
                    self._flush()
                    if self._begin(element, tag):
                        walker.skip_subtree()
                    else:
                        self._add(element.text, element)
                continue
            if tag in _BLOCK_TAGS:
                self._flush()
            elif tag in _RAISED:
                self._levels.pop()
            if element is not root:
                self._add(element.tail, element)
        self._flush()

    def _flush(self) -> None:
        joined = join_runs(self._parts)
        line, kind, targets = self._line, self._kind, distinct(self._targets)
        self._parts, self._line, self._kind, self._targets = [], None, None, []
        if not joined.strip():
            return
        if kind is not None and kind[0] == "code":
            self.blocks.append(Block("code", joined, line=line))
            return
        text = " ".join(joined.split())
        bullet = _BULLET.match(text) if kind is None else None
        text = text[bullet.end() :] if bullet else text
        what, level = kind or ("list_item" if bullet else "text", 0)
        if text:
            self.blocks.append(Block(what, text, level=level, line=line, targets=targets))

    def _add(self, text: str | None, element: Any) -> None:
        if not text:
            return
        if self._line is None and text.strip():
            self._line = element.sourceline
        self._parts.append(Run(text, self._levels[-1]))

    def _begin(self, element: Any, tag: str) -> bool:
        """Start a block; whether all of it was read."""
        if tag in _HEADINGS:
            self._kind = ("title", _HEADINGS[tag])
        elif tag == "pre":
            self._kind = ("code", 0)
        elif tag in ("li", "dd"):
            self._adopted = _lone_paragraph(element)
            self._kind = ("list_item", 0) if self._adopted is None else None
        elif element is self._adopted:
            self._kind = ("list_item", 0)
        elif tag == "img":
            alternative = " ".join((element.get("alt") or "").split())
            if alternative:
                self.blocks.append(Block("text", f"Image: {alternative}", line=element.sourceline))
        elif tag == "table" and not is_layout(element):
            self._read_table(element)
            return True
        return False

    def _read_table(self, table: Any) -> None:
        caption = table.find("caption")
        if caption is not None and (text := " ".join(caption.itertext()).strip()):
            self.blocks.append(Block("text", text, line=caption.sourceline))
        read = read_html_table(table)
        self.blocks += [Block("text", text, line=table.sourceline) for text in read.strays]
        targets = distinct(link.get("href") or "" for link in table.iter("a"))
        self.blocks += table_blocks(read.rows, line=table.sourceline, targets=targets)
        for one in read.inner:
            reader = _Reader()
            reader.read(one)
            self.blocks += reader.blocks


def _lone_paragraph(item: Any) -> Any:
    """The paragraph that is all there is of a list item, as Markdown makes them of lists with empty lines; else None."""
    if len(item) != 1 or (item.text or "").strip():
        return None
    inner = item[0]
    if (
        inner.tag not in ("p", "div")
        or (inner.tail or "").strip()
        or any(child.tag in _BLOCK_TAGS for child in inner.iterdescendants())
    ):
        return None
    return inner

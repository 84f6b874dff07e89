"""Markdown → blocks, with the source line of each. CommonMark with tables, by markdown-it-py; front matter by front_matter.py.

unstructured's own Markdown goes through HTML and loses lines, so it is not used here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.front_matter import split_front_matter
from headgate.ingest.parse.label_statements import find_stated_beside
from headgate.ingest.parse.tables import render_rows

#: What inline text may be marked up with; without any of it, there is nothing to parse but line breaks.
_MARKED = re.compile(r"[\\`*_\[\]<&!]|  \n")


def parse_markdown(text: str) -> ParsedFile:
    """Blocks and labels of a Markdown text."""
    front = split_front_matter(text)
    references: dict[str, Any] = {}
    blocks = _parser().parse(front.body, references)
    collector = _Collector(front.skipped, references)
    collector.walk(blocks)
    reading = find_stated_beside(front.reading, front.body, front.skipped + 1)
    return assemble([*front.blocks, *collector.blocks], labels=reading, hidden=collector.hidden, left_out=front.left_out)


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    # Inline text is parsed by the collector, which knows when there is nothing to parse.
    parser = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").disable(["inline", "text_join"])
    # Addresses are not kept, so that they need no checking.
    parser.normalizeLink = parser.normalizeLinkText = lambda address: address  # type: ignore[method-assign, assignment]
    parser.validateLink = lambda address: True  # type: ignore[method-assign, assignment] # noqa: ARG005
    return parser


class _Collector:
    """Walks markdown-it's flat token list and keeps blocks."""

    def __init__(self, skipped_lines: int, references: dict[str, Any]) -> None:
        self.blocks: list[Block] = []
        self.hidden: list[str] = []
        self._skipped = skipped_lines
        self._references = references
        self._item_depth = 0
        self._rows: list[list[str]] = []
        self._table_line: int | None = None

    def walk(self, tokens: list[Any]) -> None:
        heading = 0
        in_table = False
        for token in tokens:
            match token.type:
                case "heading_open":
                    heading = int(token.tag[1])
                case "heading_close":
                    heading = 0
                case "list_item_open":
                    self._item_depth += 1
                case "list_item_close":
                    self._item_depth -= 1
                case "table_open":
                    in_table, self._rows, self._table_line = True, [], self._line(token)
                case "tr_open":
                    self._rows.append([])
                case "table_close":
                    in_table = False
                    lines = render_rows(self._rows, header=bool(self._rows and any(self._rows[0])))
                    self.blocks.append(Block("table", "\n".join(lines), line=self._table_line))
                case "inline" if in_table:
                    self._rows[-1].append(self._inline(token))
                case "inline":
                    text = self._inline(token)
                    kind = "title" if heading else "list_item" if self._item_depth else "text"
                    self.blocks.append(Block(kind, text, level=heading, line=self._line(token)))  # type: ignore[arg-type]
                case "fence" | "code_block":
                    self.blocks.append(Block("code", token.content, line=self._line(token)))
                case "html_block":
                    self._html(token.content, self._line(token))

    def _line(self, token: Any) -> int | None:
        return token.map[0] + 1 + self._skipped if token.map else None

    def _inline(self, token: Any) -> str:
        if not _MARKED.search(token.content):
            return " ".join(line.strip() for line in token.content.split("\n"))
        parser = _parser()
        children: list[Any] = []
        parser.inline.parse(token.content, parser, self._references, children)
        parts: list[str] = []
        html = False
        for child in children:
            match child.type:
                case "text" | "code_inline" | "text_special":
                    parts.append(child.content)
                case "softbreak":
                    parts.append(" ")
                case "hardbreak":
                    parts.append("\n")
                case "image":
                    parts.append(child.content)
                case "html_inline":
                    html = True
                    parts.append(child.content)
        text = "".join(parts)
        if not html:
            return text
        from headgate.ingest.parse.html import split_fragment

        visible, hidden = split_fragment(text)
        self.hidden += hidden
        return visible

    def _html(self, source: str, line: int | None) -> None:
        from headgate.ingest.parse.html import split_fragment

        visible, hidden = split_fragment(source)
        self.hidden += hidden
        if visible.strip():
            self.blocks.append(Block("text", visible, line=line))

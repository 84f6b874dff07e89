"""Markdown → blocks, with the source line of each. CommonMark with tables, by markdown-it-py; front matter by front_matter.py.

unstructured's own Markdown goes through HTML and loses lines, so it is not used here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import Any

from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.front_matter import split_front_matter
from headgate.ingest.parse.label_statements import find_stated_beside
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.link_targets import distinct, write_targets
from headgate.ingest.parse.markdown_notes import add_notes, without_footnote_marks, without_mark
from headgate.ingest.parse.pictures import is_placeholder
from headgate.ingest.parse.table_grid import plain_rows
from headgate.ingest.parse.tables import table_blocks

#: What inline text may be marked up with; without any of it, there is nothing to parse but line breaks.
_MARKED = re.compile(r"[\\`*_\[\]<&!~]|  \n")
_TABLE_TAG = re.compile(r"<(/?)table\b", re.IGNORECASE)


def parse_markdown(text: str) -> ParsedFile:
    """Blocks and labels of a Markdown text."""
    front = split_front_matter(text)
    references: dict[str, Any] = {}
    blocks = _parser().parse(front.body, references)
    collector = _Collector(front.body, front.skipped, references)
    collector.walk(blocks)
    reading = find_stated_beside(front.reading, front.body, front.skipped + 1)
    blocks_of_page = write_targets([*front.blocks, *collector.blocks])
    return assemble(blocks_of_page, labels=reading, left_out=[*front.left_out, *collector.left_out])


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    # Inline text is parsed by the collector, which knows when there is nothing to parse.
    parser = MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"]).disable(["inline", "text_join"])
    add_notes(parser)
    # Addresses are not kept, so that they need no checking.
    parser.normalizeLink = parser.normalizeLinkText = lambda address: address  # type: ignore[method-assign, assignment]
    parser.validateLink = lambda address: True  # type: ignore[method-assign, assignment] # noqa: ARG005
    return parser


@lru_cache(maxsize=1)
def _whole_parser() -> Any:
    """Turns Markdown into HTML, inline text too."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"])


class _Collector:
    """Walks markdown-it's flat token list and keeps blocks."""

    def __init__(self, source: str, skipped_lines: int, references: dict[str, Any]) -> None:
        self.blocks: list[Block] = []
        self.left_out: list[LeftOut] = []
        self._lines = source.splitlines(keepends=True)
        self._read_up_to = 0  # lines before this one are read
        self._skipped = skipped_lines
        self._references = references
        self._item_depth = 0
        self._rows: list[list[str]] = []
        self._table_line: int | None = None
        self._targets: list[str] = []  # where links of the next block lead

    def walk(self, tokens: list[Any]) -> None:
        heading = 0
        in_table = False
        for token in tokens:
            if token.map and token.map[0] < self._read_up_to:
                continue
            match token.type:
                case "heading_open":
                    heading = int(token.tag[1])
                case "heading_close":
                    heading = 0
                case "list_item_open":
                    self._item_depth += 1
                case "list_item_close":
                    self._item_depth -= 1
                case "note_title":
                    self.blocks.append(Block("text", self._inline(token), line=self._line(token), targets=self._take_targets()))
                case "table_open":
                    in_table, self._rows, self._table_line = True, [], self._line(token)
                case "tr_open":
                    self._rows.append([])
                case "table_close":
                    in_table = False
                    header = bool(self._rows and any(self._rows[0]))
                    self.blocks += table_blocks(
                        plain_rows(self._rows, header_rows=int(header)), line=self._table_line, targets=self._take_targets()
                    )
                case "inline" if in_table:
                    self._rows[-1].append(self._inline(token))
                case "inline":
                    text = self._inline(token)
                    kind = "title" if heading else "list_item" if self._item_depth else "text"
                    self.blocks.append(
                        Block(kind, text, level=heading, line=self._line(token), targets=self._take_targets())  # type: ignore[arg-type]
                    )
                case "fence" | "code_block":
                    self.blocks.append(Block("code", token.content, line=self._line(token)))
                case "html_block":
                    self._html(self._whole_tables(token), self._line(token) or 1)

    def _take_targets(self) -> tuple[str, ...]:
        targets, self._targets = distinct(self._targets), []
        return targets

    def _line(self, token: Any) -> int | None:
        return token.map[0] + 1 + self._skipped if token.map else None

    def _inline(self, token: Any) -> str:
        if not _MARKED.search(token.content):
            return " ".join(line.strip() for line in token.content.split("\n"))
        parser = _parser()
        children: list[Any] = []
        parser.inline.parse(token.content, parser, self._references, children)
        self._targets += [str(child.attrGet("href") or "") for child in children if child.type == "link_open"]
        if any(child.type == "html_inline" for child in children):
            return self._inline_html(children)
        parts: list[str] = []
        struck = -1  # position of the first part that is crossed out
        crossed = False  # whether that was the beginning of the text
        for child in children:
            match child.type:
                case "text" | "code_inline" | "text_special":
                    parts.append(child.content)
                case "softbreak":
                    parts.append(" ")
                case "hardbreak":
                    parts.append("\n")
                case "image":
                    parts.append(self._alternative(child))
                case "s_open" if struck < 0:
                    struck = len(parts)
                case "s_close" if struck >= 0:
                    self.left_out.append(leave_out("struck_out", "".join(parts[struck:])))
                    del parts[struck:]
                    crossed, struck = crossed or not "".join(parts).strip(), -1
        text = without_mark(without_footnote_marks("".join(parts)))
        return text.lstrip(" :;,.") if crossed else text

    def _inline_html(self, children: list[Any]) -> str:
        """Text that holds tags, read as HTML; what stands in backticks stays letter by letter."""
        from headgate.ingest.parse.html import read_fragment
        from headgate.ingest.parse.html_tables import cell_text

        parts: list[str] = []
        for child in children:
            match child.type:
                case "html_inline":
                    parts.append(child.content)
                case "softbreak":
                    parts.append(" ")
                case "hardbreak":
                    parts.append("<br>")
                case "s_open" | "s_close":
                    parts.append("<s>" if child.type == "s_open" else "</s>")
                case "image":
                    parts.append(escape(self._alternative(child)))
                case _:
                    parts.append(escape(child.content))
        body, left_out = read_fragment("".join(parts))
        self.left_out += left_out
        self._targets += [link.get("href") or "" for link in body.iter("a")]
        return without_mark(without_footnote_marks(cell_text(body, [], line_break="\n")))

    def _alternative(self, image: Any) -> str:
        """What a picture's alternative text says; words that only stand in for one are left out."""
        text = "".join(child.content for child in image.children or [])
        if is_placeholder(text):
            self.left_out.append(leave_out("placeholder", text))
            return ""
        return text

    def _whole_tables(self, token: Any) -> str:
        """The source of a piece of HTML, up to the end of a table that empty lines tear into several pieces, with the Markdown in its cells."""
        source: str = token.content
        if not token.map or _open_tables(source) <= 0:
            return source
        for end in range(token.map[1], len(self._lines)):
            lines = self._lines[token.map[0] : end + 1]
            if _TABLE_TAG.search(self._lines[end]) and _open_tables("".join(lines)) <= 0:
                self._read_up_to = end + 1
                # A tag that is set in by four spaces after an empty line would be code.
                tags = [line.lstrip() if line.lstrip().startswith("<") else line for line in lines]
                return str(_whole_parser().render("".join(tags), dict(self._references)))
        return source

    def _html(self, source: str, line: int) -> None:
        from headgate.ingest.parse.html import read_fragment
        from headgate.ingest.parse.html_blocks import flow_blocks

        body, left_out = read_fragment(source)
        self.left_out += left_out
        self.blocks += [replace(block, line=line + (block.line or 1) - 1) for block in flow_blocks(body)]


def _open_tables(source: str) -> int:
    return sum(-1 if found[1] else 1 for found in _TABLE_TAG.finditer(source))

"""unstructured's elements → blocks; its tables go through the one rule of parse/tables.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.left_out import LeftOut, leave_out, split_words
from headgate.ingest.parse.tables import table_blocks

#: Stands on every page, or is no text.
_RUNNING = frozenset({"Header", "Footer", "PageNumber"})
_SILENT = frozenset({"PageBreak"})
_LONGEST_SAMPLE = 4000  # characters


def element_blocks(elements: Iterable[Any], *, titles_above: int = 100) -> tuple[list[Block], list[LeftOut]]:
    """(blocks, running headers and footers). Sheets get a title with their name, as our own reader gives them.

    Args:
        titles_above: titles of this depth and more are guessed by their words, and read as text.
    """
    blocks: list[Block] = []
    left_out: list[LeftOut] = []
    sheet = ""
    for element in elements:
        kind, text, metadata = type(element).__name__, str(element.text or ""), element.metadata
        place: dict[str, Any] = {
            "page": metadata.page_number if not metadata.page_name else None,
            "sheet": metadata.page_name or "",
        }
        if metadata.page_name and metadata.page_name != sheet:
            sheet = metadata.page_name
            blocks.append(Block("title", sheet, level=2, sheet=sheet))
        if kind in _RUNNING:
            left_out.append(leave_out("running_header", text))
        elif kind == "Table" and metadata.text_as_html:
            blocks += _table(metadata.text_as_html, **place)
        elif text.strip() and kind not in _SILENT:
            depth = metadata.category_depth or 0
            blocks.append(_block("Text" if kind == "Title" and depth >= titles_above else kind, text, depth, **place))
    return blocks, left_out


def _block(kind: str, text: str, depth: int, **place: Any) -> Block:
    match kind:
        case "Title":
            return Block("title", text, level=depth + 1, **place)
        case "ListItem":
            return Block("list_item", text, **place)
        case "CodeSnippet":
            return Block("code", text, **place)
        case _:
            return Block("text", text, **place)


def _table(source: str, **place: Any) -> list[Block]:
    from lxml import html

    from headgate.ingest.parse.html_tables import read_html_table

    table = html.fragment_fromstring(source)
    caption = table.find("caption")
    above = [] if caption is None else [Block("text", " ".join(caption.text_content().split()), **place)]
    return [*above, *table_blocks(read_html_table(table).rows, **place)]


def missing_words(source: str, blocks: Sequence[Block]) -> list[LeftOut]:
    """Words of `source` that no block holds: what the reader did not hand on."""
    held = Counter(word for block in blocks for word in split_words(block.text))
    missing: list[str] = []
    for word in split_words(source):
        if held[word]:
            held[word] -= 1
        else:
            missing.append(word)
    return [leave_out("reader", " ".join(missing)[:_LONGEST_SAMPLE], words=len(missing))] if missing else []

"""A page of HTML → blocks, labels and what was left out, by our own reader of blocks or another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.html_labels import read_head
from headgate.ingest.parse.labels import LabelReading
from headgate.ingest.parse.left_out import LeftOut

#: A tree without what nobody sees → (blocks, what the reader itself left out).
BlocksOf = Callable[[Any], tuple[list[Block], list[LeftOut]]]


def read_page(text: str, *, path: str = "", blocks_of: BlocksOf | None = None) -> tuple[list[Block], LabelReading, list[LeftOut]]:
    """What a page becomes.

    Args:
        path: serves messages only.
        blocks_of: default our own reader, html_blocks.py.

    Raises:
        ParseFailure: `malformed`.
    """
    from lxml import etree

    from headgate.ingest.parse.html import clean, read_tree
    from headgate.ingest.parse.html_blocks import flow_blocks
    from headgate.ingest.parse.link_targets import refresh_target

    try:
        tree = read_tree(text)
    except (etree.LxmlError, ValueError) as error:
        raise ParseFailure(path, "malformed", f"not readable as HTML: {error}") from error
    labels, head_title = read_head(tree, text)
    refresh = [refresh_target(meta.get("content")) for meta in tree.iter("meta") if _is_refresh(meta)]
    left_out = clean(tree)
    if blocks_of is None:
        blocks = flow_blocks(tree)
    else:
        _make_writable(tree)
        blocks, not_read = blocks_of(tree)
        left_out += not_read
    # A browser goes there at once: it is what the page says, also where its text does not.
    blocks += [Block("text", target, targets=(target,)) for target in refresh if target and not _names(blocks, target)]
    if head_title.strip() and not any(block.kind == "title" and block.level == 1 for block in blocks):
        labels = labels.with_defaults(title=head_title)
    return blocks, labels, left_out


def _is_refresh(meta: Any) -> bool:
    return str(meta.get("http-equiv") or "").strip().lower() == "refresh"


def _names(blocks: list[Block], target: str) -> bool:
    return any(target in block.text or target in block.targets for block in blocks)


def _make_writable(tree: Any) -> None:
    """Take out characters that lxml reads, as `&#1;`, and does not take back: other readers move texts about."""
    from headgate.ingest.parse.html_visible import writable

    for element in tree.iter():
        if element.text:
            element.text = writable(element.text)
        if element.tail:
            element.tail = writable(element.tail)

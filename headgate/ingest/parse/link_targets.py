"""Where the links of a page lead. Text holds what a link says; its target is kept beside, and written out where a page is little else.

    # Internal infrastructure                              # Internal infrastructure
    Moved to [infrastructure](../tools/index.md).   ──►    Moved to infrastructure. (../tools/index.md)

A page that moved, and a page that only lists others, say nothing without their targets, and many of them say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import unquote

from headgate.ingest.parse.blocks import Block

#: Characters beside titles up to which the targets of a page are written out.
LITTLE = 300
#: A longer target is an address that a program made, and no name.
_LONGEST = 200
#: Schemes of targets that are no place to read on.
_REFRESH = re.compile(r"\burl\s{0,20}=\s{0,20}(\S.*)", re.IGNORECASE)
_NO_PLACE = ("mailto:", "tel:", "sms:", "javascript:", "data:", "blob:", "cid:")


def read_target(address: str | None) -> str:
    """The target of a link as it is kept; "" for places on the same page, mail addresses, scripts and what is longer than 200 characters."""
    target = "".join((address or "").split())
    if not target or target.startswith("#") or target.lower().startswith(_NO_PLACE) or len(target) > _LONGEST:
        return ""
    return target


def write_targets(blocks: Sequence[Block]) -> list[Block]:
    """Blocks whose links are followed by where they lead, if the page says little else; else the blocks as they are."""
    said = sum(len(block.text) for block in blocks if block.kind != "title")
    if said > LITTLE or not any(block.targets for block in blocks) or any(block.kind in ("table", "code") for block in blocks):
        return list(blocks)
    return [followed for block in blocks for followed in _followed(block)]


def refresh_target(content: str | None) -> str:
    """Where `<meta http-equiv="refresh" content="0; url=/new-place">` leads; "" where it only loads the page again."""
    found = _REFRESH.search(content or "")
    return read_target(found[1].strip("\"' ")) if found else ""


def distinct(targets: Iterable[str]) -> tuple[str, ...]:
    """Targets in their order, each once; those that can be read are kept."""
    return tuple(dict.fromkeys(filter(None, map(read_target, targets))))


def _followed(block: Block) -> list[Block]:
    told = ", ".join(target for target in block.targets if unquote(target) not in block.text and target not in block.text)
    if not told:
        return [block]
    if block.kind == "title":
        return [block, replace(block, kind="text", level=0, text=told)]
    return [replace(block, text=f"{block.text} ({told})")]

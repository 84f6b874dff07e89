"""Plain text → blocks with their lines.

Bullets go; numbers and letters of items stay, since other text refers to them. A line that begins with a number goes on with the sentence
above where that one has not ended and does not count up to it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.table_grid import plain_rows
from headgate.ingest.parse.tables import table_blocks
from headgate.ingest.parse.titles import looks_like_title

_ITEM = re.compile(r"^[ \t]*(?:[-*•·–‣]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+(?=\S)")
_NUMBER = re.compile(r"^[ \t]*\(?(\d{1,3})[.)][ \t]+(?=\S)")
_BULLET = re.compile(r"^[ \t]*[-*•·–‣][ \t]+(?=\S)")
_ENDS = re.compile(r"[.!?:;。！？…][\"'”’»)\]]*$")
_UNDERLINE = re.compile(r"^\s*(={3,}|-{3,}|~{3,})\s*$")
_ATX = re.compile(r"^(#{1,6})[ \t]++(.+)")
_COLUMNS = re.compile(r"\t|\s{2,}")
#: Level of a title that was told by its form (titles.py), until `settle_titles` has seen what stands around it.
GUESSED = 0


def parse_lines(text: str) -> list[Block]:
    """Blocks of a plain text: paragraphs between empty lines, lists, underlined or `#` headings, columns set with tabs or pipes."""
    blocks: list[Block] = []
    group: list[str] = []
    start = 1
    for number, raw in enumerate([*text.splitlines(), ""], 1):
        line = raw.rstrip()
        if line.strip():
            if not group:
                start = number
            group.append(line)
        elif group:
            blocks += _paragraph(group, start)
            group = []
    return settle_titles(blocks)


def _paragraph(lines: list[str], start: int) -> list[Block]:
    if len(lines) >= 2 and _UNDERLINE.match(lines[1]) and len(lines[0].strip()) <= 120:
        level = 1 if lines[1].strip()[0] == "=" else 2
        head = [Block("title", lines[0], level=level, line=start)]
        return head + (_paragraph(lines[2:], start + 2) if len(lines) > 2 else [])
    if heading := _ATX.match(lines[0]):
        title = heading[2].rstrip("#").rstrip(" \t") or heading[2][0]
        head = [Block("title", title, level=len(heading[1]), line=start)]
        return head + (_paragraph(lines[1:], start + 1) if len(lines) > 1 else [])
    if len(lines) == 1 and _UNDERLINE.match(lines[0]):
        return []
    if rows := _table_rows(lines):
        return table_blocks(plain_rows(rows), line=start)
    number = _NUMBER.match(lines[0]) if len(lines) == 1 else None
    if number and looks_like_title(lines[0][number.end() :]):
        return [Block("title", lines[0], level=GUESSED, line=start)]
    if any(_begins_item(lines, place) for place in range(len(lines))):
        return _list(lines, start)
    text = " ".join(line.strip() for line in lines)
    # Lines much shorter than a paragraph's are an address or a verse: their breaks carry meaning.
    if len(lines) > 1 and max(len(line) for line in lines) < 50:
        text = "\n".join(line.strip() for line in lines)
    title = len(lines) == 1 and looks_like_title(text)
    return [Block("title" if title else "text", text, level=GUESSED, line=start)]


def _table_rows(lines: list[str]) -> list[list[str]]:
    if len(lines) >= 2 and all(line.strip().startswith("|") and line.count("|") >= 2 for line in lines):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
        return [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    if len(lines) >= 3 and not any(_ITEM.match(line) for line in lines):
        ruled = [line for line in lines if not re.fullmatch(r"[-=+|\s]+", line)]
        rows = [_COLUMNS.split(line.strip()) for line in ruled]
        width = len(rows[0]) if rows else 0
        if width >= 2 and all(len(row) == width for row in rows):
            return rows
    return []


def _begins_item(lines: list[str], place: int) -> bool:
    """Whether a line is an item of a list, and not the rest of a sentence that was broken before a number."""
    number = _NUMBER.match(lines[place])
    if not number or place == 0 or _ENDS.search(lines[place - 1]):
        return bool(_ITEM.match(lines[place]))
    above = next((found for line in lines[place - 1 :: -1] if (found := _NUMBER.match(line))), None)
    return int(number[1]) == (int(above[1]) + 1 if above else 1) or bool(_ITEM.match(lines[place - 1]) and not above)


def _list(lines: list[str], start: int) -> list[Block]:
    blocks: list[Block] = []
    for offset, line in enumerate(lines):
        if _begins_item(lines, offset):
            blocks.append(Block("list_item", _BULLET.sub("", line).strip(), line=start + offset))
        elif blocks and blocks[-1].kind == "list_item" and line[:1] in " \t":
            last = blocks[-1]
            blocks[-1] = Block("list_item", f"{last.text} {line.strip()}", line=last.line)
        elif blocks and blocks[-1].kind == "text":
            last = blocks[-1]
            blocks[-1] = Block("text", f"{last.text} {line.strip()}", line=last.line)
        elif blocks:
            last = blocks[-1]
            blocks[-1] = Block("list_item", f"{last.text} {line.strip()}", line=last.line)
        else:
            blocks.append(Block("text", line.strip(), line=start + offset))
    return blocks


def settle_titles(blocks: list[Block]) -> list[Block]:
    """Titles of level `GUESSED` get a level where other content follows, else they are text or an item; the first of all is the document's."""
    result: list[Block] = []
    for position, block in enumerate(blocks):
        if block.kind != "title" or block.level != GUESSED:
            result.append(block)
            continue
        before = blocks[position - 1] if position else None
        following = blocks[position + 1] if position + 1 < len(blocks) else None
        number = _NUMBER.match(block.text)
        in_list = number is not None and any(_is_numbered(neighbour) for neighbour in (before, following))
        heads_list = position > 0 and following is not None and following.kind == "title" and following.level == GUESSED
        if following is not None and not in_list and not heads_list:
            result.append(replace(block, level=2 if position else 1))
        elif number is not None:
            result.append(replace(block, kind="list_item", level=0))
        else:
            result.append(replace(block, kind="text", level=0))
    return result


def _is_numbered(block: Block | None) -> bool:
    if block is None or block.kind == "list_item":
        return block is not None
    return block.kind == "title" and block.level == GUESSED and _NUMBER.match(block.text) is not None

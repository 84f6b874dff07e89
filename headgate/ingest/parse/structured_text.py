"""JSON, JSON lines and XML → blocks.

JSON    an object's plain values as `name: value`, one a line; long texts as paragraphs; a list of objects with plain values as a
        table; what is nested below a heading with its name. JSON lines are read as a list.
XML     the same, by tags: a tag that repeats and holds plain tags only is a table's row; mixed text is a paragraph. Attributes are
        read as plain values. No entity is resolved, nothing is fetched.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.data_labels import json_labels, xml_labels
from headgate.ingest.parse.labels import LabelReading
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.office_package import read_xml
from headgate.ingest.parse.tables import render_rows

#: Longer values are paragraphs, not `name: value`.
_SHORT = 200
_MAX_VALUES = 200_000
_MAX_COLUMNS = 50
_TITLE_NAMES = frozenset({"title", "heading", "head", "headline", "name", "subject"})
_TEXT_NAMES = frozenset(
    {"p", "para", "paragraph", "text", "body", "content", "description", "summary", "abstract", "answer", "note"}
)
_COMMENT = re.compile(r"<!--((?:(?!<!--|-->).)*+)-->", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse_json(text: str, *, path: str) -> tuple[list[Block], LabelReading]:
    """(blocks, labels).

    Raises:
        ParseFailure: `malformed`, `too_large`.
    """
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise ParseFailure(path, "malformed", "the JSON is nested too deeply") from error
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        content = _json_lines(lines)
        if len(lines) < 2 or content is None:
            raise ParseFailure(path, "malformed", f"not JSON: {error}") from error
    reader = _JsonReader(path)
    reader.read("", content, 0)
    return reader.blocks, json_labels(content)


def _json_lines(lines: list[str]) -> list[Any] | None:
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return None


def shown_values(name: str, value: Any) -> list[Block]:
    """A name and its value as an object of a JSON file would show them, without headings.

    Raises:
        ParseFailure: `too_large`.
    """
    if isinstance(value, str) and name.lower() in _TEXT_NAMES:
        return [Block("text", value)] if value.strip() else []
    reader = _JsonReader("")
    reader.read(name, value, 0)
    return [replace(block, kind="text", level=0) if block.kind == "title" else block for block in reader.blocks]


class _JsonReader:
    def __init__(self, path: str) -> None:
        self.blocks: list[Block] = []
        self._path = path
        self._left = _MAX_VALUES

    def read(self, name: str, value: Any, level: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise ParseFailure(
                self._path, "too_large", f"more than {_MAX_VALUES} values; this is data, not a document; exclude or split it"
            )
        match value:
            case dict():
                self._read_object(name, value, level)
            case list():
                self._read_list(name, value, level)
            case _ if shown := _shown(value):
                self.blocks.append(Block("text", f"{name}: {shown}" if name and name.lower() not in _TEXT_NAMES else shown))

    def _read_object(self, name: str, value: dict[str, Any], level: int) -> None:
        title_key = next(
            (key for key in value if key.lower() in _TITLE_NAMES and isinstance(value[key], str) and value[key].strip()), ""
        )
        title = str(value[title_key]) if title_key else name
        if title and len(title) <= _SHORT:
            self.blocks.append(Block("title", title, level=level + 1))
        else:
            title_key = ""
        plain: list[str] = []
        for key, inner in value.items():
            shown = _shown(inner)
            if key == title_key or (not shown and not isinstance(inner, (dict, list))):
                continue
            if shown and len(shown) <= _SHORT and key.lower() not in _TEXT_NAMES:
                plain.append(f"{key}: {shown}")
                continue
            self._close(plain)
            if shown:
                self.blocks.append(Block("text", shown if key.lower() in _TEXT_NAMES else f"{key}: {shown}"))
            else:
                self.read(key, inner, level + 1)
        self._close(plain)

    def _close(self, plain: list[str]) -> None:
        if plain:
            self._left -= len(plain)
            self.blocks.append(Block("text", "\n".join(plain)))
            plain.clear()

    def _read_list(self, name: str, value: list[Any], level: int) -> None:
        if name:
            self.blocks.append(Block("title", name, level=level + 1))
        rows = [one for one in value if isinstance(one, dict)]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        flat = all(not isinstance(inner, (dict, list)) and len(_shown(inner)) <= _SHORT for row in rows for inner in row.values())
        if len(rows) == len(value) > 1 and flat and 1 < len(columns) <= _MAX_COLUMNS:
            self._left -= len(rows)
            table = [columns, *([_shown(row.get(column)) for column in columns] for row in rows)]
            self.blocks.append(Block("table", "\n".join(render_rows(table, header=True))))
            return
        for one in value:
            if shown := _shown(one):
                self._left -= 1
                self.blocks.append(Block("list_item", shown))
            else:
                self.read("", one, level + 1 if name else level)


def _shown(value: Any) -> str:
    match value:
        case None | dict() | list():
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value).strip()


def parse_xml(text: str, *, path: str) -> tuple[list[Block], LabelReading, list[LeftOut]]:
    """(blocks, labels, what is left out): comments, and attributes that are identifiers or addresses.

    Raises:
        ParseFailure: `malformed`, `xml_entities`.
    """
    # The text is decoded: its declaration may name another encoding.
    root = read_xml(_DECLARATION.sub("", text).encode("utf-8", "replace"), name=path or "the file", path=path)
    blocks: list[Block] = []
    left_out = [leave_out("comment", comment) for comment in _COMMENT.findall(_CDATA.sub("", text))]
    _read_element(root, 1, blocks, left_out)
    return blocks, xml_labels(root), left_out


def _read_element(element: Any, level: int, blocks: list[Block], left_out: list[LeftOut]) -> None:
    attributes = "; ".join(
        f"{_local(name)}: {value}" for name, value in element.attrib.items() if _says_something(_local(name), value)
    )
    left_out += [
        leave_out("metadata", value) for name, value in element.attrib.items() if not _says_something(_local(name), value)
    ]
    children = [child for child in element if isinstance(child.tag, str)]
    mixed = bool((element.text or "").strip()) or any((child.tail or "").strip() for child in children)
    text = " ".join(_inline_text(element).split())
    name = _local(element.tag)
    if mixed or not children:
        _add_leaf(name, text, attributes, level, blocks)
        return
    if attributes:
        blocks.append(Block("text", f"{name}: {attributes}"))
    if rows := _as_rows(children):
        blocks.append(Block("table", "\n".join(render_rows(rows, header=True))))
        return
    inner = level + any(_local(child.tag).lower() in _TITLE_NAMES for child in children)
    for child in children:
        if _local(child.tag).lower() in _TITLE_NAMES and not len(child):
            title = " ".join("".join(child.itertext()).split())
            blocks.append(Block("title", title, level=level))
        else:
            _read_element(child, inner, blocks, left_out)


def _inline_text(element: Any) -> str:
    """The text of an element: tags between letters part no word where there is text beside tags, as in `H<sub>2</sub>O`; else they do."""
    children = [child for child in element if isinstance(child.tag, str)]
    mixed = bool((element.text or "").strip()) or any((child.tail or "").strip() for child in children)
    parts = [element.text or ""]
    for child in children:
        parts += [_inline_text(child), child.tail or ""]
    return ("" if mixed else " ").join(parts)


def _add_leaf(name: str, text: str, attributes: str, level: int, blocks: list[Block]) -> None:
    if name.lower() in _TITLE_NAMES and text:
        blocks.append(Block("title", text, level=level))
    elif text:
        named = len(text) <= _SHORT and name.lower() not in _TEXT_NAMES
        shown = f"{name}: {text}" if named else text
        blocks.append(
            Block("list_item" if name.lower() in ("li", "item") else "text", f"{shown} ({attributes})" if attributes else shown)
        )
    elif attributes:
        blocks.append(Block("text", f"{name}: {attributes}"))


def _as_rows(children: list[Any]) -> list[list[str]]:
    """Rows with their header, when all children are alike and hold short plain tags only; else none."""
    if len(children) < 2 or len({child.tag for child in children}) > 1:
        return []
    columns: dict[str, None] = {}
    rows: list[dict[str, str]] = []
    for child in children:
        row = {_local(name): value for name, value in child.attrib.items()}
        for cell in child:
            text = " ".join("".join(cell.itertext()).split())
            if not isinstance(cell.tag, str) or len(cell) or len(text) > _SHORT or _local(cell.tag) in row:
                return []
            row[_local(cell.tag)] = text
        if len(child) < 1 or (child.text or "").strip():
            return []
        columns.update(dict.fromkeys(row))
        rows.append(row)
    if not 1 < len(columns) <= _MAX_COLUMNS:
        return []
    return [list(columns), *([row.get(column, "") for column in columns] for row in rows)]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _says_something(name: str, value: str) -> bool:
    """Attributes that are identifiers, places or addresses are no text."""
    return bool(value.strip()) and name.lower() not in (
        "id",
        "ref",
        "schemalocation",
        "href",
        "src",
        "lang",
        "space",
        "version",
        "class",
        "style",
    )

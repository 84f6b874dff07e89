"""What a docx says of its paragraphs, runs and tables elsewhere: which headings are headings, what is hidden or crossed out by style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from headgate.ingest.parse.docx_numbering import MAX_LEVELS, Numbering, W
from headgate.ingest.parse.raised_text import Level

_HEADING = re.compile(r"^heading ([1-9])$")
_LIST = re.compile(r"^list(?: (?:bullet|number|continue|paragraph))?(?: [2-5])?$")
_PLAIN = frozenset({"caption", "quote", "intense quote", "macro text", "no spacing"})
_WHITE = frozenset({"FFFFFF"})
_LEVELS: dict[str, Level] = {"superscript": "raised", "subscript": "lowered"}


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """What a paragraph is. `number` is (numId, level) of its numbering."""

    kind: Literal["title", "list_item", "text"]
    level: int = 0
    number: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    number: tuple[str, int | None] | None  # (list, level)
    outline: int | None
    look: Any  # run properties, None where it has none


@dataclass(frozen=True, slots=True)
class RunLook:
    """How a run of text looks, by its own properties or its styles. `white`: as paper is, with nothing behind it of its own."""

    hidden: bool = False
    white: bool = False
    struck: bool = False
    level: Level = ""
    font: str = ""


@dataclass(frozen=True, slots=True)
class TableLook:
    """Whether a table's style sets its first row or column apart, and the table has that switched on."""

    first_row: bool = False
    first_column: bool = False


class WordStyles:
    """Args: roots of the parts `styles` and `numbering`, None where the document has none."""

    def __init__(self, styles: Any, numbering: Any) -> None:
        self._styles = (
            {item.get(W + "styleId", ""): _read_style(item) for item in styles.iter(W + "style")} if styles is not None else {}
        )
        self._table_parts = _read_table_parts(styles) if styles is not None else {}
        lists = {name: style.number[0] for name, style in self._styles.items() if style.number}
        self._numbering = Numbering(numbering, lists)

    def of(self, paragraph: Any) -> ParagraphStyle:
        properties = paragraph.find(W + "pPr")
        if properties is None:
            return ParagraphStyle("text")
        chain = self._chain(_value(properties, "pStyle"))
        own = _number(properties)
        number = self._list_of(properties, chain)
        outline = _outline(properties)
        if outline is None:
            outline = next((style.outline for style in chain if style.outline is not None), None)
        for style in chain:
            if (level := _title_level(style.name)) is not None:
                return ParagraphStyle("title", level, number)
            if _LIST.match(style.name):
                return ParagraphStyle("list_item", number=number)
            if style.name in _PLAIN:
                return ParagraphStyle("list_item" if own and number else "text", number=number)
        if outline is not None and outline < MAX_LEVELS:
            return ParagraphStyle("title", outline + 1, number)
        return ParagraphStyle("list_item" if number else "text", number=number)

    def table_look(self, table: Any) -> TableLook:
        properties = table.find(W + "tblPr")
        look = properties.find(W + "tblLook") if properties is not None else None
        if properties is None or look is None:
            return TableLook()
        styled: set[str] = set()
        identity = _value(properties, "tblStyle")
        seen: set[str] = set()
        while identity in self._table_parts and identity not in seen:
            seen.add(identity)
            parts, base = self._table_parts[identity]
            styled |= parts
            identity = base
        bits = int(look.get(W + "val", "0"), 16) if re.fullmatch("[0-9A-Fa-f]{1,4}", look.get(W + "val", "")) else 0
        return TableLook(
            first_row="firstRow" in styled and _look_bit(look, "firstRow", bits, 0x20),
            first_column="firstCol" in styled and _look_bit(look, "firstColumn", bits, 0x80),
        )

    def is_shaded(self, item: Any) -> bool:
        """Whether a colour may stand behind something: of its paragraph, its cell, or its table's style."""
        for above in item.iterancestors(W + "p", W + "tc", W + "tbl", W + "txbxContent"):
            if above.tag == W + "txbxContent":
                return True  # a shape with a filling of its own
            if above.tag == W + "p" and is_shaded(above.find(W + "pPr")):
                return True
            if above.tag == W + "tc" and is_shaded(above.find(W + "tcPr")):
                return True
            properties = above.find(W + "tblPr") if above.tag == W + "tbl" else None
            if properties is not None and self._table_parts.get(_value(properties, "tblStyle"), (set(), ""))[0]:
                return True
        return False

    def next_label(self, style: ParagraphStyle) -> str:
        """What Word writes before a numbered paragraph, such as `2.1`. Asked once for each paragraph, in order."""
        return self._numbering.next_label(*style.number) if style.number else ""

    def run_look(self, properties: Any, paragraph_style: str) -> RunLook:
        """Own properties count before those of the character style, these before those of the paragraph's style."""
        looks = [properties] if properties is not None else []
        if properties is not None:
            looks += [style.look for style in self._chain(_value(properties, "rStyle")) if style.look is not None]
        looks += [style.look for style in self._chain(paragraph_style) if style.look is not None]
        if not looks:
            return RunLook()
        raised = _first(looks, "position")
        level = _LEVELS.get(_first(looks, "vertAlign"), "")
        if not level and raised.removeprefix("-").isdigit() and int(raised):
            level = "lowered" if raised.startswith("-") else "raised"
        return RunLook(
            hidden=_switched(looks, "vanish"),
            white=properties is not None and _is_white(properties),
            struck=_switched(looks, "strike") or _switched(looks, "dstrike"),
            level=level,
            font=next((found for look in looks if (found := _font(look))), ""),
        )

    def _list_of(self, properties: Any, chain: list[_Style]) -> tuple[str, int] | None:
        """(list, level) that a paragraph is numbered by, its own or its style's."""
        found, style = _number(properties), _value(properties, "pStyle")
        if found is None:
            for one in chain:
                if one.number:
                    found = one.number
                    break
        if found is None or found[0] == "0":
            return None
        identity, level = found
        return identity, self._numbering.level_of_style(identity, style) if level is None else level

    def _chain(self, identity: str) -> list[_Style]:
        """The style and those it is based on, nearest first."""
        chain: list[_Style] = []
        seen: set[str] = set()
        while identity in self._styles and identity not in seen:
            seen.add(identity)
            chain.append(self._styles[identity])
            identity = self._styles[identity].based_on
        return chain


def is_on(switch: Any) -> bool:
    """Whether a property that is there or not, or says so itself, holds."""
    return switch is not None and switch.get(W + "val", "1") not in ("0", "false", "off", "none")


def _look_bit(look: Any, name: str, bits: int, bit: int) -> bool:
    told = look.get(W + name)
    return told not in ("0", "false", "off") if told is not None else bool(bits & bit)


def _read_table_parts(styles: Any) -> dict[str, tuple[set[str], str]]:
    """Style → (parts of a table that it sets apart by bold type or a shade, the style that it is based on)."""
    found: dict[str, tuple[set[str], str]] = {}
    for item in styles.iter(W + "style"):
        parts = {
            part.get(W + "type", "")
            for part in item.findall(W + "tblStylePr")
            if is_on(part.find(f"{W}rPr/{W}b")) or part.find(f"{W}tcPr/{W}shd") is not None
        }
        found[item.get(W + "styleId", "")] = parts, _value(item, "basedOn")
    return found


def _title_level(name: str) -> int | None:
    if found := _HEADING.match(name):
        return int(found[1])
    return {"title": 1, "subtitle": 2, "tocheading": 1, "toc heading": 1}.get(name)


def _read_style(item: Any) -> _Style:
    properties = item.find(W + "pPr")
    return _Style(
        name=_value(item, "name").lower(),
        based_on=_value(item, "basedOn"),
        number=_number(properties) if properties is not None else None,
        outline=_outline(properties) if properties is not None else None,
        look=item.find(W + "rPr"),
    )


def _number(properties: Any) -> tuple[str, int | None] | None:
    """(list, level; None where it is not named)."""
    found = properties.find(W + "numPr")
    if found is None:
        return None
    identity, level = _value(found, "numId"), _value(found, "ilvl")
    return (identity, min(int(level), MAX_LEVELS - 1) if level.isdigit() else None) if identity else None


def _first(looks: list[Any], name: str) -> str:
    return next((_value(look, name) for look in looks if look.find(W + name) is not None), "")


def _switched(looks: list[Any], name: str) -> bool:
    return next((is_on(found) for look in looks if (found := look.find(W + name)) is not None), False)


def _font(look: Any) -> str:
    fonts = look.find(W + "rFonts")
    return str(fonts.get(W + "ascii") or fonts.get(W + "hAnsi") or "") if fonts is not None else ""


def _is_white(look: Any) -> bool:
    colour = look.find(W + "color")
    return (
        colour is not None
        and colour.get(W + "val", "").upper() in _WHITE
        and look.find(W + "highlight") is None
        and not is_shaded(look)
    )


def is_shaded(properties: Any) -> bool:
    """Whether the properties of a run, paragraph or cell put a colour behind it."""
    shade = properties.find(W + "shd") if properties is not None else None
    return shade is not None and shade.get(W + "fill", "auto").upper() not in ("AUTO", "FFFFFF", "")


def _outline(properties: Any) -> int | None:
    value = _value(properties, "outlineLvl")
    return int(value) if value.isdigit() else None


def _value(item: Any, name: str) -> str:
    child = item.find(W + name)
    return str(child.get(W + "val", "")) if child is not None else ""

"""What a docx says of its paragraphs elsewhere: styles (which headings are headings) and numbering (the labels of numbered headings)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"^heading ([1-9])$")
_LIST = re.compile(r"^list(?: (?:bullet|number|continue|paragraph))?(?: [2-5])?$")
_PLAIN = frozenset({"caption", "quote", "intense quote", "macro text", "no spacing"})
_MAX_LEVELS = 9


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
    number: tuple[str, int] | None
    outline: int | None


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
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counts: dict[str, list[int]] = {}
        self._lists: dict[str, str] = {}
        if numbering is not None:
            self._read_numbering(numbering)

    def of(self, paragraph: Any) -> ParagraphStyle:
        properties = paragraph.find(W + "pPr")
        if properties is None:
            return ParagraphStyle("text")
        chain = self._chain(_value(properties, "pStyle"))
        own = _number(properties)
        number = own or next((style.number for style in chain if style.number), None)
        if number is not None and number[0] == "0":
            number = None
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
        if outline is not None and outline < _MAX_LEVELS:
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

    def next_label(self, style: ParagraphStyle) -> str:
        """What Word writes before a numbered heading, such as `2.1`; "" for anything else. Asked once for each paragraph, in order."""
        if style.number is None:
            return ""
        identity, level = style.number
        shared = self._lists.get(identity, "")
        levels = self._levels.get(shared, {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(shared, [0] * _MAX_LEVELS)
        counts[level] = counts[level] + 1 if counts[level] else levels[level][2]
        counts[level + 1 :] = [0] * (_MAX_LEVELS - level - 1)
        form, pattern, _ = levels[level]
        if style.kind == "list_item" or form in ("bullet", "none"):
            return ""

        def digits(place: re.Match[str]) -> str:
            other = int(place[1]) - 1
            if not 0 <= other < _MAX_LEVELS or other not in levels:
                return ""
            return _written(counts[other] or levels[other][2], levels[other][0])

        return re.sub(r"%(\d)", digits, pattern).strip()

    def _chain(self, identity: str) -> list[_Style]:
        """The style and those it is based on, nearest first."""
        chain: list[_Style] = []
        seen: set[str] = set()
        while identity in self._styles and identity not in seen:
            seen.add(identity)
            chain.append(self._styles[identity])
            identity = self._styles[identity].based_on
        return chain

    def _read_numbering(self, root: Any) -> None:
        for abstract in root.iter(W + "abstractNum"):
            levels: dict[int, tuple[str, str, int]] = {}
            for item in abstract.iter(W + "lvl"):
                start = _value(item, "start")
                levels[_integer(item.get(W + "ilvl"))] = (
                    _value(item, "numFmt") or "decimal",
                    _value(item, "lvlText"),
                    int(start) if start.isdigit() else 1,
                )
            self._levels[abstract.get(W + "abstractNumId", "")] = levels
        for number in root.iter(W + "num"):
            self._lists[number.get(W + "numId", "")] = _value(number, "abstractNumId")


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
    )


def _number(properties: Any) -> tuple[str, int] | None:
    found = properties.find(W + "numPr")
    if found is None:
        return None
    identity = _value(found, "numId")
    return (identity, min(_integer(_value(found, "ilvl")), _MAX_LEVELS - 1)) if identity else None


def _outline(properties: Any) -> int | None:
    value = _value(properties, "outlineLvl")
    return int(value) if value.isdigit() else None


def _value(item: Any, name: str) -> str:
    child = item.find(W + name)
    return str(child.get(W + "val", "")) if child is not None else ""


def _integer(value: str | None) -> int:
    return int(value) if value and value.isdigit() else 0


def _written(number: int, form: str) -> str:
    match form:
        case "lowerLetter" | "upperLetter":
            letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letters.upper() if form == "upperLetter" else letters
        case "lowerRoman" | "upperRoman":
            roman = ""
            for value, sign in ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):  # fmt: skip
                while number >= value and len(roman) < 20:
                    roman += sign
                    number -= value
            return roman.upper() if form == "upperRoman" else roman
        case _:
            return str(number)

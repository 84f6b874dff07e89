"""Automatic numbers of Word paragraphs, as other text refers to them: `1.1`, `(b)`, `Article 3`; plain bullets have none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headgate.text.numbers import whole_number

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAX_LEVELS = 9
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LARGEST = 5000  # numbers that are written in letters


@dataclass(frozen=True, slots=True)
class _Level:
    """`pattern` holds `%1` to `%9` for the numbers of the levels. `style` is a paragraph style that stands for this level."""

    form: str = "decimal"
    pattern: str = ""
    start: int = 1
    style: str = ""
    restarts: bool = True  # when a level above counts on
    decimal_only: bool = False


@dataclass(slots=True)
class _List:
    """A list as paragraphs name it. `counter` is what lists of one kind share; `overrides`: levels that begin anew."""

    counter: str
    levels: dict[int, _Level]
    overrides: set[int] = field(default_factory=set)
    used: bool = False


class Numbering:
    """Args: root of the part `numbering`, None where there is none; style → id of the list that it belongs to."""

    def __init__(self, root: Any, style_lists: Mapping[str, str]) -> None:
        self._lists: dict[str, _List] = {}
        self._counts: dict[str, dict[int, int]] = {}  # what lists of one kind share → level → last number
        if root is not None:
            self._read(root, style_lists)

    def level_of_style(self, identity: str, style: str) -> int:
        """The level of a list that a paragraph style stands for; 0 where none is named."""
        found = self._lists.get(identity)
        return next((number for number, level in found.levels.items() if level.style == style), 0) if found else 0

    def next_label(self, identity: str, level: int) -> str:
        """What Word writes before the next paragraph of a level; "" for bullets and for numbers in a form that is not known here."""
        found = self._lists.get(identity)
        if found is None or level not in found.levels:
            return ""
        counts = self._counts.setdefault(found.counter, {})
        if not found.used:
            found.used = True
            for number in found.overrides:
                counts.pop(number, None)
        own = found.levels[level]
        counts[level] = counts[level] + 1 if level in counts else own.start
        for lower in range(level + 1, MAX_LEVELS):
            if found.levels.get(lower, own).restarts:
                counts.pop(lower, None)
        if own.form in ("bullet", "none"):
            return ""

        def digits(place: re.Match[str]) -> str:
            number = int(place[1]) - 1
            other = found.levels.get(number)
            if other is None:
                return ""
            return _known(counts.get(number, other.start), "decimal" if own.decimal_only else other.form)

        try:
            return re.sub(r"%(\d)", digits, own.pattern).strip()
        except KeyError:
            return ""

    def _read(self, root: Any, style_lists: Mapping[str, str]) -> None:
        kinds: dict[str, dict[int, _Level]] = {}
        linked: dict[str, str] = {}  # style → kind that it names
        borrowed: dict[str, str] = {}  # kind → style whose levels it takes
        for item in root.iter(W + "abstractNum"):
            identity = item.get(W + "abstractNumId", "")
            kinds[identity] = {_number(level.get(W + "ilvl")): _read_level(level) for level in item.findall(W + "lvl")}
            if style := _value(item, "styleLink"):
                linked[style] = identity
            if style := _value(item, "numStyleLink"):
                borrowed[identity] = style
        lists = {item.get(W + "numId", ""): item for item in root.iter(W + "num")}
        for identity, item in lists.items():
            kind = _value(item, "abstractNumId")
            if kind in borrowed and not kinds.get(kind):
                style = borrowed[kind]
                other = lists.get(style_lists.get(style, ""))
                kind = linked.get(style) or (_value(other, "abstractNumId") if other is not None else kind)
            levels = dict(kinds.get(kind, {}))
            made = _List(kind, levels)
            for override in item.findall(W + "lvlOverride"):
                number = _number(override.get(W + "ilvl"))
                if (level := override.find(W + "lvl")) is not None:
                    levels[number] = _read_level(level)
                if (start := override.find(W + "startOverride")) is not None:
                    made.overrides.add(number)
                    levels[number] = replace(levels.get(number, _Level()), start=_number(start.get(W + "val")))
            self._lists[identity] = made


def _read_level(item: Any) -> _Level:
    start = _value(item, "start")
    legal = item.find(W + "isLgl")
    return _Level(
        _value(item, "numFmt") or "decimal",
        _value(item, "lvlText"),
        int(start) if start.isdigit() else 1,
        _value(item, "pStyle"),
        _value(item, "lvlRestart") != "0",
        legal is not None and legal.get(W + "val", "1") not in ("0", "false", "off"),
    )


def _value(item: Any, name: str) -> str:
    child = item.find(W + name)
    return str(child.get(W + "val", "")) if child is not None else ""


def _number(text: str | None) -> int:
    return min(whole_number(text or "") or 0, 2**31)


def number_text(number: int, form: str) -> str:
    """A number in a form such as `lowerRoman`; "" where it can't be written in it here."""
    try:
        return _known(number, form)
    except KeyError:
        return ""


def _known(number: int, form: str) -> str:
    """Raises KeyError: a form that is not known here, or a number that it can't write."""
    match form:
        case "decimal":
            return str(number)
        case "decimalZero":
            return f"{number:02}"
        case "ordinal":
            ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
            return f"{number}{ending}"
        case "lowerLetter" | "upperLetter" if 0 < number < _LARGEST:
            letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letters.upper() if form == "upperLetter" else letters
        case "lowerRoman" | "upperRoman" if 0 < number < _LARGEST:
            roman = ""
            for value, sign in _ROMAN:
                while number >= value:
                    roman += sign
                    number -= value
            return roman.upper() if form == "upperRoman" else roman
        case _:
            raise KeyError(form)

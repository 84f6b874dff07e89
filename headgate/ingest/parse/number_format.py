"""A stored value and its number format → what a sheet shows (ECMA-376 part 1, 18.8.31); None where that is not certain.

    shown_number(1500000, '#,##0.0,,"M"')  ──►  1.5M
    shown_number(1234, "00000")            ──►  01234
    shown_number(46085, "d-mmm-yy")        ──►  4-Mar-26      (date_format.py)

A wrong value is worse than a plain one, so whatever is not known here is left to the caller, who shows the stored value. By hand, since no
kept library does it (docs/decisions/0007).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from headgate.errors import UnknownFormat
from headgate.ingest.parse.date_format import is_date, shown_date
from headgate.ingest.parse.format_tokens import Token, read_tokens

_MAX_CODE = 255  # characters, as the standard says
_SIGNIFICANT = 15  # digits that a spreadsheet keeps of a number
_CONDITION = re.compile(r"^\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]$")


class Section(NamedTuple):
    """One of up to four parts of a format. `condition`: (operator, limit) where it names one."""

    tokens: tuple[Token, ...]
    condition: tuple[str, float] | None


def shown_number(value: float, code: str, *, from_1904: bool = False) -> str | None:
    """What the sheet shows of a number: "" where the format hides it, None where it is not known."""
    if code.strip().casefold() in ("general", "", "@", "standard"):
        return None
    try:
        sections = _sections(code)
        section, number, signed = _choose(sections, value)
        if section is None:
            return ""
        if is_date(section.tokens):
            return shown_date(value, section.tokens, from_1904=from_1904) if number == value else None
        text = _write(number, section.tokens)
    except (UnknownFormat, InvalidOperation, OverflowError, ValueError):
        return None
    return " ".join((f"-{text}" if signed else text).split())


def shown_text(text: str, code: str) -> str:
    """What the sheet shows of a text: the fourth part of its format, or a single part with `@`; "" where that hides it."""
    try:
        sections = _sections(code)
    except UnknownFormat:
        return text
    tokens = sections[3].tokens if len(sections) > 3 else sections[-1].tokens
    if len(sections) <= 3 and not any(token.kind == "text" for token in tokens):
        return text
    if any(token.kind not in ("text", "literal", "space", "fill") for token in tokens):
        return text
    return "".join(text if token.kind == "text" else token.text for token in tokens).strip()


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[Section, ...]:
    if len(code) > _MAX_CODE:
        raise UnknownFormat(code)
    parts = read_tokens(code)
    if len(parts) > 4:
        raise UnknownFormat(code)
    sections = []
    for tokens in parts:
        conditions = [found for token in tokens if token.kind == "condition" and (found := _CONDITION.match(token.text))]
        rest = tuple(token for token in tokens if token.kind != "condition")
        if len(conditions) > 1:
            raise UnknownFormat(code)
        sections.append(Section(rest, (conditions[0][1], float(conditions[0][2])) if conditions else None))
    return tuple(sections)


def _choose(sections: tuple[Section, ...], value: float) -> tuple[Section | None, float, bool]:
    """(section for a number, the number to write, whether a minus goes before it); None = nothing is shown."""
    numeric = sections[:3]
    if any(section.condition for section in numeric):
        for section in numeric:
            if section.condition is None or _holds(value, section.condition):
                if value < 0:
                    # Whether the sign is shown then depends on the program.
                    raise UnknownFormat
                return section, value, False
        raise UnknownFormat
    if len(numeric) == 1:
        section = numeric[0]
    elif value < 0:
        section = numeric[1]
    else:
        section = numeric[2] if value == 0 and len(numeric) == 3 else numeric[0]
    if not section.tokens:
        return None, value, False
    if len(numeric) > 1 and value < 0:
        return section, abs(value), False
    dated = is_date(section.tokens)
    return section, value if dated else abs(value), value < 0 and not dated


def _holds(value: float, condition: tuple[str, float]) -> bool:
    operator, limit = condition
    match operator:
        case "<":
            return value < limit
        case "<=":
            return value <= limit
        case ">":
            return value > limit
        case ">=":
            return value >= limit
        case "=":
            return value == limit
        case _:
            return value != limit


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the digits of a section stand. Positions are those of its tokens."""

    whole: list[int]
    decimals: list[int]
    exponent: list[int]
    grouped: bool
    scale: int  # thousands that the number is divided by
    percents: int


def _write(number: float, tokens: tuple[Token, ...]) -> str:
    kinds = [token.kind for token in tokens]
    if "general" in kinds:
        if "digit" in kinds:
            raise UnknownFormat
        return "".join(plain_number(number) if token.kind == "general" else token.text for token in tokens)
    if "text" in kinds:
        raise UnknownFormat
    if "stroke" in kinds:
        return _write_fraction(number, tokens)
    layout = _read_layout(tokens)
    exact = _exact(number).scaleb(2 * layout.percents - 3 * layout.scale)
    if not (layout.whole or layout.decimals):
        return "".join(token.text for token in tokens if token.kind not in ("comma", "point"))
    if layout.exponent:
        return _write_scientific(exact, tokens, layout)
    rounded = exact.quantize(Decimal(1).scaleb(-len(layout.decimals)), ROUND_HALF_UP)
    whole, _, decimals = f"{rounded:f}".partition(".")
    return _fill(tokens, layout, whole, decimals, "")


def _exact(number: float) -> Decimal:
    """The number as a spreadsheet keeps it, so that 1.005 is rounded as people expect."""
    return Decimal(f"{number:.{_SIGNIFICANT}g}")


def plain_number(value: float) -> str:
    """A number without a format: all digits that were stored, no exponent where it can do without."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.{_SIGNIFICANT}g}"


def _read_layout(tokens: tuple[Token, ...]) -> _Layout:
    whole: list[int] = []
    decimals: list[int] = []
    exponent: list[int] = []
    commas: list[int] = []
    part: Literal["whole", "decimals", "exponent"] = "whole"
    percents = 0
    for position, token in enumerate(tokens):
        match token.kind:
            case "digit":
                {"whole": whole, "decimals": decimals, "exponent": exponent}[part].append(position)
            case "point" if part == "whole":
                part = "decimals"
            case "point":
                raise UnknownFormat
            case "exponent":
                if part == "exponent":
                    raise UnknownFormat
                part = "exponent"
            case "comma":
                commas.append(position)
            case "percent":
                percents += 1
    digits = whole + decimals
    if not digits:
        return _Layout(whole, decimals, exponent, False, 0, percents)
    grouped = any(whole and whole[0] < comma < whole[-1] for comma in commas)
    scale = 0
    for last in {whole[-1] if whole else -1, digits[-1]}:
        following = last + 1
        while 0 < following < len(tokens) and tokens[following].kind == "comma":
            scale += 1
            following += 1
    if len([comma for comma in commas if not (whole and whole[0] < comma < whole[-1])]) != scale:
        raise UnknownFormat
    return _Layout(whole, decimals, exponent, grouped, scale, percents)


def _fill(tokens: tuple[Token, ...], layout: _Layout, whole: str, decimals: str, exponent: str) -> str:
    """The tokens with digits in the places that ask for them; the leftmost one takes all that are left over."""
    placed: dict[int, str] = {}
    rest = whole.lstrip("0")
    written = 0
    for position in reversed(layout.whole):
        first = position == layout.whole[0]
        digits, rest = (rest, "") if first else (rest[-1:], rest[:-1])
        text = ""
        for digit in reversed(digits or _EMPTY[tokens[position].text]):
            if layout.grouped and written and written % 3 == 0 and digit != " ":
                text = f",{text}"
            text = digit + text
            written += 1
        placed[position] = text
    kept = len(decimals)
    while kept and decimals[kept - 1] == "0" and tokens[layout.decimals[kept - 1]].text != "0":
        kept -= 1
    for number, position in enumerate(layout.decimals):
        placed[position] = decimals[number] if number < kept else _EMPTY[tokens[position].text]
    for number, position in enumerate(reversed(layout.exponent)):
        last = number == len(layout.exponent) - 1
        digits, exponent = (exponent, "") if last else (exponent[-1:], exponent[:-1])
        placed[position] = digits or _EMPTY[tokens[position].text]
    return "".join(
        placed.get(position, "") if token.kind == "digit" else "" if token.kind == "comma" else token.text
        for position, token in enumerate(tokens)
    )


#: What a place without a digit shows.
_EMPTY = {"0": "0", "#": "", "?": " "}


def _write_scientific(exact: Decimal, tokens: tuple[Token, ...], layout: _Layout) -> str:
    if layout.grouped or layout.scale or layout.percents or not layout.whole:
        raise UnknownFormat
    step = len(layout.whole)
    power = exact.adjusted() if exact else 0
    power = (power // step) * step if step > 1 else power
    places = Decimal(1).scaleb(-len(layout.decimals))
    mantissa = exact.scaleb(-power).quantize(places, ROUND_HALF_UP)
    if mantissa >= Decimal(10) ** step:
        power += step
        mantissa = exact.scaleb(-power).quantize(places, ROUND_HALF_UP)
    whole, _, decimals = f"{mantissa:f}".partition(".")
    sign = "-" if power < 0 else "+"
    marked = tuple(
        Token("literal", f"{token.text[0]}{sign if sign == '-' or token.text[1] == '+' else ''}")
        if token.kind == "exponent"
        else token
        for token in tokens
    )
    return _fill(marked, layout, whole, decimals, str(abs(power)))


def _write_fraction(number: float, tokens: tuple[Token, ...]) -> str:
    """`# ?/?`, `# ??/100`, `?/8` …: the nearest fraction whose lower part has at most as many digits."""
    kinds = [token.kind for token in tokens]
    stroke = kinds.index("stroke")
    if kinds.count("stroke") > 1 or any(kind in ("point", "comma", "percent", "exponent") for kind in kinds):
        raise UnknownFormat
    upper = stroke
    while upper > 0 and kinds[upper - 1] == "digit":
        upper -= 1
    lower = stroke + 1
    while lower < len(tokens) and (kinds[lower] == "digit" or tokens[lower].text.isdigit()):
        lower += 1
    below = "".join(token.text for token in tokens[stroke + 1 : lower])
    whole = [position for position in range(upper) if kinds[position] == "digit"]
    if upper == stroke or not below or any(kind == "digit" for kind in kinds[lower:]):
        raise UnknownFormat
    value = Fraction(_exact(number))
    if re.fullmatch(r"[1-9]\d*0*", below):
        fixed = int(below)
        parts = Fraction(int(value * fixed + Fraction(1, 2)), 1)
        over, under = int(parts), fixed
    else:
        near = value.limit_denominator(10 ** len(below) - 1)
        over, under = near.numerator, near.denominator
    ahead = "".join(token.text for token in tokens[: whole[0] if whole else upper])
    behind = "".join(token.text for token in tokens[lower:])
    if not whole:
        return f"{ahead}{over}/{under}{behind}"
    units, over = divmod(over, under)
    shown = str(units) if units or tokens[whole[-1]].text == "0" or not over else ""
    return f"{ahead}{shown}{f' {over}/{under}' if over else ''}{behind}"

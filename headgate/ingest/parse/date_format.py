"""A date or time under a number format → what a sheet shows; None where that depends on the machine or is not certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from headgate.errors import UnknownFormat
from headgate.ingest.parse.format_tokens import Token

_LAST_DAY = 2_958_465  # 9999-12-31
_LEAP_DAY_THAT_NEVER_WAS = 60  # 29 February 1900
_DAYS_1904 = 1462  # from 1900 to 1904, as serial numbers count
_SECONDS = 86_400
_MONTHS = "January February March April May June July August September October November December".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_ENGLISH = 0x09  # primary language of a language code: its lower ten bits
_SYSTEM = frozenset({"f800", "f400"})  # long date and time as the machine is set


def is_date(tokens: Sequence[Token]) -> bool:
    return any(token.kind == "date" for token in tokens)


def day_of(serial: float, *, from_1904: bool) -> date | None:
    """The day that a serial number means; None outside of the calendar and for the day that never was."""
    number = int(serial // 1) + (_DAYS_1904 if from_1904 else 0)
    if not 1 <= number <= _LAST_DAY or number == _LEAP_DAY_THAT_NEVER_WAS:
        return None
    return date(1899, 12, 31 if number < _LEAP_DAY_THAT_NEVER_WAS else 30) + timedelta(days=number)


def plain_date(serial: float, *, from_1904: bool) -> str | None:
    """A date as `2026-03-04`, with its time where it has one; None where it is no date of the calendar."""
    seconds = round((serial % 1) * _SECONDS)
    if seconds == _SECONDS:
        serial, seconds = serial + 1, 0
    day = day_of(serial, from_1904=from_1904)
    if day is None:
        return None
    if not seconds:
        return day.isoformat()
    return f"{day.isoformat()} {_clock(seconds)}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")


def shown_date(serial: float, tokens: Sequence[Token], *, from_1904: bool) -> str | None:
    """The text of a serial number, `plain_date` where names of months or days are in a language that is not English.

    Raises:
        UnknownFormat: the tokens are no form of a date.
    """
    if serial < 0:
        return None
    units = [token.text for token in tokens if token.kind == "date"]
    if any(token.kind in ("digit", "percent", "exponent", "general", "text") and token.text != "0" for token in tokens):
        raise UnknownFormat
    dated = any(unit[0] in "yd" or (unit[0] == "m" and _is_month(units, number)) for number, unit in enumerate(units))
    if not _is_english(tokens, units):
        return plain_date(serial, from_1904=from_1904) if dated else _clock(round((serial % 1) * _SECONDS) % _SECONDS)
    fraction = _fraction_digits(tokens)
    exact = (Decimal(repr(float(serial))) * _SECONDS).quantize(Decimal(1).scaleb(-fraction), ROUND_HALF_UP)
    days, rest = divmod(exact, _SECONDS)
    day = day_of(float(days), from_1904=from_1904)
    if dated and day is None:
        return None
    return "".join(_written(tokens, day, exact, rest)).strip()


def _is_english(tokens: Sequence[Token], units: Sequence[str]) -> bool:
    for token in tokens:
        if token.kind != "language":
            continue
        code = token.text.lower()
        if code in _SYSTEM or not re.fullmatch(r"[0-9a-f]{1,4}|[a-z]{2}(?:-[a-z]{2})?", code) or len(code) > 5:
            return False
        english = code.startswith("en") if not re.fullmatch(r"[0-9a-f]{1,4}", code) else int(code, 16) & 0x3FF == _ENGLISH
        if not english and (any(unit[0] in "md" and len(unit) >= 3 for unit in units) or any(t.kind == "clock" for t in tokens)):
            return False
    return True


def _fraction_digits(tokens: Sequence[Token]) -> int:
    """Decimals of seconds, 0 to 3.

    Raises:
        UnknownFormat: digits stand elsewhere than behind the seconds.
    """
    digits = 0
    for position, token in enumerate(tokens):
        if token.kind == "digit":
            before = tokens[position - 1].kind if position else ""
            if before not in ("point", "digit") or digits == 3:
                raise UnknownFormat
            digits += 1
    if digits:
        start = next(position for position, token in enumerate(tokens) if token.kind == "digit")
        if start < 2 or not tokens[start - 2].text.strip("[]").startswith("s"):
            raise UnknownFormat
    return digits


def _written(tokens: Sequence[Token], day: date | None, exact: Decimal, rest: Decimal) -> list[str]:
    units = [token.text for token in tokens if token.kind == "date"]
    halves = any(token.kind == "clock" for token in tokens)
    parts: list[str] = []
    number = -1
    hour = int(rest // 3600)
    for position, token in enumerate(tokens):
        if token.kind == "date":
            number += 1
            unit = token.text
            parts.append(_unit(unit, day, exact, rest, is_month=_is_month(units, number), halves=halves))
        elif token.kind == "clock":
            late = hour >= 12
            parts.append(("PM" if late else "AM") if len(token.text) > 3 else ("P" if late else "A"))
        elif token.kind == "digit":
            decimals = f"{rest % 1:f}".partition(".")[2]
            place = sum(1 for earlier in tokens[:position] if earlier.kind == "digit")
            parts.append(decimals[place : place + 1] or "0")
        elif token.kind != "language":
            parts.append(token.text)
    return parts


def _is_month(units: Sequence[str], number: int) -> bool:
    """Whether an `m` means the month: it does unless it stands beside hours or seconds."""
    before = units[number - 1] if number else ""
    after = units[number + 1] if number + 1 < len(units) else ""
    beside_clock = before.strip("[]").startswith("h") or after.strip("[]").startswith("s")
    return not beside_clock or len(units[number]) > 2


def _unit(unit: str, day: date | None, exact: Decimal, rest: Decimal, *, is_month: bool, halves: bool) -> str:
    if unit[0] == "[":
        size = {"h": 3600, "m": 60, "s": 1}[unit[1]]
        return f"{int(exact // size):0{len(unit) - 2}}"
    length = len(unit)
    match unit[0]:
        case "h":
            hour = int(rest // 3600)
            hour = (hour - 1) % 12 + 1 if halves else hour
            return f"{hour:0{min(length, 2)}}"
        case "s":
            return f"{int(rest) % 60:0{min(length, 2)}}"
        case "m" if not is_month:
            return f"{int(rest) // 60 % 60:0{min(length, 2)}}"
    if day is None:
        raise UnknownFormat
    match unit[0]:
        case "y":
            return f"{day.year % 100:02}" if length <= 2 else f"{day.year:04}"
        case "m":
            name = _MONTHS[day.month - 1]
            return {1: str(day.month), 2: f"{day.month:02}", 3: name[:3], 4: name, 5: name[:1]}.get(length, name)
        case _:
            name = _WEEKDAYS[day.weekday()]
            return {1: str(day.day), 2: f"{day.day:02}", 3: name[:3]}.get(length, name)

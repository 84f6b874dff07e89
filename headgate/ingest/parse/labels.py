"""Labels of a document from wherever its format carries them, under the field names of `DocumentMetadata`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from headgate.records import DocumentMetadata

#: What a document may say of itself; `stale_since` is set by the ingest alone.
LABELS = tuple(field.name for field in fields(DocumentMetadata) if field.name != "stale_since")
#: Names that people and formats use for the same thing.
_ALIASES = {
    "lang": "language",
    "author": "owner",
    "subject": "topic",
    "category": "topic",
    "date": "effective_date",
    "classification": "confidentiality",
}
#: Beside the labels of `pick_labels`: a date that could not be read, as it was written. `blocks.assemble` makes a finding of it.
UNREAD_DATE = "unread_date"
_MAX_QUOTED = 60  # characters
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_ISO_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")
_WEEKDAY, _TIME = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?", r"(?:[ ,t]+(?:at )?\d{1,2}:\d\d.*)?"
#: Forms that can be read in one way only; 03/12/2015 is none of them.
_DATES = tuple(
    re.compile(f"^{form}{_TIME}$", re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})(?P<between>[/.-])(?P<month>\d{1,2})(?P=between)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ .-]+(?:of )?(?P<month>[a-z]{{3,9}})\.?,?[ -](?P<year>\d{{4}})",
        rf"{_WEEKDAY}(?P<month>[a-z]{{3,9}})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
    )
)


def pick_labels(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Known labels among (name, value) pairs, normalised; an exact name wins over an alias, the first over later ones.

    A date that is not written so that it can be read in one way only is no label; it is under `UNREAD_DATE` instead.
    """
    exact: dict[str, str] = {}
    aliased: dict[str, str] = {}
    unread = ""
    for name, value in pairs:
        key = str(name).strip().lower().replace("-", "_").replace(" ", "_").removeprefix("x_")
        if key in LABELS:
            exact.setdefault(key, _normal(key, value))
        elif key in _ALIASES:
            aliased.setdefault(_ALIASES[key], _normal(_ALIASES[key], value))
        if "effective_date" in (key, _ALIASES.get(key)) and not unread and not _normal("effective_date", value):
            unread = _text(value)[:_MAX_QUOTED]
    labels = {name: value for name, value in exact.items() if value}
    return {name: value for name, value in aliased.items() if value} | labels | ({UNREAD_DATE: unread} if unread else {})


def split_keywords(keywords: str) -> list[tuple[str, str]]:
    """Pairs of `audience=customer; region=all`, the way labels travel in one property of office files and PDFs."""
    pairs = (part.partition("=") for part in keywords.split(";") if "=" in part)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def merge_labels(*sources: Mapping[str, str]) -> dict[str, str]:
    """Earlier sources win; empty values never do."""
    merged: dict[str, str] = {}
    for source in sources:
        for name, value in source.items():
            if value and not merged.get(name):
                merged[name] = value
    return merged


def _text(value: Any) -> str:
    if value is None or isinstance(value, (dict, list, tuple, set)):
        return ""
    return value.isoformat() if isinstance(value, (date, datetime)) else " ".join(str(value).split())[:200]


def _normal(name: str, value: Any) -> str:
    text = _text(value)
    match name:
        case "effective_date":
            return _iso_date(text)
        case "language":
            return text.replace("_", "-").partition("-")[0].lower() if re.match(r"^[A-Za-z]{2}([-_]|$)", text) else ""
        case "audience" | "topic" | "region" | "confidentiality":
            return text.lower()
        case _:
            return text


def _iso_date(text: str) -> str:
    found = _ISO_DATE.match(text)
    if found:
        year, month, day = found.groups()
    elif found := next(filter(None, (form.match(text) for form in _DATES)), None):
        year, month, day = found["year"], found["month"], found["day"]
    else:
        return ""
    try:
        return date(int(year), int(month) if month.isdecimal() else _month(month), int(day)).isoformat()
    except ValueError:
        return ""


def _month(name: str) -> int:
    """The number of a month by its English name or the start of it; 0, which no date has, for any other word."""
    return next((number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())), 0)

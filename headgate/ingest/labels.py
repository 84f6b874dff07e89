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
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")


def pick_labels(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Known labels among (name, value) pairs, normalised; an exact name wins over an alias, the first over later ones."""
    exact: dict[str, str] = {}
    aliased: dict[str, str] = {}
    for name, value in pairs:
        key = str(name).strip().lower().replace("-", "_").replace(" ", "_").removeprefix("x_")
        if key in LABELS:
            exact.setdefault(key, _normal(key, value))
        elif key in _ALIASES:
            aliased.setdefault(_ALIASES[key], _normal(_ALIASES[key], value))
    labels = {name: value for name, value in exact.items() if value}
    return {name: value for name, value in aliased.items() if value} | labels


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


def _normal(name: str, value: Any) -> str:
    if value is None or isinstance(value, (dict, list, tuple, set)):
        return ""
    text = value.isoformat() if isinstance(value, (date, datetime)) else " ".join(str(value).split())[:200]
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
    found = _DATE.match(text)
    if not found:
        return ""
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return ""

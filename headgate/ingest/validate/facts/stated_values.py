"""What a document states under a label: prices, limits, dates, by heading, row and column. A pure function of the document.

    ## Late payment                                   heading   Fees > Late payment
    | plan      | fee   | after   |      ────►        label     Home Plus   (of a list `Fee: £7.50`: Fee)
    | Home Plus | £7.50 | 10 days |                   column    fee
                                                      value     £7.50  →  "GBP 7.5"

Two statements can be compared where label, column, kind of quantity and the words beside the numbers agree (`key`); what they are about is told by
title and headings (contradictions.py). Text without a number is no such value, nor are ids, versions, addresses and telephone numbers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import NamedTuple

from headgate.records import Document, Element

#: Statements kept of one document; more are counted.
MOST_STATED = 300
_MAX_LABEL, _MAX_VALUE = 70, 60  # characters
_MAX_LABEL_WORDS, _MAX_REST, _MAX_QUANTITIES = 8, 4, 3
_PAIR = re.compile(r"^[\s•*–-]{0,4}([^\W\d_][^:：|;]{0,69}?)\s?[:：]\s{1,3}(\S[^\n]{0,59})$")
_CURRENCIES = {"£": "GBP", "$": "USD", "€": "EUR", "¥": "JPY"}
_CODES = frozenset("GBP USD EUR JPY CHF CAD AUD INR SEK NOK DKK PLN CZK".split())
_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("ms", "millisecond", "msec"), ("s", 0.001)),
    **dict.fromkeys(("s", "sec", "second", "sekunde", "segundo"), ("s", 1)),
    **dict.fromkeys(("min", "minute", "minuto"), ("s", 60)),
    **dict.fromkeys(("h", "hr", "hour", "stunde", "hora", "heure"), ("s", 3600)),
    **dict.fromkeys(("d", "day", "tag", "tage", "día", "dia", "jour"), ("s", 86400)),
    **dict.fromkeys(("week", "wk", "woche", "semana", "semaine"), ("s", 604800)),
    **dict.fromkeys(("month", "monat", "monate", "mes", "mois"), ("month", 1)),
    **dict.fromkeys(("year", "yr", "jahr", "jahre", "año", "an"), ("month", 12)),
    **{name: ("B", 1024**power) for power, names in enumerate((("b", "byte"), ("kb", "kib"), ("mb", "mib"), ("gb", "gib"), ("tb", "tib"))) for name in names},
    **dict.fromkeys(("kbps",), ("bps", 1e3)), "mbps": ("bps", 1e6), "mbit/s": ("bps", 1e6), "gbps": ("bps", 1e9),
    "mm": ("m", 0.001), "cm": ("m", 0.01), "m": ("m", 1), "km": ("m", 1000), "g": ("g", 1), "kg": ("g", 1000),
    "%": ("%", 1), "percent": ("%", 1), "prozent": ("%", 1),
}  # fmt: skip
_FILLERS = frozenset(
    "a an the of in to at up per each about approx approximately around ca is are max maximum most min minimum least only by and or pro je für von bis el la le de para por".split()
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = re.compile(
    rf"\b(?P<y>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)\b|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?P<m2>{_MONTH}),? (?P<y2>(?:19|20)\d\d)\b"
    rf"|\b(?P<m3>{_MONTH}) (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y3>(?:19|20)\d\d)\b|\b(?P<d4>\d{{1,2}})\.(?P<m4>\d{{1,2}})\.(?P<y4>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d\d)\b(?!:)\s?(am|pm)?", re.IGNORECASE)
_QUANTITY = re.compile(
    r"(?P<cur>[£$€¥]|\b[A-Z]{3}(?=\s?\d))?\s?(?<![\w.,])(?P<num>\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?:\.\d{1,4})?|\d{1,9}(?:[.,]\d{1,4})?)(?![\d:])(?P<k>[kKM](?!\w))?"
    r"\s?(?P<unit>%|[£$€¥]|[A-Z]{3}(?!\w)|mbit/s|[A-Za-zµíñ]{1,11}(?!\w))?"
)
#: Numbers that name something: versions, addresses, ids, telephone numbers, fractions of paths.
_NAMES = re.compile(
    r"\d+\.\d+\.\d|\b[A-Za-z]+[-_]?\d|\d[A-Za-z]{1,3}\d|#\d|[/\\=@{}<>\[\]`_]|https?:|\d{7,}|\b\d{3,5}[ -]\d{3,}[ -]?\d*|\+\d|(?<![\d,.])0\d"
)
_WORD = re.compile(r"[^\W_]+")
_DISTINGUISHING = re.compile(rf"\bv?\d[\w.]*|\b{_MONTH}(?!\w)|\bq[1-4]\b|\b(?:north|south|east|west|eu|usa|uk|emea|apac|beta|legacy|old|new|draft|previous|former|archived?|deprecated|upcoming|planned|proposed|example)\b", re.IGNORECASE)  # fmt: skip


class StatedValue(NamedTuple):
    """One value under its label, as the document has it."""

    headings: tuple[str, ...]  # from the outermost
    label: str
    column: str  # "" where the label alone names it
    value: str
    place: str  # "line 12, row 3", "page 2"
    key: str  # 16 hex digits: statements with the same one can be compared
    meant: str  # the value in one form: "GBP 7.5"

    @property
    def name(self) -> str:
        """`Fees > Late payment: Home Plus, fee`."""
        said = ", ".join(filter(None, (self.label, self.column)))
        return f"{' > '.join(self.headings[-2:])}: {said}" if self.headings else said


def stated_values(document: Document) -> tuple[list[StatedValue], int]:
    """(the first `MOST_STATED` in order, how many there are). A label that has two values in one document under one heading is left out."""
    found: dict[tuple[tuple[str, ...], str], list[StatedValue]] = defaultdict(list)
    region, language = document.metadata.region, document.metadata.language
    folders = " ".join(PurePosixPath(document.doc_id).parts)
    outside = sorted({one.lower() for one in _DISTINGUISHING.findall(f"{document.metadata.title} {folders}")})
    for headings, label, column, value, place in _labelled(document):
        meaning = read_value(value)
        if meaning is None or not _is_label(label) or (column and not _is_label(column)):
            continue
        kind, meant = meaning
        inside = sorted({one.lower() for heading in headings for one in _DISTINGUISHING.findall(heading)} - set(outside))
        parts = (plain(label), plain(column), kind, region, language, " ".join(outside), " ".join(inside))
        key = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()
        found[headings, key].append(StatedValue(headings, label.strip(), column.strip(), value.strip(), place, key, meant))
    kept = [group[0] for group in found.values() if len({one.meant for one in group}) == 1]
    return kept[:MOST_STATED], len(kept)


def read_value(text: str) -> tuple[str, str] | None:
    """(kind, meaning) of a value: `("GBP; month", "7.5")`; None where it is none that can be compared.

    The kind is the units of its numbers and the other words; numbers of one kind can be compared.
    """
    text = text.strip().rstrip(".;,")
    if not text or len(text) > _MAX_VALUE or not any(letter.isdigit() for letter in text):
        return None
    units: list[str] = []
    numbers: list[str] = []

    def date(found: re.Match[str]) -> str:
        parts = [next(filter(None, (found[f"{name}{form}"] for form in ("", "2", "3", "4"))), "") for name in "ymd"]
        month = parts[1] if parts[1].isdigit() else str(_MONTHS.index(parts[1][:3].lower()) + 1)
        units.append("date")
        numbers.append(f"{parts[0]}-{int(month):02d}-{int(parts[2]):02d}")
        return " "

    def clock(found: re.Match[str]) -> str:
        hour = int(found[1]) % 12 + 12 if (found[3] or "").lower() == "pm" else int(found[1])
        units.append("clock")
        numbers.append(f"{hour}:{found[2]}")
        return " "

    def quantity(found: re.Match[str]) -> str:
        unit, factor, rest = _unit(found["cur"] or "", found["unit"] or "")
        number = _number(found["num"]) * {"k": 1e3, "K": 1e3, "M": 1e6}.get(found["k"] or "", 1) * factor
        units.append(unit)
        numbers.append(f"{number:.10g}")
        return f" {rest} "

    rest = _CLOCK.sub(clock, _DATE.sub(date, text))
    if _NAMES.search(rest):
        return None
    rest = _QUANTITY.sub(quantity, rest)
    words = [word for word in _WORD.findall(rest.lower()) if word not in _FILLERS]
    if not numbers or len(numbers) > _MAX_QUANTITIES or len(words) > _MAX_REST or any(map(str.isdigit, rest)):
        return None
    return "; ".join([*units, *map(_singular, words)]), " ".join(numbers)


def plain(text: str) -> str:
    """Small letters and digits, words in the singular, without what stands in brackets behind them."""
    return " ".join(_singular(word) for word in _WORD.findall(text.lower()))


def _labelled(document: Document) -> Iterator[tuple[tuple[str, ...], str, str, str, str]]:
    """(headings, label, column, value, place) of everything that may be a statement."""
    path: list[tuple[int, str]] = []
    for element in document.elements:
        if element.kind == "title":
            path = [*(one for one in path if one[0] < element.level), (element.level, " ".join(element.text.split())[:120])]
            continue
        if element.kind not in ("table", "list_item", "text"):
            continue
        headings = tuple(text for _, text in path)
        lines = element.text.split("\n")
        if element.kind != "table":
            for line in lines[:3]:
                if len(line) <= _MAX_LABEL + _MAX_VALUE and (pair := _PAIR.match(line)):
                    yield headings, pair[1], "", pair[2], _place(element, 0)
            continue
        for number, line in enumerate(lines, 1):
            for label, column, value in _row(line):
                yield headings, label, column, value, _place(element, number)


def _row(line: str) -> list[tuple[str, str, str]]:
    """(label, column, value) of a rendered row, see parse/tables.py."""
    name, dash, rest = line.partition(" – ")
    named = bool(dash) and ":" not in name and ": " in rest
    cells = [cell.partition(": ") for cell in (rest if named else line).split("; ")]
    if any(not colon for _, colon, _ in cells):
        return []
    if named:
        return [(name, column, value) for column, _, value in cells]
    if len(cells) == 1:
        return [(cells[0][0], "", cells[0][2])]
    # The first cell names the row: `Zone: North; Parcel: 4.10`.
    return [(cells[0][2], column, value) for column, _, value in cells[1:]]


def _is_label(text: str) -> bool:
    words = _WORD.findall(text)
    return bool(words) and len(text) <= _MAX_LABEL and len(words) <= _MAX_LABEL_WORDS and any(map(str.isalpha, text))


def _place(element: Element, row: int) -> str:
    where = f"line {element.line}" if element.line else f"page {element.page}" if element.page else ""
    where = f"sheet {element.sheet!r}" if element.sheet and not where else where
    return ", ".join(filter(None, (where, f"row {row}" if row else "")))


def _unit(currency: str, unit: str) -> tuple[str, float, str]:
    """(name of the unit, its size in it, a word that is none)."""
    sign = _CURRENCIES.get(currency) or (currency if currency in _CODES else "")
    behind = _CURRENCIES.get(unit) or (unit if unit in _CODES else "")
    if sign or behind:
        return sign or behind, 1, "" if behind else unit
    known = _UNITS.get(unit.lower()) or _UNITS.get(_singular(unit.lower()))
    return (*known, currency) if known else ("", 1, f"{currency} {unit}")


def _number(text: str) -> float:
    text = re.sub(r"['’\u00a0\u202f]", "", text)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def pack(values: Sequence[StatedValue]) -> bytes:
    """24 bytes each: hashes of the key, the value and the nearest heading."""
    return b"".join(
        bytes.fromhex(one.key) + _hash(one.meant) + _hash(plain(one.headings[-1]) if one.headings else "") for one in values
    )


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()

"""Labels of a document from wherever its format carries them, under the field names of `DocumentMetadata`.

    (name, value, line), … ──read_labels──► LabelReading ──merge_readings──► what the file says of itself

A reading keeps apart what was read, what is damaged (`slips`) and what else may say who may see the page (`stated`). Nothing here knows
which labels a project has: that is decided with its settings, in `validate/facts/access.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from headgate.ingest.parse.label_keys import ACCESS_LABELS, LABELS, find_label, plain_name
from headgate.records import Remark
from headgate.records.remarks import note

#: What is wrong with a label. Nobody but validation reads them, and people.
SlipKind = Literal[
    "unclosed", "tab", "colon", "quote", "indentation", "yaml", "toml", "json", "not_a_mapping",  # the block can't be parsed
    "misspelt", "no_value", "several_values", "nested", "swallowed", "commented_out", "misplaced", "unreadable",  # one label
    "contradicting", "unknown_value", "unknown_key",
]  # fmt: skip
#: Where something stands that may say who may see a page.
Place = Literal["front_matter", "property", "text", "comment", "attachment"]

_LONGEST_STATED = 60  # characters; a longer value is a sentence
_MOST_STATED = 100
_MOST_NESTED = 2000  # values looked into
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


@dataclass(frozen=True, slots=True)
class LabelSlip:
    """Something wrong with the labels of a file. `label` is the one concerned, "" where it may be any; `line` is 1-based, 0 = none."""

    kind: SlipKind
    line: int
    detail: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """A name and a value that are no label, but may say who may see the page: `visibility: internal`. Judged by its value."""

    key: str
    value: str
    line: int
    place: Place


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What a file says of itself. `lines` has the 1-based line of each label, where the format has lines.

    `written`: the effective date is the day the file was written or sent (`date`), not one that it says it holds from.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    slips: tuple[LabelSlip, ...] = ()
    stated: tuple[Stated, ...] = ()
    findings: tuple[Remark, ...] = ()
    written: bool = False

    def with_defaults(self, **labels: str) -> LabelReading:
        """With these labels where it has none."""
        return merge_readings(self, LabelReading({name: value for name, value in labels.items() if value}))

    def with_day(self, written: str) -> LabelReading:
        """With the day (ISO) that it was written or sent, where it has no effective date; "" = not known."""
        return merge_readings(self, LabelReading({"effective_date": written} if written else {}, written=bool(written)))


def read_labels(entries: Iterable[tuple[str, Any] | tuple[str, Any, int]], *, place: Place = "property") -> LabelReading:
    """What (name, value) or (name, value, line) say; an exact name wins over an alias, the first over later ones.

    A date that is not written so that it can be read in one way only is no label, but a finding.
    """
    reader = _Reader(place)
    for name, value, *line in entries:
        reader.take(str(name), value, line[0] if line else 0)
    return reader.reading()


class _Reader:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._exact: dict[str, tuple[str, int]] = {}
        self._aliased: dict[str, tuple[str, int]] = {}
        self._slips: list[LabelSlip] = []
        self._stated: list[Stated] = []
        self._unread_date = ""

    def take(self, name: str, value: Any, line: int) -> None:
        key = find_label(name)
        if key is None:
            self._take_other(name, value, line)
        elif key.label in ACCESS_LABELS:
            self._take_access(key.label, name, value, line, exact=key.exact)
        else:
            text = _normal(key.label, value)
            if key.label == "effective_date" and not text and not self._unread_date:
                self._unread_date = _text(value)[:_MAX_QUOTED]
            named = self._exact if plain_name(name) in LABELS else self._aliased
            named.setdefault(key.label, (text, line))

    def _take_access(self, label: str, name: str, value: Any, line: int, *, exact: bool) -> None:
        if not exact:
            return self._slip("misspelt", line, f"{_quoted(name)} is no label; did you mean {label!r}?", label)
        if isinstance(value, Mapping):
            return self._slip("nested", line, f"{_quoted(name)} holds names and values; write one word", label)
        values = value if isinstance(value, (list, tuple, set)) else [value]
        texts = list(dict.fromkeys(text for one in values if (text := _access_text(one))))
        if not texts:
            return self._slip("no_value", line, f"{_quoted(name)} has no value; write one, or take the line out", label)
        if len(texts) > 1:
            return self._slip("several_values", line, f"{_quoted(name)} has {len(texts)} values; write one", label)
        known, there = self._exact.setdefault(label, (texts[0], line))
        if known != texts[0]:
            self._slip("contradicting", line, f"{label} is {texts[0]!r} here and {known!r}{_at(there)}", label)
        return None

    def _take_other(self, name: str, value: Any, line: int) -> None:
        for label, key in _nested_labels(value):
            self._slip(
                "nested", line, f"{_quoted(key)} stands inside {_quoted(name)}; write it at the left edge, by itself", label
            )
        for key, one in _plain_values(name, value):
            text = _access_text(one)
            if text and len(text) <= _LONGEST_STATED and len(self._stated) < _MOST_STATED:
                self._stated.append(Stated(_text(key)[:_MAX_QUOTED], text, line, self._place))

    def _slip(self, kind: SlipKind, line: int, detail: str, label: str) -> None:
        self._slips.append(LabelSlip(kind, line, detail, label))

    def reading(self) -> LabelReading:
        found = {name: told for name, told in self._aliased.items() if told[0]}
        found |= {name: told for name, told in self._exact.items() if told[0]}
        unread = note("effective_date", f"{self._unread_date!r} can't be read as a date; write YYYY-MM-DD")
        return LabelReading(
            written="effective_date" in found and not self._exact.get("effective_date", ("", 0))[0],
            labels={name: text for name, (text, _) in found.items()},
            lines={name: line for name, (_, line) in found.items() if line},
            slips=tuple(self._slips),
            stated=tuple(self._stated),
            findings=(unread,) if self._unread_date else (),
        )


def split_keywords(keywords: str) -> list[tuple[str, str]]:
    """Pairs of `audience=customer; region=all`, the way labels travel in one property of office files and PDFs.

    A pair that is set off by something else than `;`, or joined by `:`, is found by `label_statements.read_keywords`.
    """
    pairs = (part.partition("=") for part in keywords.split(";") if "=" in part)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def merge_readings(*readings: LabelReading) -> LabelReading:
    """What several places of one file say together: earlier ones win, but for labels of access, which contradict each other."""
    labels: dict[str, str] = {}
    lines: dict[str, int] = {}
    slips = [slip for reading in readings for slip in reading.slips]
    written = next((reading.written for reading in readings if reading.labels.get("effective_date")), False)
    for reading in readings:
        for name, value in reading.labels.items():
            if not value:
                continue
            known = labels.setdefault(name, value)
            if known == value:
                lines.setdefault(name, reading.lines.get(name, 0))
            elif name in ACCESS_LABELS:
                line = reading.lines.get(name, 0)
                slips.append(
                    LabelSlip(
                        "contradicting", line, f"{name} is {value!r} in one place of the file and {known!r} in another", name
                    )
                )
    return LabelReading(
        labels=labels,
        lines={name: line for name, line in lines.items() if line},
        slips=tuple(slips),
        stated=tuple(one for reading in readings for one in reading.stated)[:_MOST_STATED],
        findings=tuple(one for reading in readings for one in reading.findings),
        written=written,
    )


def merge_labels(*sources: Mapping[str, str]) -> dict[str, str]:
    """Earlier sources win; empty values never do."""
    merged: dict[str, str] = {}
    for source in sources:
        for name, value in source.items():
            if value and not merged.get(name):
                merged[name] = value
    return merged


def _nested_labels(value: Any) -> Iterator[tuple[str, str]]:
    """(label, name as written) of what names confidentiality anywhere inside a value, or an audience right inside it."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    for _ in range(_MOST_NESTED):
        if not waiting:
            return
        inside, depth = waiting.pop()
        if isinstance(inside, Mapping):
            for name, inner in inside.items():
                key = find_label(str(name))
                if key is not None and (key.label == "confidentiality" or (key == ("audience", True) and depth == 0)):
                    yield key.label, str(name)
                waiting.append((inner, depth + 1))
        elif isinstance(inside, Sequence) and not isinstance(inside, (str, bytes)):
            waiting += [(inner, depth + 1) for inner in inside]


def _plain_values(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(name, value) of everything plain inside a value, each under the name right above it."""
    waiting: list[tuple[str, Any]] = [(name, value)]
    for _ in range(_MOST_NESTED):
        if not waiting:
            return
        key, inside = waiting.pop()
        if isinstance(inside, Mapping):
            waiting += [(str(inner), one) for inner, one in inside.items()]
        elif isinstance(inside, (list, tuple, set)):
            waiting += [(key, one) for one in inside]
        else:
            yield key, inside


def _access_text(value: Any) -> str:
    """One value of a label of access: small letters, without what nobody sees and the marks around it."""
    shown = "".join(letter for letter in unicodedata.normalize("NFKC", _text(value)) if unicodedata.category(letter) != "Cf")
    return " ".join(shown.strip("\"'“”„‚‘’«»`[](){}<>.,;* \t").lower().split())


def _quoted(name: str) -> str:
    return repr(_text(name)[:_MAX_QUOTED])


def _at(line: int) -> str:
    return f" in line {line}" if line else " elsewhere"


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
        case "topic" | "region":
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

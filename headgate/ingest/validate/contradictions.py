"""Documents that state different values under the same label: a price, a limit, a date.

    StatedValue, … of every current document ──find_contradictions──► path → [Contradiction, …], told of both documents

That two statements are about the same is told by what stands above them. One of these must hold:

    title       both documents have the same title, which is none of many (`Overview`), and the nearest heading is the same
    heading     the nearest heading is the same and names something (`Late payment`, not `Limits`), and the titles are no siblings
                (`Beacon 2` and `Beacon 3` are two things of one kind)
    row         in tables with column names: the row is named (`Home Plus`), and titles and headings share a word that names something
    table       the same, without such a word, where three other named rows or more agree, and more of them than differ

and never: a version, a year, a month or a region in title, headings or folders of one of them alone; a label that a dozen documents have with
as many values (a form that every page fills in); two pages of which nearly all such values differ (two things of one kind).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import orjson

from headgate.ingest.validate.duplicates import SIDELINED
from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.ingest.validate.facts.stated_values import StatedValue, pack, plain

#: Documents that share a label with several values: in more, it is a form.
_MOST_DOCUMENTS = 12
#: Documents that a heading or title stands in: in more, it names nothing.
_MOST_NAMED = 3
#: Named rows on which two tables agree, so that others are taken to be about the same.
_AGREEING = 3
Ground = Literal["title", "heading", "row", "table"]
_PACKED = np.dtype([("key", "<u8"), ("value", "<u8"), ("heading", "<u8")])
#: Words of headings and titles that name a kind of section, not what it is about.
_GENERIC = frozenset(
    "overview introduction summary detail general note other misc more example about index readme homepage guide reference specification spec property parameter option setting configuration"
    " default syntax value return attribute field limit limitation quota restriction requirement prerequisite price pricing fee cost rate plan tariff term condition metric goal target objective key result"
    " kpi okr status timeline schedule agenda date deadline history contact faq question answer step how to what when where which who why the a an of for and or in on our your we you is are with by from at"
    " table list section part chapter appendix resource feature update new change type usage use information info data item level size team member role responsibility task project installation install setup maintenance safety dimension size weight material performance duration week month quarter year"
    " überblick übersicht einleitung preis gebühr kosten grenze frist termin angabe daten beispiel und der die das für von".split()
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What of a document is compared: `packed` for finding who may contradict whom, `values` as JSON for the few that may."""

    doc_id: str
    title: str
    packed: bytes
    values: bytes


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`here` as this document says it, `there` as `other` does."""

    here: StatedValue
    other: str
    there: StatedValue

    def __str__(self) -> str:
        def at(value: StatedValue) -> str:
            return f" ({value.place})" if value.place else ""

        return f"{self.here.name} is {self.here.value!r}{at(self.here)}, but {self.there.value!r} in {self.other!r}, {self.there.name}{at(self.there)}"


def comparison(facts: DocumentFacts) -> Comparison | None:
    """The part of `facts` that `find_contradictions` needs; None where the document states nothing, or lies in a folder for old pages."""
    folders = PurePosixPath(facts.doc_id).parts[:-1]
    if not facts.stated or any(part.lower() in SIDELINED for part in folders):
        return None
    return Comparison(facts.doc_id, facts.title, pack(facts.stated), orjson.dumps([list(value) for value in facts.stated]))


def find_contradictions(documents: Sequence[Comparison]) -> dict[str, list[Contradiction]]:
    """Of each document those with others, in the order of its text."""
    if not documents:
        return {}
    ordered = sorted(documents, key=lambda one: one.doc_id)
    rows = np.concatenate([np.frombuffer(one.packed, _PACKED) for one in ordered])
    owner = np.repeat(np.arange(len(ordered)), [len(one.packed) // _PACKED.itemsize for one in ordered])
    named = _Named(ordered, rows["heading"], owner)
    found: dict[str, list[Contradiction]] = defaultdict(list)
    read: dict[int, list[StatedValue]] = {}
    for one, other in sorted(_pairs(rows, owner)):
        for number in (one, other):
            if number not in read:
                read[number] = _values(ordered[number])
        for here, there in _differing(read[one], read[other], ordered[one].title, ordered[other].title, named):
            found[ordered[one].doc_id].append(Contradiction(here, ordered[other].doc_id, there))
            found[ordered[other].doc_id].append(Contradiction(there, ordered[one].doc_id, here))
    return dict(found)


def _pairs(rows: np.ndarray, owner: np.ndarray) -> set[tuple[int, int]]:
    """Documents that give different values under one key which few documents have."""
    order = np.argsort(rows["key"], kind="stable")
    keys = rows["key"][order]
    bounds = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1], [True])))
    pairs: set[tuple[int, int]] = set()
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if end - start < 2:
            continue
        places = order[start:end]
        holders = sorted(set(owner[places].tolist()))
        if 2 <= len(holders) <= _MOST_DOCUMENTS and len(set(rows["value"][places].tolist())) > 1:
            pairs.update(combinations(holders, 2))
    return pairs


class _Named:
    """Which titles and headings name something: those of few documents, with a word that is no kind of section."""

    def __init__(self, documents: Sequence[Comparison], headings: np.ndarray, owner: np.ndarray) -> None:
        self._titles: dict[str, int] = defaultdict(int)
        for one in documents:
            self._titles[plain(one.title)] += 1
        unique = np.unique(np.stack([headings.astype(np.uint64), owner.astype(np.uint64)], axis=1), axis=0)
        counted, counts = np.unique(unique[:, 0], return_counts=True)
        self._headings: Mapping[int, int] = dict(zip(counted.tolist(), counts.tolist(), strict=True))

    def title(self, title: str) -> bool:
        return bool(naming_words(title)) and self._titles[plain(title)] <= _MOST_NAMED

    def heading(self, value: StatedValue) -> bool:
        packed = np.frombuffer(pack([value]), _PACKED)
        return (
            bool(value.headings)
            and bool(naming_words(value.headings[-1]))
            and self._headings.get(int(packed["heading"][0]), 0) <= _MOST_NAMED
        )


def naming_words(text: str) -> set[str]:
    """The words of a title, heading or label that say what it is about."""
    return {word for word in plain(text).split() if word not in _GENERIC and len(word) > 1 and not word.isdigit()}


def _differing(
    ours: Sequence[StatedValue], theirs: Sequence[StatedValue], our_title: str, their_title: str, named: _Named
) -> Iterator[tuple[StatedValue, StatedValue]]:
    """Statements of two documents about the same, with different values."""
    by_key: dict[str, list[StatedValue]] = defaultdict(list)
    for there in theirs:
        by_key[there.key].append(there)
    told: list[tuple[StatedValue, StatedValue, Ground]] = []
    rows: list[tuple[StatedValue, StatedValue, Ground]] = []  # that only the rest of their tables can show to be about the same
    agreeing, agreeing_rows = 0, 0
    for here in ours:
        matches = by_key.get(here.key, [])
        if any(there.meant == here.meant for there in matches):
            agreeing += 1
            agreeing_rows += _is_named_row(here)
            continue
        grounds = ((there, _same(here, there, our_title, their_title, named)) for there in matches)
        about_same = next(((there, ground) for there, ground in grounds if ground is not None), None)
        if about_same is not None:
            told.append((here, *about_same))
        elif matches and _is_named_row(here) and not _siblings(our_title, their_title):
            rows.append((here, matches[0], "table"))
    if agreeing_rows >= max(_AGREEING, len(rows) + 1):
        told += rows
    if plain(our_title) != plain(their_title) and len(told) >= 3 and len(told) > 2 * agreeing:
        told = [one for one in told if one[2] == "row"]
    places = {id(value): number for number, value in enumerate(ours)}
    for here, there, _ in sorted(told, key=lambda one: places[id(one[0])]):
        yield here, there


def _is_named_row(value: StatedValue) -> bool:
    return bool(value.column) and bool(naming_words(value.label))


def _same(here: StatedValue, there: StatedValue, our_title: str, their_title: str, named: _Named) -> Ground | None:
    """Why two statements are about the same, see above; None where nothing tells so."""
    ours, theirs = (value.headings[-1] if value.headings else "" for value in (here, there))
    same_heading = plain(ours) == plain(theirs)
    if same_heading and plain(our_title) == plain(their_title) and named.title(our_title):
        return "title"
    if _siblings(our_title, their_title) or _siblings(ours, theirs):
        return None
    if same_heading and named.heading(here) and plain(ours) != plain(our_title):
        return "heading"
    if _is_named_row(here):
        shared = naming_words(" ".join((our_title, *here.headings))) & naming_words(" ".join((their_title, *there.headings)))
        if shared:
            return "row"
    return None


def _siblings(one: str, other: str) -> bool:
    """Whether two titles name two things of one kind: they share half of their words or more, and each has one of its own."""
    ours, theirs = set(plain(one).split()), set(plain(other).split())
    shared = ours & theirs
    return bool(shared) and bool(ours - theirs) and bool(theirs - ours) and 2 * len(shared) >= min(len(ours), len(theirs))


def _values(document: Comparison) -> list[StatedValue]:
    return [StatedValue(tuple(headings), *rest) for headings, *rest in orjson.loads(document.values)]

"""The documents of the last accepted ingest, as far as a regression shows in them, and what became of those that changed.

    validation/baseline/<corpus>.json    revision, accepted revisions, shape of every indexed document, who saw every document so far

The baseline moves only when an ingest has no failed check of level error that was not accepted: otherwise a regression that was
refused would be the measure of the next run, and pass. What is indexed never depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from headgate.errors import IntegrityError, NotFoundError
from headgate.ingest.validate.audiences import Seen
from headgate.ingest.validate.facts import DocumentFacts
from headgate.ingest.validate.rows import is_looser
from headgate.settings import Audiences, ValidationSetup
from headgate.storage import Store
from headgate.storage.layout import BASELINES

_FORMAT = 1
_MAX_REVISIONS = 500  # accepted ones that are remembered
_MAX_HEADER = 40  # column names kept of a document
#: A document shorter than this before says nothing when it shrinks further, characters.
_SMALL = 300
#: Tables smaller than this are not judged by their rows and cells.
_SMALL_TABLE = 4
_LANGUAGE_CONFIDENCE = 0.9
_LANGUAGE_CHARACTERS = 200
#: Text counts as kept, when structure is judged, down to this share of it.
_TEXT_STAYED = 0.7

CHANGE_COLUMNS: Mapping[str, str] = {
    "doc_id": "path in the corpus",
    "characters": "now",
    "characters_before": "",
    "characters_kept": f"share, 0 to 1; 1 when there were fewer than {_SMALL}, or it is emptied",
    "emptied": f"1 when it had {_SMALL} or more, is quarantined now, and has less than a tenth of them or than validation.min_characters",
    "language": "now",
    "language_before": "",
    "language_switched": "1 when both are known for certain and differ",
    "headings": "now",
    "headings_before": "",
    "headings_vanished": f"1 when three or more fell to none while {_TEXT_STAYED:.0%} of the text stayed",
    "links": "now",
    "links_before": "",
    "tables": "now",
    "tables_before": "",
    "tables_vanished": f"1 when there are fewer while {_TEXT_STAYED:.0%} of the text stayed",
    "all_tables_vanished": "1 when there are none any more while that much of the text stayed",
    "table_rows": "now",
    "table_rows_before": "",
    "table_rows_kept": f"share, 0 to 1; 1 when there were fewer than {_SMALL_TABLE}",
    "table_columns": "of the widest table, now",
    "table_columns_before": "",
    "table_columns_kept": "share, 0 to 1",
    "table_header_kept": "share of the column names that are still there, 0 to 1",
    "empty_cells": "share of empty cells, now",
    "empty_cells_before": "",
    "empty_cells_grown": "the difference, where the tables are large enough to tell",
    "confidentiality": "now",
    "confidentiality_before": "",
    "confidentiality_loosened": "1 when an audience may see it now that could not before",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a document is compared with its next version."""

    text_digest: str
    characters: int
    language: str  # "" when it is not certain
    headings: int
    links: int
    tables: int
    rows: int  # of all tables
    columns: int  # of the widest
    header: tuple[str, ...]  # digests of column names
    empty_cells: float
    confidentiality: str

    def to_json(self) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def from_json(cls, content: list[Any]) -> Shape:
        shape = dict(zip(cls.__slots__, content, strict=True))
        return cls(**shape | {"header": tuple(shape["header"])})


@dataclass(frozen=True)
class Baseline:
    """The last accepted ingest of a corpus. `accepted`: revisions, oldest first."""

    revision: str
    shapes: Mapping[str, Shape]
    accepted: tuple[str, ...] = field(default=())
    seen: Mapping[str, Seen] = field(default_factory=dict)  # of every document that was indexed at any accepted ingest


def shape_of(facts: DocumentFacts) -> Shape:
    certain = facts.language_confidence >= _LANGUAGE_CONFIDENCE and facts.characters >= _LANGUAGE_CHARACTERS
    cells = sum(table.rows * table.columns for table in facts.tables)
    empty = sum(table.rows * table.columns * table.empty_share for table in facts.tables)
    return Shape(
        text_digest=facts.text_digest,
        characters=facts.characters,
        language=facts.detected_language if certain else "",
        headings=facts.headings,
        links=facts.links,
        tables=facts.elements.get("table", 0),
        rows=sum(table.rows for table in facts.tables),
        columns=max((table.columns for table in facts.tables), default=0),
        header=tuple(sorted({name for table in facts.tables for name in table.header})[:_MAX_HEADER]),
        empty_cells=round(empty / cells, 4) if cells else 0.0,
        confidentiality=facts.labels.get("confidentiality", ""),
    )


def change_row(path: str, before: Shape, now: Shape, *, quarantined: bool, setup: ValidationSetup) -> dict[str, Any]:
    """The columns of `CHANGE_COLUMNS`."""
    kept = now.characters / before.characters if before.characters >= _SMALL else 1.0
    stayed = kept >= _TEXT_STAYED
    large = before.rows >= _SMALL_TABLE and now.rows >= _SMALL_TABLE
    # Where whole tables went with their text, the text says it; structure is judged where text stayed or tables did.
    same_tables = stayed or (before.tables > 0 and now.tables >= before.tables)
    few = now.characters < max(setup.validation.min_characters, before.characters / 10)
    emptied = quarantined and few and before.characters >= _SMALL
    return {
        "doc_id": path,
        "characters": now.characters,
        "characters_before": before.characters,
        "characters_kept": 1.0 if emptied else min(kept, 1.0),
        "emptied": int(emptied),
        "language": now.language,
        "language_before": before.language,
        "language_switched": int(bool(now.language and before.language and now.language != before.language)),
        "headings": now.headings,
        "headings_before": before.headings,
        "headings_vanished": int(stayed and before.headings >= 3 and now.headings == 0),
        "links": now.links,
        "links_before": before.links,
        "tables": now.tables,
        "tables_before": before.tables,
        "tables_vanished": int(stayed and now.tables < before.tables),
        "all_tables_vanished": int(stayed and bool(before.tables) and not now.tables),
        "table_rows": now.rows,
        "table_rows_before": before.rows,
        "table_rows_kept": min(now.rows / before.rows, 1.0) if before.rows >= _SMALL_TABLE and same_tables else 1.0,
        "table_columns": now.columns,
        "table_columns_before": before.columns,
        "table_columns_kept": min(now.columns / before.columns, 1.0) if before.columns >= 2 and now.columns else 1.0,
        "table_header_kept": len(set(before.header) & set(now.header)) / len(before.header)
        if before.header and now.tables
        else 1.0,
        "empty_cells": now.empty_cells,
        "empty_cells_before": before.empty_cells,
        "empty_cells_grown": max(now.empty_cells - before.empty_cells, 0.0) if large else 0.0,
        "confidentiality": now.confidentiality,
        "confidentiality_before": before.confidentiality,
        "confidentiality_loosened": int(is_looser(now.confidentiality, before.confidentiality, setup.access)),
    }


def load_baseline(store: Store, corpus: str, audiences: Audiences) -> Baseline | None:
    """The last accepted ingest of a corpus; None when there is none yet.

    Raises:
        IntegrityError: it can't be read; regressions would pass unseen.
    """
    key = baseline_key(corpus)
    try:
        content = orjson.loads(store.get(key))
        if content["format"] != _FORMAT:
            return None
        shapes = {path: Shape.from_json(shape) for path, shape in content["shapes"].items()}
        seen = {path: Seen(tuple(audiences), digest) for path, (audiences, digest) in content.get("seen", {}).items()}
        return Baseline(content["revision"], shapes, tuple(content["accepted"]), seen or _seen_by_shapes(shapes, audiences))
    except NotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(
            f"{key!r}, the documents of the last accepted ingest, can't be read; delete it to validate without comparison"
        ) from error


def _seen_by_shapes(shapes: Mapping[str, Shape], audiences: Audiences) -> dict[str, Seen]:
    """Who saw the documents of a baseline that was written when a document without a label was shown to everybody."""
    everybody = tuple(sorted(audiences.access))
    return {
        path: Seen(
            tuple(sorted(audiences.seeing(shape.confidentiality))) if shape.confidentiality else everybody, shape.text_digest
        )
        for path, shape in shapes.items()
    }


def store_baseline(
    store: Store, corpus: str, revision: str, shapes: Mapping[str, Shape], seen: Mapping[str, Seen], before: Baseline | None
) -> None:
    """Make `revision` the last accepted ingest of a corpus.

    Args:
        seen: who sees each document that is indexed. Who saw those that are not, when they last were, is kept.
    """
    known = {**(before.seen if before else {}), **{path: replace(one, ground="") for path, one in seen.items()}}
    accepted = [one for one in (before.accepted if before else ()) if one != revision][-_MAX_REVISIONS:]
    content = {
        "format": _FORMAT,
        "revision": revision,
        "accepted": [*accepted, revision],
        "shapes": {path: shape.to_json() for path, shape in sorted(shapes.items())},
        "seen": {path: [one.audiences, one.text_digest] for path, one in sorted(known.items())},
    }
    if before is not None and before.revision == revision and before.shapes == shapes and before.seen == known:
        return
    # Paths may hold what is no UTF-8: json escapes it, orjson refuses it.
    store.put(baseline_key(corpus), json.dumps(content, separators=(",", ":")).encode())


def baseline_key(corpus: str) -> str:
    return BASELINES.key(corpus)

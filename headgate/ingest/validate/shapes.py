"""What of a document is compared with its next version: counts, names of columns, and hashes of its lines and of where its links lead.

DocumentFacts ──shape_of──► Shape      about 300 bytes a page; JSON there and back
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.ingest.validate.facts.resemblance import marks

_MAX_HEADER = 40  # column names kept of a document
_LANGUAGE_CONFIDENCE = 0.9
_LANGUAGE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """One version of a document. Tables that only frame a text (`TableShape.is_box`) count for nothing here."""

    text_digest: str
    characters: int
    language: str  # "" when it is not certain
    headings: int
    links: int
    tables: int
    rows: int  # of all tables
    columns: int  # of the widest, boxes included: a table that fell into one column is one
    header: tuple[str, ...]  # names of columns
    empty_cells: float
    confidentiality: str
    lines: bytes = b""  # see resemblance.marks; none in what was kept by earlier versions
    targets: bytes = b""  # of its links, see resemblance.hash_names

    def to_json(self) -> list[Any]:
        plain = [getattr(self, name) for name in self.__slots__[:-2]]
        return [*plain, *(base64.b64encode(one).decode() for one in (self.lines, self.targets))]

    @classmethod
    def from_json(cls, content: list[Any]) -> Shape:
        *plain, lines, targets = content
        shape = dict(zip(cls.__slots__[:-2], plain, strict=True))
        shape["header"] = tuple(shape["header"])
        return cls(**shape, lines=base64.b64decode(lines), targets=base64.b64decode(targets))

    @classmethod
    def from_first_format(cls, content: list[Any]) -> Shape:
        """A shape as it was kept while boxes counted as tables and column names were digests: its tables are not compared."""
        shape = dict(zip(cls.__slots__[:-2], content, strict=True))
        return cls(**shape | {"tables": 0, "rows": 0, "columns": 0, "header": (), "empty_cells": 0.0})


def shape_of(facts: DocumentFacts) -> Shape:
    """The shape of a document."""
    certain = facts.language_confidence >= _LANGUAGE_CONFIDENCE and facts.characters >= _LANGUAGE_CHARACTERS
    boxes = sum(table.is_box for table in facts.tables)
    tables = [table for table in facts.tables if not table.is_box]
    cells = sum(table.rows * table.columns for table in tables)
    empty = sum(table.rows * table.columns * table.empty_share for table in tables)
    names = dict.fromkeys(name.casefold() for table in tables for name in table.header)
    return Shape(
        text_digest=facts.text_digest,
        characters=facts.characters,
        language=facts.detected_language if certain else "",
        headings=facts.headings,
        links=facts.links,
        tables=facts.elements.get("table", 0) - boxes,
        rows=sum(table.rows for table in tables),
        columns=max((table.columns for table in facts.tables), default=0),
        header=tuple(sorted(names)[:_MAX_HEADER]),
        empty_cells=round(empty / cells, 4) if cells else 0.0,
        confidentiality=facts.labels.get("confidentiality", ""),
        lines=b"".join(sorted(marks(facts.lines, width=8))),
        targets=facts.targets,
    )

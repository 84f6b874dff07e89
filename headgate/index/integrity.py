"""Is a pinned table version still what was pinned? Every file, every row, every vector and every index is looked at.

    files              each file has the digest that the inventory names
    row_count          as many rows as were pinned, and as the chunk set has
    chunk_ids          no chunk id twice
    rows               every row's digests follow from its columns
    vectors            finite and of unit length, one of every unit that may be quoted
    digest             rows and indexes give the digest of the reference
    orphan_chunks      no row that the chunk set does not have
    missing_chunks     no row of the chunk set is missing
    missing_documents  every document that the ingest calls indexed has rows
    index_coverage     every index is there and covers every row
    vocabulary         the vocabulary counted with the version is there, unchanged

A check that can't be made, since what it compares with was pruned, is told as not made and never as passed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from pydantic import ValidationError

from headgate.errors import HeadgateError, IntegrityError, NotFoundError
from headgate.index import chunk_set as chunk_sets
from headgate.index.inventory import verify_inventory
from headgate.index.table_indexes import wanted_indexes
from headgate.index.table_rows import (
    ROW_FORMAT,
    heading_terms,
    passage_digest,
    passage_of,
    row_mark,
    search_text,
    table_schema,
)
from headgate.index.versions import list_versions, open_version
from headgate.records import IngestResult, IntegrityCheck, IntegrityReport, PinnedVersion
from headgate.records.progress import Progress
from headgate.settings import IndexSettings
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import INGESTS, OBJECTS

#: Largest distance of a vector's length from 1; bf16 models give up to 0.004.
_UNIT_TOLERANCE = 1e-2
_EXAMPLES = 5
_READ = 2048


class _Findings:
    """Checks in the making: examples of what is wrong, by check."""

    def __init__(self) -> None:
        self.wrong: dict[str, list[str]] = {}
        self.counts: dict[str, int] = {}
        self.skipped: dict[str, str] = {}
        self.checked: list[str] = []

    def start(self, *names: str) -> None:
        self.checked += names

    def add(self, name: str, example: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1
        examples = self.wrong.setdefault(name, [])
        if len(examples) < _EXAMPLES:
            examples.append(example)

    def skip(self, name: str, why: str) -> None:
        self.checked.append(name)
        self.skipped[name] = why

    def checks(self) -> tuple[IntegrityCheck, ...]:
        return tuple(
            IntegrityCheck(
                name=name,
                outcome="not_checked" if name in self.skipped else "failed" if name in self.wrong else "passed",
                failed=self.counts.get(name, 0),
                detail=self.skipped.get(name, "") or "; ".join(self.wrong.get(name, ())),
            )
            for name in self.checked
        )


def check_version(store: Store, pinned: PinnedVersion) -> IntegrityReport:
    """Look at everything of one version. Rows are read in batches, ids and digests of all are held: some hundred bytes a row.

    Raises:
        StorageError: the store can't be reached.
    """
    findings = _Findings()
    ref = pinned.ref
    findings.start("files")
    try:
        verify_inventory(store, ref.table, ref.version, ref.files_digest, copies=False)
    except IntegrityError as error:
        findings.add("files", str(error))
    findings.start("readable")
    try:
        table = open_version(store, ref)
        _check_rows(store, pinned, table, findings)
        _check_indexes(pinned, table, findings)
    except (ValueError, RuntimeError, OSError, IntegrityError) as error:  # what Lance raises for damaged files
        findings.add("readable", f"the version can't be read whole: {str(error).splitlines()[0][:200]}")
    _check_vocabulary(store, pinned, findings)
    return IntegrityReport(
        table=ref.table, version=ref.version, corpus_revision=pinned.corpus_revision, rows=ref.rows, checks=findings.checks()
    )


def check_versions(store: Store, versions: Sequence[PinnedVersion], progress: Progress | None = None) -> list[IntegrityReport]:
    """`check_version` of each; one that a clean-up took away meanwhile is left out.

    Args:
        progress: called with (versions looked at so far, all).
    """
    reports = []
    for number, pinned in enumerate(versions, start=1):
        report = check_version(store, pinned)
        if report.passed or any(known.ref == pinned.ref for known in list_versions(store, pinned.ref.table)):
            reports.append(report)
        if progress:
            progress(number, len(versions))
    return reports


def _check_rows(store: Store, pinned: PinnedVersion, table: Any, findings: _Findings) -> None:
    if missing := [name for name in table_schema(1).names if name not in table.schema.names]:  # a name can be damaged too
        raise IntegrityError(f"it has no column {', '.join(missing)}")
    findings.start("row_count", "chunk_ids", "rows", "vectors", "digest")
    rows = table.count_rows()
    if rows != pinned.ref.rows or rows != pinned.chunk_set.chunks:
        findings.add("row_count", f"{rows} rows, {pinned.ref.rows} were pinned, the chunk set has {pinned.chunk_set.chunks}")
    marks: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    documents: set[str] = set()
    for row in _rows(table):
        chunk_id, vector = str(row["chunk_id"]), row.pop("vector")
        if chunk_id in marks:
            findings.add("chunk_ids", f"chunk {chunk_id} of {row['doc_id']!r} is there twice")
        _check_vector(chunk_id, vector, findings)
        digest = chunk_sets.row_digest({name: row[name] for name in chunk_sets.SCHEMA.names})
        passage = passage_of(row)
        text_digest, terms, unit_vectors = passage_digest(passage), search_text(row), bytes(row["unit_vectors"] or b"")
        if len(unit_vectors) != len(passage.units) * len(vector):
            findings.add("vectors", f"chunk {chunk_id} has {len(passage.units)} units and other vectors")
        mark = row_mark(digest, terms, vector, unit_vectors)
        derived = {"row_digest": digest, "text_digest": text_digest, "search_text": terms, "row_mark": mark}
        for name, found in (derived | {"heading_terms": heading_terms(row)}).items():
            if row[name] != found:
                findings.add("rows", f"chunk {chunk_id} of {row['doc_id']!r}: its {name} does not follow from its content")
        marks[chunk_id] = mark
        digests[digest] = f"{chunk_id} of {row['doc_id']!r}"
        documents.add(str(row["doc_id"]))
    whole = hashlib.sha256()
    for _, mark in sorted(marks.items()):
        whole.update(mark)
    settings = IndexSettings(exact_below=pinned.exact_below)
    whole.update(orjson.dumps([ROW_FORMAT, sorted(wanted_indexes(pinned.ref.rows, settings).items())]))
    if whole.hexdigest() != pinned.ref.digest:
        findings.add("digest", f"rows and indexes give {whole.hexdigest()[:16]}…, the reference says {pinned.ref.digest[:16]}…")
    _check_chunk_set(store, pinned, digests, findings)
    _check_documents(store, pinned, documents, findings)


def _rows(table: Any) -> Iterator[dict[str, Any]]:
    names = [name for name in table.schema.names if name != "vector"]
    for batch in table.search().select([*names, "vector"]).limit(table.count_rows() or 1).to_batches(_READ):
        column = batch.column(batch.schema.get_field_index("vector"))
        matrix = column.flatten().to_numpy(zero_copy_only=False).reshape(len(batch), -1)
        plain = pa.RecordBatch.from_arrays([batch.column(batch.schema.get_field_index(name)) for name in names], names=names)
        for row, vector in zip(plain.to_pylist(), matrix, strict=True):
            yield row | {"vector": vector}


def _check_vector(chunk_id: str, vector: Any, findings: _Findings) -> None:
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or abs(length - 1) > _UNIT_TOLERANCE:
        findings.add("vectors", f"the vector of chunk {chunk_id} has length {length:.4g}")


def _check_chunk_set(store: Store, pinned: PinnedVersion, digests: dict[str, str], findings: _Findings) -> None:
    if not store.exists(pinned.chunk_set.key):
        for name in ("orphan_chunks", "missing_chunks"):
            findings.skip(name, f"chunk set {pinned.chunk_set.key!r} is gone")
        return
    findings.start("orphan_chunks", "missing_chunks")
    try:
        wanted = chunk_sets.read_digests(store, pinned.chunk_set)
    except IntegrityError as error:
        findings.add("missing_chunks", str(error))
        return
    expected = dict(zip(wanted["row_digest"].to_pylist(), wanted["chunk_id"].to_pylist(), strict=True))
    for digest in digests.keys() - expected.keys():
        findings.add("orphan_chunks", f"chunk {digests[digest]} is not in the chunk set")
    for digest in expected.keys() - digests.keys():
        findings.add("missing_chunks", f"chunk {expected[digest]} is not in the table")


def _check_documents(store: Store, pinned: PinnedVersion, documents: set[str], findings: _Findings) -> None:
    key = INGESTS.key(pinned.corpus_revision)
    try:
        ingest = IngestResult.model_validate_json(store.get(key))
    except NotFoundError:
        findings.skip("missing_documents", f"there is no record of the ingest, {key!r}")
        return
    except ValidationError:
        findings.skip("missing_documents", f"{key!r} is of another version of headgate")
        return
    if ingest.chunk_set.digest != pinned.chunk_set.digest:
        findings.skip("missing_documents", "the same revision was ingested again with another result")
        return
    findings.start("missing_documents")
    for outcome in ingest.outcomes:
        if outcome.outcome == "indexed" and outcome.chunks and outcome.path not in documents:
            findings.add("missing_documents", f"{outcome.path!r} has {outcome.chunks} chunks and no row")


def _check_indexes(pinned: PinnedVersion, table: Any, findings: _Findings) -> None:
    findings.start("index_coverage")
    wanted = wanted_indexes(pinned.ref.rows, IndexSettings(exact_below=pinned.exact_below))
    present = {index.name for index in table.list_indices()}
    for name in sorted(wanted.keys() - present):
        findings.add("index_coverage", f"the index {name!r} ({wanted[name]}) is missing")
    for name in sorted(wanted.keys() & present):
        stats = table.index_stats(name)
        if stats.num_unindexed_rows:
            findings.add("index_coverage", f"{name!r} does not cover {stats.num_unindexed_rows} of {pinned.ref.rows} rows")


def _check_vocabulary(store: Store, pinned: PinnedVersion, findings: _Findings) -> None:
    findings.start("vocabulary")
    try:
        if sha256_hex(store.get(OBJECTS.key(pinned.vocabulary))) != pinned.vocabulary:
            findings.add("vocabulary", "it was changed")
    except HeadgateError as error:
        findings.add("vocabulary", str(error))

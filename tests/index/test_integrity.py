"""Planted damage: each kind is found by the check that is named for it, and by the others only where they must."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lancedb
import numpy as np
import orjson
import pytest

from headgate.index.integrity import check_version
from headgate.index.inventory import take_inventory
from headgate.index.versions import list_versions
from headgate.records import FileOutcome, IndexResult, IngestCounts, IngestResult, IntegrityReport, PinnedVersion
from headgate.settings import Settings
from headgate.storage import open_store
from tests.conftest import help_chunks, make_chunk, put_chunks
from tests.verbs import update_table


def pinned(settings: Settings) -> PinnedVersion:
    return list_versions(open_store(settings))[-1]


def failed(report: IntegrityReport) -> set[str]:
    return {check.name for check in report.checks if check.outcome == "failed"}


def table_of(settings: Settings, version: PinnedVersion) -> lancedb.table.Table:
    return lancedb.connect(str(settings.store_root / "lance")).open_table(version.ref.table)


def repinned(settings: Settings, version: PinnedVersion, table: lancedb.table.Table) -> PinnedVersion:
    """The note as it would be if the newest version had been pinned for what `version` says."""
    files = take_inventory(open_store(settings), version.ref.table, table.version)
    return version.model_copy(update={"ref": version.ref.model_copy(update={"version": table.version, "files_digest": files})})


def test_a_whole_version_passes_every_check(settings: Settings, indexed: IndexResult) -> None:
    report = check_version(open_store(settings), pinned(settings))
    assert report.passed
    assert {check.name for check in report.checks if check.outcome == "not_checked"} == {"missing_documents"}
    assert {check.name for check in report.checks} >= {"files", "rows", "vectors", "digest", "index_coverage", "vocabulary"}


def test_a_flipped_byte_is_a_changed_file(settings: Settings, indexed: IndexResult) -> None:
    for place in ("data", "_indices", "_versions"):
        version = pinned(settings)
        folder = settings.store_root / "lance" / f"{version.ref.table}.lance"
        names = orjson.loads(open_store(settings).get(f"objects/{version.ref.files_digest}"))
        path = folder / next(name for name in names if name.startswith(place))
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :])
        report = check_version(open_store(settings), version)
        path.write_bytes(whole)
        assert "files" in failed(report)
        assert path.name in next(check.detail for check in report.checks if check.name == "files")


def test_a_column_that_is_gone_is_told(settings: Settings, indexed: IndexResult) -> None:
    table = table_of(settings, pinned(settings))
    table.drop_columns(["ordinal"])
    report = check_version(open_store(settings), repinned(settings, pinned(settings), table))
    assert "it has no column ordinal" in next(check.detail for check in report.checks if check.name == "readable")


def test_a_deleted_file_is_named(settings: Settings, indexed: IndexResult) -> None:
    version = pinned(settings)
    folder = settings.store_root / "lance" / f"{version.ref.table}.lance"
    path = next((folder / "data").glob("*.lance"))
    path.unlink()
    report = check_version(open_store(settings), version)
    assert failed(report) >= {"files", "readable"}
    assert f"{path.name} is missing" in report.checks[0].detail


def test_a_deleted_row_is_missing_from_the_chunk_set(settings: Settings, indexed: IndexResult) -> None:
    table = table_of(settings, pinned(settings))
    table.delete("doc_id = 'plans/plus.md'")
    report = check_version(open_store(settings), repinned(settings, pinned(settings), table))
    assert failed(report) == {"row_count", "digest", "missing_chunks"}


def test_a_row_that_no_document_has_is_an_orphan(settings: Settings, indexed: IndexResult) -> None:
    version = pinned(settings)
    update_table(settings, put_chunks(settings, [*help_chunks(), make_chunk("extra.md", "A row too many.")], "r2"))
    newest = pinned(settings)
    report = check_version(open_store(settings), newest.model_copy(update={"chunk_set": version.chunk_set}))
    assert failed(report) == {"row_count", "orphan_chunks"}


@pytest.mark.parametrize(("value", "length"), [(float("nan"), "nan"), (0.0, "0"), (0.5, "9.798")])
def test_a_vector_that_is_not_of_unit_length_is_found(
    settings: Settings, indexed: IndexResult, value: float, length: str
) -> None:
    table = table_of(settings, pinned(settings))
    rows = table.search().where("doc_id = 'plans/plus.md'").limit(1).to_arrow().select(table.schema.names)
    row = rows.to_pylist()[0] | {"vector": np.full(384, value, dtype=np.float32)}
    table.delete("doc_id = 'plans/plus.md'")
    import lance
    import pyarrow as pa

    lance.write_dataset(pa.Table.from_pylist([row], schema=table.schema), table.to_lance().uri, mode="append")
    table.checkout_latest()
    report = check_version(open_store(settings), repinned(settings, pinned(settings), table))
    assert failed(report) >= {"vectors", "digest", "rows"}
    assert f"length {length}" in next(check.detail for check in report.checks if check.name == "vectors")


@pytest.mark.parametrize(("shorter", "checks"), [(0, {"rows", "digest"}), (384, {"rows", "vectors", "digest"})])
def test_unit_vectors_that_are_not_those_of_the_row_are_found(
    settings: Settings, indexed: IndexResult, shorter: int, checks: set[str]
) -> None:
    table = table_of(settings, pinned(settings))
    rows = table.search().where("doc_id = 'plans/plus.md'").limit(1).to_arrow().select(table.schema.names)
    kept = rows.to_pylist()[0]
    other = bytes(reversed(kept["unit_vectors"]))[shorter:]
    table.delete("doc_id = 'plans/plus.md'")
    import lance
    import pyarrow as pa

    changed = pa.Table.from_pylist([kept | {"unit_vectors": other}], schema=table.schema)
    lance.write_dataset(changed, table.to_lance().uri, mode="append")
    table.checkout_latest()
    assert failed(check_version(open_store(settings), repinned(settings, pinned(settings), table))) >= checks


def test_a_changed_text_no_longer_fits_its_digests(settings: Settings, indexed: IndexResult) -> None:
    table = table_of(settings, pinned(settings))
    table.update(where="doc_id = 'plans/plus.md'", values={"text": "Home Plus is free."})
    report = check_version(open_store(settings), repinned(settings, pinned(settings), table))
    assert failed(report) == {"rows", "vectors", "digest", "orphan_chunks", "missing_chunks", "index_coverage"}


def test_a_wrong_digest_in_the_reference_is_found(settings: Settings, indexed: IndexResult) -> None:
    version = pinned(settings)
    wrong = version.model_copy(update={"ref": version.ref.model_copy(update={"digest": "0" * 64})})
    assert failed(check_version(open_store(settings), wrong)) == {"digest"}


def test_a_row_written_twice_is_found(settings: Settings, indexed: IndexResult) -> None:
    table = table_of(settings, pinned(settings))
    table.add(table.search().limit(1).to_arrow().select(table.schema.names))
    report = check_version(open_store(settings), repinned(settings, pinned(settings), table))
    assert failed(report) == {"row_count", "chunk_ids", "index_coverage"}


def test_rows_that_no_index_covers_and_an_index_that_is_missing_are_found(settings: Settings, indexed: IndexResult) -> None:
    table = table_of(settings, pinned(settings))
    table.drop_index("doc_id_idx")
    report = check_version(open_store(settings), repinned(settings, pinned(settings), table))
    assert failed(report) == {"index_coverage"}
    assert "'doc_id_idx' (BTree) is missing" in report.checks[-2].detail


def test_a_document_that_the_ingest_calls_indexed_and_that_has_no_row_is_missing(
    settings: Settings, indexed: IndexResult
) -> None:
    store, version = open_store(settings), pinned(settings)
    outcomes = tuple(
        FileOutcome(path=path, digest="0" * 64, outcome="indexed", chunks=1) for path in ("plans/plus.md", "lost/page.md")
    )
    counts = IngestCounts(files=2, indexed=2, quarantined=0, dead_lettered=0, excluded=0)
    ingest = IngestResult(
        corpus_revision="r1", counts=counts, outcomes=outcomes, chunk_set=version.chunk_set, parsed=2, seconds=0.0
    )
    store.put("ingests/r1.json", ingest.model_dump_json().encode())
    report = check_version(store, version)
    assert failed(report) == {"missing_documents"}
    assert "'lost/page.md'" in next(check.detail for check in report.checks if check.name == "missing_documents")


def test_a_vocabulary_that_is_gone_is_found(settings: Settings, indexed: IndexResult, tmp_path: Path) -> None:
    version = pinned(settings)
    open_store(settings).delete(f"objects/{version.vocabulary}")
    assert failed(check_version(open_store(settings), version)) == {"vocabulary"}


def test_what_can_not_be_compared_is_told_and_not_passed(make_project: Callable[..., Settings]) -> None:
    settings = make_project("other")
    reference = put_chunks(settings, help_chunks())
    update_table(settings, reference)
    open_store(settings).delete(reference.key)
    report = check_version(open_store(settings), pinned(settings))
    assert report.passed
    skipped = {check.name for check in report.checks if check.outcome == "not_checked"}
    assert skipped == {"orphan_chunks", "missing_chunks", "missing_documents"}

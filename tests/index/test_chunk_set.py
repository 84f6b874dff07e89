"""Chunk sets: equal content gives equal digests, what is read is what was written, damage is found, a part can be read."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from headgate.errors import IntegrityError
from headgate.index.chunk_set import (
    ChunkSetWriter,
    chunk_row,
    chunk_set_digest,
    encode_chunks,
    read_chunk_set,
    read_digests,
    read_rows,
    row_digest,
    write_chunk_set,
)
from headgate.records import Chunk
from headgate.storage import FolderStore
from tests.conftest import make_chunk


def document(number: int, chunks: int = 3) -> list[Chunk]:
    return [
        make_chunk(f"page-{number}.md", f"Rule {number}.{line} — 日本 ﷽", ordinal=line, heading="A") for line in range(chunks)
    ]


def test_chunks_come_back_as_they_were(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    documents = [document(1), [], document(2, 1)]
    ref = write_chunk_set(store, "r1", [(None, chunks) for chunks in documents])

    assert list(read_chunk_set(store, ref)) == [chunk for chunks in documents for chunk in chunks]
    assert (ref.chunks, ref.documents) == (4, 3)
    assert ref.key.startswith("chunk_sets/r1-")


def test_the_digest_is_of_the_content_and_not_of_how_it_was_written(tmp_path: Path) -> None:
    blocks = [encode_chunks(document(number)) for number in range(5)]
    store = FolderStore(tmp_path / "store")
    with ChunkSetWriter(tmp_path / "file") as writer:
        for block in blocks:
            writer.add(block)
        ref = writer.store(store, "r1")
    assert ref.digest == chunk_set_digest(block.digests for block in blocks)
    assert ref == write_chunk_set(store, "r1", [(None, document(number)) for number in range(5)])
    assert ref.digest != chunk_set_digest(block.digests for block in reversed(blocks))


def test_digests_tell_rows_apart_without_their_texts(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    ref = write_chunk_set(store, "r1", [(None, document(1)), (None, document(2))])
    table = read_digests(store, ref)

    assert table.column_names == ["chunk_id", "doc_id", "row_digest"]
    expected = [row_digest(chunk_row(chunk)) for number in (1, 2) for chunk in document(number)]
    assert table["row_digest"].to_pylist() == expected
    wanted = {document(2)[1].chunk_id}
    assert [row["chunk_id"] for row in read_rows(store, ref, wanted)] == list(wanted)
    assert list(read_rows(store, ref, set())) == []


def test_more_rows_than_a_group_keep_their_order(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    ref = write_chunk_set(store, "r1", [(None, document(number, 50)) for number in range(100)])
    assert pq.ParquetFile(store.path(ref.key)).num_row_groups > 1
    assert [row["ordinal"] for row in read_rows(store, ref)] == [line for _ in range(100) for line in range(50)]


@pytest.mark.parametrize("column", ["text", "title", "row_digest", "chunk_id"])
def test_a_changed_value_is_found_when_it_is_read(tmp_path: Path, column: str) -> None:
    store = FolderStore(tmp_path)
    ref = write_chunk_set(store, "r1", [(None, document(1))])
    table = pq.read_table(store.path(ref.key))
    values = table[column].to_pylist()
    values[1] = values[1][:-1] + ("0" if values[1][-1] != "0" else "1")
    changed = table.set_column(table.column_names.index(column), table.schema.field(column), [values])
    pq.write_table(changed, store.path(ref.key))

    with pytest.raises(IntegrityError, match=r"does not match its digest"):
        list(read_rows(store, ref))
    if column == "row_digest":
        with pytest.raises(IntegrityError, match=r"does not match its digest"):
            read_digests(store, ref)


@pytest.mark.parametrize("content", [b"", b"PAR1 cut"])
def test_a_file_that_is_no_chunk_set_is_told(tmp_path: Path, content: bytes) -> None:
    store = FolderStore(tmp_path)
    ref = write_chunk_set(store, "r1", [(None, document(1))])
    store.put(ref.key, content)
    with pytest.raises(IntegrityError, match=r"can't be read"):
        list(read_rows(store, ref))

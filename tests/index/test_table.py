from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import lancedb
import numpy as np
import orjson
import pytest

from headgate.errors import ClosedError, CorpusError, IntegrityError, StorageError
from headgate.index.inventory import table_folder, verify_inventory
from headgate.index.search import open_table
from headgate.index.table import table_name
from headgate.index.table_rows import stored_vectors
from headgate.records import Chunk, Hit, IndexResult, TableRef
from headgate.settings import Settings
from headgate.storage import open_store
from headgate.text.terms import analyze
from tests.conftest import help_chunks, make_chunk, put_chunks
from tests.verbs import ensure_model, update_table

PUBLIC = ("public",)


def rows_of(settings: Settings, ref: TableRef) -> dict[str, tuple[str, str, np.ndarray]]:
    """chunk id → (row digest, text, vector) of a pinned version."""
    table = lancedb.connect(str(open_store(settings).path("lance"))).open_table(ref.table)
    table.checkout(ref.version)
    found = table.to_arrow().to_pylist()
    return {row["chunk_id"]: (row["row_digest"], row["text"], np.asarray(row["vector"])) for row in found}


def search(settings: Settings, ref: TableRef, question: str) -> list[tuple[str, float]]:
    """Full-text hits, then the nearest to a fixed vector."""

    async def both() -> list[Hit]:
        table = await open_table(open_store(settings), ref)
        vector = np.ones(384, dtype=np.float32) / np.sqrt(384).astype(np.float32)
        words = await table.full_text(analyze(question, "en"), limit=10, confidentiality=PUBLIC)
        return [*words, *await table.dense(vector, limit=10, confidentiality=PUBLIC)]

    return [(hit.chunk_id, hit.bm25 if hit.bm25 is not None else hit.cosine or 0.0) for hit in asyncio.run(both())]


def test_only_new_texts_are_embedded_and_a_moved_page_reuses_its_vector(settings: Settings, indexed: IndexResult) -> None:
    assert (indexed.total, indexed.embedded, indexed.reused, indexed.deleted) == (4, 4, 0, 0)
    moved = [
        make_chunk("moved/contact.md", help_chunks()[3].text),
        *help_chunks()[:3],
        make_chunk("new.md", "A new page about moving home."),
    ]
    result = update_table(settings, put_chunks(settings, moved, "r2"))
    assert (result.total, result.embedded, result.reused, result.deleted) == (5, 1, 4, 1)


def test_the_same_chunk_set_gives_the_same_pinned_version_again(settings: Settings, indexed: IndexResult) -> None:
    other = update_table(settings, put_chunks(settings, help_chunks()[:2], "r2"))
    again = update_table(settings, put_chunks(settings, help_chunks()))
    assert other.ref.version != indexed.ref.version
    assert again.ref == indexed.ref
    assert again.embedded == 0


def test_incremental_equals_from_scratch_after_random_edits(make_project: Callable[..., Settings]) -> None:
    chance = random.Random(7)
    pages = {f"p{i}.md": f"Page {i} says that topic {i} costs £{i}.00 a month." for i in range(12)}
    incremental = make_project("incremental")
    for step in range(5):
        for name in chance.sample(sorted(pages), 3):
            pages[name] = f"{pages[name]} Edit {step}."
        pages.pop(chance.choice(sorted(pages)))
        pages[f"new{step}.md"] = f"New page of step {step}."
        old = chance.choice(sorted(pages))
        pages[f"moved{step}.md"] = pages.pop(old)
        chunks = [make_chunk(name, text) for name, text in sorted(pages.items())]
        grown = update_table(incremental, put_chunks(incremental, chunks, f"r{step}"))
        assert grown.embedded <= (4 if step else 12)
    scratch = make_project("scratch")
    built = update_table(scratch, put_chunks(scratch, chunks, "r"))
    mine, full = rows_of(incremental, grown.ref), rows_of(scratch, built.ref)
    assert {key: value[:2] for key, value in mine.items()} == {key: value[:2] for key, value in full.items()}
    assert all(np.abs(mine[key][2] - full[key][2]).max() < 1e-3 for key in mine)
    assert grown.ref.digest == built.ref.digest


def test_a_pinned_version_answers_the_same_after_writes_compaction_and_clean_up(settings: Settings, indexed: IndexResult) -> None:
    before = search(settings, indexed.ref, "refund working days router")
    assert len(before) > 4
    for step in range(3):
        chunks = [make_chunk(f"other{i}.md", f"Refund text {i} of step {step}, working days and router.") for i in range(30)]
        update_table(settings, put_chunks(settings, chunks, f"s{step}"))
    store = open_store(settings)
    table = lancedb.connect(str(store.path("lance"))).open_table(indexed.ref.table)
    table.optimize(cleanup_older_than=timedelta(days=3650))
    table.to_lance().cleanup_old_versions(older_than=timedelta(0), error_if_tagged_old_versions=False)
    assert search(settings, indexed.ref, "refund working days router") == before
    verify_inventory(store, indexed.ref.table, indexed.ref.version, indexed.ref.files_digest)


def test_any_flipped_byte_in_any_file_of_a_version_is_found(settings: Settings, indexed: IndexResult) -> None:
    store, ref = open_store(settings), indexed.ref
    names = orjson.loads(store.get(f"objects/{ref.files_digest}"))
    assert any(name.startswith("data/") for name in names)
    assert any(name.startswith("_indices/") for name in names)
    assert any(name.startswith("_versions/") for name in names)
    for name in names:
        path = table_folder(store, ref.table) / name
        original = path.read_bytes()
        broken = bytearray(original)
        broken[len(broken) // 2] ^= 1
        path.write_bytes(bytes(broken))
        with pytest.raises(IntegrityError, match="was changed"):
            verify_inventory(store, ref.table, ref.version, ref.files_digest)
        path.write_bytes(original)
    verify_inventory(store, ref.table, ref.version, ref.files_digest)


def test_the_inventory_names_every_file_that_reading_needs(
    settings: Settings, indexed: IndexResult, make_project: Callable[..., Settings]
) -> None:
    other = make_project("copy")
    source, target = open_store(settings), open_store(other)
    for name in orjson.loads(source.get(f"objects/{indexed.ref.files_digest}")):
        destination = table_folder(target, indexed.ref.table) / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(table_folder(source, indexed.ref.table) / name, destination)
    assert search(other, indexed.ref, "refund") == search(settings, indexed.ref, "refund")


def test_a_vector_index_is_built_above_the_exact_limit(make_project: Callable[..., Settings]) -> None:
    settings = make_project(index={"exact_below": 100})
    chunks = [make_chunk(f"p{i}.md", f"Page {i} about topic {i * 7}.") for i in range(300)]
    result = update_table(settings, put_chunks(settings, chunks))
    table = lancedb.connect(str(open_store(settings).path("lance"))).open_table(result.ref.table)
    assert "vector_idx" in {index.name for index in table.list_indices()}
    fewer = update_table(settings, put_chunks(settings, chunks[:50], "r2"))
    table = lancedb.connect(str(open_store(settings).path("lance"))).open_table(fewer.ref.table)
    assert "vector_idx" not in {index.name for index in table.list_indices()}


def test_labels_that_may_not_be_seen_are_never_found(settings: Settings) -> None:
    chunks = [
        *help_chunks(),
        make_chunk("internal/x.md", "Refunds for staff arrive within 10 working days.", confidentiality="internal"),
    ]
    ref = update_table(settings, put_chunks(settings, chunks)).ref

    async def found(labels: tuple[str, ...]) -> set[str]:
        table = await open_table(open_store(settings), ref)
        vector = np.ones(384, dtype=np.float32)
        hits = await table.dense(vector, limit=20, confidentiality=labels)
        hits += await table.full_text(analyze("refunds working days", "en"), limit=20, confidentiality=labels)
        return {hit.doc_id for hit in hits}

    assert "internal/x.md" not in asyncio.run(found(PUBLIC))
    assert "internal/x.md" in asyncio.run(found(("public", "internal")))
    assert asyncio.run(found(())) == set()


def test_a_label_with_a_quote_is_data_and_not_a_query(settings: Settings) -> None:
    nasty = "public' OR confidentiality = 'internal"
    chunks: list[Chunk] = [*help_chunks(), make_chunk("internal/x.md", "Refunds for staff.", confidentiality="internal")]
    ref = update_table(settings, put_chunks(settings, chunks)).ref

    async def found() -> list[Hit]:
        table = await open_table(open_store(settings), ref)
        return await table.dense(np.ones(384, dtype=np.float32), limit=20, confidentiality=(nasty,))

    assert asyncio.run(found()) == []


def test_an_empty_chunk_set_is_refused(settings: Settings) -> None:
    with pytest.raises(CorpusError, match="no chunks"):
        update_table(settings, put_chunks(settings, []))


def test_duplicate_chunk_ids_are_refused_before_anything_is_written(settings: Settings) -> None:
    with pytest.raises(IntegrityError, match="twice"):
        update_table(settings, put_chunks(settings, [help_chunks()[0], help_chunks()[0]]))


def test_a_store_that_can_not_be_written_is_a_clear_error(settings: Settings, tmp_path: Path) -> None:
    reference = put_chunks(settings, help_chunks())
    locks = settings.store_root / "locks"
    locks.write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="can't be written"):
        update_table(settings, reference)


def damage_a_vector(settings: Settings, ref: TableRef, doc_id: str) -> None:
    """Flip the sign of one number of a page's vector, in the file."""
    table = lancedb.connect(str(open_store(settings).path("lance"))).open_table(ref.table)
    (row,) = [row for row in table.to_arrow().to_pylist() if row["doc_id"] == doc_id]
    (file,) = (table_folder(open_store(settings), ref.table) / "data").glob("*.lance")
    content = bytearray(file.read_bytes())
    place = content.find(np.asarray(row["vector"], dtype="<f4")[100:110].tobytes())
    assert place > 0
    content[place + 3] ^= 0x80
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("change", ["nothing", "labels", "pages gone"])
def test_a_damaged_vector_never_reaches_a_later_version(
    make_project: Callable[..., Settings], caplog: pytest.LogCaptureFixture, change: str
) -> None:
    settings, clean = make_project(), make_project("clean")
    pages = [
        make_chunk(f"p{number}.md", f"Page {number} says that topic {number} costs {number} pounds.") for number in range(10)
    ]
    first = update_table(settings, put_chunks(settings, pages, "r1"))
    damage_a_vector(settings, first.ref, "p7.md")
    match change:
        case "labels":  # no text changes: vectors are taken over from the table
            pages = [make_chunk(page.doc_id, page.text, confidentiality="internal") for page in pages]
        case "pages gone":  # more than a fifth of a file: it is written anew
            pages = pages[3:]
    second = update_table(settings, put_chunks(settings, pages, "r2"))
    scratch = update_table(clean, put_chunks(clean, pages, "r2"))
    assert second.ref.digest == scratch.ref.digest
    assert second.embedded == 0  # the vector cache knows them all
    for chunk_id, (_, _, vector) in rows_of(clean, scratch.ref).items():
        assert np.array_equal(rows_of(settings, second.ref)[chunk_id][2], vector)
    store = open_store(settings)
    verify_inventory(store, second.ref.table, second.ref.version, second.ref.files_digest)
    assert "written anew" in caplog.text
    with pytest.raises(IntegrityError, match="was changed"):
        verify_inventory(store, first.ref.table, first.ref.version, first.ref.files_digest)


def test_a_rewrite_that_was_killed_goes_on(make_project: Callable[..., Settings], caplog: pytest.LogCaptureFixture) -> None:
    settings, clean = make_project(), make_project("clean")
    pages = [
        make_chunk(f"p{number}.md", f"Page {number} says that topic {number} costs {number} pounds.") for number in range(10)
    ]
    first = update_table(settings, put_chunks(settings, pages, "r1"))
    damage_a_vector(settings, first.ref, "p7.md")

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_table(settings, put_chunks(settings, pages[1:], "r2"), progress=stop)
    assert "written anew" in caplog.text
    caplog.clear()
    second = update_table(settings, put_chunks(settings, pages[1:], "r2"))
    assert second.written == 0
    assert "written anew" not in caplog.text
    assert second.ref.digest == update_table(clean, put_chunks(clean, pages[1:], "r2")).ref.digest


def test_notes_of_a_table_that_is_lost_cost_nothing(settings: Settings, indexed: IndexResult) -> None:
    for number in range(3):
        chunks = [*help_chunks(), make_chunk("news.md", f"News number {number}.")]
        last = update_table(settings, put_chunks(settings, chunks, f"n{number}"))
    shutil.rmtree(table_folder(open_store(settings), indexed.ref.table))
    again = update_table(settings, put_chunks(settings, help_chunks(), "r1"))
    assert (again.written, again.ref.version < last.ref.version) == (4, True)
    assert update_table(settings, put_chunks(settings, [*help_chunks(), make_chunk("news.md", "News.")], "r2")).written == 1


def test_a_damaged_manifest_says_what_to_do(settings: Settings, indexed: IndexResult) -> None:
    for manifest in (table_folder(open_store(settings), indexed.ref.table) / "_versions").glob("*.manifest"):
        manifest.write_bytes(manifest.read_bytes()[:10])
    with pytest.raises(StorageError, match=r"manifest may be damaged.*remove .* to have the table built anew"):
        update_table(settings, put_chunks(settings, help_chunks()[1:], "r2"))


def test_a_killed_run_leaves_no_damaged_vector_to_the_next(settings: Settings, indexed: IndexResult) -> None:
    """Rows that no version has pinned yet are judged by their marks."""
    damage_a_vector(settings, indexed.ref, "billing/refunds.md")
    table = lancedb.connect(str(open_store(settings).path("lance"))).open_table(indexed.ref.table)
    digests = table.to_arrow()["text_digest"].to_pylist()
    assert len(stored_vectors(table, digests)) == len(digests) - 1


def test_what_a_killed_creation_left_is_no_table(settings: Settings) -> None:
    model, _ = ensure_model(settings)
    name = table_name(settings.corpus.name, model)
    open_store(settings).put(f"lance/{name}.lance/_transactions/0-x.txn", b"x")
    assert update_table(settings, put_chunks(settings, help_chunks(), "r1")).total == len(help_chunks())
    assert not open_store(settings).exists(f"lance/{name}.lance/_transactions/0-x.txn")


def test_what_a_killed_drop_left_is_no_table(settings: Settings, indexed: IndexResult) -> None:
    store = open_store(settings)
    for folder in (f"table_refs/{indexed.ref.table}", f"lance/{indexed.ref.table}.lance/_versions"):
        for key in list(store.list(folder)):
            store.delete(key)
    again = update_table(settings, put_chunks(settings, help_chunks(), "r1"))
    assert again.ref.digest == indexed.ref.digest
    verify_inventory(store, again.ref.table, again.ref.version, again.ref.files_digest)


def test_a_closed_table_is_searched_no_more(settings: Settings, indexed: IndexResult) -> None:
    async def search() -> None:
        table = await open_table(open_store(settings), indexed.ref)
        assert await table.chunk_texts()
        table.close()
        table.close()
        with pytest.raises(ClosedError, match="was closed"):
            await table.chunk_texts()

    asyncio.run(search())

"""However a table came to be, it is the one that a build from scratch gives; and what changed between two versions is told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import lancedb
import numpy as np
import orjson
import pytest

from headgate.errors import StorageError
from headgate.index.chunk_set import chunk_row
from headgate.index.differences import compare_versions
from headgate.index.integrity import check_version
from headgate.index.inventory import read_inventory
from headgate.index.search import open_table
from headgate.index.table_indexes import can_be_extended, partitions, wanted_indexes
from headgate.index.table_rows import passage_digest, passage_of, search_terms
from headgate.index.vectors import open_cache
from headgate.index.versions import list_versions
from headgate.index.vocabulary import Vocabulary, count_vocabulary
from headgate.models.files import model_files
from headgate.models.open import open_embedder
from headgate.models.passages import EmbeddedPassage, to_int8
from headgate.records import Chunk, IndexResult, TableRef
from headgate.settings import IndexSettings, Settings
from headgate.storage import open_store
from headgate.text.terms import analyze
from tests.conftest import help_chunks, make_chunk, put_chunks
from tests.verbs import ensure_model, update_table


def put_vectors(settings: Settings, chunks: list[Chunk]) -> None:
    """Any unit vectors for these chunks, the same in every project, so that no model is needed."""
    model, _ = ensure_model(settings)
    cache = open_cache(settings.local_root, settings.embedding, model)
    vectors = {}
    for chunk in chunks:
        passage = passage_of(chunk_row(chunk))
        digest = passage_digest(passage)
        numbers = np.random.default_rng(int(digest[:12], 16)).normal(size=(1 + len(passage.units), model.dimensions))
        matrix = (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype(np.float32)
        vectors[digest] = EmbeddedPassage(matrix[0], to_int8(matrix[1:]))
    cache.put(vectors)
    cache.close()


def update(settings: Settings, chunks: list[Chunk], revision: str) -> IndexResult:
    put_vectors(settings, chunks)
    result = update_table(settings, put_chunks(settings, chunks, revision))
    assert result.embedded == 0
    return result


def hits(settings: Settings, ref: TableRef, question: str) -> dict[str, float]:
    async def search() -> dict[str, float]:
        table = await open_table(open_store(settings), ref)
        found = await table.full_text(analyze(question, "en"), limit=300, confidentiality=("public",))
        return {hit.chunk_id: hit.bm25 or 0.0 for hit in found}

    return asyncio.run(search())


def random_pages(chance: random.Random, count: int) -> dict[str, str]:
    words = [f"word{n}" for n in range(60)]
    return {f"p{n}.md": " ".join(chance.choices(words, k=chance.randrange(5, 40))) + f" page{n}" for n in range(count)}


def edit(pages: dict[str, str], chance: random.Random, step: int) -> None:
    """Pages edited, moved, copied, added and removed."""
    for name in chance.sample(sorted(pages), 4):
        pages[name] += f" edited{step} word{chance.randrange(60)}"
    for number, name in enumerate(chance.sample(sorted(pages), 3)):
        pages[f"moved{step}-{number}.md"] = pages.pop(name)
    pages[f"copy{step}.md"] = pages[chance.choice(sorted(pages))]
    for name in chance.sample(sorted(pages), chance.randrange(1, 5)):
        del pages[name]
    pages |= {f"s{step}-{name}": text for name, text in random_pages(chance, chance.randrange(1, 6)).items()}


def chunks_of(pages: dict[str, str]) -> list[Chunk]:
    return [make_chunk(name, text) for name, text in sorted(pages.items())]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_sequence_of_changes_ends_like_a_build_from_scratch(make_project: Callable[..., Settings], seed: int) -> None:
    chance = random.Random(seed)
    grown = make_project("grown", index={"exact_below": 60})
    pages = random_pages(chance, 50)
    for step in range(5):
        result = update(grown, chunks_of(pages), f"r{step}")
        if step < 4:
            edit(pages, chance, step)
    scratch = make_project("scratch", index={"exact_below": 60})
    whole = update(scratch, chunks_of(pages), "r")
    assert result.ref.digest == whole.ref.digest
    assert result.vocabulary == whole.vocabulary
    assert result.languages == whole.languages
    question = "word1 word2 word3 word4 word5 edited1"
    assert hits(grown, result.ref, question) == hits(scratch, whole.ref, question)
    assert check_version(open_store(grown), list_versions(open_store(grown))[-1]).passed
    vocabulary = Vocabulary.model_validate_json(open_store(grown).get(f"objects/{result.vocabulary}"))
    assert vocabulary == count_vocabulary((search_terms(text, "en"), text, "en") for text in pages.values())
    assert [one.share for one in result.fusion] == [one.share for one in whole.fusion]
    assert result.fusion == whole.fusion


def test_only_rows_that_changed_are_written_and_only_new_files_are_read_for_the_inventory(
    make_project: Callable[..., Settings],
) -> None:
    settings = make_project()
    pages = random_pages(random.Random(1), 200)
    first = update(settings, chunks_of(pages), "r1")
    pages["p7.md"] += " changed"
    pages["new.md"] = "word1 and more"
    second = update(settings, chunks_of(pages), "r2")
    assert (first.written, second.written, second.deleted) == (200, 2, 1)
    store = open_store(settings)
    before, after = (read_inventory(store, result.ref.files_digest) or {} for result in (first, second))
    shared = [name for name in before if name in after and name.startswith("data/")]
    assert shared
    assert all(before[name] == after[name] for name in shared)
    assert update_table(settings, put_chunks(settings, chunks_of(pages), "r3")).written == 0


def test_an_interrupted_run_is_completed_by_the_next_one(make_project: Callable[..., Settings]) -> None:
    settings = make_project()
    pages = random_pages(random.Random(2), 30)
    update(settings, chunks_of(pages), "r1")
    edit(pages, random.Random(3), 1)
    put_vectors(settings, chunks_of(pages))

    def stop(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    reference = put_chunks(settings, chunks_of(pages), "r2")
    with pytest.raises(KeyboardInterrupt):
        update_table(settings, reference, progress=stop)
    assert len(list_versions(open_store(settings))) == 1
    result = update_table(settings, reference)
    assert result.ref.digest == update(make_project("scratch"), chunks_of(pages), "r").ref.digest
    assert check_version(open_store(settings), list_versions(open_store(settings))[-1]).passed


def test_rows_that_two_writers_wrote_are_written_once_again(settings: Settings, indexed: IndexResult) -> None:
    table = lancedb.connect(str(settings.store_root / "lance")).open_table(indexed.ref.table)
    table.add(table.search().limit(3).to_arrow().select(table.schema.names))
    more = [*help_chunks(), make_chunk("new.md", "A page about moving home.")]
    result = update_table(settings, put_chunks(settings, more, "r2"))
    assert result.ref.rows == 5
    assert check_version(open_store(settings), list_versions(open_store(settings))[-1]).passed


def test_many_small_changes_do_not_leave_many_files(make_project: Callable[..., Settings]) -> None:
    settings = make_project()
    pages = random_pages(random.Random(4), 40)
    for step in range(14):
        pages[f"p{step}.md"] += f" again{step}"
        result = update(settings, chunks_of(pages), f"r{step}")
    table = lancedb.connect(str(settings.store_root / "lance")).open_table(result.ref.table)
    assert len(table.to_lance().get_fragments()) <= 10
    assert result.ref.digest == update(make_project("scratch"), chunks_of(pages), "r").ref.digest


def test_a_reader_of_an_old_version_sees_the_same_while_the_table_changes_its_kind_of_index(
    make_project: Callable[..., Settings],
) -> None:
    settings = make_project(index={"exact_below": 60})
    pages = random_pages(random.Random(5), 50)
    first = update(settings, chunks_of(pages), "r1")
    before = hits(settings, first.ref, "word1 word2 word3")
    for step in range(3):
        edit(pages, random.Random(step), step)
        pages |= {f"more{step}-{name}": text for name, text in random_pages(random.Random(step), 15).items()}
        update(settings, chunks_of(pages), f"s{step}")
    assert hits(settings, first.ref, "word1 word2 word3") == before


def test_near_vectors_are_found_through_the_index_too(make_project: Callable[..., Settings]) -> None:
    chunks = chunks_of(random_pages(random.Random(6), 600))
    settings = make_project(index={"exact_below": 100})
    exact = make_project("exact")
    ours, theirs = update(settings, chunks, "r"), update(exact, chunks, "r")

    async def near(project: Settings, ref: TableRef) -> list[set[str]]:
        table = await open_table(open_store(project), ref)
        queries = np.random.default_rng(1).normal(size=(20, 384)).astype(np.float32)
        found = [await table.dense(query / np.linalg.norm(query), limit=10, confidentiality=("public",)) for query in queries]
        return [{hit.chunk_id for hit in hits} for hits in found]

    pairs = list(zip(asyncio.run(near(settings, ours.ref)), asyncio.run(near(exact, theirs.ref)), strict=True))
    assert np.mean([len(one & two) / 10 for one, two in pairs]) > 0.99


def test_the_vector_index_grows_by_what_changed_and_is_trained_anew_now_and_then(make_project: Callable[..., Settings]) -> None:
    settings = make_project(index={"exact_below": 100})
    pages = random_pages(random.Random(8), 300)
    update(settings, chunks_of(pages), "r0")
    parts = []
    for step in range(3):
        for name in sorted(pages)[50 * step :][: 90 if step == 2 else 3]:
            pages[name] += f" again{step}"
        result = update(settings, chunks_of(pages), f"r{step + 1}")
        table = lancedb.connect(str(settings.store_root / "lance")).open_table(result.ref.table)
        parts.append(table.index_stats("vector_idx").num_indices)
        assert table.index_stats("vector_idx").num_unindexed_rows == 0
    assert parts == [2, 3, 1]
    assert check_version(open_store(settings), list_versions(open_store(settings))[-1]).passed

    async def found() -> list[str]:
        table = await open_table(open_store(settings), result.ref)
        vector = np.asarray(new["vector"], dtype=np.float32)
        return [hit.chunk_id for hit in await table.dense(vector, limit=1, confidentiality=("public",))]

    for new in table.search().where("text LIKE '%again1%'").limit(3).to_list():
        assert asyncio.run(found()) == [new["chunk_id"]]


def test_which_indexes_a_table_has_follows_from_its_rows_alone() -> None:
    settings = IndexSettings(exact_below=100)
    assert "vector_idx" not in wanted_indexes(100, settings)
    assert wanted_indexes(101, settings)["vector_idx"] == "IvfSq"
    assert wanted_indexes(5, settings)["doc_id_idx"] == "BTree"
    assert (partitions(1), partitions(10_000)) == (1, 100)


def test_a_broken_row_count_is_refused_and_nothing_is_pinned(settings: Settings) -> None:
    reference = put_chunks(settings, help_chunks())
    with pytest.raises(StorageError, match="another run wrote it too"):
        update_table(settings, reference.model_copy(update={"chunks": 9}))
    assert list_versions(open_store(settings)) == []


def test_the_difference_of_two_versions_names_documents_and_chunks(make_project: Callable[..., Settings]) -> None:
    settings = make_project()
    pages = {
        "same.md": "This stays.",
        "edit.md": "Ten pounds.",
        "gone.md": "This goes.",
        "old/place.md": "This moves to a new place.",
    }
    first = update(settings, chunks_of(pages), "r1")
    relabelled = make_chunk("same.md", "This stays.", topic="billing")
    changed = {"edit.md": "Twelve pounds.", "new.md": "This is new.", "new/place.md": "This moves to a new place."}
    second = update(settings, [relabelled, *chunks_of(changed)], "r2")
    difference = compare_versions(open_store(settings), first.ref, second.ref)
    assert difference.documents_added == ("new.md",)
    assert difference.documents_changed == ("edit.md", "same.md")
    assert difference.documents_removed == ("gone.md",)
    assert [(pair.before, pair.after) for pair in difference.documents_moved] == [("old/place.md", "new/place.md")]
    counts = (difference.chunks_added, difference.chunks_removed, difference.chunks_changed, difference.chunks_moved)
    assert counts == (2, 2, 1, 1)
    assert difference.chunks_unchanged == 0
    examples = {(example.kind, example.document): (example.before, example.after) for example in difference.examples}
    assert examples["added", "edit.md"] == ("", "Twelve pounds.")
    assert examples["removed", "gone.md"] == ("This goes.", "")
    assert examples["moved", "new/place.md"] == ("This moves to a new place.", "This moves to a new place.")
    same = compare_versions(open_store(settings), second.ref, second.ref)
    assert (same.chunks_unchanged, same.documents_changed, same.examples) == (4, (), ())


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("हिन्दी की किताबें", "hi", ["हिन्द", "क", "किताब"]),
        ("الكِتَابُ الجديد", "ar", ["كتاب", "جديد"]),
        ("料金は月額", "ja", ["料金", "金は", "は月", "月額"]),
        ("ราคา", "th", ["รา", "าค", "คา"]),
        ("книги и журналы", "ru", ["книг", "и", "журнал"]),
        ("Refunds take 10.50 days", "en", ["refund", "take", "10.50", "10", "day"]),
    ],
)
def test_terms_of_every_script_are_whole(text: str, language: str, terms: list[str]) -> None:
    assert analyze(text, language, keep_stop_words=True) == terms


def test_a_pinned_version_with_a_model_is_the_same_as_without_the_cache(settings: Settings, tmp_path: Path) -> None:
    """Vectors of the table, of the cache and of the engine are the same, so it does not matter where one came from."""
    result = update_table(settings, put_chunks(settings, help_chunks()))
    model, folder = ensure_model(settings)
    vectors = open_embedder(model, model_files(model, folder)).embed(
        [passage_of(chunk_row(chunk)).whole for chunk in help_chunks()]
    )
    table = lancedb.connect(str(settings.store_root / "lance")).open_table(result.ref.table)
    stored = {row["chunk_id"]: row["vector"] for row in table.to_arrow().to_pylist()}
    for chunk, vector in zip(help_chunks(), vectors, strict=True):
        assert np.array_equal(np.asarray(stored[chunk.chunk_id], dtype=np.float32), vector)
    assert orjson.loads(open_store(settings).get(f"objects/{result.vocabulary}"))["languages"]["en"]["chunks"] == 4


@pytest.mark.parametrize(
    ("parts", "unindexed", "extended"),
    [
        ([1000], 250, True),
        ([1000], 251, False),
        ([700, 200], 50, True),
        ([700, 200], 51, False),
        ([200, 700], 50, True),
        ([900] + [1] * 14, 1, True),
        ([900] + [1] * 15, 1, False),
        ([], 1000, False),
    ],
)
def test_the_vector_index_is_extended_until_a_quarter_came_after_its_training(
    parts: list[int], unindexed: int, extended: bool
) -> None:
    stats = {"num_indexed_rows_per_delta": parts, "num_unindexed_rows": unindexed}
    assert can_be_extended(stats, rows=1000) is extended

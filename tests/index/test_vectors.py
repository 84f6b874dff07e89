"""The vector source and its cache: nothing known is computed again, whatever happens in between."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from headgate.errors import ModelError
from headgate.index.vectors import BLOCK, EmbeddingProgress, VectorSource
from headgate.models.embedder import Embedder
from headgate.models.files import EmbeddingModel
from headgate.models.vector_cache import VectorCache, cache_files, clear_vectors
from headgate.settings import Settings
from headgate.storage.layout import VECTOR_CACHE
from tests.conftest import REPOSITORY, help_chunks, make_chunk, put_chunks
from tests.models.counting_engine import DIMENSIONS, MODEL, CountingEngine, passages_of, texts_of
from tests.verbs import update_table


def source(folder: Path, engine: Embedder, *, model: EmbeddingModel = MODEL, limit: int = 2**30) -> VectorSource:
    return VectorSource(model, VectorCache(folder, model.digest, DIMENSIONS, limit=limit), lambda: engine)


def collect(opened: VectorSource, texts: Mapping[str, str]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with opened:
        for vectors in opened.vectors(passages_of(texts)):
            assert not found.keys() & vectors.keys()
            found.update({digest: embedded.vector for digest, embedded in vectors.items()})
    assert found.keys() == texts.keys()
    return found


def break_record(folder: Path, column: str) -> None:
    (path,) = cache_files(folder)
    with sqlite3.connect(path) as connection:
        ((number, content),) = connection.execute(f"SELECT number, {column} FROM vectors ORDER BY number LIMIT 1").fetchall()
        broken = bytearray(content)
        broken[3] ^= 1
        connection.execute(f"UPDATE vectors SET {column} = ? WHERE number = ?", (bytes(broken), number))


def test_a_second_source_computes_nothing_and_gives_the_same_bits(tmp_path: Path) -> None:
    texts, first, second = texts_of(1200), CountingEngine(), CountingEngine()
    before = collect(source(tmp_path, first), texts)
    after = collect(source(tmp_path, second), texts)
    assert len(first.asked) == 1200
    assert second.asked == []
    assert all(np.array_equal(before[digest], after[digest]) for digest in texts)


def test_texts_come_to_the_engine_sorted_by_length(tmp_path: Path) -> None:
    engine = CountingEngine()
    collect(source(tmp_path, engine), texts_of(300))
    assert [len(text) for text in engine.asked] == sorted(len(text) for text in engine.asked)


def test_another_model_has_vectors_of_its_own(tmp_path: Path) -> None:
    other, engine = MODEL.model_copy(update={"precision": "bf16"}), CountingEngine()
    collect(source(tmp_path, CountingEngine()), texts_of(5))
    collect(source(tmp_path, engine, model=other), texts_of(5))
    assert len(engine.asked) == 5
    assert len(cache_files(tmp_path)) == 2


@pytest.mark.parametrize("column", ["vector", "mark"])
def test_a_corrupted_record_is_computed_again_and_mended(tmp_path: Path, column: str) -> None:
    texts = texts_of(20)
    before = collect(source(tmp_path, CountingEngine()), texts)
    break_record(tmp_path, column)
    engine, later = CountingEngine(), CountingEngine()
    after = collect(source(tmp_path, engine), texts)
    collect(source(tmp_path, later), texts)
    assert len(engine.asked) == 1
    assert later.asked == []
    assert all(np.array_equal(before[digest], after[digest]) for digest in texts)


@pytest.mark.parametrize("damage", [b"", b"not a database " * 400])
def test_a_broken_cache_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    texts = texts_of(20)
    collect(source(tmp_path, CountingEngine()), texts)
    (path,) = cache_files(tmp_path)
    path.write_bytes(damage)
    engine, later = CountingEngine(), CountingEngine()
    collect(source(tmp_path, engine), texts)
    collect(source(tmp_path, later), texts)
    assert len(engine.asked) == 20
    assert later.asked == []


def test_pages_broken_inside_the_file_cost_a_computation_and_never_a_wrong_vector(tmp_path: Path) -> None:
    texts = texts_of(600)
    right = collect(source(tmp_path, CountingEngine()), texts)
    (path,) = cache_files(tmp_path)
    content = bytearray(path.read_bytes())
    for position in range(8192 + 100, len(content), 4096):
        content[position : position + 64] = b"\xff" * 64
    path.write_bytes(bytes(content))
    found = collect(source(tmp_path, CountingEngine()), texts)
    again = collect(source(tmp_path, CountingEngine()), texts)
    assert all(np.array_equal(right[digest], found[digest]) and np.array_equal(right[digest], again[digest]) for digest in texts)


def test_what_was_computed_before_a_failure_is_kept(tmp_path: Path) -> None:
    texts = texts_of(3 * BLOCK)
    with pytest.raises(ModelError, match="the engine broke"):
        collect(source(tmp_path, CountingEngine(fail_after=2 * BLOCK)), texts)
    engine = CountingEngine()
    collect(source(tmp_path, engine), texts)
    assert len(engine.asked) == BLOCK


def test_progress_tells_rate_and_time_left(tmp_path: Path) -> None:
    ticks = iter(range(1000))
    cache = VectorCache(tmp_path, MODEL.digest, DIMENSIONS, limit=2**30)
    told: list[EmbeddingProgress] = []
    with VectorSource(MODEL, cache, CountingEngine, clock=lambda: float(next(ticks))) as opened:
        list(opened.vectors(passages_of(texts_of(2 * BLOCK)), told.append))
    assert [(progress.done, progress.total) for progress in told] == [(0, 2 * BLOCK), (BLOCK, 2 * BLOCK), (2 * BLOCK, 2 * BLOCK)]
    assert told[0].seconds_left is None
    assert told[1].rate == BLOCK  # one tick, a second, a block
    lengths = sorted(len(text) for text in texts_of(2 * BLOCK).values())
    assert told[1].seconds_left == pytest.approx(sum(lengths[BLOCK:]) / sum(lengths[:BLOCK]))  # what is left has longer texts
    assert told[2].seconds_left == 0.0


def test_vectors_of_a_broken_engine_are_neither_used_nor_kept(tmp_path: Path) -> None:
    class Broken(CountingEngine):
        def embed(self, texts: Sequence[str], **more: object) -> np.ndarray:
            return super().embed(texts) * np.float32("nan")

    with pytest.raises(ModelError, match="not finite"):
        collect(source(tmp_path, Broken()), texts_of(3))
    engine = CountingEngine()
    collect(source(tmp_path, engine), texts_of(3))
    assert len(engine.asked) == 3


def test_a_source_of_vectors_closes_the_engine_that_it_opened(tmp_path: Path) -> None:
    used, unused = CountingEngine(), CountingEngine()
    for engine in (used, unused):
        with source(tmp_path, engine) as opened:
            list(opened.vectors(passages_of(texts_of(3))))
    assert (used.closed, unused.closed) == (True, False)


def test_the_models_used_longest_ago_go_first_and_then_the_oldest_vectors(tmp_path: Path) -> None:
    old, new = MODEL.model_copy(update={"name": "old"}), MODEL.model_copy(update={"name": "new"})
    collect(source(tmp_path, CountingEngine(), model=old), texts_of(300))
    os.utime(cache_files(tmp_path)[0], (1, 1))
    collect(source(tmp_path, CountingEngine(), model=new), texts_of(300))
    limit = 150_000
    collect(source(tmp_path, CountingEngine(), limit=limit), texts_of(300))
    assert [path.name for path in cache_files(tmp_path) if old.digest.startswith(path.stem)] == []
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size <= limit
    engine = CountingEngine()
    collect(source(tmp_path, engine, limit=limit), texts_of(300))
    assert len(engine.asked) < 300


def test_nothing_is_kept_with_a_limit_of_zero(tmp_path: Path) -> None:
    collect(source(tmp_path / "cache", CountingEngine(), limit=0), texts_of(3))
    assert not (tmp_path / "cache").exists()


def test_clearing_frees_everything(tmp_path: Path) -> None:
    collect(source(tmp_path, CountingEngine()), texts_of(100))
    assert clear_vectors(tmp_path) > 0
    assert list(tmp_path.iterdir()) == []


def test_several_threads_with_sources_of_their_own_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    texts = texts_of(700)

    def run(_: int) -> dict[str, np.ndarray]:
        return collect(source(tmp_path, CountingEngine()), texts)

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(run, range(4))
    assert all(np.array_equal(first[digest], other[digest]) for other in others for digest in texts)


PROGRAM = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
from headgate.models.vector_cache import VectorCache
from headgate.index.vectors import VectorSource
from tests.models.counting_engine import DIMENSIONS, MODEL, CountingEngine, passages_of, texts_of

class Slow(CountingEngine):
    def embed(self, texts, **more):
        time.sleep(float(sys.argv[2]))
        return super().embed(texts)

engine = Slow()
with VectorSource(MODEL, VectorCache(Path(sys.argv[1]), MODEL.digest, DIMENSIONS, limit=2**30), lambda: engine) as source:
    for vectors in source.vectors(passages_of(texts_of(6000))):
        print(len(vectors), flush=True)
print("computed", len(engine.asked), flush=True)
"""


def start(folder: Path, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    process = start(tmp_path, 0.2)
    assert process.stdout is not None
    done = sum(int(process.stdout.readline()) for _ in range(4))
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(900)
    output, _ = start(tmp_path, 0).communicate(timeout=900)
    computed = int(output.split()[-1])
    assert 6000 - done - BLOCK <= computed <= 6000 - done
    engine = CountingEngine()
    collect(source(tmp_path, engine), texts_of(6000))
    assert engine.asked == []


def test_two_processes_share_one_cache(tmp_path: Path) -> None:
    processes = [start(tmp_path, 0.02) for _ in range(2)]
    assert all("computed" in process.communicate(timeout=900)[0] for process in processes)
    engine = CountingEngine()
    assert len(collect(source(tmp_path, engine), texts_of(6000))) == 6000
    assert engine.asked == []


# --- through the table ----------------------------------------------------------------------------------------------


def test_a_rebuild_and_a_second_table_embed_nothing_known(make_project: Callable[..., Settings]) -> None:
    first = make_project(corpus={"name": "first", "folder": "documents"})
    chunks = [*help_chunks(), make_chunk("other.md", "A page of its own.")]
    assert update_table(first, put_chunks(first, chunks)).embedded == 5
    second = first.model_copy(update={"corpus": first.corpus.model_copy(update={"name": "second"})})
    moved = [make_chunk(f"elsewhere/{chunk.doc_id}", chunk.text) for chunk in chunks]
    result = update_table(second, put_chunks(second, moved, "r2"))
    assert (result.total, result.embedded) == (5, 0)


def test_a_corrupted_vector_never_reaches_a_table(make_project: Callable[..., Settings]) -> None:
    first = make_project(corpus={"name": "first", "folder": "documents"})
    update_table(first, put_chunks(first, help_chunks()))
    break_record(first.local_root / VECTOR_CACHE.prefix(), "vector")
    second = first.model_copy(update={"corpus": first.corpus.model_copy(update={"name": "second"})})
    result = update_table(second, put_chunks(second, help_chunks(), "r2"))
    assert (result.total, result.embedded) == (4, 1)

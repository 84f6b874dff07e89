"""The ingest cache never hands out what was not put in."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from headgate.errors import DamagedCache, DamagedEntry, StorageError
from headgate.ingest.state.cache import IngestCache, open_cache

KEY = b"k" * 32


def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "ingest" / "c.sqlite"


def change(tmp_path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(file(tmp_path))
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def fill(tmp_path: Path) -> None:
    with open_cache(tmp_path, "c") as cache:
        cache.put("parsed", KEY, b"text" * 100)
        cache.put("facts", KEY, b"facts")


def test_what_was_put_is_there_the_next_time(tmp_path: Path) -> None:
    fill(tmp_path)
    with open_cache(tmp_path, "c") as cache:
        assert cache.get("parsed", KEY) == b"text" * 100
        assert cache.get("facts", KEY) == b"facts"
        assert cache.get("chunks", KEY) is None
        assert (cache.keys("parsed"), cache.keys("chunks")) == ({KEY}, set())


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entries SET value = zeroblob(20) WHERE kind = 'parsed'",
        "UPDATE entries SET value = substr(value, 1, 10) WHERE kind = 'parsed'",
        "UPDATE entries SET checksum = zeroblob(16) WHERE kind = 'parsed'",
        "UPDATE entries SET (value, checksum) = (SELECT value, checksum FROM entries WHERE kind = 'facts') WHERE kind = 'parsed'",
    ],
)
def test_a_damaged_entry_is_never_handed_out_and_gone_afterwards(tmp_path: Path, damage: str) -> None:
    fill(tmp_path)
    change(tmp_path, damage)
    with open_cache(tmp_path, "c") as cache:
        with pytest.raises(DamagedEntry):
            cache.get("parsed", KEY)
        assert cache.get("parsed", KEY) is None
        assert cache.get("facts", KEY) == b"facts"


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be looked at" * 10, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_started_afresh(tmp_path: Path, content: bytes) -> None:
    file(tmp_path).parent.mkdir(parents=True)
    file(tmp_path).write_bytes(content)
    with pytest.raises(DamagedCache), open_cache(tmp_path, "c") as cache:
        cache.keys("parsed")
    with open_cache(tmp_path, "c") as cache:
        assert cache.keys("parsed") == set()


def test_a_file_of_another_format_is_started_afresh(tmp_path: Path) -> None:
    fill(tmp_path)
    change(tmp_path, "PRAGMA user_version = 99")
    with open_cache(tmp_path, "c") as cache:
        assert cache.keys("parsed") == set()


def test_entries_of_earlier_revisions_go_when_there_are_many(tmp_path: Path) -> None:
    with open_cache(tmp_path, "c") as cache:
        used = _fill_many(cache, 5000)
        assert cache.prune({"facts": used}, files=10) == 4999
        assert cache.keys("facts") == used
        assert cache.prune({"facts": set()}, files=10) == 0


def _fill_many(cache: IngestCache, count: int) -> set[bytes]:
    for number in range(count):
        cache.put("facts", number.to_bytes(32, "big"), b"x")
    return {(7).to_bytes(32, "big")}


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="ingest cache"), open_cache(tmp_path, "c"):
        pass

"""Tests of the store: keys stay inside it, writing is whole or not at all, and a key is created once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.errors import AlreadyExistsError, NotFoundError, StorageError
from headgate.storage import Store


@pytest.mark.parametrize("key", ["", "../x", "a/../../x", "/etc/passwd", "a\\..\\x", "a\0b"])
def test_a_key_that_leaves_the_store_is_refused_by_every_operation(tmp_path: Path, key: str) -> None:
    store = Store(tmp_path / "store")
    for operation in (
        store.path,
        store.exists,
        store.get,
        store.delete,
        lambda bad: store.put(bad, b""),
        lambda bad: store.create(bad, b""),
    ):
        with pytest.raises(StorageError, match="not a relative path inside the store"):
            operation(key)
    assert list(tmp_path.iterdir()) == []


def test_of_several_creators_exactly_one_wins_and_nothing_is_left_over(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def create(number: int) -> bool:
        try:
            store.create("releases/1", str(number).encode())
        except AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(create, range(24)))
    assert won.count(True) == 1
    assert store.get("releases/1") == str(won.index(True)).encode()
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["1"]


def test_put_replaces_and_a_missing_key_is_not_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a/b", b"one")
    store.put("a/b", b"two")
    assert store.get("a/b") == b"two"
    assert list(store.list("a")) == ["a/b"]
    store.delete("a/b")
    with pytest.raises(NotFoundError, match="'a/b' is not in the store"):
        store.get("a/b")

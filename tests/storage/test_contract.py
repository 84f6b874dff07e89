"""What every store promises, of a folder and of a bucket alike."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.errors import AlreadyExistsError, IntegrityError, LockedError, NotFoundError, StorageError
from headgate.storage import FolderStore, Store
from tests.conftest import REPOSITORY
from tests.s3 import Bucket


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.store(tmp_path / "cache")


def program(store: Store) -> str:
    """Opens the same store in another process."""
    if isinstance(store, FolderStore):
        return (
            f"from pathlib import Path\nfrom headgate.storage import FolderStore\nstore = FolderStore(Path({store.address!r}))\n"
        )
    return (
        "from pathlib import Path\nfrom headgate.storage import S3Store\n"
        f"store = S3Store({store.address!r}, Path({str(store.local_root)!r}), endpoint={store.endpoint!r}, "  # type: ignore[attr-defined]
        "region='us-east-1', allow_http=True)\n"
    )


@pytest.mark.parametrize("key", ["", "../x", "a/../../x", "/etc/passwd", "a\\..\\x", "a\0b"])
def test_a_key_that_leaves_the_store_is_refused_by_every_operation(store: Store, tmp_path: Path, key: str) -> None:
    for operation in (
        store.exists,
        store.get,
        store.stat,
        store.delete,
        store.local,
        store.digest,
        lambda bad: list(store.entries(bad)),
        lambda bad: store.put(bad, b""),
        lambda bad: store.put_file(bad, Path(__file__)),
        lambda bad: store.create(bad, b""),
    ):
        with pytest.raises(StorageError, match="not a relative path inside the store"):
            operation(key)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["a", "a/b c.json", "ü/ß.txt", "a%20b", "a#b?c", "x{}^`[]<>~", "日本/語"])
def test_what_was_put_is_there_under_its_very_key(store: Store, key: str) -> None:
    assert not store.exists(f"odd/{key}")
    store.put(f"odd/{key}", b"one")
    store.put(f"odd/{key}", b"two!")
    assert store.get(f"odd/{key}") == b"two!"
    assert store.exists(f"odd/{key}")
    assert store.stat(f"odd/{key}").size == 4
    assert list(store.list("odd")) == [f"odd/{key}"]
    assert store.local(f"odd/{key}").read_bytes() == b"two!"
    assert store.digest(f"odd/{key}") == hashlib.sha256(b"two!").hexdigest()
    store.delete(f"odd/{key}")
    store.delete(f"odd/{key}")
    assert not store.exists(f"odd/{key}")


def test_a_missing_key_is_not_found(store: Store) -> None:
    store.put("a/b", b"")
    assert store.get("a/b") == b""
    for operation in (store.get, store.stat, store.local, store.digest):
        with pytest.raises(NotFoundError, match="'a/c' is not in the store"):
            operation("a/c")
    assert not store.exists("a")  # a folder is no key


def test_a_listing_is_sorted_and_holds_one_folder_only(store: Store) -> None:
    for key in ("a/2", "a/10", "a/b/1", "ab/1", "b/1"):
        store.put(key, key.encode())
    assert list(store.list("a")) == ["a/10", "a/2", "a/b/1"]
    assert [entry.size for entry in store.entries("a")] == [4, 3, 5]
    assert list(store.list("nothing")) == []
    first, second = store.stat("a/2").modified, store.stat("b/1").modified
    assert first <= second


def test_a_listing_of_more_than_a_page_is_whole(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: store.put(f"many/{number:04d}", b""), range(1100)))
    assert list(store.list("many")) == [f"many/{number:04d}" for number in range(1100)]


def test_many_keys_are_read_in_their_order(store: Store) -> None:
    keys = [f"many/{number}" for number in range(40)]
    for key in keys:
        store.put(key, key.encode())
    assert list(store.get_many(reversed(keys))) == [key.encode() for key in reversed(keys)]
    with pytest.raises(NotFoundError):
        list(store.get_many([*keys, "many/none"]))


def test_large_files_travel_whole(store: Store, tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 40 + b"end"  # more than two pieces
    source = tmp_path / "large"
    source.write_bytes(content)
    store.put_file("large", source)
    assert store.stat("large").size == len(content)
    assert store.get("large") == content
    assert store.digest("large") == hashlib.sha256(content).hexdigest()
    assert store.local("large", hashlib.sha256(content).hexdigest()).stat().st_size == len(content)


def test_a_local_file_follows_the_store_and_is_checked_each_time(store: Store) -> None:
    store.put("a", b"one")
    digest = hashlib.sha256(b"one").hexdigest()
    assert store.local("a", digest).read_bytes() == b"one"
    with pytest.raises(IntegrityError, match="has SHA-256 7692c3ad3540bb80…, not 0000000000000000…"):
        store.local("a", "0" * 64)
    store.put("a", b"two")
    assert store.local("a").read_bytes() == b"two"
    with pytest.raises(IntegrityError):
        store.local("a", digest)


def test_of_several_creators_exactly_one_wins_and_nothing_is_left_over(store: Store) -> None:
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
    assert list(store.list("releases")) == ["releases/1"]


def test_of_several_processes_that_create_the_same_numbers_each_number_has_one_winner(store: Store) -> None:
    run = (
        program(store)
        + """
import sys
from headgate.errors import AlreadyExistsError
sys.stdin.readline()
for number in range(30):
    try:
        store.create(f"ledger/{number:08d}", sys.argv[1].encode())
        print(number, flush=True)
    except AlreadyExistsError:
        pass
"""
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", run, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )
        for number in range(3)
    ]
    won = [racer.communicate("go\n", timeout=900)[0].split() for racer in racers]
    assert sorted(int(number) for numbers in won for number in numbers) == list(range(30))
    for racer, numbers in enumerate(won):
        assert all(store.get(f"ledger/{int(number):08d}") == str(racer).encode() for number in numbers)


def test_a_lock_is_held_by_one_and_free_afterwards(store: Store) -> None:
    with store.lock("table") as held:
        held.check()
        with (
            pytest.raises(
                LockedError, match=rf"'table' is being written by another run \(process {os.getpid()} on .*wait for it"
            ),
            store.lock("table"),
        ):
            pass
        with store.lock("another"):
            pass
        held.check()
    with store.lock("table"):
        pass


def test_a_lock_is_free_when_its_holder_was_killed(store: Store) -> None:
    run = program(store) + "import time\nwith store.lock('table'):\n    print('held', flush=True)\n    time.sleep(600)\n"
    holder = subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StorageError, match=f"process {holder.pid} on"), store.lock("table"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait(900)
    with store.lock("table") as held:
        held.check()


def test_a_lock_can_be_waited_for(store: Store) -> None:
    run = program(store) + "import time\nwith store.lock('table'):\n    print('held', flush=True)\n    time.sleep(1.5)\n"
    holder = subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with store.lock("table", wait_seconds=60):
        pass
    assert holder.wait(900) == 0


def test_of_many_threads_one_at_a_time_holds_a_lock(store: Store) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with store.lock("table", wait_seconds=120):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert most == [1, 1, 1, 1]


def test_checking_that_a_store_can_be_written_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    store.check_writable()
    if isinstance(store, FolderStore):
        assert list((tmp_path / "store").iterdir()) == []
    else:
        assert store.lance_uri().startswith("s3://")
        assert list(store._client.list()) == [[]] or not any(page for page in store._client.list())  # type: ignore[attr-defined]

"""A disk that fills up: nothing is half-written, and one sentence says so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.errors import StorageError
from headgate.index.inventory import verify_inventory
from headgate.interactions.log import InteractionLog
from headgate.settings import Settings
from headgate.storage import FolderStore, open_store
from tests.conftest import REPOSITORY, help_chunks, make_chunk, put_chunks
from tests.interactions.test_log import interaction
from tests.s3 import Bucket
from tests.small_project import write_project
from tests.verbs import update_table

SIZE = 256 << 10


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_leaves_what_was_there_and_nothing_more(small_disk: Path) -> None:
    store = FolderStore(small_disk)
    store.put("a/kept", b"kept" * 100)
    before = contents(small_disk)
    large = os.urandom(2 * SIZE)
    source = small_disk.parent / "large"
    source.write_bytes(large)
    for write in (
        lambda: store.put("a/kept", large),
        lambda: store.put("a/new", large),
        lambda: store.create("a/created", large),
        lambda: store.put_file("a/copied", source),
    ):
        with pytest.raises(
            StorageError, match=r"can't be written: No space left on device; check its permissions and free space"
        ):
            write()
        assert contents(small_disk) == before
    store.put("a/kept", b"small again")
    assert store.get("a/kept") == b"small again"


def test_the_interaction_log_on_a_full_disk_loses_nothing_it_acknowledged(small_disk: Path) -> None:
    store = FolderStore(small_disk)
    log = InteractionLog(store)
    acknowledged = []

    def fill() -> None:
        for number in range(10_000):
            one = interaction(f"{number} " + "x" * 5000)
            log.append(one)
            acknowledged.append(one)

    with pytest.raises(StorageError, match=r"can't be logged to .*No space left on device; check permissions and space"):
        fill()
    assert acknowledged
    assert list(InteractionLog(store)) == acknowledged
    (segment,) = [path for path in (small_disk / "interactions").iterdir() if path.stat().st_size]
    segment.unlink()
    log.append(interaction("there is space again"))
    assert [one.question.text for one in InteractionLog(store)] == ["there is space again"]


def test_a_full_cache_of_an_s3_store_is_told_and_holds_no_half_file(small_disk: Path, bucket: Bucket) -> None:
    store = bucket.store(small_disk)
    store.put("large", os.urandom(2 * SIZE))
    store.put("small", b"small")
    with pytest.raises(StorageError, match=r"a copy of 'large' can't be written .*No space left on device.* storage.cache"):
        store.local("large")
    assert store.local("small").read_bytes() == b"small"
    assert list(contents(small_disk).values()).count(b"small") == 1
    assert not [name for name in contents(small_disk) if "large" in name or ".tmp-" in name]


def test_a_limit_on_file_size_leaves_nothing_half_written(tmp_path: Path) -> None:
    program = f"""
import resource, signal
from pathlib import Path
from headgate.errors import StorageError
from headgate.index.inventory import verify_inventory
from headgate.index.table import update_table
from headgate.storage import FolderStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
store = FolderStore(Path({str(tmp_path / "store")!r}))
store.put("small", b"small")
for write in (store.put, store.create):
    try:
        write("large", b"x" * 20_000)
    except StorageError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, timeout=900, check=True
    )
    assert done.stdout.count("'large' of the store") == done.stdout.count("File too large") == 2
    assert contents(tmp_path / "store") == {"small": b"small"}


def test_a_disk_that_fills_while_the_table_is_written_is_told_and_the_pinned_version_is_whole(
    settings: Settings, tmp_path: Path
) -> None:
    disk = tmp_path / "table-disk"
    disk.mkdir()
    size = 2 << 20
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system")
    try:
        (disk / "lance").mkdir()
        (settings.store_root / "lance").symlink_to(disk / "lance")
        pinned = update_table(settings, put_chunks(settings, help_chunks()))
        many = [make_chunk(f"page-{number}.md", os.urandom(2000).hex()) for number in range(400)]
        with pytest.raises(StorageError, match=r"the tables at .* can't be read or written: No space left on device"):
            update_table(settings, put_chunks(settings, [*help_chunks(), *many], "r2"))
        verify_inventory(open_store(settings), pinned.ref.table, pinned.ref.version, pinned.ref.files_digest)
        again = update_table(settings, put_chunks(settings, help_chunks()))
        assert again.ref == pinned.ref
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_build_on_a_full_disk_says_so_and_the_next_one_completes(
    tmp_path: Path, small_disk: Path, exported_model: Path
) -> None:
    project = write_project(tmp_path / "project", exported_model)
    text = project.settings_file.read_text(encoding="utf-8")
    project.settings_file.write_text(f'{text}[storage]\nroot = "{small_disk / "store"}"\n', encoding="utf-8")
    command = [sys.executable, "-m", "headgate.cli.main", "--settings", str(project.settings_file), "build"]

    def build() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False, timeout=900)

    for left in (0, 64, 256):
        (small_disk / "other").write_bytes(bytes(max(0, SIZE - (left << 10) - 8192)))
        full = build()
        assert full.returncode == 2, left
        assert "Traceback" not in full.stderr, left
        assert "space" in full.stderr, left
    (small_disk / "other").unlink()
    subprocess.run(["mount", "-o", "remount,size=600M", str(small_disk)], check=True)
    done = build()
    assert done.returncode == 0, done.stderr
    assert not [path for path in (small_disk / "store").rglob("*") if path.name.startswith(".tmp-")]

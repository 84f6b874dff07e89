"""What a store holds: bytes by folder, and what the layout does not name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headgate.storage import Store
from headgate.storage.layout import folder_of, has_top
from headgate.storage.store import is_temporary


@dataclass(frozen=True, slots=True)
class Contents:
    """By the first step of the keys; what lies on this machine beside a bucket is called `local …`."""

    sizes: dict[str, int]  # bytes
    unnamed: dict[str, int]  # files that the layout (`headgate.storage.layout`) does not name


def measure_store(store: Store) -> Contents:
    """What the store, and this machine beside it, hold."""
    sizes: Counter[str] = Counter()
    unnamed: Counter[str] = Counter()

    def count(key: str, size: int, beside: str) -> None:
        top, _, rest = key.partition("/")
        sizes[beside + top] += size
        if folder_of(key) is None and not (is_temporary(key) and (not rest or has_top(top))):
            unnamed[beside + top] += 1

    for entry in store.all_entries() if store.remote else ():
        count(entry.key, entry.size, "")
    root = store.local_root
    for path in files_below(root):
        with suppress(FileNotFoundError):  # removed since it was listed
            count(path.relative_to(root).as_posix(), path.stat().st_size, "local " if store.remote else "")
    return Contents({name: size for name, size in sorted(sizes.items()) if size}, dict(sorted(unnamed.items())))


def files_below(root: Path) -> Iterator[Path]:
    """Every file below a folder; links are not followed."""
    for path in root.rglob("*"):
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                yield path

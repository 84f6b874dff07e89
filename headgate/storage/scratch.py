"""A folder for files that are being made, which no run leaves behind for good."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headgate.errors import StorageError
from headgate.storage.folder import is_alive
from headgate.storage.layout import SCRATCH


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A new folder below `root`/scratch, removed at the end; what processes that are dead left there goes first.

    Raises:
        StorageError: it can't be written.
    """
    parent = root / SCRATCH.prefix()
    folder = SCRATCH.path(root, str(os.getpid()), uuid.uuid4().hex[:12])
    try:
        if parent.is_dir():
            for entry in parent.iterdir():
                process = entry.name.partition("-")[0]
                if process.isdigit() and not is_alive(int(process)):
                    shutil.rmtree(entry, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise StorageError(f"the folder {str(parent)!r} can't be written: {error.strerror or error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

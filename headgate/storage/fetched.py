"""Files of a remote store that were fetched to this machine: whole, and checked each time that they are used.

    <folder>/files/<key>          the bytes, laid out as in the store
    <folder>/known/<key>.json     what the store said of them: {"tag": entity tag, "digest": SHA-256}

The folder may be removed while nothing runs; what is needed is fetched again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import orjson

from headgate.errors import StorageError
from headgate.storage.store import sha256_file


class FetchedFiles:
    """A folder of copies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / "files" / key

    def with_digest(self, key: str, digest: str) -> Path | None:
        """The copy of `key`, if there is one with exactly these bytes."""
        path = self.path(key)
        return path if path.is_file() and sha256_file(path) == digest else None

    def with_tag(self, key: str, tag: str) -> Path | None:
        """The copy of `key` made when the store had it under the entity tag `tag`, if its bytes are still those."""
        note = self._note(key)
        if not note.is_file():
            return None
        try:
            known = orjson.loads(note.read_bytes())
        except orjson.JSONDecodeError:  # torn by a crash
            return None
        return self.with_digest(key, known["digest"]) if known.get("tag") == tag else None

    def keep(self, key: str, tag: str, pieces: Iterable[bytes]) -> tuple[Path, str]:
        """Write a copy, whole or not at all; returns it and its SHA-256.

        Raises:
            StorageError: the folder can't be written.
        """
        path, note = self.path(key), self._note(key)
        temporary = path.parent / f".tmp-{uuid.uuid4().hex}"
        digest = hashlib.sha256()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            note.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as stream:
                    for piece in pieces:
                        digest.update(piece)
                        stream.write(piece)
                temporary.replace(path)
            finally:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
            written = note.with_name(f"{note.name}.{uuid.uuid4().hex}")
            written.write_bytes(orjson.dumps({"tag": tag, "digest": digest.hexdigest()}))
            written.replace(note)
        except OSError as error:
            raise StorageError(
                f"a copy of {key!r} can't be written to {str(self.folder)!r}: {error.strerror or error}; "
                "check its permissions and free space, or set storage.cache to another folder"
            ) from error
        return path, digest.hexdigest()

    def forget(self, key: str) -> None:
        """Remove the copy of `key`, if there is one."""
        for path in (self.path(key), self._note(key)):
            with suppress(OSError):  # a copy that stays is checked before it is used
                path.unlink(missing_ok=True)

    def _note(self, key: str) -> Path:
        return self.folder / "known" / f"{key}.json"

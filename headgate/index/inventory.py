"""Every file that a table version consists of, with its digest: how a flipped byte is found before it answers.

LanceDB files are never changed once written, so a version is whole exactly when its files still have the digests taken when it was
pinned. The inventory is content-addressed itself; bundles name its digest.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from headgate.errors import IntegrityError
from headgate.storage import Store, sha256_file, sha256_hex

#: A manifest file's name counts down from here, so that the newest sorts first (Lance's "V2" naming).
_LARGEST_VERSION = 2**64 - 1


def table_folder(store: Store, table: str) -> Path:
    return store.path(f"lance/{table}.lance/data").parent


def take_inventory(store: Store, table: str, version: int) -> str:
    """Record the files of a version; returns the digest of the inventory, which is kept under `objects/`.

    Needs the package `pylance`, which knows the files of a version.
    """
    import lance

    folder = table_folder(store, table)
    dataset = lance.dataset(str(folder), version=version)
    names = {f"_versions/{_LARGEST_VERSION - version}.manifest"}
    for fragment in dataset.get_fragments():
        names.update(f"data/{file.path}" for file in fragment.data_files())
        if deletion_file := fragment.deletion_file():
            names.add(deletion_file)
    for index in dataset.describe_indices():
        for segment in index.segments:
            files = [path for path in (folder / "_indices" / segment.uuid).rglob("*") if path.is_file()]
            names.update(path.relative_to(folder).as_posix() for path in files)
    inventory = orjson.dumps({name: sha256_file(folder / name) for name in sorted(names)}, option=orjson.OPT_INDENT_2)
    digest = sha256_hex(inventory)
    store.put(f"objects/{digest}", inventory)
    return digest


def verify_inventory(store: Store, table: str, version: int, files_digest: str) -> None:
    """Compare every file of a version with its inventory.

    Raises:
        IntegrityError: the inventory or a file is missing or changed; names it.
    """
    what = f"table {table!r} version {version}"
    key = f"objects/{files_digest}"
    if not store.exists(key):
        raise IntegrityError(f"{what}: its inventory {files_digest[:16]}… is missing from the store; build the bundle again")
    inventory = store.get(key)
    if sha256_hex(inventory) != files_digest:
        raise IntegrityError(f"{what}: its inventory {files_digest[:16]}… was changed; build the bundle again")
    folder = table_folder(store, table)

    def problem(item: tuple[str, str]) -> str:
        name, digest = item
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        return "" if sha256_file(path) == digest else f"{name} was changed"

    with ThreadPoolExecutor(4) as threads:
        problems = [found for found in threads.map(problem, orjson.loads(inventory).items()) if found]
    if problems:
        raise IntegrityError(f"{what} is not what was evaluated: {'; '.join(problems[:5])}; roll back, or build the index again")

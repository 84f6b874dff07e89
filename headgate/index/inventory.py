"""Every file that a table version consists of, with its digest: how a flipped byte is found before it answers.

LanceDB files are never changed once written, so a version is whole exactly when its files still have the digests taken when it was
pinned. The inventory is content-addressed itself; bundles name its digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from headgate.errors import IntegrityError, NotFoundError
from headgate.storage import Store, sha256_file, sha256_hex
from headgate.storage.layout import LANCE, OBJECTS

#: A manifest file's name counts down from here, so that the newest sorts first (Lance's "V2" naming).
_LARGEST_VERSION = 2**64 - 1


def table_folder(store: Store, table: str) -> Path:
    """Folder of a table's files on this machine; of a remote store only what was fetched."""
    return store.local_lance().parent / LANCE.prefix(table)


def manifest_name(version: int) -> str:
    """The file of a version that names all its others."""
    return f"_versions/{_LARGEST_VERSION - version}.manifest"


def has_versions(store: Store, table: str) -> bool:
    """Whether any version of a table is there. A folder without a manifest is what a kill left, and no table."""
    return any(key.endswith(".manifest") for key in store.list(LANCE.key(table, "_versions")))


def version_files(store: Store, table: str, version: int) -> set[str]:
    """Names, relative to the table's folder, of all files that a version consists of.

    Needs the package `pylance`, which knows them.
    """
    import lance

    folder = LANCE.prefix(table)
    dataset = lance.dataset(f"{store.lance_uri()}/{table}.lance", version=version, storage_options=store.lance_options() or None)
    names = {manifest_name(version)}
    for fragment in dataset.get_fragments():
        names.update(f"data/{file.path}" for file in fragment.data_files())
        if deletion_file := fragment.deletion_file():
            names.add(deletion_file)
    for index in dataset.describe_indices():
        for segment in index.segments:
            names.update(key.removeprefix(f"{folder}/") for key in store.list(f"{folder}/_indices/{segment.uuid}"))
    return names


def take_inventory(store: Store, table: str, version: int, *, known: Mapping[str, str] | None = None) -> str:
    """Record the files of a version; returns the digest of the inventory, which is kept among the objects.

    Args:
        known: file name → digest from an earlier version's inventory. Those files are not read again: what they were then is what
            they must be.
    """
    known = known or {}
    names = sorted(version_files(store, table, version))
    digests = {name: known.get(name) or sha256_file(store.local(LANCE.key(table, name))) for name in names}
    inventory = orjson.dumps(digests, option=orjson.OPT_INDENT_2)
    digest = sha256_hex(inventory)
    store.put(OBJECTS.key(digest), inventory)
    return digest


def read_inventory(store: Store, files_digest: str) -> dict[str, str] | None:
    """File name → digest of an inventory; None when it is gone or not what its name says."""
    try:
        content = store.get(OBJECTS.key(files_digest))
    except NotFoundError:
        return None
    return dict(orjson.loads(content)) if sha256_hex(content) == files_digest else None


def verify_inventory(store: Store, table: str, version: int, files_digest: str, *, copies: bool = True) -> None:
    """Compare every file of a version with its inventory. Afterwards `store.local_lance()` holds the whole version.

    Args:
        copies: take this machine's copy of a remote file where it is whole; False = look at what the store itself holds, and fetch nothing.

    Raises:
        IntegrityError: the inventory or a file is missing or changed; names it.
    """
    what = f"table {table!r} version {version}"
    if problems := damaged_files(store, table, version, files_digest, copies=copies):
        raise IntegrityError(
            f"{what} is not what was evaluated: {'; '.join(list(problems.values())[:5])}; roll back, or build the index again"
        )


def damaged_files(store: Store, table: str, version: int, files_digest: str, *, copies: bool = True) -> dict[str, str]:
    """Name → what is wrong with it, for every file of a version that is not what its inventory says; see `verify_inventory`.

    Raises:
        IntegrityError: the inventory itself is missing or changed.
    """
    what = f"table {table!r} version {version}"
    key = OBJECTS.key(files_digest)
    if not store.exists(key):
        raise IntegrityError(f"{what}: its inventory {files_digest[:16]}… is missing from the store; build the bundle again")
    inventory = store.get(key)
    if sha256_hex(inventory) != files_digest:
        raise IntegrityError(f"{what}: its inventory {files_digest[:16]}… was changed; build the bundle again")

    def problem(item: tuple[str, str]) -> str:
        name, digest = item
        file = LANCE.key(table, name)
        try:
            if copies:
                store.local(file, digest)
            elif store.digest(file) != digest:
                return f"{name} was changed"
        except NotFoundError:
            return f"{name} is missing"
        except IntegrityError:
            return f"{name} was changed"
        return ""

    digests: dict[str, str] = orjson.loads(inventory)
    manifest = manifest_name(version)
    others = [item for item in digests.items() if item[0] != manifest]
    with ThreadPoolExecutor(4) as threads:
        problems = {name: found for (name, _), found in zip(others, threads.map(problem, others), strict=True) if found}
    if not problems and (found := problem((manifest, digests[manifest]))):  # the manifest last: where it is, the rest is
        problems[manifest] = found
    return problems

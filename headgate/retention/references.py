"""What the records of a store name, read through their types (`headgate.records.names`), not searched for in their text.

A record that can't be read may name anything: whoever asks must then take what it could name for needed.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection
from typing import Any

from headgate.errors import IntegrityError, NotFoundError, StorageError
from headgate.records.names import names_in
from headgate.storage import Store
from headgate.storage.keys import Folder
from headgate.storage.layout import folder_named


def read_record(store: Store, folder: Folder, key: str) -> Any:
    """The record under `key`, as its folder's `read` makes it.

    Raises:
        NotFoundError: it is gone.
        IntegrityError: it can't be read, so what it names is not known.
    """
    content = store.get(key)
    read: Callable[[bytes], Any] = pkgutil.resolve_name(folder.read)
    try:
        return read(content)
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"{key!r} can't be read ({str(error).splitlines()[0][:200]}), so what it names is not known; "
            "if no other version of headgate uses this store, delete it"
        ) from error


def keys_named(store: Store, folder: Folder, *, gone: Collection[str] = ()) -> set[str]:
    """Keys that the records of a folder name.

    Args:
        gone: keys of records that don't count, because they are about to go.

    Raises:
        IntegrityError: a record can't be read.
    """
    named: set[str] = set()
    for key in list(store.list(folder.prefix())):
        if key in gone or folder.parse(key) is None:
            continue
        try:
            record = read_record(store, folder, key)
        except NotFoundError:  # another run removed it
            continue
        for mark, value in names_in(record):
            try:
                named.add(value if mark.whole else folder_named(mark.folder).key(value))
            except StorageError as error:
                raise IntegrityError(
                    f"{key!r} names {value!r}, which is nothing of {mark.folder}; restore it or delete it"
                ) from error
    return named

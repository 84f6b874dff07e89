"""Notes of pinned table versions: what each was made from. The note is the last thing that an index run writes.

    table_refs/<table>/<digest of chunk set, model and index settings>.json     a PinnedVersion

Several notes may name the same version, where states are equal in all that matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import lancedb
import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, NotFoundError
from headgate.index.table_rows import ROW_FORMAT
from headgate.records import PinnedVersion, TableRef
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import TABLE_REFS


def state_key(table: str, state: Sequence[Any]) -> str:
    """Where the version of a state is noted."""
    digest = sha256_hex(orjson.dumps([ROW_FORMAT, *state], option=orjson.OPT_SORT_KEYS))
    return TABLE_REFS.key(table, digest[:32])


def pin_tag(version: int) -> str:
    """The LanceDB tag that keeps a version."""
    return f"pin-{version}"


def save_version(store: Store, key: str, pinned: PinnedVersion) -> None:
    store.put(key, orjson.dumps(pinned.model_dump()))


def load_version(store: Store, key: str) -> PinnedVersion | None:
    """The note under `key`; None where there is none, or one of an earlier headgate, whose version is then made again."""
    try:
        return PinnedVersion.model_validate_json(store.get(key))
    except (NotFoundError, ValidationError):
        return None


def read_versions(store: Store, table: str = "") -> Iterator[tuple[str, PinnedVersion]]:
    """All notes with their keys, of one table or of all."""
    for key in list(store.list(TABLE_REFS.prefix(table) if table else TABLE_REFS.prefix())):
        if (pinned := load_version(store, key)) is not None:
            yield key, pinned


def list_versions(store: Store, table: str = "") -> list[PinnedVersion]:
    """Each pinned version once, with the newest of its notes, by table and version."""
    newest: dict[tuple[str, int], PinnedVersion] = {}
    for _, pinned in read_versions(store, table):
        place = (pinned.ref.table, pinned.ref.version)
        if place not in newest or pinned.created_at > newest[place].created_at:
            newest[place] = pinned
    return [newest[place] for place in sorted(newest)]


def open_version(store: Store, ref: TableRef) -> Any:
    """The version as a synchronous LanceDB table.

    Raises:
        IntegrityError: it can't be opened.
    """
    try:
        database = lancedb.connect(store.lance_uri(), storage_options=store.lance_options() or None)
        table = database.open_table(ref.table)
        table.checkout(ref.version)
    except (ValueError, RuntimeError, OSError) as error:
        raise IntegrityError(
            f"table {ref.table!r} version {ref.version} can't be opened: {str(error).splitlines()[0][:200]}"
        ) from error
    return table

"""Which documents the files of a table version still hold the bytes of, deleted rows included.

LanceDB deletes a row by noting that it is deleted; its bytes stay in the data file until the file is written anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headgate.index.table_failures import table_failures
from headgate.storage import Store


def documents_held(store: Store, table: str, version: int | None = None) -> frozenset[str]:
    """Ids of all documents whose rows stand in the data files of a version (None = the newest), deleted or not.

    Raises:
        StorageError: the version can't be read.
    """
    return frozenset(doc_id for doc_id, _ in _rows(store, table, version, ["doc_id"]))


def texts_held(store: Store, table: str, version: int, documents: frozenset[str]) -> frozenset[str]:
    """Digests of the embedded texts of these documents in a version, deleted rows included."""
    rows = _rows(store, table, version, ["doc_id", "text_digest"])
    return frozenset(digest for doc_id, digest in rows if doc_id in documents)


def _rows(store: Store, table: str, version: int | None, columns: list[str]) -> Iterator[tuple[str, str]]:
    import lance

    with table_failures(store):
        options: dict[str, Any] = {"storage_options": store.lance_options() or None}
        dataset = lance.dataset(f"{store.lance_uri()}/{table}.lance", version=version, **options)
        for batch in dataset.scanner(columns=columns, with_row_id=True, include_deleted_rows=True).to_batches():
            values = [batch.column(name).to_pylist() for name in columns]
            yield from zip(values[0], values[-1], strict=True)

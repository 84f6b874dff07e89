"""Indexes of a table, and how its files are kept few.

Vectors are compared exactly up to `index.exact_below` rows; above, IVF_SQ finds candidates whose exact distances then decide. It is extended
by what changed, and trained anew now and then. The full-text index is built anew at every change up to `index.rebuild_below` rows, so that
scores follow from the rows alone, not from the history (docs/decisions/0011); above, it is updated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lancedb.index import FTS, Bitmap, BTree, IvfSq

from headgate.settings import IndexSettings
from headgate.storage import Store

#: Rows of a data file; files with fewer are joined when there are many.
FRAGMENT_ROWS = 8192
#: Files beyond those needed at which small ones are joined.
_SPARE_FRAGMENTS = 8
#: Share of deleted rows at which a file is written anew.
_DELETED_SHARE = 0.2
#: The vector index is extended until it has so many parts, or until this share of the rows lies in parts that came after the training;
#: then it is trained anew (9 s for 50,000 rows, where extending takes less than one).
EXTENDED_SHARE = 0.25
MOST_PARTS = 16
_IDENTITY_COLUMNS = ("chunk_id", "doc_id")
_FILTER_COLUMNS = ("confidentiality", "language")
#: Longer terms are not searched; reference pages hold identifiers of 60 characters and more.
LONGEST_TERM = 100


def wanted_indexes(rows: int, settings: IndexSettings) -> dict[str, str]:
    """Name → kind of every index that a table of so many rows has."""
    indexes = {"search_text_idx": "FTS"}
    indexes |= {f"{column}_idx": "BTree" for column in _IDENTITY_COLUMNS}
    indexes |= {f"{column}_idx": "Bitmap" for column in _FILTER_COLUMNS}
    return indexes | ({"vector_idx": "IvfSq"} if rows > settings.exact_below else {})


def build_indexes(store: Store, table: Any, settings: IndexSettings, *, anew: bool = False) -> None:
    """Make the indexes that are wanted cover every row, and drop others.

    Args:
        anew: none of what they held before is used again.
    """
    rows = table.count_rows()
    wanted = wanted_indexes(rows, settings)
    present = {index.name for index in table.list_indices()}
    for name in sorted(present - wanted.keys()):
        table.drop_index(name)
    made = set(wanted) if anew or rows <= settings.rebuild_below else wanted.keys() - present
    if (
        not anew
        and "vector_idx" in wanted.keys() & present
        and can_be_extended(_dataset(store, table).stats.index_stats("vector_idx"), rows)
    ):
        made.discard("vector_idx")
        _dataset(store, table).optimize.optimize_indices(index_names=["vector_idx"], num_indices_to_merge=0)
    elif "vector_idx" in wanted:
        made.add("vector_idx")
    if updated := sorted(wanted.keys() - made - {"vector_idx"}):
        _dataset(store, table).optimize.optimize_indices(index_names=updated)
    table.checkout_latest()
    for name in sorted(made):
        table.create_index(name.removesuffix("_idx"), config=_config(wanted[name], rows), name=name, replace=True)


def can_be_extended(stats: Mapping[str, Any], rows: int) -> bool:
    """Whether the rows that the vector index lacks may become a part of their own.

    Args:
        stats: what Lance tells of the index.
    """
    parts = stats["num_indexed_rows_per_delta"]
    later = sum(parts) - max(parts, default=0) + stats["num_unindexed_rows"]
    return bool(later <= EXTENDED_SHARE * rows and len(parts) < MOST_PARTS)


def _dataset(store: Store, table: Any) -> Any:
    import lance

    return lance.dataset(f"{store.lance_uri()}/{table.name}.lance", storage_options=store.lance_options() or None)


def _config(kind: str, rows: int) -> Any:
    match kind:
        case "FTS":
            return FTS(
                base_tokenizer="whitespace",
                stem=False,
                remove_stop_words=False,
                ascii_folding=False,
                lower_case=False,
                max_token_length=LONGEST_TERM,
            )
        case "BTree":
            return BTree()
        case "Bitmap":
            return Bitmap()
        case _:
            return IvfSq(distance_type="cosine", num_partitions=partitions(rows))


def partitions(rows: int) -> int:
    """Partitions of the vector index: the square root of the rows."""
    return max(1, round(math.sqrt(rows)))


def compact(store: Store, table: Any, *, clean: bool = False) -> None:
    """Join small files once there are many, and write those anew that lost many rows. Pinned versions keep their files.

    Args:
        clean: write every file anew that lost a row, so that nothing of the rows is left in the newest version.
    """
    dataset = _dataset(store, table)
    fragments = dataset.get_fragments()
    needed = math.ceil(table.count_rows() / FRAGMENT_ROWS)
    worn = any(fragment.num_deletions > _DELETED_SHARE * fragment.physical_rows for fragment in fragments)
    if len(fragments) <= needed + _SPARE_FRAGMENTS and not worn and not clean:
        return
    share = 0.0 if clean else _DELETED_SHARE
    dataset.optimize.compact_files(target_rows_per_fragment=FRAGMENT_ROWS, materialize_deletions_threshold=share)
    table.checkout_latest()

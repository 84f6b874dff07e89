"""What changed from one pinned table version to another: documents and chunks.

A document that is gone and one that is new with the same texts are one that moved; so are chunks. A chunk that is `changed` has the same
text in another place of its document, or other labels; an edited text is a removed chunk and an added one of a changed document.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from headgate.index.table_rows import quoted
from headgate.index.versions import open_version
from headgate.records import ChunkChange, Moved, TableRef, VersionDifference
from headgate.storage import Store

_EXAMPLE_CHARACTERS = 160
_BATCH = 500


def compare_versions(store: Store, before: TableRef, after: TableRef, *, examples: int = 5) -> VersionDifference:
    """Documents and chunks of `after` against those of `before`.

    Args:
        examples: chunk changes to show of each kind.

    Raises:
        IntegrityError: a version can't be opened.
    """
    old_table, new_table = open_version(store, before), open_version(store, after)
    old, new = _identities(old_table), _identities(new_table)
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    changed = sorted(chunk for chunk in old.keys() & new.keys() if old[chunk]["row_digest"] != new[chunk]["row_digest"])
    moved_chunks = _paired(old, gone, new, come)
    removed = sorted(gone - {left for left, _ in moved_chunks})
    added = sorted(come - {right for _, right in moved_chunks})
    documents = _documents(old, new)
    chosen = {
        "added": [("", chunk) for chunk in added[:examples]],
        "removed": [(chunk, "") for chunk in removed[:examples]],
        "changed": [(chunk, chunk) for chunk in changed[:examples]],
        "moved": moved_chunks[:examples],
    }
    left = _texts(old_table, [old[chunk]["row_digest"] for pairs in chosen.values() for chunk, _ in pairs if chunk])
    right = _texts(new_table, [new[chunk]["row_digest"] for pairs in chosen.values() for _, chunk in pairs if chunk])
    return VersionDifference(
        before=f"{before.table}@{before.version}",
        after=f"{after.table}@{after.version}",
        documents_added=documents["added"],
        documents_changed=documents["changed"],
        documents_removed=documents["removed"],
        documents_moved=tuple(Moved(before=one, after=other) for one, other in documents["moved"]),
        chunks_added=len(added),
        chunks_changed=len(changed),
        chunks_removed=len(removed),
        chunks_moved=len(moved_chunks),
        chunks_unchanged=len(old.keys() & new.keys()) - len(changed),
        examples=tuple(
            ChunkChange(
                kind=kind,
                document=(new[after_id] if after_id else old[before_id])["doc_id"],
                before=left[old[before_id]["row_digest"]] if before_id else "",
                after=right[new[after_id]["row_digest"]] if after_id else "",
            )
            for kind, pairs in chosen.items()
            for before_id, after_id in pairs
        ),
    )


def _identities(table: Any) -> dict[str, dict[str, str]]:
    columns = ["chunk_id", "doc_id", "row_digest", "text_digest"]
    found: pa.Table = table.search().select(columns).limit(table.count_rows() or 1).to_arrow().select(columns)
    return {row["chunk_id"]: row for row in found.to_pylist()}


def _paired(
    old: dict[str, dict[str, str]], gone: Iterable[str], new: dict[str, dict[str, str]], come: Iterable[str]
) -> list[tuple[str, str]]:
    """(old id, new id) of chunks whose text left one document and came up in another."""
    by_text: dict[str, list[str]] = defaultdict(list)
    for chunk in sorted(gone, reverse=True):
        by_text[old[chunk]["text_digest"]].append(chunk)
    return [(candidates.pop(), chunk) for chunk in sorted(come) if (candidates := by_text.get(new[chunk]["text_digest"]))]


def _documents(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> dict[str, Any]:
    before, after = _by_document(old, "row_digest"), _by_document(new, "row_digest")
    old_texts, new_texts = _by_document(old, "text_digest"), _by_document(new, "text_digest")
    gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    by_texts: dict[tuple[tuple[str, int], ...], list[str]] = defaultdict(list)
    for name in reversed(gone):
        by_texts[tuple(sorted(old_texts[name].items()))].append(name)
    moved = [(candidates.pop(), name) for name in come if (candidates := by_texts.get(tuple(sorted(new_texts[name].items()))))]
    left, arrived = {one for one, _ in moved}, {other for _, other in moved}
    return {
        "added": tuple(name for name in come if name not in arrived),
        "removed": tuple(name for name in gone if name not in left),
        "changed": tuple(name for name in sorted(before.keys() & after.keys()) if before[name] != after[name]),
        "moved": tuple(moved),
    }


def _by_document(rows: dict[str, dict[str, str]], column: str) -> dict[str, Counter[str]]:
    documents: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows.values():
        documents[row["doc_id"]][row[column]] += 1
    return documents


def _texts(table: Any, row_digests: Sequence[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for start in range(0, len(row_digests), _BATCH):
        condition = f"row_digest IN ({quoted(row_digests[start : start + _BATCH])})"
        found = table.search().where(condition).select(["row_digest", "text"]).limit(table.count_rows()).to_arrow()
        for digest, text in zip(found["row_digest"].to_pylist(), found["text"].to_pylist(), strict=True):
            texts[digest] = text if len(text) <= _EXAMPLE_CHARACTERS else f"{text[:_EXAMPLE_CHARACTERS]}…"
    return texts

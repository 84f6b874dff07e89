"""One row a pinned version: what is known of it, and why it stays."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import orjson

from headgate.index.inventory import read_inventory
from headgate.index.versions import list_versions
from headgate.retention.needs import needed_bundles, needed_versions
from headgate.settings import RetentionSettings
from headgate.storage import Store
from headgate.storage.layout import BUNDLES, LANCE


def version_rows(store: Store, rules: RetentionSettings) -> list[dict[str, Any]]:
    """Every pinned version, oldest first."""
    now = datetime.now(UTC)
    needed = needed_bundles(store, rules, now)
    bundles: dict[tuple[str, int], list[str]] = defaultdict(list)
    for key in store.list(BUNDLES.prefix()):
        table = orjson.loads(store.get(key))["table"]
        bundles[(table["table"], table["version"])].append(key.rsplit("/", 1)[-1].removesuffix(".json"))
    sizes = {entry.key: entry.size for entry in store.entries(LANCE.prefix())}
    known = list_versions(store)
    staying = {key for key, on_it in bundles.items() if needed.keys() & on_it}
    kept = {
        table: needed_versions(store, rules, table, {version for name, version in staying if name == table}, now)
        for table in {pinned.ref.table for pinned in known}
    }
    rows = []
    for pinned in known:
        ref = pinned.ref
        on_it = bundles[(ref.table, ref.version)]
        needs = dict.fromkeys(need for bundle_id in on_it for need in needed.get(bundle_id, ()))
        why = [need.text for need in needs]
        files = read_inventory(store, ref.files_digest) or {}
        rows.append(
            {
                "table": ref.table,
                "version": ref.version,
                "rows": ref.rows,
                "digest": ref.digest,
                "corpus_revision": pinned.corpus_revision,
                "created_at": pinned.created_at,
                "bundles": on_it,
                "releases": [need.name for need in needs if need.kind == "release"],
                "kept_because": why or [kept[ref.table][ref.version]] if ref.version in kept[ref.table] else [],
                "bytes": sum(sizes.get(LANCE.key(ref.table, name), 0) for name in files),
            }
        )
    return rows

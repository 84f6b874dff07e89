"""Whether every file of a store belongs to something that is kept: what a clean-up, or a killed run, left over is named.

The store is listed by the file system, or by the bucket's own listing, not by Headgate, which hides half-written files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lance
import orjson

from headgate.index.inventory import version_files
from headgate.index.versions import pin_tag, read_versions
from headgate.models.prepare import ensure_model
from headgate.retention.clean_up import PruneResult
from headgate.settings import Settings
from headgate.storage import Store, open_store

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
#: What can be made again, locks, records that always stay; and what a rule of the bucket removes (docs/storage.md).
_ALWAYS = ("cache/", "dead_letters/", "interactions/", "locks/", "mlflow/", "releases/", "probe-")


def find_orphans(settings: Settings, pruned: PruneResult) -> tuple[int, list[str]]:
    """How many files the store has, and the keys of those that nothing names that `pruned` kept.

    For a project whose documents are one folder. Of a store in a bucket the files on this machine are looked at too, as `local …`.
    """
    store = open_store(settings)
    owned = _owned(settings, store, pruned)
    keys = list(_keys(settings, store))
    orphans = [key for key in keys if key not in owned and not key.startswith(_ALWAYS)]
    if store.remote:
        here = [path.relative_to(settings.local_root).as_posix() for path in _files(settings.local_root)]
        fetched = store.local_lance().parent.parent.relative_to(settings.local_root).as_posix()
        present = {name for key in keys for name in (f"{fetched}/files/{key}", f"{fetched}/known/{key}.json")}
        orphans += [f"local {name}" for name in here if name not in present and not name.startswith(_ALWAYS)]
        keys += here
    return len(keys), sorted(orphans)


def _owned(settings: Settings, store: Store, pruned: PruneResult) -> set[str]:
    """Keys that something that is kept names."""
    name = settings.corpus.name
    owned = {f"bundles/{bundle_id}.json" for bundle_id in pruned.kept}
    naming = [store.get(key).decode() for key in owned]
    revisions: set[str] = set()
    for key, pinned in read_versions(store):
        if pinned.ref.version in pruned.kept_versions.get(pinned.ref.table, ()):
            owned |= {key, pinned.chunk_set.key}
            naming.append(store.get(key).decode())
            revisions.add(pinned.corpus_revision)
    if newest := max(store.entries("ingests"), key=lambda entry: entry.modified, default=None):
        revisions.add(newest.key.rpartition("/")[2].removesuffix(".json"))
        owned.add(str(orjson.loads(store.get(newest.key))["chunk_set"]["key"]))
    owned |= {f"ingests/{revision}.json" for revision in revisions}
    owned |= {key for key in store.list("reports/validation") if key.split("/")[2] in revisions}
    owned |= {f"objects/{digest}" for text in naming for digest in _DIGEST.findall(text)}
    for table, versions in pruned.kept_versions.items():
        owned |= {f"lance/{table}.lance/{file}" for file in _table_files(store, table, versions)}
    _, model = ensure_model(store, settings.embedding_setup)
    owned |= {key for key in store.list("models") if key.split("/")[1] == model.name}
    states = {f"{folder}/{name}.json" for folder in ("ingest_state", "validation/baseline")}
    owned |= states | {f"{folder}/{name}/folder.json" for folder in ("sources", "source_listings")}
    for key in store.list("ingest_state"):
        owned |= {file["kept"]["key"] for file in orjson.loads(store.get(key))["files"].values() if file.get("kept")}
    return owned | {"last_build.json"}


def _table_files(store: Store, table: str, kept: tuple[int, ...]) -> Iterator[str]:
    """Files of the kept versions and the newest, and what LanceDB keeps beside them: tags, transactions, a hint at the newest version."""
    dataset: Any = lance.dataset(f"{store.lance_uri()}/{table}.lance", storage_options=store.lance_options() or None)
    there = {version["version"] for version in dataset.versions()}
    for version in {*kept, dataset.version} & there:
        yield from version_files(store, table, version)
        if transaction := dataset.read_transaction(version):
            yield f"_transactions/{transaction.read_version}-{transaction.uuid}.txn"
    for version in kept:
        yield f"_refs/tags/{pin_tag(version)}.json"
    yield "_versions/latest_version_hint.json"


def _keys(settings: Settings, store: Store) -> Iterator[str]:
    """Everything in the store, half-written files included."""
    if not store.remote:
        yield from (path.relative_to(store.local_root).as_posix() for path in _files(store.local_root))
        return
    import boto3

    bucket, _, prefix = settings.storage.root.removeprefix("s3://").partition("/")
    client = boto3.client("s3", endpoint_url=settings.storage.endpoint or None, region_name=settings.storage.region or None)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        yield from (entry["Key"].removeprefix(f"{prefix}/") for entry in page.get("Contents", ()))


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file())

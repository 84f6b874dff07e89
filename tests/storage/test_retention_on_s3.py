"""Versions, verification and pruning with the store in a bucket."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.left_over import find_orphans
from headgate.bundle import open_bundle
from headgate.index.integrity import check_version
from headgate.index.versions import list_versions
from headgate.settings import parse_settings
from headgate.storage import S3Store, StoredFile, open_store
from tests.conftest import REPOSITORY, help_chunks, make_chunk, put_chunks
from tests.fakes import put_release
from tests.retention.test_clean_up import contents, read_revisions, source_bytes, sourced
from tests.s3 import Bucket
from tests.verbs import create_bundle, prune, update_table

LATER = datetime.now(UTC) + timedelta(days=400)


def test_a_bucket_is_pruned_to_what_is_needed_and_so_are_the_copies_of_it(
    bucket: Bucket, tmp_path: Path, exported_model: Path
) -> None:
    shutil.copytree(REPOSITORY / "prompts", tmp_path / "prompts")
    sections = {"corpus": {"name": "test", "folder": "documents"}, "retention": {"bundles_keep": 1}} | bucket.sections()
    settings = parse_settings(sections, project_dir=tmp_path)
    store = open_store(settings)
    for path in sorted(exported_model.rglob("*.*")):
        store.put_file(f"models/{path.relative_to(exported_model).as_posix()}", path)
    made = []
    for step in range(4):
        chunks = [*help_chunks(), make_chunk("news.md", f"News number {step}.")]
        made.append(create_bundle(settings, update_table(settings, put_chunks(settings, chunks, f"r{step}"))))
    put_release(store, 1, made[0].bundle_id)
    copies = store.local_lance()
    before = sum(entry.size for entry in store.entries("lance"))
    planned = prune(settings, dry_run=True, now=LATER)
    assert sum(entry.size for entry in store.entries("lance")) == before
    result = prune(settings, now=LATER)
    assert {item.name for item in planned.removed if item.kind == "bundles"} == {
        f"bundles/{one.bundle_id}.json" for one in made[1:3]
    }
    assert result.bytes_freed > 0
    assert sum(entry.size for entry in store.entries("lance")) < before
    assert [pinned.ref.version for pinned in list_versions(store)] == [one.manifest.table.version for one in (made[0], made[3])]
    lying = set(store.list("lance"))
    assert {f"lance/{path.relative_to(copies).as_posix()}" for path in copies.rglob("*") if path.is_file()} <= lying
    for one in (made[0], made[3]):
        open_bundle(store, one.bundle_id).close()
    assert all(check_version(store, pinned).passed for pinned in list_versions(store))
    again = prune(settings, now=LATER)
    assert not again.removed
    assert not find_orphans(settings, again)[1]


def test_the_clean_up_of_copies_takes_nothing_out_of_the_bucket(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = parse_settings({"corpus": {"name": "test", "folder": "documents"}} | bucket.sections(), project_dir=tmp_path)
    store = open_store(settings)
    new, old = "lance/t.lance/data/new.lance", "lance/t.lance/data/old.lance"
    store.put(old, b"removed by another machine since")
    store.local(old)
    store.put("locks-clock/build-1", b"")  # by a process that was killed while it asked for the time
    bucket.client().delete_object(Bucket=bucket.name, Key=f"store/{old}")
    listed = S3Store.entries

    def entries(self: S3Store, prefix: str) -> Iterator[StoredFile]:
        found = list(listed(self, prefix))
        if prefix == "chunk_sets":  # the last listing: now a build here pins a version
            self.put(new, b"rows")
            self.local(new)
        return iter(found)

    monkeypatch.setattr(S3Store, "entries", entries)
    result = prune(settings)
    monkeypatch.setattr(S3Store, "entries", listed)
    assert store.get(new) == b"rows"
    assert not result.removed  # both copies are young
    later = prune(settings, now=LATER)
    assert old in {item.name for item in later.removed if item.kind == "copy"}
    assert not (store.local_lance() / "t.lance/data/old.lance").exists()
    assert not list(store.list("locks-clock"))


def test_integrity_is_that_of_the_bucket_and_not_of_the_copies_of_it(
    bucket: Bucket, tmp_path: Path, exported_model: Path
) -> None:
    settings = parse_settings({"corpus": {"name": "test", "folder": "documents"}} | bucket.sections(), project_dir=tmp_path)
    store = open_store(settings)
    for path in sorted(exported_model.rglob("*.*")):
        store.put_file(f"models/{path.relative_to(exported_model).as_posix()}", path)
    update_table(settings, put_chunks(settings, help_chunks(), "r"))
    (pinned,) = list_versions(store)
    assert check_version(store, pinned).passed
    index = next(key for key in store.list("lance") if "_indices" in key)
    bucket.flip(index)
    wrong = {check.name: check.detail for check in check_version(store, pinned).checks if check.outcome == "failed"}
    assert index.rpartition("/")[2] in wrong["files"]


def test_what_a_killed_drop_left_in_a_bucket_is_no_table(bucket: Bucket, tmp_path: Path, exported_model: Path) -> None:
    settings = parse_settings({"corpus": {"name": "test", "folder": "documents"}} | bucket.sections(), project_dir=tmp_path)
    store = open_store(settings)
    for path in sorted(exported_model.rglob("*.*")):
        store.put_file(f"models/{path.relative_to(exported_model).as_posix()}", path)
    first = update_table(settings, put_chunks(settings, help_chunks(), "r1")).ref
    for folder in (f"table_refs/{first.table}", f"lance/{first.table}.lance/_versions"):
        for key in list(store.list(folder)):
            store.delete(key)
    again = update_table(settings, put_chunks(settings, help_chunks(), "r1")).ref
    assert again.digest == first.digest
    assert check_version(store, list_versions(store)[-1]).passed


def test_bytes_of_sources_that_nothing_needs_leave_the_bucket_and_this_machine(
    bucket: Bucket, tmp_path: Path, exported_model: Path
) -> None:
    shutil.copytree(REPOSITORY / "prompts", tmp_path / "prompts")
    _, named, indexed, _ = read_revisions(sourced(tmp_path, **bucket.sections()), "old", "named", "indexed", "newest")
    settings = sourced(tmp_path, revisions={"audit": f"{named}.dir"}, **bucket.sections())
    store = open_store(settings)
    for path in sorted(exported_model.rglob("*.*")):
        store.put_file(f"models/{path.relative_to(exported_model).as_posix()}", path)
    create_bundle(settings, update_table(settings, put_chunks(settings, help_chunks(), indexed)))
    assert source_bytes("old") < set(bucket.stored())
    prune(settings, now=LATER)
    stays = source_bytes("same", "named", "indexed", "newest")
    assert {key for key in bucket.stored() if key.startswith("corpora/")} == stays | {
        f"corpora/{revision}/tree.json" for revision in (named, indexed)
    }
    here = settings.local_root
    assert {path.relative_to(here).as_posix() for path in (here / "corpora" / "objects").rglob("*") if path.is_file()} == stays
    shutil.rmtree(here / "corpora")  # another machine
    assert contents(settings, "audit") == {"page.md": "named", "same.md": "same"}
    assert contents(settings, indexed) == {"page.md": "indexed", "same.md": "same"}

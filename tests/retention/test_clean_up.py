"""What is needed stays, whatever needs it; everything else goes, and nothing is left over."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest

from benchmarks.disk_bound import disk_bounds
from benchmarks.left_over import find_orphans
from headgate.bundle import Bundle, hold_bundle, open_bundle
from headgate.errors import CorpusError, LockedError, NotFoundError
from headgate.index.integrity import check_version, check_versions
from headgate.index.inventory import version_files
from headgate.index.pruning import stored_tables
from headgate.index.search import open_table
from headgate.index.versions import list_versions
from headgate.interactions.log import InteractionLog, new_interaction_id
from headgate.models.source import locate_source
from headgate.records import Answer, Interaction, Question, TableRef
from headgate.release.ledger import history
from headgate.release.reference import set_reference
from headgate.retention.needs import Need, needed_bundles
from headgate.settings import Settings, parse_settings
from headgate.storage import Store, open_store, sha256_hex
from headgate.text.terms import analyze
from tests.conftest import REPOSITORY, help_chunks, make_chunk, put_chunks
from tests.fakes import put_judgement, put_release
from tests.verbs import create_bundle, open_corpus, prune, update_table

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=400)


def build(settings: Settings, step: int) -> Bundle:
    """The help pages and a page that differs with every step, as a bundle."""
    chunks = [*help_chunks(), make_chunk(f"news/{step}.md", f"News number {step}: the router of type {step * 7} is on sale.")]
    return create_bundle(settings, update_table(settings, put_chunks(settings, chunks, f"r{step}")))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, exported_model: Path) -> tuple[Path, list[Bundle]]:
    """A project with six bundles, made once."""
    folder = tmp_path_factory.mktemp("six")
    shutil.copytree(REPOSITORY / "prompts", folder / "prompts")
    shutil.copytree(exported_model, folder / ".headgate" / "models", copy_function=os.link)
    settings = _settings(folder)
    return folder, [build(settings, step) for step in range(6)]


def _settings(folder: Path, *, model: str = "all-MiniLM-L6-v2", **retention: float) -> Settings:
    sections = {"retention": {"bundles_keep": 1} | retention, "embedding": {"model": model}}
    return parse_settings({"corpus": {"name": "test", "folder": "documents"}, **sections}, project_dir=folder)


@pytest.fixture
def bundles(tmp_path: Path, built: tuple[Path, list[Bundle]]) -> tuple[Settings, list[Bundle]]:
    """Six bundles in a store of their own, of which only the newest is kept for its age."""
    folder, made = built
    shutil.copytree(folder, tmp_path / "six")
    return _settings(tmp_path / "six"), made


def left(settings: Settings) -> set[str]:
    return {key.removeprefix("bundles/").removesuffix(".json") for key in open_store(settings).list("bundles")}


def found(settings: Settings, ref: TableRef) -> list[tuple[str, float]]:
    """Ids and scores, in order, of full-text and vector search in a pinned version."""

    async def both() -> list[tuple[str, float]]:
        table = await open_table(open_store(settings), ref)
        vector = np.ones(384, dtype=np.float32) / np.float32(np.sqrt(384))
        words = await table.full_text(analyze("router news refunds working days", "en"), limit=10, confidentiality=("public",))
        near = await table.dense(vector, limit=10, confidentiality=("public",))
        return [(hit.chunk_id, hit.bm25 or hit.cosine or 0.0) for hit in [*words, *near]]

    return asyncio.run(both())


def log_answer(settings: Settings, bundle_id: str, asked_at: datetime) -> None:
    log = InteractionLog(open_store(settings))
    answer = Answer(text="Ten days.", refused=False, bundle_id=bundle_id, model="extractive")
    log.append(
        Interaction(
            interaction_id=new_interaction_id(), asked_at=asked_at.isoformat(), question=Question(text="How long?"), answer=answer
        )
    )
    log.close()


def test_only_the_newest_stays_when_nothing_needs_the_others(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    result = prune(settings, now=LATER)
    assert left(settings) == {made[5].bundle_id}
    assert [pinned.ref.version for pinned in list_versions(open_store(settings))] == [made[5].manifest.table.version]
    assert result.kept == {made[5].bundle_id: ("built last", "one of the newest 1")}
    assert result.bytes_freed > 0
    open_bundle(open_store(settings), made[5].bundle_id).close()
    assert check_version(open_store(settings), list_versions(open_store(settings))[0]).passed


def test_nothing_is_left_over(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    store = open_store(settings)
    put_release(store, 1, made[2].bundle_id)
    folder = settings.store_root / "lance" / f"{made[0].manifest.table.table}.lance"
    (folder / "data" / "torn-by-a-kill.lance").write_bytes(b"half a file")
    (settings.store_root / "objects" / ".tmp-1234").write_bytes(b"half an object")
    os.utime(settings.store_root / "objects" / ".tmp-1234", (0, 0))
    prune(settings, now=LATER)
    kept = [made[2].manifest.table, made[5].manifest.table]
    needed = {name for ref in kept for name in version_files(store, ref.table, ref.version)}
    lying = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in lying if name.split("/")[0] in ("data", "_indices", "_deletions", "_versions")} == needed
    assert not list(settings.store_root.rglob(".tmp-*"))
    named = b"".join(store.get(key) for folder_ in ("bundles", "table_refs") for key in store.list(folder_)).decode()
    assert all(key.removeprefix("objects/") in named for key in store.list("objects"))
    assert {pinned.chunk_set.key for pinned in list_versions(store)} == set(store.list("chunk_sets"))
    again = prune(settings, now=LATER)
    assert not again.removed
    looked_at, orphans = find_orphans(settings, again)
    assert looked_at > 30
    assert not orphans


@pytest.mark.parametrize(
    "key",
    [
        "objects/" + "a" * 64,
        "objects/.tmp-1",
        "chunk_sets/r9-0123456789abcdef.parquet",
        "ingests/r9.json",
        "bundles/" + "b" * 64 + ".json",
        "lance/{table}.lance/data/torn.lance",
        "lance/{table}.lance/_transactions/1-torn.txn",
        "lance/{table}.lance/_refs/tags/pin-999.json",
        "lance/other.lance/_versions/1.manifest",
        "unheard_of/file",
    ],
)
def test_a_file_that_belongs_to_nothing_is_found(bundles: tuple[Settings, list[Bundle]], key: str) -> None:
    settings, made = bundles
    result = prune(settings, now=LATER)
    orphan = key.format(table=made[0].manifest.table.table)
    (settings.store_root / orphan).parent.mkdir(parents=True, exist_ok=True)
    if orphan.startswith("ingests/"):
        (settings.store_root / "ingests" / "newer.json").write_bytes(orjson.dumps({"chunk_set": {"key": "chunk_sets/x"}}))
        (settings.store_root / orphan).write_bytes(b"{}")
        os.utime(settings.store_root / orphan, (0, 0))
    else:
        (settings.store_root / orphan).write_bytes(b"left")
    assert find_orphans(settings, result)[1] == [orphan]


def test_a_dry_run_tells_the_same_and_removes_nothing(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, _ = bundles
    before = {path: path.stat().st_size for path in _files(settings.store_root)}
    planned = prune(settings, dry_run=True, now=LATER)
    assert {path: path.stat().st_size for path in _files(settings.store_root)} == before
    done = prune(settings, now=LATER)
    named = [(item.kind, item.name) for item in planned.removed]
    assert named == [(item.kind, item.name) for item in done.removed]
    assert planned.bytes_freed == pytest.approx(done.bytes_freed, rel=0.1)
    assert (planned.kept, planned.kept_versions) == (done.kept, done.kept_versions)


def _files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file() and "locks" not in path.parts)


def test_a_released_bundle_answers_the_same_after_later_builds_and_prune(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    ref = made[1].manifest.table
    before = found(settings, ref)
    put_release(open_store(settings), 1, made[1].bundle_id)
    put_release(open_store(settings), 2, made[3].bundle_id)
    for step in (0, 2, 4):
        build(settings, step)
        prune(settings, now=LATER)
    assert found(settings, ref) == before
    assert left(settings) >= {made[1].bundle_id, made[3].bundle_id}
    open_bundle(open_store(settings), made[1].bundle_id).close()


def test_the_bundle_of_a_logged_answer_stays_for_as_long_as_the_setting_says(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    log_answer(settings, made[0].bundle_id, LATER - timedelta(days=89))
    log_answer(settings, made[1].bundle_id, LATER - timedelta(days=91))
    for path in (settings.store_root / "interactions").iterdir():
        os.utime(path, (LATER.timestamp(), LATER.timestamp()))
    prune(settings, now=LATER)
    assert left(settings) == {made[0].bundle_id, made[5].bundle_id}
    open_bundle(open_store(settings), made[0].bundle_id).close()


@pytest.mark.parametrize("folder", ["reports", "verdicts", "canaries"])
def test_a_young_report_verdict_or_canary_keeps_its_bundle_and_the_one_it_was_compared_with(
    bundles: tuple[Settings, list[Bundle]], folder: str
) -> None:
    settings, made = bundles
    put_judgement(open_store(settings), folder, "a" * 64, made[2].bundle_id, baseline=made[1].bundle_id)
    os.utime(settings.store_root / folder / f"{'a' * 64}.json", (LATER.timestamp(), LATER.timestamp()))
    prune(settings, now=LATER + timedelta(days=13))
    compared = set() if folder == "reports" else {made[1].bundle_id}
    assert left(settings) == {made[2].bundle_id, made[5].bundle_id} | compared
    prune(settings, now=LATER + timedelta(days=15))
    assert left(settings) == {made[5].bundle_id}
    assert not list(open_store(settings).list(folder))


def test_the_report_of_a_verdict_that_a_release_names_stays(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    store = open_store(settings)
    release = put_release(store, 1, made[0].bundle_id)
    store.put(f"releases/production/{1:08d}.json", release.model_copy(update={"verdict_id": "f" * 64}).model_dump_json().encode())
    put_judgement(store, "verdicts", "f" * 64, made[0].bundle_id, report="e" * 64)
    put_judgement(store, "reports", "e" * 64, made[0].bundle_id)
    put_judgement(store, "reports", "d" * 64, made[0].bundle_id)
    prune(settings, now=LATER)
    assert list(store.list("verdicts")) == [f"verdicts/{'f' * 64}.json"]
    assert list(store.list("reports")) == [f"reports/{'e' * 64}.json"]


def test_young_bundles_and_the_newest_few_stay(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    settings = _settings(settings.project_dir, bundles_keep=2)
    prune(settings, now=NOW + timedelta(days=13))
    assert left(settings) == {bundle.bundle_id for bundle in made}
    prune(settings, now=LATER)
    assert left(settings) == {bundle.bundle_id for bundle in made[4:]}


def test_older_releases_go_where_the_setting_says_but_never_the_one_to_roll_back_to(
    bundles: tuple[Settings, list[Bundle]],
) -> None:
    settings, made = bundles
    for number, bundle in enumerate([made[0], made[1], made[2], made[2]], start=1):
        put_release(open_store(settings), number, bundle.bundle_id)
    prune(_settings(settings.project_dir, releases_keep=1), now=LATER)
    kept = {made[1].bundle_id, made[2].bundle_id, made[5].bundle_id}
    assert left(settings) == {made[0].bundle_id, *kept}  # the first release is the reference until somebody names another
    store = open_store(settings)
    set_reference(store, "production", history(store, "production"), 3, set_by="A. Person", reason="twelve good weeks")
    prune(_settings(settings.project_dir, releases_keep=1), now=LATER)
    assert left(settings) == kept


def test_a_held_bundle_stays_until_the_time_of_grace_is_over(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    hold_bundle(open_store(settings), made[0].bundle_id)
    hold = settings.store_root / "holds" / f"{made[0].bundle_id}.json"
    os.utime(hold, (LATER.timestamp(), LATER.timestamp()))
    prune(settings, now=LATER + timedelta(hours=23))
    assert made[0].bundle_id in left(settings)
    prune(settings, now=LATER + timedelta(hours=25))
    assert made[0].bundle_id not in left(settings)
    assert not hold.exists()
    with pytest.raises(NotFoundError, match="no bundle"):
        hold_bundle(open_store(settings), made[0].bundle_id)


def test_a_version_that_was_indexed_again_is_young_again(bundles: tuple[Settings, list[Bundle]]) -> None:
    """The bundle of an old version is made between marking and sweeping: its index run came before."""
    settings, made = bundles
    for path in _files(settings.store_root):
        os.utime(path, (NOW.timestamp() - 3e7, NOW.timestamp() - 3e7))
    os.utime(settings.store_root / "bundles" / f"{made[5].bundle_id}.json", (NOW.timestamp() - 2e7,) * 2)  # the newest
    chunks = [*help_chunks(), make_chunk("news/1.md", "News number 1: the router of type 7 is on sale.")]
    again = update_table(settings, put_chunks(settings, chunks, "r1"))
    assert again.ref == made[1].manifest.table
    prune(settings, now=NOW)
    assert made[1].bundle_id not in left(settings)
    bundle = create_bundle(settings, again)
    open_bundle(open_store(settings), bundle.bundle_id).close()


def test_a_bundle_made_after_marking_keeps_its_table_version(
    bundles: tuple[Settings, list[Bundle]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from headgate.retention import clean_up

    settings, made = bundles
    store = open_store(settings)
    late = store.get(f"bundles/{made[2].bundle_id}.json")

    def tables_after_another_wrote_a_bundle(_: Store) -> list[str]:
        assert not store.exists(f"bundles/{made[2].bundle_id}.json")  # it was marked as not needed, and removed
        store.put(f"bundles/{made[2].bundle_id}.json", late)
        return stored_tables(store)

    monkeypatch.setattr(clean_up, "stored_tables", tables_after_another_wrote_a_bundle)
    assert made[2].manifest.table.version in prune(settings, now=LATER).kept_versions[made[2].manifest.table.table]
    open_bundle(store, made[2].bundle_id).close()


def test_a_table_that_is_being_written_is_left_alone_and_two_prunes_do_not_meet(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    store = open_store(settings)
    with store.lock(made[0].manifest.table.table):
        result = prune(settings, now=LATER)
    assert len(result.skipped) == 1
    assert len(list_versions(store)) == 6
    with store.lock("prune"), pytest.raises(LockedError, match="another run"):
        prune(settings, now=LATER)


def test_a_table_of_another_model_goes_whole_once_nothing_needs_it(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    # The same weights under another name: vectors of another precision are not other ones on every machine.
    (settings.project_dir / "renamed").symlink_to(locate_source(settings.embedding_setup))
    other = _settings(settings.project_dir, model="renamed")
    new = build(other, 1)
    old = made[0].manifest.table.table
    assert old != new.manifest.table.table
    result = prune(other, now=LATER)
    assert ("table", old) in {(item.kind, item.name) for item in result.removed}
    assert not (settings.store_root / "lance" / f"{old}.lance").exists()
    open_bundle(open_store(other), new.bundle_id).close()


def test_the_index_goes_on_after_a_prune_as_if_there_had_been_none(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    prune(settings, now=LATER)
    assert build(settings, 3).manifest.table.digest == made[3].manifest.table.digest
    assert check_version(open_store(settings), list_versions(open_store(settings))[-1]).passed


def test_a_store_over_its_limit_is_told(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, _ = bundles
    result = prune(_settings(settings.project_dir, max_gib=0.001), dry_run=True)
    assert result.over_limit
    assert result.sizes["models"] > 1e6
    assert not prune(_settings(settings.project_dir, max_gib=5), dry_run=True).over_limit


def test_the_disk_stays_bounded_over_many_builds(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, _ = bundles
    settings = _settings(settings.project_dir, bundles_keep=2)
    sizes = []
    for step in range(12):
        build(settings, step % 6)
        prune(settings, now=LATER)
        sizes.append(sum(path.stat().st_size for path in (settings.store_root / "lance").rglob("*") if path.is_file()))
    assert len(list_versions(open_store(settings))) <= 3
    assert max(sizes[6:]) <= 1.2 * max(sizes[:6])


def test_the_bound_of_the_disk_follows_from_what_is_kept(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    put_release(open_store(settings), 1, made[2].bundle_id)
    before = prune(settings, dry_run=True, now=LATER)
    two = disk_bounds(settings, prune(settings, now=LATER))
    assert all(there <= bound for there, bound in two.values())
    assert two["models"][0] > 0.9 * two["models"][1]  # no bound is far from what is there
    assert two["objects"][0] > 0.9 * two["objects"][1]
    assert before.sizes["lance"] > two["lance"][1]  # six versions are more than two may take
    table = made[0].manifest.table.table
    for name in ("objects/" + "a" * 64, f"lance/{table}.lance/data/left.lance", "chunk_sets/r9-0.parquet", "unheard_of/file"):
        (settings.store_root / name).parent.mkdir(exist_ok=True)
        (settings.store_root / name).write_bytes(bytes(4 * 2**20))
    result = prune(settings, dry_run=True, now=NOW)
    kept = result.model_copy(update={"kept": {made[2].bundle_id: (), made[5].bundle_id: ()}})
    above = {part for part, (there, bound) in disk_bounds(settings, kept).items() if there > bound}
    assert above == {"objects", "lance", "chunk_sets", "records"}


def test_reasons_are_given_for_bundles_that_are_there(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    store = open_store(settings)
    put_release(store, 1, made[1].bundle_id)
    log_answer(settings, made[1].bundle_id, NOW)
    log_answer(settings, "0" * 64, NOW)
    release = Need("release", "release 1 of production", "1 of production")
    reference = Need("reference", "reference release of production")
    assert needed_bundles(store, settings.retention, LATER)[made[1].bundle_id] == (release, reference)
    needed = needed_bundles(store, settings.retention, NOW + timedelta(days=30))[made[1].bundle_id]
    assert set(needed) == {release, reference, Need("answered", "1 logged answers")}
    assert "0" * 64 not in needed_bundles(store, settings.retention, NOW)


def test_documents_with_names_like_temporary_files_stay_in_the_checkout(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, _ = bundles
    names = (
        "checkouts/now.dir/files/probe-calibration.md",
        "checkouts/now.dir/files/.tmp-notes.md",
        "corpora/objects/.tmp-7-ab",
        ".tmp-left-by-a-killed-run",
    )
    for name in names:
        path = settings.store_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
        os.utime(path, (0, 0))
    removed = {item.name for item in prune(settings).removed if item.kind == "temporary"}
    assert removed == set(names[2:])
    assert [(settings.store_root / name).exists() for name in names] == [True, True, False, False]


@pytest.mark.parametrize(
    "key", ["unheard_of/file", "unheard_of/.tmp-1", "objects/README.md", "bundles/of/somebody.json", "note.txt", "holds/x"]
)
def test_what_the_layout_does_not_name_stays_and_is_told(bundles: tuple[Settings, list[Bundle]], key: str) -> None:
    settings, _ = bundles
    path = settings.store_root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"somebody's")
    os.utime(path, (0, 0))
    result = prune(settings, now=LATER)
    assert path.read_bytes() == b"somebody's"
    assert result.unnamed == {key.partition("/")[0]: 1}


def test_what_a_manifest_names_that_can_not_be_read_stays(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    store = open_store(settings)
    before = set(store.list("objects")), {pinned.ref.version for pinned in list_versions(store)}
    put_release(store, 1, made[2].bundle_id)
    manifest = orjson.loads(store.get(f"bundles/{made[2].bundle_id}.json"))
    store.put(f"bundles/{made[2].bundle_id}.json", orjson.dumps(manifest | {"format": 9, "reranker": {"file": "f" * 64}}))
    result = prune(settings, now=LATER)
    assert (set(store.list("objects")), {pinned.ref.version for pinned in list_versions(store)}) == before
    assert [line.partition(":")[0] for line in result.skipped] == [f"table {made[2].manifest.table.table}", "all of objects"]
    assert all(f"'bundles/{made[2].bundle_id}.json' can't be read" in line for line in result.skipped)
    assert left(settings) == {made[2].bundle_id, made[5].bundle_id}


def test_a_table_with_a_note_that_can_not_be_read_stays_whole(bundles: tuple[Settings, list[Bundle]]) -> None:
    settings, made = bundles
    store = open_store(settings)
    table = made[0].manifest.table.table
    note = next(iter(store.list(f"table_refs/{table}")))
    store.put(note, orjson.dumps(orjson.loads(store.get(note)) | {"of_a_later_version": 1}))
    versions = set(store.list(f"lance/{table}.lance/_versions"))
    result = prune(settings, now=LATER)
    assert set(store.list(f"lance/{table}.lance/_versions")) == versions
    told = [line.partition(":")[0] for line in result.skipped]
    assert told == [f"table {table}", *(f"all of {name}" for name in ("ingests", "chunk_sets", "trees", "objects"))]


@pytest.mark.parametrize("key", ["reports/r.json", "verdicts/v.json", "releases/production/00000001.json", "last_build.json"])
def test_a_record_that_can_not_be_read_keeps_all_bundles(bundles: tuple[Settings, list[Bundle]], key: str) -> None:
    settings, made = bundles
    store = open_store(settings)
    store.put(key, b'{"bundle_id": "of a later version"}' if key != "last_build.json" else b"{}")
    os.utime(settings.store_root / key, (LATER.timestamp(), LATER.timestamp()))
    result = prune(settings, now=LATER)
    assert set(result.kept) == left(settings) == {bundle.bundle_id for bundle in made}
    assert all(any(f"{key!r} can't be read" in why for why in reasons) for reasons in result.kept.values())


def test_bytes_of_sources_stay_while_a_listing_can_not_be_read(make_project: Callable[..., Settings]) -> None:
    settings = sourced(make_project().project_dir)
    read_revisions(settings, "old", "new")
    store = open_store(settings)
    (listing,) = store.list("source_listings")
    store.put(listing, store.get(listing).replace(b'"format": 1', b'"format": 2'))
    result = prune(settings, now=LATER)
    assert set(store.list("corpora/objects")) == source_bytes("same", "old", "new")
    assert [line for line in result.skipped if line.startswith("all of source_objects") and listing in line]


def test_a_version_that_a_clean_up_takes_during_the_check_is_no_damage(
    bundles: tuple[Settings, list[Bundle]],
) -> None:
    settings, made = bundles
    store = open_store(settings)
    versions = list_versions(store)
    assert len(versions) == len(made)
    pruned = []

    def clean_up(done: int, _: int) -> None:
        if done == 1:
            pruned.append(prune(settings, now=LATER))

    reports = check_versions(store, versions, clean_up)
    assert pruned[0].removed
    assert 0 < len(reports) < len(versions)
    assert all(report.passed for report in reports)


def sourced(folder: Path, *, revisions: dict[str, str] | None = None, **sections: object) -> Settings:
    """A project whose documents come from one source, a folder."""
    source = {"name": "notes", "kind": "folder", "folder": "notes", "max_shrink_share": 1.0}
    corpus = {"name": "test", "sources": [source], "revisions": revisions or {}}
    return parse_settings({"corpus": corpus} | sections, project_dir=folder)


def read_revisions(settings: Settings, *texts: str) -> list[str]:
    """Revisions of a page that stays and one that has each of these texts in turn."""
    folder = settings.project_dir / "notes"
    folder.mkdir()
    (folder / "same.md").write_text("same")
    revisions = []
    for text in texts:
        (folder / "page.md").write_text(text)
        revisions.append(open_corpus(settings).revision)
    return revisions


def contents(settings: Settings, revision: str) -> dict[str, str]:
    """Path → text of every file of a revision that is opened again."""
    corpus = open_corpus(settings, revision=revision)
    return {file.path: corpus.local(file.path).read_text() for file in corpus.files}


def source_bytes(*texts: str) -> set[str]:
    return {f"corpora/objects/{digest[:2]}/{digest}" for digest in (sha256_hex(text.encode()) for text in texts)}


@pytest.mark.parametrize("suffix", ["", ".dir"])
def test_revisions_of_sources_go_with_their_bytes_but_those_that_are_indexed_or_named(
    make_project: Callable[..., Settings], suffix: str
) -> None:
    folder = make_project().project_dir
    old, named, indexed, newest = read_revisions(sourced(folder), "old", "named", "indexed", "newest")
    settings = sourced(folder, revisions={"audit": f"{named}{suffix}"})
    store = open_store(settings)

    create_bundle(settings, update_table(settings, put_chunks(settings, help_chunks(), indexed)))
    prune(settings, now=NOW + timedelta(days=13))
    assert contents(settings, old)["page.md"] == "old"  # younger than unreleased_days
    done = prune(settings, now=LATER)
    assert {item.name for item in done.removed if item.kind in ("trees", "source_objects")} == {
        f"corpora/{old}/tree.json",
        f"corpora/{newest}/tree.json",
        *source_bytes("old"),
    }
    assert set(store.list("corpora/objects")) == source_bytes("same", "named", "indexed", "newest")
    assert contents(settings, "audit") == {"page.md": "named", "same.md": "same"}
    assert contents(settings, indexed) == {"page.md": "indexed", "same.md": "same"}
    with pytest.raises(CorpusError, match="is not kept here"):
        open_corpus(settings, revision=old)

    prune(sourced(folder), now=LATER)  # its name was taken away
    assert set(store.list("corpora/objects")) == source_bytes("same", "indexed", "newest")

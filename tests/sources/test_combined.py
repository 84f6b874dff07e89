"""Several sources as one corpus, all the way through an ingest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import CorpusError, SettingsError
from headgate.index.chunk_set import read_chunk_set
from headgate.ingest.state.cache import discard_cache
from headgate.records import IngestResult, Remark
from headgate.settings import load_settings
from headgate.sources.state.objects import ObjectCache
from headgate.storage import open_store
from tests.fakes import put_ingest
from tests.s3 import Bucket
from tests.sources.conftest import Project, texts
from tests.sources.site import Site, hang_up, status
from tests.sources.test_s3 import put
from tests.sources.test_s3 import source as bucket_source
from tests.verbs import ingest, prune

Web = Callable[..., dict[str, Any]]
PAGE = "<html><body><h1>{0}</h1><p>{0} go back to the payment method that was used, within ten working days of the request.</p></body></html>"


def folder(project: Project, name: str, **contents: str) -> dict[str, Any]:
    (project.folder / name).mkdir(exist_ok=True)
    for file, content in contents.items():
        (project.folder / name / file.replace("__", ".")).write_text(content)
    return {"name": name, "kind": "folder", "folder": name, "prefix": name}


def outcomes(result: IngestResult) -> dict[str, str]:
    return {outcome.path: outcome.outcome for outcome in result.outcomes}


def test_a_folder_a_bucket_and_a_site_make_one_corpus(project: Project, site: Site, web: Web, bucket: Bucket) -> None:
    site.put("/a.html", PAGE.format("Refunds"))
    site.sitemap()
    put(bucket, b__md="# B")
    corpus = project.open(folder(project, "notes", n__md="# N"), web(prefix="site"), bucket_source(bucket, prefix="bucket/deep"))
    assert {file.path: file.source for file in corpus.files} == {
        "bucket/deep/b.md": "bucket",
        "notes/n.md": "notes",
        "site/a.html": "site",
    }
    assert [state.kind for state in corpus.sources] == ["folder", "http", "s3"]
    assert set(texts(corpus)) == {"bucket/deep/b.md", "notes/n.md", "site/a.html"}


def test_an_ingest_over_sources_keeps_what_was_good(project: Project, site: Site, web: Web) -> None:
    site.put("/refunds.html", PAGE.format("Refunds"))
    site.put("/credits.html", PAGE.format("Account credits"))
    site.sitemap()
    project.sections = {"parse": {"workers": 1}, "validation": {"max_dead_letter_share": 1, "max_dropped_share": 1}}
    notes = folder(
        project, "notes", fees__md="# Fees\n\nA late fee of five pounds is added when a bill is paid after its due date."
    )
    internal = {**notes, "labels": {"confidentiality": "internal"}}
    settings = project.settings(web(prefix="site", retries=0), internal)
    first = ingest(settings)
    assert outcomes(first) == dict.fromkeys(("notes/fees.md", "site/credits.html", "site/refunds.html"), "indexed")

    again = ingest(settings, revision=first.corpus_revision)
    assert (again.chunk_set.digest, again.parsed) == (first.chunk_set.digest, 0)

    site.pages["/sitemap.xml"].faults += [hang_up] * 10
    down = ingest(settings)
    assert outcomes(down) == outcomes(first)
    assert {outcome.path for outcome in down.kept} == {"site/credits.html", "site/refunds.html"}
    assert down.parsed == 0

    site.pages["/sitemap.xml"].faults.clear()
    back = ingest(settings)
    assert back.chunk_set.digest == first.chunk_set.digest
    assert not back.kept


def site_and_notes(project: Project, site: Site, web: Web) -> list[dict[str, Any]]:
    site.put("/refunds.html", PAGE.format("Refunds"))
    site.put("/credits.html", PAGE.format("Account credits"))
    site.sitemap()
    project.sections |= {"parse": {"workers": 1}, "validation": {"max_dead_letter_share": 1, "max_dropped_share": 1}}
    notes = "# Fees\n\nA late fee of five pounds is added when a bill is paid after its due date."
    return [web(prefix="site", retries=0), folder(project, "notes", fees__md=notes)]


def test_a_last_good_version_is_parsed_again_where_the_cache_was_wiped(project: Project, site: Site, web: Web) -> None:
    settings = project.settings(*site_and_notes(project, site, web))
    first = ingest(settings)
    site.pages["/refunds.html"].faults.append(status(503))
    discard_cache(settings.local_root, "kb")
    down = ingest(settings)

    assert outcomes(down) == outcomes(first)
    assert [outcome.path for outcome in down.kept] == ["site/refunds.html"]
    texts_of = {
        name: [chunk.text for chunk in read_chunk_set(open_store(settings), result.chunk_set)]
        for name, result in {"first": first, "down": down}.items()
    }
    assert texts_of["down"] == texts_of["first"]
    again = ingest(settings)
    assert (again.chunk_set.digest, again.kept, again.parsed) == (first.chunk_set.digest, (), 0)


def test_a_last_good_version_without_cache_and_bytes_is_given_up(project: Project, site: Site, web: Web) -> None:
    settings = project.settings(*site_and_notes(project, site, web))
    first = ingest(settings)
    site.pages["/refunds.html"].faults.append(status(503))
    discard_cache(settings.local_root, "kb")
    digest = next(outcome.digest for outcome in first.outcomes if outcome.path == "site/refunds.html")
    ObjectCache(open_store(settings)).path(digest).unlink()
    down = ingest(settings)

    lost = next(outcome for outcome in down.outcomes if outcome.path == "site/refunds.html")
    assert lost.outcome == "dead_lettered"
    assert "could not be made again from bytes in the store" in lost.findings[-1].text


def test_a_last_good_version_outlives_the_machine_where_the_store_is_a_bucket(
    project: Project, site: Site, web: Web, bucket: Bucket
) -> None:
    sources = site_and_notes(project, site, web)
    project.sections |= bucket.sections(cache="first machine")
    first = ingest(project.settings(*sources))
    site.pages["/refunds.html"].faults.append(status(503))
    project.sections |= bucket.sections(cache="second machine")
    down = ingest(project.settings(*sources))

    assert outcomes(down) == outcomes(first)
    assert [outcome.path for outcome in down.kept] == ["site/refunds.html"]


def test_another_machine_tells_the_types_of_files_that_it_did_not_fetch(project: Project, bucket: Bucket) -> None:
    source = folder(project, "notes", a__md="# A", b__csv="name,price\nbasic,9\n")
    project.sections = bucket.sections(cache="first machine")
    first = project.open(source)
    project.sections = bucket.sections(cache="second machine")
    (project.folder / "notes" / "a.md").unlink()
    reopened = project.open(source, revision=first.revision)

    assert {file.path: file.media_type for file in first.files} == {"notes/a.md": "text/markdown", "notes/b.csv": "text/csv"}
    assert reopened.files == first.files


def test_labels_of_a_source_come_before_those_for_everything(project: Project) -> None:
    notes = folder(project, "notes", n__md="# N")
    project.corpus = {"labels": [{"pattern": "**", "confidentiality": "public", "audience": "customer"}]}
    settings = project.settings({**notes, "labels": {"confidentiality": "internal"}})
    assert [(rule.pattern, rule.confidentiality) for rule in settings.corpus.label_rules] == [
        ("notes/**", "internal"),
        ("**", "public"),
    ]


def test_rules_hold_over_sources_and_name_what_they_leave_out(project: Project) -> None:
    project.sections = {"parse": {"workers": 1}, "validation": {"max_dropped_share": 1}}
    project.corpus = {
        "rules": [
            {"name": "no-drafts", "action": "exclude", "pattern": "notes/draft*"},
            {"name": "no-spanish", "action": "exclude", "languages": ["es"]},
        ]
    }
    english = "# Fees\n\nA late fee of five pounds is added when a bill is paid after its due date, and not before that."
    spanish = "# Cargos\n\nSe añade un cargo de cinco libras cuando la factura se paga después de su fecha de vencimiento, y no antes de ella."
    result = ingest(
        project.settings(folder(project, "notes", fees__md=english, cargos__md=spanish, draft__md=english + " More."))
    )
    reasons = {outcome.path: (outcome.outcome, outcome.reasons) for outcome in result.outcomes}
    assert reasons["notes/draft.md"] == ("excluded", (Remark("corpus.rules", "no-drafts"),))
    assert reasons["notes/cargos.md"] == ("excluded", (Remark("corpus.rules", "no-spanish"),))
    assert reasons["notes/fees.md"][0] == "indexed"
    assert result.counts.files == 3


@pytest.mark.parametrize(
    ("sources", "corpus", "message"),
    [
        ([("a", ""), ("b", "b")], {}, "source 'a' needs a prefix"),
        ([("a", "x"), ("b", "x")], {}, "same prefix 'x'"),
        ([("a", "x"), ("a", "y")], {}, "same name 'a'"),
        ([("a", "x"), ("b", "x/y")], {}, "lies inside prefix 'x'"),
        ([("a", "../x")], {}, "no folder of a corpus"),
        ([("a", "x*")], {}, "no folder of a corpus"),
        ([("a", "")], {"folder": "."}, "set either corpus.sources or one of"),
    ],
)
def test_sources_that_cannot_stand_together_are_told(
    project: Project, sources: list[tuple[str, str]], corpus: dict[str, Any], message: str
) -> None:
    project.corpus = corpus
    with pytest.raises(SettingsError, match=message):
        project.settings(*({"name": name, "kind": "folder", "folder": name, "prefix": prefix} for name, prefix in sources))


def test_sources_and_rules_survive_being_written_and_read(project: Project, tmp_path: Path) -> None:
    from headgate.cli.settings_file import settings_toml

    project.corpus = {"rules": [{"name": "r", "action": "exclude", "labels": {"topic": ["a", "b"]}, "larger_than": "2 MiB"}]}
    settings = project.settings(
        {"name": "a", "kind": "http", "prefix": "a", "sitemap": "https://a.example/s.xml", "labels": {"audience": "staff"}},
        {"name": "b", "kind": "s3", "prefix": "b", "bucket": "bucket-b", "fresh_within_hours": 12},
        {"name": "c", "kind": "dvc", "prefix": "c", "dvc_file": "data.dvc"},
    )
    (project.folder / "headgate.toml").write_text(settings_toml(settings))
    assert load_settings(project.folder / "headgate.toml", environment={}) == settings


def test_prune_keeps_what_a_revision_that_stays_needs(project: Project) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    source = folder(project, "notes", same__md="# Same", n__md="# one")
    revisions = [project.open(source).revision]
    for text in ("# two", "# three"):
        (project.folder / "notes" / "n.md").write_text(text)
        revisions.append(project.open(source).revision)
    settings = project.settings(source)
    store = open_store(settings)
    put_ingest(store, revisions[1])
    (store.local_root / "corpora" / "objects" / "ab").mkdir()
    (store.local_root / "corpora" / "objects" / "ab" / ("ab" * 32)).write_bytes(b"left over")

    dry = prune(settings, now=later, dry_run=True)
    result = prune(settings, now=later)
    assert dry.removed == result.removed
    assert sorted(removed.name.split("/")[1] for removed in result.removed) == sorted(
        [revisions[0], revisions[2], "objects", "objects"]
    )
    assert texts(project.open(source, revision=revisions[1])) == {"notes/n.md": "# two", "notes/same.md": "# Same"}
    assert project.open(source).sources[0].unchanged == 2
    with pytest.raises(CorpusError, match="is not kept here"):
        project.open(source, revision=revisions[0])

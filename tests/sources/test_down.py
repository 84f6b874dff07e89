"""A source that is down, shrinks or goes silent: nothing is emptied, it is left alone for a while, and its state says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headgate.errors import CorpusError
from headgate.records import BreakerState
from headgate.sources.breaker import Breaker
from headgate.sources.state.freshness import read_freshness
from headgate.storage import open_store
from tests.sources.conftest import Clock, Project, outcomes_add_up, texts
from tests.sources.site import Site, hang_up, status

Web = Callable[..., dict[str, Any]]


@pytest.fixture
def notes(project: Project) -> dict[str, Any]:
    (project.folder / "notes").mkdir()
    (project.folder / "notes" / "n.md").write_text("# N")
    return {"name": "notes", "kind": "folder", "folder": "notes", "prefix": "notes"}


def fill(site: Site, count: int) -> None:
    for number in range(count):
        site.put(f"/{number:02}.html", f"<html>{number}</html>")
    site.sitemap(*(f"/{number:02}.html" for number in range(count)))


def test_files_of_a_source_that_is_down_are_failed_not_gone(
    project: Project, site: Site, web: Web, notes: dict[str, Any]
) -> None:
    fill(site, 3)
    first = project.open(web(prefix="site"), notes)
    site.pages["/sitemap.xml"].faults += [hang_up] * 10
    corpus = project.open(web(prefix="site"), notes)

    assert {file.path: file.digest for file in corpus.files} == {file.path: file.digest for file in first.files}
    assert {failure.reason for failure in corpus.failed.values()} == {"source_down"}
    assert all(failure.transient for failure in corpus.failed.values())
    assert set(texts(corpus)) == {"notes/n.md"}
    assert corpus.revision != first.revision
    assert outcomes_add_up(corpus)
    site.pages["/sitemap.xml"].faults.clear()
    again = project.open(web(prefix="site"), notes)
    assert again.sources[0].failed == 0
    assert again.revision == first.revision


def test_with_no_source_left_the_run_stops(project: Project, site: Site, web: Web) -> None:
    fill(site, 2)
    project.open(web())
    site.pages["/sitemap.xml"].faults += [status(503)] * 10
    with pytest.raises(
        CorpusError, match=r"no source of corpus 'kb' can be read; source 'site': .*HTTP 503; what is indexed stays"
    ):
        project.open(web())
    assert "HTTP 503" in open_store(project.settings(web())).get("sources/kb/site.json").decode()


def test_after_failures_in_a_row_the_rest_is_not_asked_for(project: Project, site: Site, web: Web, notes: dict[str, Any]) -> None:
    fill(site, 20)
    for page in site.pages.values():
        page.faults += [status(500)] * 5
    site.pages["/sitemap.xml"].faults.clear()
    source = web(prefix="site", retries=0, breaker_failures=3, parallel=1)
    corpus = project.open(source, notes)

    asked = {seen.path for seen in site.seen} - {"/sitemap.xml"}
    assert len(asked) == 3
    assert sorted(failure.reason for failure in corpus.failed.values()) == ["source_down"] * 17 + ["unavailable"] * 3
    assert corpus.sources[0].breaker.state == "open"

    site.forget()
    project.clock.advance(seconds=200)
    during = project.open(source, notes)
    assert not site.seen
    assert "is not asked before" in during.sources[0].problem

    for page in site.pages.values():
        page.faults.clear()
    project.clock.advance(seconds=200)
    after = project.open(source, notes)
    assert after.sources[0].breaker == BreakerState()
    assert len(texts(after)) == 21


def test_a_breaker_lets_one_request_try_and_opens_again() -> None:
    clock = Clock()
    breaker = Breaker(BreakerState(), failures=2, cool_down=60, clock=clock)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()
    clock.advance(seconds=60)
    assert [breaker.admits(), breaker.admits()] == [True, False]
    breaker.failed()
    assert not breaker.admits()
    assert breaker.state.failures == 3
    kept = Breaker(BreakerState.model_validate_json(breaker.state.model_dump_json()), failures=2, cool_down=60, clock=clock)
    assert not kept.admits()
    clock.advance(seconds=60)
    assert kept.admits()
    kept.succeeded()
    assert kept.state == BreakerState()


def test_a_run_killed_while_it_tried_does_not_keep_the_source_out() -> None:
    clock = Clock()
    left = BreakerState(state="half_open", failures=5, open_until=clock.now.isoformat())
    assert Breaker(left, failures=2, cool_down=60, clock=clock).admits()


def test_a_listing_that_lost_too_much_is_refused_until_confirmed(
    project: Project, site: Site, web: Web, notes: dict[str, Any]
) -> None:
    fill(site, 10)
    project.open(web(prefix="site"), notes)
    site.sitemap("/00.html", "/01.html")
    refused = project.open(web(prefix="site"), notes)
    assert len(refused.failed) == 10
    assert "set shrunk_to = 2 for source 'site'" in refused.failed["site/00.html"].detail

    confirmed = project.open(web(prefix="site", shrunk_to=2), notes)
    assert set(texts(confirmed)) == {"site/00.html", "site/01.html", "notes/n.md"}
    site.sitemap("/00.html")
    assert len(project.open(web(prefix="site", shrunk_to=2), notes).failed) == 0


def test_pages_that_are_all_gone_at_once_are_refused_too(project: Project, site: Site, web: Web, notes: dict[str, Any]) -> None:
    fill(site, 10)
    project.open(web(prefix="site"), notes)
    for number in range(8):
        site.pages[f"/{number:02}.html"].faults += [status(404)]
    corpus = project.open(web(prefix="site"), notes)
    assert sorted(corpus.failed) == [f"site/{number:02}.html" for number in range(8)]
    assert not corpus.excluded
    assert "shrunk_to = 2" in corpus.failed["site/00.html"].detail


def test_files_that_a_new_rule_leaves_out_do_not_count_as_lost(project: Project, site: Site, web: Web) -> None:
    fill(site, 10)
    project.open(web())
    project.corpus = {"rules": [{"name": "few", "action": "exclude", "pattern": "0[0-7]*"}]}
    corpus = project.open(web())
    assert not corpus.failed
    assert (len(texts(corpus)), len(corpus.excluded)) == (2, 8)


def test_freshness_and_silence(project: Project, site: Site, web: Web, notes: dict[str, Any]) -> None:
    fill(site, 2)
    source = web(prefix="site", fresh_within_hours=24, silent_after_days=7)
    first = project.open(source, notes).sources[0]
    assert (first.fresh, first.reason) == (True, "")
    store = open_store(project.settings(source, notes))

    site.pages["/sitemap.xml"].faults += [status(503)] * 4
    project.clock.advance(hours=30)
    later = project.open(source, notes).sources[0]
    assert not later.fresh
    assert "30.0 h ago, its objective is 24 h" in later.reason
    assert later.last_success == first.last_success

    project.clock.advance(days=7)
    silent = project.open(source, notes).sources[0]
    assert silent.fresh
    assert silent.content_changed == first.content_changed
    by_name = {found.source: found for found in read_freshness(store, corpus="kb", now=project.clock.now)}
    assert by_name["site"].silent
    assert "nothing in source 'site' has changed for" in by_name["site"].reason
    site.put("/00.html", "<html>changed</html>")
    assert project.open(source, notes).sources[0].content_changed == project.clock.now.isoformat(timespec="seconds")


def test_a_source_is_fresh_when_it_was_read_whole(project: Project, site: Site, web: Web) -> None:
    fill(site, 3)
    source = web(fresh_within_hours=24)
    first = project.open(source).sources[0]
    site.pages["/00.html"].faults += [status(503)] * 4
    project.clock.advance(hours=30)
    partly = project.open(source).sources[0]
    assert (partly.failed, partly.fresh, partly.last_success) == (1, False, first.last_success)
    site.pages["/00.html"].faults += [status(403)] * 4  # says that it may not be read: waiting makes nothing fresher
    refused = project.open(source).sources[0]
    assert (refused.failed, refused.fresh, refused.last_success) == (1, True, refused.last_attempt)


def test_a_source_that_left_the_settings_is_forgotten(project: Project, site: Site, web: Web, notes: dict[str, Any]) -> None:
    fill(site, 2)
    project.open(web(prefix="site"), notes)
    corpus = project.open(notes)
    assert [file.path for file in corpus.files] == ["notes/n.md"]
    assert list(open_store(project.settings(notes)).list("sources")) == ["sources/kb/notes.json"]

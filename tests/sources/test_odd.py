"""Odd strings from a site, a bucket or a file system: at most the file, or the source, that they come from is failed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import Gone, StorageError
from headgate.sources import corpus as corpora
from headgate.sources.items import Fetched, Known, Listed, Listing
from headgate.sources.values import iso_timestamp, retry_after
from headgate.text.numbers import whole_number
from tests.s3 import Bucket, Proxy, Reply
from tests.sources.conftest import Project, texts
from tests.sources.site import Site, status
from tests.sources.test_s3 import put
from tests.sources.test_s3 import source as s3_source

Web = Callable[..., dict[str, Any]]
MANY = "9" * 5000


@pytest.fixture
def notes(project: Project) -> dict[str, Any]:
    (project.folder / "notes").mkdir()
    (project.folder / "notes" / "n.md").write_text("# N")
    return {"name": "notes", "kind": "folder", "folder": "notes", "prefix": "notes"}


def test_numbers_and_times_that_are_none() -> None:
    assert [whole_number(text) for text in ("12", " 7 ", "²", "٣", "-1", "1.5", "", MANY)] == [12, 7] + [None] * 6
    assert (retry_after("30"), retry_after("²"), retry_after(MANY)) == (30.0, 0.0, 0.0)
    assert iso_timestamp(0) == "1970-01-01T00:00:00+00:00"
    assert [iso_timestamp(2.0**power) for power in (40, 62, 70)] == ["", "", ""]


@pytest.mark.parametrize("lastmod", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_dates_before_and_after_all_years(project: Project, site: Site, web: Web, lastmod: str) -> None:
    site.put("/a.html", "<html>a</html>")
    site.sitemap(lastmod=lastmod)
    assert texts(project.open(web())) == {"a.html": "<html>a</html>"}


def test_odd_headers_fail_their_page_at_most(project: Project, site: Site, web: Web, notes: dict[str, Any]) -> None:
    site.put("/ok.html", "<html>ok</html>")
    site.put("/away.html", "").faults += [status(302, location="https://[")]
    site.put("/later.html", "<html>later</html>").faults += [status(503, retry_after="²")]
    site.put("/part.html", "<html>part</html>").faults += [status(206, content_range=f"bytes {MANY}-{MANY}/{MANY}")] * 9
    site.put("/long.html", "").faults += [status(200, content_length=MANY, connection="close")] * 9
    site.sitemap()
    corpus = project.open(web(prefix="site", timeout_seconds=0.3, retries=1), notes)
    found = texts(corpus)
    assert found["notes/n.md"] == "# N"
    assert found["site/ok.html"] == "<html>ok</html>"
    assert found["site/later.html"] == "<html>later</html>"
    assert corpus.failed["site/away.html"].reason == "redirect_refused"
    assert corpus.failed["site/part.html"].reason == "interrupted"


@pytest.mark.parametrize(("answered", "message"), [(404, "can't be listed"), (412, "can't be listed"), (416, "can't be listed")])
def test_a_bucket_whose_listing_is_not_found_is_down_alone(
    project: Project, bucket: Bucket, proxy: Proxy, notes: dict[str, Any], answered: int, message: str
) -> None:
    put(bucket, a__md="# A")
    at_proxy = s3_source(bucket, endpoint=proxy.endpoint, prefix="bucket")
    project.open(at_proxy, notes)
    proxy.rule = lambda request: Reply(answered, b"<html></html>") if "list-type" in request.path else None
    corpus = project.open(at_proxy, notes)
    assert texts(corpus) == {"notes/n.md": "# N"}
    assert corpus.failed["bucket/a.md"].reason == "source_down"
    assert message in corpus.sources[0].problem


def test_files_modified_after_the_year_9999(project: Project) -> None:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        file = Path(folder, "n.md")
        file.write_text("# N")
        os.utime(file, (2**40, 2**40))
        if file.stat().st_mtime != 2**40:
            pytest.skip("no file system here keeps such a time")
        corpus = project.open({"name": "notes", "kind": "folder", "folder": folder})
        assert texts(corpus) == {"n.md": "# N"}
        assert corpus.files[0].modified == ""


class Odd:
    """A source that raises what nobody foresaw."""

    def __init__(self, *, listing: Exception | None = None, fetch: Exception | None = None) -> None:
        self._on_listing, self._on_fetch = listing, fetch

    def listing(self, **_: Any) -> Listing:
        if self._on_listing:
            raise self._on_listing
        return Listing((Listed("a.md", "a.md", 1),))

    def fetch(self, item: Listed, known: Known | None) -> Fetched:
        assert self._on_fetch
        raise self._on_fetch


@pytest.mark.parametrize("error", [ValueError("bob:secret"), OverflowError("bob:secret"), Gone("bob:secret")])
def test_what_nobody_foresaw_in_a_listing_stops_its_source_alone(
    project: Project, notes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (project.folder / "odd").mkdir()
    odd = {"name": "odd", "kind": "folder", "folder": "odd", "prefix": "odd"}
    real = corpora._open_source
    monkeypatch.setattr(
        corpora, "_open_source", lambda section, *rest: Odd(listing=error) if section.name == "odd" else real(section, *rest)
    )
    corpus = project.open(odd, notes)
    assert texts(corpus) == {"notes/n.md": "# N"}
    assert type(error).__name__ in corpus.sources[0].problem
    assert "secret" not in corpus.sources[0].problem


@pytest.mark.parametrize("error", [ValueError("x"), OverflowError("x")])
def test_what_nobody_foresaw_in_a_file_fails_the_file(
    project: Project, notes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(corpora, "_open_source", lambda *_: Odd(fetch=error))
    corpus = project.open(notes)
    assert corpus.failed["notes/a.md"].reason == "odd_answer"
    assert not corpus.failed["notes/a.md"].transient


def test_a_store_that_cannot_be_written_is_no_oddity_of_the_source(
    project: Project, notes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "_open_source", lambda *_: Odd(fetch=StorageError("disk full")))
    with pytest.raises(StorageError, match="disk full"):
        project.open(notes)

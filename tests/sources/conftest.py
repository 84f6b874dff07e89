"""A project over sources, a clock that is set by hand, and a web site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headgate.settings import Settings, parse_settings
from headgate.sources.corpus import Corpus
from tests.sources.site import Site, serve_site
from tests.verbs import open_corpus

#: Settings of a remote source under test: quick to give up.
QUICK: dict[str, Any] = {
    "retries": 3,
    "retry_seconds": 0.01,
    "timeout_seconds": 5,
    "deadline_seconds": 10,
    "cool_down_seconds": 300,
}
WEB: dict[str, Any] = {"kind": "http", "allow_http": True, "allow_private": True, "requests_per_second": 1000, **QUICK}


class Clock:
    """Moves only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 2, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Project:
    """Settings with `sources`, a store of its own, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.sections: dict[str, Any] = {}
        self.corpus: dict[str, Any] = {}
        folder.mkdir()

    def settings(self, *sources: dict[str, Any]) -> Settings:
        return parse_settings(
            {"corpus": {"name": "kb", "sources": list(sources), **self.corpus}, **self.sections}, project_dir=self.folder
        )

    def open(self, *sources: dict[str, Any], revision: str = "") -> Corpus:
        return open_corpus(self.settings(*sources), revision=revision, clock=self.clock)


def texts(corpus: Corpus) -> dict[str, str]:
    """Path → content of every file that is neither left out nor failed."""
    usable = [file.path for file in corpus.files if file.path not in corpus.excluded and file.path not in corpus.failed]
    return {path: corpus.local(path).read_bytes().decode() for path in usable}


def outcomes_add_up(corpus: Corpus) -> bool:
    """Every file once, and every state's figures too."""
    paths = [file.path for file in corpus.files]
    return len(paths) == len(set(paths)) and all(
        state.listed == state.fetched + state.unchanged + state.failed + state.excluded for state in corpus.sources
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site() as running:
        yield running


@pytest.fixture
def web(site: Site) -> Callable[..., dict[str, Any]]:
    def make(**more: Any) -> dict[str, Any]:
        listing = {} if {"urls", "url_list", "sitemap"} & set(more) else {"sitemap": f"{site.address}/sitemap.xml"}
        return {"name": "site", **WEB, **listing, **more}

    return make

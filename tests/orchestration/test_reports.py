"""Validation reports as pages, from a folder or a bucket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from headgate.orchestration.reports import HOST, report_server
from headgate.storage import FolderStore, Store
from tests.s3 import Bucket


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.store(tmp_path / "cache")


@pytest.fixture
def ask(store: Store) -> Iterator[Any]:
    with report_server(store, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with httpx.Client(base_url=f"http://{HOST}:{server.server_port}", timeout=900) as client:
            yield client.get
        server.shutdown()


def test_reports_are_listed_and_shown(store: Store, ask: Any) -> None:
    assert "None yet" in ask("/").text
    store.put("reports/validation/0a1b/index.html", "<p>é</p>".encode())
    store.put("reports/secret.json", b"secret")
    listed = ask("/")
    assert "href='/0a1b/index.html'" in listed.text
    shown = ask("/0a1b/index.html")
    assert (shown.status_code, shown.text) == (200, "<p>é</p>")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/ffff/index.html", "/../secret.json", "/%2e%2e/secret.json", "/%2e%2e/", "/0a1b/other.html", "/0a1b"]
)
def test_nothing_else_of_the_store_is_shown(store: Store, ask: Any, path: str) -> None:
    store.put("reports/validation/0a1b/index.html", b"report")
    store.put("reports/secret.json", b"secret")
    answer = ask(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text

"""`headgate versions list|diff|verify|prune`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.bundle import Bundle
from headgate.cli.main import main
from headgate.cli.settings_file import settings_toml
from headgate.settings import Settings
from headgate.storage import open_store
from tests.conftest import help_chunks, make_chunk, put_chunks
from tests.fakes import put_release
from tests.verbs import create_bundle, update_table


@pytest.fixture
def two(make_project: Callable[..., Settings]) -> tuple[Settings, list[Bundle]]:
    """Two bundles, the first of them released."""
    settings = make_project(retention={"bundles_keep": 1}, corpus={"name": "test", "folder": "documents", "revisions": {}})
    chunks = help_chunks()
    made = [create_bundle(settings, update_table(settings, put_chunks(settings, chunks, "r1")))]
    chunks = [*chunks[1:], make_chunk("new.md", "Refunds are paid out in shops, too.")]
    made.append(create_bundle(settings, update_table(settings, put_chunks(settings, chunks, "r2"))))
    put_release(open_store(settings), 1, made[0].bundle_id)
    (settings.project_dir / "headgate.toml").write_text(settings_toml(settings), encoding="utf-8")
    return settings, made


def run(settings: Settings, *arguments: str) -> int:
    return main(["--settings", str(settings.project_dir / "headgate.toml"), "versions", *arguments])


def told(settings: Settings, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert run(settings, *arguments, "--json") == code
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return content


def test_list_shows_what_each_version_is_kept_for(two: tuple[Settings, list[Bundle]], capsys: pytest.CaptureFixture[str]) -> None:
    settings, made = two
    rows = told(settings, capsys, "list")["versions"]
    assert [row["bundles"] for row in rows] == [[bundle.bundle_id] for bundle in made]
    assert [row["corpus_revision"] for row in rows] == ["r1", "r2"]
    assert rows[0]["releases"] == ["1 of production"]
    assert "built last" in rows[1]["kept_because"]
    assert all(row["rows"] == 4 and row["bytes"] > 1000 for row in rows)
    assert run(settings, "list") == 0
    assert "1 of production" in capsys.readouterr().out


def test_list_says_of_each_version_what_a_clean_up_would_do(
    two: tuple[Settings, list[Bundle]], capsys: pytest.CaptureFixture[str]
) -> None:
    settings, made = two
    store = open_store(settings)
    for bundle in made:
        store.delete(f"bundles/{bundle.bundle_id}.json")
    rows = told(settings, capsys, "list")["versions"]
    assert [row["kept_because"] for row in rows] == [["indexed in the last 24 hours"]] * 2
    for key in store.list("table_refs"):
        os.utime(settings.store_root / key, (0, 0))
    rows = told(settings, capsys, "list")["versions"]
    assert [row["kept_because"] for row in rows] == [[], []]
    assert run(settings, "list") == 0
    assert "goes with the" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("kind", ["version", "bundle", "revision"])
def test_diff_takes_versions_bundles_and_revisions(
    two: tuple[Settings, list[Bundle]], capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    settings, made = two
    table = made[0].manifest.table
    names = {
        "version": [f"{table.table}@{bundle.manifest.table.version}" for bundle in made],
        "bundle": [made[0].bundle_id, made[1].bundle_id[:12]],
        "revision": ["r1", "r2"],
    }
    difference = told(settings, capsys, "diff", *names[kind])
    assert difference["documents_added"] == ["new.md"]
    assert difference["documents_removed"] == ["billing/refunds.md"]
    assert (difference["chunks_added"], difference["chunks_removed"], difference["chunks_unchanged"]) == (1, 1, 3)
    assert run(settings, "diff", *names[kind]) == 0
    assert "+ Refunds are paid out in shops, too." in capsys.readouterr().out


def test_an_unknown_version_is_one_clear_line(two: tuple[Settings, list[Bundle]], capsys: pytest.CaptureFixture[str]) -> None:
    settings, _ = two
    assert run(settings, "diff", "r1", "r7") == 2
    assert "'r7' is no pinned version, bundle or corpus revision" in capsys.readouterr().err


def test_verify_exits_with_1_and_names_the_file_that_was_changed(
    two: tuple[Settings, list[Bundle]], capsys: pytest.CaptureFixture[str]
) -> None:
    settings, made = two
    assert told(settings, capsys, "verify", "--all")["passed"]
    folder: Path = settings.store_root / "lance" / f"{made[0].manifest.table.table}.lance" / "data"
    path = min(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    report = told(settings, capsys, "verify", "r1", code=1)
    assert path.name in report["versions"][0]["checks"][0]["detail"]
    assert run(settings, "verify", "r1") == 1
    assert "failed" in capsys.readouterr().out


def test_prune_tells_what_stays_and_fails_over_the_limit(
    two: tuple[Settings, list[Bundle]], capsys: pytest.CaptureFixture[str]
) -> None:
    settings, made = two
    result = told(settings, capsys, "prune", "--dry-run")
    assert set(result["kept"]) == {bundle.bundle_id for bundle in made}
    assert {item["name"] for item in result["removed"]} <= {
        f"files of {made[0].manifest.table.table}"
    }  # of steps between versions
    assert run(settings, "prune") == 0
    assert "release 1 of production" in capsys.readouterr().out
    file = settings.project_dir / "headgate.toml"
    file.write_text(file.read_text().replace("max_gib = 20.0", "max_gib = 0.001"), encoding="utf-8")
    assert run(settings, "prune") == 1
    assert "too much" in capsys.readouterr().out

"""Builds that are killed, and two at once: the next one completes, equals an undisturbed build, and leaves nothing lying about."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from headgate.build import build
from headgate.errors import StorageError
from headgate.evaluate.canary.canary import find_canary
from headgate.settings import Settings, load_settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY
from tests.fakes import put_release
from tests.small_project import SmallProject, small_project, write_project

__all__ = ["small_project"]  # a fixture

#: Kills in a run of the suite; HEADGATE_KILLS asks for more.
KILLS = int(os.environ.get("HEADGATE_KILLS", "3"))
PROGRAM = """
import sys
from pathlib import Path
from headgate.build import build
from headgate.settings import load_settings
settings = load_settings(Path(sys.argv[1]), environment={})
print("begins", flush=True)
result = build(settings)
print(result.index.ref.digest, result.bundle_id, flush=True)
"""


def start_build(project: SmallProject) -> subprocess.Popen[str]:
    run = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(project.settings_file)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "begins\n"
    return run


def change_pages(project: SmallProject, number: int) -> None:
    """Every round adds, changes, moves and removes a page."""
    documents = project.folder / "documents"
    for name in ("round", "moved"):
        for old in (documents / "news").glob(f"{name}-*.md") if (documents / "news").is_dir() else ():
            old.rename(old.with_name(f"moved-{number}.md")) if name == "round" else old.unlink()
    project.write_page(
        f"news/round-{number}.md", f"# Round {number}\n\nRound {number} brings {number * 17} new shops to the north."
    )
    project.write_page("plans/plus.md", f"# Home Plus\n\nHome Plus costs £{31 + number}.00 a month on an 18 month contract.")


def leftovers(settings: Settings) -> list[str]:
    """Half-written files, and files of runs that are over."""
    root = settings.store_root
    found = [path for path in root.rglob(".tmp-*") if "lance" not in path.parts]
    found += list((root / "scratch").iterdir()) if (root / "scratch").is_dir() else []
    return [str(path.relative_to(root)) for path in found]


def test_a_build_that_was_killed_at_any_moment_is_completed_by_the_next(tmp_path: Path, exported_model: Path) -> None:
    moments = random.Random(11)
    project = write_project(tmp_path / "killed", exported_model)
    started = time.monotonic()
    first = start_build(project)
    assert first.wait(900) == 0
    usual = time.monotonic() - started
    killed, number, latest = 0, 0, usual
    while killed < KILLS:
        change_pages(project, number)
        number += 1
        run = start_build(project)
        try:
            run.wait(moments.uniform(0, latest))
            latest /= 2  # it was over sooner: this machine is quicker now, or there was less to do
        except subprocess.TimeoutExpired:
            killed += 1
        run.kill()
        run.wait(900)
    result = build(project.settings)

    undisturbed = write_project(tmp_path / "undisturbed", exported_model)
    for page in (project.folder / "documents").rglob("*.md"):
        undisturbed.write_page(page.relative_to(project.folder / "documents").as_posix(), page.read_text(encoding="utf-8"))
    expected = build(undisturbed.settings)
    assert result.ingest.chunk_set == expected.ingest.chunk_set
    assert result.index.ref.digest == expected.index.ref.digest
    assert result.ingest.counts == expected.ingest.counts
    assert leftovers(project.settings) == []
    again = build(project.settings)
    assert (again.bundle_id, again.ingest.parsed, again.index.embedded) == (result.bundle_id, 0, 0)


def test_the_second_of_two_builds_waits_for_the_first_or_stops_with_a_message(small_project: SmallProject) -> None:
    settings = small_project.settings
    impatient = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"lock_wait_seconds": 0.0})})
    free, held = threading.Event(), threading.Event()

    def hold() -> None:
        with open_store(settings).lock("build-small"):
            held.set()
            free.wait(900)

    first = threading.Thread(target=hold)
    first.start()
    assert held.wait(900)
    with pytest.raises(StorageError, match=r"'build-small' is being written by another run \(process \d+"):
        build(impatient)
    timer = threading.Timer(1.0, free.set)
    timer.start()
    result = build(settings)
    first.join()
    assert result.ingest.counts.indexed == 6


def test_two_builds_at_once_come_to_the_same(small_project: SmallProject) -> None:
    runs = [start_build(small_project), start_build(small_project)]
    outputs = [run.communicate(timeout=900)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert outputs[0] == outputs[1] != ""
    assert leftovers(small_project.settings) == []


def test_a_build_compares_with_the_bundle_in_service(small_project: SmallProject) -> None:
    settings = small_project.settings
    store = open_store(settings)
    first = build(settings)
    assert first.canary is None  # nothing is in service
    put_release(store, 1, first.bundle_id)
    assert build(settings).canary is None  # it is the one in service
    change_pages(small_project, 1)
    assert build(settings, canary=False).canary is None

    second = build(settings)
    assert second.canary is not None
    assert (second.canary.bundle_id, second.canary.baseline_bundle_id) == (second.bundle_id, first.bundle_id)
    assert second.canary == find_canary(store, second.bundle_id, first.bundle_id)
    assert "canary" in second.seconds
    again = build(settings)
    assert again.canary is not None
    assert again.canary.canary_id == second.canary.canary_id  # not asked again


def test_json_tells_what_was_done_and_what_changed(small_project: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    from headgate.cli.main import main

    arguments = ["--settings", str(small_project.settings_file), "build", "--json"]
    assert main(arguments) == 0
    first = json.loads(capsys.readouterr().out)
    change_pages(small_project, 1)
    assert main(arguments) == 0
    second = json.loads(capsys.readouterr().out)

    assert first["changes"] == {"added": 6, "changed": 0, "moved": 0, "removed": 0, "unchanged": 0}
    assert second["changes"] == {"added": 1, "changed": 1, "moved": 0, "removed": 0, "unchanged": 5}
    assert (first["parsed"], second["parsed"], second["derived"], second["kept"]) == (6, 2, 2, 0)
    assert second["chunks"]["embedded"] == 2
    assert set(second["seconds"]) == {"ingest", "index", "bundle"}
    assert set(second["ingest_seconds"]) == {"open", "documents", "validate", "write"}
    assert set(second) >= {"bundle_id", "corpus_revision", "table", "version", "counts", "chunks"}
    assert load_settings(small_project.settings_file, environment={}).corpus.name == "small"

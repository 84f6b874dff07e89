"""The one judge of rows has a process of its own, imported late, small, and only where there is a row to judge."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import SettingsError, ValidationFailed
from headgate.ingest.validate.judge import engine
from headgate.ingest.validate.judge.expectations import Expectation, Suite
from tests.ingest import files
from tests.ingest.test_run import page


def run(program: str, *arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_it_is_imported_without_plots_statistics_and_databases_which_others_still_get() -> None:
    program = """
import sys
from pathlib import Path
from headgate.ingest.validate.judge.gx_package import load_great_expectations
gx = load_great_expectations()
print("thread" if gx.expectations.ExpectColumnValuesToBeBetween else "", *[name in sys.modules for name in ("altair.vegalite", "scipy.optimize", "sqlalchemy", "boto3")])
import sqlalchemy
from scipy import stats
print(sqlalchemy.create_engine("sqlite://").name, stats.norm.cdf(0))
"""
    assert run(program) == ["thread", "False", "False", "False", "False", "sqlite", "0.5"]


INGEST = """
import sys
from pathlib import Path
from headgate.ingest.run import ingest
from headgate.ingest.validate.judge import engine
from headgate.settings import load_settings
from headgate.storage import open_store
folder = Path(sys.argv[1])
for words in ("", "", "Refunds take ten days now, not five."):
    if words:
        (folder / "documents" / "refunds.md").write_text("# Refunds\\n\\n" + words)
    settings = load_settings(folder / "headgate.toml")
    result = ingest(open_store(settings), settings.ingest_setup)
    print(result.parsed, engine.started(), "great_expectations" in sys.modules)
    if not words and "again" not in sys.argv:
        break
"""


def test_an_ingest_without_a_change_does_not_start_it_and_one_with_a_change_does(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "headgate.toml").write_text('[corpus]\nname = "pages"\nfolder = "documents"\n')
    files.write(
        tmp_path / "documents", refunds__md=page("Refunds", "Refunds are paid within five days."), prices__md=files.markdown()
    )

    assert run(INGEST, str(tmp_path)) == ["2", "True", "False"]
    assert run(INGEST, str(tmp_path), "again") == ["0", "False", "False", "0", "False", "False", "1", "True", "False"]


def between(**kwargs: Any) -> Suite:
    wanted = {"column": "words", "min_value": 3} | kwargs
    kind = str(wanted.pop("kind", "ExpectColumnValuesToBeBetween"))
    return Suite("documents", (Expectation("long_enough", kind, wanted, "finding", "short", "{words} words", {}, "here.yaml:1"),))


def rows(*words: Any) -> list[dict[str, Any]]:
    return [{"words": number} for number in words]


def test_it_says_of_each_row_which_entries_fail() -> None:
    assert engine.ask(between(), rows(5, 1, None, 3)) == [[], [0], [], []]
    assert engine.ask(between(), []) == []
    assert engine.ask(Suite("documents", ()), rows(1, 2)) == [[], []]


def test_rows_far_larger_than_a_pipe_come_through() -> None:
    suite = between(column="text", kind="ExpectColumnValueLengthsToBeBetween", min_value=10)
    found = engine.ask(suite, [{"text": "x" * 200_000}, {"text": "Grüße"}] * 20)
    assert found == [[], [0]] * 20


def test_an_entry_that_it_does_not_take_is_a_mistake_of_the_suite() -> None:
    with pytest.raises(SettingsError, match=r"here\.yaml:1.*did you mean ExpectColumnValuesToBeBetween"):
        engine.ask(between(kind="ExpectColumnValuesToBeBetwen"), rows(1))
    assert engine.ask(between(), rows(1)) == [[0]]  # and it goes on


def test_threads_get_each_their_own_verdicts() -> None:
    found: dict[int, list[list[int]]] = {}

    def ask(limit: int) -> None:
        found[limit] = engine.ask(between(min_value=limit), rows(*range(8)))

    threads = [threading.Thread(target=ask, args=(limit,)) for limit in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {limit: [[0] if number < limit else [] for number in range(8)] for limit in range(1, 7)}


def test_a_process_that_was_killed_is_told_and_the_next_batch_has_a_new_one() -> None:
    engine.ask(between(), rows(1))
    assert engine._running is not None
    process = engine._running._process
    os.kill(process.pid, signal.SIGSTOP)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            engine.ask(between(), rows(1))
        except ValidationFailed as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)  # it has sent its rows by now, or finds the process gone: told alike
    os.kill(process.pid, signal.SIGKILL)
    asking.join(60)
    assert "Nothing was indexed" in str(failed[0])
    assert engine.ask(between(), rows(1)) == [[0]]


def test_it_ends_with_the_process_that_started_it_however_that_ends() -> None:
    program = """
import os
from headgate.ingest.validate.judge import engine
engine.start()
print(engine._running._process.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
    pid = int(done.stdout)
    deadline = time.monotonic() + 240
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

"""Documents made in processes of their own: the same as those made here, and what goes wrong with one costs that one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from headgate.errors import StorageError
from headgate.ingest import derive_pool, work
from headgate.ingest.state.dead_letters import list_dead_letters
from headgate.records import IngestResult
from headgate.settings import Settings
from headgate.storage import open_store
from tests.ingest.test_documents import write_pages
from tests.verbs import ingest

MakeSettings = Callable[..., Settings]
#: A process that does to itself what a document says.
MISCHIEF = """
import os, signal, sys, time
from headgate.ingest import derive, derive_worker

make = derive.Deriver.make
replies = os.dup(1)

def made(self, origin, parsed, *, chunks):
    if "dies here" in parsed.text:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hangs here" in parsed.text:
        time.sleep(3600)
    if "computes for ever" in parsed.text:
        while True:
            pass
    if "takes all memory" in parsed.text:
        bytearray(2**42)
    if "stumbles here" in parsed.text:
        raise KeyError("4111 1111 1111 1111")
    if "finds the disk full" in parsed.text:
        raise OSError(28, "No space left on device")
    if "says no reply" in parsed.text:
        os.write(replies, b"x" * 64)
    return make(self, origin, parsed, chunks=chunks)

derive.Deriver.make = made
derive_worker.main()
"""


@pytest.fixture
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "WORTH_IT", 1)


def use(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    command = (sys.executable, "-c", program)
    monkeypatch.setattr(work, "DerivePool", partial(derive_pool.DerivePool, command=command))


def reasons(result: IngestResult) -> dict[str, str]:
    return {one.path: "; ".join(map(str, one.reasons)) for one in result.outcomes if one.outcome != "indexed"}


def odd_page(corpus: Path, what: str) -> None:
    (corpus / f"{what}.md").write_text(f"# Odd\n\nA page that {what} and has no other sense at all.", encoding="utf-8")


def test_documents_made_apart_equal_those_made_here(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_pages(corpus, 12)
    (corpus / "copy-of-3.md").write_bytes((corpus / "page-3.md").read_bytes())
    here = ingest(make_settings(storage={"root": str(tmp_path / "here")}))
    monkeypatch.setattr(work, "WORTH_IT", 1)
    settings = make_settings(storage={"root": str(tmp_path / "apart")})
    apart = ingest(settings)

    assert apart.chunk_set == here.chunk_set
    assert apart.outcomes == here.outcomes
    assert apart.derived == here.derived == 13
    again = ingest(make_settings(storage={"root": str(tmp_path / "apart")}, chunks={"max_tokens": 120}))
    assert (again.parsed, again.derived) == (0, 13)


def test_where_little_changed_no_process_is_started(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "raise SystemExit('started')")
    monkeypatch.setattr(derive_pool._Process, "start", lambda *_: pytest.fail("a process was started"))
    write_pages(corpus, 5)
    assert ingest(make_settings()).derived == 5
    assert ingest(make_settings()).derived == 0


@pytest.mark.usefixtures("_apart")
def test_what_goes_wrong_with_one_document_costs_that_one(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, MISCHIEF)
    write_pages(corpus, 6)
    endless = "it did not end within 2 s of processor time, or waited as long"
    expected = {
        "dies here": "its process ended with SIGKILL",
        "hangs here": endless,
        "computes for ever": endless,
        "takes all memory": "it needs more than parse.memory_mib = 2048",
        "stumbles here": "KeyError in <string>, line 19",
        "says no reply": "it said what is no reply",
    }
    for what in expected:
        odd_page(corpus, what)
    monkeypatch.setattr(derive_pool, "_PATIENCE", 1 / 30)
    result = ingest(make_settings(parse={"workers": 1}))

    told = {f"{path.removesuffix('.md')}": why for path, why in reasons(result).items()}
    assert told == {what: f"derive_error: its text could not be worked on: {why}" for what, why in expected.items()}
    assert result.counts.indexed == 6
    # They are tried by every ingest, and so are indexed when nothing is wrong any more.
    monkeypatch.undo()
    assert reasons(ingest(make_settings())) == {}
    assert list_dead_letters(open_store(make_settings())) == []


@pytest.mark.usefixtures("_apart")
def test_what_is_wrong_with_the_machine_is_met_by_the_ingest_itself(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, MISCHIEF)
    write_pages(corpus, 3)
    odd_page(corpus, "finds the disk full")
    assert reasons(ingest(make_settings())) == {}  # here there was room

    def full(*_: object, **__: object) -> None:
        raise StorageError("the store is down")

    monkeypatch.setattr("headgate.ingest.derive.Deriver.make", full)
    odd_page(corpus, "finds the disk full again")
    with pytest.raises(StorageError, match="the store is down"):
        ingest(make_settings())
    assert list_dead_letters(open_store(make_settings())) == []


@pytest.mark.usefixtures("_apart")
def test_where_no_process_can_be_started_the_ingest_makes_its_documents(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(monkeypatch, "raise SystemExit('no such library')")
    write_pages(corpus, 4)
    assert ingest(make_settings()).derived == 4
    assert "no such library" in caplog.text


@pytest.mark.usefixtures("_apart")
def test_an_interrupted_ingest_leaves_no_process(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, MISCHIEF)
    write_pages(corpus, 3)
    odd_page(corpus, "hangs here")
    processes: list[derive_pool._Process] = []
    start = derive_pool._Process.start

    def started(self: derive_pool._Process, closing: bool) -> None:
        processes.append(self)
        start(self, closing)

    monkeypatch.setattr(derive_pool._Process, "start", started)

    def interrupt(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(make_settings(), progress=interrupt)
    assert processes
    assert all(process._process is None for process in processes)

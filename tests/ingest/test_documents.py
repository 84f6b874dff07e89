"""Files on their way to documents: what is made again, what is kept when it can't be read any more, what people decide."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headgate.index.chunk_set import read_chunk_set
from headgate.ingest.state.dead_letters import DeadLetters, list_dead_letters
from headgate.ingest.state.history import copy_state, read_state
from headgate.records import Chunk, FileOutcome, IngestResult, Remark
from headgate.settings import Settings
from headgate.storage import open_store
from tests.verbs import ingest

MakeSettings = Callable[..., Settings]
MONDAY = datetime(2026, 2, 2, 9, tzinfo=UTC)
TOO_LARGE = {"max_file_mib": 1}


def write_pages(corpus: Path, count: int) -> None:
    subjects = ("refunds", "router lights", "moving home", "call recordings", "outages", "contracts", "e-mail", "television")
    for number in range(count):
        subject = subjects[number % len(subjects)]
        lines = [f"Rule {number}-{line} about {subject} says {number * 31 + line * 7} days and no more." for line in range(6)]
        (corpus / f"page-{number}.md").write_text(f"# {subject.title()} {number}\n\n" + "\n\n".join(lines), encoding="utf-8")


def outcome(result: IngestResult, path: str) -> FileOutcome:
    return next(outcome for outcome in result.outcomes if outcome.path == path)


def chunks_of(settings: Settings, result: IngestResult, path: str) -> list[Chunk]:
    return [chunk for chunk in read_chunk_set(open_store(settings), result.chunk_set) if chunk.doc_id == path]


def break_page(corpus: Path, name: str) -> bytes:
    """Make a page too large to be parsed; returns what it was."""
    before = (corpus / name).read_bytes()
    (corpus / name).write_bytes(before + b"word " * 300_000)
    return before


def test_the_work_is_in_proportion_to_what_changed(corpus: Path, make_settings: MakeSettings) -> None:
    write_pages(corpus, 12)
    first = ingest(make_settings())
    assert (first.parsed, first.derived, first.changes and first.changes.added) == (12, 12, 12)
    (corpus / "page-3.md").write_text("# Refunds\n\nThirty days from now on, in every case and without exception.")
    (corpus / "page-4.md").unlink()
    (corpus / "new.md").write_text("# Holidays\n\nThe shops are closed on the first of May, and on all Sundays of the year.")
    second = ingest(make_settings())

    assert (second.parsed, second.derived) == (2, 2)
    assert second.changes is not None
    assert second.changes.model_dump() == {"added": 1, "changed": 1, "moved": 0, "removed": 1, "unchanged": 10}
    third = ingest(make_settings())
    assert (third.parsed, third.derived, third.chunk_set) == (0, 0, second.chunk_set)
    assert third.chunk_set == ingest(make_settings(storage={"root": "scratch"})).chunk_set


def test_other_chunk_settings_parse_nothing(corpus: Path, make_settings: MakeSettings) -> None:
    write_pages(corpus, 3)
    first = ingest(make_settings())
    second = ingest(make_settings(chunks={"max_tokens": 64}))

    assert (second.parsed, second.derived) == (0, 3)
    assert second.chunk_set.chunks > first.chunk_set.chunks
    back = ingest(make_settings())
    assert (back.parsed, back.derived, back.chunk_set) == (0, 0, first.chunk_set)


def test_a_moved_file_is_told_as_a_move_and_not_parsed(corpus: Path, make_settings: MakeSettings) -> None:
    write_pages(corpus, 4)
    first = ingest(make_settings())
    (corpus / "help").mkdir()
    (corpus / "page-2.md").rename(corpus / "help" / "second.md")
    result = ingest(make_settings())

    moved = outcome(result, "help/second.md")
    assert (result.parsed, moved.moved_from) == (0, "page-2.md")
    assert Remark("moved", "page-2.md → help/second.md") in moved.findings
    assert result.changes is not None
    assert (result.changes.moved, result.changes.added, result.changes.removed, result.changes.unchanged) == (1, 0, 0, 3)
    before = [(chunk.context, chunk.text) for chunk in chunks_of(make_settings(), first, "page-2.md")]
    assert [(chunk.context, chunk.text) for chunk in chunks_of(make_settings(), result, "help/second.md")] == before
    assert result.chunk_set == ingest(make_settings(storage={"root": "scratch"})).chunk_set


def test_a_document_that_can_not_be_read_any_more_stays_in_its_last_good_version(
    corpus: Path, make_settings: MakeSettings
) -> None:
    write_pages(corpus, 12)
    settings = make_settings(parse=TOO_LARGE)
    first = ingest(settings, now=MONDAY)
    good = break_page(corpus, "page-1.md")
    second = ingest(settings, now=MONDAY + timedelta(days=1))

    kept = outcome(second, "page-1.md")
    assert kept.outcome == "indexed"
    assert kept.kept is not None
    assert kept.kept.since == "2026-02-03"
    assert [one for one in kept.findings if str(one).startswith("kept: in its last good version since 2026-02-03")]
    assert second.counts.indexed == second.counts.files == 12
    assert [letter.path for letter in list_dead_letters(open_store(settings))] == ["page-1.md"]
    old, new = chunks_of(settings, first, "page-1.md"), chunks_of(settings, second, "page-1.md")
    assert [(chunk.chunk_id, chunk.text) for chunk in old] == [(chunk.chunk_id, chunk.text) for chunk in new]
    assert {chunk.metadata.stale_since for chunk in old} == {""}
    assert {chunk.metadata.stale_since for chunk in new} == {"2026-02-03"}
    assert {chunk.metadata.stale_since for chunk in chunks_of(settings, second, "page-2.md")} == {""}

    # It ages from the day of the first failure, and leaves when it is too old.
    last = ingest(settings, now=MONDAY + timedelta(days=15))
    assert last.chunk_set == second.chunk_set
    gone = ingest(settings, now=MONDAY + timedelta(days=16))
    assert outcome(gone, "page-1.md").outcome == "dead_lettered"
    assert outcome(gone, "page-1.md").reasons[0].code == "too_large"
    assert (gone.counts.indexed, gone.counts.dead_lettered) == (11, 1)
    assert outcome(ingest(settings, now=MONDAY + timedelta(days=17)), "page-1.md").outcome == "dead_lettered"

    (corpus / "page-1.md").write_bytes(good)
    healed = ingest(settings, now=MONDAY + timedelta(days=18))
    assert healed.chunk_set.digest == first.chunk_set.digest
    assert list_dead_letters(open_store(settings)) == []


def test_a_build_from_scratch_with_the_same_state_equals_one_with_kept_versions(
    corpus: Path, make_settings: MakeSettings
) -> None:
    write_pages(corpus, 12)
    settings, scratch = make_settings(parse=TOO_LARGE), make_settings(parse=TOO_LARGE, storage={"root": "scratch"})
    ingest(settings, now=MONDAY)
    break_page(corpus, "page-5.md")
    result = ingest(settings, now=MONDAY)
    copy_state(open_store(settings), open_store(scratch), settings.corpus.name)
    full = ingest(scratch, now=MONDAY)

    assert full.chunk_set == result.chunk_set
    assert full.kept == result.kept
    assert read_state(open_store(scratch), "corpus") == read_state(open_store(settings), "corpus")
    without = ingest(make_settings(parse=TOO_LARGE, storage={"root": "without"}), now=MONDAY)
    assert without.chunk_set != result.chunk_set
    assert outcome(without, "page-5.md").outcome == "dead_lettered"


@pytest.mark.parametrize("why", ["gone", "excluded", "off"])
def test_nothing_is_kept_of_what_people_took_away(corpus: Path, make_settings: MakeSettings, why: str) -> None:
    write_pages(corpus, 12)
    ingest(make_settings(parse=TOO_LARGE), now=MONDAY)
    break_page(corpus, "page-1.md")
    if why == "gone":
        (corpus / "page-1.md").unlink()
    sections = {"excluded": {"corpus": {"exclude": ["page-1.md"]}}, "off": {"ingest": {"keep_stale_days": 0}}}.get(why, {})
    result = ingest(make_settings(parse=TOO_LARGE, **sections), now=MONDAY)

    assert result.kept == ()
    assert chunks_of(make_settings(), result, "page-1.md") == []


def test_a_lost_kept_version_is_told(corpus: Path, make_settings: MakeSettings) -> None:
    write_pages(corpus, 12)
    settings = make_settings(parse=TOO_LARGE)
    ingest(settings, now=MONDAY)
    break_page(corpus, "page-1.md")
    kept = outcome(ingest(settings, now=MONDAY), "page-1.md").kept
    assert kept is not None
    open_store(settings).put(kept.key, b"{}")
    found = outcome(ingest(settings, now=MONDAY), "page-1.md")

    assert found.outcome == "dead_lettered"
    assert "gone or damaged" in found.findings[-1].text


@pytest.mark.parametrize("kind", ["parsed", "facts", "chunks", "digests"])
def test_a_damaged_cache_changes_nothing_but_the_time(corpus: Path, make_settings: MakeSettings, kind: str) -> None:
    write_pages(corpus, 6)
    settings = make_settings()
    first = ingest(settings)
    cache = sqlite3.connect(settings.local_root / "cache" / "ingest" / "corpus.sqlite")
    cache.execute("UPDATE entries SET value = zeroblob(30) WHERE kind = ?", (kind,))
    cache.execute("DELETE FROM entries WHERE kind IN ('written', 'facts') AND ? != 'facts'", (kind,))
    cache.commit()
    cache.close()
    open_store(settings).delete(first.chunk_set.key)
    second = ingest(settings)

    assert second.chunk_set == first.chunk_set
    assert [chunk.text for chunk in read_chunk_set(open_store(settings), second.chunk_set)]
    assert ingest(settings).derived == 0


def test_a_cache_that_is_no_database_is_made_anew(corpus: Path, make_settings: MakeSettings) -> None:
    write_pages(corpus, 3)
    settings = make_settings()
    first = ingest(settings)
    (settings.local_root / "cache" / "ingest" / "corpus.sqlite").write_bytes(b"\0" * 9000)
    second = ingest(settings)
    assert (second.parsed, second.chunk_set) == (3, first.chunk_set)


def test_a_dropped_file_is_excluded_with_its_reason_until_it_changes(corpus: Path, make_settings: MakeSettings) -> None:
    write_pages(corpus, 12)
    settings = make_settings(parse=TOO_LARGE, ingest={"keep_stale_days": 0})
    good = break_page(corpus, "page-1.md")
    assert outcome(ingest(settings, now=MONDAY), "page-1.md").outcome == "dead_lettered"
    DeadLetters(open_store(settings), "corpus").drop("page-1.md", "an old price list", now=MONDAY)
    dropped = outcome(ingest(settings, now=MONDAY), "page-1.md")

    assert dropped.outcome == "excluded"
    assert dropped.reasons == (Remark("dropped", "by decision of 2026-02-02: an old price list"),)
    assert outcome(ingest(settings, now=MONDAY), "page-1.md").outcome == "excluded"
    (corpus / "page-1.md").write_bytes(good)
    assert outcome(ingest(settings, now=MONDAY), "page-1.md").outcome == "indexed"
    assert list_dead_letters(open_store(settings)) == []


def test_files_of_the_same_content_are_parsed_once(corpus: Path, make_settings: MakeSettings) -> None:
    write_pages(corpus, 3)
    (corpus / "copy.md").write_bytes((corpus / "page-0.md").read_bytes())
    result = ingest(make_settings())
    assert (result.parsed, result.derived) == (3, 4)

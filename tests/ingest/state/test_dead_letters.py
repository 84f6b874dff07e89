"""Dead letters: who is tried again when, and what people decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headgate.errors import IntegrityError, NotFoundError, ParseFailure
from headgate.ingest.state.dead_letters import MAX_ATTEMPTS, DeadLetters, list_dead_letters
from headgate.records import Remark, SourceFile
from headgate.storage import FolderStore

NOW = datetime(2026, 2, 2, 9, tzinfo=UTC)
FILE = SourceFile("a/b.pdf", "1" * 64, 1234, "application/pdf")
PARSER = "parser 1"


def fail(letters: DeadLetters, reason: str = "truncated", *, transient: bool = False, now: datetime = NOW) -> None:
    letters.record(
        ParseFailure(FILE.path, reason, "why", transient=transient),
        FILE,
        parser=PARSER,
        limits={"timeout_seconds": 60.0},
        now=now,
    )


def known(letters: DeadLetters, file: SourceFile = FILE, *, parser: str = PARSER, now: datetime = NOW) -> bool:
    return letters.known(file, parser=parser, now=now) is not None


def test_a_permanent_failure_is_known_until_file_or_parser_change(tmp_path: Path) -> None:
    letters = DeadLetters(FolderStore(tmp_path), "c")
    assert not known(letters)
    fail(letters)
    assert known(letters, now=NOW + timedelta(days=1000))
    assert not known(letters, parser="parser 2")
    assert not known(letters, SourceFile(FILE.path, "2" * 64, 1, FILE.media_type))


def test_a_passing_failure_is_tried_again_later_and_later_and_then_no_more(tmp_path: Path) -> None:
    letters = DeadLetters(FolderStore(tmp_path), "c")
    now, pauses = NOW, []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        fail(letters, "worker_died", transient=True, now=now)
        letter = letters.get(FILE.path)
        assert letter.attempts == attempt
        assert known(letters, now=now)
        if attempt < MAX_ATTEMPTS:
            again = datetime.fromisoformat(letter.next_retry)
            assert not known(letters, now=again)
            pauses.append(again - now)
            now = again
    assert pauses == [timedelta(minutes=5), timedelta(minutes=20)]
    assert letters.get(FILE.path).next_retry == ""
    assert known(letters, now=now + timedelta(days=1000))


def test_a_letter_is_read_back_as_it_was_written_and_belongs_to_its_corpus(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    letters = DeadLetters(store, "c")
    fail(letters)
    letter = DeadLetters(store, "c").get(FILE.path)

    assert letter == letters.get(FILE.path)
    assert (letter.size, letter.media_type, letter.limits) == (1234, "application/pdf", {"timeout_seconds": 60.0})
    assert "fetch or export" in letter.advice
    assert list(DeadLetters(store, "other")) == []
    assert [found.corpus for found in list_dead_letters(store)] == ["c"]
    DeadLetters(store, "other").keep_only(())
    assert len(list_dead_letters(store)) == 1
    letters.keep_only(())
    assert list_dead_letters(store) == []


def test_a_letter_holds_what_a_dead_parser_wrote_apart_from_the_reason_and_the_words_about_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    failure = ParseFailure(FILE.path, "worker_died", "the parser ended; last words: none", stderr="out of memory")
    DeadLetters(store, "c").record(failure, FILE, parser=PARSER, limits={}, now=NOW)
    letter = DeadLetters(store, "c").get(FILE.path)
    assert (letter.reason, letter.detail, letter.stderr) == ("worker_died", "the parser ended; last words: none", "out of memory")
    again = DeadLetters(store, "c").known(FILE, parser=PARSER, now=NOW)
    assert again is not None
    assert (again.reason, again.detail, again.stderr) == (letter.reason, letter.detail, letter.stderr)


def test_forget_makes_it_tried_again_and_takes_a_decision_back(tmp_path: Path) -> None:
    letters = DeadLetters(FolderStore(tmp_path), "c")
    fail(letters)
    letters.drop(FILE.path, "not ours", now=NOW)
    assert letters.dropped(FILE) == Remark("dropped", "by decision of 2026-02-02: not ours")
    assert letters.dropped(SourceFile(FILE.path, "2" * 64, 1, FILE.media_type)) is None
    letters.forget(FILE.path)
    assert letters.dropped(FILE) is None
    assert not known(letters)
    fail(letters)
    assert letters.get(FILE.path).attempts == 1


def test_an_unknown_path_is_named_with_the_known_ones(tmp_path: Path) -> None:
    letters = DeadLetters(FolderStore(tmp_path), "c")
    fail(letters)
    with pytest.raises(NotFoundError, match=r"'nope' is no dead letter of corpus 'c'; dead letters are 'a/b\.pdf'"):
        letters.drop("nope", "why", now=NOW)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b'{"path": "a", "digest": "1", "reason": "bad weather", "detail": "", "transient": false, "attempts": 1, "first_seen": "", "last_seen": ""}',
    ],
)
def test_a_letter_that_can_not_be_read_or_has_an_unknown_reason_is_told(tmp_path: Path, content: bytes) -> None:
    store = FolderStore(tmp_path)
    store.put("dead_letters/c/x.json", content)
    with pytest.raises(IntegrityError, match=r"dead_letters/c/x\.json"):
        DeadLetters(store, "c")

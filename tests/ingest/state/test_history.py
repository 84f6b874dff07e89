"""What changed between two ingests: moves are told from changes, counts add up, and the pairing depends on the two states alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.errors import IntegrityError
from headgate.ingest.state.history import (
    compare_files,
    copy_state,
    is_expired,
    keep_version,
    read_kept,
    read_state,
    write_state,
)
from headgate.records import CorpusState, FileState, KeptVersion, SourceFile
from headgate.storage import FolderStore


def state(files: dict[str, str]) -> CorpusState:
    return CorpusState(
        corpus="c",
        revision="r",
        files={path: FileState(digest=digest, media_type="text/plain", outcome="indexed") for path, digest in files.items()},
    )


def now(files: dict[str, str]) -> list[SourceFile]:
    return [SourceFile(path, digest, 1, "text/plain") for path, digest in files.items()]


def test_a_new_path_with_the_content_of_a_gone_one_is_a_move() -> None:
    found = compare_files(
        state({"a": "1", "b": "2", "c": "3", "gone": "9"}), now({"a": "1", "b": "changed", "new/c": "3", "d": "4"})
    )
    assert found.moved == {"new/c": "c"}
    assert found.changes.model_dump() == {"added": 1, "changed": 1, "moved": 1, "removed": 1, "unchanged": 1}


def test_a_copy_beside_its_original_is_added_and_not_moved() -> None:
    found = compare_files(state({"a": "1"}), now({"a": "1", "copy": "1"}))
    assert found.moved == {}
    assert (found.changes.added, found.changes.unchanged) == (1, 1)


def test_of_several_candidates_the_one_of_the_same_name_is_the_origin() -> None:
    found = compare_files(state({"old/a.md": "1", "old/b.md": "1"}), now({"new/b.md": "1", "new/a.md": "1"}))
    assert found.moved == {"new/a.md": "old/a.md", "new/b.md": "old/b.md"}


FILES = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("1234"), max_size=8)


@settings(max_examples=200, deadline=None)
@given(FILES, FILES, st.randoms(use_true_random=False))
def test_every_file_is_counted_once_whatever_the_order(before: dict[str, str], after: dict[str, str], random: object) -> None:
    files = now(after)
    found = compare_files(state(before), files)
    changes = found.changes
    assert changes.added + changes.changed + changes.moved + changes.unchanged == len(after)
    assert changes.removed == len(before.keys() - after.keys()) - changes.moved
    assert len(set(found.moved.values())) == len(found.moved)
    assert all(before[old] == after[new] and old not in after and new not in before for new, old in found.moved.items())
    random.shuffle(files)  # type: ignore[attr-defined]
    assert compare_files(state(before), files) == found


def test_a_state_is_read_as_it_was_written_and_can_be_taken_elsewhere(tmp_path: Path) -> None:
    here, there = FolderStore(tmp_path / "here"), FolderStore(tmp_path / "there")
    kept = keep_version(here, "c", FileState(digest="1", media_type="text/plain", outcome="indexed"), b"parsed", date(2026, 1, 5))
    whole = CorpusState(
        corpus="c", revision="r", files={"a": FileState(digest="2", media_type="text/plain", outcome="indexed", kept=kept)}
    )
    write_state(here, whole)
    copy_state(here, there, "c")

    assert read_state(here, "c") == read_state(there, "c") == whole
    assert read_kept(there, kept) == b"parsed"
    assert read_state(here, "other") == CorpusState(corpus="other")


def test_a_damaged_state_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("ingest_state/c.json", b'{"corpus": "c", "files": {"a": 1}}')
    with pytest.raises(IntegrityError, match=r"ingest_state/c\.json.*delete it"):
        read_state(store, "c")


def test_a_kept_version_that_is_not_what_its_name_says_is_none(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    kept = keep_version(store, "c", FileState(digest="1", media_type="t", outcome="indexed"), b"parsed", date(2026, 1, 5))
    store.put(kept.key, b"something else")
    assert read_kept(store, kept) is None
    store.delete(kept.key)
    assert read_kept(store, kept) is None


@pytest.mark.parametrize(("today", "expired"), [(date(2026, 1, 19), False), (date(2026, 1, 20), True)])
def test_a_version_is_kept_for_so_many_days(today: date, expired: bool) -> None:
    assert is_expired(KeptVersion(key="k", digest="d", media_type="t", since="2026-01-05"), today, 14) is expired

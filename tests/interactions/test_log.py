"""Tests of the interaction log: what was acknowledged is there, once, also after kill -9; and of replay."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.errors import IntegrityError, NotFoundError, StorageError, UsageError
from headgate.interactions.log import InteractionLog, new_interaction_id
from headgate.records import Answer, Interaction, Question
from headgate.storage import FolderStore, Store, open_store, sha256_hex
from tests.conftest import REPOSITORY
from tests.fakes import FakeAnswerer, FakeBundles, make_settings
from tests.verbs import replay

#: Appends from four threads for ever, and prints each id once its append has returned.
WRITER = """
import sys, threading
from pathlib import Path
from headgate.interactions.log import InteractionLog, new_interaction_id
from headgate.records import Answer, Interaction, Question
from headgate.storage import FolderStore

log = InteractionLog(FolderStore(Path(sys.argv[1])))
printing = threading.Lock()

def write():
    while True:
        made = new_interaction_id()
        log.append(Interaction(interaction_id=made, asked_at="", question=Question(text="x" * 500), answer=Answer(text="y" * 2000, refused=False)))
        with printing:
            print(made, flush=True)

for _ in range(4):
    threading.Thread(target=write).start()
"""


def interaction(text: str = "question", **changes: object) -> Interaction:
    made = Interaction(
        interaction_id=new_interaction_id(),
        asked_at="2026-02-02T00:00:00Z",
        question=Question(text=text),
        answer=Answer(text="a", refused=False),
    )
    return made.model_copy(update=changes)


def segments(store: Store) -> list[Path]:
    return [store.path(key) for key in store.list("interactions")]


def test_a_log_of_before_tracks_had_their_name_is_read(tmp_path: Path) -> None:
    store, asked = FolderStore(tmp_path), interaction(track="staging", release=7)
    log = InteractionLog(store)
    log.append(asked)
    log.close()
    (segment,) = segments(store)
    record = segment.read_bytes().partition(b" ")[2].rstrip(b"\n").replace(b'"track":"staging"', b'"channel":"staging"')
    assert b"channel" in record
    segment.write_bytes(f"{sha256_hex(record)} ".encode() + record + b"\n")
    assert InteractionLog(store).find(asked.interaction_id) == asked


def test_what_was_appended_is_read_back_and_found(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    log = InteractionLog(store)
    written = [interaction(f"q{number}\n☃") for number in range(5)]
    for one in written:
        log.append(one)
    assert list(InteractionLog(store)) == written
    assert InteractionLog(store).find(written[3].interaction_id) == written[3]
    with pytest.raises(NotFoundError, match="no interaction 'nope'"):
        log.find("nope")


def test_ids_sort_by_time_and_never_repeat() -> None:
    made = [new_interaction_id() for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert [one[:12] for one in made] == sorted(one[:12] for one in made)


def test_threads_share_a_segment_and_lose_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    log = InteractionLog(store)
    written = [interaction(f"q{number}") for number in range(200)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(log.append, written))
    assert len(segments(store)) == 1
    assert sorted(one.interaction_id for one in InteractionLog(store)) == sorted(one.interaction_id for one in written)
    assert log.damaged() == []


def test_a_killed_process_loses_nothing_acknowledged_and_counts_nothing_twice(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(150)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in writer.stdout if len(line) == 33]
    writer.wait(900)
    log = InteractionLog(FolderStore(tmp_path))
    found = [one.interaction_id for one in log]
    assert set(acknowledged) <= set(found)
    assert len(set(found)) == len(found)
    assert len(found) - len(acknowledged) <= 8  # written but not yet acknowledged, by four threads
    assert len(log.damaged()) <= 1


def test_a_torn_last_line_is_reported_and_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = FolderStore(tmp_path)
    log = InteractionLog(store)
    kept, torn = interaction("kept"), interaction("torn")
    log.append(kept)
    log.append(torn)
    log.close()
    (segment,) = segments(store)
    segment.write_bytes(segment.read_bytes()[:-20])
    after = interaction("after")
    InteractionLog(store).append(after)
    reader = InteractionLog(store)
    with caplog.at_level(logging.WARNING):
        assert {one.question.text for one in reader} == {"kept", "after"}
    assert "line 2" in caplog.text
    assert reader.damaged() == [f"{segment.name}:2"]


def test_a_changed_line_is_reported_and_skipped(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    log = InteractionLog(store)
    for text in ("one", "two", "three"):
        log.append(interaction(text))
    log.close()
    (segment,) = segments(store)
    segment.write_bytes(segment.read_bytes().replace(b'"two"', b'"two!'))
    assert [one.question.text for one in log] == ["one", "three"]
    assert log.damaged() == [f"{segment.name}:2"]


def test_a_repeated_interaction_counts_once(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    one = interaction()
    InteractionLog(store).append(one)
    InteractionLog(store).append(one)
    assert len(segments(store)) == 2
    assert list(InteractionLog(store)) == [one]


def test_a_record_of_another_version_is_an_error_and_not_left_out(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    content = b'{"interaction_id": "future", "a_new_field": 1}'
    store.put("interactions/2026-02-02-1-0.jsonl", f"{sha256_hex(content)} ".encode() + content + b"\n")
    with pytest.raises(IntegrityError, match="another version"):
        list(InteractionLog(store))


def test_a_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "interactions").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"can't be logged.*check permissions and space"):
        InteractionLog(FolderStore(tmp_path)).append(interaction())


def logged(tmp_path: Path, **changes: object) -> tuple[FakeBundles, Interaction]:
    opener = FakeBundles()
    question = Question(text="how long", audience="staff")
    answer = FakeAnswerer("b" * 64).answer_now(question)
    one = interaction(question=question, answer=answer, **changes)
    InteractionLog(open_store(make_settings(tmp_path))).append(one)
    return opener, one


def test_replay_asks_the_same_question_of_the_same_bundle(tmp_path: Path) -> None:
    opener, one = logged(tmp_path)
    result = replay(make_settings(tmp_path), one.interaction_id, opener=opener)
    assert result.identical
    assert result.differences == ()
    assert opener.opened[0].bundle_id == "b" * 64
    assert opener.opened[0].asked == [one.question]
    assert opener.opened[0].closed.is_set()


def test_replay_names_what_differs(tmp_path: Path) -> None:
    opener, one = logged(tmp_path)
    changed = one.model_copy(
        update={"interaction_id": "other", "answer": one.answer.model_copy(update={"text": "was", "retrieved": ()})}
    )
    InteractionLog(open_store(make_settings(tmp_path))).append(changed)
    result = replay(make_settings(tmp_path), "other", opener=opener)
    assert not result.identical
    assert result.differences == ("retrieved", "text")
    assert result.expected.text == "was"


def test_an_answer_that_was_cut_off_cannot_be_replayed(tmp_path: Path) -> None:
    opener, one = logged(tmp_path, completed=False, error="the client went away")
    with pytest.raises(UsageError, match="cut off"):
        replay(make_settings(tmp_path), one.interaction_id, opener=opener)

"""The interaction log of a remote store: nothing acknowledged is lost, and nothing counts twice, also after kill -9."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import headgate.interactions.log
from headgate.interactions.log import InteractionLog
from headgate.storage.spool import Spool, open_growing
from tests.interactions.test_log import REPOSITORY, WRITER, interaction
from tests.s3 import Bucket
from tests.serve.conftest import wait_for


def remote_writer(bucket: Bucket, cache: Path) -> str:
    opened = (
        f"InteractionLog(S3Store({bucket.root!r}, Path({str(cache)!r}), endpoint={bucket.endpoint!r}, "
        "region='us-east-1', allow_http=True))"
    )
    return WRITER.replace("import FolderStore", "import S3Store").replace(
        "InteractionLog(FolderStore(Path(sys.argv[1])))", opened
    )


def test_a_killed_process_loses_nothing_acknowledged_and_the_next_one_sends_it(bucket: Bucket, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    program = remote_writer(bucket, cache)
    assert "S3Store(" in program
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(150)]
    store = bucket.store(cache)
    reader = InteractionLog(store)  # while the writer lives: what is still here counts
    assert set(acknowledged) <= {one.interaction_id for one in reader}
    Spool(store, "interactions").send()
    assert len(list(store.growing_root.rglob("*.jsonl"))) == 1  # a living process's segment stays here
    writer.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in writer.stdout if len(line) == 33]
    writer.wait(900)
    following = InteractionLog(store)
    following.start_sending()
    following.close()
    assert not list(store.growing_root.rglob("*.jsonl"))
    found = [one.interaction_id for one in InteractionLog(bucket.store(tmp_path / "other"))]
    assert set(acknowledged) <= set(found)
    assert len(set(found)) == len(found)
    assert len(found) - len(acknowledged) <= 8


def test_a_segment_is_sent_as_it_grows_under_one_name(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headgate.interactions.log, "SEND_SECONDS", 0.05)
    log = InteractionLog(bucket.store(tmp_path / "cache"))
    elsewhere = bucket.store(tmp_path / "other")
    for count in range(1, 4):
        log.append(interaction(str(count)))
        wait_for(lambda count=count: len(list(InteractionLog(elsewhere))) == count)
    assert len(list(elsewhere.list("interactions"))) == 1
    log.close()
    assert len(list(elsewhere.list("interactions"))) == 1
    log.append(interaction("after it was closed"))
    log.close()
    assert len(list(InteractionLog(elsewhere))) == 4


def test_a_long_segment_is_ended_and_another_begun(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headgate.interactions.log, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(headgate.interactions.log, "_LONGEST_SPOOLED", 1000)
    store = bucket.store(tmp_path / "cache")
    log = InteractionLog(store)
    log.append(interaction("x" * 2000))
    wait_for(lambda: not list(store.growing_root.rglob("*.jsonl")))
    log.append(interaction("second"))
    log.close()
    assert len(list(store.list("interactions"))) == 2
    assert {one.question.text for one in InteractionLog(store)} == {"x" * 2000, "second"}


def test_a_file_that_a_sender_removes_before_it_is_held_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with open_growing(path) as stream:
        stream.write(b"line")
    assert path.read_bytes() == b"line"


def test_two_machines_log_into_one_store(bucket: Bucket, tmp_path: Path) -> None:
    logs = [InteractionLog(bucket.store(tmp_path / name)) for name in ("one", "two")]
    written = [interaction(str(number)) for number in range(10)]
    for number, one in enumerate(written):
        logs[number % 2].append(one)
    for log in logs:
        log.close()
    found = list(InteractionLog(bucket.store(tmp_path / "three")))
    assert sorted(one.interaction_id for one in found) == sorted(one.interaction_id for one in written)
    assert InteractionLog(bucket.store(tmp_path / "three")).find(written[3].interaction_id) == written[3]

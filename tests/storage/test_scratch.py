"""What killed runs left half-made goes with the next run; what live ones are making stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from headgate.storage import FolderStore
from headgate.storage.scratch import scratch_folder
from tests.conftest import REPOSITORY

LEAVE = """
import os, sys, signal
from pathlib import Path
from headgate.storage.scratch import scratch_folder
from headgate.storage import FolderStore
def die(stream):
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "chunks").write_text("half")
    FolderStore(Path(sys.argv[1]))._replace("ingests/r.json", die)
"""


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", LEAVE, str(tmp_path)], cwd=REPOSITORY, check=False, timeout=900)
    assert killed.returncode == -9
    assert len(list((tmp_path / "scratch").iterdir())) == 1
    assert len(list((tmp_path / "ingests").glob(".tmp-*"))) == 1
    old_probe, new_probe, other = tmp_path / "probe-1", tmp_path / "probe-2", tmp_path / "ingests" / ".tmp-elsewhere-1-x"
    for file in (old_probe, new_probe, other):
        file.write_text("")
    os.utime(old_probe, (time.time() - 3600, time.time() - 3600))

    with scratch_folder(tmp_path) as mine:
        assert list((tmp_path / "scratch").iterdir()) == [mine]
        with scratch_folder(tmp_path):
            assert mine.is_dir()
        assert FolderStore(tmp_path).sweep() == 2
    assert not mine.exists()
    assert not list((tmp_path / "ingests").glob(".tmp-[!e]*"))
    assert new_probe.exists()
    assert other.exists()

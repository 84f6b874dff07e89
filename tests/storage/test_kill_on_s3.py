"""An index run on a bucket that is killed: the next one completes and equals an undisturbed one."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.bundle import open_bundle
from headgate.records import Question
from headgate.settings import Settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY, help_chunks, make_chunk, put_chunks
from tests.s3 import Bucket
from tests.verbs import create_bundle, update_table

#: Kills in a run of the suite; HEADGATE_KILLS asks for more.
KILLS = int(os.environ.get("HEADGATE_KILLS", "2"))
PROGRAM = """
import sys
from pathlib import Path
from headgate.bundle import create_bundle
from headgate.index.table import update_table
from headgate.records import ChunkSetRef
from headgate.settings import parse_settings
from headgate.storage import open_store
settings = parse_settings({"corpus": {"name": "test", "folder": "documents"}, "storage": eval(sys.argv[2])}, project_dir=Path(sys.argv[1]))
reference = ChunkSetRef.model_validate_json(sys.argv[3])
print("begins", flush=True)
store = open_store(settings)
create_bundle(store, update_table(store, reference, settings.index_setup), settings.bundle_setup)
"""


@pytest.fixture
def on_s3(make_project: Callable[..., Settings], bucket: Bucket, exported_model: Path) -> Settings:
    settings = make_project("bucket", **bucket.sections())
    shutil.rmtree(settings.project_dir / ".headgate")
    for path in sorted(exported_model.rglob("*.*")):
        open_store(settings).put_file(f"models/{path.relative_to(exported_model).as_posix()}", path)
    return settings


def test_a_run_that_was_killed_is_completed_by_the_next(
    on_s3: Settings, bucket: Bucket, make_project: Callable[..., Settings]
) -> None:
    moments = random.Random(3)
    chunks = help_chunks()
    started = time.monotonic()
    update_table(on_s3, put_chunks(on_s3, chunks, "r0"))
    usual = time.monotonic() - started
    killed = 0
    for number in range(KILLS):
        chunks = [
            *chunks[1:],
            *(
                make_chunk(f"page-{number}-{page}.md", f"Page {page} of round {number} says {page * number}.")
                for page in range(5)
            ),
        ]
        reference = put_chunks(on_s3, chunks, f"r{number + 1}")
        program = [
            sys.executable,
            "-c",
            PROGRAM,
            str(on_s3.project_dir),
            repr(bucket.sections()["storage"]),
            reference.model_dump_json(),
        ]
        run = subprocess.Popen(program, stdout=subprocess.PIPE, cwd=REPOSITORY)
        assert run.stdout is not None
        assert run.stdout.readline() == b"begins\n"
        time.sleep(moments.uniform(0, 1.3 * usual))
        killed += run.poll() is None
        run.kill()
        run.wait(900)
        indexed = update_table(on_s3, reference)
        made = create_bundle(on_s3, indexed)
    assert killed
    undisturbed = make_project("undisturbed")
    assert update_table(undisturbed, put_chunks(undisturbed, chunks, "once")).ref.digest == indexed.ref.digest
    answerer = open_bundle(open_store(on_s3), made.bundle_id)
    assert answerer.answer_now(Question(text="What does page 4 of round 1 say?")).bundle_id == made.bundle_id
    answerer.close()
    # A killed process may leave its probe and its lease, nothing else: LanceDB's own files belong to some version or to none.
    folders = {key.split("/")[0] for key in bucket.stored() if not key.startswith("probe-")}
    assert folders == {"bundles", "chunk_sets", "lance", "last_build.json", "locks", "models", "objects", "table_refs"}

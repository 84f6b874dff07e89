"""What a parser process is when it is ready: small, and without the libraries that only some kinds of files need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headgate import QUIET_ENVIRONMENT
from headgate.sources.media import EXTENSIONS
from tests.conftest import REPOSITORY
from tests.ingest import files

MAX_MIB = 80
HEAVY = {"torch", "transformers", "spacy", "unstructured", "pandas", "sentence_transformers", "great_expectations"}
#: The real worker, which also says what it has loaded.
TELLING = """
import json, sys
from headgate.ingest.sandbox import worker
real = worker._started
worker._started = lambda fence: json.dumps(json.loads(real(fence)) | {"modules": sorted({name.partition(".")[0] for name in sys.modules})}).encode()
sys.exit(worker.main())
"""


def start(folder: Path, media_type: str, content: bytes) -> tuple[dict[str, Any], int, dict[str, Any]]:
    """(what the process says when it is ready, the bytes it holds then, its reply)."""
    file = folder / "document"
    file.write_bytes(content)
    request = {
        "file": str(file), "path": "document", "media_type": media_type, "cpu_seconds": 60, "memory_bytes": 2**30,
        "max_unzipped_bytes": 2**28, "max_output_bytes": 2**26, "passwords": [], "programs": {}, "readers": {},
    }  # fmt: skip
    environment = {
        **QUIET_ENVIRONMENT,
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONPATH": str(REPOSITORY),
    }
    with subprocess.Popen(
        [sys.executable, "-c", TELLING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=folder
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        ready = json.loads(process.stdout.readline())
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        reply = json.loads(process.stdout.readline())
        process.kill()
    return ready, pages * os.sysconf("SC_PAGESIZE"), reply


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("md", files.markdown()),
        ("txt", files.text()),
        ("eml", files.mail()),
        ("pdf", files.pdf()),
        ("docx", files.docx()),
        ("xlsx", files.xlsx()),
    ],
)
def test_a_parser_process_is_ready_small_and_without_heavy_libraries(extension: str, content: bytes, tmp_path: Path) -> None:
    ready, resident, reply = start(tmp_path, EXTENSIONS[extension], content)

    assert ready["started"]
    assert "headgate" in ready["modules"]
    assert not HEAVY & set(ready["modules"])
    assert resident <= MAX_MIB * 2**20, f"{resident / 2**20:.0f} MiB"
    assert reply["parsed"]["text"]

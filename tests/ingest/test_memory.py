"""The memory of an ingest does not grow with the texts: eight times the documents, and about the same peak."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

#: Growth that is allowed from 6 to 48 documents of 60 KiB, MiB. Held in memory, their texts, elements and chunks take about 80.
ALLOWED_GROWTH = 32
PROGRAM = """
import resource, sys
from pathlib import Path
from headgate.ingest.run import ingest
from headgate.settings import parse_settings
from headgate.storage import open_store
settings = parse_settings({"corpus": {"folder": "documents"}, "parse": {"workers": 1}}, project_dir=Path(sys.argv[1]))
result = ingest(open_store(settings), settings.ingest_setup)
print(result.counts.indexed, result.chunk_set.chunks, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_of(folder: Path, documents: int) -> tuple[int, int, int]:
    """(indexed documents, chunks, peak MiB) of a fresh ingest in a process of its own."""
    (folder / "documents").mkdir(parents=True)
    chance = random.Random(5)
    words = [f"word{number}" for number in range(3000)]
    for number in range(documents):
        paragraphs = [" ".join(chance.choices(words, k=60)) + "." for _ in range(60 * 1024 // 420)]
        text = f"# Page {number}\n\n" + "\n\n".join(paragraphs)
        (folder / "documents" / f"page-{number:03}.md").write_text(text, encoding="utf-8")
    program = [sys.executable, "-c", PROGRAM, str(folder)]
    found = subprocess.run(program, capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=900)
    indexed, chunks, peak = (int(value) for value in found.stdout.split())
    return indexed, chunks, peak


@pytest.mark.slow
def test_memory_stays_flat(tmp_path: Path) -> None:
    few, many = peak_of(tmp_path / "few", 6), peak_of(tmp_path / "many", 48)

    assert (few[0], many[0]) == (6, 48)
    assert many[1] > 7 * few[1] > 7000
    assert many[2] - few[2] < ALLOWED_GROWTH, f"peak grew from {few[2]} to {many[2]} MiB"

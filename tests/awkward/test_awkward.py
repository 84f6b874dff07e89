"""Every awkward file of our own ends as its manifest says, through a whole ingest with its parser processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.index.chunk_set import read_chunk_set
from headgate.records import FileOutcome
from headgate.settings import parse_settings
from headgate.storage import open_store
from tests.verbs import ingest

HERE = Path(__file__).parent
ROWS: list[dict[str, Any]] = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))

Ends = dict[str, tuple[FileOutcome, str]]


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    """File → (its outcome, the text of its chunks)."""
    folder = tmp_path_factory.mktemp("awkward")
    settings = parse_settings({"corpus": {"folder": str(HERE / "files")}, "parse": {"workers": 1}}, project_dir=folder)
    result = ingest(settings)
    texts: dict[str, list[str]] = {}
    for chunk in read_chunk_set(open_store(settings), result.chunk_set):
        texts.setdefault(chunk.doc_id, []).append(chunk.text)
    return {outcome.path: (outcome, "\n".join(texts.get(outcome.path, ()))) for outcome in result.outcomes}


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_an_awkward_file_ends_as_its_manifest_says(row: dict[str, Any], ends: Ends) -> None:
    outcome, text = ends[row["file"]]
    assert (outcome.outcome, [reason.code for reason in outcome.reasons]) == (
        row["outcome"],
        [row["reason"]] if "reason" in row else [],
    )
    at = 0
    for words in row.get("words", ()):
        place = text.find(words, at)
        assert place >= 0, f"{words!r} is not behind {text[:at][-60:]!r} in {text!r}"
        at = place + len(words)
    assert [words for words in row.get("absent", ()) if words in text] == []
    assert set(row.get("findings", ())) <= {finding.code for finding in outcome.findings}


def test_the_manifest_names_every_file_and_they_are_small() -> None:
    files = sorted((HERE / "files").iterdir())
    assert [file.name for file in files] == sorted(row["file"] for row in ROWS)
    assert sum(file.stat().st_size for file in files) < 300_000

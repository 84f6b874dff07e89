"""Does this project work? A few of its documents go the whole way, into a store of their own; and what Dagster loads can be loaded."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from headgate.cli.main import main

PROJECT = Path(__file__).parent.parent
SETTINGS = PROJECT / "headgate.toml"
#: So many documents go the whole way here: enough to see that it works, few enough for every change.
DOCUMENTS = 10


@pytest.fixture
def few(tmp_path: Path) -> list[str]:
    """`--folder` with a few documents from all over the corpus; nothing, so the whole corpus, where they lie in no folder here."""
    corpus = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["corpus"]
    folder = PROJECT / (corpus.get("folder") or "data")
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    for file in files[:: -(-len(files) // DOCUMENTS)]:
        copy = tmp_path / "documents" / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return ["--folder", str(tmp_path / "documents")]


def test_documents_go_the_whole_way_to_an_answer(
    few: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADGATE_STORE", str(tmp_path / "store"))

    def headgate(*verb: str) -> dict:
        """What a verb prints with --json."""
        status = main(["--settings", str(SETTINGS), *verb, "--json"])
        said = capsys.readouterr()
        assert status == 0, said.err
        return json.loads(said.out)

    ingested = headgate("ingest", *few)
    assert ingested["documents"] > 0, ingested["not_indexed"]
    assert headgate("index")["chunks"]["total"] == ingested["chunks"]
    bundle = headgate("bundle")
    answer = headgate("ask", "What do you know?")
    assert answer["bundle_id"] == bundle["bundle_id"]
    assert answer["answer"], "a question is answered or declined in words"


def test_what_dagster_loads_can_be_loaded() -> None:
    import dagster as dg

    from pipelines.definitions import defs

    dg.Definitions.validate_loadable(defs)
    assert {"rebuild", "release"} <= {job.name for job in defs.resolve_all_job_defs()}

"""Does this project work? A few of its documents go the whole way, into a store of their own; and what Dagster loads can be loaded."""

import json
import shutil
from pathlib import Path

import pytest

from headgate.cli.main import main
from headgate.settings import load_settings
from headgate.sources.corpus import open_corpus

SETTINGS = Path(__file__).parent.parent / "headgate.toml"
#: So many documents go the whole way here: enough to see that it works, few enough for every change.
DOCUMENTS = 10


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a few documents from all over the corpus. Whatever is made of them goes to a store that ends with the test."""
    monkeypatch.setenv("HEADGATE_STORE", str(tmp_path / "store"))
    corpus = open_corpus(load_settings(SETTINGS))
    paths = [file.path for file in corpus.files if file.path not in {*corpus.excluded, *corpus.failed}]
    for path in paths[:: -(-len(paths) // DOCUMENTS)]:
        copy = tmp_path / "documents" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(corpus.local(path), copy)
    return tmp_path / "documents"


def test_documents_go_the_whole_way_to_an_answer(few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def headgate(*verb: str) -> dict:
        """What a verb prints with --json."""
        status = main(["--settings", str(SETTINGS), *verb, "--json"])
        said = capsys.readouterr()
        assert status == 0, said.err
        return json.loads(said.out)

    ingested = headgate("ingest", "--folder", str(few))
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

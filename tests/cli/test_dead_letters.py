"""headgate dead-letters list, show, retry, drop: through the command line, on real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.cli.main import main
from tests.ingest import files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    files.write(tmp_path / "documents", a__md=files.markdown(), cut__pdf=files.pdf(pages=4)[:900], wrong__docx=files.pdf())
    (tmp_path / "headgate.toml").write_text('[corpus]\nfolder = "documents"\n[parse]\nworkers = 1\n')
    return tmp_path


def call(project: Path, *arguments: str) -> int:
    return main(["--settings", str(project / "headgate.toml"), *arguments])


def shown(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    # Two of three files can't be read: more than may be dropped, so `ingest` tells its result and that the corpus is not fit.
    assert call(project, *arguments, "--json") == (1 if arguments[0] == "ingest" else 0)
    return json.loads(capsys.readouterr().out)


def test_the_life_of_a_dead_letter(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ingested = shown(project, capsys, "ingest")
    assert (ingested["counts"]["dead_lettered"], ingested["parsed"]) == (2, 2)
    letters = shown(project, capsys, "dead-letters", "list")["dead_letters"]
    assert [(letter["path"], letter["reason"]) for letter in letters] == [
        ("cut.pdf", "truncated"),
        ("wrong.docx", "wrong_extension"),
    ]
    letter = shown(project, capsys, "dead-letters", "show", "cut.pdf")
    assert letter["attempts"] == 1
    assert letter["limits"]["timeout_seconds"] == 60
    assert letter["advice"]
    assert shown(project, capsys, "ingest")["parsed"] == 0

    # It is tried again at once, fails again, and is known again.
    again = shown(project, capsys, "dead-letters", "retry", "cut.pdf", "--now")
    assert again["forgotten"] == ["cut.pdf"]
    assert again["parsed"]["cut.pdf"]["code"] == "truncated"
    assert shown(project, capsys, "ingest")["parsed"] == 0
    assert shown(project, capsys, "dead-letters", "retry", "--all")["forgotten"] == ["cut.pdf", "wrong.docx"]
    assert shown(project, capsys, "ingest")["parsed"] == 1

    dropped = shown(project, capsys, "dead-letters", "drop", "cut.pdf", "--because", "an old scan")
    assert dropped["dropped_because"] == "an old scan"
    ingested = shown(project, capsys, "ingest")
    assert ingested["counts"]["excluded"] == 1
    assert {"path": "cut.pdf", "outcome": "excluded", "reasons": [{"code": "dropped", "text": f"by decision of {dropped['dropped_at'][:10]}: an old scan"}]} in ingested["not_indexed"]  # fmt: skip

    # A mended file parses in `retry --now`, and the next ingest takes that.
    files.write(project / "documents", cut__pdf=files.pdf(pages=4))
    mended = shown(project, capsys, "dead-letters", "retry", "cut.pdf", "--now")
    assert mended["parsed"] == {"cut.pdf": None}
    ingested = shown(project, capsys, "ingest")
    assert (ingested["parsed"], ingested["counts"]["dead_lettered"], ingested["counts"]["excluded"]) == (0, 1, 0)


def test_people_see_tables_and_mistakes_get_one_message(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(project, "dead-letters", "list") == 0
    assert "No dead letters" in capsys.readouterr().out
    assert call(project, "ingest") == 1
    capsys.readouterr()
    assert call(project, "dead-letters", "list") == 0
    out = capsys.readouterr().out
    assert "2 dead letter(s)" in out
    assert "when it changes, or by retry" in out
    assert call(project, "dead-letters", "show", "cut.pdf") == 0
    assert "advice" in capsys.readouterr().out
    for arguments, message in {
        ("retry",): "name the paths to retry, or give --all",
        ("retry", "nope"): "'nope' is no dead letter",
        ("show", "nope"): "'nope' is no dead letter",
        ("drop", "cut.pdf"): "--because",
        ("drop", "cut.pdf", "--because", " "): "say why",
    }.items():
        assert call(project, "dead-letters", *arguments) == 2
        assert message in capsys.readouterr().err

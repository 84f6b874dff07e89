"""Tests of init and settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from headgate.answer.prompt import parse_answer_prompt, parse_refusal
from headgate.cli.main import main
from headgate.cli.settings_file import SECTIONS, settings_toml
from headgate.settings import Settings, load_settings, parse_settings


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.md").write_text("# A\n\nSome text.")
    return tmp_path / "documents"


def test_init_writes_a_project_that_loads(tmp_path: Path, documents: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "My Bot"), "--documents", str(documents), "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    project = tmp_path / "My Bot"
    assert all((project / name).is_file() for name in written["files"])
    settings = load_settings(project / "headgate.toml", environment={})
    assert settings.corpus.name == "my-bot"
    assert settings.validation.as_of == "today"
    assert settings.place(settings.corpus.folder) == documents
    parse_answer_prompt((project / settings.answer.prompt).read_bytes(), source="answer")
    parse_refusal((project / settings.answer.refusal).read_bytes(), source="refusal")
    assert yaml.safe_load((project / settings.evaluation.gates).read_text())["gates"]
    assert all((project / suite).is_file() for suite in settings.evaluation.suites)


def test_inits_suite_and_gates_are_valid(tmp_path: Path, documents: Path) -> None:
    from headgate.evaluate.gates.gate_file import load_gates
    from headgate.evaluate.suites.suite import load_suite

    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents)]) == 0
    settings = load_settings(tmp_path / "bot" / "headgate.toml", environment={})
    suite = load_suite(settings.place(settings.evaluation.suites[0]))
    load_gates(settings.place(settings.evaluation.gates), suites={"all", suite.name}, recall_at=settings.evaluation.recall_at)


def test_every_key_of_a_written_settings_file_has_a_comment(tmp_path: Path, documents: Path) -> None:
    main(["init", str(tmp_path / "bot"), "--documents", str(documents)])
    lines = (tmp_path / "bot" / "headgate.toml").read_text().splitlines()
    in_table = False
    for above, line in zip(["", *lines], lines, strict=False):
        if line.startswith("["):
            in_table = "." in line.split("]")[0]
            assert "#" in line or above.startswith("# "), line
        elif "=" in line and not line.startswith("#") and not in_table:
            assert len(above) > 5, line
            assert above.startswith("# "), line


def test_the_written_file_names_every_setting() -> None:
    assert list(SECTIONS) == [name for name in Settings.model_fields if name != "project_dir"]


def test_settings_survive_being_written_and_read(tmp_path: Path) -> None:
    content = {
        "corpus": {
            "folder": 'odd "name"\\folder\n☃',
            "revisions": {"week 2": "0" * 32 + ".dir"},
            "labels": [{"pattern": "**", "audience": "staff"}, {"pattern": "a/*"}],
        },
        "retrieval": {"access": {"everyone": [""], "staff": ["internal", ""]}},
        "guard": {"block_injection": False},
    }
    settings = parse_settings(content, project_dir=tmp_path)
    (tmp_path / "headgate.toml").write_text(settings_toml(settings), encoding="utf-8")
    assert load_settings(tmp_path / "headgate.toml", environment={}) == settings


def test_init_overwrites_nothing(tmp_path: Path, documents: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "bot"
    (project / "prompts").mkdir(parents=True)
    (project / "prompts" / "answer.md").write_text("mine")
    assert main(["init", str(project), "--documents", str(documents)]) == 2
    assert "prompts/answer.md already; nothing was written" in capsys.readouterr().err
    assert [path.name for path in project.rglob("*") if path.is_file()] == ["answer.md"]


@pytest.mark.parametrize("missing", ["nowhere", "empty"])
def test_init_needs_documents(tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["init", str(tmp_path / "bot"), "--documents", str(tmp_path / missing)]) == 2
    assert missing in capsys.readouterr().err
    assert not (tmp_path / "bot").exists()

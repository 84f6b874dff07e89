"""Tests of init and settings."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from headgate.answer.prompt import parse_answer_prompt, parse_refusal
from headgate.bundle import last_built
from headgate.cli.main import main
from headgate.cli.settings_file import SECTIONS, settings_toml
from headgate.settings import Settings, load_settings, parse_settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY
from tests.verbs import open_corpus

#: Whom git takes for the author of a commit.
WHO = ("-c", "user.name=Kim", "-c", "user.email=kim@example.org")


def run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.md").write_text(
        "# Refunds\n\nRefunds take 10 working days and go back to the card that you paid with."
    )
    return tmp_path / "documents"


def test_init_writes_a_project_that_loads(tmp_path: Path, documents: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "My Bot"), "--documents", str(documents), "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    project = tmp_path / "My Bot"
    assert all((project / name).is_file() for name in written["files"])
    settings = load_settings(project / "headgate.toml", environment={})
    assert settings.corpus.name == "my-bot"
    assert (settings.validation.as_of, settings.validation.stale_after_days) == ("today", 0)
    assert settings.place(settings.corpus.folder) == documents
    parse_answer_prompt((project / settings.answer.prompt).read_bytes(), source="answer")
    parse_refusal((project / settings.answer.refusal).read_bytes(), source="refusal")
    assert yaml.safe_load((project / settings.evaluation.gates).read_text())["gates"]
    assert all((project / suite).is_file() for suite in settings.evaluation.suites)


@pytest.mark.parametrize("folder", ["assets", "pipelines", "notebooks"])
def test_a_project_starts_with_the_very_code_of_this_repository(tmp_path: Path, documents: Path, folder: str) -> None:
    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents)]) == 0
    ours = {path.name: path.read_bytes() for path in (REPOSITORY / folder).iterdir() if path.is_file()}
    theirs = {path.name: path.read_bytes() for path in (tmp_path / "bot" / folder).iterdir()}
    assert theirs == ours
    assert (tmp_path / "bot" / "dagster.yaml").read_bytes() == (REPOSITORY / "dagster.yaml").read_bytes()


@pytest.mark.parametrize("folder", ["assets", "pipelines"])
def test_the_code_of_a_project_uses_one_room_of_the_library(folder: str) -> None:
    """What a team keeps must outlive changes of everything behind that room."""
    for path in (REPOSITORY / folder).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        ours = [name for name in names if name.split(".")[0] == "headgate"]
        assert all(name.startswith("headgate.orchestration") for name in ours), (path.name, ours)


def test_a_project_wants_the_version_that_wrote_it_and_its_pythons(tmp_path: Path, documents: Path) -> None:
    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents)]) == 0
    written = tomllib.loads((tmp_path / "bot" / "pyproject.toml").read_text())
    ours = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert written["project"]["name"] == written["tool"]["dagster"]["code_location_name"] == "bot"
    assert written["project"]["requires-python"] == ours["project"]["requires-python"]
    assert written["project"]["dependencies"] == [f"headgate[pipeline,serve]=={ours['project']['version']}"]
    assert "PROJECT_NAME" not in (tmp_path / "bot" / "README.md").read_text()


@pytest.mark.slow
def test_a_new_projects_own_tests_pass(tmp_path: Path, documents: Path) -> None:
    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents)]) == 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HEADGATE_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    found = subprocess.run(command, cwd=tmp_path / "bot", env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert "2 passed" in found.stdout


@pytest.mark.slow
def test_the_job_rebuild_of_a_new_project_makes_a_bundle_of_its_documents(
    tmp_path: Path, documents: Path, exported_model: Path
) -> None:
    """As `headgate dev` runs it: the project's own `assets` and `pipelines`, not those of this repository."""
    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents)]) == 0
    shutil.copytree(exported_model, tmp_path / "bot" / ".headgate" / "models", copy_function=os.link)
    program = (
        "import dagster as dg, pipelines.definitions as project; print(project.__file__);"
        "run = project.defs.resolve_job_def('rebuild').execute_in_process(instance=dg.DagsterInstance.ephemeral());"
        "print(run.success, [check.check_name for check in run.get_asset_check_evaluations() if not check.passed])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE_")}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "bot", env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr[-3000:]
    place, outcome = found.stdout.splitlines()
    assert Path(place).parents[1] == tmp_path / "bot"
    assert outcome == "True []"
    assert last_built(open_store(load_settings(tmp_path / "bot" / "headgate.toml", environment={})))


# --- under DVC ------------------------------------------------------------------------------------------------------


def test_a_project_under_dvc_can_be_read_at_every_revision_from_a_clone(tmp_path: Path, documents: Path) -> None:
    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents), "--dvc"]) == 0
    project = tmp_path / "bot"
    first = open_corpus(load_settings(project / "headgate.toml", environment={}))
    assert [file.path for file in first.files] == ["a.md"]
    run(project, "git", "add", "-A")
    run(project, "git", *WHO, "commit", "-qm", "first")
    (project / "data" / "b.md").write_text("# B\n\nAnother page.")
    run(project, sys.executable, "-m", "dvc", "add", "-q", "data")
    run(project, sys.executable, "-m", "dvc", "push", "-q")
    run(project, "git", *WHO, "commit", "-qam", "second")
    run(tmp_path, "git", "clone", "-q", "bot", "clone")
    shutil.copytree(project / "dvcstore", tmp_path / "clone" / "dvcstore")
    clone = load_settings(tmp_path / "clone" / "headgate.toml", environment={})
    assert [file.path for file in open_corpus(clone).files] == ["a.md", "b.md"]
    assert open_corpus(clone, revision="HEAD~1").revision == first.revision
    ignored = (project / ".gitignore").read_text().split()
    assert ignored == ["/.headgate/", "/dvcstore/", "/data"]


def test_a_project_inside_a_git_repository_makes_no_other(tmp_path: Path, documents: Path) -> None:
    run(tmp_path, "git", "init", "-q")
    assert main(["init", str(tmp_path / "apps" / "bot"), "--documents", str(documents), "--dvc"]) == 0
    project = tmp_path / "apps" / "bot"
    assert not (project / ".git").exists()
    assert [file.path for file in open_corpus(load_settings(project / "headgate.toml", environment={})).files] == ["a.md"]


def test_documents_that_lie_in_data_already_are_tracked_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "bot" / "data").mkdir(parents=True)
    (tmp_path / "bot" / "data" / "a.md").write_text("# A\n\nSome text.")
    assert main(["init", str(tmp_path / "bot"), "--documents", str(tmp_path / "bot" / "data"), "--dvc"]) == 0
    assert [file.path for file in open_corpus(load_settings(tmp_path / "bot" / "headgate.toml", environment={})).files] == [
        "a.md"
    ]


def test_under_dvc_only_json_is_on_stdout(tmp_path: Path, documents: Path) -> None:
    command = [sys.executable, "-m", "headgate.cli.main", "init", "bot", "--documents", str(documents), "--dvc", "--json"]
    found = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=True
    )
    assert json.loads(found.stdout)["dvc"] is True


@pytest.mark.parametrize("place", ["data.dvc", ".dvc/config", "data/other.md"])
def test_dvc_takes_nothing_over_that_is_there(
    tmp_path: Path, documents: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bot" / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "bot" / place).write_text("mine")
    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents), "--dvc"]) == 2
    assert "already; nothing was written" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "bot").rglob("*") if path.is_file()] == [Path(place).name]


def test_links_among_the_documents_are_refused_before_anything_is_written(
    tmp_path: Path, documents: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (documents / "link.md").symlink_to("a.md")
    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents), "--dvc"]) == 2
    assert "1 link(s), such as 'link.md'" in capsys.readouterr().err
    assert not (tmp_path / "bot").exists()


# --- suites, settings -----------------------------------------------------------------------------------------------


def test_inits_suite_and_gates_are_valid(tmp_path: Path, documents: Path) -> None:
    from headgate.evaluate.gates.gate_file import load_gates
    from headgate.evaluate.suites.suite import load_suite

    assert main(["init", str(tmp_path / "bot"), "--documents", str(documents)]) == 0
    settings = load_settings(tmp_path / "bot" / "headgate.toml", environment={})
    suite = load_suite(settings.place(settings.evaluation.suites[0]))
    gates = load_gates(
        settings.place(settings.evaluation.gates), suites={"all", suite.name}, recall_at=settings.evaluation.recall_at
    )
    assert gates.judges_correctness
    compared = {gate.figure for gate in gates.gates if gate.not_worse_than_baseline is not None and gate.severity == "block"}
    assert compared >= {"answer_correctness", "citation_precision", "refusal_recall", "groundedness"}


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
        "retrieval": {"access": {"everyone": ["public"], "staff": ["public", "internal", ""]}},
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

"""Tests of the command line as a whole: help, errors, JSON, and what a verb may import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.cli.main import VERBS, main
from headgate.settings import Settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY
from tests.fakes import FakeBundles, make_settings, put_bundle, put_verdict
from tests.small_project import write_project
from tests.verbs import promote


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "headgate.toml").write_text(
        '[corpus]\nfolder = "documents"\n[evaluation]\nsuites = ["evals/suites/golden.jsonl"]\n'
    )
    return make_settings(tmp_path)


def run(settings: Settings, *arguments: str) -> int:
    return main(["--settings", str(settings.project_dir / "headgate.toml"), *arguments])


def test_help_names_every_verb_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in VERBS)
    program = "import sys; from headgate.cli.main import main; main(['--help']); print([n for n in sys.modules if n.startswith(('lancedb', 'headgate.bundle', 'headgate.ingest', 'fastapi'))])"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=900
    )
    assert found.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 4


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"dev", "serve"}))
def test_every_verb_that_ends_has_json(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, *(["list"] if verb in ("dead-letters", "release", "versions") else []), "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status"], "nothing was promoted"),
        (["promote"], "no bundle was built"),
        (["promote", "0" * 64], "no bundle"),
        (["promote", "00000000"], "no bundle begins with '00000000'"),
        (["promote", "xyz"], "names no bundle"),
        (["rollback"], "nothing was promoted"),
        (["replay", "nope"], "no interaction 'nope'"),
        (["replay", "nope"], "tell an answer's id"),
        (["ask", "q"], "no bundle was built"),
        (["index"], "nothing was ingested"),
        (["evaluate", "--suite", "none.jsonl"], "no bundle was built"),
        (["evaluate", "suite.jsonl"], "suite files are given with --suite"),
        (["gate", "00000000", "--bundle", "11111111"], "two bundles are named"),
        (["override", "--by", "Kim"], "--reason"),
        (["nonsense"], "No such command"),
    ],
)
def test_mistakes_get_one_message_on_stderr_and_exit_code_2(
    settings: Settings, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(settings, *arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_an_unknown_setting_is_named_with_the_likely_one(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (settings.project_dir / "headgate.toml").write_text('[corpus]\nfolder = "documents"\n[serve]\nprot = 1\n')
    assert run(settings, "status") == 2
    assert "unknown key 'serve.prot'; did you mean 'port'?" in capsys.readouterr().err


def test_a_key_of_an_earlier_version_is_told_by_its_new_name(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (settings.project_dir / "headgate.toml").write_text('[corpus]\nfolder = "documents"\n[release]\nchannel = "staging"\n')
    assert run(settings, "status") == 2
    assert "unknown key 'release.channel'; it is called 'release.track' now" in capsys.readouterr().err


def test_settings_problems_say_no_more_than_the_reader_needs(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings.project_dir / "headgate.toml"
    file.write_text('[corpus]\nfolder = "documents"\ndvc_file = "data.dvc"\n[retrieval]\ntop_k = "x"\n')
    assert run(settings, "status") == 2
    shown = capsys.readouterr().err
    assert "  - corpus: set" in shown
    assert "retrieval.top_k: Input should be a valid integer, unable to parse string as an integer (got 'x')" in shown
    assert main(["--settings", str(file.with_name("none.toml")), "status"]) == 2
    assert "none.toml' does not exist; check --settings and HEADGATE_SETTINGS" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["build", "bundle"])
def test_a_prompt_with_a_missing_variable_is_told_before_anything_is_parsed_or_embedded(
    tmp_path: Path, exported_model: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_project(tmp_path, exported_model)
    prompt = tmp_path / "prompts" / "answer.md"
    prompt.write_text(prompt.read_text().replace("{{question}}", "the question"))
    if verb == "bundle":
        assert main(["--settings", str(project.settings_file), "ingest"]) == 0
    before = {path for path in project.settings.store_root.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["--settings", str(project.settings_file), verb]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "lacks variable(s): question" in captured.err
    assert {path for path in project.settings.store_root.rglob("*") if path.is_file()} == before


def test_a_bundle_may_be_named_by_its_beginning(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(settings)
    bundle_id = put_bundle(store, "a")
    assert run(settings, "promote", bundle_id[:8]) == 2
    assert f"bundle {bundle_id[:16]}… was never judged" in capsys.readouterr().err


def test_a_tampered_bundle_is_a_message_and_exit_code_2(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(settings)
    bundle_id = put_bundle(store, "a")
    store.put(f"bundles/{bundle_id}.json", b"{}")
    assert run(settings, "promote", bundle_id) == 2
    assert "IntegrityError: bundle" in capsys.readouterr().err


def test_status_and_history_print_one_object_with_stable_names(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(settings)
    bundle_id = put_bundle(store, "a")
    put_verdict(settings, bundle_id)
    promote(settings, bundle_id, opener=FakeBundles(), promoted_by="Kim [bold]")
    assert run(settings, "status", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    names = ["track", "release", "bundle_id", "promoted_at", "table", "version", "corpus_revision"]
    assert list(shown) == [*names, "reference_release", "reference_set_by", "reference_reason"]
    assert (shown["release"], shown["bundle_id"], shown["reference_release"]) == (1, bundle_id, 1)
    assert run(settings, "history", "--json") == 0
    assert [release["release"] for release in json.loads(capsys.readouterr().out)["releases"]] == [1]
    assert run(settings, "history") == 0
    assert "Kim [bold]" in capsys.readouterr().out


def test_override_records_who_and_why(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(settings)
    bundle_id = put_bundle(store, "a")
    assert run(settings, "override", bundle_id, "--by", "Kim", "--reason", "r") == 2
    assert "never judged" in capsys.readouterr().err
    put_verdict(settings, bundle_id, verdict="failed")
    assert run(settings, "override", bundle_id, "--by", "Kim", "--reason", "suite is wrong", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["verdict"], shown["override_by"], shown["override_reason"]) == ("passed", "Kim", "suite is wrong")


def test_a_store_that_cannot_be_written_stops_serve_at_once(settings: Settings) -> None:
    environment = os.environ | {"HEADGATE_STORE": "/proc/headgate"}  # refuses every user, root included
    command = [
        sys.executable,
        "-m",
        "headgate.cli.main",
        "--settings",
        str(settings.project_dir / "headgate.toml"),
        "serve",
        "--port",
        "0",
    ]
    found = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=900, check=False, env=environment)
    assert found.returncode == 2
    assert "headgate: the store at '/proc/headgate' can't be written" in found.stderr
    assert "Traceback" not in found.stderr


def test_control_characters_of_documents_do_not_reach_the_terminal() -> None:
    from headgate.cli.display import printable

    assert printable("a\x1b[2Jb\x9bc\r\n\td☃") == "a[2Jbc\n\td☃"

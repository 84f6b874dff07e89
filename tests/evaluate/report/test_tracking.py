"""One evaluated bundle, one MLflow run on SQLite, looked at from several sides."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from headgate.bundle import Bundle
from headgate.evaluate.report.tracking import tracking_uri
from headgate.records import IndexResult, Report
from headgate.settings import Settings
from tests.evaluate.builders import make_case, unanswerable, write_suite
from tests.verbs import create_bundle, evaluate

CASES = [make_case("g1", tags=["billing"]), unanswerable("r1", "Who won the football world cup in 1966?")]


@pytest.fixture
def evaluated(
    settings: Settings, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Settings, Report, MlflowClient]:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    report = evaluate(settings, bundle.bundle_id, suites=[write_suite(tmp_path, CASES)])
    return (
        settings,
        report,
        MlflowClient(tracking_uri=tracking_uri(settings.tracking_setup), registry_uri=tracking_uri(settings.tracking_setup)),
    )


def test_a_run_holds_what_was_evaluated_with_which_result(
    evaluated: tuple[Settings, Report, MlflowClient], bundle: Bundle, tmp_path: Path
) -> None:
    _, report, client = evaluated
    run = client.get_run(report.mlflow_run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["bundle_id"] == bundle.bundle_id
    assert run.data.params["corpus.revision"] == "r1"
    assert run.data.params["retrieval.top_k"] == "10"
    golden = report.suites["golden"].metrics
    assert run.data.metrics["golden/recall_at_5"] == golden["recall@5"].value
    assert run.data.metrics["all/groundedness_low"] == report.suites["all"].metrics["groundedness"].low
    assert "all/latency_p95" in run.data.metrics
    assert "golden/refusal_recall" in run.data.metrics
    assert {entry.dataset.name for entry in run.inputs.dataset_inputs} == {"golden", "corpus test"}
    note = run.data.tags["mlflow.note.content"]
    assert bundle.bundle_id[:16] in note
    assert "| recall@5 |" in note
    listed = {item.path for folder in ("", "plots", "suites") for item in client.list_artifacts(report.mlflow_run_id, folder)}
    assert {"cases.json", "slices.json", "report.json", "suites/golden.jsonl"} <= listed
    assert {f"plots/{name}.png" for name in ("quality", "recall_at_k", "latency", "evidence")} <= listed
    table = json.loads(Path(client.download_artifacts(report.mlflow_run_id, "cases.json", str(tmp_path))).read_text())
    assert len(table["data"]) == 2
    assert {"question", "answer", "refused", "citations", "recall@5", "unscored"} <= set(table["columns"])
    assert not list((tmp_path / "elsewhere").iterdir()), "mlflow wrote into the current folder"


def test_prompts_get_a_new_version_only_when_their_text_changes(
    evaluated: tuple[Settings, Report, MlflowClient], indexed: IndexResult, tmp_path: Path
) -> None:
    settings, report, client = evaluated
    suites = [write_suite(tmp_path, CASES)]

    def version(of: Report) -> str:
        return client.get_run(of.mlflow_run_id).data.tags["headgate.prompt.answer"]

    assert version(report) == "prompts:/test-answer/1"
    assert version(evaluate(settings, report.bundle_id, suites=suites)) == "prompts:/test-answer/1"
    prompt = settings.place("prompts/answer.md")
    prompt.write_text(prompt.read_text() + "\nBe brief.\n")
    changed = create_bundle(settings, indexed)
    assert version(evaluate(settings, changed.bundle_id, suites=suites)) == "prompts:/test-answer/2"
    registered = client.load_prompt("test-answer", version=2)
    assert registered is not None
    assert registered.template.endswith("Be brief.\n")


def test_two_projects_do_not_share_runs(make_project: Callable[..., Settings], settings: Settings) -> None:
    assert tracking_uri(make_project("other").tracking_setup) != tracking_uri(settings.tracking_setup)
    assert (
        tracking_uri(make_project("third", evaluation={"tracking_uri": "http://127.0.0.1:5000"}).tracking_setup)
        == "http://127.0.0.1:5000"
    )

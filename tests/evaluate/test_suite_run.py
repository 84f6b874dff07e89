from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.bundle import Bundle, indexed_chunks, open_bundle
from headgate.errors import IntegrityError, NotFoundError, SuiteError
from headgate.evaluate.report.stored_reports import find_report, load_report, save_report
from headgate.records import Question, Report
from headgate.settings import Settings, parse_settings
from headgate.storage import open_store
from tests.evaluate.builders import make_case, unanswerable, write_suite
from tests.verbs import evaluate

CASES = [make_case("g1"), make_case("g2", "refund speed?"), unanswerable("r1", "Who won the football world cup in 1966?")]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return write_suite(tmp_path, CASES)


def test_a_bundle_is_evaluated_from_suite_to_stored_report(
    settings: Settings, bundle: Bundle, suite: Path, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    other = write_suite(tmp_path, [unanswerable("r1", "What is the capital of Peru?")], "refusals")
    report = evaluate(settings, bundle.bundle_id, suites=[suite, other], progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {name: result.n for name, result in report.suites.items()} == {"golden": 3, "refusals": 1, "all": 4}
    assert list(report.suite_digests) == ["golden", "refusals"]
    golden = report.suites["golden"]
    assert [case.case_id for case in golden.cases] == ["g1", "g2", "r1"]
    assert golden.metrics["recall@5"].value == 1.0
    assert golden.metrics["recall@5"].n == 2
    assert golden.metrics["unscored"].value == 0
    assert golden.metrics["groundedness"].value == 1.0
    assert report.suites["all"].metrics["refusal_recall"].n == 2
    assert not report.suites["all"].cases
    assert report.mlflow_run_id
    stored = load_report(open_store(settings), report.report_id)
    assert stored == report
    assert list(stored.suites) == ["golden", "refusals", "all"]


def test_what_is_evaluated_is_what_the_service_answers(settings: Settings, bundle: Bundle, suite: Path) -> None:
    report = evaluate(settings, bundle.bundle_id, suites=[suite])
    served = open_bundle(open_store(settings), bundle.bundle_id)
    for case in report.suites["golden"].cases:
        assert case.answer is not None
        answer = served.answer_now(Question(text=case.question))
        assert answer.model_dump(exclude={"timings"}) == case.answer.model_dump(exclude={"timings"})


def test_evaluating_twice_gives_equal_answers_under_two_report_ids(settings: Settings, bundle: Bundle, suite: Path) -> None:
    first, second = (evaluate(settings, bundle.bundle_id, suites=[suite]) for _ in range(2))
    assert first.answers_digest == second.answers_digest
    assert first.report_id != second.report_id  # measured times are part of a report
    found = find_report(open_store(settings), bundle.bundle_id, first.suite_digests)
    assert found is not None
    assert found.report_id == second.report_id
    untimed = [name for name in first.suites["golden"].metrics if not name.startswith(("latency", "first_token"))]
    assert [first.suites["golden"].metrics[name] for name in untimed] == [
        second.suites["golden"].metrics[name] for name in untimed
    ]


def test_a_report_knows_when_it_was_changed_and_its_run_id_is_no_part_of_it(
    settings: Settings, bundle: Bundle, suite: Path
) -> None:
    store = open_store(settings)
    report = evaluate(settings, bundle.bundle_id, suites=[suite])
    save_report(store, report.model_copy(update={"mlflow_run_id": "another"}))
    assert load_report(store, report.report_id).mlflow_run_id == "another"
    figures = report.suites["golden"].metrics
    better = figures | {"mrr": figures["mrr"].model_copy(update={"value": 0.99})}
    forged = report.suites | {"golden": report.suites["golden"].model_copy(update={"metrics": better})}
    save_report(store, Report(**report.model_dump() | {"suites": forged}))
    with pytest.raises(IntegrityError, match="changed after it was written"):
        load_report(store, report.report_id)
    with pytest.raises(NotFoundError, match="headgate evaluate"):
        load_report(store, "../bundles/x")


def test_nothing_is_asked_or_written_when_a_suite_does_not_fit(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    def untouched(done: int, total: int) -> None:
        raise AssertionError("a question was asked")

    suite = write_suite(tmp_path, [make_case("g1"), make_case("g2", gold_documents=["no/such.md"], gold_passages=[])])
    with pytest.raises(SuiteError, match=r"case 'g2': gold document 'no/such\.md' is not indexed"):
        evaluate(settings, bundle.bundle_id, suites=[suite], progress=untouched)
    assert not list(open_store(settings).list("reports"))
    with pytest.raises(NotFoundError, match="no bundle"):
        evaluate(settings, "0" * 64, suites=[write_suite(tmp_path, CASES)])
    with pytest.raises(SuiteError, match="does not exist"):
        evaluate(settings, bundle.bundle_id)


def test_every_indexed_chunk_has_its_text(settings: Settings, bundle: Bundle) -> None:
    assert len(indexed_chunks(open_store(settings), bundle.bundle_id)) == bundle.manifest.table.rows


def test_an_unreachable_tracking_server_costs_the_run_id_and_nothing_else(
    make_project: Callable[..., Settings], settings: Settings, bundle: Bundle, suite: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    content = settings.model_dump(mode="json", exclude={"project_dir"}, exclude_defaults=True)
    content["evaluation"] = {"tracking_uri": f"http://127.0.0.1:{port}"}
    elsewhere = parse_settings(content, project_dir=settings.project_dir)
    with caplog.at_level(logging.WARNING, logger="headgate.evaluate.suite_run"):
        report = evaluate(elsewhere, bundle.bundle_id, suites=[suite])
    assert report.mlflow_run_id == ""
    assert load_report(open_store(settings), report.report_id) == report
    assert f"MLflow at 'http://127.0.0.1:{port}' failed" in caplog.text
    assert "stored all the same" in caplog.text

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from headgate.errors import IntegrityError
from headgate.evaluate.report.stored_reports import load_report, make_report, save_report
from headgate.records import CaseResult, SuiteResult
from headgate.storage import Store, open_store, sha256_hex
from tests.fakes import make_settings


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(make_settings(tmp_path))


def suites(**more: object) -> dict[str, SuiteResult]:
    case = CaseResult.model_validate({"case_id": "a", "question": "?"} | more)
    return {"golden": SuiteResult(digest="d", n=1, metrics={}, cases=(case,))}


def test_a_report_of_before_cases_named_their_source_is_still_read(store: Store) -> None:
    old = make_report("b" * 64, suites(), created_at="2026-02-02T00:00:00+00:00").model_copy(update={"metrics_version": 2})
    content = old.model_dump(mode="json", exclude={"report_id", "created_at", "mlflow_run_id"})
    for name in ("language", "slices", "cluster", "expect"):
        del content["suites"]["golden"]["cases"][0][name]
    old = old.model_copy(update={"report_id": sha256_hex(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))})
    stored = old.model_dump(mode="json")
    stored["suites"] = content["suites"]
    store.put(f"reports/{old.report_id}.json", orjson.dumps(stored))
    assert load_report(store, old.report_id) == old


def test_the_source_of_a_case_is_part_of_what_a_report_is(store: Store) -> None:
    one, other = (make_report("b" * 64, suites(cluster=name), created_at="2026-02-02T00:00:00+00:00") for name in ("x", "y"))
    assert one.report_id != other.report_id
    save_report(store, one)
    key = f"reports/{one.report_id}.json"
    store.put(key, store.get(key).replace(b'"cluster":"x"', b'"cluster":"y"'))
    with pytest.raises(IntegrityError, match="was changed after it was written"):
        load_report(store, one.report_id)

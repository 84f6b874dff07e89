"""Reports in the store: written once, found by id or by what was evaluated.

reports/<report_id>.json                       the report
latest_reports/<bundle_id>/<digest>.json       the newest of this bundle, these suites and this version of the metrics
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, NotFoundError
from headgate.evaluate.metrics.score import METRICS_VERSION
from headgate.records import LatestReport, Report, SuiteResult
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import LATEST_REPORTS, REPORTS

#: Since this version of the metrics a case names its language, slices, source and what is expected; the ids of earlier reports don't cover them.
_CASES_SAY_MORE = 3


def make_report(bundle_id: str, suites: dict[str, SuiteResult], *, created_at: str) -> Report:
    """A report with its digests filled in."""
    draft = Report(
        report_id="",
        bundle_id=bundle_id,
        suites=suites,
        created_at=created_at,
        answers_digest=_answers_digest(suites),
        metrics_version=METRICS_VERSION,
    )
    return draft.model_copy(update={"report_id": _report_id(draft)})


def save_report(store: Store, report: Report) -> None:
    """Write the report, and note it as the newest of its kind. Writing it again replaces it, for the run id."""
    store.put(REPORTS.key(report.report_id), orjson.dumps(report.model_dump(mode="json")))
    key = _latest_key(report.bundle_id, report.suite_digests, partial=any(suite.skipped for suite in report.suites.values()))
    store.put(key, LatestReport(report_id=report.report_id).model_dump_json().encode())


def load_report(store: Store, report_id: str) -> Report:
    """A stored report.

    Raises:
        NotFoundError: no such report.
        IntegrityError: the stored report is not the one its id names.
    """
    if not report_id.isalnum() or not store.exists(key := REPORTS.key(report_id)):
        raise NotFoundError(f"no report {report_id!r} in the store at {store.address!r}; `headgate evaluate` makes one")
    try:
        report = Report.model_validate_json(store.get(key))
    except ValidationError as error:
        raise IntegrityError(
            f"report {report_id[:16]}…: not a report of this version of headgate; evaluate again ({error.error_count()} problems)"
        ) from error
    if report.report_id != report_id or _report_id(report) != report_id:
        raise IntegrityError(f"report {report_id[:16]}…: it was changed after it was written; evaluate again")
    return report


def find_report(store: Store, bundle_id: str, suite_digests: Mapping[str, str], *, allow_skipped: bool = False) -> Report | None:
    """The newest report of a bundle on exactly these suites.

    Args:
        allow_skipped: also one that left out cases which don't apply to the bundle's corpus; for baselines.
    """
    for partial in (False, True) if allow_skipped else (False,):
        key = _latest_key(bundle_id, suite_digests, partial=partial)
        if store.exists(key):
            return load_report(store, LatestReport.model_validate_json(store.get(key)).report_id)
    return None


def _latest_key(bundle_id: str, suite_digests: Mapping[str, str], *, partial: bool) -> str:
    what = orjson.dumps([METRICS_VERSION, dict(suite_digests), partial], option=orjson.OPT_SORT_KEYS)
    return LATEST_REPORTS.key(bundle_id, sha256_hex(what)[:32])


def _report_id(report: Report) -> str:
    content = report.model_dump(mode="json", exclude={"report_id", "created_at", "mlflow_run_id"})
    if report.metrics_version < _CASES_SAY_MORE:
        for suite in content["suites"].values():
            for case in suite["cases"]:
                for name in ("language", "slices", "cluster", "expect"):
                    del case[name]
    return sha256_hex(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def _answers_digest(suites: Mapping[str, SuiteResult]) -> str:
    content: dict[str, Any] = {
        name: [
            case.model_dump(mode="json", include={"case_id", "error"}) | {"answer": _timeless(case.answer)}
            for case in suite.cases
        ]
        for name, suite in suites.items()
    }
    return sha256_hex(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def _timeless(answer: Any) -> Any:
    return answer.model_dump(mode="json", exclude={"timings", "bundle_id"}) if answer is not None else None

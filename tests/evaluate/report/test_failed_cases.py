from __future__ import annotations

import pytest

from headgate.evaluate.report.failed_cases import count_by_tag, find_failures
from headgate.records import Answer, CaseResult, Report, Score, SuiteResult

FINE = {
    "recall@1": 0.0,
    "recall@10": 1.0,
    "over_refusal": 0.0,
    "citation_precision": 1.0,
    "groundedness": 1.0,
    "answer_correctness": 0.9,
}


def case(case_id: str = "c", *, tags: tuple[str, ...] = (), error: str = "", crashed: str = "", **values: float) -> CaseResult:
    """An answerable case that went well, but for `values`; names use `_at_` for `@`."""
    scores = FINE | {name.replace("_at_", "@"): value for name, value in values.items()}
    return CaseResult(
        case_id=case_id,
        question="Is it?",
        tags=tags,
        answer=None if error else Answer(text="It is.", refused=False),
        error=error,
        scores=(
            *(Score(metric=name, value=value) for name, value in scores.items()),
            *((Score(metric=crashed, error="ValueError: broke"),) if crashed else ()),
        ),
    )


def report(**suites: tuple[CaseResult, ...]) -> Report:
    results = {name: SuiteResult(digest="d", n=len(cases), metrics={}, cases=cases) for name, cases in suites.items()}
    return Report(report_id="r", bundle_id="b", suites=results, created_at="2026-02-02T00:00:00+00:00")


def test_a_case_that_went_well_is_no_failure_even_if_a_narrow_cut_off_missed() -> None:
    assert find_failures(report(golden=(case(),))) == []


@pytest.mark.parametrize(
    ("failed", "kind"),
    [
        (case(error="ModelError: timeout"), "error"),
        (case(crashed="token_f1"), "error"),
        (case(refusal_recall=0.0), "answered_unanswerable"),
        (case(over_refusal=1.0, recall_at_10=0.0), "declined_answerable"),
        (case(recall_at_10=0.5, citation_precision=0.0), "passage_not_found"),
        (case(citation_precision=0.5, groundedness=0.5), "wrong_citation"),
        (case(groundedness=0.5, answer_correctness=0.1), "unsupported"),
        (case(answer_correctness=0.49), "incorrect"),
    ],
)
def test_a_failure_has_the_first_kind_that_applies(failed: CaseResult, kind: str) -> None:
    (failure,) = find_failures(report(golden=(failed,)))
    assert failure.kind == kind


def test_failures_come_most_serious_first_then_in_the_order_of_the_suites() -> None:
    found = find_failures(
        report(golden=(case("a", answer_correctness=0.0), case("b", refusal_recall=0.0)), hard=(case("c", error="broke"),))
    )
    assert [failure.case_id for failure in found] == ["c", "b", "a"]
    assert found[0].suite == "hard"


def test_tags_are_counted_by_kind_with_the_worst_first() -> None:
    cases = (case("a", tags=("billing",), answer_correctness=0.0), case("b", tags=("billing", "table"), recall_at_10=0.0))
    counts = count_by_tag(find_failures(report(golden=cases)))
    assert list(counts) == ["billing", "table"]
    assert counts["billing"] == {"incorrect": 1, "passage_not_found": 1}

"""Report → what went wrong, case by case: the first thing to read after an evaluation.

    case ─► not answered? ─► declined or answered wrongly? ─► right passage found? ─► cited? supported? ─► says what the reference says?

A case has one kind of failure, the first that applies in this order, because the later ones mostly follow from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal, get_args

from headgate.records import CaseResult, Record, Report

FailureKind = Literal[
    "error",  # the question could not be answered, or a metric not computed
    "answered_unanswerable",
    "declined_answerable",
    "passage_not_found",
    "wrong_citation",
    "unsupported",
    "incorrect",
]
#: Below this share of supported sentences an answer counts as unsupported, 0 to 1.
SUPPORTED = 1.0
#: Below this `answer_correctness` an answer counts as incorrect, 0 to 1.
CORRECT = 0.5


class Failure(Record):
    """One case that went wrong. `detail` is one sentence for people."""

    suite: str
    case_id: str
    question: str
    tags: tuple[str, ...]
    kind: FailureKind
    detail: str


def find_failures(report: Report) -> list[Failure]:
    """All failures of a report: most serious kind first, then in the order of the suites."""
    found = [failure for suite, result in report.suites.items() for case in result.cases if (failure := _judge(suite, case))]
    order = get_args(FailureKind)
    return sorted(found, key=lambda failure: order.index(failure.kind))


def count_by_tag(failures: Iterable[Failure]) -> dict[str, Counter[FailureKind]]:
    """Tag → how many failures of each kind; tags with most failures first. Cases have several tags, so sums overlap."""
    counts: dict[str, Counter[FailureKind]] = {}
    for failure in failures:
        for tag in failure.tags:
            counts.setdefault(tag, Counter())[failure.kind] += 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1].total(), entry[0])))


def _judge(suite: str, case: CaseResult) -> Failure | None:
    if found := _kind(case):
        kind, detail = found
        return Failure(suite=suite, case_id=case.case_id, question=case.question, tags=case.tags, kind=kind, detail=detail)
    return None


def _kind(case: CaseResult) -> tuple[FailureKind, str] | None:
    values = {score.metric: score.value for score in case.scores if score.value is not None}
    errors = [f"{score.metric}: {score.error}" for score in case.scores if score.error]
    recall, cut_off = _widest_recall(values)
    if case.error or case.answer is None:
        return "error", f"not answered: {case.error}"
    if errors:
        return "error", "; ".join(errors[:3])
    if values.get("refusal_recall") == 0:
        return "answered_unanswerable", f"answered with evidence {case.answer.evidence:.2f}, the corpus holds no answer"
    if values.get("over_refusal") == 1:
        return "declined_answerable", f"declined ({case.answer.refusal_reason}), evidence {case.answer.evidence:.2f}"
    if recall < 1:
        return "passage_not_found", f"recall@{cut_off} {recall:.2f}"
    if (precision := values.get("citation_precision", 1.0)) < 1:
        return "wrong_citation", f"citation precision {precision:.2f}"
    if (supported := values.get("groundedness", 1.0)) < SUPPORTED:
        return "unsupported", f"groundedness {supported:.2f}"
    if (correctness := values.get("answer_correctness", 1.0)) < CORRECT:
        return "incorrect", f"answer correctness {correctness:.2f}"
    return None


def _widest_recall(values: dict[str, float]) -> tuple[float, int]:
    """recall@k for the greatest k, and k; 1 where it does not apply."""
    cut_offs = [int(name.removeprefix("recall@")) for name in values if name.startswith("recall@")]
    return (values[f"recall@{max(cut_offs)}"], max(cut_offs)) if cut_offs else (1.0, 0)

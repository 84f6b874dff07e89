"""Two reports → the difference of a figure, case by case; the ground of every relative gate.

Cases are paired by id and lie in clusters of one source each. A share whose denominator depends on the answers, such as citation precision,
takes the cases of either side; all other figures take those that both sides have a value for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headgate.evaluate.report.summary import COSTS, LOWER_IS_BETTER, RATIOS, case_metric, values_of
from headgate.evaluate.statistics import Difference, clustered_difference
from headgate.records import Answer, CaseResult


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed for the better, so that a loss is negative for every figure. `gain` is None where no case has the figure on both sides.

    `identical`: every shared case was answered in the same words with the same citations, and scored the same.
    """

    gain: Difference | None
    identical: bool


def compare(figure: str, candidate: Sequence[CaseResult], baseline: Sequence[CaseResult]) -> Comparison:
    """candidate − baseline of a figure over the cases of two reports."""
    ours, theirs = values_of(candidate, figure), values_of(baseline, figure)
    both = {case.case_id for case in candidate} & {case.case_id for case in baseline}
    names = sorted((ours.keys() | theirs.keys()) & both if figure in RATIOS else ours.keys() & theirs.keys())
    if not ours.keys() & set(names) or not theirs.keys() & set(names):
        return Comparison(None, identical=False)
    clusters = {case.case_id: case.cluster or case.case_id for case in candidate}
    gain = gain_of(
        figure, _column(ours, names), _column(theirs, names), numbered([clusters[name] for name in names])
    )  # fmt: skip
    return Comparison(gain, identical=gain.changed == 0 and _same_answers(figure, candidate, baseline))


def gain_of(
    figure: str, candidate: npt.NDArray[np.float64], baseline: npt.NDArray[np.float64], clusters: npt.NDArray[np.intp]
) -> Difference:
    """The change for the better of a figure; NaN where a side has no value."""
    sign = -1.0 if figure in LOWER_IS_BETTER else 1.0
    scale = float(len(candidate)) if figure == "cost_total" else 1.0
    return clustered_difference(
        sign * scale * candidate, sign * scale * baseline, clusters, change=0.0 if figure in COSTS else 1.0
    )  # fmt: skip


def numbered(names: Sequence[str]) -> npt.NDArray[np.intp]:
    """0, 1, … for the clusters, in the order of their names."""
    order = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([order[name] for name in names], dtype=np.intp)


def _column(values: Mapping[str, float], names: Sequence[str]) -> npt.NDArray[np.float64]:
    return np.array([values.get(name, np.nan) for name in names])


def _same_answers(figure: str, candidate: Sequence[CaseResult], baseline: Sequence[CaseResult]) -> bool:
    wanted = case_metric(figure)
    theirs = {case.case_id: case for case in baseline}
    shared = [(case, theirs[case.case_id]) for case in candidate if case.case_id in theirs]
    return bool(shared) and all(
        _said(ours.answer) == _said(other.answer) is not None and _value(ours, wanted) == _value(other, wanted)
        for ours, other in shared
    )


def _said(answer: Answer | None) -> tuple[object, ...] | None:
    if answer is None:
        return None
    return answer.text, answer.refused, answer.small_talk, tuple((found.number, found.doc_id) for found in answer.citations)


def _value(case: CaseResult, metric: str) -> tuple[float | None, str]:
    return next(((score.value, score.error) for score in case.scores if score.metric == metric), (None, ""))

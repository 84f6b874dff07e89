"""Labelled questions + a bundle → how much evidence an answer needs (`answer.calibration`).

    evals/calibration.jsonl ─► order of the passages (the built-in re-ranker) ─► features of each question on the bundle ─► logistic weights
                               ─► out-of-fold curve ─► threshold ─► Calibration

A question counts as supported when it can be answered and the passages handed on hold the answer: then an answer is right to be given. To
answer any other is wrong; to decline one that can be answered is a wrong decline, found or not.

Quality is told out of fold: each question is scored by weights that were fitted without it. The threshold is the lowest whose cost
out of fold can't be told from the least, where a wrong answer costs as much as `wrong_answer_cost` wrong declines. A file for calibrating holds more unanswerable
questions than people ask, so each kind counts by its share of what is asked (`unanswerable_share`), not of the file.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headgate.answer.engine import ENGINE_VERSION, Answerer, Assessment
from headgate.answer.evidence import FEATURES
from headgate.answer.reorder import FEATURES as ORDER_FEATURES
from headgate.bundle import indexed_documents, load_manifest, open_bundle
from headgate.errors import SuiteError
from headgate.evaluate.statistics import wilson_interval
from headgate.evaluate.suites.quotes import overlaps, searchable
from headgate.evaluate.suites.suite import GoldPassage, ResolvedCase, index_documents, load_suite, resolve_suite
from headgate.records import Calibration, EvidenceModel, Hit, OrderModel, ThresholdPoint
from headgate.records.progress import Progress
from headgate.storage import Store

#: Questions of each kind, supported and not, below which nothing is fitted.
LEAST = 20
#: … and below which the result is doubted: with 100 a share of 10 % is known to within 6 points.
ENOUGH = 100
#: Questions of each kind in one language that give it an intercept of its own.
ENOUGH_OF_LANGUAGE = 20
#: Inverse strength of the L2 penalty; features lie between 0 and 1.
REGULARISATION = 5.0
FOLDS = 10
#: Of the squared weights of the re-ranker, beside the mean loss of a question.
_PENALTY = 0.0003
#: Divisions into folds over which the threshold's cost is averaged.
_DIVISIONS = 5
_THRESHOLDS = tuple(round(0.05 + 0.01 * step, 2) for step in range(91))
#: Steps of the curve that is kept.
_CURVE = tuple(round(0.05 * step, 2) for step in range(2, 19))
_RESAMPLES = 1000
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with what was found for it. `values` are in the order of `FEATURES`."""

    language: str  # that the answer would be in
    answerable: bool
    supported: bool
    values: tuple[float, ...]


def calibrate(
    store: Store,
    bundle_id: str,
    questions: Path,
    *,
    wrong_answer_cost: float,
    unanswerable_share: float,
    seed: int,
    progress: Progress | None = None,
) -> Calibration:
    """Fit the order of the passages, then weights and threshold of the evidence, on labelled questions.

    Args:
        questions: a file in the format of a suite (`headgate.evaluate.suites.suite`); it should share no question with a suite.
        wrong_answer_cost: of a wrong answer, in wrong declines; above 0.
        unanswerable_share: of the questions that people will ask, those without an answer; above 0, below 1.
        progress: called with (questions done, questions in all).

    Raises:
        SuiteError: the file is malformed, names what the bundle's corpus does not hold, or has too few questions.
        NotFoundError, IntegrityError: there is no such bundle, or it is not what its id says.
    """
    suite = load_suite(questions)
    resolved = resolve_suite(suite, index_documents(indexed_documents(store, bundle_id)))
    manifest = load_manifest(store, bundle_id)
    answerer = open_bundle(store, bundle_id)
    try:
        ordered = (
            asyncio.run(_order(answerer, resolved.cases, manifest.answer.max_context_passages, seed)) if manifest.order else None
        )
        labelled = asyncio.run(_ask(answerer, resolved.cases, ordered.model if ordered else None, progress))
    finally:
        answerer.close()
    calibration = fit(
        labelled,
        wrong_answer_cost=wrong_answer_cost,
        unanswerable_share=unanswerable_share,
        seed=seed,
        embedding=manifest.embedding.name,
        questions_digest=suite.digest,
        source=suite.source,
    )
    if ordered is None:
        return calibration
    return calibration.model_copy(
        update={"order": ordered.model, "found_in_search": ordered.found_in_search, "found_reordered": ordered.found_reordered}
    )


def fit(
    labelled: Sequence[Labelled],
    *,
    wrong_answer_cost: float,
    unanswerable_share: float,
    seed: int,
    embedding: str,
    questions_digest: str,
    source: str,
) -> Calibration:
    """The calibration of questions that were asked already; the same questions give the same bytes.

    Raises:
        SuiteError: fewer than `LEAST` questions are supported, or not.
    """
    wanted = np.array([one.supported for one in labelled], dtype=bool)
    counts = {True: int(wanted.sum()), False: int((~wanted).sum())}
    if min(counts.values()) < LEAST:
        raise SuiteError(
            f"{source!r}: {counts[True]} question(s) whose answer was found and {counts[False]} others; calibrating needs at least {LEAST} of each"
        )
    languages = _languages(labelled)
    matrix = np.array([[*one.values, *(float(one.language == language) for language in languages)] for one in labelled])
    divisions = [_out_of_fold(matrix, wanted, seed + number) for number in range(_DIVISIONS)]
    answerable = np.array([one.answerable for one in labelled], dtype=bool)
    if answerable.all():
        raise SuiteError(f"{source!r} has no question without an answer; calibrating needs both kinds")
    weights_of = np.where(answerable, (1 - unanswerable_share) / answerable.sum(), unanswerable_share / (~answerable).sum())

    def costs(threshold: float) -> Floats:
        """(n,) of each question, averaged over the divisions."""
        answered = np.mean([scores >= threshold for scores in divisions], axis=0)
        each: Floats = wrong_answer_cost * answered * ~wanted + (1 - answered) * answerable
        return each

    threshold = _cheapest(costs, weights_of)
    model = _regression().fit(matrix, wanted)
    weights = [round(float(weight), 3) for weight in model.coef_[0]]
    auc, low, high = _area(divisions[0], wanted, seed)
    return Calibration(
        evidence=EvidenceModel(
            intercept=round(float(model.intercept_[0]), 3),
            weights=dict(zip(FEATURES, weights[: len(FEATURES)], strict=True)),
            languages=dict(zip(languages, weights[len(FEATURES) :], strict=True)),
            threshold=threshold,
        ),
        engine=ENGINE_VERSION,
        embedding=embedding,
        questions_digest=questions_digest,
        questions=len(labelled),
        answerable=int(answerable.sum()),
        found=counts[True],
        wrong_answer_cost=wrong_answer_cost,
        unanswerable_share=unanswerable_share,
        auc=auc,
        auc_low=low,
        auc_high=high,
        curve=tuple(
            _point(divisions[0], answerable, one, float(weights_of @ costs(one))) for one in sorted({*_CURVE, threshold})
        ),
        doubts=_doubts(labelled, counts),
    )


async def _ask(
    answerer: Answerer, cases: Sequence[ResolvedCase], order: OrderModel | None, progress: Progress | None
) -> list[Labelled]:
    labelled = []
    for number, resolved in enumerate(cases, start=1):
        labelled.append(_label(resolved, await answerer.assess(resolved.case.asked, order=order)))
        if progress:
            progress(number, len(cases))
    return labelled


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A fitted order, and for how many questions all parts of the answer were among the passages handed on, before and after."""

    model: OrderModel
    found_in_search: int
    found_reordered: int  # each question by weights that were fitted without it


async def _order(answerer: Answerer, cases: Sequence[ResolvedCase], handed_on: int, seed: int) -> _Ordered | None:
    """The built-in re-ranker's weights; None where fewer than `LEAST` questions tell anything."""
    values: list[Floats] = []
    parts: list[Flags] = []  # (passages, parts): whether the passage holds the part
    for resolved in cases:
        if not resolved.variant.answerable:
            continue
        found = await answerer.find(resolved.case.asked)
        if len(found.order):
            values.append(found.order)
            held = [[_found(part, [hit]) for part in resolved.variant.parts] for hit in found.hits[: len(found.order)]]
            parts.append(np.array(held, dtype=bool))
    questions = [(one, np.asarray(held.any(axis=1))) for one, held in zip(values, parts, strict=True)]
    if sum(bool(right.any() and not right.all()) for _, right in questions) < LEAST:
        return None
    places = np.random.default_rng(seed).permutation(len(questions))
    after = 0
    for fold in np.array_split(places, min(FOLDS, len(places))):
        left_out = set(fold.tolist())
        weights = fit_order([one for place, one in enumerate(questions) if place not in left_out]).weights
        for place in left_out:
            scores = values[place] @ np.array([weights[name] for name in ORDER_FEATURES])
            first = np.argsort(-scores, kind="stable")[:handed_on]
            after += bool(parts[place][first].any(axis=0).all())
    return _Ordered(
        model=fit_order(questions),
        found_in_search=sum(bool(held[:handed_on].any(axis=0).all()) for held in parts),
        found_reordered=after,
    )


def fit_order(questions: Sequence[tuple[Floats, Flags]]) -> OrderModel:
    """The weights of the built-in re-ranker under which a right passage comes first; none is negative.

    The likelihood that one of the right passages is drawn first (Plackett 1975, Luce 1959; top-one probability of ListNet, Cao et al. 2007).

    Args:
        questions: `features` of the passages of each question, and which of them are right; those without a right and a wrong one tell nothing.
    """
    from scipy.optimize import minimize

    telling = [(values, right) for values, right in questions if right.any() and not right.all()]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = 0.0, np.zeros_like(weights)
        for values, right in telling:
            scores = values @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            hit = chances * right
            total -= float(np.log(hit.sum()))
            slope += values.T @ (chances - hit / hit.sum())
        count = max(1, len(telling))
        return total / count + _PENALTY * float(weights @ weights), slope / count + 2 * _PENALTY * weights

    found = minimize(loss, np.ones(len(ORDER_FEATURES)), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(ORDER_FEATURES))
    return OrderModel(weights={name: round(float(weight), 2) for name, weight in zip(ORDER_FEATURES, found.x, strict=True)})


def _label(resolved: ResolvedCase, assessment: Assessment) -> Labelled:
    variant = resolved.variant
    found = variant.answerable and all(_found(part, assessment.passages) for part in variant.parts)
    values = asdict(assessment.features)
    return Labelled(
        language=assessment.retrieval.query.language,
        answerable=variant.answerable,
        supported=found,
        values=tuple(float(values[name]) for name in FEATURES),
    )


def _found(alternatives: Sequence[GoldPassage], passages: Sequence[Hit]) -> bool:
    """Whether one of the passages holds one of the alternatives."""
    return any(
        hit.doc_id == passage.document and (not passage.quote or overlaps(searchable([hit.text]), passage.quote))
        for passage in alternatives
        for hit in passages
    )


def _languages(labelled: Sequence[Labelled]) -> list[str]:
    """Languages with an intercept of their own; the most frequent one needs none."""
    counts = Counter((one.language, one.supported) for one in labelled)
    most = Counter(one.language for one in labelled).most_common(1)[0][0]
    return [
        language
        for language in sorted({one.language for one in labelled} - {most})
        if min(counts[language, True], counts[language, False]) >= ENOUGH_OF_LANGUAGE
    ]


def _regression() -> Any:  # scikit-learn has no types
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=REGULARISATION, max_iter=5000)


def _out_of_fold(matrix: Floats, wanted: Flags, seed: int) -> Floats:
    """(n,) probabilities, each by weights that were fitted without the question."""
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(min(FOLDS, int(wanted.sum()), int((~wanted).sum())), shuffle=True, random_state=seed)
    scores = cross_val_predict(_regression(), matrix, wanted, cv=folds, method="predict_proba")[:, 1]
    return np.asarray(scores, dtype=np.float64)


def _cheapest(costs: Callable[[float], Floats], weights: Floats) -> float:
    """The lowest threshold whose cost can't be told from the least: at most one standard error of their difference above it.

    Few questions make the least cost jump about, and of two thresholds that cost the same the one that answers more is of more use
    (the rule of one standard error: Breiman et al. 1984, section 3.4.3).
    """
    found = np.stack([costs(one) for one in _THRESHOLDS])
    means = found @ weights
    least = found[int(np.argmin(means))]
    for threshold, each, mean in zip(_THRESHOLDS, found, means, strict=True):
        differences = each - least
        excess = float(mean - means.min())
        error = float(np.sqrt((weights**2 * (differences - excess) ** 2).sum()))
        if excess <= error:
            return threshold
    raise AssertionError("the least cost is within an error of itself")


def _point(scores: Floats, answerable: Flags, threshold: float, cost: float) -> ThresholdPoint:
    answered = scores >= threshold
    wrongly_answered = float((answered & ~answerable).sum() / (~answerable).sum())
    wrongly_declined = float((~answered & answerable).sum() / answerable.sum())
    answered_low, answered_high = wilson_interval(wrongly_answered, int((~answerable).sum()))
    declined_low, declined_high = wilson_interval(wrongly_declined, int(answerable.sum()))
    return ThresholdPoint(
        threshold=threshold,
        wrongly_answered=round(wrongly_answered, 4),
        wrongly_answered_low=round(answered_low, 4),
        wrongly_answered_high=round(answered_high, 4),
        wrongly_declined=round(wrongly_declined, 4),
        wrongly_declined_low=round(declined_low, 4),
        wrongly_declined_high=round(declined_high, 4),
        cost=round(cost, 4),
    )


def _area(scores: Floats, wanted: Flags, seed: int) -> tuple[float, float, float]:
    """Area under the ROC curve, with its 95 % interval from resampled questions."""
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(seed)
    areas = []
    for _ in range(_RESAMPLES):
        chosen = generator.integers(0, len(wanted), len(wanted))
        if 0 < wanted[chosen].sum() < len(chosen):
            areas.append(roc_auc_score(wanted[chosen], scores[chosen]))
    low, high = np.quantile(areas, (0.025, 0.975))
    return round(float(roc_auc_score(wanted, scores)), 4), round(float(low), 4), round(float(high), 4)


def _doubts(labelled: Sequence[Labelled], counts: dict[bool, int]) -> tuple[str, ...]:
    doubts = []
    for supported, what in ((True, "whose answer was found"), (False, "that should be declined")):
        if counts[supported] < ENOUGH:
            doubts.append(
                f"{counts[supported]} questions {what}; with fewer than {ENOUGH} the shares below are known only roughly"
            )
    of_language = Counter((one.language, one.supported) for one in labelled)
    for language in sorted({one.language for one in labelled}):
        least = min(of_language[language, True], of_language[language, False])
        if least < ENOUGH_OF_LANGUAGE:
            doubts.append(
                f"{of_language[language, True]} questions in {language!r} whose answer was found and {of_language[language, False]} to be "
                f"declined; it has no weights of its own below {ENOUGH_OF_LANGUAGE} of each"
            )
    return tuple(doubts)

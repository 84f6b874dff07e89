"""Do the passages hold an answer to the question? One number from 0 to 1, compared with the bundle's threshold.

A logistic model over a few readable features. A bundle carries its weights and threshold: those that `headgate calibrate` fitted on a
project's own questions, or the packaged ones, which were fitted so on the sample's `evals/calibration.jsonl`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pydantic import ValidationError

from headgate.answer import reorder
from headgate.answer.retrieve import Query
from headgate.answer.weigh import ScoredUnit
from headgate.errors import SettingsError
from headgate.index.vocabulary import Vocabulary
from headgate.records import Calibration, EvidenceModel, Hit, OrderModel
from headgate.settings import AnswerSettings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Features:
    """All 0 to 1 unless said; higher speaks for an answer, except `unknown`."""

    passage_cosine: float  # best passage against the question, -1 to 1
    unit_cosine: float  # best unit against the question, -1 to 1
    passage_coverage: float  # share of the question's term weight in the best passage with its headings
    lead: float  # of the first passage over the second, in the score of the search
    unknown: float  # share of the question's term weight that the whole collection never uses
    other_language: float  # 1 when the question is not in the collection's default language


#: Whose cosines the packaged weights were fitted on.
PACKAGED_EMBEDDING = "all-MiniLM-L6-v2"
FEATURES = tuple(field.name for field in fields(Features))
#: For projects without a calibration of their own. The weights were fitted on the first 160 questions of `evals/calibration.jsonl` of the sample, with
#: the packaged embedding model; the threshold was chosen on all 445 before passages were ordered anew,
#: and keeps its place: weights fitted anew tell no better (benchmarks/RESULTS.md).
PACKAGED = EvidenceModel(
    intercept=-4.25,
    weights=asdict(
        Features(passage_cosine=3.02, unit_cosine=2.45, passage_coverage=5.32, lead=0.0, unknown=-0.33, other_language=1.05)
    ),
    threshold=0.45,
)


def extract_features(
    query: Query, hits: Sequence[Hit], scored: Sequence[ScoredUnit], vocabulary: Vocabulary, *, default_language: str
) -> Features:
    """Features of one question with its passages and scored units (best first)."""
    weights = {term: vocabulary.idf(term) for term in query.terms}
    total = sum(weights.values()) or 1.0
    best = scored[0] if scored else None
    return Features(
        passage_cosine=max((hit.cosine or 0.0 for hit in hits), default=0.0),
        unit_cosine=max((unit.cosine for unit in scored), default=0.0),
        passage_coverage=best.passage_coverage if best else 0.0,
        lead=hits[0].score - (hits[1].score if len(hits) > 1 else 0.0) if hits else 0.0,
        unknown=sum(weight for term, weight in weights.items() if term not in vocabulary.terms) / total,
        other_language=float(query.language != default_language),
    )


def evidence(features: Features, model: EvidenceModel, *, language: str) -> float:
    """Probability, as fitted, that the passages answer the question; 0 to 1.

    Args:
        language: of the question, ISO 639-1.
    """
    values = asdict(features)
    score = model.intercept + model.languages.get(language, 0.0)
    score += sum(weight * values[name] for name, weight in model.weights.items())
    return 1 / (1 + math.exp(-score))


def check_weights(model: EvidenceModel, *, source: str) -> None:
    """That a model weighs exactly today's features.

    Raises:
        SettingsError: it has others; `source` is where it stands.
    """
    if set(model.weights) != set(FEATURES):
        raise SettingsError(
            f'{source} weighs {", ".join(sorted(model.weights))}; this headgate has {", ".join(FEATURES)}: set answer.calibration = "", '
            "build, and run `headgate calibrate` again"
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """What a calibration brings to a bundle."""

    evidence: EvidenceModel
    order: OrderModel


def read_weights(settings: AnswerSettings, project_dir: Path, *, engine: int, embedding: str) -> Weights:
    """What today's calibration file says, or the packaged weights; a threshold of the settings replaces the fitted one.

    Args:
        engine: version of the answering that will use it.
        embedding: name of the embedding model.

    Raises:
        SettingsError: the file is missing, is no calibration, or weighs other features than today's.
    """
    model, order = PACKAGED, reorder.PACKAGED
    if settings.calibration:
        calibration = _read_calibration(project_dir / settings.calibration, settings.calibration)
        check_weights(calibration.evidence, source=f"answer.calibration {settings.calibration!r}")
        if calibration.engine != engine or calibration.embedding != embedding:
            _log.warning(
                "answer.calibration %r was fitted with engine %s and %s; this bundle has engine %s and %s: its evidence may be off, "
                "run `headgate calibrate` again",
                settings.calibration, calibration.engine, calibration.embedding, engine, embedding,
            )  # fmt: skip
        model, order = calibration.evidence, calibration.order or order
        if set(order.weights) != set(reorder.FEATURES):
            raise SettingsError(
                f"answer.calibration {settings.calibration!r} orders passages by {', '.join(sorted(order.weights))}; this headgate has "
                f"{', '.join(reorder.FEATURES)}: run `headgate calibrate` again"
            )
    elif embedding != PACKAGED_EMBEDDING:
        _log.warning(
            "the packaged weights of evidence and of the re-ranker were fitted with %s and say little of %s: run `headgate calibrate` on questions of your own",
            PACKAGED_EMBEDDING, embedding,
        )  # fmt: skip
    if settings.evidence_threshold == "calibrated":
        return Weights(model, order)
    return Weights(model.model_copy(update={"threshold": settings.evidence_threshold}), order)


def _read_calibration(path: Path, shown: str) -> Calibration:
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f'answer.calibration {shown!r} can\'t be read: {error.strerror}; run `headgate calibrate`, or set it to ""'
        ) from error
    except ValidationError as error:
        raise SettingsError(
            f"answer.calibration {shown!r} is not what `headgate calibrate` writes ({error.error_count()} problem(s)); run it again"
        ) from error

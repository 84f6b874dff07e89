"""How much evidence an answer needs: the fitted weights and threshold that a bundle carries, and how they were found."""

from __future__ import annotations

from pydantic import Field, model_validator

from headgate.records.base import Record


class EvidenceModel(Record):
    """A logistic model of "these passages answer this question". `headgate.answer.evidence.Features` says what the weights mean."""

    intercept: float
    weights: dict[str, float]  # by feature; all of them, and no other
    languages: dict[str, float] = Field(default_factory=dict)  # added to the intercept for questions in this language (ISO 639-1)
    threshold: float = Field(ge=0, le=1)  # evidence below it is declined


class OrderModel(Record):
    """Weights of the built-in re-ranker. `headgate.answer.reorder.Passing` says what they mean."""

    weights: dict[str, float]  # by feature; all of them, and no other, none negative and not all 0

    @model_validator(mode="after")
    def _usable(self) -> OrderModel:
        if any(not 0 <= weight < 1e6 for weight in self.weights.values()) or not sum(self.weights.values()):
            raise ValueError(f"weights {self.weights} of the built-in re-ranker: each is 0 or more, and one is above 0")
        return self


class ThresholdPoint(Record):
    """What a threshold would do to questions that were not fitted. Shares are 0 to 1, each with its 95 % interval."""

    threshold: float
    wrongly_answered: float  # of the questions without an answer
    wrongly_answered_low: float
    wrongly_answered_high: float
    wrongly_declined: float  # of the questions that can be answered, found or not
    wrongly_declined_low: float
    wrongly_declined_high: float
    cost: float  # mean of a question, in wrong declines


class Calibration(Record):
    """What `headgate calibrate` writes: the model of the bundle, and the record of its making."""

    format: int = 1
    evidence: EvidenceModel
    order: OrderModel | None = None  # None where the bundle has no built-in re-ranker
    found_in_search: int = (
        0  # of the questions with one passage or more to find: found among those handed on, in the order of the search
    )
    found_reordered: int = 0  # … in the new order, each question by weights that were fitted without it
    engine: int  # of the answers it was fitted on
    embedding: str  # the embedding model whose cosines it weighs
    questions_digest: str  # SHA-256 of the file of questions
    questions: int
    answerable: int  # of `questions`
    found: int  # of `answerable`: a passage with the answer was among those handed on
    wrong_answer_cost: float  # of a wrong answer, in wrong declines
    unanswerable_share: float  # of the questions that people ask, as assumed, 0 to 1
    auc: float  # of questions that were not fitted, 0.5 to 1
    auc_low: float
    auc_high: float
    curve: tuple[ThresholdPoint, ...]
    doubts: tuple[str, ...] = ()  # what to know before believing it

    @model_validator(mode="after")
    def _consistent(self) -> Calibration:
        if not self.found <= self.answerable <= self.questions:
            raise ValueError(
                f"found {self.found}, answerable {self.answerable}, questions {self.questions}: each is a part of the next"
            )
        return self

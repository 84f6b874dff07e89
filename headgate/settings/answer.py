"""Sections of answering. What an answer depends on travels in the bundle."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, field_validator, model_validator

from headgate.settings.audiences import Audiences
from headgate.settings.section import Section


class RetrievalSettings(Section):
    """Travels in the bundle."""

    candidates: int = Field(40, ge=1, le=1000, description="passages fetched by each of dense and full-text search before fusion")
    top_k: int = Field(10, ge=1, le=100, description="passages kept after fusion")
    dense_weight: float | Literal["auto"] = Field(
        "auto", description='weight of dense search in the fusion; "auto" = measured when the index is built, by language'
    )
    text_weight: float | Literal["auto"] = Field("auto", description='weight of full-text search in the fusion, or "auto"')
    access: dict[str, tuple[str, ...]] = Field(
        default_factory=lambda: {"customer": ("public",), "staff": ("public", "internal")},
        description="audience = confidentiality labels it may see; an audience that is not listed sees nothing. Pages without a label are "
        "seen by the audience that sees every label here, and by no other",
    )

    @field_validator("dense_weight", "text_weight")
    @classmethod
    def _not_negative(cls, weight: float | str) -> float | str:
        if isinstance(weight, float) and not 0 <= weight < math.inf:
            raise ValueError('must be 0 or more, or "auto"')
        return weight

    @model_validator(mode="after")
    def _not_both_zero(self) -> RetrievalSettings:
        if self.dense_weight == 0 and self.text_weight == 0:
            raise ValueError("dense_weight and text_weight are both 0, and nothing would be found; set one of them")
        return self

    @property
    def share(self) -> float | None:
        """Of the vectors in the fusion, 0 to 1, where it is set; a weight that is "auto" beside one that is set is 1. None = as measured."""
        if self.dense_weight == "auto" and self.text_weight == "auto":
            return None
        dense, text = (1.0 if weight == "auto" else weight for weight in (self.dense_weight, self.text_weight))
        return dense / (dense + text) if dense + text else None

    @property
    def audiences(self) -> Audiences:
        """Who sees what, by `access`."""
        return Audiences(self.access)


class RerankerSettings(Section):
    """What orders the first passages of the search anew. Travels in the bundle, except keys."""

    engine: Literal["built-in", "none", "cross-encoder", "litellm"] = Field(
        "built-in",
        description="`built-in`: by the nearest sentence of each passage; a model that reads question and passage together: `cross-encoder`, "
        "a folder, on this CPU, or `litellm`, any provider; `none`: the order of the search stays",
    )
    model: str = Field(
        "", description="folder holding a sentence-transformers cross-encoder, or a litellm name such as `cohere/rerank-v3.5`"
    )
    passages: int = Field(
        0,
        ge=0,
        le=200,
        description="passages that are ordered; what a model costs grows with them; 0 = 40 for `built-in`, 20 for a model",
    )
    api_base: str = Field("", description="litellm: address of the provider; empty = its own")
    timeout_seconds: float = Field(10.0, gt=0, description="litellm: total deadline of one request, retries included")
    retries: int = Field(1, ge=0, le=10, description="litellm: further tries of a request")

    @model_validator(mode="after")
    def _fits_engine(self) -> RerankerSettings:
        if (self.engine in ("built-in", "none")) == bool(self.model):
            raise ValueError(
                f"engine is {self.engine!r} and model {self.model!r}; `cross-encoder` and `litellm` need one, the others have none"
            )
        if self.passages == 1:
            raise ValueError("passages: 1 can't be ordered; give 2 or more, or 0")
        if self.api_base and self.engine != "litellm":
            raise ValueError(f"api_base: for engine 'litellm', not {self.engine!r}")
        if self.api_base and not self.api_base.startswith(("http://", "https://")):
            raise ValueError(f"api_base {self.api_base!r} does not begin with https:// or http://")
        return self

    @property
    def ordered(self) -> int:
        """How many passages are ordered anew; 0 with engine `none`."""
        return {"none": 0, "built-in": self.passages or 40}.get(self.engine, self.passages or 20)


class AnswerBehaviour(Section):
    """How passages become an answer. Travels in the bundle."""

    max_sentences: int = Field(4, ge=1, le=20, description="sentences of an extractive answer")
    max_context_passages: int = Field(5, ge=1, le=50, description="passages handed to the model")


class AnswerSettings(AnswerBehaviour):
    """The behaviour, and the prompt files; their content travels in the bundle."""

    prompt: str = Field("prompts/answer.md", description="prompt file for chat models")
    refusal: str = Field("prompts/refusal.md", description="text of the polite refusal, per language")
    calibration: str = Field(
        "",
        description="what `headgate calibrate` wrote: how much evidence an answer needs; empty = the packaged weights",
    )
    evidence_threshold: float | Literal["calibrated"] = Field(
        "calibrated", description="answers whose evidence is below are declined, 0 to 1; `calibrated` = as the calibration says"
    )

    @property
    def behaviour(self) -> AnswerBehaviour:
        return AnswerBehaviour(**self.model_dump(include=set(AnswerBehaviour.model_fields)))

    @field_validator("evidence_threshold")
    @classmethod
    def _share(cls, value: float | str) -> float | str:
        if isinstance(value, float) and not 0 <= value <= 1:
            raise ValueError(f"{value:g} is not 0 to 1")
        return value


class ModelSettings(Section):
    """Travels in the bundle, except keys: those stay in the environment."""

    name: str = Field(
        "extractive", description="`extractive` (built in, offline) or a litellm model name such as `openai/gpt-4o-mini`"
    )
    api_base: str = Field("", description="address of an OpenAI-compatible server, for self-hosted models")
    temperature: float = Field(0.0, ge=0, le=2, description="sampling temperature of a chat model")
    max_output_tokens: int = Field(600, ge=1, description="longest answer of a chat model, tokens")
    timeout_seconds: float = Field(30.0, gt=0, description="total deadline of one call, retries included")
    retries: int = Field(2, ge=0, le=10, description="further tries before the first word")


class GuardSettings(Section):
    """Travels in the bundle."""

    max_question_characters: int = Field(4000, ge=1, description="longer questions are declined")
    max_conversation_characters: int = Field(
        16_000,
        ge=0,
        description="newest earlier messages that are used, together; older ones are left out, and the reply says so",
    )
    block_injection: bool = Field(True, description="decline questions that try to rewrite the assistant's instructions")

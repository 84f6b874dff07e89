"""Releases and logged interactions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, model_validator

from headgate.records.answer import Answer, Question
from headgate.records.base import Record, renamed
from headgate.records.names import BundleId, VerdictId


class Rehearsal(Record):
    """Proof that both bundles open and answer before a release is written."""

    question: str
    bundle_id: str
    answered: bool
    seconds: float


class LastBuild(Record):
    """The bundle that was built last: the default of `evaluate`, `gate` and `promote`."""

    bundle_id: BundleId


class Release(Record):
    """One line of the ledger. The highest `release` of a track is in force."""

    track: str  # production, staging …
    release: int
    kind: Literal["promote", "rollback"]
    bundle_id: BundleId
    previous_bundle_id: BundleId = ""
    verdict_id: VerdictId = ""
    promoted_at: str  # ISO 8601, UTC
    promoted_by: str = ""
    reason: str = ""
    rehearsals: tuple[Rehearsal, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, stored: Any) -> Any:
        return renamed(stored, "channel", "track")


class Reference(Record):
    """Which release candidates must never fall behind, beside the one in service. The highest `number` of a track holds."""

    track: str
    number: int
    release: int
    bundle_id: BundleId
    set_at: str  # ISO 8601, UTC; "" for the first release of a track, which is the reference until somebody names another
    set_by: str = ""
    reason: str = ""


class Interaction(Record):
    """One question asked and what was answered; enough to replay it."""

    interaction_id: str
    asked_at: str  # ISO 8601, UTC
    question: Question
    answer: Answer
    track: str = ""  # of the release that answered
    release: int = 0
    completed: bool = True  # False when the client went away before the end
    error: str = ""
    labels: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, stored: Any) -> Any:
        return renamed(stored, "channel", "track")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a streamed answer; the last one carries the whole `answer`."""

    text: str = ""
    answer: Answer | None = field(default=None)

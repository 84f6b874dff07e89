"""What stages are given besides the store: the sections they read, and the files that those name, in their places.

A stage never takes the whole `Settings`. One section is passed as it is; a stage that needs several, or places in the project, takes one
of these, which `Settings` makes at the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from headgate.settings.answer import AnswerSettings, GuardSettings, ModelSettings, RerankerSettings, RetrievalSettings
from headgate.settings.index import EmbeddingSettings, IndexSettings
from headgate.settings.ingest import (
    ChunkSettings,
    CorpusSettings,
    IngestSettings,
    ParseSettings,
    ValidationSettings,
    day_of,
)
from headgate.settings.operation import CanarySettings, EvaluationSettings


@dataclass(frozen=True, slots=True)
class CorpusSetup:
    """Which documents there are, and which of them are taken. Places in `corpus` are relative to `project_dir`."""

    corpus: CorpusSettings
    as_of: str  # day that the age of files is counted from, as `validation.as_of`
    max_file_mib: int  # larger files are not fetched
    project_dir: Path

    def at(self, now: datetime) -> CorpusSetup:
        """With the day of `now`, which is UTC, in place of `as_of = "today"`."""
        return replace(self, as_of=day_of(self.as_of, now))


@dataclass(frozen=True, slots=True)
class EmbeddingSetup:
    """Which model embeds. Its `model` and `tokenizer` may be places relative to `project_dir`."""

    embedding: EmbeddingSettings
    project_dir: Path


@dataclass(frozen=True, slots=True)
class RerankerSetup:
    """Which model orders passages anew. Its `model` may be a place relative to `project_dir`."""

    reranker: RerankerSettings
    project_dir: Path


@dataclass(frozen=True, slots=True)
class ValidationSetup:
    """What documents are judged by."""

    corpus: CorpusSettings
    validation: ValidationSettings
    access: Mapping[str, tuple[str, ...]]  # audience → labels that it may see
    project_dir: Path

    def at(self, now: datetime) -> ValidationSetup:
        """With the day of `now`, which is UTC, in place of `as_of = "today"`."""
        return replace(self, validation=self.validation.at(now))


@dataclass(frozen=True, slots=True)
class IngestSetup:
    """How documents become chunks: everything from the files to the chunk set."""

    corpus: CorpusSettings
    ingest: IngestSettings
    parse: ParseSettings
    validation: ValidationSettings
    access: Mapping[str, tuple[str, ...]]  # audience → labels that it may see
    chunks: ChunkSettings
    embedding: EmbeddingSettings  # in whose tokens chunks are measured
    project_dir: Path

    def at(self, now: datetime) -> IngestSetup:
        """With the day of `now`, which is UTC, in place of `as_of = "today"`."""
        return replace(self, validation=self.validation.at(now))

    @property
    def corpus_setup(self) -> CorpusSetup:
        return CorpusSetup(self.corpus, self.validation.as_of, self.parse.max_file_mib, self.project_dir)

    @property
    def validation_setup(self) -> ValidationSetup:
        return ValidationSetup(self.corpus, self.validation, self.access, self.project_dir)

    @property
    def embedding_setup(self) -> EmbeddingSetup:
        return EmbeddingSetup(self.embedding, self.project_dir)


@dataclass(frozen=True, slots=True)
class IndexSetup:
    """How chunks become a table version."""

    corpus: str  # name of the collection
    embedding: EmbeddingSetup
    index: IndexSettings


@dataclass(frozen=True, slots=True)
class BundleSetup:
    """What a table version is bundled with."""

    corpus: str  # name of the collection
    default_language: str
    embedding: EmbeddingSetup
    retrieval: RetrievalSettings
    reranker: RerankerSetup
    answer: AnswerSettings
    guard: GuardSettings
    model: ModelSettings
    project_dir: Path


@dataclass(frozen=True, slots=True)
class GateFiles:
    """The files that a bundle is judged by; a verdict on other bytes of them releases nothing."""

    gates: Path
    suites: tuple[Path, ...]
    shown: str  # the gate file as the settings name it


@dataclass(frozen=True, slots=True)
class TrackingSetup:
    """Where MLflow runs go."""

    uri: str  # "" = a file below `local_root`
    experiment: str
    artifact_root: str  # "" = next to the runs
    local_root: Path
    endpoint: str  # of the bucket that artifacts may lie in; "" = AWS
    region: str


@dataclass(frozen=True, slots=True)
class EvaluationSetup:
    """What a bundle is asked, compared with and judged by."""

    evaluation: EvaluationSettings
    canary: CanarySettings
    gate_files: GateFiles
    track: str  # whose release is the baseline
    logged_days: int  # age of logged questions that may be asked again
    tracking: TrackingSetup

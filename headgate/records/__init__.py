"""The records that travel along the data's path, in the order of the path.

    SourceFile → Document(Element…) → Chunk → Hit → Question/Answer → Score/Report → GateResult/Verdict → Release → Interaction

Frozen dataclasses live in memory; frozen pydantic models are also written to disk, and refuse unknown keys when read back.
Offsets are 0-based, in characters (code points) of `Document.text`, end exclusive.
"""

from __future__ import annotations

from headgate.records.answer import Answer, Citation, Question, RetrievedChunk, Timings, Turn, Usage
from headgate.records.base import Record
from headgate.records.evaluate import (
    Canary,
    CanaryCheck,
    CanarySlice,
    CaseResult,
    Decision,
    GateDecision,
    GateResult,
    MetricSummary,
    Report,
    Score,
    SuiteResult,
    Verdict,
)
from headgate.records.index import (
    ChunkChange,
    EmbeddingUsage,
    Hit,
    IndexResult,
    IntegrityCheck,
    IntegrityReport,
    Moved,
    PinnedVersion,
    TableRef,
    VersionDifference,
)
from headgate.records.ingest import (
    BreakerState,
    Changes,
    Chunk,
    ChunkSetRef,
    Document,
    DocumentMetadata,
    Element,
    ElementKind,
    FileOutcome,
    IngestCounts,
    IngestResult,
    KeptVersion,
    Outcome,
    SourceFile,
    SourceState,
    ValidationCheck,
)
from headgate.records.release import Interaction, Rehearsal, Release, Token

__all__ = [
    "Answer",
    "BreakerState",
    "Canary",
    "CanaryCheck",
    "CanarySlice",
    "CaseResult",
    "Changes",
    "Chunk",
    "ChunkChange",
    "ChunkSetRef",
    "Citation",
    "Decision",
    "Document",
    "DocumentMetadata",
    "Element",
    "ElementKind",
    "EmbeddingUsage",
    "FileOutcome",
    "GateDecision",
    "GateResult",
    "Hit",
    "IndexResult",
    "IngestCounts",
    "IngestResult",
    "IntegrityCheck",
    "IntegrityReport",
    "Interaction",
    "KeptVersion",
    "MetricSummary",
    "Moved",
    "Outcome",
    "PinnedVersion",
    "Question",
    "Record",
    "Rehearsal",
    "Release",
    "Report",
    "RetrievedChunk",
    "Score",
    "SourceFile",
    "SourceState",
    "SuiteResult",
    "TableRef",
    "Timings",
    "Token",
    "Turn",
    "Usage",
    "ValidationCheck",
    "Verdict",
    "VersionDifference",
]

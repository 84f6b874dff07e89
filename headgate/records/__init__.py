"""The records that travel along the data's path, in the order of the path.

    SourceFile → Document(Element…) → Chunk → Hit → Question/Answer → Score/Report → GateResult/Verdict → Release → Interaction

Frozen dataclasses live in memory; frozen pydantic models are also written to disk, and refuse unknown keys when read back.
Offsets are 0-based, in characters (code points) of `Document.text`, end exclusive.
"""

from __future__ import annotations

from headgate.records.answer import Answer, Citation, Question, RetrievedChunk, Timings, Turn, Usage
from headgate.records.base import Record
from headgate.records.evaluate import CaseResult, Decision, GateResult, MetricSummary, Report, Score, SuiteResult, Verdict
from headgate.records.index import Hit, IndexResult, TableRef
from headgate.records.ingest import (
    Chunk,
    ChunkSetRef,
    Document,
    DocumentMetadata,
    Element,
    ElementKind,
    FileOutcome,
    IngestCounts,
    IngestResult,
    Outcome,
    SourceFile,
    ValidationCheck,
)
from headgate.records.release import Interaction, Rehearsal, Release, Token

__all__ = [
    "Answer",
    "CaseResult",
    "Chunk",
    "ChunkSetRef",
    "Citation",
    "Decision",
    "Document",
    "DocumentMetadata",
    "Element",
    "ElementKind",
    "FileOutcome",
    "GateResult",
    "Hit",
    "IndexResult",
    "IngestCounts",
    "IngestResult",
    "Interaction",
    "MetricSummary",
    "Outcome",
    "Question",
    "Record",
    "Rehearsal",
    "Release",
    "Report",
    "RetrievedChunk",
    "Score",
    "SourceFile",
    "SuiteResult",
    "TableRef",
    "Timings",
    "Token",
    "Turn",
    "Usage",
    "ValidationCheck",
    "Verdict",
]

"""Sections of ingestion: which documents, how they are parsed, validated and chunked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from headgate.settings.section import Section


class LabelRule(Section):
    """Labels for files that carry none themselves; every rule that matches a path fills what is still missing, earlier ones first."""

    pattern: str = Field(description="glob over corpus paths, `**` crosses folders, e.g. `internal/**`")
    audience: str = ""
    topic: str = ""
    region: str = ""
    language: str = ""
    effective_date: str = ""
    owner: str = ""
    confidentiality: str = ""


class CorpusSettings(Section):
    name: str = Field(
        "corpus", pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="name of the collection; the table's name starts with it"
    )
    dvc_file: str = Field("", description="the .dvc file that tracks the documents; empty when `folder` is used")
    folder: str = Field("", description="a plain folder of documents; empty when `dvc_file` is used")
    revisions: dict[str, str] = Field(
        default_factory=dict, description="names for corpus revisions: name = DVC directory digest (32 hex digits + .dir)"
    )
    exclude: tuple[str, ...] = Field((), description="globs of corpus paths to leave out; each exclusion is reported by its glob")
    labels: tuple[LabelRule, ...] = Field(
        (), description="labels for files that carry none themselves; the first rule whose pattern matches fills what is missing"
    )
    default_language: str = Field("en", description="language assumed where neither the file nor detection tells")

    @model_validator(mode="after")
    def _one_source(self) -> CorpusSettings:
        if self.dvc_file and self.folder:
            raise ValueError("set only one of corpus.dvc_file and corpus.folder")
        return self


class ParseSettings(Section):
    workers: int = Field(2, ge=1, le=64, description="parser subprocesses")
    timeout_seconds: float = Field(60.0, gt=0, description="wall time for one file; past it the worker is killed")
    memory_mib: int = Field(2048, ge=256, description="address space of a worker beyond its libraries, MiB")
    max_file_mib: int = Field(50, ge=1, description="larger files are dead-lettered unread, MiB")
    max_unzipped_mib: int = Field(200, ge=1, description="limit for the unpacked size of docx, pptx and xlsx, MiB")


class ValidationSettings(Section):
    as_of: str = Field("", description="date (YYYY-MM-DD) that staleness is judged from; empty = no staleness check")
    stale_after_days: int = Field(1825, ge=1, description="documents with an older effective date are quarantined")
    near_duplicate: float = Field(
        0.9, gt=0, le=1, description="estimated Jaccard similarity of word 3-shingles from which a document counts as a copy"
    )
    min_characters: int = Field(40, ge=1, description="shorter documents are quarantined")
    personal_data: Literal["quarantine", "allow"] = Field(
        "quarantine", description="what happens to documents with card numbers, IBANs and the like"
    )
    own_numbers: tuple[str, ...] = Field(
        (), description="account and card numbers of the organisation itself, which its pages may show"
    )
    hidden_instructions: Literal["quarantine", "allow"] = Field(
        "quarantine", description="what happens to documents with text that addresses the model"
    )
    max_dropped_share: float = Field(
        0.25, ge=0, le=1, description="fail when more than this share of files is quarantined or dead-lettered"
    )


class ChunkSettings(Section):
    max_tokens: int = Field(
        200, ge=32, le=8000, description="budget of a chunk with its context, in tokens of the embedding model"
    )
    min_tokens: int = Field(
        40, ge=0, description="neighbouring smaller sections under the same parent are joined up to this size"
    )
    overlap_sentences: int = Field(
        1, ge=0, le=5, description="sentences repeated from the previous chunk when a section is split"
    )

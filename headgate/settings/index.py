"""Sections of the index: embedding and table."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from headgate.settings.section import Section


class EmbeddingSettings(Section):
    model: str = Field(
        "all-MiniLM-L6-v2",
        description="`all-MiniLM-L6-v2` (in a package, offline), or a folder holding a sentence-transformers model",
    )
    precision: Literal["f32", "bf16"] = Field(
        "f32", description="arithmetic of the CPU engine; bf16 is faster where the CPU has it"
    )
    threads: int = Field(0, ge=0, description="CPU threads; 0 = all cores")


class IndexSettings(Section):
    exact_below: int = Field(
        10_000, ge=0, description="up to this many rows vectors are compared exactly; above, IVF_FLAT is built"
    )
    rebuild_below: int = Field(
        50_000, ge=0, description="up to this many rows the full-text index is rebuilt at every change, above it is updated"
    )

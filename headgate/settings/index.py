"""Sections of the index: embedding and table."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from headgate.settings.section import Section


class EmbeddingSettings(Section):
    engine: Literal["openvino", "sentence-transformers", "litellm"] = Field(
        "openvino",
        description="`openvino`: CPU, fast, also in the service; `sentence-transformers`: CPU or GPU; `litellm`: any provider",
    )
    model: str = Field(
        "all-MiniLM-L6-v2",
        description="`all-MiniLM-L6-v2` (in a package, offline), a folder holding a sentence-transformers model, or a litellm name",
    )
    precision: Literal["f32", "bf16", "int8"] = Field(
        "bf16", description="arithmetic; bf16 is f32 where the CPU has no bf16; int8 is for openvino alone, see docs/embedding.md"
    )
    threads: int = Field(0, ge=0, description="CPU threads; 0 = all cores")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where sentence-transformers computes")
    cache_gib: float = Field(
        4.0,
        ge=0,
        description="vectors kept to be used again by any table, GiB; those used longest ago go first; 0 = none are kept",
    )
    api_base: str = Field("", description="litellm: address of an OpenAI-compatible server; empty = the provider's own")
    dimensions: int = Field(0, ge=0, le=65536, description="litellm: length of the vectors to ask for; 0 = the model's own")
    max_tokens: int = Field(
        0, ge=0, description="litellm: the longest text that the model takes, tokens; 0 = as litellm knows it"
    )
    tokenizer: str = Field(
        "", description="litellm: tokenizer.json that counts tokens as the model does; empty = litellm's own count"
    )
    batch: int = Field(64, ge=1, le=2048, description="litellm: texts in one request")
    timeout_seconds: float = Field(30.0, gt=0, description="litellm: total deadline of one request, retries included")
    retries: int = Field(3, ge=0, le=10, description="litellm: further tries of a request")

    @model_validator(mode="after")
    def _fits_engine(self) -> EmbeddingSettings:
        if self.precision == "int8" and self.engine != "openvino":
            raise ValueError(f"precision 'int8' is for engine 'openvino', not {self.engine!r}; take 'f32' or 'bf16'")
        if self.device != "cpu" and self.engine != "sentence-transformers":
            raise ValueError(f"device {self.device!r} is for engine 'sentence-transformers', not {self.engine!r}")
        given = [name for name in ("api_base", "dimensions", "max_tokens", "tokenizer") if getattr(self, name)]
        if given and self.engine != "litellm":
            raise ValueError(f"{', '.join(given)}: for engine 'litellm', not {self.engine!r}")
        if self.api_base and not self.api_base.startswith(("http://", "https://")):
            raise ValueError(f"api_base {self.api_base!r} does not begin with https:// or http://")
        return self


class IndexSettings(Section):
    exact_below: int = Field(
        10_000, ge=0, description="up to this many rows vectors are compared exactly; above, IVF_SQ is built"
    )
    rebuild_below: int = Field(
        200_000, ge=0, description="up to this many rows the full-text index is rebuilt at every change, above it is updated"
    )

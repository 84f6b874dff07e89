"""What every stored record is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of everything written to disk: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

"""What every stored record is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of everything written to disk: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def renamed(stored: Any, old: str, new: str) -> Any:
    """What a store of before the field `old` was called `new` holds, under today's name."""
    if isinstance(stored, Mapping) and old in stored and new not in stored:
        return {new if name == old else name: value for name, value in stored.items()}
    return stored

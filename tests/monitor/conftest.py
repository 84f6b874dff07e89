from __future__ import annotations

from tests.hooks import hooks

__all__ = ["hooks"]

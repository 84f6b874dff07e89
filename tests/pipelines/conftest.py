from __future__ import annotations

from tests.small_project import small_project

__all__ = ["small_project"]

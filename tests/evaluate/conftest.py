from __future__ import annotations

from collections.abc import Callable

import pytest

from headgate.settings import Settings


@pytest.fixture
def settings(make_project: Callable[..., Settings]) -> Settings:
    """A project whose bundles answer whatever they find: what is tested here is how answers are judged, not whether they come."""
    return make_project(answer={"evidence_threshold": 0.0})

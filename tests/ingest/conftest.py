"""Real files of every format, and settings over a folder of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.settings import Settings, parse_settings


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


@pytest.fixture
def make_settings(tmp_path: Path, corpus: Path) -> Callable[..., Settings]:
    def make(**sections: Any) -> Settings:
        content: dict[str, Any] = {"corpus": {"folder": str(corpus)}, "parse": {"workers": 1}}
        for name, section in sections.items():
            content[name] = {**content.get(name, {}), **section}
        return parse_settings(content, project_dir=tmp_path)

    return make

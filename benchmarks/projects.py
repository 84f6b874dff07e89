"""Throw-away projects for benchmarks: a folder with settings, prompts and a store of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from headgate.settings import Settings, parse_settings
from tests.conftest import EVERYBODY, REPOSITORY

PUBLIC_DATA = REPOSITORY.parent / "shared" / "data"


def public_data(name: str) -> Path:
    """A public data set.

    Raises:
        SystemExit: it is not there; the message says where it is looked for.
    """
    folder = PUBLIC_DATA / name
    if not folder.is_dir():
        raise SystemExit(f"benchmarks: public data set {name!r} is not at ../shared/data; nothing to measure")
    return folder


def make_project(folder: Path, *, name: str, store: str = ".headgate", **sections: Any) -> Settings:
    """Settings of a project in `folder`, its documents in `folder/documents`."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    shutil.copytree(REPOSITORY / "prompts", folder / "prompts", dirs_exist_ok=True)
    content = {"corpus": {"name": name, "folder": "documents", "labels": [EVERYBODY]}, "storage": {"root": store}} | sections
    return parse_settings(content, project_dir=folder)

"""Rules of the library's structure that the import contracts can't state."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HEADGATE = Path(__file__).parent.parent / "headgate"
#: Where the whole `Settings` may be taken and the store opened: these read the settings of a project and call stages. Everything else gets
#: what it needs: the store, a section, or a set-up of `settings/setups.py`.
EDGES = ("build.py", "cli", "orchestration", "serve/server.py")
#: Where the settings are made of a file, and the store of the settings.
MAKERS = ("settings", "storage/__init__.py")


def stages() -> Iterator[tuple[str, ast.Module]]:
    """Modules of the library that are no edge, by their place."""
    for place in (*EDGES, *MAKERS):
        assert (HEADGATE / place).exists(), f"{place} is no part of headgate/ any more"
    for path in sorted(HEADGATE.rglob("*.py")):
        name = path.relative_to(HEADGATE).as_posix()
        if not any(name == place or name.startswith(f"{place}/") for place in (*EDGES, *MAKERS)):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def test_no_stage_takes_the_whole_settings() -> None:
    taken = [
        f"{name}:{annotation.lineno}"
        for name, tree in stages()
        for annotation in _annotations(tree)
        if "Settings" in _names(annotation)
    ]
    assert taken == [], "give these the store and the sections they read; the whole `Settings` is for the edge"


def test_no_stage_opens_the_store() -> None:
    opened = [
        f"{name}:{node.lineno}"
        for name, tree in stages()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "open_store"
    ]
    assert opened == [], "the edge opens the store once and hands it on"


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    """Of parameters, fields and variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation


def _names(annotation: ast.expr) -> set[str]:
    """Names in an annotation, those in quotes included."""
    names: set[str] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.update(re.findall(r"\w+", node.value))
    return names

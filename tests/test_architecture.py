"""Rules of the library's structure that the import contracts can't state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

HEADGATE = Path(__file__).parent.parent / "headgate"
#: Rooms and modules whose functions get what they need: the store, a section of the settings, a group of `settings/setups.py`.
STAGES = ("bundle.py", "evaluate", "index", "ingest", "models", "release", "replay.py", "retention", "sources")


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Modules of the stages, by their place in the library."""
    for stage in STAGES:
        place = HEADGATE / stage
        assert place.exists(), f"{stage} is no part of headgate/ any more"
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            yield path.relative_to(HEADGATE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_no_stage_takes_the_whole_settings() -> None:
    taken = []
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                annotations = [argument.annotation for argument in arguments if argument.annotation]
            elif isinstance(node, ast.AnnAssign):
                annotations = [node.annotation]
            else:
                continue
            if any("Settings" in _names(annotation) for annotation in annotations):
                taken.append(f"{name}:{node.lineno}")
    assert taken == [], "give these the store and the sections they read; the whole `Settings` is for the edge"


def test_no_stage_opens_the_store() -> None:
    opened = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "open_store"
    ]
    assert opened == [], "the edge opens the store once and hands it on"


def _names(annotation: ast.expr) -> set[str]:
    """Names in an annotation, those in quotes included."""
    names: set[str] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= _names(ast.parse(node.value, mode="eval").body) if node.value.isidentifier() else {node.value}
    return names

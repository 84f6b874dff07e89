"""The layout is the one place where folders of the store are named: the code, the documentation and a real store agree with it."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator
from typing import get_type_hints

import pytest

from headgate.records.names import folders_named_by
from headgate.storage import layout
from headgate.storage.keys import Folder
from headgate.storage.layout import FOLDERS
from tests.conftest import REPOSITORY

TOPS = {entry.top for entry in FOLDERS if "<" not in entry.top}
#: Methods of a store that take a key first.
KEYED = {"exists", "get", "put", "put_file", "create", "entries", "list", "stat", "delete", "local", "digest", "forget"}
#: Text that begins as a key and is none: Dagster's names for metadata and tags; a path among the files of an MLflow run.
NO_KEYS = {"dagster/data_version", "dagster/row_count", "verdicts/"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for root in ("headgate", "assets", "pipelines"):
        for path in sorted((REPOSITORY / root).rglob("*.py")):
            name = path.relative_to(REPOSITORY).as_posix()
            if name != "headgate/storage/layout.py":
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def text_of(node: ast.AST) -> str | None:
    """The text, or the beginning of the text, that a literal stands for."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return text_of(node.values[0]) if node.values and isinstance(node.values[0], ast.Constant) else ""
    return None


def documentation(tree: ast.Module) -> set[ast.AST]:
    """Docstrings, and other text that stands alone."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}


def spelled_keys(name: str, tree: ast.Module) -> Iterator[str]:
    """Places where a module spells a key, or a folder of the store, itself."""
    said = documentation(tree)
    said |= {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = text_of(node) if node not in said else None
        if text is not None and text.partition("/")[0] in TOPS and "/" in text and text not in NO_KEYS:
            yield f"{name}:{node.lineno}: {text!r}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and text_of(node.right) in TOPS:
            yield f"{name}:{node.lineno}: / {text_of(node.right)!r}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KEYED and node.args:
            holder = ast.unparse(node.func.value)
            if holder.endswith("store") and text_of(node.args[0]):
                yield f"{name}:{node.lineno}: {ast.unparse(node)}"


def test_no_module_spells_a_key_itself() -> None:
    assert [place for name, tree in modules() for place in spelled_keys(name, tree)] == []


@pytest.mark.parametrize(
    "line",
    [
        'store.get("anything")',
        'self._store.put(f"new_folder/{name}.json", content)',
        'key = f"bundles/{bundle_id}.json"',
        'path = root / "mlflow" / "artifacts"',
    ],
)
def test_a_module_that_spells_a_key_is_found(line: str) -> None:
    assert len(list(spelled_keys("some.py", ast.parse(line)))) == 1


@pytest.mark.parametrize("entry", FOLDERS, ids=lambda entry: entry.name)
def test_the_writer_of_a_folder_takes_its_keys_from_the_layout(entry: Folder) -> None:
    constants = {name for name, value in vars(layout).items() if value is entry}
    if entry.kept == "obsolete":
        assert not entry.writer
        return
    tree = ast.parse((REPOSITORY / f"{entry.writer.replace('.', '/')}.py").read_text(encoding="utf-8"))
    taken = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "headgate.storage.layout"
        for alias in node.names
    }
    assert constants & taken


def test_the_table_of_the_documentation_is_the_layout() -> None:
    page = (REPOSITORY / "docs" / "storage.md").read_text(encoding="utf-8")
    assert table(entry for entry in FOLDERS if entry.kept != "obsolete") in page


@pytest.mark.parametrize("entry", [entry for entry in FOLDERS if entry.read], ids=lambda entry: entry.name)
def test_what_a_folder_says_of_references_is_what_its_records_can_name(entry: Folder) -> None:
    reader = pkgutil.resolve_name(entry.read)
    kind = getattr(reader, "__self__", None) or get_type_hints(reader)["return"]
    named = {other.name for other in FOLDERS if entry.name in other.named_by}
    #: What its records may name without keeping it alive.
    apart = {
        "ingests": {"kept", "ingests"},  # kept versions live by the state of their corpus; an ingest names itself
        **{
            key: {"bundles"} for key in ("verdicts", "reports", "canaries", "releases", "references", "last_build")
        },  # see headgate.retention.needs
    }
    assert folders_named_by(kind) == named | apart.get(entry.name, set())


def table(entries: Iterator[Folder]) -> str:
    """The table of docs/storage.md; run this file to print it."""
    rows = [f"| `{entry.pattern}` | {entry.what} | {entry.written} | {where(entry)} | {kept(entry)} |" for entry in entries]
    return "\n".join(("| key | what | written | where | kept |", "|---|---|---|---|---|", *rows))


def where(entry: Folder) -> str:
    place = {"store": "store", "machine": "this machine", "both": "store, this machine"}[entry.place]
    return f"{place}; to answer from" if entry.served else place


def kept(entry: Folder) -> str:
    """What keeps it alive, in words."""
    match entry.kept:
        case "named":
            named = [f"{', '.join(entry.named_by)} name it"] if entry.named_by else []
            about = ["its bundle stays"] if entry.goes_with_bundle else []
            return f"while {' or '.join([*named, *about])}; `{entry.spared}`"
        case "aged":
            return f"`{entry.spared}`"
        case "ruled":
            return "see [versions](versions.md)"
        case "bounded":
            return "its writer keeps a limit"
    return "always"


if __name__ == "__main__":
    print(table(entry for entry in FOLDERS if entry.kept != "obsolete"))
